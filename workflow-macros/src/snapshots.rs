//! Snapshots: what the macros write, for six workflows, as a person would read it.

use proc_macro2::TokenStream;
use quote::quote;

fn expanded(tokens: TokenStream) -> String {
    let file = syn::parse2(tokens).expect("the expansion is Rust");
    prettyplease::unparse(&file)
}

#[test]
fn two_steps_in_a_row() {
    let written = crate::expand::workflow(
        quote!(timeout = "60s"),
        quote! {
            /// Writes jokes.
            impl JokeFlow {
                /// Writes a joke.
                #[step]
                async fn generate_joke(&self, topic: StartEvent<String>) -> Result<Joke, LlmError> {
                    let text = self.llm.complete(format!("Write your best joke about {topic}.")).await?;
                    Ok(Joke { text })
                }

                #[step]
                async fn critique_joke(&self, joke: Joke) -> Result<StopEvent<String>, LlmError> {
                    Ok(StopEvent(self.llm.complete(format!("Critique this joke: {}", joke.text)).await?))
                }
            }
        },
    );
    insta::assert_snapshot!(expanded(written));
}

#[test]
fn loop_by_an_enum_in_a_generic_workflow() {
    let written = crate::expand::workflow(
        quote!(),
        quote! {
            impl<L: Llm> Refine<L>
            where
                L::Error: Send,
            {
                #[step]
                async fn write(&self, topic: StartEvent<String>) -> Result<Draft, L::Error> {
                    self.llm.write(topic.0).await
                }

                #[step]
                async fn judge(&self, draft: Draft) -> Verdict {
                    Verdict::of(draft)
                }
            }
        },
    );
    insta::assert_snapshot!(expanded(written));
}

#[test]
fn batch_and_its_join() {
    let written = crate::expand::workflow(
        quote!(state = Seen),
        quote! {
            impl Search {
                #[step]
                fn split(&self, query: StartEvent<String>) -> Vec<Page> {
                    pages(&query)
                }

                #[step(workers = 8)]
                async fn read(&self, ctx: &Context<Self>, page: Page) -> Result<Option<Found>, ReadError> {
                    ctx.state(|seen| seen.note(&page));
                    self.reader.read(page).await
                }

                #[step]
                async fn gather(&self, #[take(3)] found: Vec<Found>) -> StopEvent<Vec<Found>> {
                    StopEvent(found)
                }
            }
        },
    );
    insta::assert_snapshot!(expanded(written));
}

#[test]
fn join_of_two_and_either_of_two() {
    let written = crate::expand::workflow(
        quote!(),
        quote! {
            impl Order {
                #[step]
                async fn begin(&self, order: StartEvent<u32>) -> (Stock, Payment) {
                    (Stock, Payment)
                }

                #[step]
                async fn ship(&self, stock: Stock, payment: Payment) -> Shipped {
                    Shipped
                }

                #[step(on(Shipped, Refused))]
                async fn tell(&self, outcome: Outcome) -> StopEvent<String> {
                    StopEvent(outcome.text())
                }

                #[step(allow(unreachable))]
                async fn refuse(&self, complaint: Complaint) -> Refused {
                    Refused
                }
            }
        },
    );
    insta::assert_snapshot!(expanded(written));
}

#[test]
fn human_in_the_loop() {
    let written = crate::expand::workflow(
        quote!(name = "approval", events = Ask, publishes(Question), receives(Answer)),
        quote! {
            impl Approval {
                #[step(sends(Reminder))]
                async fn ask(&self, ctx: &Context<Self>, order: StartEvent<String>) -> Question {
                    ctx.send(Reminder).ok();
                    Question { text: order.0 }
                }

                #[step(allow(dead_end))]
                async fn remind(&self, _: Reminder) {}

                #[step]
                async fn decide(&self, answer: Answer) -> StopEvent<bool> {
                    StopEvent(answer.yes)
                }
            }
        },
    );
    insta::assert_snapshot!(expanded(written));
}

#[test]
fn every_option_of_a_step() {
    let written = crate::expand::workflow(
        quote!(publishes(Question), receives(Approval)),
        quote! {
            impl<M: Model + Clone> Order<M> {
                #[step(timeout = "10s", retry(attempts = 5, base = "100ms", multiplier = 2, max = "10s", jitter))]
                async fn price(&self, order: StartEvent<String>) -> Result<Priced, PriceError> {
                    self.model.price(order.0).await
                }

                #[step(waits(Approval), retry(within = "1m", on(Busy, Offline), when = is_passing))]
                async fn approve(&self, ctx: &Context<Self>, priced: Priced) -> Result<Approved, AskError> {
                    ctx.publish(Question);
                    Ok(Approved(ctx.wait_for::<Approval>().await?))
                }

                #[step(spawn, retry = Self::policy)]
                async fn pack(&self, ctx: &Context<Self>, approved: Approved) -> Result<Packed, PackError> {
                    self.model.pack(approved, ctx.run_id()).await
                }

                #[step(blocking)]
                fn print(&self, packed: Packed) -> StopEvent<u32> {
                    StopEvent(packed.print())
                }

                #[catch(of(price, pack), times = 2)]
                #[step]
                async fn mend(&self, failed: StepFailed) -> Option<Approved> {
                    failed.input()
                }
            }
        },
    );
    insta::assert_snapshot!(expanded(written));
}

#[test]
fn struct_to_which_functions_are_attached() {
    let written = crate::expand::workflow(
        quote!(timeout = "60s", input = String, publishes(Joke)),
        quote! {
            /// Writes jokes.
            struct JokeFlow {
                llm: Llm,
            }
        },
    );
    insta::assert_snapshot!(expanded(written));
}

#[test]
fn function_that_is_attached() {
    let written = crate::expand::attached::step(
        quote!(workers = 2, workflow = jokes::JokeFlow),
        quote! {
            /// Writes a joke.
            async fn generate_joke(
                topic: StartEvent<String>,
                flow: &JokeFlow,
                ctx: &Context<JokeFlow>,
            ) -> Result<Joke, LlmError> {
                flow.llm.complete(topic).await
            }
        },
    );
    insta::assert_snapshot!(expanded(written));
}
