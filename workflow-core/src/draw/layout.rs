//! Layout: where each node stands and which way each line goes.
//!
//! `dagre` decides what stands on which rank, in which order and how far to the right. How far down a rank
//! is follows from how far lines swing above it, and lines are led between the ranks, never over a node.

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel};

use super::route::{self, Point, Route};
use super::scene::{LineKind, Scene};

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

/// The nodes that stand beside each other, and the lines that pass between them.
#[derive(Debug, Default)]
pub(super) struct Rank {
    pub(super) middle: f64,
    pub(super) height: f64,
}

/// The space around the picture.
const MARGIN: f64 = 20.0;

/// The least space between two ranks.
const GAP: f64 = 30.0;

/// Gives everything its place; `sizes` are those of the nodes.
pub(super) fn place(scene: &Scene, sizes: &[Size]) -> Placed {
    let graph = laid_out(scene, sizes);
    let found: Vec<Point> = (0..sizes.len())
        .map(|node| {
            let label = graph.node(&node.to_string());
            let (x, y) = label.map_or((None, None), |label| (label.x, label.y));
            Point { x: x.unwrap_or_default(), y: y.unwrap_or_default() }
        })
        .collect();
    let levels = levels(&found);
    let rank_of = |y: f64| levels.iter().position(|level| (level - y).abs() < 0.5);
    let ranks: Vec<usize> = found.iter().map(|at| rank_of(at.y).unwrap_or_default()).collect();
    let bends: Vec<Vec<(usize, f64)>> = scene
        .lines
        .iter()
        .enumerate()
        .map(|(place, line)| {
            let (upper, lower) = if line.back { (line.to, line.from) } else { (line.from, line.to) };
            let label = graph.edge(&upper.to_string(), &lower.to_string(), Some(&place.to_string()));
            let points = label.map_or(&[][..], |label| &label.points);
            let (first, last) = (ranks[upper].min(ranks[lower]), ranks[upper].max(ranks[lower]));
            let mut bends: Vec<(usize, f64)> = points
                .iter()
                .filter_map(|point| rank_of(point.y).map(|rank| (rank, point.x)))
                .filter(|(rank, _)| first < *rank && *rank < last)
                .collect();
            bends.dedup_by_key(|(rank, _)| *rank);
            bends
        })
        .collect();
    let mut plan = route::Plan { scene, sizes, nodes: found, ranks, bends, levels: Vec::new() };
    plan.levels = vec![Rank::default(); levels.len()];
    plan.spread(MARGIN, GAP);
    let routes = plan.routes();
    bounded(plan.nodes, sizes, routes)
}

impl Clone for Rank {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

/// The scene as `dagre` has laid it out, the lines that lead back turned round.
fn laid_out(scene: &Scene, sizes: &[Size]) -> Graph<NodeLabel, EdgeLabel> {
    let options = GraphOptions { directed: true, multigraph: true, compound: false };
    let mut graph = Graph::with_options(options);
    for (node, size) in sizes.iter().enumerate() {
        let label = NodeLabel { width: size.width, height: size.height, ..NodeLabel::default() };
        graph.set_node(node.to_string(), Some(label));
    }
    for (place, line) in scene.lines.iter().enumerate() {
        let (upper, lower) = if line.back { (line.to, line.from) } else { (line.from, line.to) };
        let weight = match line.kind {
            LineKind::Flow if !line.back => 3,
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
