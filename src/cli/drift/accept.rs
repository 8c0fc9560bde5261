//! `regen drift --accept`: what a cluster has goes into the fleet's files.

use std::path::Path;

use crate::io;
use crate::model::finding::Finding;
use crate::model::name::ClusterName;
use crate::pipeline::accept::{Change, Ground, accept};
use crate::report::text;

use super::super::{Exit, Stop, Terminal};
use super::Drift;
use super::fleet::Looked;

impl Drift {
    /// Changes the files, or shows how they would change.
    pub(super) fn accept(&self, root: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
        let looked = self.look(root, terminal)?;
        let wanted = self.wanted(&looked, terminal)?;
        let ground = Ground {
            input: &looked.session.input,
            planned: &looked.planned,
            set: &looked.set,
            states: &looked.states,
            settings: &looked.settings,
        };
        terminal.progress("proving the change");
        let change = accept(&ground, &wanted)
            .map_err(|why| terminal.refuse(&format!("nothing is accepted: {why}")))?;
        terminal.done();
        if !self.dry_run {
            write(&looked, &change, terminal)?;
        }
        let input = &looked.session.input;
        for (path, new) in &change.texts {
            let old = input.texts().find(|(old, _)| old == path);
            let old = old.map_or("", |(_, source)| input.sources.get(source).text());
            terminal.print(&text::edit(path, old, new, terminal.out));
        }
        for (place, finding) in &change.places {
            terminal.print(&format!(
                "{place} says what the cluster has at {} of {}\n",
                text::inert(&finding.path),
                text::inert(&finding.object.to_string())
            ));
        }
        for (cluster, finding) in &change.also {
            terminal.print(&format!(
                "and so of {cluster}: {} of {}\n",
                text::inert(&finding.path),
                text::inert(&finding.object.to_string())
            ));
        }
        terminal.print(match self.dry_run {
            true => "nothing was written\n",
            false => "`regen render --commit` brings it into the repository\n",
        });
        Ok(Exit::Clean)
    }

    /// The findings that are to be accepted.
    fn wanted(
        &self,
        looked: &Looked<'_>,
        terminal: &Terminal,
    ) -> Result<Vec<(ClusterName, Finding)>, Stop> {
        let mut all = Vec::new();
        for (cluster, report) in &looked.report.clusters {
            let acceptable = report.findings.iter().filter(|f| f.is_acceptable());
            all.extend(acceptable.map(|f| (f.id(cluster), ClusterName::new(cluster.as_str()), f)));
        }
        let one = |given: &String| {
            let given = given.trim_start_matches('#');
            let mut fitting = all.iter().filter(|(id, ..)| id.starts_with(given));
            match (fitting.next(), fitting.next()) {
                (Some((_, cluster, finding)), None) => Ok((cluster.clone(), (*finding).clone())),
                (Some(_), Some(_)) => Err(terminal.refuse(&format!(
                    "`{given}` is the beginning of several findings: write more of it"
                ))),
                (None, _) => Err(terminal.refuse(&format!(
                    "there is no finding `{given}` that could be accepted; `regen drift` shows the numbers of those that can"
                ))),
            }
        };
        self.accept.iter().map(one).collect()
    }
}

/// Writes the files, unless somebody changed them in the meantime.
fn write(looked: &Looked<'_>, change: &Change, terminal: &Terminal) -> Result<(), Stop> {
    let input = &looked.session.input;
    for path in change.texts.keys() {
        let old = input.texts().find(|(old, _)| old == path);
        let old = old.map(|(_, source)| input.sources.get(source).text());
        let now = io::files::read_text(&looked.session.root.join(path)).ok();
        if now.as_deref() != old {
            return Err(terminal.refuse(&format!("`{path}` was changed in the meantime")));
        }
    }
    for (path, text) in &change.texts {
        let path = looked.session.root.join(path);
        if !io::files::write_new(&path, text.as_bytes())? {
            io::files::write_atomic(&path, text.as_bytes())?;
        }
    }
    Ok(())
}
