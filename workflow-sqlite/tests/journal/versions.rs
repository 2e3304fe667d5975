//! Versions: the runs of a file go on after their workflow has changed, and are drawn as what they are now.

use std::sync::Arc;

use workflow_core::journal::{Journal, Migration};
use workflow_core::prelude::*;

use crate::runs::Folder;

#[event]
struct Approval {
    ok: bool,
}
#[event]
struct Asked;

/// The workflow as it was.
mod old {
    use super::*;

    pub struct Bank;

    #[workflow(publishes(Asked), receives(Approval))]
    impl Bank {
        #[step(waits(Approval))]
        async fn pay(&self, ctx: &Context<Self>, cents: StartEvent<u32>) -> StopEvent<String> {
            ctx.publish(Asked);
            let approval = ctx.wait_for::<Approval>().await;
            StopEvent(format!("{} cents: {}", cents.0, approval.ok))
        }
    }
}

/// And as it is.
mod new {
    use super::*;

    pub struct Bank;

    #[workflow(publishes(Asked), receives(Approval))]
    impl Bank {
        #[step(waits(Approval))]
        async fn transfer(&self, ctx: &Context<Self>, euros: StartEvent<f64>) -> StopEvent<String> {
            ctx.publish(Asked);
            let approval = ctx.wait_for::<Approval>().await;
            StopEvent(format!("{} euros: {}", euros.0, approval.ok))
        }
    }
}

fn migration() -> Migration {
    Migration::new().step("pay", "transfer").fields("StartEvent", |cents| {
        *cents = (cents.as_f64().ok_or("no cents")? / 100.0).into();
        Ok(())
    })
}

#[tokio::test]
async fn all_runs_of_a_file_go_on_after_their_workflow_has_changed() {
    let folder = Folder::new();
    let journal = folder.journal();
    for cents in [50_u32, 250] {
        let mut run = old::Bank.run(cents).id(format!("{cents} cents")).journal(&journal);
        assert!(run.next().await.is_some(), "it asks");
    }
    let before = journal.recording("50 cents").await.unwrap();
    assert_eq!(before.executions()[0].step(), "pay");

    let flow = Arc::new(new::Bank);
    let tasks = journal.resume_all_with(&flow, |run| run.migrate(migration())).await.unwrap();
    let mut results = Vec::new();
    for (_, task) in tasks {
        task.send(Approval { ok: true }).unwrap();
        results.push(task.await.unwrap());
    }
    assert_eq!(results, ["0.5 euros: true", "2.5 euros: true"]);
    let after = journal.recording("50 cents").await.unwrap();
    assert_eq!(after.executions()[0].step(), "transfer");
    assert_eq!(flow.run(0.5).id("50 cents").journal(&journal).await.unwrap(), "0.5 euros: true");
    let definitions: i64 =
        folder.sql().query_row("SELECT count(*) FROM definitions", (), |row| row.get(0)).unwrap();
    assert_eq!(definitions, 2, "one for each version, and not for each run");
}
