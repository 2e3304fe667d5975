//! Known: a workflow whose steps are free functions, put together once.

use std::any::TypeId;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::OnceLock;

use serde_json::Value;

use super::gather::{input_name, put_together};
use super::{Attachable, Attached, AttachedStep, Options, Runner, Taken, check};
use crate::graph::{Graph, Shape};
use crate::machine::Plan;
use crate::outline::EventInfo;
use crate::{BoxError, Context, Emission, GraphError, RetryPolicy, RunError};

/// The steps that are attached to `W`, with its graph; kept for as long as the program runs.
#[doc(hidden)]
pub struct Known<W> {
    graph: &'static Graph,
    /// What the machine looks up, and by event the step that it starts when it goes to that one alone.
    plan: OnceLock<(Plan, Vec<Option<u16>>)>,
    /// By event: what it is called in what is written down, each once.
    names: &'static [&'static str],
    infos: Vec<EventInfo>,
    places: HashMap<TypeId, u16>,
    steps: Vec<&'static AttachedStep>,
    checked: Result<(), GraphError>,
    flow: PhantomData<fn() -> W>,
}

impl<W: 'static> Known<W> {
    /// Gathers what the linker has collected. The steps are in the order of their modules' paths, and
    /// within a module in source order: that is their declaration order.
    #[must_use]
    pub fn gather(options: &Options) -> Self {
        let attached = inventory::iter::<AttachedStep>.into_iter();
        let mut steps: Vec<_> = attached.filter(|step| step.flow == TypeId::of::<W>()).collect();
        steps.sort_by_key(|step| (step.module, step.line, step.column, step.row.name));
        let (events, wiring) = put_together(options, &steps);
        let found = check::findings(options, &steps, &wiring);
        let checked = if found.is_empty() { Ok(()) } else { Err(GraphError::new(options.name, found)) };
        Self {
            graph: wiring.graph,
            plan: OnceLock::new(),
            names: events.names(),
            infos: events.all.iter().map(|event| event.info).collect(),
            places: events.places,
            steps,
            checked,
            flow: PhantomData,
        }
    }

    /// The rows; those of a workflow that cannot run too.
    #[must_use]
    pub fn graph(&self) -> &'static Graph {
        self.graph
    }

    /// Whether the workflow can run.
    ///
    /// # Errors
    ///
    /// All findings.
    pub fn check(&self) -> Result<(), GraphError> {
        self.checked.clone()
    }

    /// What decides, when the step has failed, whether it is tried again.
    #[must_use]
    pub fn retry(&self, step: u16) -> Option<RetryPolicy> {
        self.steps[usize::from(step)].retry.map(|policy| policy())
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.planned().0
    }

    /// The step that an event starts, when it goes to that one alone.
    pub(super) fn starts(&self, event: u16) -> Option<u16> {
        self.planned().1.get(usize::from(event)).copied()?
    }

    fn planned(&self) -> &(Plan, Vec<Option<u16>>) {
        self.plan.get_or_init(|| {
            let plan = Plan::new(self.graph);
            let taker =
                |event: u16| self.graph.steps.iter().position(|step| step.takes.events().contains(&event));
            let starts = (0..).zip(&plan.direct);
            let starts = starts.map(|(event, direct)| taker(event).filter(|_| *direct));
            let starts = starts.map(|step| step.map(|step| step as u16)).collect();
            (plan, starts)
        })
    }

    /// What the fields of each event are.
    #[must_use]
    pub fn shapes(&self) -> Vec<String> {
        self.infos.iter().map(|info| (info.shape)()).collect()
    }

    pub(super) fn names(&self) -> &'static [&'static str] {
        self.names
    }

    /// The place of an event type; [`Shape::LATER`] of one that the workflow does not know.
    pub(super) fn kind(&self, id: TypeId) -> u16 {
        self.places.get(&id).copied().unwrap_or(Shape::LATER)
    }
}

impl<W: Attachable> Known<W> {
    pub(super) fn run<'a>(
        &self,
        step: u16,
        flow: &'a W,
        taken: Taken<W>,
        context: Context<W>,
    ) -> impl Future<Output = Result<Emission<Attached<W>>, BoxError>> + Send + use<'a, W> {
        let runner = self.steps[usize::from(step)].runner.downcast_ref::<Runner<W>>();
        (runner.expect("the steps of a workflow are those with a runner of it").0)(flow, taken, context)
    }

    /// Reads an event that was written down.
    pub(super) fn read(&self, event: usize, value: Value) -> serde_json::Result<Attached<W>> {
        Ok(Attached::erased((self.infos[event].read)(value)?, event as u16))
    }

    /// Reads the input as what the first step takes.
    pub(super) fn read_start(&self, input: Value) -> Result<Attached<W>, RunError> {
        let start = self.graph.start().expect("a workflow that has been checked has a start event");
        self.read(usize::from(start), input).map_err(|source| {
            let wanted = input_name(&self.infos[usize::from(start)].spelled()).to_owned();
            RunError::Input { wanted, source }
        })
    }
}
