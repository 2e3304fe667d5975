//! Asked: who waits until what was sent to a run is kept.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Those who wait, of one run with a journal.
#[derive(Default)]
pub(crate) struct Asked {
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    waiting: Vec<oneshot::Sender<()>>,
    /// Nobody writes to the journal any more.
    is_closed: bool,
}

impl Asked {
    /// Answers when all that had come in before this is kept; with an error when nobody will keep it any more.
    pub(in crate::driver) fn ask(&self) -> oneshot::Receiver<()> {
        let (waiting, answer) = oneshot::channel();
        let mut line = self.line();
        if !line.is_closed {
            line.waiting.push(waiting);
        }
        answer
    }

    /// Those who have asked since this was called last.
    pub(in crate::driver) fn take(&self) -> Vec<oneshot::Sender<()>> {
        std::mem::take(&mut self.line().waiting)
    }

    /// The run is over, or left.
    pub(in crate::driver) fn close(&self) {
        let mut line = self.line();
        line.is_closed = true;
        line.waiting.clear();
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
