//! Batches: nested, empty, first n, with a branch that is dropped, more members than workers.

use workflow_core::prelude::*;
use workflow_core::testing::check_all_orders;

use super::check;

#[event]
struct Chapter(u32);
#[event]
struct Page(u32);
#[event]
struct Read(u32);
#[event]
struct Summary(u32);

/// A batch within a batch.
struct Book;

#[workflow]
impl Book {
    #[step]
    async fn open(&self, chapters: StartEvent<u32>) -> Vec<Chapter> {
        (0..chapters.0).map(Chapter).collect()
    }
    #[step]
    async fn pages(&self, chapter: Chapter) -> Vec<Page> {
        (0..=chapter.0).map(|page| Page(chapter.0 * 10 + page)).collect()
    }
    #[step(workers = 2)]
    async fn read(&self, page: Page) -> Option<Read> {
        (page.0 != 10).then_some(Read(page.0))
    }
    #[step]
    async fn sum_up(&self, read: Vec<Read>) -> Summary {
        Summary(read.iter().map(|read| read.0).sum::<u32>() + 1000)
    }
    #[step]
    async fn close(&self, summaries: Vec<Summary>) -> StopEvent<u32> {
        StopEvent(summaries.iter().map(|summary| summary.0).sum())
    }
}

#[test]
fn inner_batches_close_once_each() {
    check(|| check_all_orders(|| Book, 2u32), |sum| *sum == 2011);
}

#[test]
fn an_empty_batch_closes() {
    check(|| check_all_orders(|| Book, 0u32), |sum| *sum == 0);
}

/// The first two of three, and all of them to another step.
struct Race;

#[event]
struct Lap(u32);
#[event]
struct Podium(u32);
#[event]
struct Everybody(u32);

#[workflow]
impl Race {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> Vec<Page> {
        (1..=n.0).map(Page).collect()
    }
    #[step]
    async fn run(&self, page: Page) -> Lap {
        Lap(page.0)
    }
    #[step]
    async fn podium(&self, #[take(2)] laps: Vec<Lap>) -> Podium {
        Podium(laps.len() as u32)
    }
    #[step]
    async fn all(&self, laps: Vec<Lap>) -> Everybody {
        Everybody(laps.iter().map(|lap| lap.0).sum())
    }
    #[step]
    async fn close(&self, podium: Podium, everybody: Everybody) -> StopEvent<(u32, u32)> {
        StopEvent((podium.0, everybody.0))
    }
}

#[test]
fn the_first_two_come_before_all_and_all_are_all() {
    check(|| check_all_orders(|| Race, 3u32), |both| *both == (2, 6));
    check(|| check_all_orders(|| Race, 1u32), |both| *both == (1, 1));
}

/// Members that meet in a join of two kinds: what is left of them there keeps no batch open for ever.
struct Odd;

#[event]
struct Sock(u32);
#[event]
struct Shoe(u32);
#[event]
struct Foot(u32);

#[workflow]
impl Odd {
    #[step]
    async fn open(&self, n: StartEvent<u32>) -> Vec<Page> {
        (0..n.0).map(Page).collect()
    }
    #[step]
    async fn sort(&self, page: Page) -> (Option<Sock>, Option<Shoe>) {
        (Some(Sock(page.0)), (page.0 > 0).then_some(Shoe(page.0)))
    }
    #[step]
    async fn dress(&self, sock: Sock, _shoe: Shoe) -> Foot {
        Foot(sock.0)
    }
    #[step]
    async fn count(&self, feet: Vec<Foot>) -> StopEvent<usize> {
        StopEvent(feet.len())
    }
}

#[test]
fn a_batch_closes_over_what_is_left_in_a_join() {
    check(|| check_all_orders(|| Odd, 3u32), |feet| *feet == 2);
}
