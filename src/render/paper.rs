//! Templates to papers: files for people and for API servers, which no controller applies.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diag::{Diagnostic, Sink};
use crate::emit;
use crate::model::manifest::{ManifestPath, RenderedFile};

use super::engine::{Context, Fault, Rendered, slot};
use super::fact::Fact;
use super::facts::Scene;
use super::shape::Shape;
use super::templates::{Entry, Templates};

/// Folders in which only objects stand, and regen's own.
const TAKEN: [&str; 3] = ["clusters", "hub", ".regen"];

/// The papers of scenes, put among files by path.
pub(super) struct Papers<'a> {
    templates: &'a Templates,
    files: &'a mut BTreeMap<ManifestPath, RenderedFile>,
    /// Faults by template and message.
    faults: BTreeMap<(String, String), Diagnostic>,
}

impl<'a> Papers<'a> {
    pub(super) fn new(
        templates: &'a Templates,
        files: &'a mut BTreeMap<ManifestPath, RenderedFile>,
    ) -> Self {
        Self {
            templates,
            files,
            faults: BTreeMap::new(),
        }
    }

    /// Adds the papers of one scene.
    pub(super) fn add(&mut self, scene: &Scene) {
        let context = Context::new(scene.root.clone());
        for entry in self.templates.papers(scene.scope) {
            let faults = match self.templates.paper(entry, &context) {
                Ok(None) => Vec::new(),
                Ok(Some(made)) => place(entry, made, self.files).err().into_iter().collect(),
                Err(faults) => faults,
            };
            for fault in faults {
                let key = (fault.template.clone(), fault.message.clone());
                self.faults.entry(key).or_insert_with(|| {
                    let told = self.templates.diagnostic(&fault);
                    told.note(format!("while rendering {}", scene.place.context))
                });
            }
        }
    }

    /// Tells what went wrong.
    pub(super) fn tell(self, sink: &mut Sink) {
        for diagnostic in self.faults.into_values() {
            sink.emit(diagnostic);
        }
    }
}

/// Puts a text at its path, where there is nothing yet.
fn place(
    entry: &Entry,
    (path, text): (String, String),
    files: &mut BTreeMap<ManifestPath, RenderedFile>,
) -> Result<(), Fault> {
    let fault = |message| Fault {
        template: entry.path.to_string(),
        message,
        line: Some(1),
        range: None,
    };
    let folder = path.split('/').next().unwrap_or_default();
    if TAKEN.contains(&folder) || !path.contains('/') {
        return Err(fault(format!(
            "`{path}` is no place for a file that nothing applies: take a folder of its own, such as `runbooks/`"
        )));
    }
    let Some(legal) = ManifestPath::new(path.as_str()) else {
        return Err(fault(format!("`{path}` is no path below the repository")));
    };
    let file = RenderedFile {
        text: text.into(),
        manifests: Vec::new(),
    };
    match files.insert(legal, file) {
        None => Ok(()),
        Some(_) => Err(fault(format!("`{path}` is written twice"))),
    }
}

/// The text with its values in their places; lists and mappings have none.
pub(super) fn plain(template: &str, rendered: &Rendered) -> Result<String, Fault> {
    let mut text = String::with_capacity(rendered.text.len());
    for (line, content) in (1..).zip(rendered.text.split_inclusive('\n')) {
        for c in content.chars() {
            let value = slot(c)
                .and_then(|i| rendered.slots.get(i))
                .map(|item| &item.fact);
            let written = match value {
                None => write!(text, "{c}"),
                Some(Fact::Null) => Ok(()),
                Some(Fact::Bool(flag)) => write!(text, "{flag}"),
                Some(Fact::Number(number)) => write!(text, "{number}"),
                Some(Fact::Text(value)) => write!(text, "{value}"),
                Some(Fact::List(_) | Fact::Map(_)) => {
                    return Err(Fault {
                        template: template.to_owned(),
                        message: format!(
                            "line {line} of the text holds a list or a mapping: go through it with `for`, or `join` it"
                        ),
                        line: None,
                        range: None,
                    });
                }
            };
            written.unwrap_or_else(|_| unreachable!("a text takes text"));
        }
    }
    Ok(text)
}

/// Documents that are no objects, as canonical YAML.
pub(super) fn yaml(entry: &Entry, rendered: &Rendered, shape: &Shape) -> Result<String, Fault> {
    let mut texts = Vec::new();
    for piece in &shape.documents {
        let body = piece.fill(&rendered.slots).map_err(|f| entry.fault(f))?;
        texts.push(emit::document(&body));
    }
    Ok(texts.join("---\n"))
}
