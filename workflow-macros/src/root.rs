//! Root: the path under which the user's crate knows `workflow-core`.

use std::cell::RefCell;
use std::env;
use std::ffi::OsString;

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

/// `::workflow_core`, or what the dependency was renamed to.
pub fn root() -> TokenStream {
    root_at(Span::call_site())
}

/// The same, for code whose errors belong at a token of the user's: rustc underlines a call where its path
/// begins.
pub fn root_at(span: Span) -> TokenStream {
    let name = Ident::new(&name(), span);
    quote_spanned!(span=> ::#name)
}

/// Looked up once for each package: that reads files, and an expansion asks hundreds of times.
fn name() -> String {
    thread_local! {
        static LAST: RefCell<Option<(Option<OsString>, String)>> = const { RefCell::new(None) };
    }
    let package = env::var_os("CARGO_MANIFEST_DIR");
    LAST.with_borrow_mut(|last| match last {
        Some((of, name)) if *of == package => name.clone(),
        _ => {
            let name = match crate_name("workflow-core") {
                Ok(FoundCrate::Name(name)) => name,
                Ok(FoundCrate::Itself) | Err(_) => "workflow_core".to_owned(),
            };
            *last = Some((package, name.clone()));
            name
        }
    })
}

/// The path of the core's hidden items.
pub fn private() -> TokenStream {
    let root = root();
    quote!(#root::__private)
}

/// The same, for code whose errors belong at a token of the user's.
pub fn private_at(span: Span) -> TokenStream {
    let root = root_at(span);
    quote_spanned!(span=> #root::__private)
}

/// The tokens, all at one place.
pub fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    let tokens = tokens.into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), respanned(group.stream(), span)).into();
        }
        token.set_span(token.span().located_at(span));
        token
    });
    tokens.collect()
}

/// The place of the user's token with the names of the generated code: for what mentions its variables.
pub fn here(span: Span) -> Span {
    Span::call_site().located_at(span)
}
