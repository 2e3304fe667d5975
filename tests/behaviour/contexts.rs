//! Contexts: ids, and sends that nobody declared.

use workflow_core::prelude::*;

#[event]
struct Add(u64);

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
