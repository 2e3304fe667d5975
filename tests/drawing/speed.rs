//! Speed: a large picture does not keep anybody waiting.

use std::time::{Duration, Instant};

use workflow_core::Drawing;

use crate::flows::random;

/// Measures time, which depends on the machine: `cargo test --release -p workflow-tests --test drawing -- --ignored`.
#[test]
#[ignore = "measures time"]
fn two_hundred_steps_are_drawn_in_under_a_second() {
    for seed in 0..3 {
        let drawing = Drawing::new(random::graph(200, seed));
        let begun = Instant::now();
        let bytes = drawing.html().len();
        let took = begun.elapsed();
        println!("seed {seed}: {took:?}, {bytes} bytes");
        assert!(took < Duration::from_secs(1), "seed {seed}: {took:?}");
    }
}
