//! Watching a run: what a verbose one prints.

use std::io::Write;
use std::sync::{Arc, Mutex};

use workflow_core::prelude::*;

use crate::shop::{Approval, Shop};

/// A place to print to that can be read.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_verbose_run_prints_what_starts_from_what_and_what_comes_out_in_order() {
    let paper = Paper::default();
    let run = Shop.run(2u32).verbose_to(paper.clone());
    run.send(Approval).unwrap();
    assert_eq!(run.await.unwrap(), 2);
    let printed = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(
        lines,
        [
            "Shop: received Approval(Approval)",
            "Shop: split <- StartEvent(StartEvent(2))",
            "Shop: split -> [Item(Item(0)), Item(Item(1))]",
            "Shop: work <- Item(Item(0))",
            "Shop: work failed: out of order; again in 1s",
            "Shop: work <- Item(Item(1))",
            "Shop: work publishes Progress(Progress(1))",
            "Shop: work -> Done(Done(1))",
            "Shop: work <- Item(Item(0)) (try 2)",
            "Shop: work publishes Progress(Progress(0))",
            "Shop: work -> Done(Done(0))",
            "Shop: gather <- Done(Done(1)), Done(Done(0))",
            "Shop: gather waits for Approval",
            "Shop: gather <- Approval(Approval)",
            "Shop: gather -> Sum(Sum(2))",
            "Shop: finish <- Sum(Sum(2))",
            "Shop: finish -> StopEvent(StopEvent(2))",
            "Shop: ends with StopEvent(StopEvent(2))",
        ]
    );
}
