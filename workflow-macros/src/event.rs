//! Event: `#[event]` and `#[derive(Event)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Ident, parse2};

use crate::names;
use crate::report::{Report, error};
use crate::root::{root, root_at};

/// `#[event]`: all the derives, and `#[event(transient)]` for what cannot be written down.
pub fn attribute(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let root = root();
    let transient = match parse2::<Option<Ident>>(options.clone()) {
        Ok(None) => false,
        Ok(Some(option)) if option == "transient" => true,
        Ok(Some(_)) | Err(_) => {
            let at = options
                .clone()
                .into_iter()
                .next()
                .map_or_else(proc_macro2::Span::call_site, |token| token.span());
            report.push(error(
                at,
                format!("`#[event]` has no option `{options}`"),
                "the options are `transient`",
            ));
            false
        }
    };
    let parsed = match parse2::<DeriveInput>(item.clone()) {
        Ok(parsed) => parsed,
        Err(_) => {
            let at = item
                .clone()
                .into_iter()
                .next()
                .map_or_else(proc_macro2::Span::call_site, |token| token.span());
            report.error_at(
                at,
                "an event is a struct or an enum",
                "write `#[event]` above `struct` or `enum`",
            );
            let errors = report.into_tokens();
            return quote!(#errors #item);
        }
    };
    let errors = report.into_tokens();
    let path = quote!(#root::__private::serde).to_string().replace(' ', "");
    let implemented = implement(&parsed);
    if transient {
        let unwritable = unwritable(&parsed);
        return quote! {
            #errors
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #parsed
            #implemented
            #unwritable
        };
    }
    quote! {
        #errors
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            #root::__private::serde::Serialize,
            #root::__private::serde::Deserialize,
        )]
        #[serde(crate = #path)]
        #parsed
        #implemented
    }
}

/// `#[derive(Event)]`: the implementation alone.
pub fn derive(item: TokenStream) -> TokenStream {
    match parse2::<DeriveInput>(item) {
        Ok(parsed) => implement(&parsed),
        Err(error) => error.into_compile_error(),
    }
}

fn implement(item: &DeriveInput) -> TokenStream {
    let (root, name, text) = (root(), &item.ident, item.ident.to_string());
    let (generics, arguments, plain) = item.generics.split_for_impl();
    let bounds = match item.generics.type_params().next() {
        None => quote!(#plain),
        Some(_) => {
            let own = item.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
            quote! {
                where
                    #(#own,)*
                    Self: ::core::clone::Clone
                        + ::core::fmt::Debug
                        + #root::__private::serde::Serialize
                        + #root::__private::serde::de::DeserializeOwned
                        + ::core::marker::Send
                        + 'static,
            }
        }
    };
    let (emit, shape) = (emit(item), shape(item));
    quote! {
        #[diagnostic::do_not_recommend]
        impl #generics #root::Event for #name #arguments #bounds {
            const NAME: &'static str = #text;
            type Opens = #root::__private::Nothing;

            fn shape() -> ::std::string::String {
                ::std::convert::From::from(#shape)
            }
        }

        #emit

        impl #generics #root::__private::Gives for #name #arguments #plain {
            type Stop = #root::__private::Nothing;
        }
    }
}

/// The fields as they are written, without attributes and visibilities: renamed by serde or not, what is
/// spelled the same is taken for the same.
fn shape(item: &DeriveInput) -> String {
    let fields = |fields: &Fields| {
        let fields = fields.iter().map(|field| {
            let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{name}: {}", names::spelled(&field.ty))
        });
        fields.collect::<Vec<_>>().join(", ")
    };
    match &item.data {
        Data::Struct(data) => fields(&data.fields),
        Data::Enum(data) => {
            let variants = data.variants.iter();
            let variants =
                variants.map(|variant| format!("{} {{ {} }}", variant.ident, fields(&variant.fields)));
            variants.collect::<Vec<_>>().join(", ")
        }
        Data::Union(_) => String::new(),
    }
}

/// An event emits itself, in any workflow that carries it.
fn emit(item: &DeriveInput) -> TokenStream {
    let (root, name) = (root(), &item.ident);
    let (carries, at) = (root_at(name.span()), name.span());
    let mut generics = item.generics.clone();
    generics.params.push(syn::parse_quote!(WorkflowEvents));
    let carried = syn::parse_quote_spanned!(at=> WorkflowEvents: #carries::Carries<Self>);
    generics.make_where_clause().predicates.push(carried);
    let (generics, _, bounds) = generics.split_for_impl();
    let (_, arguments, _) = item.generics.split_for_impl();
    quote! {
        impl #generics #root::Emit<WorkflowEvents> for #name #arguments #bounds {
            const SHAPE: #root::graph::Shape = #root::graph::Shape::Event(WorkflowEvents::KIND);

            fn outline() -> #root::Outline {
                WorkflowEvents::outline()
            }

            #[inline]
            fn emit(self) -> ::core::result::Result<#root::Emission<WorkflowEvents>, #root::BoxError> {
                ::core::result::Result::Ok(#root::Emission::One(WorkflowEvents::wrap(self)))
            }
        }
    }
}

/// An event that fails, by name, when it is to be written down or read.
fn unwritable(item: &DeriveInput) -> TokenStream {
    let (root, name, text) = (root(), &item.ident, item.ident.to_string());
    let (generics, arguments, bounds) = item.generics.split_for_impl();
    let mut reading = item.generics.clone();
    reading.params.insert(0, syn::parse_quote!('de));
    let (reading, ..) = reading.split_for_impl();
    quote! {
        impl #generics #root::__private::serde::Serialize for #name #arguments #bounds {
            fn serialize<S: #root::__private::serde::Serializer>(
                &self,
                _: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                ::core::result::Result::Err(#root::__private::transient(#text))
            }
        }
        impl #reading #root::__private::serde::Deserialize<'de> for #name #arguments #bounds {
            fn deserialize<__D: #root::__private::serde::Deserializer<'de>>(
                _: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                ::core::result::Result::Err(#root::__private::transient_read(#text))
            }
        }
    }
}
