//! Route: the way of a line from node to node, between what stands in between.
//!
//! A line leaves a node at its lower or upper edge and arrives at one. In the height of a rank it goes
//! straight down, in a place that is kept free for it; between two ranks it swings over.

use super::layout::{Rank, Size};
use super::scene::{Kind, Scene};

/// A place, in pixels to the right and down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// The way of a line: from the first point to the second it swings, from there to the third it goes
/// straight, and so on in turn.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) points: Vec<Point>,
}

/// What is known of the places while the lines get their ways.
pub(super) struct Plan<'a> {
    pub(super) scene: &'a Scene,
    pub(super) sizes: &'a [Size],
    /// By node: its middle.
    pub(super) nodes: Vec<Point>,
    /// By node: the place of its rank.
    pub(super) ranks: Vec<usize>,
    /// By line: the ranks that it passes, with how far to the right it does, from above to below.
    pub(super) bends: Vec<Vec<(usize, f64)>>,
    pub(super) levels: Vec<Rank>,
}

/// The two ends of a line, from above to below: how far to the right they are.
#[derive(Clone, Copy, Default)]
struct Ports {
    upper: f64,
    lower: f64,
}

/// How far apart lines begin that leave one edge of a node.
const BETWEEN_PORTS: f64 = 24.0;

/// The most by which an end is moved along its edge to make a line straight.
const STRAIGHTENED: f64 = 26.0;

/// What is nearer than this to being straight is made so.
const WAVERING: f64 = 9.0;

impl Plan<'_> {
    /// Puts the ranks below each other, further apart where lines swing further.
    pub(super) fn spread(&mut self, top: f64, gap: f64) {
        for (node, rank) in self.ranks.iter().enumerate() {
            let height = &mut self.levels[*rank].height;
            *height = height.max(self.sizes[node].height);
        }
        let mut swings = vec![0_f64; self.levels.len()];
        for (line, ports) in self.ports().iter().enumerate() {
            let (upper, _) = self.upper_and_lower(line);
            let (mut rank, mut x) = (self.ranks[upper], ports.upper);
            let ends = self.bends[line].iter().copied().chain([(usize::MAX, ports.lower)]);
            for (next, at) in ends {
                swings[rank] = swings[rank].max((at - x).abs());
                (rank, x) = (next, at);
            }
        }
        let mut y = top;
        for (rank, swing) in self.levels.iter_mut().zip(swings) {
            rank.middle = y + rank.height / 2.0;
            y += rank.height + gap + (swing * 0.11).min(46.0);
        }
        for (node, rank) in self.ranks.iter().enumerate() {
            self.nodes[node].y = self.levels[*rank].middle;
        }
    }

    /// How often a line crosses another between two ranks.
    pub(super) fn crossings(&self) -> usize {
        let mut between: Vec<Vec<(f64, f64)>> = vec![Vec::new(); self.levels.len()];
        for line in 0..self.scene.lines.len() {
            let (upper, lower) = self.upper_and_lower(line);
            let (mut rank, mut x) = (self.ranks[upper], self.nodes[upper].x);
            for (next, at) in self.bends[line].iter().copied().chain([(usize::MAX, self.nodes[lower].x)]) {
                between[rank].push((x, at));
                (rank, x) = (next, at);
            }
        }
        let crosses = |one: &(f64, f64), other: &(f64, f64)| (one.0 - other.0) * (one.1 - other.1) < 0.0;
        let pairs = between.iter().flat_map(|lines| {
            let each = lines.iter().enumerate();
            each.map(|(place, one)| lines[place..].iter().filter(|other| crosses(one, other)).count())
        });
        pairs.sum()
    }

    /// The ways of all lines, each in its own direction.
    pub(super) fn routes(&mut self) -> Vec<Route> {
        let ports = self.ports();
        self.settle_bends(&ports);
        let routes = ports.iter().enumerate().map(|(line, ports)| {
            let (upper, lower) = self.upper_and_lower(line);
            let mut points = vec![self.port(upper, ports.upper, 1.0)];
            for (rank, x) in &self.bends[line] {
                let Rank { middle, height } = self.levels[*rank];
                points.push(Point { x: *x, y: middle - height / 2.0 });
                points.push(Point { x: *x, y: middle + height / 2.0 });
            }
            points.push(self.port(lower, ports.lower, -1.0));
            if upper != self.scene.lines[line].from {
                points.reverse();
            }
            Route { points }
        });
        routes.collect()
    }

    /// Moves the bends next to an end over it, when they are so near that the line would only waver.
    fn settle_bends(&mut self, ports: &[Ports]) {
        fn settle<'a>(bends: impl Iterator<Item = &'a mut (usize, f64)>, port: f64) {
            let mut first = None;
            for (_, x) in bends {
                let run = *first.get_or_insert(*x);
                if (*x - run).abs() > 0.5 || (run - port).abs() > WAVERING {
                    return;
                }
                *x = port;
            }
        }
        for (bends, port) in self.bends.iter_mut().zip(ports) {
            settle(bends.iter_mut(), port.upper);
            settle(bends.iter_mut().rev(), port.lower);
        }
    }

    /// The node of the line that stands above, and the one that stands below.
    fn upper_and_lower(&self, line: usize) -> (usize, usize) {
        let line = &self.scene.lines[line];
        if self.ranks[line.from] <= self.ranks[line.to] { (line.from, line.to) } else { (line.to, line.from) }
    }

    /// The end of a line at the edge of a node: at the lower one when `side` is 1, the upper when it is -1.
    fn port(&self, node: usize, x: f64, side: f64) -> Point {
        let (at, size) = (self.nodes[node], self.sizes[node]);
        let half = size.height / 2.0;
        let reach = match self.scene.nodes[node].kind {
            // The edge of a circle is nearer at its sides.
            Kind::Start | Kind::Stop => (half * half - (x - at.x) * (x - at.x)).max(0.0).sqrt(),
            // The bar above it is half as thick.
            Kind::Step { gathers: true } if side < 0.0 => half + 2.5,
            _ => half,
        };
        Point { x, y: at.y + side * reach }
    }

    /// Where on their edges the lines end: side by side, in the order of where they come from or go to.
    fn ports(&self) -> Vec<Ports> {
        // By node: the lines at its upper edge, and those at its lower one.
        let mut edges = vec![[Vec::new(), Vec::new()]; self.nodes.len()];
        for line in 0..self.scene.lines.len() {
            let (upper, lower) = self.upper_and_lower(line);
            edges[upper][1].push((self.heads_for(line, true), line));
            edges[lower][0].push((self.heads_for(line, false), line));
        }
        let mut ports = vec![Ports::default(); self.scene.lines.len()];
        for (node, [above, below]) in edges.iter_mut().enumerate() {
            for (ends, is_upper) in [(above, false), (below, true)] {
                ends.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
                let gaps = ends.len().saturating_sub(1) as f64;
                let between = BETWEEN_PORTS.min(self.room(node) / gaps.max(1.0));
                let first = self.nodes[node].x - between * gaps / 2.0;
                for (place, (_, line)) in ends.iter().enumerate() {
                    let port = &mut ports[*line];
                    let end = if is_upper { &mut port.upper } else { &mut port.lower };
                    *end = first + between * place as f64;
                }
            }
        }
        for (line, port) in ports.iter_mut().enumerate() {
            let (upper, lower) = self.upper_and_lower(line);
            self.straighten(line, port, edges[upper][1].len() == 1, edges[lower][0].len() == 1);
        }
        ports
    }

    /// Moves an end that has its edge to itself, so that the line comes out straight.
    fn straighten(&self, line: usize, port: &mut Ports, alone_above: bool, alone_below: bool) {
        let (upper, lower) = self.upper_and_lower(line);
        let bends = &self.bends[line];
        let wanted_below = bends.last().map_or(port.upper, |(_, x)| *x);
        if alone_below && self.can_stand(lower, wanted_below) {
            port.lower = wanted_below;
        }
        let wanted_above = bends.first().map_or(port.lower, |(_, x)| *x);
        if alone_above && self.can_stand(upper, wanted_above) {
            port.upper = wanted_above;
        }
    }

    fn can_stand(&self, node: usize, x: f64) -> bool {
        (x - self.nodes[node].x).abs() <= STRAIGHTENED.min(self.room(node) / 2.0)
    }

    /// How far to the right the line's next place is, as seen from one of its ends.
    fn heads_for(&self, line: usize, from_upper: bool) -> f64 {
        let (upper, lower) = self.upper_and_lower(line);
        let bends = &self.bends[line];
        match from_upper {
            true => bends.first().map_or(self.nodes[lower].x, |(_, x)| *x),
            false => bends.last().map_or(self.nodes[upper].x, |(_, x)| *x),
        }
    }

    /// How much of a node's edge is straight enough for lines to end there.
    fn room(&self, node: usize) -> f64 {
        let Size { width, height } = self.sizes[node];
        match self.scene.nodes[node].kind {
            Kind::Start | Kind::Stop => width * 0.5,
            Kind::Step { .. } => width - 28.0,
            Kind::Caller | Kind::Event { .. } | Kind::Failure => (width - height).max(8.0),
        }
    }
}
