//! Expand: writes what stands beside the user's block.
//!
//! All of it but the enum sits in one `const _: () = { .. }`; order is source order.

pub mod attached;
mod dispatch;
mod enumeration;
mod listing;
mod retry;
mod rows;

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, ItemImpl, Path, parse2};

use crate::model::{Workflow, WorkflowOptions};
use crate::report::{Report, error};
use crate::root::root;
use crate::{cfg, options, parse, validate};

/// `#[workflow(..)]` on a block. On any error the user's block still goes out, with what can be written
/// of the rest, so that one mistake is one error.
pub fn workflow(tokens: TokenStream, item: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let mut options = options::workflow(tokens.clone(), &mut report);
    let mut block = match parse2::<ItemImpl>(item.clone()) {
        Ok(block) => block,
        Err(_) => return no_block(tokens, item),
    };
    if let Some(twice) = cfg::ask(&tokens, &options.cfg, &block) {
        return twice;
    }
    options.gone = cfg::settle(&options.cfg, &mut block);
    let Some(mut workflow) = read(options, &block, &mut report) else {
        let errors = report.into_tokens();
        return quote!(#block #errors);
    };
    let imports = imports(&workflow);
    let checked = report.is_clean();
    if !checked {
        // What goes on between the steps would only repeat the mistake in other words.
        workflow.steps.clear();
    }
    let block = &workflow.block;
    let enumeration = enumeration::definition(&workflow);
    let events = enumeration::implementations(&workflow);
    let rows = rows::rows(&workflow, checked);
    let dispatch = dispatch::workflow(&workflow);
    let checks = checked.then(|| rows::checks(&workflow));
    let listing = checked.then(|| listed(&workflow));
    let errors = report.into_tokens();
    quote! {
        #block
        #enumeration
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        const _: () = {
            #imports
            #events
            #rows
            #dispatch
            #checks
            #listing
        };
        #errors
    }
}

/// Uses what the user has imported for the attributes that are gone by now.
fn imports(workflow: &Workflow) -> TokenStream {
    let mut paths: Vec<&Path> = workflow.steps.iter().map(|step| &step.attribute).collect();
    paths.dedup();
    let imports =
        paths.into_iter().map(|path| quote_spanned!(path.span()=> #[allow(unused_imports)] use #path as _;));
    imports.collect()
}

fn read(options: WorkflowOptions, block: &ItemImpl, report: &mut Report) -> Option<Workflow> {
    let mut workflow = parse::workflow(options, block.clone(), report)?;
    validate::workflow(&mut workflow, report);
    Some(workflow)
}

/// A duration as a constant expression.
fn duration(duration: Duration) -> TokenStream {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    quote!(::core::time::Duration::new(#seconds, #nanos))
}

/// The block's entry in the list of all workflows.
fn listed(workflow: &Workflow) -> TokenStream {
    let (root, enum_name) = (root(), &workflow.enum_name);
    listing::listing(
        &workflow.name,
        &quote!(<#enum_name as #root::Events>::graph),
        &quote!(<#enum_name as #root::Events>::shapes),
        &quote!(|| ::core::result::Result::Ok(())),
    )
}

/// What is no `impl` block may be a struct, to which functions are attached. Broken code goes out as it
/// came: it is rustc's to explain.
fn no_block(tokens: TokenStream, item: TokenStream) -> TokenStream {
    if let Ok(item) = parse2::<DeriveInput>(item.clone()) {
        return attached::workflow(tokens, item);
    }
    let words: Vec<String> = item.clone().into_iter().map(|token| token.to_string()).collect();
    if words.iter().any(|word| word == "impl" || word == "struct" || word == "enum") {
        return item;
    }
    let error = error(
        Span::call_site(),
        "`#[workflow]` stands above what is no `impl` block",
        "write it above `impl YourType { .. }`",
    );
    let error = error.into_compile_error();
    quote!(#error #item)
}
