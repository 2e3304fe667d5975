//! Report: gathers errors, so that all mistakes are shown at once and the user's code still goes out.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, ItemFn, parse2};

/// The errors of one macro call.
#[derive(Default)]
pub struct Report {
    errors: Vec<syn::Error>,
}

impl Report {
    /// Notes an error at the tokens of `at`; `help` says what to write.
    pub fn error(&mut self, at: &impl ToTokens, what: impl Display, help: impl Display) {
        self.errors.push(syn::Error::new_spanned(at, text(what, help)));
    }

    /// Notes an error at a place.
    pub fn error_at(&mut self, at: Span, what: impl Display, help: impl Display) {
        self.errors.push(error(at, what, help));
    }

    /// Notes an error that came from elsewhere.
    pub fn push(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// The value, or nothing and a note.
    pub fn ok<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }

    /// Whether nothing was wrong.
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// The errors as code that does not compile.
    pub fn into_tokens(self) -> TokenStream {
        self.errors.into_iter().map(|error| error.into_compile_error()).collect()
    }
}

/// An error with a line that says what to write.
pub fn error(at: Span, what: impl Display, help: impl Display) -> syn::Error {
    syn::Error::new(at, text(what, help))
}

fn text(what: impl Display, help: impl Display) -> String {
    format!("{what}\nhelp: {help}")
}

/// `#[step]` where no `#[workflow]` reads it.
pub fn stray_step(item: TokenStream) -> TokenStream {
    let is_free = parse2::<ItemFn>(item.clone())
        .is_ok_and(|function| !matches!(function.sig.inputs.first(), Some(FnArg::Receiver(_))));
    let help = if is_free {
        "name the workflow that this function belongs to: `#[step(workflow = YourType)]`"
    } else {
        "write `#[workflow]` above the `impl` block that holds this method"
    };
    let error = error(Span::call_site(), "`#[step]` stands outside of a workflow", help);
    let error = error.into_compile_error();
    quote!(#error #item)
}
