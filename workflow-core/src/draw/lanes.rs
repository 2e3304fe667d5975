//! Lanes: where the bars of a timeline stand. A step has as many lanes as it had executions side by side.

use std::collections::HashMap;
use std::time::Duration;

use crate::recording::{Recorded, Row, is_shown};

/// A timeline with its places, in pixels from its upper left corner.
pub(super) struct Lanes<'a> {
    pub(super) groups: Vec<Group<'a>>,
    pub(super) rows: Vec<Row<'a>>,
    pub(super) height: f64,
    /// Times that are marked on the axis, each with its place.
    pub(super) ticks: Vec<(f64, Duration)>,
    /// How many executions stand in no bar of their own.
    pub(super) merged: usize,
}

/// The lanes of one step.
pub(super) struct Group<'a> {
    /// Its name, below those of the steps that called it.
    pub(super) path: Vec<(&'a str, &'a str)>,
    pub(super) top: f64,
    pub(super) lanes: usize,
    pub(super) bars: Vec<Bar>,
    /// Where something ran that has no bar of its own: from, to.
    pub(super) merged: Vec<(f64, f64)>,
}

/// One execution.
pub(super) struct Bar {
    /// Its place among the rows.
    pub(super) row: usize,
    pub(super) lane: usize,
    pub(super) x: f64,
    pub(super) width: f64,
    /// When it only waited: from, to.
    pub(super) rests: Vec<(f64, f64)>,
    /// Until when it waits for its next try.
    pub(super) again: Option<f64>,
}

/// How high a lane is, and how much is between two steps.
pub(super) const LANE: f64 = 20.0;
const BETWEEN: f64 = 6.0;

/// The height of the axis.
pub(super) const AXIS: f64 = 26.0;

/// How wide a bar is at least.
const LEAST: f64 = 4.0;

/// How far a bar is moved at most, so that the one before it is not hidden.
const MOVED: f64 = 40.0;

/// The most lanes of a step; what ran beside so many shares the last.
const LANES: usize = 8;

/// Puts the bars of all executions, or of the first and last `room`, between `left` and `right`.
pub(super) fn place(run: &Recorded, left: f64, right: f64, room: usize) -> Lanes<'_> {
    let rows = run.rows();
    let from = rows.iter().map(Row::began).min().unwrap_or_default();
    let end = rows.iter().map(Row::ended).chain([run.lasted]).max().unwrap_or_default();
    let whole = end.saturating_sub(from).as_secs_f64();
    let x = |at: Duration| match whole {
        whole if whole > 0.0 => left + at.saturating_sub(from).as_secs_f64() / whole * (right - left),
        _ => left,
    };
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: HashMap<Vec<(&str, &str)>, usize> = HashMap::new();
    for row in &rows {
        known.entry(row.path.clone()).or_insert_with(|| {
            let (path, top) = (row.path.clone(), 0.0);
            groups.push(Group { path, top, lanes: 1, bars: Vec::new(), merged: Vec::new() });
            groups.len() - 1
        });
    }
    let mut free: Vec<Vec<(Duration, f64)>> = vec![Vec::new(); groups.len()];
    let mut merged = 0;
    for (place, row) in rows.iter().enumerate() {
        let group = known[&row.path];
        let (began, ended) = (x(row.began()), x(row.ended()));
        if !is_shown(place, rows.len(), room) {
            merged += 1;
            groups[group].merged.push((began, ended.max(began + 1.0)));
            continue;
        }
        let (lane, after) = lane(&mut free[group], row.began());
        let at = began.max(after.min(began + MOVED)).min(right - LEAST);
        let width = (ended - at).max(LEAST);
        free[group][lane] = (row.ended(), at + width + 1.0);
        let execution = row.execution;
        let rests = execution.waits().iter().map(|wait| {
            let began = wait.began().saturating_add(row.offset);
            (x(began).clamp(at, at + width), x(began.saturating_add(wait.lasted())).clamp(at, at + width))
        });
        let rests = rests.filter(|(from, to)| to > from).collect();
        let again = execution.again().map(|wait| x(row.ended().saturating_add(wait)).min(right));
        groups[group].bars.push(Bar { row: place, lane, x: at, width, rests, again });
    }
    let mut top = AXIS;
    let order = order(&groups);
    let mut sorted: Vec<Option<Group<'_>>> = groups.into_iter().map(Some).collect();
    let mut groups = Vec::new();
    for group in order.into_iter().filter_map(|place| sorted[place].take()) {
        let lanes = group.bars.iter().map(|bar| bar.lane + 1).max().unwrap_or(1);
        groups.push(Group { lanes, top, merged: joined(group.merged), ..group });
        top += lanes as f64 * LANE + BETWEEN;
    }
    let ticks = ticks(from, end).into_iter().map(|at| (x(at), at)).collect();
    Lanes { groups, rows, height: top + 4.0, ticks, merged }
}

/// The first lane that is free at that time, and where its last bar ends.
fn lane(free: &mut Vec<(Duration, f64)>, began: Duration) -> (usize, f64) {
    let found = free.iter().position(|(until, _)| *until <= began);
    match found {
        Some(lane) => (lane, free[lane].1),
        None if free.len() < LANES => {
            free.push((began, 0.0));
            (free.len() - 1, 0.0)
        }
        None => (LANES - 1, 0.0),
    }
}

/// What a step called stands below it.
fn order(groups: &[Group<'_>]) -> Vec<usize> {
    let first =
        |path: &[(&str, &str)]| groups.iter().position(|group| group.path == path).unwrap_or(usize::MAX);
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_cached_key(|place| {
        let path = &groups[*place].path;
        (1..=path.len()).map(|length| first(&path[..length])).collect::<Vec<_>>()
    });
    order
}

/// Intervals that touch become one.
fn joined(mut intervals: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    intervals.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut joined: Vec<(f64, f64)> = Vec::new();
    for (from, to) in intervals {
        match joined.last_mut() {
            Some(last) if from <= last.1 + 1.0 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// Round times, four to eight of them.
fn ticks(from: Duration, end: Duration) -> Vec<Duration> {
    let whole = end.saturating_sub(from).as_nanos();
    let (decimal, sixties, day) = (1_000_000_000, 60_000_000_000, 86_400_000_000_000_u128);
    let mut steps: Vec<u128> =
        (0..10).flat_map(|power| [1, 2, 5].map(|step| step * 10_u128.pow(power))).collect();
    steps.retain(|step| *step <= decimal);
    steps.extend([1, 2, 5, 10, 15, 30].map(|seconds| seconds * decimal));
    steps.extend([1, 2, 5, 10, 15, 30].map(|minutes| minutes * sixties));
    steps.extend([1, 2, 3, 6, 12].map(|hours| hours * 60 * sixties));
    steps.extend((0..6).flat_map(|power| [1, 2, 5].map(|step| step * 10_u128.pow(power) * day)));
    let Some(step) = steps.into_iter().find(|step| whole / step <= 7).filter(|_| whole > 0) else {
        return vec![from];
    };
    let first = from.as_nanos().div_ceil(step);
    let ticks = (first..).map(|tick| tick * step).take_while(|at| *at <= end.as_nanos());
    ticks.map(|nanos| Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))).collect()
}
