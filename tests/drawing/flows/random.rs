//! Random: graphs as nobody would write them, from a number, the same for the same number.

use workflow_core::graph::Graph;

use super::table;

/// A graph of `steps` steps: mostly onward, at times back, joined, in batches or by several ways.
pub fn graph(steps: usize, seed: u64) -> &'static Graph {
    let mut chance = Chance(seed);
    let mut rows = String::new();
    for step in 0..steps {
        let taken = match step {
            0 => "Start".to_owned(),
            _ => format!("Event{step}"),
        };
        let takes = match chance.below(8) {
            0 if step > 1 => format!("{taken} + Event{}", 1 + chance.below(step - 1)),
            1 if step > 1 => format!("{taken} | Event{}", 1 + chance.below(step - 1)),
            2 if step > 1 => format!("[{taken}]"),
            _ => taken,
        };
        let onward = |chance: &mut Chance| match (step + 1).min(steps - 1) + chance.below(6) {
            far if far >= steps => "Stop".to_owned(),
            near => format!("Event{near}"),
        };
        let next = if step + 1 < steps { format!("Event{}", step + 1) } else { "Stop".to_owned() };
        let gives = match chance.below(7) {
            0 => format!("{next} + {}", onward(&mut chance)),
            1 | 2 => format!("{next} | {}", onward(&mut chance)),
            3 if step > 3 => format!("{next} | Event{}", 1 + chance.below(step)),
            4 => format!("[{next}]"),
            _ => next,
        };
        rows += &format!("step_number_{step}: {takes} -> {gives}\n");
    }
    table::graph("Random", &rows)
}

/// Numbers by a linear congruential generator (D. Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}
