//! Span: the spans of `tracing`, or nothing at all without that feature.

#[cfg(feature = "tracing")]
pub(super) use on::{Span, in_current_span};

#[cfg(not(feature = "tracing"))]
pub(super) use off::{Span, in_current_span};

#[cfg(feature = "tracing")]
mod on {
    use tracing::Instrument;

    /// A span of `tracing`, perhaps a disabled one.
    #[derive(Clone, Debug)]
    pub struct Span(pub tracing::Span);

    impl Span {
        pub const NONE: Self = Self(tracing::Span::none());

        /// The span in which the caller runs.
        pub fn current() -> Self {
            Self(tracing::Span::current())
        }

        /// Does something inside of the span.
        pub fn in_scope<R>(&self, does: impl FnOnce() -> R) -> R {
            self.0.in_scope(does)
        }
    }

    /// The future, in the span in which it was made.
    pub fn in_current_span<F: Future>(future: F) -> impl Future<Output = F::Output> {
        future.instrument(tracing::Span::current())
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    /// Nothing.
    #[derive(Clone, Copy, Debug)]
    pub struct Span;

    impl Span {
        pub const NONE: Self = Self;

        pub fn current() -> Self {
            Self
        }

        pub fn in_scope<R>(&self, does: impl FnOnce() -> R) -> R {
            does()
        }
    }

    pub fn in_current_span<F: Future>(future: F) -> F {
        future
    }
}
