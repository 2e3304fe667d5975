//! Child: one measurement of one entry, in this process.

use std::alloc::System;
use std::thread;
use std::time::{Duration, Instant};

use alloc_tracker::{Allocator, Session};
use tokio::runtime::{Builder, Runtime};

use super::HarnessError;
use super::clock::{Moment, take_prepared};
use super::results::Measured;
use crate::{Entry, Work, gate};

/// Counts on each thread, at about a nanosecond an allocation, and the same for all.
#[global_allocator]
static ALLOCATOR: Allocator<System> = Allocator::system();

/// A measurement that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(120);
/// One measurement calls the entry for about so long,
const LONG_ENOUGH: Duration = Duration::from_millis(200);
/// or so often, and gives the median. Of wall times the shortest counts: the rest is other work on the machine.
const OFTEN_ENOUGH: usize = 101;

/// Measures the entry of these names and prints the result as a line of JSON.
pub(super) fn measure(entries: &[Entry], case: &str, name: &str, n: Option<u64>) -> Result<(), HarnessError> {
    let entry = entries
        .iter()
        .find(|entry| entry.work.name() == case && entry.name == name)
        .ok_or_else(|| HarnessError::NoSuchEntry { case: case.to_owned(), name: name.to_owned() })?;
    let n = n.unwrap_or(entry.work.size(entry.group));
    give_up_after(PATIENCE);
    let call = Call { entry, n, runtime: runtime(entry.work)? };
    let measured = match entry.work {
        Work::Suspended => call.suspended()?,
        _ => call.timed()?,
    };
    println!("{}", serde_json::to_string(&measured).expect("numbers can be written"));
    Ok(())
}

fn runtime(work: Work) -> Result<Runtime, std::io::Error> {
    match work {
        Work::Cores => Builder::new_multi_thread().worker_threads(2).enable_all().build(),
        _ => Builder::new_current_thread().enable_all().build(),
    }
}

fn give_up_after(patience: Duration) {
    thread::spawn(move || {
        thread::sleep(patience);
        eprintln!("gave no result in {} s", patience.as_secs());
        std::process::exit(1);
    });
}

struct Call<'a> {
    entry: &'a Entry,
    n: u64,
    runtime: Runtime,
}

impl Call<'_> {
    /// Calls the entry once, and gives when it began.
    fn once(&self) -> Result<Moment, HarnessError> {
        let run = self.entry.run;
        let n = self.n;
        let begun = Moment::now();
        let given = self.runtime.block_on(async move { tokio::spawn(run(n)).await });
        let begun = take_prepared().unwrap_or(begun);
        self.check(given.expect("an entry does not panic"))?;
        Ok(begun)
    }

    fn check(&self, given: u64) -> Result<(), HarnessError> {
        let Entry { work, name, .. } = *self.entry;
        let expected = work.checksum(self.n);
        if given == expected {
            return Ok(());
        }
        Err(HarnessError::WrongChecksum { case: work.name(), name, n: self.n, given, expected })
    }

    /// Time and allocations of a unit, once all is warm.
    fn timed(&self) -> Result<Measured, HarnessError> {
        self.once()?;
        let since = Instant::now();
        let mut times = Vec::new();
        while times.is_empty() || (since.elapsed() < LONG_ENOUGH && times.len() < OFTEN_ENOUGH) {
            let begun = self.once()?;
            times.push(match self.entry.work {
                Work::Cores => begun.wall_time(),
                _ => begun.processor_time(),
            });
        }
        times.sort_unstable();
        let time = match self.entry.work {
            Work::Cores => times[0],
            _ => times[times.len() / 2],
        };

        let session = Session::new().no_stdout().no_file();
        let span = session.operation("call").measure_process();
        self.once()?;
        drop(span.iterations(self.n));
        let allocations = session.to_report().operations().find_map(|(_, call)| call.allocations());
        Ok(Measured { nanoseconds: time.as_secs_f64() * 1e9 / self.n as f64, allocations, bytes: None })
    }

    /// What a suspended run holds.
    fn suspended(&self) -> Result<Measured, HarnessError> {
        // The first task makes what the runtime keeps for all.
        self.runtime.block_on(async { tokio::spawn(tokio::task::yield_now()).await }).expect("it ends");
        let session = Session::new().no_stdout().no_file();
        let operation = session.operation("suspended");
        let begun = Moment::now();
        let span = operation.measure_thread();
        let (run, n) = (self.entry.run, self.n);
        let task = self.runtime.spawn(run(n));
        self.runtime.block_on(async {
            while gate::arrived() < n {
                tokio::task::yield_now().await;
            }
        });
        drop(span.iterations(n));
        let nanoseconds = begun.processor_time().as_secs_f64() * 1e9 / n as f64;
        gate::open();
        self.check(self.runtime.block_on(task).expect("an entry does not panic"))?;
        let report = session.to_report();
        let (_, suspended) = report.operations().next().expect("one was measured");
        Ok(Measured {
            nanoseconds,
            allocations: suspended.allocations(),
            // Of all runs together: what counts as one iteration is the peak.
            bytes: suspended.peak_outstanding_bytes().map(|bytes| bytes / n as f64),
        })
    }
}
