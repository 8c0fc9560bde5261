//! Template files to compiled templates: the built-in ones, and a fleet's that add to them or
//! replace them by path.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::diag::{Code, Diagnostic, Sink, SourceId, Sources, Span};

use super::built_in::BUILT_IN;
use super::check::{self, Types};
use super::engine::{Context, Engine, Fault, Rendered};
use super::header::{self, Header, Scope};
use super::paper;
use super::shape::{Shape, ShapeFault};
use crate::model::world::Platform;
use crate::schema::Schemas;

/// How many shapes of one template are kept; each length of a loop makes another.
const SHAPES: usize = 256;
/// How a template that yields objects ends; others are only imported.
const OBJECTS: &str = ".yaml.j2";
/// How a template ends that yields a text for people; its header says where that stands.
const TEXT: &str = ".md.j2";

/// All templates of a run.
#[derive(Debug)]
pub struct Templates {
    engine: Engine,
    entries: BTreeMap<String, Entry>,
    /// The texts of a fleet's own templates.
    places: BTreeMap<String, (SourceId, Arc<str>)>,
    types: Types,
}

/// One template as people list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateInfo {
    /// The folder it stands in.
    pub component: String,
    /// Its path below `templates/`.
    pub path: String,
    /// What it is rendered once for.
    pub scope: Scope,
    /// The condition under which it applies; absent: always.
    pub when: Option<String>,
    /// What it is about.
    pub about: Option<String>,
    /// Whether the fleet brought it.
    pub user: bool,
}

/// A template that yields objects.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: Arc<str>,
    pub(crate) header: Header,
    shapes: Mutex<BTreeMap<String, Arc<Shape>>>,
}

impl Templates {
    /// The templates that come with regen.
    ///
    /// # Panics
    ///
    /// Where one of them is wrong, which a test rules out.
    pub fn built_in() -> Self {
        let mut templates = Self {
            engine: Engine::new(),
            entries: BTreeMap::new(),
            places: BTreeMap::new(),
            types: Types::Borrowed(Schemas::built_in()),
        };
        for (path, text) in BUILT_IN {
            if let Err(fault) = templates.insert(path, text) {
                panic!("built-in template {path}: {fault:?}");
            }
        }
        templates
    }

    /// Adds a fleet's template, or replaces the one of the same path; faults go to the sink.
    ///
    /// `path` is relative to the fleet's directory and begins with `templates/`.
    pub fn with_user(
        mut self,
        path: &str,
        source: SourceId,
        sources: &Sources,
        sink: &mut Sink,
    ) -> Self {
        let text = sources.get(source).shared_text();
        let name = path.strip_prefix("templates/").unwrap_or(path);
        if !name.ends_with(".j2") {
            sink.emit(
                Diagnostic::new(Code::Template, format!("`{path}` is not a template"))
                    .at(Span::new(source, 0, 0), "")
                    .help(format!(
                        "name it `templates/<component>/<name>{OBJECTS}`, or `.j2` where it is only imported"
                    )),
            );
            return self;
        }
        if yields(name) && name.split('/').count() != 2 {
            sink.emit(
                Diagnostic::new(Code::Template, format!("`{path}` stands in no component"))
                    .at(Span::new(source, 0, 0), "")
                    .help(format!(
                        "move it to `templates/<component>/<name>{OBJECTS}`"
                    )),
            );
            return self;
        }
        self.places
            .insert(name.to_owned(), (source, Arc::clone(&text)));
        if let Err((fault, help)) = self.insert(name, &text) {
            let mut diagnostic = self.diagnostic(&fault);
            diagnostic.help.extend(help);
            sink.emit(diagnostic);
        }
        self
    }

    /// Adds a file of the fleet's CRDs, against which custom resources are checked; faults go to
    /// the sink.
    pub fn with_crds(mut self, source: SourceId, sources: &Sources, sink: &mut Sink) -> Self {
        check::add_crds(&mut self.types, source, sources, true, sink);
        self
    }

    /// As [`Self::with_crds`], for a file that is none of the fleet's: objects in it that are no
    /// CRDs are passed over.
    pub fn with_more_crds(mut self, source: SourceId, sources: &Sources, sink: &mut Sink) -> Self {
        check::add_crds(&mut self.types, source, sources, false, sink);
        self
    }

    /// What is known of the types of objects.
    pub(crate) fn types(&self) -> &Schemas {
        &self.types
    }

    fn insert(&mut self, name: &str, text: &str) -> Result<(), (Fault, Option<String>)> {
        self.entries.remove(name);
        if !yields(name) {
            return self.engine.add(name, text, None).map_err(|f| (f, None));
        }
        let header = header::read(text).map_err(|fault| {
            let line = text[..fault.range.start].matches('\n').count() as u32 + 1;
            let template = name.to_owned();
            let (message, range) = (fault.message, Some(fault.range));
            (
                Fault {
                    template,
                    message,
                    line: Some(line),
                    range,
                },
                Some(fault.help),
            )
        })?;
        self.engine
            .add(name, text, header.when.as_deref())
            .map_err(|f| (f, None))?;
        if let Some(file) = &header.file {
            self.engine
                .add(&file_name(name), file, None)
                .map_err(|f| (f, None))?;
        } else if name.ends_with(TEXT) {
            let template = name.to_owned();
            let message = "the header does not say where the text stands".to_owned();
            let (line, range) = (Some(1), Some(0..0));
            let help = "add a line such as `file: runbooks/{{ region.name }}/{{ service }}.md`";
            let fault = Fault {
                template,
                message,
                line,
                range,
            };
            return Err((fault, Some(help.to_owned())));
        }
        let entry = Entry {
            path: name.into(),
            header,
            shapes: Mutex::default(),
        };
        self.entries.insert(name.to_owned(), entry);
        Ok(())
    }

    /// All templates that yield objects, by component and path.
    pub fn list(&self) -> Vec<TemplateInfo> {
        self.entries
            .values()
            .map(|entry| TemplateInfo {
                component: entry.path.split('/').next().unwrap_or_default().to_owned(),
                path: entry.path.to_string(),
                scope: entry.header.scope,
                when: entry.header.when.clone(),
                about: entry.header.about.clone(),
                user: self.places.contains_key(&*entry.path),
            })
            .collect()
    }

    /// The templates of a scope that yield objects, by path.
    pub(crate) fn of(&self, scope: Scope) -> impl Iterator<Item = &Entry> {
        let objects = |e: &&Entry| e.header.file.is_none() && !e.header.after;
        self.entries
            .values()
            .filter(move |e| e.header.scope == scope)
            .filter(objects)
    }

    /// The templates of a cluster that come after all other objects, by path.
    pub(crate) fn late(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|e| e.header.after)
    }

    /// Whether any template can yield something after the other objects.
    pub(crate) fn has_late(&self, report: bool) -> bool {
        let user = |e: &Entry| self.places.contains_key(&*e.path);
        report || self.late().any(user)
    }

    /// The templates of a scope that yield other files, by path.
    pub(crate) fn papers(&self, scope: Scope) -> impl Iterator<Item = &Entry> {
        self.entries
            .values()
            .filter(move |e| e.header.scope == scope && e.header.file.is_some())
    }

    /// Whether any template can yield another file.
    pub(crate) fn has_papers(&self, platform: &Platform) -> bool {
        let user = |e: &Entry| e.header.file.is_some() && self.places.contains_key(&*e.path);
        platform.runbooks || platform.bootstrap || self.entries.values().any(user)
    }

    /// The path and the text of another file, unless the template does not apply.
    pub(crate) fn paper(
        &self,
        entry: &Entry,
        context: &Context,
    ) -> Result<Option<(String, String)>, Vec<Fault>> {
        let one = |fault| vec![fault];
        if let Some(when) = &entry.header.when
            && !self
                .engine
                .applies(&entry.path, when, context)
                .map_err(one)?
        {
            return Ok(None);
        }
        let plain = |name: &str| {
            let rendered = self.engine.run(name, context).map_err(one)?;
            paper::plain(&entry.path, &rendered).map_err(one)
        };
        let path = plain(&file_name(&entry.path))?;
        let text = if entry.path.ends_with(OBJECTS) {
            let Some((rendered, shape)) = self.render(entry, context)? else {
                return Ok(None);
            };
            paper::yaml(entry, &rendered, &shape).map_err(one)?
        } else {
            plain(&entry.path)?
        };
        Ok(Some((path, text)))
    }

    /// Renders one template, unless its condition says that it does not apply.
    pub(crate) fn render(
        &self,
        entry: &Entry,
        context: &Context,
    ) -> Result<Option<(Rendered, Arc<Shape>)>, Vec<Fault>> {
        if let Some(when) = &entry.header.when
            && !self
                .engine
                .applies(&entry.path, when, context)
                .map_err(|f| vec![f])?
        {
            return Ok(None);
        }
        let rendered = self.engine.run(&entry.path, context).map_err(|f| vec![f])?;
        let kept = || entry.shapes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shape) = kept().get(&rendered.text) {
            let shape = Arc::clone(shape);
            return Ok(Some((rendered, shape)));
        }
        let lines = self.engine.lines(&entry.path, context);
        let shape = Shape::parse(&rendered.text, &lines).map_err(|faults| {
            faults
                .into_iter()
                .map(|f| entry.fault(f))
                .collect::<Vec<_>>()
        })?;
        let shape = Arc::new(shape);
        let mut kept = kept();
        if kept.len() >= SHAPES {
            kept.clear();
        }
        kept.insert(rendered.text.clone(), Arc::clone(&shape));
        drop(kept);
        Ok(Some((rendered, shape)))
    }

    /// A fault of a template as people see it.
    pub(crate) fn diagnostic(&self, fault: &Fault) -> Diagnostic {
        let path = &fault.template;
        match self.places.get(path) {
            Some((source, text)) => {
                let range = match (&fault.range, fault.line) {
                    (Some(range), _) => range.clone(),
                    (None, Some(line)) => line_range(text, line),
                    (None, None) => 0..0,
                };
                let at = Span::new(*source, range.start, range.end);
                Diagnostic::new(Code::Template, fault.message.clone()).at(at, "")
            }
            None => {
                let line = fault.line.map_or(String::new(), |l| format!(":{l}"));
                Diagnostic::new(Code::Template, fault.message.clone())
                    .note(format!("in the built-in template `{path}{line}`"))
            }
        }
    }
}

/// Whether a template yields something; others are only imported.
fn yields(name: &str) -> bool {
    name.ends_with(OBJECTS) || name.ends_with(TEXT)
}

/// The name that the path of a template's file is compiled under.
fn file_name(template: &str) -> String {
    format!("{template}#file")
}

/// The bytes of a line, without its indentation.
pub(super) fn line_range(text: &str, line: u32) -> std::ops::Range<usize> {
    let mut start = 0;
    for (number, content) in (1..).zip(text.split_inclusive('\n')) {
        if number == line {
            let indent = content.len() - content.trim_start().len();
            return start + indent..start + content.trim_end().len().max(indent);
        }
        start += content.len();
    }
    0..0
}

impl Entry {
    /// A fault of this template's shape.
    pub(crate) fn fault(&self, fault: ShapeFault) -> Fault {
        Fault {
            template: self.path.to_string(),
            message: fault.message,
            line: (fault.line > 0).then_some(fault.line),
            range: None,
        }
    }
}
