//! Options: reads what stands in `#[workflow(..)]`, `#[step(..)]`, `#[catch(..)]` and `#[take(..)]`.
//!
//! One wrong option does not hide another: each is noted at its own token, and the rest is read on.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Ident, Lit, LitBool, LitInt, LitStr, Meta, Token, parenthesized};

use crate::model::{Catch, StepOptions, WorkflowOptions};
use crate::report::{Report, error};
use crate::retry;

/// Reads the options of a workflow.
pub fn workflow(tokens: TokenStream, report: &mut Report) -> WorkflowOptions {
    const KNOWN: [&str; 7] = ["name", "events", "timeout", "state", "output", "publishes", "receives"];
    let mut options = WorkflowOptions::default();
    read(tokens, report, |key, input| {
        match key.to_string().as_str() {
            "name" => {
                options.name = Some(value::<LitStr>(key, input, "a text", "name = \"orders\"")?.value())
            }
            "events" => options.events = Some(value(key, input, "a name", "events = OrderEvent")?),
            "timeout" => options.timeout = Some(duration(key, input)?),
            "state" => options.state = Some(value(key, input, "a type", "state = Cart")?),
            "output" => options.output = Some(value(key, input, "a type", "output = String")?),
            "publishes" => options.publishes = list(key, input, "publishes(Progress)")?,
            "receives" => options.receives = list(key, input, "receives(Approval)")?,
            "__cfg" => options.cfg = list::<LitBool>(key, input, "")?.iter().map(LitBool::value).collect(),
            _ => return Err(unknown(key, "a workflow", &KNOWN)),
        }
        Ok(())
    });
    options
}

/// Reads the options of a step.
pub fn step(meta: &Meta, report: &mut Report) -> StepOptions {
    const KNOWN: [&str; 9] =
        ["workers", "timeout", "retry", "on", "sends", "waits", "blocking", "spawn", "allow"];
    let mut options = StepOptions::default();
    let tokens = match meta {
        Meta::Path(_) => return options,
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(other) => {
            report.error(other, "`#[step]` takes its options in brackets", "write `#[step(workers = 4)]`");
            return options;
        }
    };
    let (mut allowed, mut retry) = (Vec::new(), None);
    read(tokens, report, |key, input| {
        match key.to_string().as_str() {
            "workers" => {
                options.workers = Some(count(&value(key, input, "a number", "workers = 4")?, "workers")?)
            }
            "timeout" => options.timeout = Some(duration(key, input)?),
            "retry" => retry = Some(retry::take(key, input)?),
            "on" => options.on = Some((list(key, input, "on(Draft, Revision)")?, key.span())),
            "sends" => options.sends = list(key, input, "sends(Progress)")?,
            "waits" => options.waits = list(key, input, "waits(Approval)")?,
            "blocking" => options.blocking = Some(key.span()),
            "spawn" => options.spawn = Some(key.span()),
            "allow" => allowed = list::<Ident>(key, input, "allow(unreachable)")?,
            "workflow" => {
                return Err(error(
                    key.span(),
                    "`workflow = ..` is for a free function",
                    "leave it out: the step belongs to the block that it stands in",
                ));
            }
            _ => return Err(unknown(key, "a step", &KNOWN)),
        }
        Ok(())
    });
    options.retry = retry.map(|written| written.read(report));
    for lint in allowed {
        match lint.to_string().as_str() {
            "unreachable" => options.allow_unreachable = true,
            "dead_end" => options.allow_dead_end = true,
            _ => report.push(unknown(&lint, "`allow`", &["unreachable", "dead_end"])),
        }
    }
    options
}

/// Reads `#[catch]`.
pub fn catch(meta: &Meta, report: &mut Report) -> Catch {
    let mut catch = Catch { at: meta.span(), of: Vec::new(), times: 1 };
    if let Meta::List(options) = meta {
        read(options.tokens.clone(), report, |key, input| {
            match key.to_string().as_str() {
                "of" => catch.of = list(key, input, "of(fetch)")?,
                "times" => catch.times = count(&value(key, input, "a number", "times = 2")?, "times")?,
                _ => return Err(unknown(key, "`#[catch]`", &["of", "times"])),
            }
            Ok(())
        });
    }
    catch
}

/// Reads `#[take(n)]`.
pub fn take(meta: &Meta) -> syn::Result<u32> {
    let wants = "write how many events are enough: `#[take(3)]`";
    match meta {
        Meta::List(list) => {
            let number = syn::parse2::<LitInt>(list.tokens.clone())
                .map_err(|_| error(list.span(), "`#[take]` wants a number", wants))?;
            count(&number, "take")
        }
        _ => Err(error(meta.span(), "`#[take]` wants a number", wants)),
    }
}

/// Calls `each` for every `key ..` of a list with commas; after an error it goes on behind the next comma.
pub fn read(
    tokens: TokenStream,
    report: &mut Report,
    mut each: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) {
    let mut seen: Vec<Ident> = Vec::new();
    let parsed = (|input: ParseStream<'_>| {
        while !input.is_empty() {
            let key: Ident = match input.parse() {
                Ok(key) => key,
                Err(found) => {
                    report.error_at(
                        found.span(),
                        "an option begins with its name",
                        "write `name`, `name = value` or `name(..)`",
                    );
                    skip_to_comma(input);
                    continue;
                }
            };
            if seen.contains(&key) {
                report.error(&key, format!("`{key}` is set twice"), "keep one of the two");
            }
            seen.push(key.clone());
            match each(&key, input) {
                Ok(()) if input.is_empty() || input.peek(Token![,]) => (),
                Ok(()) => report.error_at(
                    input.span(),
                    format!("something is left over after `{key}`"),
                    "put a comma between two options",
                ),
                Err(found) => report.push(found),
            }
            skip_to_comma(input);
        }
        Ok(())
    })
    .parse2(tokens);
    report.ok(parsed);
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() {
        if input.parse::<Option<Token![,]>>().is_ok_and(|comma| comma.is_some()) {
            return;
        }
        let _ = input.parse::<proc_macro2::TokenTree>();
    }
}

/// The value behind `key =`.
pub fn value<T: syn::parse::Parse>(
    key: &Ident,
    input: ParseStream<'_>,
    wants: &str,
    example: &str,
) -> syn::Result<T> {
    let wrong = |at: Span| error(at, format!("`{key}` wants {wants}"), format!("write `{example}`"));
    if !input.peek(Token![=]) {
        return Err(wrong(key.span()));
    }
    input.parse::<Token![=]>()?;
    let at = if input.is_empty() { key.span() } else { input.span() };
    input.parse().map_err(|_| wrong(at))
}

/// The list behind `key`, in brackets, of one element or more.
pub fn list<T: syn::parse::Parse>(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<Vec<T>> {
    let wrong = |at: Span| error(at, format!("`{key}` wants a list"), format!("write `{example}`"));
    if !input.peek(syn::token::Paren) {
        return Err(wrong(key.span()));
    }
    let content;
    parenthesized!(content in input);
    let all = Punctuated::<T, Token![,]>::parse_terminated(&content).map_err(|found| wrong(found.span()))?;
    if all.is_empty() {
        return Err(wrong(key.span()));
    }
    Ok(all.into_iter().collect())
}

/// The duration behind `key =`, longer than zero.
pub fn duration(key: &Ident, input: ParseStream<'_>) -> syn::Result<Duration> {
    let help = "write a number and a unit: `500ms`, `60s`, `5m`, `1h 30m`";
    let value: Expr = value(key, input, "a duration", &format!("{key} = \"60s\""))?;
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &value else {
        return Err(error(value.span(), format!("`{key}` wants a duration in quotes"), help));
    };
    match humantime::parse_duration(&text.value()) {
        Ok(Duration::ZERO) => {
            Err(error(text.span(), format!("a `{key}` of zero leaves no time for anything"), help))
        }
        Ok(duration) => Ok(duration),
        Err(_) => Err(error(text.span(), format!("`{}` is no duration", text.value()), help)),
    }
}

/// A number from 1 on.
pub fn count(number: &LitInt, of: &str) -> syn::Result<u32> {
    match number.base10_parse() {
        Ok(0) => {
            Err(error(number.span(), format!("`{of}` is at least 1"), "write 1 or more, or leave it out"))
        }
        Ok(count) => Ok(count),
        Err(_) => Err(error(
            number.span(),
            format!("`{number}` is no count for `{of}`"),
            "write a whole number from 1 on",
        )),
    }
}

/// What is said of an option that does not exist.
pub fn unknown(key: &Ident, of: &str, known: &[&str]) -> syn::Error {
    let listed: Vec<_> = known.iter().map(|known| format!("`{known}`")).collect();
    error(key.span(), format!("{of} has no option `{key}`"), format!("the options are {}", listed.join(", ")))
}
