//! Expand: writes what stands beside the user's block.
//!
//! All of it but the enum sits in one `const _: () = { .. }`; order is source order.

mod dispatch;
mod enumeration;
mod retry;
mod rows;

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ItemImpl, Path, parse2};

use crate::model::{Workflow, WorkflowOptions};
use crate::report::{Report, error};
use crate::{cfg, options, parse, validate};

/// `#[workflow(..)]` on a block. On any error the user's block still goes out, with what can be written
/// of the rest, so that one mistake is one error.
pub fn workflow(tokens: TokenStream, item: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let mut options = options::workflow(tokens.clone(), &mut report);
    let mut block = match parse2::<ItemImpl>(item.clone()) {
        Ok(block) => block,
        Err(_) => return no_block(item),
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
    let rows = rows::rows(&workflow);
    let dispatch = dispatch::workflow(&workflow);
    let checks = checked.then(|| rows::checks(&workflow));
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

/// What is no `impl` block goes out as it came. Broken code is rustc's to explain.
fn no_block(item: TokenStream) -> TokenStream {
    let words: Vec<String> = item.clone().into_iter().map(|token| token.to_string()).collect();
    if words.iter().any(|word| word == "impl") {
        return item;
    }
    let at = Span::call_site();
    let error = if words.iter().any(|word| word == "struct") {
        error(
            at,
            "`#[workflow]` on a struct, with steps that are free functions, is not supported yet",
            "write the steps in an `impl` block, and `#[workflow]` above it",
        )
    } else {
        error(
            at,
            "`#[workflow]` stands above what is no `impl` block",
            "write it above `impl YourType { .. }`",
        )
    };
    let error = error.into_compile_error();
    quote!(#error #item)
}
