//! Reference: an event that is drawn once more, where a line to it would be too long to follow.
//!
//! Flow charts do so with connectors. It keeps the picture of a large workflow readable, and what lays it
//! out quick: a line takes a place on each rank that it passes.

use super::card::Card;
use super::scene::{Kind, Node, Scene};

/// A line that passes more ranks than this is cut; a step and its event are a rank each.
const RANKS: usize = 24;

/// Cuts the lines that are too long: the event (or the caller) at one end is drawn again at the other.
pub(super) fn cut_long_lines(scene: &mut Scene) {
    let ranks = ranks(scene);
    for line in 0..scene.lines.len() {
        let (from, to) = (scene.lines[line].from, scene.lines[line].to);
        let (upper, lower) = if scene.lines[line].back { (to, from) } else { (from, to) };
        if ranks[lower].saturating_sub(ranks[upper]) <= RANKS {
            continue;
        }
        let is_far = |node: usize| scene.nodes[node].kind == Kind::Caller;
        let again = match scene.nodes[from].kind.is_event() {
            true if is_far(to) => to,
            true => from,
            false if is_far(from) => from,
            false => to,
        };
        let copy = copy(&scene.nodes[again]);
        scene.nodes.push(copy);
        let copy = scene.nodes.len() - 1;
        let line = &mut scene.lines[line];
        line.back = false;
        *(if again == from { &mut line.from } else { &mut line.to }) = copy;
    }
}

/// The same node once more; what is known of it is written at the first one.
fn copy(node: &Node) -> Node {
    let (key, name, card) = (node.key.clone(), node.name.clone(), Card::again(&node.card));
    Node { key, name, card, notes: Vec::new(), row: None, again: true, ..*node }
}

/// About how far down each node will stand: below all that leads to it, near to what it leads to.
fn ranks(scene: &Scene) -> Vec<usize> {
    let (mut above, mut below) = (vec![Vec::new(); scene.nodes.len()], vec![Vec::new(); scene.nodes.len()]);
    for line in &scene.lines {
        let (upper, lower) = if line.back { (line.to, line.from) } else { (line.from, line.to) };
        below[upper].push(lower);
        above[lower].push(upper);
    }
    let mut waits: Vec<usize> = above.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..waits.len()).filter(|node| waits[*node] == 0).collect();
    let (mut ranks, mut next) = (vec![0_usize; waits.len()], 0);
    while let Some(node) = order.get(next).copied() {
        next += 1;
        for lower in &below[node] {
            ranks[*lower] = ranks[*lower].max(ranks[node] + 1);
            waits[*lower] -= 1;
            if waits[*lower] == 0 {
                order.push(*lower);
            }
        }
    }
    for node in order.into_iter().rev().filter(|node| below[*node].len() >= above[*node].len()) {
        let nearest = below[node].iter().map(|lower| ranks[*lower]).min();
        ranks[node] = nearest.map_or(ranks[node], |nearest| ranks[node].max(nearest.saturating_sub(1)));
    }
    ranks
}
