//! `impl Workflow`: the loop that goes from step to step inside one future.

use std::time::Duration;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::{duration, retry};
use crate::model::{Apart, ApartOn, Event, Parameter, Role, Step, Takes, Workflow};
use crate::root::{here, private, private_at, respanned, root, root_at};

/// From how many arms on they are put in groups; below, going from step to step stays in one future.
const LONG: usize = 32;

/// How many arms a group has at most.
const GROUP: usize = 16;

/// The whole implementation.
pub fn workflow(workflow: &Workflow) -> TokenStream {
    let (root, private) = (root(), private());
    let (enum_name, self_type, title) = (&workflow.enum_name, &workflow.self_type, &workflow.name);
    let (generics, bounds) = (&workflow.generics, bounds(workflow));
    let (generics, ..) = generics.split_for_impl();
    let timeout = timeout(workflow.timeout);
    let state = workflow.state.as_ref().map_or_else(|| quote!(()), |state| quote!(#state));
    let (input, open) = open(workflow);
    let (output, close) = (&workflow.output, close(workflow));
    let input = quote_spanned!(input.span()=> type Input = #input;);
    let output = quote_spanned!(output.span()=> type Output = #output;);
    let retry = retry::method(workflow);
    let returned = returned_type(workflow);
    let steps = || workflow.steps.iter().enumerate();
    let from_event =
        from_event(workflow, steps().flat_map(|(place, step)| from_event_arms(workflow, place, step)));
    let from_inputs =
        from_inputs(workflow, steps().filter_map(|(place, step)| from_inputs_arm(workflow, place, step)));
    quote! {
        impl #generics #root::Workflow for #self_type #bounds {
            #input
            #output
            type Event = #enum_name;
            type State = #state;

            const NAME: &'static ::core::primitive::str = #title;
            const TIMEOUT: ::core::option::Option<::core::time::Duration> = #timeout;

            fn open(input: Self::Input) -> ::core::result::Result<#enum_name, #root::RunError> {
                ::core::result::Result::Ok(#open)
            }

            fn close(event: #enum_name) -> ::core::result::Result<Self::Output, #enum_name> {
                #close
            }

            #retry

            #[allow(unreachable_code)]
            fn dispatch(
                &self,
                slot: &mut #private::Slot<#enum_name>,
                place: &#private::Place<'_, Self>,
            ) -> impl ::core::future::Future<Output = #private::Exit<#enum_name>> + ::core::marker::Send {
                async move {
                    #from_inputs
                    loop {
                        let returned: #returned = match slot.event {
                            #from_event
                            _ => return #private::Exit::handed(slot.take()),
                        };
                        match place.go_on(returned) {
                            ::core::result::Result::Ok(event) => slot.fill(event),
                            ::core::result::Result::Err(exit) => {
                                if let ::core::option::Option::Some(exit) = place.next_member(slot, exit) {
                                    return exit;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `Some(Duration)` or `None`, as a constant.
pub fn timeout(timeout: Option<Duration>) -> TokenStream {
    match timeout {
        Some(timeout) => {
            let timeout = duration(timeout);
            quote!(::core::option::Option::Some(#timeout))
        }
        None => quote!(::core::option::Option::None),
    }
}

/// The bounds of the block, and that a run can share the workflow: whether a generic one can be shared is
/// then the caller's to know. With a lifetime in it the type itself cannot be bound, for rustc would hold
/// every lifetime against that bound; its parameters can.
fn bounds(workflow: &Workflow) -> TokenStream {
    let self_type = &workflow.self_type;
    let own = workflow.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let parameters = || workflow.generics.type_params().map(|parameter| parameter.ident.to_token_stream());
    let shared: Vec<TokenStream> = match workflow.borrows_for() {
        Some(_) => parameters().collect(),
        None => vec![self_type.to_token_stream()],
    };
    let at = self_type.span();
    let shared =
        shared.iter().map(|ty| quote_spanned!(at=> #ty: ::core::marker::Send + ::core::marker::Sync));
    let apart = workflow.steps.iter().find_map(|step| step.apart.as_ref()).map(|apart| {
        let private = private_at(apart.at);
        let ty = respanned(self_type.to_token_stream(), apart.at);
        let lasting = parameters().map(|ty| quote_spanned!(apart.at=> #ty: 'static));
        quote_spanned!(apart.at=> , #ty: #private::apart::Shared #(, #lasting)*)
    });
    quote!(where #(#own,)* #(#shared),* #apart)
}

/// What `run` takes, and how the event that opens a run is made of it.
fn open(workflow: &Workflow) -> (TokenStream, TokenStream) {
    let (root, private, enum_name) = (root(), private(), &workflow.enum_name);
    let start = workflow.events.iter().find(|event| event.role == Role::Start);
    if let (Some(input), Some(Event { variant, .. })) = (&workflow.input, start) {
        return (quote!(#input), quote!(#enum_name::#variant(#root::StartEvent(input))));
    }
    let types = workflow.events.iter().filter(|event| event.role == Role::Between).map(|event| &event.ty);
    let search = types.rev().fold(
        quote!(#private::Nothing),
        |rest, ty| quote!(<<#ty as #root::Event>::Opens as #private::Search>::Or<#rest>),
    );
    let opens = quote!(<#search as #private::Opens<#enum_name>>);
    (quote!(#opens::Input), quote!(#opens::open(input)))
}

/// How the result is taken out of the event that ends a run.
fn close(workflow: &Workflow) -> TokenStream {
    let enum_name = &workflow.enum_name;
    let stop = workflow.events.iter().filter(|event| event.role == Role::Stop).map(|stop| &stop.variant);
    quote! {
        match event {
            #(#enum_name::#stop(stop) => ::core::result::Result::Ok(stop.0),)*
            #[allow(unreachable_patterns)]
            other => ::core::result::Result::Err(other),
        }
    }
}

/// What every arm gives. It is said, for otherwise rustc asks all arms for it again after each of them.
fn returned_type(workflow: &Workflow) -> TokenStream {
    let (root, enum_name) = (root(), &workflow.enum_name);
    quote!(::core::result::Result<#root::Emission<#enum_name>, #root::BoxError>)
}

/// One way into a step.
struct Arm {
    /// What stands in the pattern: a variant of the enum, or the step's place.
    of: TokenStream,
    /// The call of the step.
    body: TokenStream,
}

/// The arms in groups, each a future of its own: the time that rustc takes for a future grows with the
/// square of the awaits in it.
fn in_groups(
    arms: Vec<Arm>,
    group: impl Fn(&[Arm]) -> TokenStream,
    arm: impl Fn(&Arm) -> TokenStream,
) -> TokenStream {
    if arms.len() <= LONG {
        return arms.iter().map(arm).collect();
    }
    let groups = arms.len().div_ceil(GROUP);
    arms.chunks(arms.len().div_ceil(groups)).map(group).collect()
}

/// The arms for the events that go to one step alone.
fn from_event(workflow: &Workflow, arms: impl Iterator<Item = Arm>) -> TokenStream {
    let (private, enum_name, returned) = (private(), &workflow.enum_name, returned_type(workflow));
    in_groups(
        arms.collect(),
        |arms| {
            let (of, bodies) = (arms.iter().map(|arm| &arm.of), arms.iter().map(|arm| &arm.body));
            let each = of.clone();
            quote! {
                ::core::option::Option::Some(#(#enum_name::#each(_))|*) => {
                    async {
                        let returned: #returned = match slot.event {
                            #(::core::option::Option::Some(#enum_name::#of(_)) => { #bodies })*
                            _ => #private::no_such_step(),
                        };
                        returned
                    }
                    .await
                }
            }
        },
        |Arm { of, body }| quote!(::core::option::Option::Some(#enum_name::#of(_)) => { #body }),
    )
}

/// The arms of one step for the events that go to it alone.
fn from_event_arms(workflow: &Workflow, place: usize, step: &Step) -> Vec<Arm> {
    let (private, enum_name) = (private(), &workflow.enum_name);
    let number = Literal::u16_unsuffixed(place as u16);
    let direct =
        step.takes.events().iter().map(|event| &workflow.events[*event]).filter(|event| event.direct);
    let arms = direct.map(|Event { variant, ty, .. }| {
        let input = match &step.takes {
            Takes::On(_, taken) => {
                quote_spanned!(here(taken.span())=> <#taken as ::core::convert::From<_>>::from(event))
            }
            _ => quote!(event),
        };
        let call = call(workflow, step, &[input], &quote!(place.context()));
        let body = quote! {
            let event = #private::taken::<#enum_name, #ty>(slot.take());
            place.enter(#number);
            #call
        };
        Arm { of: quote!(#variant), body }
    });
    arms.collect()
}

/// What comes before the loop where some step is one of several takers, a join or gathers a batch.
fn from_inputs(workflow: &Workflow, arms: impl Iterator<Item = Arm>) -> Option<TokenStream> {
    let (private, returned) = (private(), returned_type(workflow));
    let arms = in_groups(
        arms.collect(),
        |arms| {
            let (of, bodies) = (arms.iter().map(|arm| &arm.of), arms.iter().map(|arm| &arm.body));
            let each = of.clone();
            quote! {
                #(#each)|* => {
                    async move {
                        let returned: #returned = match inputs.step() {
                            #(#of => { #bodies })*
                            _ => #private::no_such_step(),
                        };
                        returned
                    }
                    .await
                }
            }
        },
        |Arm { of, body }| quote!(#of => { #body }),
    );
    (!arms.is_empty()).then(|| {
        quote! {
            if let ::core::option::Option::Some(mut inputs) = slot.inputs.take() {
                let returned: #returned = match inputs.step() {
                    #arms
                    _ => #private::no_such_step(),
                };
                match place.go_on(returned) {
                    ::core::result::Result::Ok(event) => slot.fill(event),
                    ::core::result::Result::Err(exit) => return exit,
                }
            }
        }
    })
}

/// The arm of one step for all other ways in; none when there are none.
fn from_inputs_arm(workflow: &Workflow, place: usize, step: &Step) -> Option<Arm> {
    let (private, enum_name) = (private(), &workflow.enum_name);
    if step.takes.events().iter().all(|event| workflow.events[*event].direct) {
        return None;
    }
    let number = Literal::u16_unsuffixed(place as u16);
    let parameters = step.parameters.iter().filter(|parameter| matches!(parameter, Parameter::Input)).count();
    let names: Vec<Ident> = (0..parameters).map(|index| format_ident!("input_{index}")).collect();
    let taken = match &step.takes {
        Takes::One(_) | Takes::Join(_) => quote!(#(let #names = inputs.one();)*),
        Takes::Batch { .. } => quote!(#(let #names = inputs.all();)*),
        Takes::On(events, ty) => {
            let variants = events.iter().map(|event| &workflow.events[*event].variant);
            quote_spanned! {here(ty.span())=>
                let input_0 = match inputs.any() {
                    #(#enum_name::#variants(event) => <#ty as ::core::convert::From<_>>::from(event),)*
                    #[allow(unreachable_patterns)]
                    _ => #private::no_such_step(),
                };
            }
        }
    };
    let inputs: Vec<TokenStream> = names.iter().map(|name| quote!(#name)).collect();
    let call = call(workflow, step, &inputs, &quote!(place.context()));
    Some(Arm {
        of: quote!(#number),
        body: quote! {
            place.enter(#number);
            #taken
            ::core::mem::drop(inputs);
            #call
        },
    })
}

fn contexts(step: &Step) -> impl Iterator<Item = &Type> {
    step.parameters.iter().filter_map(|parameter| match parameter {
        Parameter::Context(ty) => Some(&**ty),
        Parameter::Input => None,
    })
}

/// The call of the method, and what it gave as an emission.
fn call(workflow: &Workflow, step: &Step, inputs: &[TokenStream], context: &TokenStream) -> TokenStream {
    let Some(Apart { at, on }) = &step.apart else {
        return returned(workflow, step, "self", inputs, context);
    };
    // What goes across is an emission, so that nothing is asked of the step's own types.
    let returned = returned(workflow, step, "flow", inputs, &quote!(context));
    let given = contexts(step).next().map_or_else(|| quote!(_), |_| quote!(context));
    let private = private_at(here(*at));
    let (apart, body) = match on {
        ApartOn::Task => (quote!(spawn), quote!(async move { #returned })),
        ApartOn::Pool => (quote!(blocking), returned),
    };
    quote_spanned!(here(*at)=> #private::apart::#apart(self, #context, move |flow, #given| #body).await)
}

/// What the method gave, as an emission; `flow` names the workflow that it is called on.
fn returned(
    workflow: &Workflow,
    step: &Step,
    flow: &str,
    inputs: &[TokenStream],
    context: &TokenStream,
) -> TokenStream {
    let method = &step.ident;
    let mut inputs = inputs.iter();
    let arguments = step.parameters.iter().map(|parameter| match parameter {
        Parameter::Context(ty) => {
            let context = respanned(context.clone(), here(ty.span()));
            quote_spanned!(here(ty.span())=> &#context)
        }
        Parameter::Input => inputs.next().cloned().unwrap_or_default(),
    });
    let at = here(method.span());
    let flow = Ident::new(flow, at);
    let mut called = quote_spanned!(at=> #flow.#method(#(#arguments),*));
    if step.is_async {
        let root = root_at(at);
        called = quote_spanned!(at=> #root::step_future(#called).await);
    }
    let (root, enum_name, emits) = (root(), &workflow.enum_name, &step.emits);
    let variant = step.emits_event.map(|event| &workflow.events[event].variant);
    let emit = quote_spanned!(here(emits.span())=> <#emits as #root::Emit<#enum_name>>::emit);
    let emitted = |value: &TokenStream| match variant {
        Some(variant) => {
            quote!(::core::result::Result::Ok(#root::Emission::One(#enum_name::#variant(#value))))
        }
        None => quote_spanned!(here(emits.span())=> #emit(#value)),
    };
    let Some(error) = &step.fails_with else {
        return emitted(&called);
    };
    let failed = quote_spanned!(here(error.span())=> ::core::convert::Into::into(error));
    let value = emitted(&quote!(value));
    quote! {
        match #called {
            ::core::result::Result::Ok(value) => #value,
            ::core::result::Result::Err(error) => ::core::result::Result::Err(#failed),
        }
    }
}
