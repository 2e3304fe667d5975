//! Attached: what stands beside a struct to which functions are attached, and beside such a function.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, ItemFn, Type, parse2};

use super::{listing, retry, rows};
use crate::model::{ApartOn, Argument, AttachedStep, AttachedWorkflow, Parameter, Step, Takes};
use crate::names;
use crate::parse::attached as parse;
use crate::report::{Report, error, stray_step};
use crate::root::{here, private, private_at, root, root_at};

/// `#[workflow(..)]` on a struct or an enum.
pub fn workflow(tokens: TokenStream, item: DeriveInput) -> TokenStream {
    let mut report = Report::default();
    let written = parse::workflow(tokens, item.clone(), &mut report).map(|workflow| beside(&workflow));
    let errors = report.into_tokens();
    quote!(#item #written #errors)
}

/// `#[step(..)]` on what no `#[workflow]` block has read.
pub fn step(tokens: TokenStream, item: TokenStream) -> TokenStream {
    let mut words = tokens.clone().into_iter().map(|token| token.to_string());
    if !words.any(|word| word == "workflow") {
        return stray_step(item);
    }
    let Ok(mut function) = parse2::<ItemFn>(item.clone()) else {
        let error = error(
            Span::call_site(),
            "`#[step(workflow = ..)]` stands above what is no function",
            "write it above a `fn`",
        );
        let error = error.into_compile_error();
        return quote!(#error #item);
    };
    let mut report = Report::default();
    let read = parse::step(tokens, &mut function, &mut report);
    let entry = read.filter(|_| report.is_clean()).map(|step| entry(&function, &step));
    let errors = report.into_tokens();
    quote!(#function #entry #errors)
}

/// `#[catch(..)]` above the `#[step(..)]` of a function, where rustc asks for it first: it goes below.
pub fn catch(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut function = match parse2::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(_) => return stray_catch(&item),
    };
    let is_step = |attribute: &syn::Attribute| {
        attribute.path().segments.last().is_some_and(|last| last.ident == "step")
    };
    let Some(place) = function.attrs.iter().position(is_step) else {
        return stray_catch(&item);
    };
    let options = (!options.is_empty()).then(|| quote!((#options)));
    function.attrs.insert(place + 1, syn::parse_quote!(#[catch #options]));
    quote!(#function)
}

fn stray_catch(item: &TokenStream) -> TokenStream {
    let error = error(Span::call_site(), "`#[catch]` stands on a step", "write `#[step]` below it");
    let error = error.into_compile_error();
    quote!(#error #item)
}

/// `impl Workflow` for a struct.
fn beside(workflow: &AttachedWorkflow) -> TokenStream {
    let (root, private) = (root(), private());
    let AttachedWorkflow { ident, name, state, .. } = workflow;
    let timeout = super::dispatch::timeout(workflow.timeout);
    let state = state.as_ref().map_or_else(|| quote!(()), |state| quote!(#state));
    let value = quote!(#private::Value);
    let (input, open) = match &workflow.input {
        Some(input) => (quote!(#input), quote!(open)),
        None => (value.clone(), quote!(open_value)),
    };
    let (output, close) = match &workflow.output {
        Some(output) => (quote!(#output), quote!(close)),
        None => (value, quote!(close_value)),
    };
    let input = quote_spanned!(input.span()=> type Input = #input;);
    let output = quote_spanned!(output.span()=> type Output = #output;);
    let door = |ty: &Option<Type>, wrapper: &str| match ty {
        Some(ty) => {
            let (at, wrapper) = (root_at(ty.span()), Ident::new(wrapper, ty.span()));
            let event = spelled(
                &quote_spanned!(ty.span()=> #at::#wrapper<#ty>),
                &format!("{wrapper}<{}>", names::spelled(ty)),
            );
            quote!(::core::option::Option::Some(#event))
        }
        None => quote!(::core::option::Option::None),
    };
    let (starts, stops) = (door(&workflow.input, "StartEvent"), door(&workflow.output, "StopEvent"));
    let publishes = workflow.publishes.iter().map(|ty| spelled(ty, &names::spelled(ty)));
    let receives = workflow.receives.iter().map(|ty| spelled(ty, &names::spelled(ty)));
    let shared = quote_spanned!(ident.span()=> where #ident: ::core::marker::Send + ::core::marker::Sync);
    let listing = listing::listing(
        name,
        &quote!(|| known().graph()),
        &quote!(|| known().shapes()),
        &quote!(|| known().check()),
    );
    quote! {
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        const _: () = {
            impl #root::Workflow for #ident #shared {
                #input
                #output
                type Event = #root::Attached<Self>;
                type State = #state;

                const NAME: &'static ::core::primitive::str = #name;
                const TIMEOUT: ::core::option::Option<::core::time::Duration> = #timeout;

                fn open(input: Self::Input) -> ::core::result::Result<Self::Event, #root::RunError> {
                    #private::#open(input)
                }

                fn close(event: Self::Event) -> ::core::result::Result<Self::Output, Self::Event> {
                    #private::#close(event)
                }

                fn unclosed(event: &Self::Event) -> #root::RunError {
                    #private::unclosed(event)
                }

                fn dispatch(
                    &self,
                    slot: &mut #private::Slot<Self::Event>,
                    place: &#private::Place<'_, Self>,
                ) -> impl ::core::future::Future<Output = #private::Exit<Self::Event>> + ::core::marker::Send {
                    #private::dispatch(self, slot, place)
                }

                fn retry(step: u16) -> ::core::option::Option<#root::RetryPolicy> {
                    <Self as #private::Attachable>::known().retry(step)
                }

                fn check() -> ::core::result::Result<(), #root::GraphError> {
                    <Self as #private::Attachable>::known().check()
                }
            }

            const OPTIONS: #private::Options = #private::Options {
                name: #name,
                publishes: &[#(#publishes),*],
                receives: &[#(#receives),*],
                input: #starts,
                output: #stops,
            };

            fn known() -> &'static #private::Known<#ident> {
                static KNOWN: ::std::sync::OnceLock<#private::Known<#ident>> = ::std::sync::OnceLock::new();
                KNOWN.get_or_init(|| #private::Known::gather(&OPTIONS))
            }

            impl #private::Attachable for #ident #shared {
                type Events = #root::Attached<Self>;
                type Flow = Self;

                fn flow(&self) -> &Self {
                    self
                }

                fn known() -> &'static #private::Known<Self> {
                    known()
                }
            }

            #listing
        };
    }
}

/// What the linker collects of a function.
fn entry(function: &ItemFn, attached: &AttachedStep) -> TokenStream {
    let (root, private) = (root(), private());
    let AttachedStep { flow, workflow, .. } = attached;
    let step = &workflow.steps[0];
    let (line, column) = position(step.ident.span());
    let row = rows::step_row(workflow, step);
    let events = workflow.events.iter().map(|event| spelled(&event.ty, &event.name));
    let (emits, carrier) = (&attached.emits, carrier(flow));
    let outline = quote_spanned!(emits.span()=> <#emits as #root::Emit<#carrier>>::outline);
    let (at, rooted) = (flow.span(), root_at(flow.span()));
    let attachable = quote_spanned!(at=> <#flow as #rooted::__private::Attachable>);
    let run = run(attached, step);
    let option = |value: Option<TokenStream>| match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    };
    let catches = option(step.catch.as_ref().map(|catch| {
        let of = catch.of.iter().map(ToString::to_string);
        let times = Literal::u32_unsuffixed(catch.times);
        quote!(#private::Caught { of: &[#(#of),*], times: #times })
    }));
    let policy = option(step.retry.as_ref().map(|retry| {
        let policy = retry::policy(retry);
        quote!(|| #policy)
    }));
    let runner = quote_spanned! {at=>
        type #carrier = #attachable::Events;
        static RUNNER: #rooted::__private::Runner<#attachable::Flow> =
            #rooted::__private::Runner::<#attachable::Flow>(#run);
    };
    let runner_of_it = quote_spanned!(at=> &RUNNER);
    let conditions = function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    quote! {
        #(#conditions)*
        #[allow(unused_variables, unused_mut, clippy::all, clippy::pedantic, clippy::nursery)]
        const _: () = {
            #runner
            #private::inventory::submit! {
                #private::AttachedStep {
                    flow: ::core::any::TypeId::of::<#flow>(),
                    module: ::core::module_path!(),
                    line: #line,
                    column: #column,
                    row: #row,
                    events: &[#(#events),*],
                    outline: #outline,
                    catches: #catches,
                    retry: #policy,
                    runner: #runner_of_it,
                }
            }
        };
    }
}

/// The closure that takes the events out, calls the function and gives what it emits.
fn run(attached: &AttachedStep, step: &Step) -> TokenStream {
    let (root, private) = (root(), private());
    let events = &attached.workflow.events;
    let inputs = attached.arguments.iter().filter(|argument| **argument == Argument::Input).count();
    let names: Vec<Ident> = (0..inputs).map(|index| format_ident!("attached_{index}")).collect();
    let taken = match &step.takes {
        Takes::One(_) | Takes::Join(_) => quote!(#(let #names = attached_inputs.one();)*),
        Takes::Batch { .. } => quote!(#(let #names = attached_inputs.all();)*),
        Takes::On(on, ty) => {
            let types = on.iter().map(|event| &events[*event].ty);
            quote_spanned! {here(ty.span())=>
                let attached_0 = 'taken: {
                    let event = attached_inputs.any();
                    #(let event = match event.into_inner::<#types>() {
                        ::core::result::Result::Ok(event) => {
                            break 'taken <#ty as ::core::convert::From<_>>::from(event);
                        }
                        ::core::result::Result::Err(event) => event,
                    };)*
                    #private::no_such_step()
                };
            }
        }
    };
    let mut names = names.iter();
    let context = step.parameters.iter().find_map(|parameter| match parameter {
        Parameter::Context(ty) => Some(here(ty.span())),
        Parameter::Input => None,
    });
    let context = context.unwrap_or_else(Span::call_site);
    let arguments = attached.arguments.iter().map(|argument| match argument {
        Argument::Flow if step.apart.is_some() => quote!(#private::Attachable::flow(&attached_flow)),
        Argument::Flow => quote!(#private::Attachable::flow(attached_flow)),
        Argument::Context => quote_spanned!(context=> &attached_context),
        Argument::Input => {
            let name = names.next();
            quote!(#name)
        }
    });
    let (function, emits, carrier) = (&step.ident, &attached.emits, carrier(&attached.flow));
    let at = here(function.span());
    let mut called = quote_spanned!(at=> #function(#(#arguments),*));
    if step.is_async {
        let root = root_at(at);
        called = quote_spanned!(at=> #root::step_future(#called).await);
    }
    let emit = quote_spanned!(here(emits.span())=> <#emits as #root::Emit<#carrier>>::emit);
    let emitted = match &step.fails_with {
        None => quote_spanned!(here(emits.span())=> #emit(#called)),
        Some(error) => {
            let failed = quote_spanned!(here(error.span())=> ::core::convert::Into::into(error));
            quote! {
                match #called {
                    ::core::result::Result::Ok(value) => #emit(value),
                    ::core::result::Result::Err(error) => ::core::result::Result::Err(#failed),
                }
            }
        }
    };
    let emitted = match &step.apart {
        None => emitted,
        Some(apart) => {
            let (at, private) = (here(apart.at), private_at(here(apart.at)));
            let (on, body) = match apart.on {
                ApartOn::Task => (quote!(spawn), quote!(async move { #emitted })),
                ApartOn::Pool => (quote!(blocking), emitted),
            };
            let called = quote_spanned! {at=>
                #private::apart::#on(attached_flow, attached_context, move |attached_flow, attached_context| #body).await
            };
            quote! {
                let attached_emission: ::core::result::Result<#root::Emission<#carrier>, #root::BoxError> = #called;
                attached_emission
            }
        }
    };
    quote_spanned! {here(attached.flow.span())=>
        |attached_flow, mut attached_inputs, attached_context| ::std::boxed::Box::pin(async move {
            #taken
            ::core::mem::drop(attached_inputs);
            #emitted
        })
    }
}

/// The boxed event of the workflow, by a name that stands at the workflow's: whatever asks for it when that
/// is no workflow is then one error, the same each time.
fn carrier(flow: &Type) -> Ident {
    Ident::new("WorkflowEvents", flow.span())
}

/// An event type with its name; the place where a type that is no event is found out.
fn spelled(ty: &(impl quote::ToTokens + Spanned), name: &str) -> TokenStream {
    let (private, at) = (root_at(ty.span()), ty.span());
    quote_spanned!(at=> #private::__private::Spelled::of::<#ty>(#name))
}

/// Line and column of a token, both counted from 1; where a macro has put it in, those of the macro.
fn position(at: Span) -> (Literal, Literal) {
    let (line, column) = if proc_macro::is_available() {
        let at = at.unwrap().start();
        (at.line() as u32, at.column() as u32)
    } else {
        (0, 0)
    };
    (Literal::u32_unsuffixed(line), Literal::u32_unsuffixed(column))
}
