//! Clock: the processor time of this process, and wall time.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// A moment, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    processor: Duration,
    wall: Instant,
}

impl Moment {
    pub(super) fn now() -> Self {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        let seconds = u64::try_from(time.tv_sec).expect("a process uses no negative time");
        let nanoseconds = u32::try_from(time.tv_nsec).expect("less than a second");
        Self { processor: Duration::new(seconds, nanoseconds), wall: Instant::now() }
    }

    /// The processor time of all threads since then: other work on the machine hardly counts.
    pub(super) fn processor_time(self) -> Duration {
        Self::now().processor.saturating_sub(self.processor)
    }

    pub(super) fn wall_time(self) -> Duration {
        self.wall.elapsed()
    }
}

static PREPARED: Mutex<Option<Moment>> = Mutex::new(None);

/// Says, in the future of an entry, that what came before was preparation and does not count.
///
/// # Panics
///
/// Never: nothing that holds the lock panics.
pub fn measure_from_here() {
    *PREPARED.lock().expect("nothing that holds it panics") = Some(Moment::now());
}

/// The moment at which the entry that has just run was prepared, if it said so.
pub(super) fn take_prepared() -> Option<Moment> {
    PREPARED.lock().expect("nothing that holds it panics").take()
}
