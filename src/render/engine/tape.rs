//! What one rendering reads and places: values to placeholders, and back to the inputs that they
//! came from.

use std::cell::RefCell;
use std::sync::Arc;

use minijinja::value::Value;
use minijinja::{Error, Output, State};

use crate::model::origin::FieldRef;
use crate::render::fact::{Fact, Item, Source};

use super::value::{item_of, refuse};
use super::{FIRST_SLOT, MAX_SLOTS};

/// What one rendering has read and placed so far.
#[derive(Default)]
pub(super) struct Tape {
    pub(super) slots: Vec<Item>,
    pub(super) reads: Vec<Item>,
    /// How many reads belong to earlier placeholders.
    mark: usize,
}

impl Tape {
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.reads.clear();
        self.mark = 0;
    }

    /// Where a value comes from: the last input read for it that equals it, or all that were.
    pub(super) fn source_of(&self, fact: &Fact) -> Source {
        let recent = &self.reads[self.mark..];
        if let Some(same) = recent.iter().rev().find(|r| r.fact == *fact) {
            return same.source.clone();
        }
        if !recent.is_empty() {
            return all_of(recent);
        }
        // A variable that was set before: text is looked for among all earlier reads.
        let earlier = match fact {
            Fact::Text(_) => self.reads.iter().rev().find(|r| r.fact == *fact),
            _ => None,
        };
        earlier.map_or(Source::Around, |r| r.source.clone())
    }
}

/// All fields behind several values.
fn all_of(items: &[Item]) -> Source {
    let mut fields: Vec<FieldRef> = Vec::new();
    let mut plan = None;
    for item in items {
        match &item.source {
            Source::Around => {}
            Source::Field(field) => fields.push(FieldRef::clone(field)),
            Source::Fields(more) => fields.extend(more.iter().cloned()),
            Source::Plan(what) => plan = Some(Arc::clone(what)),
        }
    }
    match (fields.is_empty(), plan) {
        (true, Some(what)) => Source::Plan(what),
        _ => Item::nothing().made_of(fields).source,
    }
}

thread_local! {
    pub(super) static TAPE: RefCell<Tape> = RefCell::default();
}

/// The formatter: puts a placeholder into the text and the value on the tape.
pub(super) fn place(
    out: &mut Output<'_>,
    _: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    if value.is_safe() {
        // Captured text (of a macro, `set` or `call` block): its values are placeholders already.
        return out
            .write_str(value.as_str().unwrap_or_default())
            .map_err(Error::from);
    }
    let index = TAPE.with_borrow_mut(|tape| -> Result<usize, Error> {
        let item = item_of(value, tape, 0)?;
        tape.mark = tape.reads.len();
        tape.slots.push(item);
        Ok(tape.slots.len() - 1)
    })?;
    let character = u32::try_from(index)
        .ok()
        .filter(|_| index < MAX_SLOTS)
        .and_then(|i| char::from_u32(FIRST_SLOT + i))
        .ok_or_else(|| refuse(format!("one template may place {MAX_SLOTS} values")))?;
    let mut buffer = [0; 4];
    out.write_str(character.encode_utf8(&mut buffer))
        .map_err(Error::from)
}
