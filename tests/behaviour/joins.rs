//! Joins: a step with several event parameters.

use workflow_core::prelude::*;

use crate::Log;

#[event]
struct A(u32);
#[event]
struct B(u32);
#[event]
struct Pair(u32, u32);

// Makes three of each, out of step with each other, and pairs them.
twins! {
    mod pairs: (()) -> (());

    #[derive(Default)]
    struct Pairs(Log);

    #[workflow(state = u32)]

    #[step(sends(A, B))]
    async fn open(_; ctx: &Context<Pairs>, _input: StartEvent<()>) -> (Result<(), SendError>) {
        ctx.send(A(1))?;
        ctx.send(A(2))?;
        ctx.send(B(10))?;
        ctx.send(B(20))?;
        ctx.send(B(30))?;
        ctx.send(A(3))
    }

    #[step]
    async fn pair(flow; b: B, ctx: &Context<Pairs>, a: A) -> (Option<StopEvent<()>>) {
        flow.0.note(format!("{} with {}", a.0, b.0));
        let pairs = ctx.state(|pairs| {
            *pairs += 1;
            *pairs
        });
        (pairs == 3).then_some(StopEvent(()))
    }

    tests {
        #[tokio::test]
        async fn a_join_takes_the_oldest_of_each_type_and_leaves_the_rest_for_the_next_firing() {
            let flow = Pairs::default();
            flow.run(()).await.unwrap();
            assert_eq!(flow.0.take(), ["1 with 10", "2 with 20", "3 with 30"]);
        }
    }
}

// Two parameters of one type.
twins! {
    mod twins: (()) -> ((u32, u32));

    struct Twins;

    #[workflow]

    #[step]
    async fn open(_; _input: StartEvent<()>) -> ((A, A)) {
        (A(1), A(2))
    }

    #[step]
    async fn both(_; older: A, younger: A) -> (StopEvent<(u32, u32)>) {
        StopEvent((older.0, younger.0))
    }

    tests {
        #[tokio::test]
        async fn two_parameters_of_one_type_are_filled_in_arrival_order() {
            assert_eq!(Twins.run(()).await.unwrap(), (1, 2));
        }
    }
}

#[derive(OneOf)]
enum Given {
    A(A),
    Both(Pair),
}

// `make_b` runs only when asked to.
twins! {
    mod half: (bool) -> (u32);

    struct Half;

    #[workflow]

    #[step]
    async fn open(_; with_b: StartEvent<bool>) -> ((A, Given)) {
        (A(1), if with_b.0 { Given::Both(Pair(1, 2)) } else { Given::A(A(2)) })
    }

    #[step]
    async fn make_b(_; pair: Pair) -> (B) {
        B(pair.1)
    }

    #[step]
    async fn finish(_; a: A, b: B) -> (StopEvent<u32>) {
        StopEvent(a.0 + b.0)
    }

    tests {
        #[tokio::test]
        async fn a_join_that_lacks_an_event_for_ever_is_named_with_what_it_holds_and_who_never_ran() {
            assert_eq!(Half.run(true).await.unwrap(), 3);
            let error = Half.run(false).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "the run can never finish: `finish` holds 2 `A`, lacks `B`; `B` comes only from `make_b`, which never ran"
            );
        }
    }
}
