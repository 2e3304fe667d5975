//! `Workflow::retry`: the policy of each step that has one.

use std::time::Duration;

use proc_macro2::{Delimiter, Group, Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::duration;
use super::rows::ends;
use crate::model::{Retry, RetryOptions, RetryWait, Workflow};
use crate::root::{here, root};

/// The method, where some step has a policy.
pub fn method(workflow: &Workflow) -> Option<TokenStream> {
    let root = root();
    let steps = workflow.steps.iter().enumerate();
    let arms = steps.filter_map(|(place, step)| Some((place, step.retry.as_ref()?))).map(|(place, retry)| {
        let number = Literal::u16_unsuffixed(place as u16);
        let policy = policy(retry);
        quote!(#number => #policy,)
    });
    let arms: Vec<TokenStream> = arms.collect();
    (!arms.is_empty()).then(|| {
        quote! {
            fn retry(step: ::core::primitive::u16) -> ::core::option::Option<#root::RetryPolicy> {
                let policy: #root::RetryPolicy = match step {
                    #(#arms)*
                    _ => return ::core::option::Option::None,
                };
                ::core::option::Option::Some(policy)
            }
        }
    })
}

/// The policy of a step.
pub fn policy(retry: &Retry) -> TokenStream {
    match retry {
        Retry::By(path) => {
            let mut called = Group::new(Delimiter::Parenthesis, TokenStream::new());
            called.set_span(here(ends(path).1));
            quote!(#path #called)
        }
        Retry::With(options) => built(options),
    }
}

/// The policy as the core builds it: all that is known here of its builder.
fn built(RetryOptions { attempts, wait, jitter, within, on, when }: &RetryOptions) -> TokenStream {
    let root = root();
    let wait = self::wait(wait.as_ref(), *jitter).into_iter();
    let attempts = attempts.map(Literal::u32_unsuffixed).into_iter();
    let within = within.map(duration).into_iter();
    let on = on.iter().map(|error| quote_spanned!(error.span()=> on::<#error>()));
    let when = when.iter().map(|when| quote_spanned!(here(when.span())=> when(#when)));
    quote! {
        #root::RetryPolicy::new()
            #(.wait(#wait))*
            #(.attempts(#attempts))*
            #(.within(#within))*
            #(.#on)*
            #(.#when)*
    }
}

/// The wait, where something is said of it. The jitter is that of AWS, over the whole of each wait.
fn wait(wait: Option<&RetryWait>, jitter: bool) -> Option<TokenStream> {
    let root = root();
    let wait = match wait {
        Some(RetryWait::Fixed(wait)) => {
            let wait = duration(*wait);
            quote!(#root::retry::Wait::fixed(#wait))
        }
        Some(RetryWait::Exponential { base, multiplier, max }) => {
            let base = duration(*base);
            let multiplier = Literal::f64_suffixed(multiplier.unwrap_or(2.0));
            let max = max.map(duration).into_iter();
            quote!(#root::retry::Wait::exponential(#base, #multiplier) #(.max(#max))*)
        }
        // The wait of `RetryPolicy::new`.
        None if jitter => {
            let wait = duration(Duration::from_secs(5));
            quote!(#root::retry::Wait::fixed(#wait))
        }
        None => return None,
    };
    Some(if jitter { quote!(#wait.full_jitter()) } else { wait })
}
