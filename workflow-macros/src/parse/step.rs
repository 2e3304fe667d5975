//! Step: reads one `#[step]` method: its options, what it takes and what it gives.

use quote::quote;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, FnArg, GenericParam, Ident, ImplItem, ImplItemFn, Meta, ReceiverKind, ReturnType, Token, Type,
    TypePath,
};

use super::events::{is_failure, refuse_failure};
use super::types::{Scope, argument, payload};
use crate::model::{Apart, ApartOn, Catch, Parameter, Step, StepOptions, Takes};
use crate::names;
use crate::options;
use crate::report::Report;

/// What was read of one `#[step]` method, before its events have their places.
pub(super) struct Read {
    pub(super) step: Step,
    pub(super) taken: Taken,
    pub(super) sends: Vec<Type>,
    pub(super) waits: Vec<Type>,
}

/// The types that start a step.
pub(super) enum Taken {
    One(Type),
    On(Vec<Type>, Type),
    Join(Vec<Type>),
    Batch { whole: Type, first: Option<u32> },
}

/// Reads a method that is a step, and takes our attributes off it.
pub(super) fn step(method: &mut ImplItemFn, scope: &Scope<'_>, report: &mut Report) -> Option<Read> {
    let signature = names::signature(&method.attrs, &method.sig);
    let attribute = take_attribute(&mut method.attrs, "step");
    let catch =
        take_attribute(&mut method.attrs, "catch").map(|attribute| options::catch(&attribute.meta, report));
    let Some(attribute) = attribute else {
        take_parameter_attributes(&mut method.sig.inputs);
        if let Some(catch) = catch {
            report.error_at(catch.at, "`#[catch]` stands on a step", "write `#[step]` below it");
        }
        return None;
    };
    let options = options::step(&attribute.meta, report);
    let name = method.sig.ident.clone();
    if is_generic(method) {
        report.error(
            &method.sig.generics,
            format!("step `{name}` is generic"),
            "make the workflow generic instead: `impl<T> Flow<T>`",
        );
        take_parameter_attributes(&mut method.sig.inputs);
        return None;
    }
    let (parameters, inputs) = parameters(method, report)?;
    let taken = taken(&name, inputs, &options, scope, report)?;
    check_catch(&name, &taken, catch.as_ref(), report);
    let apart = apart(method, &options, report);
    let (emits, fails_with) = returned(&method.sig.output, scope, report)?;
    let mut named = |types: &[Type], door: &str| -> Vec<Type> {
        let types = types.iter().map(|ty| scope.resolved(ty));
        types.filter(|ty| !refuse_failure(ty, door, report) && scope.check_concrete(ty, report)).collect()
    };
    let (sends, waits) = (named(&options.sends, "sent"), named(&options.waits, "waited for"));
    let step = Step {
        attribute: attribute.path().clone(),
        is_async: method.sig.asyncness.is_some(),
        doc: first_paragraph(&method.attrs),
        signature,
        parameters,
        takes: Takes::Join(Vec::new()),
        emits,
        emits_event: None,
        fails_with,
        sends: Vec::new(),
        waits: Vec::new(),
        workers: options.workers,
        timeout: options.timeout,
        retry: options.retry,
        apart,
        catch,
        allow_unreachable: options.allow_unreachable,
        allow_dead_end: options.allow_dead_end,
        ident: name,
    };
    Some(Read { step, taken, sends, waits })
}

/// Where the step runs, when that is not where its run is driven.
fn apart(method: &ImplItemFn, options: &StepOptions, report: &mut Report) -> Option<Apart> {
    let (name, is_async) = (&method.sig.ident, method.sig.asyncness.is_some());
    match (options.spawn, options.blocking) {
        (Some(_), Some(at)) => {
            report.error_at(
                at,
                format!("step `{name}` has both `spawn` and `blocking`"),
                "keep `spawn` for an `async fn`, or `blocking` for a plain `fn`",
            );
            None
        }
        (Some(at), None) => {
            if !is_async {
                report.error_at(
                    at,
                    format!("step `{name}` has `spawn` and is no `async fn`"),
                    "write `async fn`, or `blocking` instead, which gives it a thread of its own",
                );
            }
            Some(Apart { at, on: ApartOn::Task })
        }
        (None, Some(at)) => {
            if is_async {
                report.error_at(
                    at,
                    format!("step `{name}` has `blocking` and is an `async fn`"),
                    "write a plain `fn`, or `spawn` instead, which gives it a task of its own",
                );
            }
            Some(Apart { at, on: ApartOn::Pool })
        }
        (None, None) => None,
    }
}

/// Notes when a step with `#[catch]` takes something else than a failure, or one without it takes that.
fn check_catch(name: &Ident, taken: &Taken, catch: Option<&Catch>, report: &mut Report) {
    let types = match taken {
        Taken::One(ty) => vec![ty.clone()],
        Taken::On(types, _) | Taken::Join(types) => types.clone(),
        Taken::Batch { whole, .. } => vec![payload(whole, "Vec").unwrap_or_else(|| whole.clone())],
    };
    let failure = types.iter().find(|ty| is_failure(ty));
    match (catch, failure) {
        (Some(_), _) if !matches!(taken, Taken::One(ty) if is_failure(ty)) => {
            let other = types.iter().find(|ty| !is_failure(ty)).unwrap_or(&types[0]);
            report.error(
                other,
                format!("step `{name}` has `#[catch]` and takes `{}`", names::spelled(other)),
                "take one `StepFailed`, and nothing else but the context",
            );
        }
        (None, Some(failure)) => report.error(
            failure,
            format!("step `{name}` takes `StepFailed` without `#[catch]`"),
            "write `#[catch]` above it for the failures of all steps, or `#[catch(of(fetch))]` for those of one",
        ),
        _ => (),
    }
}

/// One event parameter as it is spelled.
pub(super) struct InputParameter {
    pub(super) ty: Type,
    pub(super) take: Option<(u32, Attribute)>,
}

pub(super) fn parameters(
    method: &mut ImplItemFn,
    report: &mut Report,
) -> Option<(Vec<Parameter>, Vec<InputParameter>)> {
    let name = method.sig.ident.clone();
    let (mut parameters, mut inputs, mut whole) = (Vec::new(), Vec::new(), true);
    let has_receiver = matches!(method.sig.inputs.first(), Some(FnArg::Receiver(_)));
    if !has_receiver {
        report.error(
            &name,
            format!("step `{name}` does not take `&self`"),
            format!("write `fn {name}(&self, ..)`"),
        );
        whole = false;
    }
    for input in &mut method.sig.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                if !matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) {
                    report.error(
                        receiver,
                        format!("step `{name}` takes the workflow by `{}`", quote!(#receiver).to_string().replace("& ", "&")),
                        "write `&self`: many runs share one workflow; what a run changes is its state, `ctx.state(|s| ..)`",
                    );
                    whole = false;
                }
            }
            FnArg::Typed(typed) => {
                let take = take_attribute(&mut typed.attrs, "take");
                let take =
                    take.and_then(|take| report.ok(options::take(&take.meta)).map(|count| (count, take)));
                if let Type::Reference(_) = *typed.ty {
                    parameters.push(Parameter::Context(typed.ty.clone()));
                } else {
                    parameters.push(Parameter::Input);
                    inputs.push(InputParameter { ty: (*typed.ty).clone(), take });
                }
            }
        }
    }
    for (ty, number) in contexts(&parameters).zip(1..) {
        if let Type::Reference(reference) = ty
            && (number > 1 || inputs.is_empty())
            && !is_context(&reference.elem)
        {
            report.error(
                ty,
                format!("step `{name}` takes an event by reference"),
                format!("take it by value: `{}`", names::spelled(&reference.elem)),
            );
            return None;
        }
    }
    if contexts(&parameters).count() > 1 {
        report.error(&name, format!("step `{name}` takes two contexts"), "take one: `ctx: &Context<Self>`");
        whole = false;
    }
    for InputParameter { ty, .. } in &inputs {
        if is_context(ty) && argument(ty, 0).is_some() {
            report.error(ty, format!("step `{name}` takes its context by value"), "write `&Context<Self>`");
            whole = false;
        } else if let Type::ImplTrait(_) = ty {
            report.error(ty, format!("step `{name}` is generic"), "take an event of one type");
            whole = false;
        }
    }
    whole.then_some((parameters, inputs))
}

pub(super) fn contexts(parameters: &[Parameter]) -> impl Iterator<Item = &Type> {
    parameters.iter().filter_map(|parameter| match parameter {
        Parameter::Context(ty) => Some(&**ty),
        Parameter::Input => None,
    })
}

pub(super) fn is_context(ty: &Type) -> bool {
    matches!(ty, Type::Path(TypePath { path, .. }) if path.segments.last().is_some_and(|last| last.ident == "Context"))
}

pub(super) fn taken(
    name: &Ident,
    inputs: Vec<InputParameter>,
    options: &StepOptions,
    scope: &Scope<'_>,
    report: &mut Report,
) -> Option<Taken> {
    let types: Vec<Type> = inputs.iter().map(|input| scope.resolved(&input.ty)).collect();
    if let Some((on, at)) = &options.on {
        let on: Vec<Type> = on.iter().map(|ty| scope.resolved(ty)).collect();
        for (index, ty) in on.iter().enumerate() {
            if !scope.check_concrete(ty, report) {
                return None;
            }
            if on[..index].contains(ty) {
                report.error(
                    ty,
                    format!("`{}` stands twice in `on`", names::spelled(ty)),
                    "keep one of the two",
                );
                return None;
            }
        }
        let [ty] = &types[..] else {
            report.error_at(
                *at,
                format!("step `{name}` has `on(..)` and {} event parameters", types.len()),
                "take one parameter of a type that is made from each of the events: an enum with `#[derive(OneOf)]`",
            );
            return None;
        };
        return Some(Taken::On(on, ty.clone()));
    }
    if types.is_empty() {
        report.error(
            name,
            format!("step `{name}` takes no event"),
            format!("take the event that starts it: `fn {name}(&self, ev: ..)`"),
        );
        return None;
    }
    let is_batch = |ty: &Type| payload(ty, "Vec").is_some();
    for input in &inputs {
        if let Some((_, at)) = &input.take
            && !is_batch(&input.ty)
        {
            report.error(
                at,
                "`#[take]` stands on what is no batch",
                "take a `Vec` of events, or leave it out",
            );
            return None;
        }
    }
    if types.iter().any(is_batch) && types.len() > 1 {
        let second = &inputs[1].ty;
        report.error(
            second,
            format!("step `{name}` takes a batch and something else"),
            "take the `Vec` alone, and join what you make of it in another step",
        );
        return None;
    }
    for ty in &types {
        if !scope.check_concrete(&payload(ty, "Vec").unwrap_or_else(|| ty.clone()), report) {
            return None;
        }
    }
    if is_batch(&types[0]) {
        let first = inputs[0].take.as_ref().map(|(count, _)| *count);
        return Some(Taken::Batch { whole: types[0].clone(), first });
    }
    match <[Type; 1]>::try_from(types) {
        Ok([only]) => Some(Taken::One(only)),
        Err(types) => Some(Taken::Join(types)),
    }
}

/// What a step gives when it does not fail, and with what it fails when it can.
pub(super) fn returned(
    output: &ReturnType,
    scope: &Scope<'_>,
    report: &mut Report,
) -> Option<(Type, Option<Type>)> {
    let ReturnType::Type(_, ty) = output else {
        return Some((syn::parse_quote!(()), None));
    };
    let ty = scope.resolved(ty);
    if let Type::ImplTrait(_) = ty {
        report.error(
            &ty,
            "the return type of a step has no name",
            "write the event, or an enum with `#[derive(OneOf)]`",
        );
        return None;
    }
    let (emits, fails_with) = match (payload(&ty, "Result"), argument(&ty, 1)) {
        (Some(value), Some(error)) => (value, Some(error)),
        (Some(value), None) => (value, Some(ty)),
        (None, _) => (ty, None),
    };
    scope.check_concrete(&emits, report).then_some((emits, fails_with))
}

pub(super) fn is_generic(method: &ImplItemFn) -> bool {
    method.sig.generics.params.iter().any(|parameter| !matches!(parameter, GenericParam::Lifetime(_)))
}

pub(super) fn take_attribute(attributes: &mut Vec<Attribute>, name: &str) -> Option<Attribute> {
    let found = attributes.iter().position(|attribute| is_ours(attribute, name))?;
    Some(attributes.remove(found))
}

/// The method, when the item is a step; its attribute may be written with a path.
pub fn as_step(item: &ImplItem) -> Option<&ImplItemFn> {
    match item {
        ImplItem::Fn(method) if method.attrs.iter().any(|attribute| is_ours(attribute, "step")) => {
            Some(method)
        }
        _ => None,
    }
}

fn is_ours(attribute: &Attribute, name: &str) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == name)
}

pub(super) fn take_parameter_attributes(inputs: &mut Punctuated<FnArg, Token![,]>) {
    for input in inputs {
        if let FnArg::Typed(typed) = input {
            take_attribute(&mut typed.attrs, "take");
        }
    }
}

pub(super) fn first_paragraph(attributes: &[Attribute]) -> String {
    let lines =
        attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(|attribute| {
            match &attribute.meta {
                Meta::NameValue(pair) => match &pair.value {
                    syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => {
                        Some(text.value().trim().to_owned())
                    }
                    _ => None,
                },
                _ => None,
            }
        });
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
