//! Recorded: a run that is played again with what its steps did in the place of its steps.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::schedule::Scripted;
use crate::driver::play::{Cue, End, Stage, Stood, play};
use crate::graph::Shape;
use crate::machine::Token;
use crate::{BoxError, Emission, Members, RunError, Workflow};

/// A run that was recorded, to be played again. [`Recording::to_test`](crate::Recording::to_test) writes what is said
/// of it: each try of each step, as JSON, and how the run ended.
#[must_use = "it does nothing until it is run"]
pub struct Recorded<'a, W: Workflow> {
    flow: Box<dyn Fn() -> W + 'a>,
    start: W::Event,
    tries: Vec<VecDeque<Try<W::Event>>>,
    events: Vec<W::Event>,
    ends: Option<Ends>,
}

/// One try of a step.
struct Try<E> {
    /// What it took, as text.
    took: String,
    after: Option<Duration>,
    sends: Vec<E>,
    ends: Result<Emission<E>, String>,
}

/// How the run ended.
enum Ends {
    With(String),
    Failed { step: String, error: String },
    Stalled,
    TimedOut,
}

/// The run that began with this event, as it was recorded: `["StartEvent<String>", "pirates"]`.
///
/// # Panics
///
/// When the workflow has no such event.
#[track_caller]
pub fn recorded<'a, W: Workflow>(flow: impl Fn() -> W + 'a, start: &str) -> Recorded<'a, W> {
    let start = events::<W>(&format!("[{start}]")).pop().map(|(_, event)| event);
    Recorded {
        flow: Box::new(flow),
        start: start.expect("a run begins with an event"),
        tries: W::graph().steps.iter().map(|_| VecDeque::new()).collect(),
        events: Vec::new(),
        ends: None,
    }
}

impl<W: Workflow> Recorded<'_, W> {
    /// One try of the step took these events and so many nanoseconds, and gave those: `[["Draft", "ahoy"]]`. What it
    /// sent is written as `"sent Draft"`, a member of a batch as `"member Draft"`.
    ///
    /// # Panics
    ///
    /// When the workflow has no such step or event.
    #[track_caller]
    pub fn gave(mut self, step: &str, took: &str, nanos: u64, gave: &str) -> Self {
        let place = place::<W>(step);
        let mut sends = Vec::new();
        let mut returned = Vec::new();
        for (how, event) in events::<W>(gave) {
            match how {
                How::Sent => sends.push(event),
                How::Published => (),
                How::Returned => returned.push((false, event)),
                How::Member => returned.push((true, event)),
            }
        }
        let ends = Ok(emission(&W::graph().steps[place].emits, returned));
        self.push(place, took, Some(nanos), sends, ends);
        self
    }

    /// One try of the step failed with this error.
    ///
    /// # Panics
    ///
    /// When the workflow has no such step or event.
    #[track_caller]
    pub fn failed(mut self, step: &str, took: &str, nanos: u64, error: &str) -> Self {
        self.push(place::<W>(step), took, Some(nanos), Vec::new(), Err(error.to_owned()));
        self
    }

    /// One try of the step did not come to its end.
    ///
    /// # Panics
    ///
    /// When the workflow has no such step or event.
    #[track_caller]
    pub fn ran_on(mut self, step: &str, took: &str) -> Self {
        self.push(place::<W>(step), took, None, Vec::new(), Ok(Emission::None));
        self
    }

    /// These events came from outside. They come as soon as they may.
    ///
    /// # Panics
    ///
    /// When the workflow has no such event.
    #[track_caller]
    pub fn received(mut self, came: &str) -> Self {
        self.events.extend(events::<W>(came).into_iter().map(|(_, event)| event));
        self
    }

    /// The run ended with this event.
    ///
    /// # Panics
    ///
    /// When the workflow has no such event.
    #[track_caller]
    pub fn ends(mut self, stop: &str) -> Self {
        let stop = events::<W>(&format!("[{stop}]")).pop().map(|(_, event)| event);
        self.ends = Some(Ends::With(text(&stop)));
        self
    }

    /// The run failed because this step gave up.
    pub fn fails(mut self, step: &str, error: &str) -> Self {
        self.ends = Some(Ends::Failed { step: step.to_owned(), error: error.to_owned() });
        self
    }

    /// The run could not go on.
    pub fn stalls(mut self) -> Self {
        self.ends = Some(Ends::Stalled);
        self
    }

    /// The run took longer than it might.
    pub fn times_out(mut self) -> Self {
        self.ends = Some(Ends::TimedOut);
        self
    }

    /// Plays the run.
    ///
    /// # Panics
    ///
    /// When it does not end as it was recorded.
    #[track_caller]
    pub fn run(self) {
        let Self { flow, start, tries, events, ends } = self;
        let cast: Vec<Cue<W::Event>> = tries
            .into_iter()
            .zip(W::graph().steps)
            .map(|(tries, step)| {
                let tries = Mutex::new(tries);
                let act = move |took: Vec<W::Event>| {
                    let took = text(&took);
                    let mut tries = tries.lock().unwrap_or_else(PoisonError::into_inner);
                    let same = tries.iter().position(|one| one.took == took).unwrap_or(0);
                    match tries.remove(same) {
                        Some(Try { after, sends, ends, .. }) => {
                            Stood { after, sends, ends: ends.map_err(BoxError::from) }
                        }
                        None => {
                            Stood::at_once(Err(
                                format!("`{}` ran more often than was recorded", step.name).into()
                            ))
                        }
                    }
                };
                Cue { stand_in: Some(Box::new(act)), is_pure: true, ..Cue::default() }
            })
            .collect();
        let stage = Stage::<W> {
            cast: &cast,
            events: &events,
            always: None,
            crashes: 0,
            is_opaque: false,
            records: true,
            most_moves: 1_000_000,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.expect("a runtime on this thread needs nothing that could be missing");
        let played = runtime.block_on(tokio::task::unconstrained(async {
            let flow = flow();
            play(&flow, start, &mut Scripted::new(&[], true), &stage).await
        }));
        let timeline = played.recordings.iter().map(ToString::to_string).collect::<String>();
        let (outcome, text) = match played.end {
            End::Over(outcome, text) => (outcome, text),
            _ => panic!("`{}` did not come to an end:\n{timeline}", W::NAME),
        };
        let is_same = match (&ends, &outcome) {
            (None, _) => true,
            (Some(Ends::With(stop)), Ok(_)) => *stop == text,
            (Some(Ends::Failed { step, error }), Err(failed @ RunError::Step { step: found, .. })) => {
                step == found && crate::driver::play::words(failed).contains(error.as_str())
            }
            (Some(Ends::Stalled), Err(RunError::Stalled(_))) => true,
            (Some(Ends::TimedOut), Err(RunError::TimedOut { .. })) => true,
            _ => false,
        };
        assert!(is_same, "`{}` does not end as it was recorded, but so: {text}\n{timeline}", W::NAME);
    }

    #[track_caller]
    fn push(
        &mut self,
        step: usize,
        took: &str,
        nanos: Option<u64>,
        sends: Vec<W::Event>,
        ends: Result<Emission<W::Event>, String>,
    ) {
        let took: Vec<W::Event> = events::<W>(took).into_iter().map(|(_, event)| event).collect();
        let after = nanos.map(Duration::from_nanos);
        self.tries[step].push_back(Try { took: text(&took), after, sends, ends });
    }
}

impl<W: Workflow> std::fmt::Debug for Recorded<'_, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorded").field("workflow", &W::NAME).finish_non_exhaustive()
    }
}

/// How an event was given.
enum How {
    Returned,
    Member,
    Sent,
    Published,
}

/// The events of a list of pairs, each a name and a value.
#[track_caller]
fn events<W: Workflow>(pairs: &str) -> Vec<(How, W::Event)> {
    let pairs: Vec<(String, Value)> = serde_json::from_str(pairs).unwrap_or_else(|error| {
        panic!("{pairs} is no list of events, each with its name: {error}; was it cut when it was recorded?")
    });
    pairs.into_iter().map(|(name, value)| event::<W>(&name, value)).collect()
}

#[track_caller]
fn event<W: Workflow>(words: &str, value: Value) -> (How, W::Event) {
    let (how, name) = match words.split_once(' ') {
        Some(("sent", name)) => (How::Sent, name),
        Some(("member", name)) => (How::Member, name),
        Some(("published", name)) => (How::Published, name),
        _ => (How::Returned, words),
    };
    // In the enum it goes by its name alone.
    let variant = name.split('<').next().unwrap_or(name);
    let read = serde_json::from_value::<W::Event>(Value::Object(
        [(variant.to_owned(), value)].into_iter().collect(),
    ));
    let event = read.unwrap_or_else(|error| panic!("`{}` has no event `{name}` like this: {error}", W::NAME));
    assert_eq!(W::graph().event_name(event.kind()), name, "the recorded event is another one now");
    (how, event)
}

#[track_caller]
fn place<W: Workflow>(step: &str) -> usize {
    let place = W::graph().steps.iter().position(|known| known.name == step);
    place.unwrap_or_else(|| panic!("`{}` has no step `{step}`", W::NAME))
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What a step returned, put together again.
fn emission<E: Token>(shape: &Shape, returned: Vec<(bool, E)>) -> Emission<E> {
    let mut batches: Vec<(&Shape, Vec<E>)> = Vec::new();
    let mut must = Vec::new();
    list(shape, true, &mut |inner, is_sure| {
        batches.push((inner, Vec::new()));
        must.push(is_sure);
    });
    let mut parts = Vec::new();
    for (is_member, event) in returned {
        let batch = batches.iter_mut().find(|(inner, _)| is_member && inner.has(event.kind()));
        match batch {
            Some((_, members)) => members.push(event),
            None => parts.push(Emission::One(event)),
        }
    }
    for ((inner, members), is_sure) in batches.into_iter().zip(must) {
        if is_sure || !members.is_empty() {
            parts.push(Emission::Many(members, Members::of(inner)));
        }
    }
    match parts.len() {
        0 => Emission::None,
        1 => parts.pop().unwrap_or(Emission::None),
        _ => Emission::All(parts),
    }
}

/// The batches in a shape, and whether each is there in any case.
fn list<'s>(shape: &'s Shape, is_sure: bool, note: &mut dyn FnMut(&'s Shape, bool)) {
    match shape {
        Shape::Nothing | Shape::Event(_) => (),
        Shape::Many(inner) => note(inner, is_sure),
        Shape::All(parts) => parts.iter().for_each(|part| list(part, is_sure, note)),
        Shape::OneOf(parts) => parts.iter().for_each(|part| list(part, false, note)),
    }
}
