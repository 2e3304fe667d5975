//! The graph as rows, and one constant for each thing that is checked, at the token to edit.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::duration;
use crate::model::{Apart, ApartOn, Event, Role, Step, Takes, Workflow};
use crate::root::{private, root, root_at};

/// The graph, and `impl Events for JokeFlowEvent`; the compiler solves a graph that is `checked`.
pub fn rows(workflow: &Workflow, checked: bool) -> TokenStream {
    let (root, private) = (root(), private());
    let (name, graph) = (&workflow.enum_name, graph(workflow));
    let types = workflow.events.iter().map(|event| &event.ty);
    let plan = match checked {
        true => quote!(#private::Plan::solved(GRAPH, &SOLVED)),
        false => quote!(#private::Plan::new(GRAPH)),
    };
    quote! {
        const GRAPH: &#root::graph::Graph = #graph;

        impl #root::Events for #name {
            fn graph() -> &'static #root::graph::Graph {
                GRAPH
            }

            fn plan() -> &'static #private::Plan {
                static PLAN: ::std::sync::OnceLock<#private::Plan> = ::std::sync::OnceLock::new();
                PLAN.get_or_init(|| #plan)
            }

            fn shapes() -> ::std::vec::Vec<::std::string::String> {
                #private::shapes_of(&[#(#private::shape_of::<Self, #types>),*])
            }
        }
    }
}

/// The graph as lists of texts and numbers, for rustc pays much for each value of another type in a constant; what
/// they do not say is then set, field by field.
fn graph(workflow: &Workflow) -> TokenStream {
    let (root, title) = (root(), &workflow.name);
    let graph = quote!(#root::graph);
    let events = workflow.events.iter().map(|event| opening(workflow, event));
    let set_events = workflow.events.iter().enumerate().flat_map(|(place, event)| {
        let place = Literal::usize_unsuffixed(place);
        event_fields(event).into_iter().map(move |(field, value)| quote!(events[#place].#field = #value;))
    });
    let set_events: Vec<TokenStream> = set_events.collect();
    let changed_events = (!set_events.is_empty()).then(|| quote!(mut));
    let steps = workflow.steps.iter().map(|step| {
        let (name, doc, signature) = (step.ident.to_string(), &step.doc, &step.signature);
        let given = kind(given(workflow, step).unwrap_or_default());
        quote!((#name, #doc, #signature, #given))
    });
    let taken =
        workflow.steps.iter().map(|step| kind(step.takes.events().first().copied().unwrap_or_default()));
    let set_steps = workflow.steps.iter().enumerate().flat_map(|(place, step)| {
        let place = Literal::usize_unsuffixed(place);
        step_fields(workflow, step)
            .into_iter()
            .map(move |(field, value)| quote!(steps[#place].#field = #value;))
    });
    let set_steps: Vec<TokenStream> = set_steps.collect();
    let changed_steps = (!set_steps.is_empty()).then(|| quote!(mut));
    quote! {
        &#graph::Graph {
            name: #title,
            events: &{
                let #changed_events events = #graph::events(&[#(#events),*]);
                #(#set_events)*
                events
            },
            steps: &{
                let #changed_steps steps = #graph::steps(&[#(#taken),*], &[#(#steps),*]);
                #(#set_steps)*
                steps
            },
        }
    }
}

/// An event by its name, with whether it opens a run.
fn opening(workflow: &Workflow, Event { name, ty, role, .. }: &Event) -> TokenStream {
    let (root, enum_name) = (root(), &workflow.enum_name);
    let opens = match role {
        Role::Start => quote!(true),
        Role::Stop => quote!(false),
        Role::Between => quote!(<#ty as #root::CarriedBy<#enum_name>>::TYPE.opens()),
    };
    quote!((#name, #opens))
}

/// What else is to be said of an event.
fn event_fields(event: &Event) -> Vec<(TokenStream, TokenStream)> {
    let root = root();
    let mut fields = Vec::new();
    if event.role == Role::Stop {
        fields.push((quote!(role), quote!(#root::graph::Role::Stop)));
    }
    if event.published {
        fields.push((quote!(published), quote!(true)));
    }
    if event.received {
        fields.push((quote!(received), quote!(true)));
    }
    fields
}

/// The one event that the step gives, where its return type is spelled as that.
fn given(workflow: &Workflow, step: &Step) -> Option<usize> {
    step.emits_event.filter(|_| workflow.failed_event().is_none() || !workflow.is_caught(step))
}

fn kind(event: usize) -> Literal {
    Literal::u16_unsuffixed(event as u16)
}

/// What is to be said of a step that does more than to take one event and to give one.
fn step_fields(workflow: &Workflow, step: &Step) -> Vec<(TokenStream, TokenStream)> {
    let mut fields = Vec::new();
    if !matches!(&step.takes, Takes::One(_) | Takes::On(..)) || step.takes.events().len() != 1 {
        fields.push((quote!(takes), takes(step)));
    }
    if given(workflow, step).is_none() {
        fields.push((quote!(emits), emits(workflow, step)));
    }
    fields.extend(options(workflow, step));
    fields
}

/// The row of a step, as a value of its own.
pub fn step_row(workflow: &Workflow, step: &Step) -> TokenStream {
    let root = root();
    let (name, doc, signature) = (step.ident.to_string(), &step.doc, &step.signature);
    let (takes, emits) = (takes(step), emits(workflow, step));
    let options = options(workflow, step).into_iter().map(|(field, value)| quote!(#field: #value,));
    quote! {
        #root::graph::StepNode {
            doc: #doc,
            signature: #signature,
            #(#options)*
            ..#root::graph::StepNode::new(#name, #takes, #emits)
        }
    }
}

fn takes(step: &Step) -> TokenStream {
    let root = root();
    let kinds = step.takes.events().iter().map(|event| kind(*event));
    match &step.takes {
        Takes::One(_) | Takes::On(..) => quote!(#root::graph::Takes::Any(&[#(#kinds),*])),
        Takes::Join(_) => quote!(#root::graph::Takes::Join(&[#(#kinds),*])),
        Takes::Batch { first, .. } => {
            let first = match first {
                Some(first) => quote!(::core::option::Option::Some(#first)),
                None => quote!(::core::option::Option::None),
            };
            quote!(#root::graph::Takes::Batch { event: #(#kinds)*, first: #first })
        }
    }
}

fn emits(workflow: &Workflow, step: &Step) -> TokenStream {
    let root = root();
    let (graph, enum_name, emits) = (quote!(#root::graph), &workflow.enum_name, &step.emits);
    let shape = match step.emits_event.map(kind) {
        Some(kind) => quote!(#graph::Shape::Event(#kind)),
        None => quote_spanned!(emits.span()=> <#emits as #root::Emit<#enum_name>>::SHAPE),
    };
    match workflow.failed_event().map(kind) {
        Some(failed) if workflow.is_caught(step) => {
            quote!(#graph::Shape::OneOf(&[#shape, #graph::Shape::Event(#failed)]))
        }
        _ => shape,
    }
}

/// What a step's options say.
fn options(workflow: &Workflow, step: &Step) -> Vec<(TokenStream, TokenStream)> {
    let root = root();
    let graph = quote!(#root::graph);
    let mut options = Vec::new();
    let kinds = |events: &[usize]| {
        let kinds = events.iter().map(|event| kind(*event));
        quote!(&[#(#kinds),*])
    };
    if !step.sends.is_empty() {
        options.push((quote!(sends), kinds(&step.sends)));
    }
    if !step.waits.is_empty() {
        options.push((quote!(waits), kinds(&step.waits)));
    }
    if let Some(workers) = step.workers {
        let workers = Literal::u32_unsuffixed(workers);
        options.push((quote!(workers), quote!(#workers)));
    }
    if let Some(timeout) = step.timeout {
        let timeout = duration(timeout);
        options.push((quote!(timeout), quote!(::core::option::Option::Some(#timeout))));
    }
    if step.retry.is_some() {
        options.push((quote!(retries), quote!(true)));
    }
    if let Some(catch) = &step.catch {
        let place = |name: &Ident| workflow.steps.iter().position(|step| step.ident == *name);
        let of = catch.of.iter().filter_map(place).map(kind);
        let times = Literal::u32_unsuffixed(catch.times);
        let catches = quote!(#graph::Catches { of: &[#(#of),*], times: #times });
        options.push((quote!(catches), quote!(::core::option::Option::Some(#catches))));
    }
    if let Some(Apart { on, .. }) = &step.apart {
        let runs = match on {
            ApartOn::Task => quote!(Task),
            ApartOn::Pool => quote!(Pool),
        };
        options.push((quote!(runs), quote!(#graph::RunsOn::#runs)));
    }
    if step.allow_unreachable {
        options.push((quote!(allow_unreachable), quote!(true)));
    }
    if step.allow_dead_end {
        options.push((quote!(allow_dead_end), quote!(true)));
    }
    options
}

/// The checks. Every finding is a constant of its own, which fails at its own token.
pub fn checks(workflow: &Workflow) -> TokenStream {
    let root = root();
    let graph = quote!(#root::graph);
    let mut checks = vec![check(&workflow.self_type, "deny_flow", None)];
    for (place, event) in workflow.events.iter().enumerate() {
        if event.role != Role::Stop {
            checks.push(check(&event.ty, "deny_event", Some(place)));
        }
    }
    for (place, step) in workflow.steps.iter().enumerate() {
        checks.push(check(&step.ident, "deny_step", Some(place)));
        if let Takes::Batch { at, .. } = &step.takes {
            checks.push(check(at, "deny_batch", Some(place)));
        }
    }
    quote! {
        const WORDS: &[::core::primitive::u64] = &#graph::solve::<{ #graph::memory(GRAPH) }>(GRAPH);
        static SOLVED: #graph::Solution<'static> = #graph::Solution::new(GRAPH, WORDS);
        #(#checks)*
    }
}

/// One check, spanned so that rustc underlines all of `at`: a call reaches from its path to its bracket.
fn check(at: &impl ToTokens, refusal: &str, place: Option<usize>) -> TokenStream {
    let (first, last) = ends(at);
    let (root, refusal) = (root_at(first), Ident::new(refusal, first));
    let place = place.map(Literal::usize_unsuffixed).into_iter();
    let mut asked = Group::new(Delimiter::Parenthesis, quote_spanned!(first=> &SOLVED #(, #place)*));
    asked.set_span(last);
    quote_spanned!(first=> const _: () = #root::graph::#refusal #asked;)
}

/// The places of the first and of the last token.
pub fn ends(tokens: &impl ToTokens) -> (Span, Span) {
    let mut spans = tokens.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}
