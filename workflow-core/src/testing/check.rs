//! Check: a flow under every order in which its steps can go on, as a test.

use std::time::Duration;

use super::broken::Broken;
use super::explored::Explored;
use super::explorer::Explorer;
use super::stand_in::StandIn;
use crate::driver::play::{Cue, Stood};
use crate::{Receives, RunError, Workflow};

/// A check of a flow under every order in which its concurrent steps can go on; `flow` makes the flow anew for each
/// schedule, so that nothing is left of the one before.
///
/// ```
/// use workflow_core::{prelude::*, testing};
/// # #[event] struct Half(u32);
/// # #[event] struct Other(u32);
/// # #[event] struct Left(u32);
/// # #[event] struct Right(u32);
/// # struct Sum;
/// # #[workflow]
/// # impl Sum {
/// #     #[step] async fn split(&self, whole: StartEvent<u32>) -> (Half, Other) { (Half(whole.0 / 2), Other(whole.0)) }
/// #     #[step] async fn half(&self, half: Half) -> Left { Left(half.0) }
/// #     #[step] async fn other(&self, other: Other) -> Right { Right(other.0) }
/// #     #[step] async fn add(&self, left: Left, right: Right) -> StopEvent<u32> { StopEvent(left.0 + right.0) }
/// # }
/// let explored = testing::check_all_orders(|| Sum, 28u32)
///     .expect(|outcome| outcome.as_ref().is_ok_and(|sum| *sum == 42))
///     .run();
/// assert_eq!(explored.schedules, 2);
/// ```
pub fn check_all_orders<'a, W: Workflow>(
    flow: impl Fn() -> W + 'a,
    input: impl Into<W::Input>,
) -> Check<'a, W>
where
    W::Input: Clone,
{
    Check {
        flow: Box::new(flow),
        input: input.into(),
        cast: W::graph().steps.iter().map(|_| Cue::default()).collect(),
        events: Vec::new(),
        expect: None,
        always: None,
        is_deterministic: false,
        crashes: 0,
        shares_nothing: size_of::<W>() == 0,
        reduces: true,
        most_schedules: 100_000,
        most_time: Duration::from_secs(30),
        most_moves: 1_000,
        random: 1_000,
        seed: None,
        line: None,
    }
}

/// The one schedule that a failed check has printed: it is played again, and the claims of the check are asked of it.
///
/// Everything else is said as it was: what the check [`receives`](Check::receives), its stand-ins and claims.
pub fn replay<'a, W: Workflow>(
    flow: impl Fn() -> W + 'a,
    input: impl Into<W::Input>,
    schedule: impl Into<String>,
) -> Check<'a, W>
where
    W::Input: Clone,
{
    Check { line: Some(schedule.into()), ..check_all_orders(flow, input) }
}

/// What is asked of an outcome.
type Expected<'a, W> = Box<dyn Fn(&Result<<W as Workflow>::Output, RunError>) -> bool + 'a>;

/// What is asked of the state.
type Holds<'a, W> = Box<dyn Fn(&<W as Workflow>::State) -> bool + 'a>;

/// A check that has not begun; made by [`check_all_orders`].
///
/// Without any claim it asks that no schedule stalls, panics or delivers twice.
#[must_use = "a check does nothing until it is run"]
pub struct Check<'a, W: Workflow> {
    pub(super) flow: Box<dyn Fn() -> W + 'a>,
    pub(super) input: W::Input,
    pub(super) cast: Vec<Cue<W::Event>>,
    pub(super) events: Vec<W::Event>,
    pub(super) expect: Option<Expected<'a, W>>,
    pub(super) always: Option<Holds<'a, W>>,
    pub(super) is_deterministic: bool,
    pub(super) crashes: u32,
    pub(super) shares_nothing: bool,
    pub(super) reduces: bool,
    pub(super) most_schedules: u64,
    pub(super) most_time: Duration,
    pub(super) most_moves: usize,
    pub(super) random: u64,
    pub(super) seed: Option<u64>,
    pub(super) line: Option<String>,
}

impl<W: Workflow> Check<'_, W>
where
    W::Input: Clone,
{
    /// Goes through the schedules and says in a sentence what it has gone through.
    ///
    /// # Panics
    ///
    /// When a claim does not hold under one of them: with the shortest such schedule, as a timeline and as a line for
    /// [`replay`].
    #[track_caller]
    pub fn run(self) -> Explored {
        match self.try_run() {
            Ok(explored) => {
                println!("{explored}");
                explored
            }
            Err(broken) => panic!("{broken}"),
        }
    }

    /// The same, with what breaks a claim as a value.
    ///
    /// # Errors
    ///
    /// The shortest schedule under which a claim does not hold.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime: it has one of its own. When a schedule to replay is none of this flow.
    pub fn try_run(self) -> Result<Explored, Box<Broken>> {
        Explorer::new(self).run()
    }
}

impl<'a, W: Workflow> Check<'a, W> {
    /// Lets the process die at every point too, once in a schedule, and the run go on from what was written down of it.
    pub fn crashes(self) -> Self {
        self.crashes_up_to(1)
    }

    /// The same, so many times in a schedule.
    pub fn crashes_up_to(mut self, times: u32) -> Self {
        self.crashes = times;
        self
    }

    /// Lets this event come in from outside, at any moment. Said twice, two events come, in any order.
    pub fn receives<E>(mut self, event: E) -> Self
    where
        W::Event: Receives<E>,
    {
        self.events.push(crate::Carries::wrap(event));
        self
    }

    /// Claims this of the outcome of each schedule.
    pub fn expect(mut self, expected: impl Fn(&Result<W::Output, RunError>) -> bool + 'a) -> Self {
        self.expect = Some(Box::new(expected));
        self
    }

    /// Claims this of the state at every moment between two moves.
    pub fn always(mut self, holds: impl Fn(&W::State) -> bool + 'a) -> Self {
        self.always = Some(Box::new(holds));
        self
    }

    /// Claims that all schedules have the same outcome.
    pub fn deterministic(mut self) -> Self {
        self.is_deterministic = true;
        self
    }

    /// Puts a closure in the place of a step. It takes what the step takes, with its type, and gives what the step may
    /// give: `.step("charge", |order: Order| Charged { id: order.id })`.
    ///
    /// # Panics
    ///
    /// When the workflow has no such step.
    #[track_caller]
    pub fn step<Takes, S: StandIn<W::Event, Takes>>(mut self, name: &str, stand_in: S) -> Self {
        let cue = self.cue(name);
        cue.is_pure = size_of::<S>() == 0;
        let stand_in = stand_in.stand();
        cue.stand_in = Some(Box::new(move |events| Stood::at_once(stand_in(events))));
        self
    }

    /// Lets the first tries of a step fail, so many of them in a schedule.
    ///
    /// # Panics
    ///
    /// When the workflow has no such step.
    #[track_caller]
    pub fn fails(mut self, name: &str, times: u32) -> Self {
        self.cue(name).fails = times;
        self
    }

    /// Lets each try of a step take so long before it does anything. Time is virtual: it costs none.
    ///
    /// # Panics
    ///
    /// When the workflow has no such step.
    #[track_caller]
    pub fn delays(mut self, name: &str, time: Duration) -> Self {
        self.cue(name).delay = time;
        self
    }

    /// Says that steps share nothing but what the context has: neither the flow's fields nor anything static changes
    /// what another step does. Orders that only swap such steps are left out then; of a flow without fields it is
    /// assumed.
    pub fn shares_nothing(mut self) -> Self {
        self.shares_nothing = true;
        self
    }

    /// Goes through all schedules, also those that only swap what commutes.
    pub fn without_reduction(mut self) -> Self {
        self.reduces = false;
        self
    }

    /// How many schedules are gone through in order before others are drawn at random; 100,000 unless said.
    pub fn at_most(mut self, schedules: u64) -> Self {
        self.most_schedules = schedules;
        self
    }

    /// How long schedules are gone through in order, before others are drawn at random; 30 seconds unless said.
    pub fn within(mut self, time: Duration) -> Self {
        self.most_time = time;
        self
    }

    /// How many moves a schedule may have before it counts as one that never ends; 1,000 unless said.
    pub fn moves_at_most(mut self, moves: usize) -> Self {
        self.most_moves = moves;
        self
    }

    /// How many schedules are drawn at random where there are too many to go through them all; 1,000 unless said.
    pub fn random(mut self, schedules: u64) -> Self {
        self.random = schedules;
        self
    }

    /// The seed for those; one is made up, and printed, unless said.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    #[track_caller]
    fn cue(&mut self, name: &str) -> &mut Cue<W::Event> {
        let steps = W::graph().steps;
        match steps.iter().position(|step| step.name == name) {
            Some(place) => &mut self.cast[place],
            None => {
                let known: Vec<String> = steps.iter().map(|step| format!("`{}`", step.name)).collect();
                panic!("`{}` has no step `{name}`; it has {}", W::NAME, known.join(", "))
            }
        }
    }
}

impl<W: Workflow> std::fmt::Debug for Check<'_, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("workflow", &W::NAME).finish_non_exhaustive()
    }
}
