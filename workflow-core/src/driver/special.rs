//! Special: what makes a run more than a plain one, said before it begins.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::time::Instant;

use super::journaled::Noted;
use super::watch::Watch;

/// Keeps an event.
pub(super) type Keep<E> = Box<dyn Fn(&E) + Send + Sync>;

/// What makes a run more than a plain one: then every transition passes through the machine.
pub(super) struct Special<E> {
    /// The run can be written down at any moment.
    pub(super) resumable: bool,
    /// The caller takes it step by step.
    pub(super) stepwise: AtomicBool,
    /// Keeps its stop event too, for the run that called it.
    pub(super) keeps_result: Option<Keep<E>>,
    /// Somebody looks on.
    pub(super) watch: Watch<E>,
    /// Where every fact is written down before anything follows from it.
    pub(super) noted: Option<Box<dyn Noted>>,
    /// The time that it had spent before it was resumed.
    pub(super) before: OnceLock<Duration>,
    /// When it began in this process.
    pub(super) began: OnceLock<Instant>,
}

impl<E> Default for Special<E> {
    fn default() -> Self {
        Self {
            resumable: false,
            stepwise: AtomicBool::new(false),
            keeps_result: None,
            watch: Watch::default(),
            noted: None,
            before: OnceLock::new(),
            began: OnceLock::new(),
        }
    }
}

impl<E> Special<E> {
    pub(super) fn before(&self) -> Duration {
        self.before.get().copied().unwrap_or_default()
    }
}
