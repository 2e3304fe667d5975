//! Clock: the time since a run's start, and the one timer that wakes its driver.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Runs only where somebody asks how late it is.
pub(super) enum Clock {
    Stopped,
    /// No time is set.
    Since(Instant),
    Armed(Box<Armed>),
}

/// A clock with a timer.
pub(super) struct Armed {
    started: Instant,
    /// The time that the run had spent before it was resumed.
    before: Duration,
    /// How long the run may take.
    limit: Option<Duration>,
    timer: Option<(Duration, Pin<Box<Sleep>>)>,
}

impl Clock {
    /// Begins to run.
    pub(super) fn new(limit: Option<Duration>, before: Duration) -> Self {
        let started = Instant::now();
        if limit.is_none() && before.is_zero() {
            return Self::Since(started);
        }
        let mut armed = Armed { started, before, limit, timer: None };
        armed.set(limit);
        Self::Armed(Box::new(armed))
    }

    pub(super) fn is_running(&self) -> bool {
        !matches!(self, Self::Stopped)
    }

    /// The time since the run's start.
    pub(super) fn now(&self) -> Duration {
        match self {
            Self::Stopped => Duration::ZERO,
            Self::Since(started) => started.elapsed(),
            Self::Armed(armed) => armed.before + armed.started.elapsed(),
        }
    }

    /// How long the run may take.
    pub(super) fn limit(&self) -> Option<Duration> {
        match self {
            Self::Armed(armed) => armed.limit,
            Self::Stopped | Self::Since(_) => None,
        }
    }

    /// Sets the timer of a clock that runs to a time since the run's start.
    pub(super) fn arm(&mut self, until: Option<Duration>) {
        if let (&mut Self::Since(started), Some(_)) = (&mut *self, until) {
            let armed = Armed { started, before: Duration::ZERO, limit: None, timer: None };
            *self = Self::Armed(Box::new(armed));
        }
        if let Self::Armed(armed) = self {
            armed.set(until);
        }
    }

    /// Whether the timer's time has come. It has to be set anew then.
    pub(super) fn has_rung(&mut self, cx: &mut Context<'_>) -> bool {
        match self {
            Self::Armed(armed) => armed.has_rung(cx),
            Self::Stopped | Self::Since(_) => false,
        }
    }
}

impl Armed {
    fn set(&mut self, until: Option<Duration>) {
        if self.timer.as_ref().map(|(at, _)| *at) == until {
            return;
        }
        self.timer = until.map(|until| {
            let left = until.saturating_sub(self.before);
            let sleep = match self.started.checked_add(left) {
                Some(at) => tokio::time::sleep_until(at),
                None => tokio::time::sleep(Duration::MAX),
            };
            (until, Box::pin(sleep))
        });
    }

    fn has_rung(&mut self, cx: &mut Context<'_>) -> bool {
        let rung = self.timer.as_mut().is_some_and(|(_, sleep)| sleep.as_mut().poll(cx).is_ready());
        if rung {
            self.timer = None;
        }
        rung
    }
}
