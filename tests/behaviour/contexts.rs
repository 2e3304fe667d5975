//! Contexts: state, dynamic keys, ids and undeclared sends.

use workflow_core::prelude::*;

#[event]
struct Add(u64);

// Twenty steps add to one number at once.
twins! {
    mod sum: (()) -> (u64);

    struct Sum;

    #[workflow(state = u64)]

    #[step]
    async fn open(_; _input: StartEvent<()>) -> (Vec<Add>) {
        (1..=20).map(Add).collect()
    }

    #[step(workers = 20)]
    async fn add(_; ctx: &Context<Sum>, add: Add) {
        tokio::task::yield_now().await;
        ctx.state(|sum| *sum += add.0);
    }

    #[step]
    async fn finish(_; _none: Vec<Add>, ctx: &Context<Sum>) -> (StopEvent<u64>) {
        StopEvent(ctx.state(|sum| *sum))
    }

    tests {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn twenty_increments_at_once_are_twenty() {
            let flow = std::sync::Arc::new(Sum);
            assert_eq!(flow.start(()).await.unwrap(), 210);
        }

        #[tokio::test]
        async fn a_run_begins_with_the_state_given_and_gives_back_what_it_left() {
            let mut run = Sum.run(()).state(1000);
            assert_eq!((&mut run).await.unwrap(), 1210);
            assert_eq!(run.into_state(), 1210);
        }
    }
}

// Reads what was set under dynamic keys.
twins! {
    mod keys: (String) -> ((Option<String>, Option<u8>));

    struct Keys;

    #[workflow]

    #[step]
    async fn set(_; ctx: &Context<Keys>, input: StartEvent<String>) -> (Result<Add, workflow_core::ValueError>) {
        ctx.set("query", &input.0)?;
        Ok(Add(1))
    }

    #[step]
    async fn get(_; ctx: &Context<Keys>, _ev: Add) -> (Result<StopEvent<(Option<String>, Option<u8>)>, workflow_core::ValueError>) {
        Ok(StopEvent((ctx.get("query")?, ctx.get("missing")?)))
    }

    tests {
        #[tokio::test]
        async fn a_missing_key_is_none() {
            assert_eq!(Keys.run("tea").await.unwrap(), (Some("tea".to_owned()), None));
        }
    }
}

// Reads a key as what it is not.
twins! {
    mod wrong_key: (String) -> (u8);

    struct WrongKey;

    #[workflow]

    #[step]
    async fn only(_; ctx: &Context<WrongKey>, input: StartEvent<String>) -> (Result<StopEvent<u8>, workflow_core::ValueError>) {
        ctx.set("query", &input.0)?;
        Ok(StopEvent(ctx.get("query")?.unwrap_or(0)))
    }

    tests {
        #[tokio::test]
        async fn a_key_that_is_read_as_another_type_is_named_with_the_type() {
            let error = WrongKey.run("tea").await.unwrap_err();
            assert_eq!(
                error.step_error::<workflow_core::ValueError>().unwrap().to_string(),
                "the value `query` is no `u8`"
            );
        }
    }
}

// Tells the id that it runs under.
twins! {
    mod id: (()) -> (String);

    struct Id;

    #[workflow]

    #[step]
    async fn only(_; ctx: &Context<Id>, _input: StartEvent<()>) -> (StopEvent<String>) {
        StopEvent(ctx.run_id().to_owned())
    }

    tests {
        #[tokio::test]
        async fn a_run_has_the_id_that_it_was_given_or_one_of_its_own() {
            assert_eq!(Id.run(()).id("order-42").await.unwrap(), "order-42");
            let run = Id.run(());
            let handle = run.handle();
            assert_eq!(run.await.unwrap(), handle.id());
            assert_ne!(Id.run(()).await.unwrap(), handle.id());
        }
    }
}

// One step declares what another sends.
twins! {
    mod undeclared: (bool) -> (());

    struct Undeclared;

    #[workflow]

    #[step(sends(Add))]
    async fn declares(_; ctx: &Context<Undeclared>, early: StartEvent<bool>) -> (Result<Option<StopEvent<()>>, SendError>) {
        ctx.send(Add(1))?;
        Ok(early.then_some(StopEvent(())))
    }

    #[step]
    async fn does_not(_; ctx: &Context<Undeclared>, add: Add) -> (Result<StopEvent<()>, SendError>) {
        ctx.send(Add(add.0 + 1))?;
        Ok(StopEvent(()))
    }

    tests {
        #[tokio::test]
        async fn a_step_that_sends_what_it_did_not_declare_fails_with_the_line_to_add() {
            let error = Undeclared.run(false).await.unwrap_err();
            assert_eq!(
                error.step_error::<SendError>().unwrap().to_string(),
                "step `does_not` does not declare that it sends `Add`: write `#[step(sends(Add))]`"
            );
        }
    }
}
