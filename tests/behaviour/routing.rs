//! Routing: which step gets which event, in which order, and when a run ends.

use workflow_core::prelude::*;

use crate::Log;

#[event]
struct Draft {
    text: String,
}

#[derive(OneOf)]
enum Verdict {
    Again(Draft),
    Done(StopEvent<String>),
}

twins! {
    mod a_loop: (String) -> (String);

    #[derive(Default)]
    struct Loop(Log);

    #[workflow]

    #[step]
    async fn write(flow; topic: StartEvent<String>) -> (Draft) {
        flow.0.note("write");
        Draft { text: topic.0 }
    }

    #[step]
    async fn judge(flow; draft: Draft) -> (Verdict) {
        flow.0.note(format!("judge {}", draft.text));
        if draft.text.len() > 3 {
            return StopEvent(draft.text).into();
        }
        Verdict::Again(Draft { text: draft.text + "!" })
    }

    tests {
        #[tokio::test]
        async fn a_loop_goes_on_until_the_stop_event() {
            let flow = Loop::default();
            assert_eq!(flow.run("hi").await.unwrap(), "hi!!");
            assert_eq!(flow.0.take(), ["write", "judge hi", "judge hi!", "judge hi!!"]);
        }
    }
}

#[event]
struct Page(u32);

// Three takers of one event, declared in the order c, a, b.
twins! {
    mod copies: (u32) -> (u32);

    #[derive(Default)]
    struct Copies(Log);

    #[workflow]

    #[step]
    async fn open(_; n: StartEvent<u32>) -> (Page) {
        Page(n.0)
    }

    #[step(allow(dead_end))]
    async fn c(flow; mut page: Page) {
        page.0 += 10;
        flow.0.note(format!("c {}", page.0));
    }

    #[step(allow(dead_end))]
    async fn a(flow; page: Page) {
        flow.0.note(format!("a {}", page.0));
    }

    #[step]
    async fn b(flow; page: Page) -> (StopEvent<u32>) {
        tokio::task::yield_now().await;
        flow.0.note(format!("b {}", page.0));
        StopEvent(page.0)
    }

    tests {
        #[tokio::test]
        async fn an_event_goes_to_every_taker_in_declaration_order_each_with_its_own_copy() {
            let flow = Copies::default();
            assert_eq!(flow.run(1u32).await.unwrap(), 1);
            assert_eq!(flow.0.take(), ["c 11", "a 1", "b 1"]);
        }
    }
}

#[event]
struct Slow;
#[event]
struct Fast;

// The stop of one branch drops the other.
twins! {
    mod race: (()) -> (texts::Text);

    #[derive(Default)]
    struct Race(Log);

    #[workflow]

    #[step]
    async fn open(_; _input: StartEvent<()>) -> ((Slow, Fast)) {
        (Slow, Fast)
    }

    #[step(allow(dead_end))]
    async fn slow(flow; _ev: Slow) {
        flow.0.note("slow begins");
        std::future::pending::<()>().await;
        flow.0.note("slow ends");
    }

    #[step]
    async fn fast(_; _ev: Fast) -> (StopEvent<texts::Text>) {
        StopEvent(texts::Text("fast".into()))
    }

    tests {
        #[tokio::test]
        async fn the_first_stop_event_ends_the_run_and_drops_what_runs() {
            let flow = Race::default();
            assert_eq!(flow.run(()).await.unwrap(), texts::Text("fast".into()));
            assert_eq!(flow.0.take(), ["slow begins"]);
        }
    }
}

mod texts {
    //! A result type of another module.

    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Text(pub String);
}

// Sends its stop and would wait for ever after that.
twins! {
    mod sends_stop: (u8) -> (u8);

    struct SendsStop;

    #[workflow]

    #[step(sends(StopEvent<u8>), allow(dead_end))]
    async fn only(_; ctx: &Context<SendsStop>, input: StartEvent<u8>) -> (Result<(), SendError>) {
        ctx.send(StopEvent(input.0 + 1))?;
        std::future::pending().await
    }

    tests {
        #[tokio::test]
        async fn a_stop_event_that_is_sent_ends_the_run() {
            assert_eq!(SendsStop.run(1).await.unwrap(), 2);
        }
    }
}

#[event]
struct First(u8);
#[event]
struct Second(u8);

// Sends two events before it returns a third.
twins! {
    mod order: (()) -> (u8);

    #[derive(Default)]
    struct Order(Log);

    #[workflow]

    #[step(sends(First))]
    async fn open(_; ctx: &Context<Order>, _input: StartEvent<()>) -> (Result<Second, SendError>) {
        ctx.send(First(1))?;
        ctx.send(First(2))?;
        Ok(Second(3))
    }

    #[step(allow(dead_end))]
    async fn first(flow; ev: First) {
        flow.0.note(format!("first {}", ev.0));
    }

    #[step]
    async fn second(flow; ev: Second) -> (StopEvent<u8>) {
        flow.0.note(format!("second {}", ev.0));
        StopEvent(ev.0)
    }

    tests {
        #[tokio::test]
        async fn what_a_step_sends_goes_before_what_it_returns() {
            let flow = Order::default();
            flow.run(()).await.unwrap();
            assert_eq!(flow.0.take(), ["first 1", "first 2", "second 3"]);
        }
    }
}

// Gives its input back.
twins! {
    mod echo: ((u8, String, bool, Option<u8>)) -> ((u8, String, bool, Option<u8>));

    struct Echo;

    #[workflow]

    #[step]
    async fn only(_; input: StartEvent<(u8, String, bool, Option<u8>)>) -> (StopEvent<(u8, String, bool, Option<u8>)>) {
        StopEvent(input.0)
    }

    tests {
        #[tokio::test]
        async fn falsy_results_come_back_unchanged() {
            let falsy = (0, String::new(), false, None);
            assert_eq!(Echo.run(falsy.clone()).await.unwrap(), falsy);
        }
    }
}

// Its one choice can lead nowhere.
twins! {
    mod may_fall_silent: (bool) -> (());

    struct MayFallSilent;

    #[workflow]

    #[step]
    async fn perhaps(_; input: StartEvent<bool>) -> (Option<StopEvent<()>>) {
        input.then_some(StopEvent(()))
    }

    tests {
        #[tokio::test]
        async fn a_run_in_which_nothing_is_left_fails_at_once_and_says_which_step_was_last() {
            assert!(MayFallSilent.run(true).await.is_ok());
            let error = MayFallSilent.run(false).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "the run can never finish: nothing runs and no event is left: `perhaps` returned last, and nothing that starts a step"
            );
        }
    }
}

/// The input as named fields.
struct ByField;

#[workflow]
impl ByField {
    #[step]
    async fn only(&self, input: StartEvent) -> Result<StopEvent<u32>, workflow_core::FieldError> {
        Ok(StopEvent(input.get("count")?))
    }
}

#[tokio::test]
async fn an_input_of_unknown_shape_is_read_by_field_and_a_wrong_one_is_named_with_the_type_wanted() {
    assert_eq!(ByField.run([("count", 3)]).await.unwrap(), 3);
    let wrong = ByField.run([("count", "three")]).await.unwrap_err();
    let source = wrong.step_error::<workflow_core::FieldError>().unwrap();
    assert_eq!(source.to_string(), "field `count` is no `u32`");
    let missing = ByField.run([("size", 3)]).await.unwrap_err();
    let source = missing.step_error::<workflow_core::FieldError>().unwrap();
    assert_eq!(source.to_string(), "no field `count`, which should be a `u32`; there is `size`");
}

// The same beside another branch, after an await.
twins! {
    mod order_in_fork: (()) -> (u8);

    #[derive(Default)]
    struct OrderInFork(Log);

    #[workflow]

    #[step]
    async fn open(_; _input: StartEvent<()>) -> ((Slow, Fast)) {
        (Slow, Fast)
    }

    #[step(allow(dead_end))]
    async fn beside(_; _ev: Slow) {
        std::future::pending().await
    }

    #[step(sends(First))]
    async fn sends(_; ctx: &Context<OrderInFork>, _ev: Fast) -> (Result<Second, SendError>) {
        tokio::task::yield_now().await;
        ctx.send(First(1))?;
        Ok(Second(2))
    }

    #[step(allow(dead_end))]
    async fn first(flow; ev: First) {
        flow.0.note(format!("first {}", ev.0));
    }

    #[step]
    async fn second(flow; ev: Second) -> (StopEvent<u8>) {
        flow.0.note(format!("second {}", ev.0));
        StopEvent(ev.0)
    }

    tests {
        #[tokio::test]
        async fn what_a_step_sends_goes_before_what_it_returns_beside_other_branches_too() {
            let flow = OrderInFork::default();
            flow.run(()).await.unwrap();
            assert_eq!(flow.0.take(), ["first 1", "second 2"]);
        }
    }
}
