//! Context: all that a step may touch beside its events.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::attached::{event_name, may_publish};
#[cfg(feature = "testing")]
use crate::driver::Probe;
use crate::driver::{Call, Collect, Core, Execution, Inbound, Tether, WaitFor};
use crate::error::{SendError, ValueError};
use crate::fields::short_name;
use crate::graph::StepNode;
use crate::machine::{Attempt, InvocationId};
#[cfg(feature = "testing")]
use crate::machine::{Part, Touch};
use crate::{Carries, Emit, Events, Publishes, Sends, Waits, Workflow};

/// One step's view of its run: asked for by a parameter `ctx: &Context<Self>`.
pub struct Context<W: Workflow> {
    core: Arc<Core<W>>,
    step: u16,
    invocation: InvocationId,
    execution: Option<Arc<Execution<W::Event>>>,
    /// How many other workflows the step has called, where the execution does not count them.
    calls: AtomicU32,
    /// Of an execution that runs apart from its run.
    tether: Option<Arc<Tether>>,
}

impl<W: Workflow> Context<W> {
    pub(crate) fn new(
        core: Arc<Core<W>>,
        step: u16,
        invocation: InvocationId,
        execution: Option<Arc<Execution<W::Event>>>,
    ) -> Self {
        Self { core, step, invocation, execution, calls: AtomicU32::new(0), tether: None }
    }

    pub(crate) fn core(&self) -> &Arc<Core<W>> {
        &self.core
    }

    pub(crate) fn execution(&self) -> Option<&Execution<W::Event>> {
        self.execution.as_deref()
    }

    pub(crate) fn invocation_id(&self) -> InvocationId {
        self.invocation
    }

    /// How many other workflows this try of the step has called before.
    pub(crate) fn next_call(&self) -> u32 {
        match self.execution() {
            Some(execution) => execution.next_call(),
            None => self.calls.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The same context for an execution that runs apart from its run.
    pub(crate) fn tethered(self, tether: Arc<Tether>) -> Self {
        Self { tether: Some(tether), ..self }
    }

    /// Whether the execution runs apart from its run.
    pub(crate) fn is_apart(&self) -> bool {
        self.tether.is_some()
    }

    /// Whether the execution runs apart from its run, and nobody waits for it any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.tether.as_ref().is_some_and(|tether| tether.is_cut())
    }

    /// Does something that the run sees, unless nobody waits for this execution any more.
    fn unless_abandoned<R>(&self, does: impl FnOnce() -> R) -> Option<R> {
        match &self.tether {
            Some(tether) => tether.unless_cut(does),
            None => Some(does()),
        }
    }

    /// Who notes what the step touches, where the order of the run is chosen from outside.
    #[cfg(feature = "testing")]
    pub(crate) fn probe(&self) -> Option<&Arc<Probe>> {
        self.execution.as_ref()?;
        self.core.probe()
    }

    /// The step's place in the graph.
    pub(crate) fn place(&self) -> u16 {
        self.step
    }

    fn node(&self) -> &'static StepNode {
        &W::graph().steps[usize::from(self.step)]
    }

    /// The run's id: as given by [`Run::id`](crate::Run::id), else made up when first asked for. A run that was
    /// called by [`Context::call`] has its caller's, with the number of the calling execution and of its call:
    /// `order-42/3.0`.
    #[must_use]
    pub fn run_id(&self) -> &str {
        self.core.id()
    }

    /// A key that is the same for every try and every repetition of this execution, after a crash too, and for no
    /// other: give it to a service that is asked to do something once.
    ///
    /// It is the run's id and the number of the execution: `order-42/3`.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}", self.run_id(), self.invocation.number)
    }

    /// The number of this execution of the step, counted from 0 over all steps of the run. A later try of
    /// it has the same number.
    #[must_use]
    pub fn invocation(&self) -> u64 {
        self.invocation.number
    }

    /// Which try of the step this is, how long after the first it began, and what the last one failed with.
    #[must_use]
    pub fn attempt(&self) -> &Attempt {
        self.execution().map_or(&Attempt::FIRST, |execution| &execution.attempt)
    }

    /// Runs a closure on the state of the run and gives back what it returns. No other step sees the
    /// state meanwhile, so an update is never lost; the closure cannot wait for anything.
    ///
    /// # Panics
    ///
    /// When the closure does, which fails the step. Where the step is tried again or caught, the state is then
    /// as it was before, from a copy written as JSON: fields that serde skips are the default again, and a
    /// state that cannot be written stays as it is. Where it is neither, the run fails, and
    /// [`Run::into_state`](crate::Run::into_state) gives what the closure left.
    ///
    /// The closure must not call `state` of the same run: that would wait for itself for ever.
    pub fn state<R>(&self, change: impl FnOnce(&mut W::State) -> R) -> R {
        let noted = self.execution().and_then(|execution| Some((execution, self.core.notes()?)));
        let number = self.invocation.number;
        let looked = noted.map(|(execution, notes)| (notes, execution.next_look()));
        let before = looked.and_then(|(notes, look)| notes.before(number, look));
        if let Some(mut before) = before.and_then(|before| serde_json::from_value(before).ok()) {
            // The execution has changed the state so before it started again.
            return change(&mut before);
        }
        let mut state = self.core.state();
        #[cfg(feature = "testing")]
        let probed = self.probe().map(|probe| (probe, probe.has_changed_state(), probe.finds(&*state)));
        let returned = self.change(&mut state, change);
        #[cfg(feature = "testing")]
        if let Some((probe, had_changed, found)) = probed {
            probe.leaves(found, had_changed, &*state);
        }
        if let Some((notes, look)) = looked {
            notes.state_is(number, look, &*state);
        }
        returned
    }

    fn change<R>(&self, state: &mut W::State, change: impl FnOnce(&mut W::State) -> R) -> R {
        if !W::Event::plan().keeps(self.step) {
            return change(state);
        }
        let copy = serde_json::to_value(&*state);
        match catch_unwind(AssertUnwindSafe(|| change(state))) {
            Ok(returned) => returned,
            Err(panic) => {
                if let Some(before) = copy.ok().and_then(|copy| serde_json::from_value(copy).ok()) {
                    *state = before;
                }
                resume_unwind(panic)
            }
        }
    }

    /// The value under a dynamic key of the run, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ValueError::Wrong`] when it does not read as a `V`; it names the key and `V`.
    pub fn get<V: DeserializeOwned>(&self, key: &str) -> Result<Option<V>, ValueError> {
        let value = self.core.value(key);
        #[cfg(feature = "testing")]
        if let Some(probe) = self.probe() {
            probe.key(key, false, value.as_ref());
        }
        let Some(value) = value else {
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
                #[cfg(feature = "testing")]
                if let Some(probe) = self.probe() {
                    probe.key(&key, true, None);
                }
                let number = self.invocation.number;
                let noted = self.execution().and_then(|execution| Some((execution, self.core.notes()?)));
                if !noted.is_some_and(|(execution, notes)| notes.has_set(number, execution.next_set())) {
                    self.core.set_value(number, key, value);
                }
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
        let kind = <W::Event as Carries<E>>::kind();
        let node = self.node();
        if !node.sends.contains(&kind) {
            let event = event_name::<W::Event, E>();
            return Err(SendError::Undeclared { step: node.name, event });
        }
        self.unless_abandoned(|| match self.execution() {
            Some(execution) if execution.passes_on() => {
                self.core.receive(Inbound::Sent(InvocationId::NONE, Carries::wrap(event)));
            }
            Some(execution) if execution.has_sent() => (),
            _ => self.core.receive(Inbound::Sent(self.invocation, Carries::wrap(event))),
        });
        Ok(())
    }

    /// Gives an event to the caller. Never waits: when nobody reads, the oldest are dropped; of readers for
    /// whom the run is held back ([`Buffer::hold_back`](crate::Buffer::hold_back)), none is.
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
        let event = Carries::wrap(event);
        self.unless_abandoned(|| match &self.execution {
            Some(execution) if execution.passes_on() => {
                self.core.receive(Inbound::Published(InvocationId::NONE, event));
            }
            Some(execution) if execution.has_published() => (),
            Some(_) if self.core.is_whole() => {
                self.core.receive(Inbound::Published(self.invocation, event));
            }
            _ => self.core.publish(event),
        });
    }

    /// Adds an event to those that this step has collected, and gives as many as are asked for once they
    /// are there; until then `None`. Several executions of the step share what it has collected.
    ///
    /// For counts that are known only at run time; where they are fixed, take several parameters. What is
    /// more than asked for stays for the next time. Events come in the order of their arrival, of several
    /// kinds in the order in which they are asked for: `ctx.collect::<(Query, Hit)>(ev, (1, 3))` gives a
    /// `Vec` of each. A later try of this execution is given what the failed one was given.
    ///
    /// ```
    /// # use workflow_core::prelude::*;
    /// # #[event] struct Hit(u32);
    /// # struct Search;
    /// # #[workflow]
    /// # impl Search {
    /// # #[step] async fn open(&self, n: StartEvent<u32>) -> Vec<Hit> { (0..n.0).map(Hit).collect() }
    /// #[step]
    /// async fn gather(&self, ctx: &Context<Self>, hit: Hit) -> Option<StopEvent<u32>> {
    ///     let hits = ctx.collect::<Hit>(hit, 3)?;
    ///     Some(StopEvent(hits.iter().map(|hit| hit.0).sum()))
    /// }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// assert_eq!(Search.run(3u32).await?, 3);
    /// # Ok::<(), RunError>(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// When `event` is no event, or an enum of events, but a failure.
    pub fn collect<C: Collect<W::Event>>(
        &self,
        event: impl Emit<W::Event>,
        counts: C::Counts,
    ) -> Option<C::Collected> {
        let wanted = C::wanted(counts);
        let emission = event.emit().expect("what is collected is an event");
        let is_repeated = self.core.is_resumable() || self.node().retries;
        let memory = is_repeated.then_some(self.invocation.number);
        #[cfg(feature = "testing")]
        if let Some(probe) = self.probe() {
            probe.touch(Touch::change(Part::Collected(self.step)));
        }
        let collect = || self.core.collect(self.step, emission, &wanted, memory);
        let taken = self.unless_abandoned(collect)??;
        Some(C::split(&wanted, &mut taken.into_iter()))
    }

    /// Waits, in the middle of this step, until such an event comes: from outside, when the workflow
    /// receives it, or from another step. The rest of the run goes on meanwhile, and the step holds no
    /// worker. An event that ends the wait does not also start this step; other steps that take it run as ever.
    ///
    /// [`WaitFor::matching`] says which one is wanted, [`WaitFor::timeout`] for how long. An event that came
    /// before is not lost, if no step takes it.
    ///
    /// ```
    /// # use workflow_core::prelude::*;
    /// # #[event] struct Approval { ok: bool }
    /// # struct Orders;
    /// #[workflow(receives(Approval))]
    /// impl Orders {
    ///     #[step(waits(Approval))]
    ///     async fn ship(&self, ctx: &Context<Self>, order: StartEvent<String>) -> StopEvent<String> {
    ///         let approval = ctx.wait_for::<Approval>().await;
    ///         StopEvent(if approval.ok { format!("shipped {order}") } else { "refused".to_owned() })
    ///     }
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let run = Orders.run("a book");
    /// run.send(Approval { ok: true })?;
    /// assert_eq!(run.await?, "shipped a book");
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// When it is awaited and this step does not say that it waits for such an event, which fails the step
    /// with the line to add.
    pub fn wait_for<E>(&self) -> WaitFor<'_, W, E>
    where
        W::Event: Waits<E>,
    {
        WaitFor::new(self)
    }

    pub(crate) fn expect_wait_is_declared(&self, event: u16) {
        let node = self.node();
        let known = W::graph().events.get(usize::from(event));
        let event_name = known.map_or("it", |event| event.name);
        assert!(
            node.waits.contains(&event),
            "step `{}` does not declare that it waits for `{event_name}`: write `#[step(waits({event_name}))]`",
            node.name,
        );
    }

    /// Lets so much time go by. The step keeps its worker.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with timers (`enable_time`), which fails the step.
    pub async fn sleep(&self, time: Duration) {
        #[cfg(feature = "testing")]
        if let Some(probe) = self.probe() {
            return probe.sleep(time, false).await;
        }
        tokio::time::sleep(time).await;
    }

    /// Runs another workflow and gives its result: await it. Its failure is an error of this step's, for `?`;
    /// when this step is dropped, so is that run. [`Call::on_event`] sees what it publishes.
    ///
    /// It is written down with its caller: resumed, it goes on from where it was, and one that has given its
    /// result is not run again. One that had failed, or was given up before its end, begins anew.
    ///
    /// ```
    /// # use workflow_core::prelude::*;
    /// # #[derive(Clone)] struct Shout;
    /// # #[workflow] impl Shout {
    /// # #[step] async fn shout(&self, text: StartEvent<String>) -> StopEvent<String> { StopEvent(text.to_uppercase()) }
    /// # }
    /// struct Greet {
    ///     shout: Shout,
    /// }
    ///
    /// #[workflow]
    /// impl Greet {
    ///     #[step]
    ///     async fn greet(&self, ctx: &Context<Self>, name: StartEvent<String>) -> Result<StopEvent<String>, RunError> {
    ///         Ok(StopEvent(ctx.call(&self.shout, format!("hello {name}")).await?))
    ///     }
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// assert_eq!(Greet { shout: Shout }.run("world").await?, "HELLO WORLD");
    /// # Ok::<(), RunError>(()) }).unwrap();
    /// ```
    pub fn call<'c, C: Workflow + 'static>(
        &'c self,
        flow: &'c C,
        input: impl Into<C::Input>,
    ) -> Call<'c, W, C> {
        Call::new(self, flow, input.into())
    }

    /// Whether nobody waits for this step any more: the run was cancelled or is over, or the step ran past
    /// its time. A step that waits is dropped then; one that computes can ask. What a thread, or a task until
    /// its next await, sends, publishes or collects after that comes to nothing; what it does to the state and
    /// to dynamic keys still happens, so ask before you change them.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.core.cancelled.load(Ordering::Relaxed)
            || self.core.over.load(Ordering::Relaxed)
            || self.is_abandoned()
    }
}

impl<W: Workflow> Clone for Context<W> {
    fn clone(&self) -> Self {
        Self {
            core: Arc::clone(&self.core),
            step: self.step,
            invocation: self.invocation,
            execution: self.execution.clone(),
            calls: AtomicU32::new(self.calls.load(Ordering::Relaxed)),
            tether: self.tether.clone(),
        }
    }
}

impl<W: Workflow> std::fmt::Debug for Context<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("step", &self.node().name)
            .field("invocation", &self.invocation.number)
            .finish_non_exhaustive()
    }
}
