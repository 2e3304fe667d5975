//! The graph as rows, and one constant for each thing that is checked, at the token to edit.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::duration;
use crate::model::{Apart, ApartOn, Event, Role, Step, Takes, Workflow};
use crate::root::{private, root, root_at};

/// `impl Events for JokeFlowEvent`, with the graph; the compiler solves one that is `checked`.
pub fn rows(workflow: &Workflow, checked: bool) -> TokenStream {
    let (root, private) = (root(), private());
    let (name, title) = (&workflow.enum_name, &workflow.name);
    let events = workflow.events.iter().map(|event| event_row(workflow, event));
    let steps = workflow.steps.iter().map(|step| step_row(workflow, step));
    let types = workflow.events.iter().map(|event| &event.ty);
    let plan = match checked {
        true => quote!(#private::Plan::solved(GRAPH, &SOLVED)),
        false => quote!(#private::Plan::new(<Self as #private::Rows>::GRAPH)),
    };
    quote! {
        impl #private::Rows for #name {
            const GRAPH: &'static #root::graph::Graph = &#root::graph::Graph {
                name: #title,
                events: &[#(#events),*],
                steps: &[#(#steps),*],
            };
        }

        impl #root::Events for #name {
            fn graph() -> &'static #root::graph::Graph {
                <Self as #private::Rows>::GRAPH
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

fn event_row(workflow: &Workflow, event: &Event) -> TokenStream {
    let root = root();
    let graph = quote!(#root::graph);
    let (name, ty, enum_name) = (&event.name, &event.ty, &workflow.enum_name);
    let role = match event.role {
        Role::Start => quote!(#graph::Role::Start),
        Role::Stop => quote!(#graph::Role::Stop),
        Role::Between => quote!(<#ty as #root::CarriedBy<#enum_name>>::TYPE.role()),
    };
    let row = quote!(#graph::EventNode::new(#name, #role));
    match (event.published, event.received) {
        (false, false) => row,
        (published, received) => {
            let published = published.then(|| quote!(published: true,));
            let received = received.then(|| quote!(received: true,));
            quote!(#graph::EventNode { #published #received ..#row })
        }
    }
}

/// The row of a step.
pub fn step_row(workflow: &Workflow, step: &Step) -> TokenStream {
    let root = root();
    let graph = quote!(#root::graph);
    let (name, enum_name, emits) = (step.ident.to_string(), &workflow.enum_name, &step.emits);
    let kinds = step.takes.events().iter().map(|event| Literal::u16_unsuffixed(*event as u16));
    let takes = match &step.takes {
        Takes::One(_) | Takes::On(..) => quote!(#graph::Takes::Any(&[#(#kinds),*])),
        Takes::Join(_) => quote!(#graph::Takes::Join(&[#(#kinds),*])),
        Takes::Batch { first, .. } => {
            let first = match first {
                Some(first) => quote!(::core::option::Option::Some(#first)),
                None => quote!(::core::option::Option::None),
            };
            quote!(#graph::Takes::Batch { event: #(#kinds)*, first: #first })
        }
    };
    let shape = match step.emits_event.map(|event| Literal::u16_unsuffixed(event as u16)) {
        Some(kind) => quote!(#graph::Shape::Event(#kind)),
        None => quote_spanned!(emits.span()=> <#emits as #root::Emit<#enum_name>>::SHAPE),
    };
    let shape = match workflow.failed_event().map(|event| Literal::u16_unsuffixed(event as u16)) {
        Some(failed) if workflow.is_caught(step) => {
            quote!(#graph::Shape::OneOf(&[#shape, #graph::Shape::Event(#failed)]))
        }
        _ => shape,
    };
    let row = quote!(#graph::StepNode::new(#name, #takes, #shape));
    let signature = &step.signature;
    let mut options = vec![quote!(signature: #signature)];
    if !step.doc.is_empty() {
        let doc = &step.doc;
        options.push(quote!(doc: #doc));
    }
    if !step.sends.is_empty() {
        let sends = step.sends.iter().map(|event| Literal::u16_unsuffixed(*event as u16));
        options.push(quote!(sends: &[#(#sends),*]));
    }
    if !step.waits.is_empty() {
        let waits = step.waits.iter().map(|event| Literal::u16_unsuffixed(*event as u16));
        options.push(quote!(waits: &[#(#waits),*]));
    }
    if let Some(workers) = step.workers {
        let workers = Literal::u32_unsuffixed(workers);
        options.push(quote!(workers: #workers));
    }
    if let Some(timeout) = step.timeout {
        let timeout = duration(timeout);
        options.push(quote!(timeout: ::core::option::Option::Some(#timeout)));
    }
    if step.retry.is_some() {
        options.push(quote!(retries: true));
    }
    if let Some(catch) = &step.catch {
        let place = |name: &Ident| workflow.steps.iter().position(|step| step.ident == *name);
        let of = catch.of.iter().filter_map(place).map(|step| Literal::u16_unsuffixed(step as u16));
        let times = Literal::u32_unsuffixed(catch.times);
        let catches = quote!(#graph::Catches { of: &[#(#of),*], times: #times });
        options.push(quote!(catches: ::core::option::Option::Some(#catches)));
    }
    if let Some(Apart { on, .. }) = &step.apart {
        let runs = match on {
            ApartOn::Task => quote!(Task),
            ApartOn::Pool => quote!(Pool),
        };
        options.push(quote!(runs: #graph::RunsOn::#runs));
    }
    if step.allow_unreachable {
        options.push(quote!(allow_unreachable: true));
    }
    if step.allow_dead_end {
        options.push(quote!(allow_dead_end: true));
    }
    quote!(#graph::StepNode { #(#options,)* ..#row })
}

/// The checks. Every finding is a constant of its own, which fails at its own token.
pub fn checks(workflow: &Workflow) -> TokenStream {
    let (root, private, enum_name) = (root(), private(), &workflow.enum_name);
    let graph = quote!(#root::graph);
    let mut checks = vec![check(&workflow.self_type, "flow_findings", None)];
    for (place, event) in workflow.events.iter().enumerate() {
        if event.role != Role::Stop {
            checks.push(check(&event.ty, "event_findings", Some(place)));
        }
    }
    for (place, step) in workflow.steps.iter().enumerate() {
        checks.push(check(&step.ident, "step_findings", Some(place)));
        if let Takes::Batch { at, .. } = &step.takes {
            checks.push(check(at, "batch_findings", Some(place)));
        }
    }
    quote! {
        const GRAPH: &#graph::Graph = <#enum_name as #private::Rows>::GRAPH;
        const WORDS: &[::core::primitive::u64] = &#graph::solve::<{ #graph::memory(GRAPH) }>(GRAPH);
        static SOLVED: #graph::Solution<'static> = #graph::Solution::new(GRAPH, WORDS);
        #(#checks)*
    }
}

/// One check, spanned so that rustc underlines all of `at`: a call reaches from its path to its bracket.
fn check(at: &impl ToTokens, question: &str, place: Option<usize>) -> TokenStream {
    let (first, last) = ends(at);
    let (root, question) = (root_at(first), Ident::new(question, first));
    let place = place.map(Literal::usize_unsuffixed).into_iter();
    let finding = quote_spanned!(first=> #root::graph::#question(&SOLVED #(, #place)*));
    let mut argument = Group::new(Delimiter::Parenthesis, finding);
    argument.set_span(last);
    quote_spanned!(first=> const _: () = #root::graph::deny #argument;)
}

/// The places of the first and of the last token.
pub fn ends(tokens: &impl ToTokens) -> (Span, Span) {
    let mut spans = tokens.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}
