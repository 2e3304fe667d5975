//! Log: what is noted of each fact.

use std::borrow::Cow;
use std::time::Duration;

use super::{Live, Log, OneTry, ROOM};
use crate::Emission;
use crate::graph::{Graph, Role};
use crate::hash::fnv_1a;
use crate::machine::Token;
use crate::recording::{self, Ended, How, Passed, Path, WaitEnded, Waited, shortened};

impl Log {
    pub(super) fn went(&mut self, path: Path) {
        *self.paths.entry(path).or_default() += 1;
    }

    pub(super) fn mark<E: Token>(&self, event: &E) -> u64 {
        mark(&self.marked, event)
    }

    /// An execution begins that is not known.
    pub(super) fn begins<E: Token>(
        &mut self,
        number: u64,
        step: u16,
        events: &[E],
        is_known_to_machine: bool,
    ) {
        let marked = &self.marked;
        let origin = match is_known_to_machine {
            true => Default::default(),
            false => self.trail.starts(number, step, events, &|event| mark(marked, event)),
        };
        let node = &self.graph.steps[usize::from(step)];
        for event in events {
            match node.catches {
                None => self.went(Path::Took { step, event: event.kind() }),
                Some(_) => {
                    let failed = origin.follows.first().and_then(|from| self.caught.remove(from));
                    if let Some(failed) = failed {
                        self.went(Path::Caught { step: failed, catch: step });
                    }
                }
            }
        }
        self.steps[usize::from(step)].executions += 1;
        let live = Live { step, follows: origin.follows, batch: origin.batch, ..Live::default() };
        self.live.insert(number, live);
    }

    /// The try of an execution that is under way.
    pub(super) fn current(&mut self, number: u64) -> Option<&mut OneTry> {
        let place = self.live.get(&number)?.place?;
        self.kept.get_mut(place)
    }

    pub(super) fn gave(&mut self, step: u16, event: u16, many: bool) {
        self.went(Path::Gave { step, event, many });
        let node = &self.graph.events[usize::from(event)];
        if node.published && !matches!(node.role, Role::Stop) {
            self.went(Path::Published { event });
        }
    }

    pub(super) fn returned<E: Token>(&mut self, step: u16, emission: &Emission<E>, many: bool) {
        match emission {
            Emission::None => (),
            Emission::One(event) => self.gave(step, event.kind(), many),
            Emission::All(parts) => parts.iter().for_each(|part| self.returned(step, part, many)),
            Emission::Many(events, _) => events.iter().for_each(|event| self.gave(step, event.kind(), true)),
        }
    }

    pub(super) fn give<E: Token>(&mut self, number: u64, event: &E, how: How) {
        let graph = self.graph;
        if let Some(one) = self.current(number) {
            one.execution.gave.push(|| passed(graph, event, how));
        }
    }

    pub(super) fn gave_up(&mut self, number: u64, step: u16) {
        let catch = self.graph.catcher(usize::from(step));
        let caught = catch.and_then(|catch| {
            let event = self.graph.steps[catch].takes.events().first()?;
            Some((catch as u16, *event))
        });
        self.trail.gave_up(number, caught);
        if caught.is_some() {
            self.caught.insert(number, step);
        }
        self.steps[usize::from(step)].gave_up = true;
    }

    /// The try that is under way has come to its end, and perhaps the execution with it.
    pub(super) fn try_ended(&mut self, number: u64, now: Duration, ended: Ended, is_over: bool) {
        if let Some(live) = self.live.get_mut(&number).filter(|live| live.is_running) {
            live.is_running = false;
            for wait in std::mem::take(&mut live.waits) {
                self.waits.remove(&wait);
            }
            let steps = &mut self.steps[usize::from(live.step)];
            steps.running -= u64::from(ended != Ended::Dropped);
            steps.failures += u64::from(matches!(ended, Ended::Failed { .. }));
        }
        if let Some(one) = self.current(number) {
            one.end(now, ended);
        }
        if is_over {
            self.live.remove(&number);
        }
    }

    pub(super) fn waits(&mut self, number: u64, wait: u64, event: u16, now: Duration) {
        let event = self.graph.event_name(event);
        let Some(one) = self.current(number) else { return };
        let waits = &mut one.execution.waits;
        let place = waits.kept.len();
        waits.push(|| Waited {
            event: Cow::Borrowed(event),
            began: now,
            lasted: Duration::ZERO,
            ended: WaitEnded::Open,
        });
        if waits.kept.len() > place {
            self.waits.insert(wait, (number, place));
            if let Some(live) = self.live.get_mut(&number) {
                live.waits.push(wait);
            }
        }
    }

    pub(super) fn wait_ended(&mut self, wait: u64, now: Duration, ended: WaitEnded) {
        let Some((number, place)) = self.waits.remove(&wait) else { return };
        if let Some(live) = self.live.get_mut(&number) {
            live.waits.retain(|open| *open != wait);
        }
        let one = self.current(number);
        if let Some(waited) = one.and_then(|one| one.execution.waits.kept.get_mut(place)) {
            waited.lasted = now.saturating_sub(waited.began);
            waited.ended = ended;
        }
    }

    pub(super) fn end(&mut self, now: Duration, outcome: recording::Outcome) {
        if self.ended.is_some() {
            return;
        }
        self.outcome = outcome;
        self.ended = Some(now);
        self.drop_what_runs(now, true);
        self.live.clear();
    }

    /// The tries that are under way were dropped; their executions are over, or start again.
    pub(super) fn drop_what_runs(&mut self, now: Duration, is_over: bool) {
        let live: Vec<u64> =
            self.live.iter().filter(|(_, live)| live.is_running).map(|(number, _)| *number).collect();
        for number in live {
            self.try_ended(number, now, Ended::Dropped, is_over);
        }
    }
}

impl OneTry {
    /// Lets go of what it has called; gives the number of places that it had.
    pub(super) fn forget(&self) -> u64 {
        self.called.iter().map(|(_, called)| called.forget()).sum()
    }

    pub(super) fn end(&mut self, now: Duration, ended: Ended) {
        self.execution.lasted = now.saturating_sub(self.execution.began);
        self.execution.ended = ended;
        for wait in self.execution.waits.kept.iter_mut().filter(|wait| wait.ended == WaitEnded::Open) {
            wait.lasted = now.saturating_sub(wait.began);
        }
        // A run that was called and not brought to its end was dropped with its caller.
        self.called.iter().for_each(|(_, called)| called.dropped());
    }
}

/// What tells an event from others of its kind, where anybody will ask.
pub(super) fn mark<E: Token>(marked: &[bool], event: &E) -> u64 {
    if !marked[usize::from(event.kind())] {
        return 0;
    }
    fnv_1a(&serde_json::to_vec(event).unwrap_or_default())
}

pub(super) fn gives<E: Token>(graph: &'static Graph, one: &mut OneTry, emission: &Emission<E>, how: How) {
    let gave = &mut one.execution.gave;
    match emission {
        Emission::None => (),
        Emission::One(event) => gave.push(|| passed(graph, event, how)),
        Emission::All(parts) => parts.iter().for_each(|part| gives(graph, one, part, how)),
        Emission::Many(events, _) => {
            events.iter().for_each(|event| gave.push(|| passed(graph, event, How::Member)));
        }
    }
}

/// An event, written down as far as there is room.
pub(super) fn passed<E: Token>(graph: &'static Graph, event: &E, how: How) -> Passed {
    // As text at once: in a `Value`, the order of fields would be that of whichever map the program has chosen.
    let written = serde_json::to_string(event).ok();
    let json = written.map(|written| without_name(&written).map_or_else(|| written.clone(), str::to_owned));
    let (json, cut) = json.map(|json| shortened(json, ROOM)).unzip();
    Passed { event: Cow::Borrowed(graph.event_name(event.kind())), how, json, cut: cut.unwrap_or_default() }
}

/// What stands in `{"Name": value}`, as an enum writes itself; the name is known.
fn without_name(written: &str) -> Option<&str> {
    let (_, value) = written.strip_prefix("{\"")?.split_once("\":")?;
    let value = value.strip_suffix('}')?;
    serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok().then_some(value)
}
