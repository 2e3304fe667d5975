//! Root: the path under which the user's crate knows `workflow-core`.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// `::workflow_core`, or what the dependency was renamed to.
pub fn root() -> TokenStream {
    let name = match crate_name("workflow-core") {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => "workflow_core".to_owned(),
    };
    let name = Ident::new(&name, Span::call_site());
    quote!(::#name)
}
