//! `regen render`: writes, or commits, the manifests of every cluster.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::diag::{Sink, Sources};
use crate::io;
use crate::io::files::OutTree;
use crate::io::git::{Location, Prepared, Published, Snapshot};
use crate::model::change::{Ledger, TreeChange, TreeState};
use crate::pipeline::{self, LockChange, Planned};
use crate::plan;
use crate::publish;
use crate::report::{Format, json, text};

use super::repository::{self, Rendered};
use super::session::Session;
use super::{Exit, Stop, Terminal};

/// Render the manifests of every cluster, and write or commit them
///
/// With --commit: one commit for all clusters in the GitOps repository, which is created when it
/// does not exist; nothing changed means no commit. Without: into the repository's directory (or
/// --out DIR), uncommitted. Files that regen does not own are never touched, files that someone
/// edited by hand are refused.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  regen render --commit\n  \
    regen render --commit --push --locked      (in a pipeline)\n  \
    regen render --out /tmp/manifests --dry-run")]
pub(super) struct Render {
    /// Commit to the GitOps repository
    #[arg(long, conflicts_with = "out")]
    commit: bool,

    /// Push the commit; a push that is rejected is fetched and tried again on top
    #[arg(long, requires = "commit")]
    push: bool,

    /// Write into this directory instead of the GitOps repository
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Show what would change, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Refuse decisions that regen.lock does not hold
    #[arg(long)]
    locked: bool,

    /// Overwrite files that were edited by hand
    #[arg(long)]
    overwrite: bool,

    /// How many files one run may remove
    #[arg(long, value_name = "N", default_value_t = publish::DEFAULT_MAX_DELETES)]
    max_deletes: usize,

    /// Check custom resources also against the CRDs in this directory
    #[arg(long, value_name = "DIR")]
    crds: Option<PathBuf>,

    /// Refuse data classes and exceptions that were not looked at again in time (`reviewBy`)
    #[arg(long)]
    strict_reviews: bool,

    /// How to write the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What a run came to.
struct Done {
    change: TreeChange,
    /// Lines for people, as a word and a text.
    lines: Vec<(&'static str, String)>,
    commit: Option<String>,
}

impl Render {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
        let mut session = Session::open(root, self.format, terminal)?;
        session.add_crds(self.crds.as_deref())?;
        terminal.progress("planning");
        let planned = session.plan(&plan::Options::default())?;
        session.stage(|_, sink| planned.switched(sink))?;
        session.review(&planned, self.strict_reviews)?;
        if self.locked {
            session.stage(|_, sink| planned.locked(sink))?;
        }
        terminal.progress("rendering");
        let set = session.render(&planned)?;
        session.show_warnings();
        let source = io::git::source_commit(&session.root)?;
        let rendered = Rendered::new(&set, source);
        terminal.progress("comparing");
        let done = match (self.commit, self.dry_run) {
            (true, true) => self.would_commit(&session, &planned, &rendered)?,
            (true, false) => self.commit(&session, &planned, &rendered, terminal)?,
            (false, _) => self.write(&session, &planned, &rendered, terminal)?,
        };
        terminal.done();
        terminal.print(&match self.format {
            Format::Json => json::change(&done.change, done.commit.as_deref()),
            Format::Text => {
                let mut out = text::decided(&planned.world, &planned.plan, &set, terminal.out);
                for (word, text) in &done.lines {
                    text::line(&mut out, word, text);
                }
                if self.dry_run {
                    out.push_str(&text::pending(&done.change, terminal.out));
                }
                out
            }
        });
        Ok(Exit::Clean)
    }

    fn options(&self) -> publish::Options {
        publish::Options {
            max_deletes: self.max_deletes,
            overwrite_edited: self.overwrite,
        }
    }

    /// What [`Self::commit`] would do.
    fn would_commit(
        &self,
        session: &Session<'_>,
        planned: &Planned,
        rendered: &Rendered<'_>,
    ) -> Result<Done, Stop> {
        let gitops = &planned.world.fleet.gitops;
        let (mut sink, mut sources) = (Sink::new(), Sources::new());
        let change = match repository::open(gitops, &session.root)? {
            None => rendered.compare(&Ledger::default(), &TreeState::default()),
            Some(repository) => {
                let snapshot = repository.snapshot(&gitops.branch)?;
                let shown = &gitops.repository.value;
                let (ledger, tree) = rendered
                    .look(&snapshot, shown, &mut sink, &mut sources)?
                    .map_err(|_| session.reject(std::mem::take(&mut sink), &sources))?;
                rendered.compare(&ledger, &tree)
            }
        };
        if publish::refuse(&change, &self.options(), &mut sink).is_err() {
            return Err(session.reject(sink, &sources));
        }
        Ok(Done::would(change))
    }

    /// Into the object database of the GitOps repository.
    fn commit(
        &self,
        session: &Session<'_>,
        planned: &Planned,
        rendered: &Rendered<'_>,
        terminal: &Terminal,
    ) -> Result<Done, Stop> {
        let gitops = &planned.world.fleet.gitops;
        let (mut sink, mut sources) = (Sink::new(), Sources::new());
        let (repository, created) = repository::open_or_create(gitops, &session.root)?;
        if repository.is_mirror() && !self.push {
            return Err(terminal.refuse(&format!(
                "`{}` is an address: a commit to it needs --push",
                repository.shown()
            )));
        }
        let remote = match self.push {
            true => Some(repository.remote(&gitops.branch)?),
            false => None,
        };
        let provenance = session.provenance(planned, rendered);
        let options = self.options();
        let mut lock = None;
        let mut prepare = |snapshot: &Snapshot<'_>| -> anyhow::Result<Option<Prepared>> {
            let shown = &gitops.repository.value;
            let looked = rendered.look(snapshot, shown, &mut sink, &mut sources)?;
            let Ok((ledger, tree)) = looked else {
                return Ok(None);
            };
            let change = rendered.compare(&ledger, &tree);
            if publish::refuse(&change, &options, &mut sink).is_err() {
                return Ok(None);
            }
            // Before the commit, so that it can be derived from what is on disk.
            lock = write_lock(session, planned)?;
            let message = publish::message(&change, &provenance);
            Ok(Some(Prepared { change, message }))
        };
        let published = io::git::publish(
            &repository,
            &gitops.branch,
            remote.as_ref(),
            rendered.set,
            &mut prepare,
        )?;
        let Some(published) = published else {
            return Err(session.reject(sink, &sources));
        };
        let mut lines: Vec<(&'static str, String)> = lock.into_iter().collect();
        if created {
            let path: PathBuf = Path::new(repository.shown()).components().collect();
            let path = text::inert(&path.to_string_lossy()).into_owned();
            lines.push((
                "created",
                format!("{path}, a git repository on branch {}", gitops.branch),
            ));
        }
        told(&mut lines, &published, &gitops.branch);
        let commit = published
            .committed
            .new
            .then(|| published.committed.id.clone())
            .flatten();
        Ok(Done {
            change: published.change,
            lines,
            commit,
        })
    }

    /// Into a directory.
    fn write(
        &self,
        session: &Session<'_>,
        planned: &Planned,
        rendered: &Rendered<'_>,
        terminal: &Terminal,
    ) -> Result<Done, Stop> {
        let repository = &planned.world.fleet.gitops.repository.value;
        let dir = match (&self.out, Location::of(repository, &session.root)) {
            (Some(out), _) => out.clone(),
            (None, Location::Path(path)) => path,
            (None, Location::Url(_)) => {
                return Err(terminal.refuse(
                    "the GitOps repository is an address: give --commit --push, or --out DIR",
                ));
            }
        };
        let (mut sink, mut sources) = (Sink::new(), Sources::new());
        let tree = OutTree::open(&dir)?;
        let shown = dir.display().to_string();
        let (ledger, state) = rendered
            .look_into(&tree, &shown, &mut sink, &mut sources)?
            .map_err(|_| session.reject(std::mem::take(&mut sink), &sources))?;
        let change = rendered.compare(&ledger, &state);
        if publish::refuse(&change, &self.options(), &mut sink).is_err() {
            return Err(session.reject(sink, &sources));
        }
        if self.dry_run {
            return Ok(Done::would(change));
        }
        // Before the manifests, so that they can be derived from what is on disk.
        let mut lines: Vec<(&'static str, String)> =
            write_lock(session, planned)?.into_iter().collect();
        io::files::write_tree(&tree, &change, rendered.set)
            .with_context(|| format!("writing the manifests to {shown}"))?;
        let text = if change.is_empty() {
            format!("nothing changed in {shown}")
        } else {
            format!("{} in {shown}", change.counts())
        };
        lines.push(("wrote", text));
        Ok(Done {
            change,
            lines,
            commit: None,
        })
    }
}

impl Done {
    /// A dry run.
    fn would(change: TreeChange) -> Self {
        let text = if change.is_empty() {
            "change nothing".to_owned()
        } else {
            change.counts().to_string()
        };
        Self {
            change,
            lines: vec![("would", text)],
            commit: None,
        }
    }
}

/// Writes the lock where the plan differs from it, and says so.
fn write_lock(
    session: &Session<'_>,
    planned: &Planned,
) -> anyhow::Result<Option<(&'static str, String)>> {
    let how = match planned.lock_change() {
        LockChange::None => return Ok(None),
        LockChange::New => "is new",
        LockChange::Changed => "changed",
    };
    session.write_lock(planned)?;
    let text = format!("{} {how}: commit it with the fleet", pipeline::LOCK);
    Ok(Some(("lock", text)))
}

fn told(lines: &mut Vec<(&'static str, String)>, published: &Published, branch: &str) {
    // What came of it stands last.
    for note in &published.committed.notes {
        lines.push(("note", note.clone()));
    }
    match (&published.committed.id, published.committed.new) {
        (Some(id), true) => {
            let short = id.get(..10).unwrap_or(id);
            let counts = published.change.counts();
            lines.push(("committed", format!("{short} on {branch}: {counts}")));
        }
        _ => lines.push((
            "committed",
            "nothing to commit: the repository is as rendered".into(),
        )),
    }
    if let Some(remote) = &published.pushed {
        lines.push(("pushed", format!("to {remote}")));
    }
}
