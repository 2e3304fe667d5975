//! Call: a run of another workflow, as a part of a step.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::children::{Child, Done, Write, WrittenChild};
use super::snapshot::{SnapshotError, Written};
use super::special::Special;
use super::{Core, Run, Snapshot};
use crate::{Context, RunError, Workflow};

/// A call of another workflow; await it. Made by [`Context::call`].
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<'c, W: Workflow, C: Workflow> {
    context: &'c Context<W>,
    flow: &'c C,
    input: C::Input,
    on_event: Option<OnEvent<'c, C>>,
}

type OnEvent<'c, C> = Box<dyn FnMut(<C as Workflow>::Event) + Send + 'c>;

/// The future of a [`Call`].
type Called<'c, C> = Pin<Box<dyn Future<Output = Result<<C as Workflow>::Output, RunError>> + Send + 'c>>;

impl<'c, W: Workflow, C: Workflow> Call<'c, W, C> {
    pub(crate) fn new(context: &'c Context<W>, flow: &'c C, input: C::Input) -> Self {
        Self { context, flow, input, on_event: None }
    }

    /// Does this with each event that the called workflow publishes, as soon as it does: passes it on to the
    /// caller's own caller by `ctx.publish`, for one.
    pub fn on_event(mut self, does: impl FnMut(C::Event) + Send + 'c) -> Self {
        self.on_event = Some(Box::new(does));
        self
    }
}

impl<'c, W: Workflow, C: Workflow + 'static> IntoFuture for Call<'c, W, C> {
    type Output = Result<C::Output, RunError>;
    type IntoFuture = Called<'c, C>;

    fn into_future(self) -> Called<'c, C> {
        let Self { context, flow, input, mut on_event } = self;
        Box::pin(async move {
            let mut run = match begin(context, flow, input)? {
                Begun::Run(run) => run,
                Begun::Done(output) => return Ok(output),
            };
            if let Some(on_event) = &mut on_event {
                while let Some(event) = run.next_as_it_is().await {
                    match context.execution() {
                        Some(execution) => execution.pass_on(|| on_event(event)),
                        None => on_event(event),
                    }
                }
            }
            run.result().await
        })
    }
}

enum Begun<'c, C: Workflow> {
    Run(CalledRun<'c, C>),
    Done(C::Output),
}

/// The run, and where its parent keeps it.
struct CalledRun<'c, C: Workflow> {
    run: Run<'c, C>,
    place: Option<Place<'c>>,
}

/// Notes in the parent that the child has ended, if it has.
type Place<'c> = Box<dyn FnOnce() + Send + 'c>;

impl<C: Workflow> CalledRun<'_, C> {
    async fn next_as_it_is(&mut self) -> Option<C::Event> {
        self.run.next_as_it_is().await
    }

    async fn result(mut self) -> Result<C::Output, RunError> {
        let result = (&mut self.run).await;
        if result.is_ok()
            && let Some(place) = self.place
        {
            place();
        }
        result
    }
}

/// The child's run: a new one, or that which the parent was written down with.
fn begin<'c, W: Workflow, C: Workflow + 'static>(
    context: &'c Context<W>,
    flow: &'c C,
    input: C::Input,
) -> Result<Begun<'c, C>, RunError> {
    let parent = context.core();
    let (number, call) = (context.invocation(), context.next_call());
    let id = format!("{}/{number}.{call}", parent.id());
    let record = |run: &mut Run<'c, C>, id: &str| {
        if let Some(recorder) = parent.recorder().filter(|_| !context.is_abandoned()) {
            run.record_by(|before| recorder.calls::<C>(number, id, before));
        }
    };
    if let Some(notes) = parent.notes() {
        // A later try calls anew.
        let id = match context.attempt().number {
            1 => id,
            attempt => format!("{id}@{attempt}"),
        };
        let mut run = Run::new(flow, input)
            .id(&*id)
            .journal_of(Arc::clone(notes.journal()), Some(parent.id().to_owned()));
        record(&mut run, &id);
        return Ok(Begun::Run(CalledRun { run, place: None }));
    }
    if !parent.is_resumable() || context.is_abandoned() {
        let mut run = Run::new(flow, input).id(&*id);
        record(&mut run, &id);
        return Ok(Begun::Run(CalledRun { run, place: None }));
    }
    let result = Arc::<OnceLock<Value>>::default();
    let kept = Arc::clone(&result);
    let keep = move |event: &C::Event| {
        if let Ok(event) = serde_json::to_value(event) {
            let _ = kept.set(event);
        }
    };
    let special = Special { resumable: true, keeps_result: Some(Box::new(keep)), ..Special::default() };
    let written = parent.if_memory(|memory| memory.children.written(number, call)).flatten();
    let mut run = match written {
        Some(WrittenChild::Done(done)) => {
            return done.read::<C>().map(Begun::Done).map_err(RunError::NotResumed);
        }
        Some(WrittenChild::Open(snapshot)) => {
            let read = snapshot.open::<C>().and_then(|written| written.read(special));
            Run::resumed(flow, read.map_err(RunError::NotResumed)?)
        }
        None => Run::whole(flow, input, special).id(&*id),
    };
    record(&mut run, &id);
    let child: Arc<dyn Write + Send + Sync> =
        Arc::new(Live { core: Arc::clone(run.core()), result: Arc::clone(&result) });
    parent.with_memory(|memory| memory.children.insert(number, call, Child::Live(child)));
    parent.remembers.store(true, Ordering::Relaxed);
    let parent = Arc::clone(parent);
    let place: Place<'c> = Box::new(move || {
        let Some(event) = result.get() else { return };
        let child = Child::Written(WrittenChild::Done(Done::of::<C>(event.clone())));
        parent.with_memory(|memory| memory.children.insert(number, call, child));
    });
    Ok(Begun::Run(CalledRun { run, place: Some(place) }))
}

/// A child that runs.
struct Live<C: Workflow> {
    core: Arc<Core<C>>,
    /// The stop event, once it is there.
    result: Arc<OnceLock<Value>>,
}

impl<C: Workflow> Write for Live<C> {
    fn write(&self) -> Result<Option<WrittenChild>, SnapshotError> {
        if let Some(event) = self.result.get() {
            return Ok(Some(WrittenChild::Done(Done::of::<C>(event.clone()))));
        }
        match Written::of(&self.core) {
            Ok(written) => Ok(Some(WrittenChild::Open(Box::new(Snapshot::of::<C>(written))))),
            Err(SnapshotError::Over) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
