//! Rows: how the macros write a graph down, as lists of texts and numbers.
//!
//! Wherever a value of another type is made in a constant, rustc asks anew whether a cell is in it.

use super::{EventNode, Role, Shape, StepNode, Takes};

/// Events by their names, each with whether it opens a run.
#[doc(hidden)]
#[must_use]
pub const fn events<const N: usize>(rows: &[(&'static str, bool); N]) -> [EventNode; N] {
    let mut events = [const { EventNode::new("", Role::Between) }; N];
    let mut place = 0;
    while place < N {
        events[place].name = rows[place].0;
        if rows[place].1 {
            events[place].role = Role::Start;
        }
        place += 1;
    }
    events
}

/// Steps that take one event and give one: the first list has what they take, the second their names, doc comments
/// and signatures, and what they give.
#[doc(hidden)]
#[must_use]
pub const fn steps<const N: usize>(
    taken: &'static [u16; N],
    rows: &[(&'static str, &'static str, &'static str, u16); N],
) -> [StepNode; N] {
    let mut steps = [const { StepNode::new("", Takes::Any(&[]), Shape::Nothing) }; N];
    let mut place = 0;
    while place < N {
        let (step, row) = (&mut steps[place], &rows[place]);
        step.name = row.0;
        step.doc = row.1;
        step.signature = row.2;
        step.takes = Takes::Any(std::slice::from_ref(&taken[place]));
        step.emits = Shape::Event(row.3);
        place += 1;
    }
    steps
}
