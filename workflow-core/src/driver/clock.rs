//! Clock: the time since a run's start, and the one timer that wakes its driver.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Made only for a run in which somebody asks how late it is.
pub(super) struct Clock {
    started: Instant,
    /// The time that the run had spent before it was resumed.
    before: Duration,
    /// How long the run may take.
    pub(super) limit: Option<Duration>,
    armed: Option<(Duration, Pin<Box<Sleep>>)>,
}

impl Clock {
    pub(super) fn new(limit: Option<Duration>, before: Duration) -> Self {
        let mut clock = Self { started: Instant::now(), before, limit, armed: None };
        clock.arm(limit);
        clock
    }

    /// The time since the run's start.
    pub(super) fn now(&self) -> Duration {
        self.before + self.started.elapsed()
    }

    /// Sets the timer to a time since the run's start.
    pub(super) fn arm(&mut self, until: Option<Duration>) {
        if self.armed.as_ref().map(|(at, _)| *at) == until {
            return;
        }
        self.armed = until.map(|until| {
            let left = until.saturating_sub(self.before);
            let sleep = match self.started.checked_add(left) {
                Some(at) => tokio::time::sleep_until(at),
                None => tokio::time::sleep(Duration::MAX),
            };
            (until, Box::pin(sleep))
        });
    }

    /// Whether the timer's time has come. It has to be set anew then.
    pub(super) fn has_rung(&mut self, cx: &mut Context<'_>) -> bool {
        let rung = self.armed.as_mut().is_some_and(|(_, sleep)| sleep.as_mut().poll(cx).is_ready());
        if rung {
            self.armed = None;
        }
        rung
    }
}
