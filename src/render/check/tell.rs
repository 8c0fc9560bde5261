//! Faults of objects to diagnostics: at the line of the template, the overlay or the catalog that
//! they come from, each once, however many objects have it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::model::manifest::Origin;
use crate::model::origin::FieldRef;
use crate::model::world::World;

use super::super::cook::Cooked;
use super::super::engine;
use super::super::facts::Place;
use super::super::templates::Templates;
use super::Fault;

/// A fault of an object, and where the object comes from.
pub(in crate::render) struct Found {
    fault: Fault,
    template: Arc<str>,
    line: u32,
    overlay: Option<Span>,
    fields: Vec<FieldRef>,
    place: Arc<Place>,
}

impl Found {
    /// What was found of an object in a cluster.
    pub(in crate::render) fn new(
        object: &Cooked,
        place: &Arc<Place>,
        origins: &BTreeMap<String, Origin>,
        fault: Fault,
    ) -> Self {
        let mut found = Self {
            template: Arc::clone(&object.template),
            line: object.line,
            overlay: None,
            fields: Vec::new(),
            place: Arc::clone(place),
            fault,
        };
        match nearest(origins, &found.fault.at) {
            Some(Origin::Template { template, line }) => {
                found.template = Arc::clone(template);
                found.line = *line;
            }
            Some(Origin::Derived {
                fields,
                template,
                line,
            }) => {
                found.template = Arc::clone(template);
                found.line = *line;
                found.fields.clone_from(fields);
            }
            Some(Origin::Field(field)) => found.fields.push(field.clone()),
            Some(Origin::Overlay(span)) => found.overlay = Some(*span),
            Some(Origin::Plan(_)) | None => {}
        }
        found
    }

    fn diagnostic(self, more: usize, world: &World, templates: &Templates) -> Diagnostic {
        let written = self.fields.iter().find_map(|field| {
            let FieldRef { subject, path } = field;
            let whole = world.origins.decided(subject, path);
            // Of a mapping, only its members are written.
            let member = || world.origins.below(subject, path).next()?.1.last();
            Some(whole.or_else(member)?.span)
        });
        let mut told = match self.overlay {
            Some(span) => Diagnostic::new(self.fault.code, self.fault.message).at(span, ""),
            None => {
                let mut told = templates.diagnostic(&engine::Fault {
                    template: self.template.to_string(),
                    message: self.fault.message,
                    line: (self.line > 0).then_some(self.line),
                    range: None,
                });
                told.code = self.fault.code;
                told
            }
        };
        if let Some(span) = written {
            told = match told.place() {
                None => told.at(span, ""),
                Some(_) => told.see(span, "from here"),
            };
        }
        let more = match more {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        told = told.note(format!("while rendering {}{more}", self.place.context));
        match self.fault.help.is_empty() {
            true => told,
            false => told.help(self.fault.help),
        }
    }
}

/// The origin of a place: its own, or that of the nearest place around it.
fn nearest<'a>(origins: &'a BTreeMap<String, Origin>, at: &str) -> Option<&'a Origin> {
    let mut at = at;
    loop {
        if let Some(origin) = origins.get(at) {
            return Some(origin);
        }
        at = &at[..at.rfind('/')?];
    }
}

/// Tells each fault once.
pub(in crate::render) fn tell(
    found: Vec<Found>,
    world: &World,
    templates: &Templates,
    sink: &mut Sink,
) {
    type Key = (Arc<str>, u32, Option<Span>, Code, String);
    let mut once: BTreeMap<Key, (Found, usize)> = BTreeMap::new();
    for found in found {
        let key = (
            Arc::clone(&found.template),
            found.line,
            found.overlay,
            found.fault.code,
            found.fault.message.clone(),
        );
        once.entry(key)
            .and_modify(|(_, more)| *more += 1)
            .or_insert((found, 0));
    }
    for (found, more) in once.into_values() {
        sink.emit(found.diagnostic(more, world, templates));
    }
}
