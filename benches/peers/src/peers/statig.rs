//! statig: async state machines by its macro, the payload in their shared storage, fed an event by hand for each
//! transition, as the loop in its documents does.
//!
//! Not done: fan-out, for a machine is in one state at a time; suspended runs, for the compiler cannot tell that its
//! futures are `Send` (rust-lang/rust#100013), so no task takes them. That is why each work is done in one poll.

use ::statig::prelude::*;
use futures::FutureExt;
use workflow_benches::{Entry, Msg, Payload, Work};

use super::entry;

const NAME: &str = "statig 0.4.1";

pub fn entries() -> Vec<Entry> {
    vec![
        entry(NAME, Work::Chain, |n| Box::pin(async move { at_once(chain::<u64>(n)) })),
        entry(NAME, Work::ChainText, |n| Box::pin(async move { at_once(chain::<Msg>(n)) })),
        entry(NAME, Work::Runs, |n| Box::pin(async move { at_once(runs(n)) })),
    ]
}

/// What a future gives that never waits.
fn at_once(future: impl Future<Output = u64>) -> u64 {
    future.now_or_never().expect("nothing waits")
}

async fn chain<P: Payload>(n: u64) -> u64 {
    let mut turns = turns::Turns { payload: Some(P::new(0)), last: n }.state_machine();
    while !matches!(turns.state(), turns::State::Done {}) {
        turns.handle(&turns::Step).await;
    }
    turns.inner().payload.as_ref().map_or(0, P::number)
}

async fn runs(n: u64) -> u64 {
    let mut sum = 0;
    for number in 0..n {
        sum += run(number).await;
    }
    sum
}

async fn run(number: u64) -> u64 {
    let mut three = three::Three { number }.state_machine();
    while !matches!(three.state(), three::State::Done {}) {
        three.handle(&three::Step).await;
    }
    three.inner().number
}

mod turns {
    use super::*;

    pub struct Turns<P> {
        pub payload: Option<P>,
        pub last: u64,
    }

    pub struct Step;

    impl<P: Payload> Turns<P> {
        /// Makes the next payload; whether it is the last.
        fn advance(&mut self) -> bool {
            self.payload = self.payload.take().map(P::next);
            self.payload.as_ref().is_none_or(|payload| payload.number() == self.last)
        }
    }

    #[state_machine(initial = "State::one()")]
    impl<P: Payload> Turns<P> {
        #[state]
        async fn one(&mut self, event: &Step) -> Outcome<State> {
            let Step = event;
            Transition(if self.advance() { State::done() } else { State::two() })
        }

        #[state]
        async fn two(&mut self, event: &Step) -> Outcome<State> {
            let Step = event;
            Transition(if self.advance() { State::done() } else { State::one() })
        }

        #[state]
        async fn done(event: &Step) -> Outcome<State> {
            let Step = event;
            Handled
        }
    }
}

mod three {
    use super::*;

    pub struct Three {
        pub number: u64,
    }

    pub struct Step;

    #[state_machine(initial = "State::one()")]
    impl Three {
        #[state]
        async fn one(&mut self, event: &Step) -> Outcome<State> {
            let Step = event;
            self.number = self.number.next();
            Transition(State::two())
        }

        #[state]
        async fn two(&mut self, event: &Step) -> Outcome<State> {
            let Step = event;
            self.number = self.number.next();
            Transition(State::three())
        }

        #[state]
        async fn three(&mut self, event: &Step) -> Outcome<State> {
            let Step = event;
            self.number = self.number.next();
            Transition(State::done())
        }

        #[state]
        async fn done(event: &Step) -> Outcome<State> {
            let Step = event;
            Handled
        }
    }
}
