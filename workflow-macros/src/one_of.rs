//! OneOf: `#[derive(OneOf)]` on an enum of events.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Ident, Type, parse2};

use crate::report::Report;
use crate::root::{private, root};

/// `From` each event, and `Emit` for the whole. After an error the rest goes out all the same.
pub fn derive(item: TokenStream) -> TokenStream {
    let item = match parse2::<DeriveInput>(item) {
        Ok(item) => item,
        Err(error) => return error.into_compile_error(),
    };
    let (root, private, name) = (root(), private(), &item.ident);
    let mut report = Report::default();
    let variants = variants(&item, &mut report);
    let others =
        (!report.is_clean()).then(|| quote!(_ => ::core::result::Result::Ok(#root::Emission::None),));
    let errors = report.into_tokens();
    let (names, types): (Vec<_>, Vec<_>) = variants.iter().cloned().unzip();
    let (generics, arguments, bounds) = item.generics.split_for_impl();
    let conversions =
        variants.iter().filter(|(_, ty)| variants.iter().filter(|(_, other)| other == ty).count() == 1);
    let conversions = conversions.map(|(variant, ty)| {
        quote! {
            impl #generics ::core::convert::From<#ty> for #name #arguments #bounds {
                fn from(event: #ty) -> Self {
                    Self::#variant(event)
                }
            }
        }
    });
    let conversions: TokenStream = conversions.collect();
    let stop = types.iter().rev().fold(
        quote!(#private::Nothing),
        |rest, ty| quote!(<<#ty as #private::Gives>::Stop as #private::Search>::Or<#rest>),
    );
    let mut with_events = item.generics.clone();
    with_events.params.push(syn::parse_quote!(WorkflowEvents));
    let own: Vec<_> = item.generics.where_clause.iter().flat_map(|clause| &clause.predicates).collect();
    let (with_events, ..) = with_events.split_for_impl();
    quote! {
        #errors
        #conversions
        impl #generics #private::Gives for #name #arguments
        where
            #(#own,)*
            #(for<'a> #types: #private::Gives,)*
        {
            type Stop = #stop;
        }

        impl #with_events #root::Emit<WorkflowEvents> for #name #arguments
        where
            #(#own,)*
            #(#types: #root::Emit<WorkflowEvents>,)*
        {
            const SHAPE: #root::graph::Shape = #root::graph::Shape::OneOf(&[
                #(<#types as #root::Emit<WorkflowEvents>>::SHAPE),*
            ]);

            fn outline() -> #root::Outline {
                #root::Outline::OneOf(::std::vec![#(<#types as #root::Emit<WorkflowEvents>>::outline()),*])
            }

            #[inline]
            fn emit(
                self,
            ) -> ::core::result::Result<#root::Emission<WorkflowEvents>, #root::BoxError> {
                match self {
                    #(Self::#names(event) => <#types as #root::Emit<WorkflowEvents>>::emit(event),)*
                    #others
                }
            }
        }
    }
}

fn variants(item: &DeriveInput, report: &mut Report) -> Vec<(Ident, Type)> {
    let Data::Enum(data) = &item.data else {
        report.error(
            &item.ident,
            format!("`{}` is no enum", item.ident),
            "write an enum with one variant for each event",
        );
        return Vec::new();
    };
    if data.variants.is_empty() {
        report.error(
            &item.ident,
            format!("`{}` has no variant", item.ident),
            "write one variant for each event",
        );
    }
    let mut variants = Vec::new();
    for variant in &data.variants {
        match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                variants.push((variant.ident.clone(), fields.unnamed[0].ty.clone()));
            }
            _ => report.error(
                variant,
                format!("variant `{}` does not hold one event", variant.ident),
                format!("write `{}(YourEvent)`", variant.ident),
            ),
        }
    }
    variants
}
