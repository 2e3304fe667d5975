//! Apart: steps that do not run on the run's own task.
//!
//! `spawn` gives a step a tokio task, so that it may use another core; `blocking` a thread that may block.
//! Either way the run only waits for it, so that timeouts and cancels work.

use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as TaskContext, Poll};

use tokio::task::JoinHandle;

use super::Core;
use super::span::{Span, in_current_span};
use super::step::poll_watched;
use crate::{Context, Workflow};

/// A workflow of which a step can have a copy: what `spawn` and `blocking` need.
///
/// Neither [`Workflow`] nor [`Clone`] is a part of it: the generated implementation of the one is bound by
/// this, and rustc would name the other instead.
#[diagnostic::on_unimplemented(
    message = "a step of `{Self}` runs apart from its run, on a copy of `{Self}`, which is not `Clone`",
    label = "`{Self}` cannot be copied",
    note = "write `#[derive(Clone)]` above `{Self}`, with an `Arc` around what is big, or leave the option out"
)]
pub trait Shared: Sized + 'static {
    /// The copy.
    fn share(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<W: Clone + 'static> Shared for W {
    fn share(&self) -> Self {
        self.clone()
    }
}

/// Runs a step on a task of its own.
pub async fn spawn<W, F>(flow: &W, context: Context<W>, step: impl FnOnce(W, Context<W>) -> F) -> F::Output
where
    W: Workflow + Shared,
    F: Future<Output: Send + 'static> + Send + 'static,
{
    #[cfg(feature = "testing")]
    if context.probe().is_some() {
        // In a play nothing runs apart: its order would be known to nobody.
        return step(flow.share(), context).await;
    }
    let tether = Arc::<Tether>::default();
    let (core, number) = (Arc::clone(context.core()), context.invocation());
    // A step that has a timeout goes on by itself, even when it does nothing but wait.
    let is_timed = W::graph().steps[usize::from(context.place())].timeout.is_some();
    let step = step(flow.share(), context.tethered(Arc::clone(&tether)));
    let task = tokio::spawn(in_current_span(noting_waits((!is_timed).then_some(core), number, step)));
    Apart { task, tether: Some(tether) }.await
}

/// Runs a step on a thread that may block.
pub async fn blocking<W, T>(
    flow: &W,
    context: Context<W>,
    step: impl FnOnce(W, Context<W>) -> T + Send + 'static,
) -> T
where
    W: Workflow + Shared,
    T: Send + 'static,
{
    #[cfg(feature = "testing")]
    if context.probe().is_some() {
        return step(flow.share(), context);
    }
    let (flow, tether) = (flow.share(), Arc::<Tether>::default());
    let context = context.tethered(Arc::clone(&tether));
    let span = Span::current();
    let task = tokio::task::spawn_blocking(move || span.in_scope(|| step(flow, context)));
    Apart { task, tether: Some(tether) }.await
}

/// Polls a spawned step, and notes whether it does anything but wait for events: who waits for its task sees
/// nothing of that.
async fn noting_waits<W: Workflow, F: Future>(core: Option<Arc<Core<W>>>, number: u64, step: F) -> F::Output {
    let mut step = pin!(step);
    poll_fn(|cx| match core.as_ref().filter(|core| core.open_waits(number, true) > 0) {
        None => step.as_mut().poll(cx),
        Some(core) => {
            let (polled, is_news) = poll_watched(core, number, step.as_mut(), cx);
            if is_news {
                core.nudge();
            }
            polled
        }
    })
    .await
}

/// What ties a step that runs apart to its run. A thread, and a task until its next await, goes on when it is
/// cut; what it does then comes to nothing.
#[derive(Debug, Default)]
pub(crate) struct Tether {
    is_cut: Mutex<bool>,
}

impl Tether {
    /// Whether nobody waits for the step any more.
    pub(crate) fn is_cut(&self) -> bool {
        *self.locked()
    }

    /// Does something, unless the tether is cut; nobody cuts it meanwhile.
    pub(crate) fn unless_cut<R>(&self, does: impl FnOnce() -> R) -> Option<R> {
        let is_cut = self.locked();
        (!*is_cut).then(does)
    }

    fn cut(&self) {
        *self.locked() = true;
    }

    fn locked(&self) -> MutexGuard<'_, bool> {
        self.is_cut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that is aborted when nobody waits for it any more, and whose panic goes on in the one who waits.
struct Apart<T> {
    task: JoinHandle<T>,
    /// Until the task has ended.
    tether: Option<Arc<Tether>>,
}

impl<T> Future for Apart<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<T> {
        let Poll::Ready(joined) = Pin::new(&mut self.task).poll(cx) else {
            return Poll::Pending;
        };
        self.tether = None;
        match joined.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(returned) => Poll::Ready(returned),
            Err(Ok(panic)) => resume_unwind(panic),
            // Nothing but its runtime's end aborts it while somebody waits.
            Err(Err(_)) => resume_unwind(Box::new("the tokio runtime that the step ran on was shut down")),
        }
    }
}

impl<T> Drop for Apart<T> {
    fn drop(&mut self) {
        if let Some(tether) = &self.tether {
            tether.cut();
            self.task.abort();
        }
    }
}
