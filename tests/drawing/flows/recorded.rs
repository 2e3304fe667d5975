//! Recorded: runs of which the recordings are drawn, on paused time.

use std::time::Duration;

use serde_json::Value;
use workflow_core::Recording;
use workflow_core::prelude::*;

use super::shop;

#[event]
pub struct Scan(u32);

#[event]
pub struct Invoice {
    number: u32,
    cents: u32,
    text: String,
}

#[event]
pub struct Pay(u32);

#[event]
pub struct Refuse(String);

#[derive(OneOf)]
pub enum Verdict {
    Pay(Pay),
    Refuse(Refuse),
}

#[event]
pub struct Progress(u32);

#[event]
pub struct Approval {
    by: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the scan of page {0} is unreadable")]
pub struct Unreadable(u32);

/// What a bank says.
#[derive(Clone)]
pub struct Bank;

#[workflow]
impl Bank {
    #[step]
    async fn ask(&self, ctx: &Context<Self>, cents: StartEvent<u32>) -> StopEvent<bool> {
        ctx.sleep(Duration::from_millis(250)).await;
        StopEvent(cents.0 < 100_000)
    }
}

/// Reads invoices, asks the bank and a person, and pays.
#[derive(Clone)]
pub struct Invoices {
    /// Put into each invoice.
    pub text: String,
}

#[workflow(publishes(Progress), receives(Approval))]
impl Invoices {
    #[step]
    async fn split(&self, pages: StartEvent<u32>) -> Vec<Scan> {
        (1..=pages.0).map(Scan).collect()
    }

    /// Reads one page; the second one at the second try.
    #[step(workers = 3, retry(attempts = 3, wait = "200ms"))]
    async fn read(&self, ctx: &Context<Self>, scan: Scan) -> Result<Invoice, Unreadable> {
        ctx.sleep(Duration::from_millis(60 + 70 * u64::from(scan.0 % 5))).await;
        if scan.0 == 2 && ctx.attempt().number == 1 {
            return Err(Unreadable(scan.0));
        }
        ctx.publish(Progress(scan.0));
        Ok(Invoice { number: scan.0, cents: 999, text: self.text.clone() })
    }

    #[step]
    async fn decide(&self, ctx: &Context<Self>, invoices: Vec<Invoice>) -> Result<Verdict, RunError> {
        let cents = invoices.iter().map(|invoice| invoice.cents).sum::<u32>();
        let covered = ctx.call(&Bank, cents).await?;
        Ok(if covered { Pay(cents).into() } else { Refuse("not covered".to_owned()).into() })
    }

    #[step(waits(Approval))]
    async fn pay(&self, ctx: &Context<Self>, pay: Pay) -> StopEvent<String> {
        let approval = ctx.wait_for::<Approval>().await;
        ctx.sleep(Duration::from_millis(40)).await;
        StopEvent(format!("{} cents, says {}", pay.0, approval.by))
    }

    #[step]
    async fn refuse(&self, refuse: Refuse) -> StopEvent<String> {
        StopEvent(refuse.0)
    }
}

/// Does something as often as it is told to.
pub struct Counter;

#[event]
pub struct Tick(u32);

#[derive(OneOf)]
pub enum Next {
    Again(Tick),
    Done(StopEvent<u32>),
}

#[workflow]
impl Counter {
    #[step]
    async fn begin(&self, count: StartEvent<u32>) -> Tick {
        Tick(count.0)
    }

    #[step]
    async fn tick(&self, ctx: &Context<Self>, tick: Tick) -> Next {
        ctx.sleep(Duration::from_millis(u64::from(tick.0 % 7))).await;
        if tick.0 == 0 { Next::Done(StopEvent(0)) } else { Next::Again(Tick(tick.0 - 1)) }
    }
}

/// Does it on paused time.
fn paused<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().expect("a runtime can be built");
    runtime.block_on(future)
}

/// The same recording of a run that began at a time that never changes; it has been written down and read.
fn at_noon(recording: &Recording) -> Recording {
    let mut written = serde_json::to_value(recording).expect("a recording can be written down");
    written["began_at"] = Value::from(1_790_000_000_000_u64);
    serde_json::from_value(written).expect("and read")
}

/// Each recording with its name.
pub fn recordings() -> [(&'static str, Recording); 4] {
    [
        ("invoices", invoices("two pens")),
        ("refused", refused()),
        ("cancelled", cancelled()),
        ("counter", counter(40)),
    ]
}

/// A run that ends well, after a failure and a wait.
pub fn invoices(text: &str) -> Recording {
    paused(async {
        let flow = Invoices { text: text.to_owned() };
        let mut run = flow.run(7u32).id("invoices-7").record();
        let handle = run.handle();
        let person = async {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            handle.send(Approval { by: "a person".to_owned() })
        };
        let (result, sent) = tokio::join!(&mut run, person);
        sent.expect("the run goes on");
        result.expect("the run ends well");
        at_noon(&run.recording())
    })
}

/// The flow of the README, of which the order is refused.
pub fn refused() -> Recording {
    paused(async {
        let mut run = shop::Shop.run(42u64).id("order-42").record();
        let handle = run.handle();
        let person = async {
            tokio::time::sleep(Duration::from_millis(1_200)).await;
            handle.send(shop::refusal(42))
        };
        let (result, sent) = tokio::join!(&mut run, person);
        sent.expect("the run goes on");
        result.expect("the failure is caught");
        at_noon(&run.recording())
    })
}

/// A run that is cancelled while pages are read.
pub fn cancelled() -> Recording {
    paused(async {
        let flow = Invoices { text: String::new() };
        let mut run = flow.run(7u32).id("invoices-8").record();
        assert!(tokio::time::timeout(Duration::from_millis(230), &mut run).await.is_err());
        run.cancel();
        assert!((&mut run).await.is_err());
        at_noon(&run.recording())
    })
}

/// A loop.
pub fn counter(times: u32) -> Recording {
    paused(async {
        let mut run = Counter.run(times).id("counter").record();
        (&mut run).await.expect("the run ends well");
        at_noon(&run.recording())
    })
}
