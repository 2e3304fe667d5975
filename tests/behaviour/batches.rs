//! Batches: `Vec<E>` out, `Vec<E>` in.

use std::time::Duration;

use workflow_core::prelude::*;

use crate::Log;

#[event]
struct Url(u64);
#[event]
struct Page(u64);
#[event]
struct Summary(u64);

// Every third url gives no page, and the later ones are faster.
twins! {
    mod fetch: (u64) -> (Vec<u64>);

    #[derive(Default)]
    struct Fetch(Log);

    #[workflow]

    #[step]
    async fn open(_; urls: StartEvent<u64>) -> (Vec<Url>) {
        (0..urls.0).map(Url).collect()
    }

    #[step(workers = 100)]
    async fn fetch(_; url: Url) -> (Option<Page>) {
        tokio::time::sleep(Duration::from_millis(100 - url.0)).await;
        (!url.0.is_multiple_of(3)).then_some(Page(url.0))
    }

    #[step]
    async fn finish(flow; pages: Vec<Page>) -> (StopEvent<Vec<u64>>) {
        flow.0.note("finish");
        StopEvent(pages.into_iter().map(|page| page.0).collect())
    }

    tests {
        #[tokio::test(start_paused = true)]
        async fn a_batch_join_runs_once_with_all_that_came_in_order_of_arrival() {
            let flow = Fetch::default();
            assert_eq!(flow.run(8u64).await.unwrap(), [7, 5, 4, 2, 1]);
            assert_eq!(flow.0.take(), ["finish"]);
        }

        #[tokio::test(start_paused = true)]
        async fn an_empty_batch_runs_its_join_once_with_nothing() {
            let flow = Fetch::default();
            assert_eq!(flow.run(0u64).await.unwrap(), [0; 0]);
            assert_eq!(flow.0.take(), ["finish"]);
        }

        #[tokio::test(start_paused = true)]
        async fn a_batch_all_of_whose_branches_were_dropped_runs_its_join_with_nothing() {
            assert_eq!(Fetch::default().run(1u64).await.unwrap(), [0; 0]);
        }
    }
}

// Perhaps opens a batch.
twins! {
    mod maybe: (bool) -> (usize);

    struct Maybe;

    #[workflow]

    #[step]
    async fn open(_; open: StartEvent<bool>) -> (Option<Vec<Url>>) {
        open.then(Vec::new)
    }

    #[step]
    async fn fetch(_; url: Url) -> (Page) {
        Page(url.0)
    }

    #[step]
    async fn finish(_; pages: Vec<Page>) -> (StopEvent<usize>) {
        StopEvent(pages.len())
    }

    tests {
        #[tokio::test]
        async fn no_batch_is_not_an_empty_batch() {
            assert_eq!(Maybe.run(true).await.unwrap(), 0);
            assert!(matches!(Maybe.run(false).await, Err(RunError::Stalled(_))));
        }
    }
}

// The first two pages are enough for one step, another waits for all.
twins! {
    mod take: (u64) -> (());

    #[derive(Default)]
    struct Take(Log);

    #[workflow]

    #[step]
    async fn open(_; urls: StartEvent<u64>) -> (Vec<Url>) {
        (0..urls.0).map(Url).collect()
    }

    #[step(workers = 100)]
    async fn fetch(_; url: Url) -> (Page) {
        tokio::time::sleep(Duration::from_millis(100 - url.0)).await;
        Page(url.0)
    }

    #[step(allow(dead_end))]
    async fn soon(flow; #[take(2)] pages: Vec<Page>) {
        flow.0.note(format!("soon {:?}", pages.iter().map(|page| page.0).collect::<Vec<_>>()));
    }

    #[step]
    async fn all(flow; pages: Vec<Page>) -> (StopEvent<()>) {
        flow.0.note(format!("all {}", pages.len()));
        StopEvent(())
    }

    tests {
        #[tokio::test(start_paused = true)]
        async fn take_n_runs_at_the_nth_arrival_and_the_other_branches_run_on() {
            let flow = Take::default();
            flow.run(5u64).await.unwrap();
            assert_eq!(flow.0.take(), ["soon [4, 3]", "all 5"]);
        }

        #[tokio::test(start_paused = true)]
        async fn take_n_runs_with_fewer_when_the_batch_closes_short() {
            let flow = Take::default();
            flow.run(1u64).await.unwrap();
            assert_eq!(flow.0.take(), ["soon [0]", "all 1"]);
        }
    }
}

#[event]
struct Site(u64);

// A batch of sites, in each of them a batch of urls.
twins! {
    mod nested: (u64) -> (Vec<u64>);

    #[derive(Default)]
    struct Nested(Log);

    #[workflow]

    #[step]
    async fn open(_; sites: StartEvent<u64>) -> (Vec<Site>) {
        (0..sites.0).map(Site).collect()
    }

    #[step]
    async fn list(_; site: Site) -> (Vec<Url>) {
        (0..site.0).map(|url| Url(site.0 * 10 + url)).collect()
    }

    #[step(workers = 3)]
    async fn fetch(_; url: Url) -> (Page) {
        tokio::task::yield_now().await;
        Page(url.0)
    }

    #[step]
    async fn sum_up(flow; pages: Vec<Page>) -> (Summary) {
        let mut urls: Vec<_> = pages.iter().map(|page| page.0).collect();
        urls.sort_unstable();
        flow.0.note(format!("{urls:?}"));
        Summary(pages.len() as u64)
    }

    #[step]
    async fn finish(_; sums: Vec<Summary>) -> (StopEvent<Vec<u64>>) {
        let mut sums: Vec<_> = sums.iter().map(|sum| sum.0).collect();
        sums.sort_unstable();
        StopEvent(sums)
    }

    tests {
        #[tokio::test]
        async fn an_inner_join_runs_once_per_outer_member_and_gives_to_the_outer_batch() {
            let flow = Nested::default();
            assert_eq!(flow.run(4u64).await.unwrap(), [0, 1, 2, 3]);
            let mut inner = flow.0.take();
            inner.sort();
            assert_eq!(inner, ["[10]", "[20, 21]", "[30, 31, 32]", "[]"]);
        }
    }
}

// Two steps open batches of the same event at the same time.
twins! {
    mod two_producers: (()) -> (Vec<Vec<u64>>);

    struct TwoProducers;

    #[workflow(state = Vec<Vec<u64>>)]

    #[step]
    async fn open(_; _input: StartEvent<()>) -> ((Left, Right)) {
        (Left, Right)
    }

    #[step]
    async fn left(_; _ev: Left) -> (Vec<Url>) {
        vec![Url(1), Url(2)]
    }

    #[step]
    async fn right(_; _ev: Right) -> (Vec<Url>) {
        vec![Url(3), Url(4), Url(5)]
    }

    #[step]
    async fn gather(_; ctx: &Context<TwoProducers>, urls: Vec<Url>) -> (Option<StopEvent<Vec<Vec<u64>>>>) {
        let urls = urls.into_iter().map(|url| url.0).collect();
        ctx.state(|batches| {
            batches.push(urls);
            (batches.len() == 2).then(|| StopEvent(batches.clone()))
        })
    }

    tests {
        #[tokio::test]
        async fn the_batches_of_two_producers_never_merge() {
            assert_eq!(TwoProducers.run(()).await.unwrap(), [vec![1, 2], vec![3, 4, 5]]);
        }
    }
}

#[event]
struct Left;
#[event]
struct Right;

// Sends out of its batch.
twins! {
    mod leaves: (()) -> (usize);

    struct Leaves;

    #[workflow(state = u64)]

    #[step]
    async fn open(_; _input: StartEvent<()>) -> (Vec<Url>) {
        vec![Url(1), Url(2)]
    }

    #[step(sends(Summary))]
    async fn fetch(_; ctx: &Context<Leaves>, url: Url) -> (Result<Page, SendError>) {
        ctx.send(Summary(url.0))?;
        Ok(Page(url.0))
    }

    #[step(allow(dead_end))]
    async fn aside(_; ctx: &Context<Leaves>, summary: Summary) {
        std::future::pending::<()>().await;
        ctx.state(|sum| *sum += summary.0);
    }

    #[step]
    async fn finish(_; pages: Vec<Page>) -> (StopEvent<usize>) {
        StopEvent(pages.len())
    }

    tests {
        #[tokio::test]
        async fn an_event_that_is_sent_leaves_the_batch_and_does_not_hold_it_open() {
            assert_eq!(Leaves.run(()).await.unwrap(), 2);
        }
    }
}

twins! {
    mod two_thousand: (u64) -> (u64);

    struct TwoThousand;

    #[workflow]

    #[step]
    async fn open(_; urls: StartEvent<u64>) -> (Vec<Url>) {
        (0..urls.0).map(Url).collect()
    }

    #[step(workers = 2000)]
    async fn fetch(_; url: Url) -> (Page) {
        tokio::task::yield_now().await;
        Page(url.0)
    }

    #[step]
    async fn finish(_; pages: Vec<Page>) -> (StopEvent<u64>) {
        StopEvent(pages.len() as u64)
    }

    tests {
        #[tokio::test(start_paused = true)]
        async fn a_batch_of_many_thousand_members_is_no_special_case() {
            assert_eq!(TwoThousand.run(20_000u64).await.unwrap(), 20_000);
        }
    }
}
