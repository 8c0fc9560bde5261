//! What every command does first: read the fleet, and show what is wrong with it.

use std::path::{Path, PathBuf};

use crate::diag::{Diagnostic, Rejected, Severity, Sink, Sources};
use crate::pipeline::{self, Input, Planned};
use crate::publish::{self, Provenance};
use crate::report::{json, text};
use crate::{atlas, io, plan, render};

use super::repository::Rendered;
use super::{FormatArg, Terminal};

/// A fleet's files and the diagnostics about them.
pub(super) struct Session<'a> {
    /// The fleet's directory.
    pub(super) root: PathBuf,
    /// Its files.
    pub(super) input: Input,
    /// What is wrong with them.
    pub(super) sink: Sink,
    /// What is said of notes.
    pub(super) notes: Notes,
    terminal: &'a Terminal,
}

/// What is said of notes, which ask for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notes {
    /// Nothing.
    Unsaid,
    /// How many there are.
    Counted,
    /// Each of them.
    Shown,
}

impl<'a> Session<'a> {
    /// Reads the fleet's files; `None`, after a word on it, where there is no fleet.
    pub(super) fn open(root: &Path, terminal: &'a Terminal) -> anyhow::Result<Option<Self>> {
        let root = match io::files::find_fleet(root) {
            Ok(root) => root,
            Err(error) => {
                terminal.fault(&error);
                return Ok(None);
            }
        };
        let mut input = Input::default();
        input.files = io::files::read_fleet(&root, &mut input.sources)?;
        Ok(Some(Self {
            root,
            input,
            sink: Sink::new(),
            notes: Notes::Unsaid,
            terminal,
        }))
    }

    /// Puts other round trips in the place of the fleet's.
    pub(super) fn replace_round_trips(&mut self, path: &Path) -> anyhow::Result<()> {
        let text = io::files::read_text(path)?;
        let source = self.input.sources.add(path.display().to_string(), text);
        self.input.round_trips = Some(source);
        Ok(())
    }

    /// Shows diagnostics that a stage outside the pipeline emitted.
    pub(super) fn reject(&mut self, sink: Sink, sources: &Sources) {
        let all = sink.into_sorted();
        let drawn = text::diagnostics(&all, sources, self.terminal.err);
        self.terminal.done();
        self.terminal.say(drawn.trim_end_matches('\n'));
        self.terminal.say("");
        self.terminal
            .say(&self.terminal.err.red("refused; nothing was written"));
    }

    /// Runs stages of the pipeline; shows the diagnostics and returns `None` when rejected.
    pub(super) fn stage<T>(
        &mut self,
        stages: impl FnOnce(&Input, &mut Sink) -> Result<T, Rejected>,
        format: FormatArg,
    ) -> Option<T> {
        let result = stages(&self.input, &mut self.sink);
        if result.is_err() {
            self.show(format, true);
        }
        result.ok()
    }

    /// Shows warnings and notes beside a report that goes to standard output.
    pub(super) fn show_warnings(&mut self) {
        self.show(FormatArg::Text, false);
    }

    /// What a commit of a rendered set was made from: everything that rendering depends on.
    pub(super) fn provenance(&self, planned: &Planned, rendered: &Rendered<'_>) -> Provenance {
        let lock = plan::lock::to_text(&planned.plan);
        let files = self
            .input
            .texts()
            .filter(|(path, _)| *path != pipeline::LOCK)
            .map(|(path, source)| (path, self.input.sources.get(source).text()));
        let built_in = render::BUILT_IN.iter().chain(atlas::TEXTS).copied();
        let inputs = files
            .chain(built_in)
            .chain([(pipeline::LOCK, lock.as_str())]);
        let version = env!("CARGO_PKG_VERSION");
        Provenance {
            version: version.to_owned(),
            input: publish::input_digest(version, inputs.map(|(n, t)| (n, t.as_bytes()))),
            output: publish::output_digest(&rendered.digests),
            source: rendered.source.clone(),
        }
    }

    fn show(&mut self, format: FormatArg, rejected: bool) {
        self.terminal.done();
        let all = std::mem::take(&mut self.sink).into_sorted();
        match format {
            FormatArg::Json if rejected => {
                self.terminal
                    .print(&json::diagnostics(&all, &self.input.sources));
            }
            _ => {
                let (notes, rest): (Vec<Diagnostic>, Vec<Diagnostic>) =
                    all.into_iter().partition(|d| {
                        self.notes != Notes::Shown && d.effective_severity() == Severity::Note
                    });
                let drawn = text::diagnostics(&rest, &self.input.sources, self.terminal.err);
                if !drawn.is_empty() {
                    self.terminal.say(drawn.trim_end_matches('\n'));
                    self.terminal.say("");
                }
                if rejected {
                    let errors = rest
                        .iter()
                        .filter(|d| d.effective_severity() == Severity::Error)
                        .count();
                    let text = format!("{}; nothing was written", text::count(errors, "error"));
                    self.terminal.say(&self.terminal.err.red(&text));
                } else if self.notes == Notes::Counted && !notes.is_empty() {
                    let text = format!(
                        "{}: see `regen check --notes`",
                        text::count(notes.len(), "note")
                    );
                    self.terminal.say(&self.terminal.err.faint(&text));
                }
            }
        }
    }
}
