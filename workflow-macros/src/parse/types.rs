//! Types: what can be read off a type as it is spelled, and what a block's own names mean in it.

use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, Generics, Ident, Lifetime, PathArguments, Type, TypePath};

use crate::names;
use crate::report::Report;
use crate::root;

/// The first generic argument of a type whose path ends in `name`: `Joke` of `Result<Joke, E>`. A bare
/// `StartEvent` stands for the one that wraps `Fields`.
pub(super) fn payload(ty: &Type, name: &str) -> Option<Type> {
    let Type::Path(TypePath { qself: None, path, .. }) = ty else {
        return None;
    };
    let segment = path.segments.last().filter(|segment| segment.ident == name)?;
    match &segment.arguments {
        PathArguments::AngleBracketed(_) => argument(ty, 0),
        _ if name == "StartEvent" => {
            let root = root::root();
            Some(syn::parse_quote!(#root::Fields))
        }
        _ if name == "StopEvent" => Some(syn::parse_quote!(())),
        _ => None,
    }
}

/// The generic argument at a place, among those that are types.
pub(super) fn argument(ty: &Type, place: usize) -> Option<Type> {
    let Type::Path(TypePath { path, .. }) = ty else {
        return None;
    };
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else {
        return None;
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.into_iter().nth(place)
}

/// Every `StopEvent<T>` that is spelled anywhere in a type, as `T` and whole.
pub(super) fn stop_types(ty: &Type) -> Vec<(Type, Type)> {
    struct Stops(Vec<(Type, Type)>);
    impl Visit<'_> for Stops {
        fn visit_type(&mut self, ty: &Type) {
            match payload(ty, "StopEvent") {
                Some(output) => self.0.push((output, ty.clone())),
                None => visit::visit_type(self, ty),
            }
        }
    }
    let mut stops = Stops(Vec::new());
    stops.visit_type(ty);
    stops.0
}

/// What the names `Self`, `L` and `'a` mean in a block.
pub(super) struct Scope<'a> {
    pub(super) self_type: &'a Type,
    pub(super) generics: &'a Generics,
}

impl Scope<'_> {
    /// The type with `Self` written out.
    pub(super) fn resolved(&self, ty: &Type) -> Type {
        struct WriteOut<'a>(&'a Type);
        impl VisitMut for WriteOut<'_> {
            fn visit_type_mut(&mut self, ty: &mut Type) {
                match ty {
                    Type::Path(TypePath { qself: None, path, .. }) if path.is_ident("Self") => {
                        *ty = self.0.clone()
                    }
                    _ => visit_mut::visit_type_mut(self, ty),
                }
            }
        }
        let mut ty = ty.clone();
        WriteOut(self.self_type).visit_type_mut(&mut ty);
        ty
    }

    /// The parameter of the block on which a type depends.
    pub(super) fn parameter_in(&self, ty: &Type) -> Option<String> {
        struct Mentions<'a>(&'a Generics, Option<String>);
        impl Visit<'_> for Mentions<'_> {
            fn visit_ident(&mut self, ident: &Ident) {
                let known = self.0.type_params().map(|known| &known.ident);
                if known.chain(self.0.const_params().map(|known| &known.ident)).any(|known| known == ident) {
                    self.1 = Some(ident.to_string());
                }
            }

            fn visit_lifetime(&mut self, lifetime: &Lifetime) {
                if self.0.lifetimes().any(|known| known.lifetime == *lifetime) {
                    self.1 = Some(lifetime.to_string());
                }
            }
        }
        let mut mentions = Mentions(self.generics, None);
        mentions.visit_type(ty);
        mentions.1
    }

    /// Notes when an event depends on a parameter of the block; whether it does not.
    pub(super) fn check_concrete(&self, ty: &Type, report: &mut Report) -> bool {
        let Some(parameter) = self.parameter_in(ty) else {
            return true;
        };
        report.error(
            ty,
            format!("the event `{}` depends on the parameter `{parameter}` of the workflow", names::spelled(ty)),
            format!("let the event hold a type without `{parameter}`: the events of a workflow are the same for every `{parameter}`"),
        );
        false
    }
}
