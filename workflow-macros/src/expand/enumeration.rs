//! The generated enum: one variant an event, and what it must be able to do.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::{Event, Role, Workflow};
use crate::root::{private, root, root_at};

/// `pub enum JokeFlowEvent { .. }`
pub fn definition(workflow: &Workflow) -> TokenStream {
    let name = &workflow.enum_name;
    let about = format!("The events of [`{}`], one variant for each.", workflow.name);
    let variants = workflow.events.iter().map(|Event { variant, ty, name, .. }| {
        let about = format!("`{name}`");
        quote!(#[doc = #about] #variant(#ty))
    });
    let variants = quote!(#(#variants),*);
    quote_spanned! {name.span()=>
        #[doc = #about]
        #[allow(private_interfaces, clippy::large_enum_variant, clippy::type_complexity)]
        pub enum #name { #variants }
    }
}

/// What the enum implements, by itself and for each event.
pub fn implementations(workflow: &Workflow) -> TokenStream {
    let each = workflow.events.iter().enumerate().map(|(kind, event)| one(workflow, kind, event));
    let whole = whole(workflow);
    quote!(#(#each)* #whole)
}

fn one(workflow: &Workflow, kind: usize, event: &Event) -> TokenStream {
    let (root, private) = (root(), private());
    let (name, Event { ty, variant, .. }) = (&workflow.enum_name, event);
    let kind = Literal::u16_unsuffixed(kind as u16);
    let asked = root_at(ty.span());
    let event_type = quote_spanned!(ty.span()=> #asked::event_type::<#ty>());
    let doors = [
        (event.published, quote!(Publishes)),
        (event.received, quote!(Receives)),
        (event.sent, quote!(Sends)),
    ];
    let doors =
        doors.iter().filter(|(open, _)| *open).map(|(_, door)| quote!(impl #root::#door<#ty> for #name {}));
    let waits = event.waited.then(|| waits(workflow, event));
    let stop = (event.role == Role::Stop).then(|| stop(workflow, event, &kind));
    let items = quote! {
        const KIND: u16 = #kind;
        const TYPE: #private::EventType<Self> = #event_type;

        #[inline]
        fn wrap(self) -> #name {
            #name::#variant(self)
        }

        #[inline]
        fn unwrap(event: #name) -> ::core::option::Option<Self> {
            match event {
                #name::#variant(event) => ::core::option::Option::Some(event),
                #[allow(unreachable_patterns)]
                _ => ::core::option::Option::None,
            }
        }
    };
    // Where one event is spelled in two ways, rustc shows both spellings.
    let carries = quote_spanned!(ty.span()=> impl #asked::CarriedBy<#name> for #ty { #items });
    quote! {
        #[diagnostic::do_not_recommend]
        #carries

        #stop
        #(#doors)*
        #waits
    }
}

/// The only door that looks at an event behind it.
fn waits(workflow: &Workflow, Event { ty, variant, .. }: &Event) -> TokenStream {
    let (root, name) = (root(), &workflow.enum_name);
    quote! {
        impl #root::Waits<#ty> for #name {
            fn peek(&self) -> ::core::option::Option<&#ty> {
                match self {
                    #name::#variant(event) => ::core::option::Option::Some(event),
                    #[allow(unreachable_patterns)]
                    _ => ::core::option::Option::None,
                }
            }
        }
    }
}

fn stop(workflow: &Workflow, Event { ty, variant, .. }: &Event, kind: &Literal) -> TokenStream {
    let (root, private) = (root(), private());
    let (name, output) = (&workflow.enum_name, &workflow.output);
    quote! {
        #[diagnostic::do_not_recommend]
        impl #private::StopsWith<#output> for #name {
            const SHAPE: #root::graph::Shape = #root::graph::Shape::Event(#kind);

            #[inline]
            fn stop(event: #ty) -> #root::Emission<Self> {
                #root::Emission::One(Self::#variant(event))
            }
        }
    }
}

fn whole(workflow: &Workflow) -> TokenStream {
    let (root, private) = (root(), private());
    let name = &workflow.enum_name;
    let variants: Vec<_> = workflow.events.iter().map(|event| &event.variant).collect();
    let types = workflow.events.iter().map(|event| &event.ty);
    let texts: Vec<_> = variants.iter().map(ToString::to_string).collect();
    let kinds: Vec<_> = (0..variants.len() as u16).map(Literal::u16_unsuffixed).collect();
    let failed = workflow.failed_event().map(|event| {
        let variant = variants[event];
        quote! {
            fn failed(
                _: u16,
                failed: impl ::core::ops::FnOnce() -> #root::StepFailed,
            ) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(Self::#variant(failed()))
            }
        }
    });
    quote! {
        impl #private::Token for #name {
            fn kind(&self) -> u16 {
                match self {
                    #(Self::#variants(_) => #kinds,)*
                }
            }

            #failed
        }

        impl #private::Variants for #name {
            #[inline]
            fn visit<V: #private::Visitor<Self>>(&self, visitor: V) -> V::Output {
                match self {
                    #(Self::#variants(event) => visitor.event(#texts, event),)*
                }
            }
        }

        impl ::core::clone::Clone for #name {
            #[inline]
            fn clone(&self) -> Self {
                #private::clone_event(self)
            }
        }

        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #private::debug_event(self, f)
            }
        }

        impl #private::serde::Serialize for #name {
            fn serialize<S: #private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                #private::write_event(self, serializer)
            }
        }

        impl<'de> #private::serde::Deserialize<'de> for #name {
            fn deserialize<__D: #private::serde::Deserializer<'de>>(
                deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                #private::read_event(
                    &[#(#texts),*],
                    |variant, value| {
                        let read: &[fn(_) -> _] = &[#(#private::event_from::<Self, #types>),*];
                        read[variant](value)
                    },
                    deserializer,
                )
            }
        }
    }
}
