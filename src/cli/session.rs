//! What every command does first: read the fleet, and show what is wrong with it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::diag::{Diagnostic, Rejected, Severity, Sink, SourceId, Sources};
use crate::model::date::Date;
use crate::model::manifest::ManifestSet;
use crate::pipeline::{self, Input, Planned};
use crate::publish::{self, Provenance};
use crate::report::{Format, json, text};
use crate::{atlas, io, plan, render};

use super::repository::Rendered;
use super::{Stop, Terminal};

/// A fleet's files and the diagnostics about them.
pub(super) struct Session<'a> {
    /// The fleet's directory.
    pub(super) root: PathBuf,
    /// Its files.
    pub(super) input: Input,
    /// What is said of notes.
    pub(super) notes: Notes,
    /// What is wrong with the files and was not shown yet.
    sink: Sink,
    format: Format,
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
    /// Reads the fleet's files; what cannot be read is rejected as input.
    pub(super) fn open(root: &Path, format: Format, terminal: &'a Terminal) -> Result<Self, Stop> {
        let mut input = Input::default();
        let read = io::files::find_fleet(root).and_then(|root| {
            input.files = io::files::read_fleet(&root, &mut input.sources)?;
            Ok(root)
        });
        let root = read.map_err(|error| terminal.unreadable(&error))?;
        Ok(Self {
            root,
            input,
            notes: Notes::Unsaid,
            sink: Sink::new(),
            format,
            terminal,
        })
    }

    /// Puts other round trips in the place of the fleet's.
    pub(super) fn replace_round_trips(&mut self, path: &Path) -> Result<(), Stop> {
        self.input.round_trips = Some(self.add_text(path)?);
        Ok(())
    }

    /// Reads a file that is none of the fleet's.
    pub(super) fn add_text(&mut self, path: &Path) -> Result<SourceId, Stop> {
        let text = io::files::read_text(path).map_err(|e| self.terminal.unreadable(&e))?;
        Ok(self.input.sources.add(path.display().to_string(), text))
    }

    /// Reads CustomResourceDefinitions that are none of the fleet's.
    pub(super) fn add_crds(&mut self, path: Option<&Path>) -> Result<(), Stop> {
        if let Some(path) = path {
            let read = io::files::read_crds(path, &mut self.input.sources);
            self.input.crds = read.map_err(|e| self.terminal.unreadable(&e))?;
        }
        Ok(())
    }

    /// Files to a plan.
    pub(super) fn plan(&mut self, options: &plan::Options) -> Result<Planned, Stop> {
        self.stage(|input, sink| pipeline::plan(input, options, sink))
    }

    /// Tells what should have been looked at again by today.
    pub(super) fn review(&mut self, planned: &Planned, strict: bool) -> Result<(), Stop> {
        match Date::parse(&super::today()) {
            Some(today) => self.stage(|_, sink| planned.reviewed(today, strict, sink)),
            None => Ok(()),
        }
    }

    /// A plan to manifests.
    pub(super) fn render(&mut self, planned: &Planned) -> Result<ManifestSet, Stop> {
        self.stage(|input, sink| pipeline::render(input, planned, sink))
    }

    /// Runs stages of the pipeline; shows the diagnostics when they reject the fleet.
    pub(super) fn stage<T>(
        &mut self,
        stages: impl FnOnce(&Input, &mut Sink) -> Result<T, Rejected>,
    ) -> Result<T, Stop> {
        stages(&self.input, &mut self.sink).map_err(|_| {
            let all = std::mem::take(&mut self.sink).into_sorted();
            self.show_rejection(all, &self.input.sources);
            Stop::Rejected
        })
    }

    /// Shows diagnostics that a stage outside the pipeline emitted.
    pub(super) fn reject(&self, sink: Sink, sources: &Sources) -> Stop {
        self.show_rejection(sink.into_sorted(), sources);
        Stop::Rejected
    }

    /// Writes the decisions of a plan to the lock.
    pub(super) fn write_lock(&self, planned: &Planned) -> anyhow::Result<()> {
        let path = self.root.join(pipeline::LOCK);
        io::files::write_atomic(&path, plan::lock::to_text(&planned.plan).as_bytes())
            .context("writing the lock")
    }

    /// Shows warnings and notes beside a report that goes to standard output.
    pub(super) fn show_warnings(&mut self) {
        let all = std::mem::take(&mut self.sink).into_sorted();
        let notes = self.show(all, &self.input.sources);
        if notes > 0 && self.notes == Notes::Counted {
            let text = format!("{}: see `regen check --notes`", text::count(notes, "note"));
            self.terminal.say(&self.terminal.err.faint(&text));
        }
    }

    /// What was said so far, for a report that shows it itself.
    pub(super) fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.sink).into_sorted()
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

    fn show_rejection(&self, all: Vec<Diagnostic>, sources: &Sources) {
        if self.format == Format::Json {
            self.terminal.done();
            self.terminal.print(&json::diagnostics(&all, sources));
            return;
        }
        let errors = all
            .iter()
            .filter(|d| d.effective_severity() == Severity::Error)
            .count();
        self.show(all, sources);
        let text = format!("{}; nothing was written", text::count(errors, "error"));
        self.terminal.say(&self.terminal.err.red(&text));
    }

    /// Shows diagnostics on standard error; how many notes were left out.
    fn show(&self, all: Vec<Diagnostic>, sources: &Sources) -> usize {
        self.terminal.done();
        let (notes, rest): (Vec<Diagnostic>, Vec<Diagnostic>) = all
            .into_iter()
            .partition(|d| self.notes != Notes::Shown && d.effective_severity() == Severity::Note);
        let drawn = text::diagnostics(&rest, sources, self.terminal.err);
        if !drawn.is_empty() {
            self.terminal.say(drawn.trim_end_matches('\n'));
            self.terminal.say("");
        }
        notes.len()
    }
}
