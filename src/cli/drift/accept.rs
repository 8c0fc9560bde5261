//! `regen drift --accept`: what a cluster has goes into the fleet's files.

use std::collections::BTreeMap;
use std::path::Path;

use crate::io;
use crate::model::finding::{Finding, Verdict};
use crate::model::name::ClusterName;
use crate::pipeline::accept::{Change, Ground, accept, refuse};
use crate::report::text::{self, inert};

use super::super::{Exit, Stop, Terminal};
use super::Drift;
use super::fleet::Looked;

/// How many findings are listed where there may be many.
const LISTED: usize = 10;

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
            .map_err(|why| terminal.refuse(&format!("nothing is accepted: {}", inert(&why))))?;
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
        terminal.print(&self.told(&change));
        Ok(Exit::Clean)
    }

    /// What was accepted where, what stays, and what to do next.
    fn told(&self, change: &Change) -> String {
        let mut out = String::from("\n");
        for (place, finding) in &change.places {
            let what = format!("{place} says {} of {}", finding.path, finding.object);
            text::line(&mut out, "accepted", &what);
        }
        for (cluster, finding) in change.also.iter().take(LISTED) {
            let what = format!("{} of {} in {cluster}", finding.path, finding.object);
            text::line(&mut out, "with it", &what);
        }
        if change.also.len() > LISTED {
            let more = text::count(change.also.len() - LISTED, "more finding");
            text::line(&mut out, "with it", &more);
        }
        for why in &change.left {
            text::line(&mut out, "not", why);
        }
        for broken in &change.broken {
            let message = broken.message.as_deref().unwrap_or_default();
            let what = format!("`{}` is broken all the same: {message}", broken.rule);
            text::line(&mut out, "note", &what);
        }
        let next = match self.dry_run {
            true => "nothing was written: leave out --dry-run",
            false => "`regen render --commit` brings it into the repository",
        };
        text::line(&mut out, "next", next);
        out
    }

    /// The findings that are to be accepted.
    fn wanted(
        &self,
        looked: &Looked<'_>,
        terminal: &Terminal,
    ) -> Result<Vec<(ClusterName, Finding)>, Stop> {
        let report = &looked.report;
        let fleet = report.repository.iter().chain(&report.invariants.findings);
        let of_clusters = report.clusters.iter().flat_map(|(cluster, one)| {
            one.findings
                .iter()
                .map(move |f| (Some(cluster.as_str()), f))
        });
        // Two of one id differ in nothing.
        let all: BTreeMap<String, (Option<&str>, &Finding)> = fleet
            .map(|f| (None, f))
            .chain(of_clusters)
            .map(|(cluster, f)| (f.id(cluster), (cluster, f)))
            .collect();
        let one = |given: &String| {
            let digits = given.trim_start_matches('#').to_ascii_lowercase();
            let fitting: Vec<_> = match digits.is_empty() {
                true => Vec::new(),
                false => all
                    .iter()
                    .filter(|(id, _)| id.starts_with(&digits))
                    .collect(),
            };
            match fitting.as_slice() {
                [(id, (cluster, finding))] => {
                    let refused = |why: String| {
                        let about = format!("{} of {}", text::short(id), inert(&finding.object.to_string()));
                        terminal.refuse(&format!("{about} cannot be accepted: {why}"))
                    };
                    refuse::kind(finding).map_err(refused)?;
                    let cluster = cluster.unwrap_or_default();
                    Ok((ClusterName::new(cluster), (*finding).clone()))
                }
                [] => Err(terminal.refuse(&format!(
                    "there is no finding `{}`; `regen drift` shows each with its id, which changes when the values do{}",
                    inert(given),
                    unread(looked)
                ))),
                several => {
                    let mut told = format!("`{digits}` is the beginning of several findings:");
                    for (id, (cluster, finding)) in several.iter().take(LISTED) {
                        let cluster = cluster.unwrap_or("fleet");
                        let about = format!("{cluster} {} {}", finding.object, finding.path);
                        told.push_str(&format!("\n  {id}  {}", inert(&about)));
                    }
                    if several.len() > LISTED {
                        told.push_str(&format!("\n  and {} more", several.len() - LISTED));
                    }
                    Err(terminal.refuse(&told))
                }
            }
        };
        self.accept.iter().map(one).collect()
    }
}

/// Says so where clusters could not be read, whose findings nobody knows.
fn unread(looked: &Looked<'_>) -> String {
    let clusters = looked.report.clusters.iter();
    let unread = clusters.filter(|(_, c)| c.verdicts.values().any(|v| *v == Verdict::Unknown));
    let names: Vec<&str> = unread.map(|(name, _)| name.as_str()).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(" (not everything could be read of {})", names.join(", ")),
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
