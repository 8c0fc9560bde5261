//! The home of minijinja: a template and its context to text with placeholders, and the values
//! that the placeholders stand for.
//!
//! A value never travels through the text. The formatter writes one private-use character per
//! value ([`slot`]) and keeps the value on a tape, with the inputs that were read for it.

mod tape;
mod value;

use std::error::Error as _;
use std::ops::Range;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::fact::{Item, Root};
use super::syntax;

use tape::{TAPE, Tape};

/// What one rendering may cost, in units of minijinja's fuel (about one instruction each).
const FUEL: u64 = 5_000_000;
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
    /// Variables to what minijinja looks them up in.
    pub(crate) fn new(root: Root) -> Self {
        Self(value::of_root(root))
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
        env.set_formatter(tape::place);
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
        env.add_filter("tojson", value::to_json);
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
