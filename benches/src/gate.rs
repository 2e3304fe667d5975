//! Gate: where suspended runs wait until the harness has counted their bytes.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Waits at the gate: the second of the three steps of a suspended run.
pub async fn park() {
    let open = gate().open.notified();
    arrive();
    open.await;
}

/// Says that one more run is suspended, wherever it waits.
pub fn arrive() {
    gate().arrived.fetch_add(1, Ordering::Relaxed);
}

/// Waits until the gate opens, without having arrived: for who lets its runs go on in another way.
pub async fn opened() {
    gate().open.notified().await;
}

/// `n` runs, each on a task of its own, and the sum of what they give.
pub async fn tasks<F>(n: u64, run: impl Fn(u64) -> F) -> u64
where
    F: Future<Output = u64> + Send + 'static,
{
    let running: Vec<_> = (0..n).map(|number| tokio::spawn(run(number))).collect();
    let mut sum = 0;
    for task in running {
        sum += task.await.expect("a run does not panic");
    }
    sum
}

pub(crate) fn arrived() -> u64 {
    gate().arrived.load(Ordering::Relaxed)
}

pub(crate) fn open() {
    gate().open.notify_waiters();
}

struct Gate {
    arrived: AtomicU64,
    open: Notify,
}

fn gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    GATE.get_or_init(|| Gate { arrived: AtomicU64::new(0), open: Notify::new() })
}
