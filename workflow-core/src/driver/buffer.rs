//! Buffer: how many published events a run keeps, and what gives way when they are too many.

/// How many published events a run keeps for its readers, and what happens when that is not enough.
///
/// Said by [`Run::buffer`](crate::Run::buffer) or [`RunTask::buffer`](crate::RunTask::buffer). Events that
/// have been read are kept too, for readers that come later, until their room is needed.
///
/// ```
/// # use workflow_core::prelude::*;
/// # #[event]
/// # struct Page(u32);
/// # struct Crawl;
/// # #[workflow(publishes(Page))]
/// # impl Crawl {
/// #     #[step]
/// #     async fn crawl(&self, ctx: &Context<Self>, pages: StartEvent<u32>) -> StopEvent<()> {
/// #         (0..*pages).for_each(|page| ctx.publish(Page(page)));
/// #         StopEvent(())
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), RunError> {
/// let mut run = Crawl.run(10u32).buffer(Buffer::drop_oldest(4));
/// (&mut run).await?;
/// assert!(matches!(run.next().await, Some(CrawlEvent::Page(Page(6)))));
/// assert_eq!(run.dropped(), 6);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    pub(super) room: usize,
    pub(super) holds_back: bool,
}

impl Buffer {
    /// Keeps the last `room` events: the run never waits, and a reader that lags misses the oldest, which
    /// its [`dropped`](crate::EventStream::dropped) counts. The default, with room for 4,096.
    ///
    /// # Panics
    ///
    /// When `room` is 0.
    #[must_use]
    #[track_caller]
    pub const fn drop_oldest(room: usize) -> Self {
        assert!(room > 0, "a buffer of published events has room for at least one");
        Self { room, holds_back: false }
    }

    /// Holds the run back: while a reader has `room` events or more to read, the run begins no new step, so
    /// no reader misses anything. It goes on when that reader has read or is dropped.
    ///
    /// Steps that already run are not held: what they publish is kept even past `room`. A run without a
    /// reader is not held, it drops the oldest.
    ///
    /// A reader that is neither read nor dropped holds its run for ever, or until the run's timeout. The one
    /// behind [`Run::next`](crate::Run::next) lets it go while the run is awaited for its result.
    ///
    /// ```
    /// # use workflow_core::prelude::*;
    /// # #[event]
    /// # struct Row(u32);
    /// # struct Export;
    /// # #[workflow(publishes(Row))]
    /// # impl Export {
    /// #     #[step]
    /// #     async fn open(&self, rows: StartEvent<u32>) -> Vec<Row> {
    /// #         (0..*rows).map(Row).collect()
    /// #     }
    /// #     #[step]
    /// #     async fn finish(&self, rows: Vec<Row>) -> StopEvent<usize> {
    /// #         StopEvent(rows.len())
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), RunError> {
    /// let run = Export.run(1000u32).buffer(Buffer::hold_back(16));
    /// let mut events = run.events();
    /// let written = async {
    ///     let mut written = 0;
    ///     while let Some(_row) = events.next().await {
    ///         tokio::task::yield_now().await;
    ///         written += 1;
    ///     }
    ///     written
    /// };
    /// let (rows, written) = tokio::join!(run, written);
    /// assert_eq!((rows?, written), (1000, 1000));
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    ///
    /// When `room` is 0.
    #[must_use]
    #[track_caller]
    pub const fn hold_back(room: usize) -> Self {
        assert!(room > 0, "a buffer of published events has room for at least one");
        Self { room, holds_back: true }
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self::drop_oldest(4096)
    }
}
