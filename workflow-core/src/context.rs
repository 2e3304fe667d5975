//! Context: all that a step may touch beside its events.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::attached::{event_name, may_publish};
use crate::driver::{Core, Inbound};
use crate::error::{SendError, ValueError};
use crate::fields::short_name;
use crate::{Publishes, Sends, Workflow};

/// One step's view of its run: asked for by a parameter `ctx: &Context<Self>`.
pub struct Context<W: Workflow> {
    core: Arc<Core<W>>,
    step: u16,
    number: u64,
}

impl<W: Workflow> Context<W> {
    pub(crate) fn new(core: Arc<Core<W>>, step: u16, number: u64) -> Self {
        Self { core, step, number }
    }

    /// The run's id: as given by [`Run::id`](crate::Run::id), else made up when first asked for.
    #[must_use]
    pub fn run_id(&self) -> &str {
        self.core.id()
    }

    /// The number of this execution of the step, counted from 0 over all steps of the run.
    #[must_use]
    pub fn invocation(&self) -> u64 {
        self.number
    }

    /// Runs a closure on the state of the run and gives back what it returns. No other step sees the
    /// state meanwhile, so an update is never lost; the closure cannot wait for anything.
    ///
    /// # Panics
    ///
    /// When the closure does, which fails the step. What it changed before stays changed.
    pub fn state<R>(&self, change: impl FnOnce(&mut W::State) -> R) -> R {
        change(&mut self.core.state())
    }

    /// The value under a dynamic key of the run, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ValueError::Wrong`] when it does not read as a `V`; it names the key and `V`.
    pub fn get<V: DeserializeOwned>(&self, key: &str) -> Result<Option<V>, ValueError> {
        let Some(value) = self.core.value(key) else {
            return Ok(None);
        };
        serde_json::from_value(value).map(Some).map_err(|source| ValueError::Wrong {
            key: key.to_owned(),
            wanted: short_name::<V>(),
            source,
        })
    }

    /// Puts a value under a dynamic key of the run, for every step that comes to look.
    ///
    /// # Errors
    ///
    /// [`ValueError::Unwritable`] when the value is not JSON.
    pub fn set(&self, key: impl Into<String>, value: &impl Serialize) -> Result<(), ValueError> {
        let key = key.into();
        match serde_json::to_value(value) {
            Ok(value) => {
                self.core.set_value(key, value);
                Ok(())
            }
            Err(source) => Err(ValueError::Unwritable { key, source }),
        }
    }

    /// Sends an event to the steps that take it, now and not when this step returns. It leaves the batch
    /// that this step works on.
    ///
    /// # Errors
    ///
    /// [`SendError::Undeclared`] when this step does not say that it sends such an event; the text has the
    /// line to add.
    pub fn send<E>(&self, event: E) -> Result<(), SendError>
    where
        W::Event: Sends<E>,
    {
        let kind = <W::Event as crate::Carries<E>>::kind();
        let node = &W::graph().steps[self.step as usize];
        if !node.sends.contains(&kind) {
            let event = event_name::<W::Event, E>();
            return Err(SendError::Undeclared { step: node.name, event });
        }
        self.core.receive(Inbound::Sent(crate::Carries::wrap(event)));
        Ok(())
    }

    /// Gives an event to the caller. Never waits: when the caller does not read, the oldest are dropped.
    ///
    /// # Panics
    ///
    /// When the workflow does not publish the event and its steps are free functions, which fails the step;
    /// in an `impl` block that does not compile.
    pub fn publish<E>(&self, event: E)
    where
        W::Event: Publishes<E>,
    {
        assert!(
            may_publish::<W::Event, E>(),
            "this workflow does not publish `{event}`: write `#[workflow(publishes({event}))]`",
            event = event_name::<W::Event, E>(),
        );
        self.core.publish(crate::Carries::wrap(event));
    }

    /// Whether the run was cancelled. A step that waits is dropped then; one that computes can ask.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.core.cancelled.load(Ordering::Relaxed)
    }
}

impl<W: Workflow> Clone for Context<W> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), ..*self }
    }
}

impl<W: Workflow> std::fmt::Debug for Context<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("step", &W::graph().steps[self.step as usize].name)
            .field("invocation", &self.number)
            .finish_non_exhaustive()
    }
}
