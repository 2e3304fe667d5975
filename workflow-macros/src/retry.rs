//! Retry: reads the option `retry` of a step.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{ExprPath, Ident, Lit, Token, parenthesized, token};

use crate::model::{Retry, RetryOptions, RetryWait};
use crate::options::{count, duration, list, read, unknown, value};
use crate::report::{Report, error};

/// What stands behind the key, taken off the input but not read yet.
pub fn take(key: &Ident, input: ParseStream<'_>) -> syn::Result<Written> {
    if input.peek(Token![=]) {
        return value(key, input, "a path to a function", "retry = path::to::policy").map(Written::Path);
    }
    if !input.peek(token::Paren) {
        return Ok(Written::Options(TokenStream::new()));
    }
    let content;
    parenthesized!(content in input);
    content.parse().map(Written::Options)
}

/// The option as it is spelled.
pub enum Written {
    Path(ExprPath),
    Options(TokenStream),
}

impl Written {
    /// Reads it, and notes what is wrong with it.
    pub fn read(self, report: &mut Report) -> Retry {
        match self {
            Self::Path(path) => Retry::By(path),
            Self::Options(tokens) => Retry::With(Box::new(options(tokens, report))),
        }
    }
}

/// `wait`, `base`, `multiplier` and `max` as they stand there, each with its key.
#[derive(Default)]
struct Waits {
    wait: Option<(Ident, Duration)>,
    base: Option<(Ident, Duration)>,
    multiplier: Option<(Ident, f64)>,
    max: Option<(Ident, Duration)>,
}

fn options(tokens: TokenStream, report: &mut Report) -> RetryOptions {
    const KNOWN: [&str; 9] =
        ["attempts", "wait", "base", "multiplier", "max", "jitter", "within", "on", "when"];
    let (mut options, mut waits, before) = (RetryOptions::default(), Waits::default(), report.is_clean());
    read(tokens, report, |key, input| {
        match key.to_string().as_str() {
            "attempts" => {
                options.attempts = Some(count(&value(key, input, "a number", "attempts = 3")?, "attempts")?)
            }
            "wait" => waits.wait = Some((key.clone(), duration(key, input)?)),
            "base" => waits.base = Some((key.clone(), duration(key, input)?)),
            "multiplier" => waits.multiplier = Some((key.clone(), factor(key, input)?)),
            "max" => waits.max = Some((key.clone(), duration(key, input)?)),
            "jitter" => options.jitter = true,
            "within" => options.within = Some(duration(key, input)?),
            "on" if input.peek(Token![=]) => {
                options.on = vec![value(key, input, "an error type", "on = TimeoutError")?]
            }
            "on" => options.on = list(key, input, "on(TimeoutError, Busy)")?,
            "when" => {
                options.when = Some(value(key, input, "a path to a function", "when = path::to::function")?)
            }
            _ => return Err(unknown(key, "`retry`", &KNOWN)),
        }
        Ok(())
    });
    if !before || report.is_clean() {
        options.wait = wait(waits, report);
    }
    options
}

/// How long it waits, when what is said of it goes together.
fn wait(Waits { wait, base, multiplier, max }: Waits, report: &mut Report) -> Option<RetryWait> {
    match (wait, base) {
        (Some((_, wait)), None) => {
            for (key, name) in growth(multiplier, max) {
                report.error(
                    &key,
                    format!("`{name}` is for waits that grow, and `wait` is the same each time"),
                    format!("write `base` instead of `wait`, or leave `{name}` out"),
                );
            }
            Some(RetryWait::Fixed(wait))
        }
        (None, Some((_, base))) => {
            if let Some((key, max)) = &max
                && *max < base
            {
                report.error(key, "`max` is shorter than `base`", "let the waits grow from `base` to `max`");
            }
            let (multiplier, max) = (multiplier.map(|(_, by)| by), max.map(|(_, max)| max));
            Some(RetryWait::Exponential { base, multiplier, max })
        }
        (Some((key, _)), Some(_)) => {
            report.error(
                &key,
                "`wait` and `base` exclude each other",
                "keep `wait` for equal waits, or `base` for waits that grow",
            );
            None
        }
        (None, None) => {
            for (key, name) in growth(multiplier, max) {
                report.error(
                    &key,
                    format!("`{name}` is for waits that grow, from a `base` that is not set"),
                    format!("write `base = \"100ms\"` before it, or leave `{name}` out"),
                );
            }
            None
        }
    }
}

fn growth(
    multiplier: Option<(Ident, f64)>,
    max: Option<(Ident, Duration)>,
) -> impl Iterator<Item = (Ident, String)> {
    let keys = multiplier.map(|(key, _)| key).into_iter().chain(max.map(|(key, _)| key));
    keys.map(|key| (key.clone(), key.to_string()))
}

/// How many times longer each wait is than the one before.
fn factor(key: &Ident, input: ParseStream<'_>) -> syn::Result<f64> {
    let literal: Lit = value(key, input, "a number", "multiplier = 2")?;
    let help = "write how many times longer each wait is than the one before: `multiplier = 2`";
    let number = match &literal {
        Lit::Int(number) => number.base10_parse::<f64>(),
        Lit::Float(number) => number.base10_parse(),
        _ => Err(error(literal.span(), "`multiplier` wants a number", help)),
    };
    match number {
        Ok(number) if number >= 1.0 && number.is_finite() => Ok(number),
        Ok(_) => Err(error(literal.span(), "`multiplier` is at least 1", help)),
        Err(_) => Err(error(literal.span(), "`multiplier` wants a number", help)),
    }
}
