//! Layout: where each node stands and which way each line goes.
//!
//! `dagre` decides what stands on which rank, in which order and how far to the right. How far down a rank
//! is follows from how far lines swing above it, and lines are led between the ranks, never over a node.

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel};

use super::route::{Plan, Point, Route};
use super::scene::{Line, LineKind, Scene};

/// How large a node is, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A scene with its places, in pixels from the upper left corner.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) size: Size,
    /// By node: its middle.
    pub(super) nodes: Vec<Point>,
    /// By line: its way, in the direction of the line.
    pub(super) routes: Vec<Route>,
}

/// The nodes that stand beside each other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rank {
    pub(super) middle: f64,
    pub(super) height: f64,
}

/// The space around the picture.
const MARGIN: f64 = 20.0;

/// The least space between two ranks.
const GAP: f64 = 30.0;

/// In how many ways a scene is laid out, for the best of them; a large one takes too long for many.
fn ways(nodes: usize) -> &'static [Way] {
    const WAYS: [Way; 4] = [
        Way { reversed: false, weighted: true },
        Way { reversed: true, weighted: true },
        Way { reversed: false, weighted: false },
        Way { reversed: true, weighted: false },
    ];
    match nodes {
        0..60 => &WAYS,
        60..160 => &WAYS[..2],
        _ => &WAYS[..1],
    }
}

/// What changes the outcome, and nobody can say beforehand which way is better.
#[derive(Clone, Copy)]
struct Way {
    /// Lines are put in from last to first.
    reversed: bool,
    /// A line that leads onward weighs more than another.
    weighted: bool,
}

/// Gives everything its place; `sizes` are those of the nodes.
pub(super) fn place(scene: &Scene, sizes: &[Size]) -> Placed {
    let plans = ways(sizes.len()).iter().map(|way| plan(scene, sizes, *way));
    let best = plans.min_by_key(Plan::crossings);
    let mut plan = best.expect("there is at least one way");
    plan.spread(MARGIN, GAP);
    let routes = plan.routes();
    bounded(plan.nodes, sizes, routes)
}

/// The places as `dagre` finds them.
fn plan<'a>(scene: &'a Scene, sizes: &'a [Size], way: Way) -> Plan<'a> {
    let graph = laid_out(scene, sizes, way);
    let place = |node: usize| {
        let (x, y) = graph.node(&node.to_string()).map_or((None, None), |label| (label.x, label.y));
        Point { x: x.unwrap_or_default(), y: y.unwrap_or_default() }
    };
    let nodes: Vec<Point> = (0..sizes.len()).map(place).collect();
    let levels = levels(&nodes);
    let rank_of = |y: f64| levels.iter().position(|level| (level - y).abs() < 0.5);
    let ranks: Vec<usize> = nodes.iter().map(|at| rank_of(at.y).unwrap_or_default()).collect();
    let bends = scene.lines.iter().enumerate().map(|(place, line)| {
        let (upper, lower) = upper_and_lower(line);
        let label = graph.edge(&upper.to_string(), &lower.to_string(), Some(&place.to_string()));
        let points = label.map_or(&[][..], |label| &label.points);
        let (first, last) = (ranks[upper].min(ranks[lower]), ranks[upper].max(ranks[lower]));
        let bends = points.iter().filter_map(|point| rank_of(point.y).map(|rank| (rank, point.x)));
        let mut bends: Vec<(usize, f64)> = bends.filter(|(rank, _)| first < *rank && *rank < last).collect();
        bends.dedup_by_key(|(rank, _)| *rank);
        bends
    });
    let bends = bends.collect();
    let levels = vec![Rank::default(); levels.len()];
    Plan { scene, sizes, nodes, ranks, bends, levels }
}

/// The ends of a line as they are laid out: one that leads back is turned round.
fn upper_and_lower(line: &Line) -> (usize, usize) {
    if line.back { (line.to, line.from) } else { (line.from, line.to) }
}

/// The scene as `dagre` has laid it out.
fn laid_out(scene: &Scene, sizes: &[Size], way: Way) -> Graph<NodeLabel, EdgeLabel> {
    let options = GraphOptions { directed: true, multigraph: true, compound: false };
    let mut graph = Graph::with_options(options);
    for (node, size) in sizes.iter().enumerate() {
        let label = NodeLabel { width: size.width, height: size.height, ..NodeLabel::default() };
        graph.set_node(node.to_string(), Some(label));
    }
    let mut lines: Vec<usize> = (0..scene.lines.len()).collect();
    if way.reversed {
        lines.reverse();
    }
    for place in lines {
        let line = &scene.lines[place];
        let (upper, lower) = upper_and_lower(line);
        let weight = match line.kind {
            LineKind::Flow if way.weighted && !line.back => 3,
            _ => 1,
        };
        let label = EdgeLabel { weight, ..EdgeLabel::default() };
        graph.set_edge(upper.to_string(), lower.to_string(), Some(label), Some(&place.to_string()));
    }
    let options = LayoutOptions { nodesep: 30.0, edgesep: 16.0, ranksep: 40.0, ..LayoutOptions::default() };
    dagre::layout(&mut graph, Some(options));
    graph
}

/// How far down the ranks are, from the top.
fn levels(nodes: &[Point]) -> Vec<f64> {
    let mut levels: Vec<f64> = nodes.iter().map(|at| at.y).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup_by(|one, other| (*one - *other).abs() < 0.5);
    levels
}

/// Moves all of it so that it begins at the margin, and says how large it is.
fn bounded(mut nodes: Vec<Point>, sizes: &[Size], mut routes: Vec<Route>) -> Placed {
    let corners = nodes.iter().zip(sizes).flat_map(|(at, size)| {
        let (x, y) = (size.width / 2.0, size.height / 2.0);
        [Point { x: at.x - x, y: at.y - y }, Point { x: at.x + x, y: at.y + y }]
    });
    let all: Vec<Point> =
        corners.chain(routes.iter().flat_map(|route| route.points.iter().copied())).collect();
    let least = |of: fn(&Point) -> f64| all.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&Point) -> f64| all.iter().map(of).fold(0.0, f64::max);
    let (left, top) = match all.is_empty() {
        true => (0.0, 0.0),
        false => (least(|at| at.x) - MARGIN, least(|at| at.y) - MARGIN),
    };
    let size = Size { width: most(|at| at.x) - left + MARGIN, height: most(|at| at.y) - top + MARGIN };
    let moved = |at: &mut Point| *at = Point { x: at.x - left, y: at.y - top };
    nodes.iter_mut().for_each(moved);
    routes.iter_mut().flat_map(|route| &mut route.points).for_each(moved);
    Placed { size, nodes, routes }
}
