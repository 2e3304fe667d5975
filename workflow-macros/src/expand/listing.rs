//! Listing: the entry of a workflow in the list of all that are linked.

use proc_macro2::TokenStream;
use quote::quote;

use crate::root::{private, root};

/// What the linker collects; `graph`, `fields` and `check` are paths of functions.
pub fn listing(name: &str, graph: &TokenStream, fields: &TokenStream, check: &TokenStream) -> TokenStream {
    let (root, private) = (root(), private());
    quote! {
        #private::inventory::submit! {
            #root::Listed::new(#name, ::core::module_path!(), #graph, #fields, #check)
        }
    }
}
