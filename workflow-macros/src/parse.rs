//! Parse: reads an `impl` block into the model.
//!
//! A step that cannot be read is noted and left out; the rest of the block is read on.

use proc_macro2::Span;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, FnArg, GenericArgument, GenericParam, Generics, Ident, ImplItem, ImplItemFn, ItemImpl,
    Lifetime, Meta, PathArguments, ReceiverKind, ReturnType, Type, TypePath,
};

use crate::model::{Catch, Event, Parameter, Role, Step, StepOptions, Takes, Workflow, WorkflowOptions};
use crate::names;
use crate::options;
use crate::report::{Report, not_yet};
use crate::root;

/// What was read of one `#[step]` method, before its events have their places.
struct Read {
    step: Step,
    taken: Taken,
    sends: Vec<Type>,
    catch: Option<Catch>,
}

/// The types that start a step.
enum Taken {
    One(Type),
    On(Vec<Type>, Type),
    Join(Vec<Type>),
    Batch { whole: Type, first: Option<u32> },
}

/// Reads a whole block. `None` only when not even its name can be told.
pub fn workflow(
    options: WorkflowOptions,
    mut block: ItemImpl,
    report: &mut Report,
) -> Option<(Workflow, Vec<Catch>)> {
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
            if !scope.check_concrete(&ty, report) {
                continue;
            }
            let event = events.place(&ty);
            let event = &mut events.all[event];
            if is_published { event.published = true } else { event.received = true }
        }
    }
    let sends: Vec<Vec<usize>> =
        reads.iter().map(|read| read.sends.iter().map(|ty| events.place(ty)).collect()).collect();
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
    let mut catches = Vec::new();
    let steps = reads.into_iter().zip(takes).zip(sends).map(|((read, takes), sends)| {
        catches.extend(read.catch);
        let emits_event = events.spelled(&read.step.emits, &output);
        Step { takes, sends, emits_event, ..read.step }
    });
    let steps = steps.collect();
    let input = events
        .all
        .iter()
        .find_map(|event| (event.role == Role::Start).then(|| payload(&event.ty, "StartEvent")));
    let workflow = Workflow {
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
        block,
    };
    Some((workflow, catches))
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

/// Reads a method that is a step, and takes our attributes off it.
fn step(method: &mut ImplItemFn, scope: &Scope<'_>, report: &mut Report) -> Option<Read> {
    let attribute = take_attribute(&mut method.attrs, "step");
    let catch =
        take_attribute(&mut method.attrs, "catch").map(|attribute| options::catch(&attribute.meta, report));
    let Some(attribute) = attribute else {
        take_parameter_attributes(method);
        if let Some(catch) = catch {
            report.error_at(catch.at, "`#[catch]` stands on a step", "write `#[step]` below it");
        }
        return None;
    };
    let options = options::step(&attribute.meta, report);
    refuse_what_does_not_act(&options, report);
    let name = method.sig.ident.clone();
    if is_generic(method) {
        report.error(
            &method.sig.generics,
            format!("step `{name}` is generic"),
            "make the workflow generic instead: `impl<T> Flow<T>`",
        );
        take_parameter_attributes(method);
        return None;
    }
    let (parameters, inputs) = parameters(method, report)?;
    let taken = taken(&name, inputs, &options, scope, report)?;
    let (emits, fails_with) = returned(&method.sig.output, scope, report)?;
    let sends = options.sends.iter().map(|ty| scope.resolved(ty));
    let sends: Vec<Type> = sends.filter(|ty| scope.check_concrete(ty, report)).collect();
    let step = Step {
        attribute: attribute.path().clone(),
        is_async: method.sig.asyncness.is_some(),
        doc: first_paragraph(&method.attrs),
        parameters,
        takes: Takes::Join(Vec::new()),
        emits,
        emits_event: None,
        fails_with,
        sends: Vec::new(),
        workers: options.workers,
        allow_unreachable: options.allow_unreachable,
        allow_dead_end: options.allow_dead_end,
        ident: name,
    };
    Some(Read { step, taken, sends, catch })
}

fn refuse_what_does_not_act(options: &StepOptions, report: &mut Report) {
    let flags = [
        (options.timeout.map(|(_, at)| at), "`timeout` of a step"),
        (options.retry, "`retry`"),
        (options.blocking, "`blocking`"),
        (options.spawn, "`spawn`"),
        (options.waits.first().map(Spanned::span), "`waits`"),
    ];
    for (at, what) in flags {
        if let Some(at) = at {
            report.push(not_yet(at, what));
        }
    }
}

/// One event parameter as it is spelled.
struct InputParameter {
    ty: Type,
    take: Option<(u32, Attribute)>,
}

fn parameters(method: &mut ImplItemFn, report: &mut Report) -> Option<(Vec<Parameter>, Vec<InputParameter>)> {
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

fn contexts(parameters: &[Parameter]) -> impl Iterator<Item = &Type> {
    parameters.iter().filter_map(|parameter| match parameter {
        Parameter::Context(ty) => Some(&**ty),
        Parameter::Input => None,
    })
}

fn is_context(ty: &Type) -> bool {
    matches!(ty, Type::Path(TypePath { path, .. }) if path.segments.last().is_some_and(|last| last.ident == "Context"))
}

fn taken(
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
fn returned(output: &ReturnType, scope: &Scope<'_>, report: &mut Report) -> Option<(Type, Option<Type>)> {
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

/// The first generic argument of a type whose path ends in `name`: `Joke` of `Result<Joke, E>`. A bare
/// `StartEvent` stands for the one that wraps `Fields`.
fn payload(ty: &Type, name: &str) -> Option<Type> {
    let Type::Path(TypePath { qself: None, path, .. }) = ty else {
        return None;
    };
    let segment = path.segments.last().filter(|segment| segment.ident == name)?;
    match &segment.arguments {
        PathArguments::AngleBracketed(_) => argument(ty, 0),
        _ if name == "StartEvent" => {
            let root = root::root();
            Some(syn::parse_quote!(#root::Fields))
        }
        _ if name == "StopEvent" => Some(syn::parse_quote!(())),
        _ => None,
    }
}

/// The generic argument at a place, among those that are types.
fn argument(ty: &Type, place: usize) -> Option<Type> {
    let Type::Path(TypePath { path, .. }) = ty else {
        return None;
    };
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else {
        return None;
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.into_iter().nth(place)
}

/// Every `StopEvent<T>` that is spelled anywhere in a type, as `T` and whole.
fn stop_types(ty: &Type) -> Vec<(Type, Type)> {
    struct Stops(Vec<(Type, Type)>);
    impl Visit<'_> for Stops {
        fn visit_type(&mut self, ty: &Type) {
            match payload(ty, "StopEvent") {
                Some(output) => self.0.push((output, ty.clone())),
                None => visit::visit_type(self, ty),
            }
        }
    }
    let mut stops = Stops(Vec::new());
    stops.visit_type(ty);
    stops.0
}

/// The `StartEvent`s that steps take and the `StopEvent`s that they return, as spelled: also those of steps
/// that cannot be read otherwise.
fn spelled_doors(block: &ItemImpl, scope: &Scope<'_>) -> (Vec<Type>, Vec<(Type, Type)>) {
    let (mut starts, mut stops) = (Vec::new(), Vec::new());
    let methods = block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) if method.attrs.iter().any(|attribute| is_ours(attribute, "step")) => {
            Some(method)
        }
        _ => None,
    });
    for method in methods.filter(|method| !is_generic(method)) {
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

fn is_generic(method: &ImplItemFn) -> bool {
    method.sig.generics.params.iter().any(|parameter| !matches!(parameter, GenericParam::Lifetime(_)))
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

/// What the names `Self`, `L` and `'a` mean in a block.
struct Scope<'a> {
    self_type: &'a Type,
    generics: &'a Generics,
}

impl Scope<'_> {
    /// The type with `Self` written out.
    fn resolved(&self, ty: &Type) -> Type {
        struct WriteOut<'a>(&'a Type);
        impl VisitMut for WriteOut<'_> {
            fn visit_type_mut(&mut self, ty: &mut Type) {
                match ty {
                    Type::Path(TypePath { qself: None, path, .. }) if path.is_ident("Self") => {
                        *ty = self.0.clone()
                    }
                    _ => visit_mut::visit_type_mut(self, ty),
                }
            }
        }
        let mut ty = ty.clone();
        WriteOut(self.self_type).visit_type_mut(&mut ty);
        ty
    }

    /// The parameter of the block on which a type depends.
    fn parameter_in(&self, ty: &Type) -> Option<String> {
        struct Mentions<'a>(&'a Generics, Option<String>);
        impl Visit<'_> for Mentions<'_> {
            fn visit_ident(&mut self, ident: &Ident) {
                let known = self.0.type_params().map(|known| &known.ident);
                if known.chain(self.0.const_params().map(|known| &known.ident)).any(|known| known == ident) {
                    self.1 = Some(ident.to_string());
                }
            }

            fn visit_lifetime(&mut self, lifetime: &Lifetime) {
                if self.0.lifetimes().any(|known| known.lifetime == *lifetime) {
                    self.1 = Some(lifetime.to_string());
                }
            }
        }
        let mut mentions = Mentions(self.generics, None);
        mentions.visit_type(ty);
        mentions.1
    }

    /// Notes when an event depends on a parameter of the block; whether it does not.
    fn check_concrete(&self, ty: &Type, report: &mut Report) -> bool {
        let Some(parameter) = self.parameter_in(ty) else {
            return true;
        };
        report.error(
            ty,
            format!("the event `{}` depends on the parameter `{parameter}` of the workflow", names::spelled(ty)),
            format!("let the event hold a type without `{parameter}`: the events of a workflow are the same for every `{parameter}`"),
        );
        false
    }
}

/// The events of a workflow, each once.
#[derive(Default)]
struct Events {
    all: Vec<Event>,
}

impl Events {
    fn take(&mut self, taken: &Taken) -> Takes {
        match taken {
            Taken::One(ty) => Takes::One(self.place(ty)),
            Taken::On(types, ty) => Takes::On(types.iter().map(|ty| self.place(ty)).collect(), ty.clone()),
            Taken::Join(types) => Takes::Join(types.iter().map(|ty| self.place(ty)).collect()),
            Taken::Batch { whole, first } => {
                let event = payload(whole, "Vec").unwrap_or_else(|| whole.clone());
                Takes::Batch { event: self.place(&event), first: *first, at: whole.clone() }
            }
        }
    }

    /// The event's place; a new one goes to the end.
    fn place(&mut self, ty: &Type) -> usize {
        let role = role(ty);
        let alike = |known: &Event| known.ty == *ty || (role == Role::Stop && known.role == Role::Stop);
        self.all.iter().position(alike).unwrap_or_else(|| {
            self.all.push(Event {
                ty: ty.clone(),
                variant: Ident::new("Event", Span::call_site()),
                name: names::spelled(ty),
                role,
                published: false,
                received: false,
                sent: false,
                direct: false,
            });
            self.all.len() - 1
        })
    }

    /// The event's place when it is known under this spelling.
    fn spelled(&self, ty: &Type, output: &Type) -> Option<usize> {
        let alike = |known: &Event| match known.role {
            Role::Stop => payload(ty, "StopEvent").is_some_and(|payload| payload == *output),
            _ => known.ty == *ty,
        };
        self.all.iter().position(alike)
    }

    fn named(mut self) -> Vec<Event> {
        let types: Vec<&Type> = self.all.iter().map(|event| &event.ty).collect();
        let names = names::variants(&types);
        for (event, name) in self.all.iter_mut().zip(names) {
            event.variant = name;
        }
        self.all
    }
}

fn role(ty: &Type) -> Role {
    if payload(ty, "StartEvent").is_some() {
        Role::Start
    } else if payload(ty, "StopEvent").is_some() {
        Role::Stop
    } else {
        Role::Between
    }
}

fn take_attribute(attributes: &mut Vec<Attribute>, name: &str) -> Option<Attribute> {
    let found = attributes.iter().position(|attribute| is_ours(attribute, name))?;
    Some(attributes.remove(found))
}

fn is_ours(attribute: &Attribute, name: &str) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == name)
}

fn take_parameter_attributes(method: &mut ImplItemFn) {
    for input in &mut method.sig.inputs {
        if let FnArg::Typed(typed) = input {
            take_attribute(&mut typed.attrs, "take");
        }
    }
}

fn first_paragraph(attributes: &[Attribute]) -> String {
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
