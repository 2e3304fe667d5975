//! Behaviour: the promises of the library, by its public API alone, on paused time.

mod routing;
