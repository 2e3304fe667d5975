//! Speed: how long a large picture takes.

use std::time::Instant;

use workflow_core::Drawing;

use crate::flows::random;

#[test]
fn look_speed() {
    for steps in [40, 100, 200] {
        for seed in 0..3 {
            let drawing = Drawing::new(random::graph(steps, seed));
            let start = Instant::now();
            let svg = drawing.svg();
            let at = start.elapsed();
            let html = drawing.html();
            let start = Instant::now();
            let text = drawing.to_string();
            println!(
                "{steps} {seed} {at:?} svg {} html {} text {:?} {}",
                svg.len(),
                html.len(),
                start.elapsed(),
                text.len()
            );
            std::fs::write(format!("/tmp/draw-shots/r{steps}-{seed}.svg"), svg).unwrap();
        }
    }
}
