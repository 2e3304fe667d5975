//! Names: what an event is called in the generated enum and in pictures.

use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use syn::{Attribute, GenericArgument, PathArguments, Signature, Type, TypePath};

/// The type as the user would type it: `joke::Joke`, `Found<Page>`.
pub fn spelled(ty: &impl ToTokens) -> String {
    tidy(&ty.to_token_stream().to_string())
}

fn tidy(text: &str) -> String {
    let mut tidy = text.replace(" :: ", "::").replace(" < ", "<").replace(" >", ">").replace(" ,", ",");
    for (from, to) in [("< ", "<"), (":: ", "::"), (" ::", "::"), ("& ", "&")] {
        tidy = tidy.replace(from, to);
    }
    tidy
}

/// The signature of a step below what stands above it, as the user would type them.
pub fn signature(attributes: &[Attribute], signature: &Signature) -> String {
    let ours = |attribute: &&Attribute| {
        attribute.path().segments.last().is_some_and(|last| last.ident == "step" || last.ident == "catch")
    };
    let lines = attributes.iter().filter(ours).map(code);
    lines.chain([code(signature)]).collect::<Vec<_>>().join("\n")
}

/// Code on one line, with its spaces where one is used to see them.
fn code(tokens: &impl ToTokens) -> String {
    // Long code comes on several lines.
    let text = tokens.to_token_stream().to_string();
    let mut code = tidy(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    for (from, to) in [
        ("# [", "#["),
        ("[ ", "["),
        (" ]", "]"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (",)", ")"),
        (" :", ":"),
        (" <", "<"),
        ("->(", "-> ("),
        ("-><", "-> <"),
        ("=(", "= ("),
        (",(", ", ("),
        (":(", ": ("),
    ] {
        code = code.replace(from, to);
    }
    code
}

/// A name for each type, none of them twice: the last part of its path, with the names of its generic
/// arguments or of its modules where that is not enough.
pub fn variants(types: &[&Type]) -> Vec<Ident> {
    let mut names: Vec<String> = types.iter().map(|ty| last(ty)).collect();
    for widen in [with_arguments as fn(&Type) -> String, with_modules] {
        for name in repeated(&names) {
            for (ty, taken) in types.iter().zip(&mut names) {
                if *taken == name {
                    *taken = widen(ty);
                }
            }
        }
    }
    for name in repeated(&names) {
        let alike = names.iter_mut().filter(|taken| **taken == name);
        for (index, taken) in alike.enumerate().skip(1) {
            *taken = format!("{name}{}", index + 1);
        }
    }
    names.iter().map(|name| format_ident!("{name}", span = Span::call_site())).collect()
}

fn repeated(names: &[String]) -> Vec<String> {
    let mut repeated: Vec<String> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) && !repeated.contains(name) {
            repeated.push(name.clone());
        }
    }
    repeated
}

fn last(ty: &Type) -> String {
    match ty {
        Type::Path(TypePath { path, .. }) => {
            path.segments.last().map_or_else(|| "Event".to_owned(), |segment| segment.ident.to_string())
        }
        _ => "Event".to_owned(),
    }
}

fn with_arguments(ty: &Type) -> String {
    let mut name = last(ty);
    if let Type::Path(TypePath { path, .. }) = ty
        && let Some(segment) = path.segments.last()
        && let PathArguments::AngleBracketed(arguments) = &segment.arguments
    {
        for argument in &arguments.args {
            if let GenericArgument::Type(ty) = argument {
                name += &capitalised(&with_arguments(ty));
            }
        }
    }
    name
}

fn with_modules(ty: &Type) -> String {
    let Type::Path(TypePath { path, .. }) = ty else {
        return last(ty);
    };
    let modules = path.segments.iter().rev().skip(1).collect::<Vec<_>>();
    let mut name = String::new();
    for module in modules.into_iter().rev() {
        let module = module.ident.to_string();
        if !matches!(module.as_str(), "crate" | "self" | "super") {
            name += &capitalised(&module);
        }
    }
    name + &with_arguments(ty)
}

fn capitalised(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
        })
        .collect()
}
