//! `regen check`: everything up to the manifests, in memory, and how the repository stands to it.

use std::path::Path;

use clap::Args;

use crate::diag::{Sink, Sources};
use crate::io;
use crate::model::change::TreeChange;
use crate::pipeline::{self, LockChange};
use crate::plan;
use crate::report::{json, text};

use super::repository::{self, Rendered};
use super::session::{Notes, Session};
use super::{Exit, FormatArg, Terminal};

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

    /// Show notes too
    #[arg(long)]
    notes: bool,

    /// How to write the report
    #[arg(long, value_enum, default_value_t = FormatArg::Text)]
    format: FormatArg,

    /// Exit with 0 also when something differs
    #[arg(long)]
    exit_zero: bool,
}

impl Check {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> anyhow::Result<Exit> {
        let Some(mut session) = Session::open(root, terminal)? else {
            return Ok(Exit::Rejected);
        };
        session.notes = match self.notes {
            true => Notes::Shown,
            false => Notes::Counted,
        };
        let options = plan::Options::default();
        let Some(planned) = session.stage(
            |input, sink| pipeline::plan(input, &options, sink),
            self.format,
        ) else {
            return Ok(Exit::Rejected);
        };
        let Some(set) = session.stage(
            |input, sink| pipeline::render(input, &planned, sink),
            self.format,
        ) else {
            return Ok(Exit::Rejected);
        };
        session.show_warnings();
        let rendered = Rendered::new(&set, io::git::source_commit(&session.root)?);
        let gitops = &planned.world.fleet.gitops;
        let (mut sink, mut sources) = (Sink::new(), Sources::new());
        let repository = repository::open(gitops, &session.root)?;
        let change = match &repository {
            None => None,
            Some(repository) => {
                let snapshot = repository.snapshot(&gitops.branch)?;
                let shown = &gitops.repository.value;
                match rendered.look(&snapshot, shown, &mut sink, &mut sources)? {
                    Ok((ledger, tree)) => Some(rendered.compare(&ledger, &tree)),
                    Err(_) => {
                        session.reject(sink, &sources);
                        return Ok(Exit::Rejected);
                    }
                }
            }
        };
        let headline = text::headline(&planned.world);
        let lock = planned.lock_change();
        let exit = self.exit(change.as_ref());
        terminal.print(&match self.format {
            FormatArg::Json => json::change(&change.unwrap_or_default(), None),
            FormatArg::Text => self.told(&headline, lock, change.as_ref(), terminal),
        });
        Ok(if self.exit_zero { Exit::Clean } else { exit })
    }

    fn exit(&self, change: Option<&TreeChange>) -> Exit {
        let tampered = change.is_some_and(|c| !c.edited.is_empty());
        let behind = change.is_none_or(|c| !c.files.is_empty());
        if tampered || (self.rendered && behind) {
            Exit::Differences
        } else {
            Exit::Clean
        }
    }

    fn told(
        &self,
        headline: &str,
        lock: LockChange,
        change: Option<&TreeChange>,
        terminal: &Terminal,
    ) -> String {
        let style = terminal.out;
        let mut out = format!("{}: {}\n", headline, style.green("valid"));
        match lock {
            LockChange::None => {}
            LockChange::New => out.push_str("  regen.lock is yet to be written\n"),
            LockChange::Changed => {
                out.push_str("  the plan differs from regen.lock: see `regen plan`\n");
            }
        }
        let Some(change) = change else {
            out.push_str(
                "  nothing is rendered yet: `regen render --commit` makes the repository\n",
            );
            return out;
        };
        if change.files.is_empty() && change.edited.is_empty() {
            out.push_str("  the repository is as rendered\n");
            return out;
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
}
