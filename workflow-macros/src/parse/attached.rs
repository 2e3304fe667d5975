//! Attached: reads a struct as a workflow, and a free function as a step of one.
//!
//! A function is read as the method that it would be in a block, by the same code.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{DeriveInput, FnArg, Generics, Ident, ImplItemFn, ItemFn, Token, Type, TypePath, parse_quote};

use super::events::Events;
use super::step::{is_context, step as method_step, take_parameter_attributes};
use super::types::{Scope, argument};
use crate::model::{Argument, AttachedStep, AttachedWorkflow, Step, Workflow};
use crate::report::Report;
use crate::{names, options};

/// Reads a struct or an enum with the options above it.
pub fn workflow(tokens: TokenStream, item: DeriveInput, report: &mut Report) -> Option<AttachedWorkflow> {
    let (input, tokens) = take_option(tokens, "input", "String", report);
    let options = options::workflow(tokens, report);
    if let Some(events) = &options.events {
        report.error(
            events,
            "`events` names the enum that an `impl` block makes",
            "leave it out: a struct makes none, and an event of a stream is asked for by type, `event.get::<Draft>()`",
        );
    }
    if !item.generics.params.is_empty() {
        report.error(
            &item.generics,
            format!("workflow `{}` has parameters, and its steps are free functions", item.ident),
            "write the steps in an `impl` block, or hold a `Box<dyn ..>` in place of the parameter",
        );
        return None;
    }
    Some(AttachedWorkflow {
        name: options.name.unwrap_or_else(|| item.ident.to_string()),
        ident: item.ident,
        timeout: options.timeout,
        state: options.state,
        input,
        output: options.output,
        publishes: options.publishes,
        receives: options.receives,
    })
}

/// Reads a function with the options above it; what is ours is taken off its parameters.
pub fn step(tokens: TokenStream, function: &mut ItemFn, report: &mut Report) -> Option<AttachedStep> {
    let (flow, tokens) = take_option(tokens, "workflow", "JokeFlow", report);
    let whole = function.clone();
    let name = function.sig.ident.clone();
    function.attrs.retain(|attribute| !attribute.path().is_ident("catch"));
    take_parameter_attributes(&mut function.sig.inputs);
    let flow = flow?;
    let arguments = arguments(&name, &whole, &flow, report)?;
    let mut method = as_method(&whole, &arguments, &tokens);
    let signature = names::signature(&method.attrs, &whole.sig);
    let scope = Scope { self_type: &flow, generics: &Generics::default() };
    let read = method_step(&mut method, &scope, report)?;
    let mut events = Events::default();
    let takes = events.take(&read.taken);
    let sends = read.sends.iter().map(|ty| events.place(ty)).collect();
    let waits = read.waits.iter().map(|ty| events.place(ty)).collect();
    let emits = read.step.emits;
    // Any place will do: the row of a function says nothing of what it emits.
    let step =
        Step { takes, sends, waits, signature, emits: parse_quote!(()), emits_event: Some(0), ..read.step };
    let workflow = Workflow {
        block: parse_quote!(impl #flow {}),
        self_type: flow.clone(),
        generics: Generics::default(),
        name: names::spelled(&flow),
        enum_name: parse_quote!(WorkflowEvents),
        timeout: None,
        state: None,
        input: None,
        output: parse_quote!(()),
        events: events.named(),
        steps: vec![step],
        gone: Vec::new(),
    };
    Some(AttachedStep { flow, arguments, emits, workflow })
}

/// What each parameter of the function is, or a note about one that it cannot have.
fn arguments(name: &Ident, function: &ItemFn, flow: &Type, report: &mut Report) -> Option<Vec<Argument>> {
    let flow_name = names::spelled(flow);
    let (mut arguments, mut whole) = (Vec::new(), true);
    let mut refuse = |at: &dyn ToTokens, what: String, help: String| {
        report.error(&at.to_token_stream(), what, help);
        whole = false;
    };
    for input in &function.sig.inputs {
        let ty = match input {
            FnArg::Receiver(receiver) => {
                let what = format!("step `{name}` takes `self`, which a free function has not");
                refuse(receiver, what, format!("take the workflow by reference: `flow: &{flow_name}`"));
                continue;
            }
            FnArg::Typed(typed) => &*typed.ty,
        };
        let shared = "many runs share one workflow; what a run changes is its state, `ctx.state(|s| ..)`";
        arguments.push(match ty {
            Type::Reference(reference) if is_context(&reference.elem) => Argument::Context,
            Type::Reference(reference) if last(&reference.elem) == last(flow) => {
                if reference.mutability.is_some() {
                    let what = format!("step `{name}` takes the workflow by `{}`", names::spelled(ty));
                    refuse(ty, what, format!("write `&{flow_name}`: {shared}"));
                }
                Argument::Flow
            }
            Type::Reference(reference) => {
                let ty_name = names::spelled(&reference.elem);
                let what =
                    format!("step `{name}` takes `&{ty_name}`, which is neither its workflow nor its context");
                let help = format!(
                    "take an event by value: `{ty_name}`; the workflow is `&{flow_name}`, the context `&Context<{flow_name}>`"
                );
                refuse(ty, what, help);
                continue;
            }
            ty if last(ty).is_some() && last(ty) == last(flow) => {
                let what = format!("step `{name}` takes the workflow by value");
                refuse(ty, what, format!("write `&{flow_name}`: {shared}"));
                continue;
            }
            ty if is_context(ty) && argument(ty, 0).is_some() => {
                let what = format!("step `{name}` takes its context by value");
                refuse(ty, what, format!("write `&Context<{flow_name}>`"));
                continue;
            }
            _ => Argument::Input,
        });
    }
    let count = |wanted: Argument| arguments.iter().filter(|argument| **argument == wanted).count();
    for (wanted, what, one) in [
        (Argument::Flow, "its workflow twice", format!("flow: &{flow_name}")),
        (Argument::Context, "two contexts", format!("ctx: &Context<{flow_name}>")),
    ] {
        if count(wanted) > 1 {
            refuse(name, format!("step `{name}` takes {what}"), format!("take one: `{one}`"));
        }
    }
    if whole && count(Argument::Input) == 0 {
        report.error(
            name,
            format!("step `{name}` takes no event"),
            format!("take the event that starts it: `fn {name}(ev: ..)`"),
        );
        return None;
    }
    whole.then_some(arguments)
}

/// The last name in the path of a type.
fn last(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(TypePath { path, .. }) => path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// The function as a method with nothing in it.
fn as_method(function: &ItemFn, arguments: &[Argument], options: &TokenStream) -> ImplItemFn {
    let mut sig = function.sig.clone();
    let inputs = function.sig.inputs.iter().zip(arguments);
    let inputs = inputs.filter(|(_, argument)| **argument != Argument::Flow).map(|(input, _)| input);
    let receiver: FnArg = parse_quote!(&self);
    sig.inputs = [receiver].into_iter().chain(inputs.cloned()).collect();
    let attributes = &function.attrs;
    let options = (!options.is_empty()).then(|| quote!((#options)));
    parse_quote! {
        #(#attributes)*
        #[step #options]
        #sig {}
    }
}

/// Takes `key = Type` out of a list of options.
fn take_option(
    tokens: TokenStream,
    key: &str,
    example: &str,
    report: &mut Report,
) -> (Option<Type>, TokenStream) {
    let (mut found, mut rest) = (None, TokenStream::new());
    let parsed = (|input: ParseStream<'_>| {
        while !input.is_empty() {
            if input.fork().parse::<Ident>().is_ok_and(|ident| ident == key) {
                let ident: Ident = input.parse()?;
                let wants = (format!("`{key}` wants a type"), format!("write `{key} = {example}`"));
                let equals = input.parse::<Option<Token![=]>>()?;
                match input.parse::<Type>() {
                    Ok(_) if found.is_some() => {
                        report.error(&ident, format!("`{key}` is set twice"), "keep one of the two");
                    }
                    Ok(ty) if equals.is_some() => found = Some(ty),
                    Ok(_) | Err(_) => report.error(&ident, wants.0, wants.1),
                }
                if !input.is_empty() && !input.peek(Token![,]) {
                    report.error_at(
                        input.span(),
                        format!("something is left over after `{key}`"),
                        "put a comma between two options",
                    );
                }
                while !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
                    input.parse::<proc_macro2::TokenTree>()?;
                }
                continue;
            }
            while !input.is_empty() {
                let token: proc_macro2::TokenTree = input.parse()?;
                let ends = matches!(&token, proc_macro2::TokenTree::Punct(punct) if punct.as_char() == ',');
                rest.extend([token]);
                if ends {
                    break;
                }
            }
        }
        Ok(())
    })
    .parse2(tokens);
    report.ok(parsed);
    (found, rest)
}
