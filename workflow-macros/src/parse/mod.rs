//! Parse: reads an `impl` block into the model.
//!
//! A step that cannot be read is noted and left out; the rest of the block is read on.

pub mod attached;
mod events;
mod step;
mod types;

use proc_macro2::Span;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, Ident, ImplItem, ItemImpl, ReturnType, Type, TypePath};

use crate::model::{Role, Step, Takes, Workflow, WorkflowOptions};
use crate::names;
use crate::report::Report;
use crate::root;

use events::{Events, refuse_failure, role};
pub use step::as_step;
use step::{Read, is_generic, step};
use types::{Scope, payload, stop_types};

/// Reads a whole block. `None` only when not even its name can be told.
pub fn workflow(options: WorkflowOptions, mut block: ItemImpl, report: &mut Report) -> Option<Workflow> {
    let self_type = (*block.self_ty).clone();
    let base = self_name(&self_type, report)?;
    if let Some((path, _)) = &block.trait_ {
        report.error(
            path,
            "a workflow is no trait implementation",
            "write the steps in an `impl` block of the type itself",
        );
    }
    let scope = Scope { self_type: &self_type, generics: &block.generics.clone() };
    let (starts, stops) = spelled_doors(&block, &scope);
    let mut reads = Vec::new();
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item
            && let Some(read) = step(method, &scope, report)
        {
            reads.push(read);
        }
    }
    let mut events = Events::default();
    let takes: Vec<Takes> = reads.iter().map(|read| events.take(&read.taken)).collect();
    for (doors, is_published) in [(&options.publishes, true), (&options.receives, false)] {
        for ty in doors {
            let ty = scope.resolved(ty);
            let door = if is_published { "published" } else { "received" };
            if refuse_failure(&ty, door, report) || !scope.check_concrete(&ty, report) {
                continue;
            }
            let event = events.place(&ty);
            let event = &mut events.all[event];
            if is_published { event.published = true } else { event.received = true }
        }
    }
    let mut places = |of: fn(&Read) -> &[Type]| -> Vec<Vec<usize>> {
        reads.iter().map(|read| of(read).iter().map(|ty| events.place(ty)).collect()).collect()
    };
    let (sends, waits) = (places(|read| &read.sends), places(|read| &read.waits));
    if let Some(start) = starts.first()
        && !report.is_clean()
    {
        events.place(start);
    }
    let sent = reads.iter().flat_map(|read| read.sends.iter().flat_map(stop_types));
    let known = output(&options, stops.into_iter().chain(sent).collect(), &scope, report);
    let stop_name = known
        .as_ref()
        .map_or_else(|| "StopEvent".to_owned(), |output| format!("StopEvent<{}>", names::spelled(output)));
    let output = known.unwrap_or_else(|| searched(&reads, &events));
    let stop = events.place(&stop_event(&output));
    events.all[stop].name = stop_name;
    for place in sends.iter().flatten() {
        events.all[*place].sent = true;
    }
    for place in waits.iter().flatten() {
        events.all[*place].waited = true;
    }
    let edges = takes.into_iter().zip(sends).zip(waits);
    let steps = reads.into_iter().zip(edges).map(|(read, ((takes, sends), waits))| {
        let emits_event = events.spelled(&read.step.emits, &output);
        Step { takes, sends, waits, emits_event, ..read.step }
    });
    let steps = steps.collect();
    let input = events
        .all
        .iter()
        .find_map(|event| (event.role == Role::Start).then(|| payload(&event.ty, "StartEvent")));
    Some(Workflow {
        self_type,
        generics: block.generics.clone(),
        name: options.name.unwrap_or_else(|| base.to_string()),
        enum_name: options.events.unwrap_or_else(|| quote::format_ident!("{}Event", base)),
        timeout: options.timeout,
        state: options.state,
        input: input.flatten(),
        output,
        events: events.named(),
        steps,
        gone: options.gone,
        block,
    })
}

fn self_name(ty: &Type, report: &mut Report) -> Option<Ident> {
    match ty {
        Type::Path(TypePath { qself: None, path, .. }) => {
            path.segments.last().map(|segment| segment.ident.clone())
        }
        other => {
            report.error(other, "a workflow is a struct or an enum", "write `impl YourType { .. }`");
            None
        }
    }
}

/// The `StartEvent`s that steps take and the `StopEvent`s that they return, as spelled: also those of steps
/// that cannot be read otherwise.
fn spelled_doors(block: &ItemImpl, scope: &Scope<'_>) -> (Vec<Type>, Vec<(Type, Type)>) {
    let (mut starts, mut stops) = (Vec::new(), Vec::new());
    for method in block.items.iter().filter_map(as_step).filter(|method| !is_generic(method)) {
        let taken = method.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(scope.resolved(&typed.ty)),
            FnArg::Receiver(_) => None,
        });
        starts.extend(taken.filter(|ty| role(ty) == Role::Start && scope.parameter_in(ty).is_none()));
        if let ReturnType::Type(_, ty) = &method.sig.output {
            let stop = stop_types(&scope.resolved(ty));
            stops.extend(stop.into_iter().filter(|(ty, _)| scope.parameter_in(ty).is_none()));
        }
    }
    (starts, stops)
}

fn output(
    options: &WorkflowOptions,
    spelled: Vec<(Type, Type)>,
    scope: &Scope<'_>,
    report: &mut Report,
) -> Option<Type> {
    let said = options.output.as_ref().map(|ty| scope.resolved(ty));
    let first = said.or_else(|| spelled.first().map(|(ty, _)| ty.clone()))?;
    let other = spelled.iter().find(|(ty, _)| *ty != first);
    if let Some((ty, at)) = other {
        report.error(
            at,
            format!(
                "two stop types: `StopEvent<{}>` and `StopEvent<{}>`",
                names::spelled(&first),
                names::spelled(ty)
            ),
            "a run gives one type: an enum holds several kinds of result",
        );
    }
    scope.check_concrete(&first, report).then_some(first)
}

/// The result as the types have it, where an enum or another name hides every `StopEvent<T>`.
fn searched(reads: &[Read], events: &Events) -> Type {
    let private = root::private();
    let returned = reads.iter().map(|read| &read.step.emits).chain(reads.iter().flat_map(|read| &read.sends));
    let returned = returned.filter(|ty| !events.all.iter().any(|known| known.ty == **ty));
    let (mut search, mut at) = (quote!(#private::Nothing), Span::call_site());
    for ty in returned.collect::<Vec<_>>().into_iter().rev() {
        at = ty.span();
        let stop = quote_spanned!(at=> <#ty as #private::Gives>::Stop);
        search = quote!(<#stop as #private::Search>::Or<#search>);
    }
    syn::parse_quote_spanned!(at=> <#search as #private::Search>::Output)
}

fn stop_event(output: &Type) -> Type {
    let root = root::root_at(output.span());
    syn::parse_quote_spanned!(output.span()=> #root::StopEvent<#output>)
}
