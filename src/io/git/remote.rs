//! Fetch and push through the system's `git`, as the user has it set up.

use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail};
use git2::{Oid, Sort};

use super::open::{Repository, branch_reference};
use super::snapshot::Snapshot;

/// The trailer that only regen's commits carry.
const TRAILER: &str = "Regen-Version: ";

/// A remote repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The name in the repository's configuration; the local branches that follow it carry it.
    name: String,
    /// What `git` is told: the name, or an address that is not in the configuration.
    address: String,
}

impl Remote {
    /// The name or the address without credentials, by which messages name it.
    pub fn shown(&self) -> String {
        redact(&self.address)
    }
}

/// What a remote said to a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// It has the commit.
    Accepted,
    /// Its branch moved meanwhile: fetch, and try again on top.
    Moved,
}

impl Repository {
    /// The remote that a branch is pushed to: the address of a mirror, else
    /// `branch.<name>.pushRemote`, `remote.pushDefault`, `branch.<name>.remote`, the only remote,
    /// or `origin`.
    pub fn remote(&self, branch: &str) -> anyhow::Result<Remote> {
        if let Some(url) = &self.mirror_of {
            let (name, address) = ("origin".to_owned(), url.clone());
            return Ok(Remote { name, address });
        }
        let Some(name) = self.remote_name(branch)? else {
            bail!(
                "`{}` has no remote to push to; add one with \
                 `git -C {} remote add origin <address>`",
                self.shown,
                self.shown
            );
        };
        Ok(Remote {
            address: name.clone(),
            name,
        })
    }

    pub(super) fn remote_name(&self, branch: &str) -> anyhow::Result<Option<String>> {
        let context = || format!("cannot read the configuration of `{}`", self.shown);
        let config = self
            .git
            .config()
            .and_then(|mut c| c.snapshot())
            .with_context(context)?;
        let remotes = self.git.remotes().with_context(context)?;
        let names: Vec<&str> = remotes
            .iter()
            .filter_map(|name| name.ok().flatten())
            .collect();
        for key in [
            format!("branch.{branch}.pushRemote"),
            "remote.pushDefault".to_owned(),
            format!("branch.{branch}.remote"),
        ] {
            if let Ok(name) = config.get_str(&key)
                && names.contains(&name)
            {
                return Ok(Some(name.to_owned()));
            }
        }
        Ok(match names.as_slice() {
            [only] => Some((*only).to_owned()),
            many => many
                .iter()
                .find(|n| **n == "origin")
                .map(|n| (*n).to_owned()),
        })
    }

    /// Brings the remote's branch here; `None` when the remote does not have it yet.
    pub(super) fn fetch(&self, remote: &Remote, branch: &str) -> anyhow::Result<Option<Oid>> {
        let here = format!("refs/remotes/{}/{branch}", remote.name);
        let refspec = format!("+{}:{here}", branch_reference(branch)?);
        let shown = remote.shown();
        let attempt = || format!("cannot fetch `{branch}` from `{shown}`");
        let output = self
            .run(&[
                "fetch",
                "--quiet",
                "--no-tags",
                "--",
                &remote.address,
                &refspec,
            ])
            .with_context(attempt)?;
        if output.status.success() {
            return self.target(&here);
        }
        let said = said(&output);
        if said.contains("couldn't find remote ref") {
            return Ok(None);
        }
        bail!("{}: {said}", attempt())
    }

    /// Brings the remote's branch here and looks at it, without moving a local branch.
    pub fn snapshot_of_remote(
        &self,
        remote: &Remote,
        branch: &str,
    ) -> anyhow::Result<Snapshot<'_>> {
        let upstream = self.fetch(remote, branch)?;
        self.snapshot_on(branch, self.tip(branch)?, upstream)
    }

    /// A snapshot to publish from: on top of the remote's branch where that is ahead, or where
    /// both moved and what is only here are commits of regen's, which are made again.
    pub(super) fn snapshot_for_push(
        &self,
        branch: &str,
        upstream: Option<Oid>,
    ) -> anyhow::Result<Snapshot<'_>> {
        let tip = self.tip(branch)?;
        let (Some(here), Some(there)) = (tip, upstream) else {
            return match upstream {
                Some(_) => self.snapshot_on(branch, tip, upstream),
                None => self.snapshot(branch),
            };
        };
        let context = || {
            format!(
                "cannot compare `{branch}` of `{}` with its remote",
                self.shown
            )
        };
        let (ahead, behind) = self
            .git
            .graph_ahead_behind(here, there)
            .with_context(context)?;
        if behind == 0 {
            return self.snapshot_on(branch, tip, tip);
        }
        if ahead > 0 {
            let mut walk = self.git.revwalk().with_context(context)?;
            walk.set_sorting(Sort::TOPOLOGICAL)?;
            walk.push(here)?;
            walk.hide(there)?;
            for id in walk {
                let commit = self.git.find_commit(id?).with_context(context)?;
                let message = String::from_utf8_lossy(commit.message_bytes());
                if !message.lines().any(|line| line.starts_with(TRAILER)) {
                    bail!(
                        "`{branch}` of `{}` and of its remote went apart, and `{}` is not a \
                         commit of regen's: rebase or merge it by hand",
                        self.shown,
                        &commit.id().to_string()[..12]
                    );
                }
            }
        }
        self.snapshot_on(branch, tip, upstream)
    }

    /// Pushes the branch, never by force.
    pub fn push(&self, remote: &Remote, branch: &str) -> anyhow::Result<PushOutcome> {
        let name = branch_reference(branch)?;
        let refspec = format!("{name}:{name}");
        let shown = remote.shown();
        let attempt = || format!("cannot push `{branch}` to `{shown}`");
        let output = self
            .run(&["push", "--porcelain", "--", &remote.address, &refspec])
            .with_context(attempt)?;
        if output.status.success() {
            return Ok(PushOutcome::Accepted);
        }
        let status = String::from_utf8_lossy(&output.stdout);
        let moved = status
            .lines()
            .filter(|line| line.starts_with('!'))
            .any(|line| {
                line.contains("[rejected]")
                    || [
                        "cannot lock ref",
                        "failed to update ref",
                        "reference already exists",
                    ]
                    .iter()
                    .any(|race| line.contains(race))
            });
        if moved {
            return Ok(PushOutcome::Moved);
        }
        bail!("{}: {}", attempt(), said(&output))
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = Command::new("git");
        command.arg("--git-dir").arg(self.git.path());
        command.args(arguments).stdin(Stdio::null());
        command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        // Set by git for its hooks, they would lead to another repository.
        for variable in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            "GIT_COMMON_DIR",
            "GIT_NAMESPACE",
            "GIT_PREFIX",
            "GIT_QUARANTINE_PATH",
        ] {
            command.env_remove(variable);
        }
        command
            .output()
            .context("cannot run `git`, which carries everything to and from remotes")
    }
}

/// What git said, on one line and without credentials.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let text = redact(&lines.join("; "));
    if text.is_empty() {
        format!("git ended with {}", output.status)
    } else {
        text
    }
}

/// Replaces user names and passwords of addresses (`https://user:token@host/`) by `…`.
pub fn redact(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after
            .find(|c: char| c == '/' || c == '\'' || c == '"' || c == '`' || c.is_whitespace())
            .unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(host) => {
                clean.push('…');
                &after[host..]
            }
            None => after,
        };
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_never_show() {
        for (text, clean) in [
            ("https://user:pass@host/a.git", "https://…@host/a.git"),
            ("https://token@host/a", "https://…@host/a"),
            ("https://a:p@ss@host:8443/a", "https://…@host:8443/a"),
            (
                "fatal: 'https://t@h/a' and https://u:p@h/b",
                "fatal: 'https://…@h/a' and https://…@h/b",
            ),
            ("https://host/a@b", "https://host/a@b"),
            ("git@host:a.git", "git@host:a.git"),
            ("plain", "plain"),
        ] {
            assert_eq!(redact(text), clean);
        }
    }
}
