//! Apart: steps that do not run on the run's own task.
//!
//! `spawn` gives a step a tokio task, so that it may use another core; `blocking` a thread that may block.
//! Either way the run only waits for it, so that timeouts and cancels work.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll};

use tokio::task::JoinHandle;

use super::span::{Span, in_current_span};
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
    let task = tokio::spawn(in_current_span(step(flow.share(), context)));
    Apart { task, abandoned: Arc::default() }.await
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
    let (flow, abandoned) = (flow.share(), Arc::<AtomicBool>::default());
    let context = context.abandoned_by(Arc::clone(&abandoned));
    let span = Span::current();
    let task = tokio::task::spawn_blocking(move || span.in_scope(|| step(flow, context)));
    Apart { task, abandoned }.await
}

/// A task that is aborted when nobody waits for it any more, and whose panic goes on in the one who waits.
struct Apart<T> {
    task: JoinHandle<T>,
    /// Tells a thread, which cannot be aborted, that nobody waits for it.
    abandoned: Arc<AtomicBool>,
}

impl<T> Future for Apart<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<T> {
        match Pin::new(&mut self.task).poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(returned)) => Poll::Ready(returned),
            Poll::Ready(Err(error)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only the runtime's end aborts it while somebody waits, and with it ends the one who waits.
                Err(_) => Poll::Pending,
            },
        }
    }
}

impl<T> Drop for Apart<T> {
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.task.abort();
    }
}
