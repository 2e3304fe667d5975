//! Events: every event of a block, each once, and its place.

use proc_macro2::Span;
use syn::{Ident, Type, TypePath};

use super::step::Taken;
use super::types::payload;
use crate::model::{Event, Role, Takes};
use crate::names;
use crate::report::Report;

/// The events of a workflow, each once.
#[derive(Default)]
pub(super) struct Events {
    pub(super) all: Vec<Event>,
}

impl Events {
    pub(super) fn take(&mut self, taken: &Taken) -> Takes {
        match taken {
            Taken::One(ty) => Takes::One(self.place(ty)),
            Taken::On(types, ty) => Takes::On(types.iter().map(|ty| self.place(ty)).collect(), ty.clone()),
            Taken::Join(types) => Takes::Join(types.iter().map(|ty| self.place(ty)).collect()),
            Taken::Batch { whole, first } => {
                let event = payload(whole, "Vec").unwrap_or_else(|| whole.clone());
                Takes::Batch { event: self.place(&event), first: *first, at: whole.clone() }
            }
        }
    }

    /// The event's place; a new one goes to the end.
    pub(super) fn place(&mut self, ty: &Type) -> usize {
        let (role, is_failure) = (role(ty), is_failure(ty));
        let alike = |known: &Event| {
            known.ty == *ty
                || (role == Role::Stop && known.role == Role::Stop)
                || (is_failure && self::is_failure(&known.ty))
        };
        self.all.iter().position(alike).unwrap_or_else(|| {
            self.all.push(Event {
                ty: ty.clone(),
                variant: Ident::new("Event", Span::call_site()),
                name: names::spelled(ty),
                role,
                published: false,
                received: false,
                sent: false,
                waited: false,
                direct: false,
            });
            self.all.len() - 1
        })
    }

    /// The event's place when it is known under this spelling.
    pub(super) fn spelled(&self, ty: &Type, output: &Type) -> Option<usize> {
        let alike = |known: &Event| match known.role {
            Role::Stop => payload(ty, "StopEvent").is_some_and(|payload| payload == *output),
            _ => known.ty == *ty,
        };
        self.all.iter().position(alike)
    }

    pub(super) fn named(mut self) -> Vec<Event> {
        let types: Vec<&Type> = self.all.iter().map(|event| &event.ty).collect();
        let names = names::variants(&types);
        for (event, name) in self.all.iter_mut().zip(names) {
            event.variant = name;
        }
        self.all
    }
}

pub(super) fn role(ty: &Type) -> Role {
    if payload(ty, "StartEvent").is_some() {
        Role::Start
    } else if payload(ty, "StopEvent").is_some() {
        Role::Stop
    } else {
        Role::Between
    }
}

/// Whether the type is spelled `StepFailed`, with a path or without.
pub(super) fn is_failure(ty: &Type) -> bool {
    matches!(ty, Type::Path(TypePath { qself: None, path, .. })
        if path.segments.last().is_some_and(|last| last.ident == "StepFailed"))
}

/// Notes that a failure is sent, waited for, published or received; whether it is one.
pub(super) fn refuse_failure(ty: &Type, door: &str, report: &mut Report) -> bool {
    let refused = is_failure(ty);
    if refused {
        report.error(
            ty,
            format!("`StepFailed` is {door}, but it only goes from a step that fails to its catch"),
            "leave it out, and let the catch emit an event of its own",
        );
    }
    refused
}
