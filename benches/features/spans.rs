//! Spans: a subscriber that wants them, as a program that logs has it, but that writes to nowhere.

use tracing::instrument::WithSubscriber;

/// The future, with a subscriber for it alone.
pub(crate) fn subscribed<F: Future>(future: F) -> impl Future<Output = F::Output> {
    future.with_subscriber(tracing_subscriber::fmt().with_writer(std::io::sink).finish())
}
