//! Cfg: steps under `#[cfg(..)]`.
//!
//! A macro cannot ask whether a condition holds, but it can write the block twice, once under the
//! condition and once under its opposite, each with the answer: of the two one is left. One condition is
//! answered at a time, so the block is written twice per condition and not once per combination.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, ImplItem, ItemImpl, Meta};

use crate::parse::as_step;
use crate::root::root;

/// The block twice, when a condition is still open; `answers` are those that are known.
pub fn ask(options: &TokenStream, answers: &[bool], block: &ItemImpl) -> Option<TokenStream> {
    let conditions = conditions(block);
    let open = conditions.get(answers.len())?;
    let root = root();
    let options = if answers.is_empty() {
        options.clone()
    } else {
        // Ours stands first, and ends at the first comma on this level.
        options.clone().into_iter().skip(3).collect()
    };
    let branch = |holds: bool| {
        let answers = answers.iter().chain([&holds]);
        let condition = if holds { quote!(#open) } else { quote!(not(#open)) };
        quote! {
            #[cfg(#condition)]
            #[#root::workflow(__cfg(#(#answers),*), #options)]
            #block
        }
    };
    let (with, without) = (branch(true), branch(false));
    Some(quote!(#with #without))
}

/// Removes the steps whose condition does not hold, and the conditions that do; the names of those steps.
pub fn settle(answers: &[bool], block: &mut ItemImpl) -> Vec<Ident> {
    let conditions = conditions(block);
    let known = |attribute: &Attribute| {
        let condition = condition(attribute)?;
        let place = conditions.iter().position(|known| known.to_string() == condition.to_string())?;
        answers.get(place).copied()
    };
    let mut gone = Vec::new();
    block.items.retain(|item| match as_step(item) {
        Some(method) if method.attrs.iter().any(|attribute| known(attribute) == Some(false)) => {
            gone.push(method.sig.ident.clone());
            false
        }
        _ => true,
    });
    for item in &mut block.items {
        if as_step(item).is_some()
            && let ImplItem::Fn(method) = item
        {
            method.attrs.retain(|attribute| known(attribute).is_none());
        }
    }
    // A name that another method has under another condition is still there.
    gone.retain(|name| {
        !block.items.iter().any(|item| as_step(item).is_some_and(|step| step.sig.ident == *name))
    });
    gone
}

/// The conditions on steps, each once, in source order.
fn conditions(block: &ItemImpl) -> Vec<TokenStream> {
    let mut all: Vec<TokenStream> = Vec::new();
    let methods = block.items.iter().filter_map(as_step);
    for condition in methods.flat_map(|method| &method.attrs).filter_map(condition) {
        if !all.iter().any(|known| known.to_string() == condition.to_string()) {
            all.push(condition);
        }
    }
    all
}

fn condition(attribute: &Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => Some(list.tokens.to_token_stream()),
        _ => None,
    }
}
