//! Loops: which lines lead back to what comes before, and what no run comes to.
//!
//! A picture that is read from top to bottom must know what is above what. Outside of loops the lines say
//! so. Each loop has a head, through which it is entered; lines to the head from within the loop lead back,
//! and what is left of the loop without them may hold loops of its own (the nesting of F. Bourdoncle's weak
//! topological order). An event that only leads back stands beside its loop and not below it.

use super::scene::{Emphasis, Kind, Scene};

/// Marks the lines that lead back, and what cannot be reached.
pub(super) fn find(scene: &mut Scene) {
    let mut back = vec![false; scene.lines.len()];
    let all: Vec<usize> = (0..scene.nodes.len()).collect();
    let mut open = loops_among(scene, &all, &back);
    while let Some(found) = open.pop() {
        let head = head(scene, &found);
        for (line, of) in scene.lines.iter().enumerate().filter(|(_, of)| of.to == head) {
            back[line] |= found.contains(&of.from);
        }
        open.extend(loops_among(scene, &found, &back));
    }
    lead_back_through_events(scene, &mut back);
    for (line, back) in scene.lines.iter_mut().zip(back) {
        line.back = back;
    }
    fade(scene);
}

/// The node through which a loop is entered: to which the fewest lines lead from within, and of those the
/// one that is written down first.
fn head(scene: &Scene, found: &[usize]) -> usize {
    let mut inside = vec![false; scene.nodes.len()];
    found.iter().for_each(|node| inside[*node] = true);
    let (mut within, mut from_outside) = (vec![0; scene.nodes.len()], vec![false; scene.nodes.len()]);
    let mut first: Vec<usize> = (0..scene.nodes.len()).collect();
    for line in scene.lines.iter().filter(|line| inside[line.to]) {
        within[line.to] += usize::from(inside[line.from]);
        from_outside[line.to] |= !inside[line.from];
        // An event stands where the first step does that gives it.
        if scene.nodes[line.to].kind.is_event() {
            first[line.to] = first[line.to].min(line.from);
        }
    }
    let entered: Vec<usize> = found.iter().copied().filter(|node| from_outside[*node]).collect();
    let heads = if entered.is_empty() { found } else { &entered };
    heads.iter().copied().min_by_key(|node| (within[*node], first[*node], *node)).unwrap_or_default()
}

/// The nodes of each loop among `nodes`, when one does not go by lines that lead back.
fn loops_among(scene: &Scene, nodes: &[usize], back: &[bool]) -> Vec<Vec<usize>> {
    let mut lines_from = vec![Vec::new(); scene.nodes.len()];
    let mut lines_to = vec![Vec::new(); scene.nodes.len()];
    let mut among = vec![false; scene.nodes.len()];
    nodes.iter().for_each(|node| among[*node] = true);
    for (line, _) in scene.lines.iter().zip(back).filter(|(_, back)| !**back) {
        if among[line.from] && among[line.to] {
            lines_from[line.from].push(line.to);
            lines_to[line.to].push(line.from);
        }
    }
    // What can be reached against the lines from the node that is left last is on a loop with it.
    let mut left = Vec::new();
    let mut seen = vec![false; scene.nodes.len()];
    nodes.iter().for_each(|node| left.extend(visit(&lines_from, *node, &mut seen)));
    let mut seen = vec![false; scene.nodes.len()];
    let loops = left.into_iter().rev().map(|node| visit(&lines_to, node, &mut seen));
    loops.filter(|found| found.len() > 1).collect()
}

/// What a search in depth from `root` finds anew, in the order in which it leaves it.
fn visit(next: &[Vec<usize>], root: usize, seen: &mut [bool]) -> Vec<usize> {
    let mut left = Vec::new();
    if std::mem::replace(&mut seen[root], true) {
        return left;
    }
    let mut stack = vec![(root, 0)];
    while let Some((node, place)) = stack.last_mut() {
        match next[*node].get(*place).copied() {
            Some(to) => {
                *place += 1;
                if !std::mem::replace(&mut seen[to], true) {
                    stack.push((to, 0));
                }
            }
            None => left.extend(stack.pop().map(|(node, _)| node)),
        }
    }
    left
}

/// Of an event whose takers all stand above it, and above all that give it, the lines to it lead back too.
fn lead_back_through_events(scene: &Scene, back: &mut [bool]) {
    for event in (0..scene.nodes.len()).filter(|node| scene.nodes[*node].kind.is_event()) {
        let lines = |is: &dyn Fn(usize) -> bool| (0..back.len()).filter(|line| is(*line)).collect::<Vec<_>>();
        let from = lines(&|line| scene.lines[line].from == event);
        let to = lines(&|line| scene.lines[line].to == event);
        let only_back = !from.is_empty() && from.iter().all(|line| back[*line]);
        let mut forward = vec![Vec::new(); scene.nodes.len()];
        for (line, _) in scene.lines.iter().zip(&*back).filter(|(_, back)| only_back && !**back) {
            forward[line.from].push(line.to);
        }
        let is_below = |giver: usize| {
            from.iter().all(|line| {
                let mut seen = vec![false; scene.nodes.len()];
                visit(&forward, scene.lines[*line].to, &mut seen);
                seen[giver]
            })
        };
        if only_back && to.iter().all(|line| is_below(scene.lines[*line].from)) {
            to.iter().for_each(|line| back[*line] = true);
        }
    }
}

/// What no run comes to is faint. What a step publishes by hand has no line to it, and is not.
fn fade(scene: &mut Scene) {
    let begins = |node: usize| match scene.nodes[node].kind {
        Kind::Start => true,
        // Steps that are not drawn with a line fail too.
        Kind::Failure => !scene.has_line(node, false),
        Kind::Caller => scene.lines.iter().any(|line| line.from == node),
        _ => false,
    };
    let roots: Vec<usize> = (0..scene.nodes.len()).filter(|node| begins(*node)).collect();
    let goes_out = |node: usize| {
        scene.lines.iter().any(|line| line.from == node && scene.nodes[line.to].kind == Kind::Caller)
    };
    let mut next = vec![Vec::new(); scene.nodes.len()];
    scene.lines.iter().for_each(|line| next[line.from].push(line.to));
    let mut seen = vec![false; scene.nodes.len()];
    for root in roots {
        visit(&next, root, &mut seen);
    }
    let is_reached = |node: usize| {
        let by_run = seen[node];
        by_run || scene.nodes[node].kind == Kind::Caller || (goes_out(node) && !scene.has_line(node, false))
    };
    let reached: Vec<bool> = (0..scene.nodes.len()).map(is_reached).collect();
    for (node, reached) in scene.nodes.iter_mut().zip(&reached) {
        if !reached {
            node.emphasis = Emphasis::Faint;
        }
    }
    for line in scene.lines.iter_mut().filter(|line| !reached[line.from]) {
        line.emphasis = Emphasis::Faint;
    }
}
