//! `regen render`: writes, or commits, the manifests of every cluster.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::diag::{Sink, Sources};
use crate::io;
use crate::io::files::OutTree;
use crate::io::git::{Location, Prepared, Published, Snapshot};
use crate::model::change::TreeChange;
use crate::pipeline::{self, LockChange, Planned};
use crate::plan;
use crate::publish;
use crate::report::{json, text};

use super::repository::{self, Rendered};
use super::session::Session;
use super::{Exit, FormatArg, Terminal};

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

    /// How to write the report
    #[arg(long, value_enum, default_value_t = FormatArg::Text)]
    format: FormatArg,
}

/// What a run came to.
struct Done {
    change: TreeChange,
    /// Lines for people, as a word and a text.
    lines: Vec<(&'static str, String)>,
    commit: Option<String>,
}

impl Render {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> anyhow::Result<Exit> {
        let Some(mut session) = Session::open(root, terminal)? else {
            return Ok(Exit::Rejected);
        };
        terminal.progress("planning");
        let options = plan::Options::default();
        let Some(planned) = session.stage(
            |input, sink| pipeline::plan(input, &options, sink),
            self.format,
        ) else {
            return Ok(Exit::Rejected);
        };
        if self.locked
            && session
                .stage(|_, sink| planned.locked(sink), self.format)
                .is_none()
        {
            return Ok(Exit::Rejected);
        }
        terminal.progress("rendering");
        let Some(set) = session.stage(
            |input, sink| pipeline::render(input, &planned, sink),
            self.format,
        ) else {
            return Ok(Exit::Rejected);
        };
        session.show_warnings();
        let source = io::git::source_commit(&session.root)?;
        let rendered = Rendered::new(&set, source);
        terminal.progress("comparing");
        let done = if self.commit {
            self.commit(&mut session, &planned, &rendered)?
        } else {
            self.write(&mut session, &planned, &rendered)?
        };
        terminal.done();
        let Some(done) = done else {
            return Ok(Exit::Rejected);
        };
        terminal.print(&match self.format {
            FormatArg::Json => json::change(&done.change, done.commit.as_deref()),
            FormatArg::Text => {
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

    /// Into the object database of the GitOps repository.
    fn commit(
        &self,
        session: &mut Session<'_>,
        planned: &Planned,
        rendered: &Rendered<'_>,
    ) -> anyhow::Result<Option<Done>> {
        let gitops = &planned.world.fleet.gitops;
        let (mut sink, mut sources) = (Sink::new(), Sources::new());
        let shown = &gitops.repository.value;
        if self.dry_run {
            let change = match repository::open(gitops, &session.root)? {
                None => rendered.compare(&Default::default(), &Default::default()),
                Some(repository) => {
                    let snapshot = repository.snapshot(&gitops.branch)?;
                    match rendered.look(&snapshot, shown, &mut sink, &mut sources)? {
                        Ok((ledger, tree)) => rendered.compare(&ledger, &tree),
                        Err(_) => {
                            session.reject(sink, &sources);
                            return Ok(None);
                        }
                    }
                }
            };
            if publish::refuse(&change, &self.options(), &mut sink).is_err() {
                session.reject(sink, &sources);
                return Ok(None);
            }
            let lines = vec![("would", would(&change))];
            return Ok(Some(Done {
                change,
                lines,
                commit: None,
            }));
        }

        let mut lines = self.write_lock(session, planned)?;
        let (repository, created) = repository::open_or_create(gitops, &session.root)?;
        let remote = match self.push || repository.is_mirror() {
            true => Some(repository.remote(&gitops.branch)?),
            false => None,
        };
        if repository.is_mirror() && !self.push {
            bail!(
                "`{}` is an address: a commit to it needs --push",
                repository.shown()
            );
        }
        let provenance = session.provenance(planned, rendered);
        let options = self.options();
        let mut prepare = |snapshot: &Snapshot<'_>| -> anyhow::Result<Option<Prepared>> {
            let looked = rendered.look(snapshot, shown, &mut sink, &mut sources)?;
            let Ok((ledger, tree)) = looked else {
                return Ok(None);
            };
            let change = rendered.compare(&ledger, &tree);
            if publish::refuse(&change, &options, &mut sink).is_err() {
                return Ok(None);
            }
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
            session.reject(sink, &sources);
            return Ok(None);
        };
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
        Ok(Some(Done {
            change: published.change,
            lines,
            commit,
        }))
    }

    /// Into a directory.
    fn write(
        &self,
        session: &mut Session<'_>,
        planned: &Planned,
        rendered: &Rendered<'_>,
    ) -> anyhow::Result<Option<Done>> {
        let dir = match &self.out {
            Some(out) => out.clone(),
            None => match Location::of(&planned.world.fleet.gitops.repository.value, &session.root)
            {
                Location::Path(path) => path,
                Location::Url(_) => {
                    bail!("the GitOps repository is an address: give --commit --push, or --out DIR")
                }
            },
        };
        let (mut sink, mut sources) = (Sink::new(), Sources::new());
        let tree = OutTree::open(&dir)?;
        let shown = dir.display().to_string();
        let change = match rendered.look_into(&tree, &shown, &mut sink, &mut sources)? {
            Ok((ledger, state)) => rendered.compare(&ledger, &state),
            Err(_) => {
                session.reject(sink, &sources);
                return Ok(None);
            }
        };
        if publish::refuse(&change, &self.options(), &mut sink).is_err() {
            session.reject(sink, &sources);
            return Ok(None);
        }
        if self.dry_run {
            let lines = vec![("would", would(&change))];
            return Ok(Some(Done {
                change,
                lines,
                commit: None,
            }));
        }
        let mut lines = self.write_lock(session, planned)?;
        io::files::write_tree(&tree, &change, rendered.set)
            .with_context(|| format!("writing the manifests to {shown}"))?;
        let text = if change.is_empty() {
            format!("nothing changed in {shown}")
        } else {
            format!("{} in {shown}", change.counts())
        };
        lines.push(("wrote", text));
        Ok(Some(Done {
            change,
            lines,
            commit: None,
        }))
    }

    /// Before the manifests, so that whatever is committed can be derived from what is on disk.
    fn write_lock(
        &self,
        session: &Session<'_>,
        planned: &Planned,
    ) -> anyhow::Result<Vec<(&'static str, String)>> {
        let text = match planned.lock_change() {
            LockChange::None => return Ok(Vec::new()),
            LockChange::New => format!("{} is new: commit it with the fleet", pipeline::LOCK),
            LockChange::Changed => format!("{} changed: commit it with the fleet", pipeline::LOCK),
        };
        let path = session.root.join(pipeline::LOCK);
        io::files::write_atomic(&path, plan::lock::to_text(&planned.plan).as_bytes())
            .with_context(|| format!("writing the lock {}", path.display()))?;
        Ok(vec![("lock", text)])
    }
}

fn told(lines: &mut Vec<(&'static str, String)>, published: &Published, branch: &str) {
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
    for note in &published.committed.notes {
        lines.push(("note", note.clone()));
    }
}

fn would(change: &TreeChange) -> String {
    if change.is_empty() {
        "change nothing".to_owned()
    } else {
        change.counts().to_string()
    }
}
