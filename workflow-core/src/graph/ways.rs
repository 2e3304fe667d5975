//! Ways: paths from step to step, and which finding only follows from another.

use super::Solution;

/// Which way a path goes, and through which steps. A wait is on the way, but nothing starts by it.
#[derive(Clone, Copy)]
pub(super) enum Along {
    /// With the events, through any step.
    Events,
    /// With the events, through steps that never run.
    Unreached,
    /// Against the events, through steps that run and lead nowhere.
    DeadEnds,
}

impl Along {
    const fn passes(self, solved: &Solution<'_>, step: usize) -> bool {
        match self {
            Self::Events => true,
            Self::Unreached => !solved.runs(step),
            Self::DeadEnds => solved.runs(step) && !solved.ends(step),
        }
    }

    const fn edge(self, solved: &Solution<'_>, from: usize, to: usize) -> bool {
        match self {
            Self::Events => solved.feeds(from, to) || solved.wakes(from, to),
            Self::Unreached => solved.feeds(from, to),
            Self::DeadEnds => solved.feeds(to, from) || solved.wakes(to, from),
        }
    }
}

/// Whether the finding at `step` only follows from one at another step: upstream for a step that never
/// runs, downstream for a dead end. Of a ring of such steps the first in source order is the one to show.
pub(super) const fn follows(solved: &Solution<'_>, step: usize, along: Along) -> bool {
    let count = solved.graph.steps.len();
    let mut other = 0;
    while other < count {
        if other != step && along.passes(solved, other) && leads(solved, other, step, along) {
            let ring = leads(solved, step, other, along);
            if !ring || other < step {
                return true;
            }
        }
        other += 1;
    }
    false
}

/// Whether a path goes from `from` to `to`.
pub(super) const fn leads(solved: &Solution<'_>, from: usize, to: usize, along: Along) -> bool {
    const ROOM: usize = 1024;
    let count = solved.graph.steps.len();
    if count > ROOM {
        return false;
    }
    let (mut seen, mut stack, mut height) = ([false; ROOM], [0; ROOM], 1);
    stack[0] = from;
    seen[from] = true;
    while height > 0 {
        height -= 1;
        let at = stack[height];
        let mut next = 0;
        while next < count {
            let edge = along.edge(solved, at, next);
            if edge && next == to {
                return true;
            }
            if edge && !seen[next] && along.passes(solved, next) {
                seen[next] = true;
                stack[height] = next;
                height += 1;
            }
            next += 1;
        }
    }
    false
}
