//! Root: the path under which the user's crate knows `workflow-core`.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// `::workflow_core`, or what the dependency was renamed to.
pub fn root() -> TokenStream {
    root_at(Span::call_site())
}

/// The same, for code whose errors belong at a token of the user's: rustc underlines a call where its path
/// begins.
pub fn root_at(span: Span) -> TokenStream {
    let name = match crate_name("workflow-core") {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => "workflow_core".to_owned(),
    };
    let name = Ident::new(&name, span);
    quote_spanned!(span=> ::#name)
}

/// The path of the core's hidden items.
pub fn private() -> TokenStream {
    let root = root();
    quote!(#root::__private)
}

/// The place of the user's token with the names of the generated code: for what mentions its variables.
pub fn here(span: Span) -> Span {
    Span::call_site().located_at(span)
}
