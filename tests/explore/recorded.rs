//! Recorded: from a run to a test that plays it again.

use std::time::Duration;

use workflow_core::prelude::*;

#[event]
struct Page(u32);
#[event]
struct Text {
    page: u32,
    words: String,
}
#[event]
struct Progress(u32);
#[event]
struct Approval(bool);
#[event]
struct Side(u32);
#[event]
struct All(u32);

#[derive(Debug, thiserror::Error)]
#[error("page {0} is \"smudged\"")]
struct Smudged(u32);

/// It would read pages by a service; in the test that is written nothing is read.
struct Reader;

#[workflow(publishes(Progress), receives(Approval))]
impl Reader {
    #[step]
    async fn open(&self, pages: StartEvent<u32>) -> (Vec<Page>, Option<Side>) {
        ((0..pages.0).map(Page).collect(), Some(Side(pages.0)))
    }
    #[step(workers = 2, retry(attempts = 2, wait = "1s"))]
    async fn read(&self, ctx: &Context<Self>, page: Page) -> Result<Option<Text>, Smudged> {
        ctx.publish(Progress(page.0));
        ctx.sleep(Duration::from_millis(u64::from(30 - 10 * page.0))).await;
        match (page.0, ctx.attempt().number) {
            (1, 1) => Err(Smudged(1)),
            (2, _) => Ok(None),
            (page, _) => Ok(Some(Text { page, words: format!("page #{page}") })),
        }
    }
    #[step]
    async fn gather(&self, texts: Vec<Text>) -> All {
        All(texts.len() as u32)
    }
    #[step(sends(Side))]
    async fn side(&self, ctx: &Context<Self>, side: Side) -> Option<Side2> {
        if side.0 == 3 {
            ctx.send(Side(4)).unwrap();
            return None;
        }
        Some(Side2(side.0))
    }
    #[step(waits(Approval))]
    async fn finish(&self, ctx: &Context<Self>, all: All, side: Side2) -> Result<StopEvent<u32>, Smudged> {
        let approval = ctx.wait_for::<Approval>().await;
        if approval.0 { Ok(StopEvent(all.0 + side.0)) } else { Err(Smudged(99)) }
    }
}

#[event]
struct Side2(u32);

async fn test_of(approval: bool) -> String {
    let mut run = Reader.run(3u32).record();
    run.send(Approval(approval)).unwrap();
    let _ = (&mut run).await;
    run.recording().to_test()
}

/// The same text as in the files beside this one, which are compiled and run. `INSTA_UPDATE=always` writes them anew.
fn assert_is(written: &str, path: &str, saved: &str) {
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("explore/recorded");
        return std::fs::write(folder.join(path), written).unwrap();
    }
    assert_eq!(written, saved);
}

#[tokio::test(start_paused = true)]
async fn a_test_that_is_written_is_the_one_that_is_run() {
    assert_is(&test_of(true).await, "ended.rs", include_str!("recorded/ended.rs"));
    assert_is(&test_of(false).await, "failed.rs", include_str!("recorded/failed.rs"));
}

mod ended {
    use super::Reader;
    include!("recorded/ended.rs");
}

mod failed {
    use super::Reader;
    include!("recorded/failed.rs");
}

#[test]
#[should_panic(expected = "does not end as it was recorded")]
fn a_recorded_run_that_ends_otherwise_is_found() {
    workflow_core::testing::recorded(|| Reader, r#"["StartEvent<u32>",0]"#)
        .gave("open", r#"[["StartEvent<u32>",0]]"#, 0, r#"[["Side",1]]"#)
        .gave("side", r#"[["Side",1]]"#, 0, r#"[["Side2",1]]"#)
        .gave("gather", "[]", 0, r#"[["All",0]]"#)
        .gave("finish", r#"[["All",0],["Side2",1]]"#, 0, r#"[["StopEvent<u32>",1]]"#)
        .ends(r#"["StopEvent<u32>",2]"#)
        .run();
}
