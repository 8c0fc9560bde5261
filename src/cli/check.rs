//! `regen check`: everything up to the manifests, in memory, and how the repository stands to it.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::diag::{Sink, Sources};
use crate::io;
use crate::model::change::{Ledger, TreeChange, TreeState};
use crate::pipeline::LockChange;
use crate::plan;
use crate::report::{Format, json, text};

use super::repository::{self, Rendered};
use super::session::{Notes, Session};
use super::{Exit, Stop, Terminal};

/// Check the fleet: load, validate, plan and render in memory; write nothing
///
/// Shows what a render would change in the GitOps repository. Exit code 1 when a file in it was
/// edited by hand; with --rendered also when something is yet to be rendered.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  regen check                 (before a commit)\n  \
    regen check --rendered      (is the repository up to date?)"
)]
pub(super) struct Check {
    /// Exit with 1 also when the repository is behind the source
    #[arg(long)]
    rendered: bool,

    /// Check custom resources also against the CRDs in this directory
    #[arg(long, value_name = "DIR")]
    crds: Option<PathBuf>,

    /// Show notes too
    #[arg(long)]
    notes: bool,

    /// Refuse data classes and exceptions that were not looked at again in time (`reviewBy`)
    #[arg(long)]
    strict_reviews: bool,

    /// How to write the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Exit with 0 also when something differs
    #[arg(long)]
    exit_zero: bool,
}

impl Check {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
        let mut session = Session::open(root, self.format, terminal)?;
        session.add_crds(self.crds.as_deref())?;
        session.notes = match self.notes {
            true => Notes::Shown,
            false => Notes::Counted,
        };
        let planned = session.plan(&plan::Options::default())?;
        session.stage(|_, sink| planned.switched(sink))?;
        session.review(&planned, self.strict_reviews)?;
        let set = session.render(&planned)?;
        session.show_warnings();
        let rendered = Rendered::new(&set, io::git::source_commit(&session.root)?);
        let gitops = &planned.world.fleet.gitops;
        let repository = repository::open(gitops, &session.root)?;
        let change = match &repository {
            None => rendered.compare(&Ledger::default(), &TreeState::default()),
            Some(repository) => {
                let snapshot = repository.snapshot(&gitops.branch)?;
                let shown = &gitops.repository.value;
                let (mut sink, mut sources) = (Sink::new(), Sources::new());
                let (ledger, tree) = rendered
                    .look(&snapshot, shown, &mut sink, &mut sources)?
                    .map_err(|_| session.reject(sink, &sources))?;
                rendered.compare(&ledger, &tree)
            }
        };
        terminal.print(&match self.format {
            Format::Json => json::change(&change, None),
            Format::Text => {
                let style = terminal.out;
                let mut out = format!(
                    "{}: {}\n",
                    text::headline(&planned.world),
                    style.green("valid")
                );
                out.push_str(match planned.lock_change() {
                    LockChange::None => "",
                    LockChange::New => "  regen.lock is yet to be written\n",
                    LockChange::Changed => "  the plan differs from regen.lock: see `regen plan`\n",
                });
                out.push_str(&match repository {
                    None => "  nothing is rendered yet: `regen render --commit` makes the \
                             repository\n"
                        .to_owned(),
                    Some(_) => standing(&change, style),
                });
                if let Some(kinds) = text::unchecked(&set) {
                    out.push_str(&format!("  not checked: {kinds}\n"));
                }
                out
            }
        });
        Ok(self.exit(&change))
    }

    fn exit(&self, change: &TreeChange) -> Exit {
        let tampered = !change.edited.is_empty();
        let behind = !change.files.is_empty();
        if !self.exit_zero && (tampered || (self.rendered && behind)) {
            Exit::Differences
        } else {
            Exit::Clean
        }
    }
}

/// How the repository stands to what is rendered.
fn standing(change: &TreeChange, style: text::Style) -> String {
    let mut out = String::new();
    if change.files.is_empty() && change.edited.is_empty() {
        out.push_str("  the repository is as rendered\n");
    }
    if !change.edited.is_empty() {
        let n = text::count(change.edited.len(), "file");
        out.push_str(&style.red(&format!("  {n} edited by hand in the repository\n")));
    }
    if !change.files.is_empty() {
        out.push_str(&format!("  yet to be rendered: {}\n", change.counts()));
    }
    out.push_str(&text::pending(change, style));
    out
}
