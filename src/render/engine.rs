//! The home of minijinja: a template and its context to text with placeholders, and the values
//! that the placeholders stand for.
//!
//! A value never travels through the text. The formatter writes one private-use character per
//! value ([`slot`]) and keeps the value on a tape, with the inputs that were read for it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::ops::Range;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use crate::model::origin::FieldRef;

use super::fact::{Fact, Item, Source};
use super::syntax;

/// What one rendering may cost, in units of minijinja's fuel (about one instruction each).
const FUEL: u64 = 5_000_000;
/// How deep values made by templates may nest.
const MAX_DEPTH: usize = 64;
/// The first placeholder; number `i` is the `i`-th character from here.
const FIRST_SLOT: u32 = 0xF_0000;
/// How many placeholders there are.
const MAX_SLOTS: usize = 0xFFFE;

/// The number of the placeholder that a character is.
pub(crate) fn slot(c: char) -> Option<usize> {
    let index = u32::from(c).checked_sub(FIRST_SLOT)? as usize;
    (index < MAX_SLOTS).then_some(index)
}

/// What is wrong with a template, or with what it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The template, by its path below `templates/`.
    pub(crate) template: String,
    /// One sentence.
    pub(crate) message: String,
    /// Its line, from 1.
    pub(crate) line: Option<u32>,
    /// Its bytes in the template.
    pub(crate) range: Option<Range<usize>>,
}

/// Text with placeholders, and the values that they stand for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    pub(crate) slots: Vec<Item>,
}

/// Which template and line wrote a range of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) range: Range<usize>,
    pub(crate) line: u32,
}

/// What a template can read.
#[derive(Clone, Debug)]
pub(crate) struct Context(Value);

impl Context {
    /// Makes the members of a mapping the variables of a template.
    pub(crate) fn new(root: Item) -> Self {
        Self(value_of(&root))
    }
}

/// All templates, compiled.
#[derive(Debug)]
pub(crate) struct Engine {
    env: Environment<'static>,
}

impl Engine {
    /// An engine without templates.
    pub(crate) fn new() -> Self {
        let mut env = Environment::new();
        env.set_auto_escape_callback(|_| AutoEscape::Custom("slots".into()));
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_formatter(place);
        env.set_debug(true);
        env.set_fuel(Some(FUEL));
        if let Ok(blocks) = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
        {
            env.set_syntax(blocks);
        }
        for filter in ["safe", "escape", "e", "pprint"] {
            env.remove_filter(filter);
        }
        env.remove_global("debug");
        env.add_filter("tojson", to_json);
        Self { env }
    }

    /// Adds or replaces a template, with the condition under which it applies.
    pub(crate) fn add(&mut self, name: &str, text: &str, when: Option<&str>) -> Result<(), Fault> {
        syntax::check(text).map_err(|(message, range)| Fault {
            template: name.to_owned(),
            line: Some(line_of(text, range.start)),
            message,
            range: Some(range),
        })?;
        let add = |env: &mut Environment<'static>, name: String, text: String| {
            env.add_template_owned(name, text)
                .map_err(|e| fault(name_of(&e, ""), &e))
        };
        add(&mut self.env, name.to_owned(), text.to_owned()).map_err(|f| Fault {
            template: name.to_owned(),
            ..f
        })?;
        if let Some(when) = when {
            let in_header = |message: String| Fault {
                template: name.to_owned(),
                message: format!("condition `{when}`: {message}"),
                line: None,
                range: text.find(when).map(|start| start..start + when.len()),
            };
            self.env
                .compile_expression(when)
                .map(drop)
                .map_err(|e| in_header(words(&e)))?;
            let body = format!("{{% if ({when}) %}}1{{% endif %}}");
            add(&mut self.env, condition_name(name), body).map_err(|f| in_header(f.message))?;
        }
        Ok(())
    }

    /// Whether a template's condition holds.
    pub(crate) fn applies(&self, name: &str, when: &str, context: &Context) -> Result<bool, Fault> {
        self.run(&condition_name(name), context)
            .map(|rendered| !rendered.text.is_empty())
            .map_err(|f| Fault {
                template: name.to_owned(),
                message: format!("condition `{when}`: {}", f.message),
                line: None,
                range: None,
            })
    }

    /// Renders a template.
    pub(crate) fn run(&self, name: &str, context: &Context) -> Result<Rendered, Fault> {
        TAPE.with_borrow_mut(Tape::clear);
        let text = self
            .env
            .get_template(name)
            .and_then(|t| t.render(context.0.clone()))
            .map_err(|e| fault(name_of(&e, name), &e))?;
        let slots = TAPE.with_borrow_mut(|tape| std::mem::take(&mut tape.slots));
        Ok(Rendered { text, slots })
    }

    /// Which lines of the template wrote what; what other templates wrote is left out.
    pub(crate) fn lines(&self, name: &str, context: &Context) -> Vec<Written> {
        TAPE.with_borrow_mut(Tape::clear);
        let spans = self
            .env
            .get_template(name)
            .and_then(|t| t.render_with_spans(context.0.clone()));
        let Ok((_, spans)) = spans else {
            return Vec::new();
        };
        spans
            .into_iter()
            .filter(|s| s.name() == name)
            .map(|s| Written {
                range: s.output_range(),
                line: s.line() as u32,
            })
            .collect()
    }
}

/// The name that the condition of a template is compiled under.
fn condition_name(template: &str) -> String {
    format!("{template}#when")
}

/// What one rendering has read and placed so far.
#[derive(Default)]
struct Tape {
    slots: Vec<Item>,
    reads: Vec<Item>,
    /// How many reads belong to earlier placeholders.
    mark: usize,
}

impl Tape {
    fn clear(&mut self) {
        self.slots.clear();
        self.reads.clear();
        self.mark = 0;
    }

    /// Where a value comes from: the last input read for it that equals it, or all that were.
    fn source_of(&self, fact: &Fact) -> Source {
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
    static TAPE: RefCell<Tape> = RefCell::default();
}

/// A list or mapping of the context, as minijinja sees it.
#[derive(Debug)]
struct Branch(Item);

impl Object for Branch {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match &self.0.fact {
            Fact::List(_) => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match &self.0.fact {
            Fact::List(items) => items.get(key.as_usize()?).map(|item| self.read(item)),
            Fact::Map(_) => self.get_value_by_str(key.as_str()?),
            _ => None,
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match &self.0.fact {
            Fact::Map(members) => members.get(key).map(|item| self.read(item)),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.0.fact {
            Fact::List(items) => Enumerator::Seq(items.len()),
            Fact::Map(members) => {
                Enumerator::Values(members.keys().map(|k| Value::from(k.as_ref())).collect())
            }
            _ => Enumerator::Empty,
        }
    }
}

impl Branch {
    /// Hands a member out; a leaf is noted as read.
    fn read(&self, item: &Item) -> Value {
        let item = self.inherit(item);
        if !matches!(item.fact, Fact::List(_) | Fact::Map(_)) && item.source != Source::Around {
            TAPE.with_borrow_mut(|tape| tape.reads.push(item.clone()));
        }
        value_of(&item)
    }

    /// A member without an origin of its own has the one of what encloses it.
    fn inherit(&self, item: &Item) -> Item {
        let mut item = item.clone();
        if item.source == Source::Around {
            item.source = self.0.source.clone();
        }
        item
    }
}

fn value_of(item: &Item) -> Value {
    match &item.fact {
        Fact::Null => Value::from(()),
        Fact::Bool(b) => Value::from(*b),
        Fact::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Value::from(i),
            (None, Some(u)) => Value::from(u),
            (None, None) => Value::from(n.as_f64().unwrap_or(f64::NAN)),
        },
        Fact::Text(text) => Value::from(Arc::clone(text)),
        Fact::List(_) | Fact::Map(_) => Value::from_object(Branch(item.clone())),
    }
}

/// The formatter: puts a placeholder into the text and the value on the tape.
fn place(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
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

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// A value of minijinja as an item, with its origins.
fn item_of(value: &Value, tape: &Tape, depth: usize) -> Result<Item, Error> {
    if let Some(branch) = value.downcast_object_ref::<Branch>() {
        return Ok(branch.0.clone());
    }
    if depth > MAX_DEPTH {
        return Err(refuse(format!(
            "a value nests deeper than {MAX_DEPTH} levels"
        )));
    }
    let fact = match value.kind() {
        ValueKind::Undefined => {
            return Err(Error::new(
                ErrorKind::UndefinedError,
                "the value is undefined",
            ));
        }
        ValueKind::None => Fact::Null,
        ValueKind::Bool => Fact::Bool(value.is_true()),
        ValueKind::Number => Fact::Number(number_of(value)?),
        ValueKind::String => {
            let text = value.to_str().unwrap_or_else(|| "".into());
            if text.chars().any(|c| slot(c).is_some()) {
                return Err(refuse(
                    "a text holds placeholders of values or characters U+F0000 to U+FFFFD; \
                     write captured text out as it is, not inside an expression",
                ));
            }
            Fact::Text(text)
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter()?.map(|v| item_of(&v, tape, depth + 1));
            Fact::List(Arc::new(items.collect::<Result<_, _>>()?))
        }
        // A macro is a mapping of its own properties to minijinja.
        ValueKind::Map
            if value.get_attr("caller").is_ok_and(|c| !c.is_undefined())
                && value.to_string().starts_with("<macro") =>
        {
            return Err(refuse("a macro cannot stand in a manifest; call it"));
        }
        ValueKind::Map => {
            let mut members = BTreeMap::new();
            for key in value.try_iter()? {
                let name = key
                    .as_str()
                    .ok_or_else(|| refuse("the keys of a mapping must be text"))?
                    .to_owned();
                let member = value.get_item(&key)?;
                members.insert(name.into(), item_of(&member, tape, depth + 1)?);
            }
            Fact::Map(Arc::new(members))
        }
        other => {
            return Err(refuse(format!(
                "a value of kind {other} cannot stand in a manifest"
            )));
        }
    };
    let source = match &fact {
        Fact::List(_) | Fact::Map(_) if depth > 0 => Source::Around,
        _ => tape.source_of(&fact),
    };
    Ok(Item { fact, source })
}

fn number_of(value: &Value) -> Result<serde_json::Number, Error> {
    if let Some(i) = value.as_i64() {
        // Floats that are whole numbers are integers here, as they are in Kubernetes.
        return Ok(i.into());
    }
    if let Ok(u) = u64::try_from(value.clone()) {
        return Ok(u.into());
    }
    f64::try_from(value.clone())
        .ok()
        .and_then(serde_json::Number::from_f64)
        .ok_or_else(|| refuse("a number is too large or not a number"))
}

/// `tojson`: a value as JSON, as plain text.
fn to_json(value: &Value) -> Result<String, Error> {
    let item = TAPE.with_borrow(|tape| item_of(value, tape, 0))?;
    Ok(super::shape::json_of(&item).to_string())
}

fn line_of(text: &str, offset: usize) -> u32 {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() as u32 + 1
}

/// The template that an error names, innermost first.
fn name_of(error: &Error, otherwise: &str) -> String {
    innermost(error).name().unwrap_or(otherwise).to_owned()
}

fn innermost(error: &Error) -> &Error {
    let mut error = error;
    while let Some(inner) = error.source().and_then(|s| s.downcast_ref::<Error>()) {
        error = inner;
    }
    error
}

fn words(error: &Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "the template does not come to an end".to_owned(),
        (
            ErrorKind::UndefinedError | ErrorKind::InvalidOperation | ErrorKind::SyntaxError,
            Some(detail),
        ) => detail.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}

fn fault(template: String, error: &Error) -> Fault {
    let error = innermost(error);
    Fault {
        template,
        message: words(error),
        line: error.line().and_then(|l| u32::try_from(l).ok()),
        range: error.range(),
    }
}
