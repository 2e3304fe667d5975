//! Batches: one inside of another.

use workflow_core::prelude::*;

#[event]
pub struct Chapter {
    title: String,
}

#[event]
pub struct Page {
    chapter: String,
    number: u32,
}

#[event]
pub struct Scan {
    words: Vec<String>,
}

#[event]
pub struct Figure {
    caption: String,
}

#[event]
pub struct Summary(String);

#[event]
pub struct Caption(String);

#[derive(Clone)]
pub struct Report;

#[workflow]
impl Report {
    /// One event for each chapter of the book.
    #[step]
    async fn split_book(&self, book: StartEvent<String>) -> Vec<Chapter> {
        vec![Chapter { title: book.0 }]
    }

    #[step]
    async fn split_chapter(&self, chapter: Chapter) -> Vec<Page> {
        vec![Page { chapter: chapter.title, number: 1 }]
    }

    #[step(workers = 16, retry(attempts = 4))]
    async fn scan(&self, page: Page) -> Result<(Scan, Option<Figure>), std::io::Error> {
        Ok((Scan { words: vec![page.chapter] }, (page.number > 1).then(|| Figure { caption: String::new() })))
    }

    #[step(blocking)]
    fn describe(&self, figure: Figure) -> Caption {
        Caption(figure.caption)
    }

    /// Sums up the chapter once all of its pages are there.
    #[step]
    async fn sum_up(&self, scans: Vec<Scan>) -> Summary {
        Summary(scans.into_iter().flat_map(|scan| scan.words).collect())
    }

    #[step]
    async fn show(&self, #[take(2)] captions: Vec<Caption>) {
        drop(captions);
    }

    #[step]
    async fn bind(&self, summaries: Vec<Summary>) -> StopEvent<String> {
        StopEvent(summaries.into_iter().map(|summary| summary.0).collect())
    }
}
