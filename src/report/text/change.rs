//! What a render came to, in ten lines that a person enjoys reading; and the pending change.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::change::{Action, Edited, TreeChange};
use crate::model::manifest::ManifestSet;
use crate::model::plan::Plan;
use crate::model::world::World;

use super::plan::{count, headline, milliseconds};
use super::{Style, inert};

/// More paths than these are counted, not listed.
const PATHS_SHOWN: usize = 12;

/// What was decided and rendered.
pub fn decided(world: &World, plan: &Plan, rendered: &ManifestSet, style: Style) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", style.strong(&headline(world)));
    for (word, text) in [
        ("placed", placed(plan)),
        ("reads", reads(plan)),
        ("stores", stores(plan)),
        ("failover", failover(plan)),
        ("waves", waves(plan)),
        ("moved", moved(plan)),
        ("rendered", objects(rendered)),
        ("unchecked", unchecked(rendered)),
    ] {
        if let Some(text) = text {
            line(&mut out, word, &text);
        }
    }
    out
}

/// What could not be checked of the objects, and what would help; nothing where all was.
pub fn unchecked(rendered: &ManifestSet) -> Option<String> {
    let kinds: Vec<&str> = rendered.unchecked.iter().map(String::as_str).collect();
    let of: Vec<&str> = rendered.cel.keys().map(String::as_str).collect();
    let rules: usize = rendered.cel.values().sum();
    let unknown = (!kinds.is_empty()).then(|| {
        format!(
            "{}, since their CRDs are not known: put them into `crds/`, or give --crds DIR",
            kinds.join(", ")
        )
    });
    let cel = (rules > 0).then(|| {
        format!(
            "{} in CEL of {}: the API server evaluates them",
            count(rules, "rule"),
            of.join(", ")
        )
    });
    match (unknown, cel) {
        (Some(unknown), Some(cel)) => Some(format!("{unknown}; and {cel}")),
        (unknown, cel) => unknown.or(cel),
    }
}

/// One line of such a report.
pub fn line(out: &mut String, word: &str, text: &str) {
    let _ = writeln!(out, "  {word:<10} {}", inert(text));
}

fn placed(plan: &Plan) -> Option<String> {
    let mut by_regions: BTreeMap<Vec<&str>, Vec<String>> = BTreeMap::new();
    for (key, service) in &plan.services {
        let mut regions: Vec<&str> = service.regions.iter().map(|p| p.region.as_str()).collect();
        regions.sort_unstable();
        by_regions.entry(regions).or_default().push(key.to_string());
    }
    let mut groups: Vec<(Vec<&str>, Vec<String>)> = by_regions.into_iter().collect();
    groups.sort_by_key(|(_, services)| std::cmp::Reverse(services.len()));
    let text: Vec<String> = groups
        .iter()
        .take(3)
        .map(|(regions, services)| {
            let who = match services.as_slice() {
                [one] => one.clone(),
                [one, two] => format!("{one} and {two}"),
                many => count(many.len(), "service"),
            };
            format!("{who} in {}", regions.join(", "))
        })
        .collect();
    let more = groups.len().saturating_sub(3);
    let rest = if more > 0 {
        format!("; {}, see `regen plan`", count(more, "more way"))
    } else {
        String::new()
    };
    (!text.is_empty()).then(|| text.join("; ") + &rest)
}

/// The exposed service that is served worst stands for the others.
fn reads(plan: &Plan) -> Option<String> {
    let (key, service) = plan
        .services
        .iter()
        .filter(|(_, s)| s.dns.is_some())
        .max_by_key(|(_, s)| s.predicted.weighted_read_ns)?;
    let mut text = format!(
        "{key} {} on average",
        milliseconds(service.predicted.weighted_read_ns?)
    );
    if let Some(read) = &service.predicted.read {
        let worst = &read.p50.worst;
        if let Some(ns) = worst.ns {
            let _ = write!(
                text,
                ", {} at worst ({} from {})",
                milliseconds(ns),
                worst.place,
                worst.region
            );
        }
        if worst.source().estimated() {
            text.push_str(", estimated");
        }
    }
    Some(text)
}

fn stores(plan: &Plan) -> Option<String> {
    let text: Vec<String> = plan
        .stores
        .iter()
        .take(3)
        .map(|(key, store)| {
            let leader = store.leader.as_ref().map(|l| format!(" writes in {l}"));
            let replicas: Vec<&str> = store.replicas.iter().map(|r| r.as_str()).collect();
            let replicas = if replicas.is_empty() {
                String::new()
            } else {
                format!(", replicas in {}", replicas.join(", "))
            };
            format!("{key}{}{replicas}", leader.unwrap_or_default())
        })
        .collect();
    let more = plan.stores.len().saturating_sub(3);
    let rest = if more > 0 {
        format!("; {}, see `regen plan`", count(more, "more store"))
    } else {
        String::new()
    };
    (!text.is_empty()).then(|| text.join("; ") + &rest)
}

fn failover(plan: &Plan) -> Option<String> {
    let mut first: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut nobody = 0;
    for service in plan.services.values() {
        for (lost, chain) in &service.failover {
            match chain.targets.first() {
                Some(target) => {
                    *first
                        .entry(lost.as_str())
                        .or_default()
                        .entry(target.as_str())
                        .or_default() += 1;
                }
                None => nobody += 1,
            }
        }
    }
    let mut text: Vec<String> = first
        .iter()
        .map(|(lost, targets)| {
            let targets: Vec<&str> = targets.keys().copied().collect();
            format!("{lost} → {}", targets.join(" or "))
        })
        .collect();
    if nobody > 0 {
        text.push(format!("nobody takes over in {}", count(nobody, "case")));
    }
    (!text.is_empty()).then(|| text.join(", "))
}

fn waves(plan: &Plan) -> Option<String> {
    let text: Vec<String> = plan
        .waves
        .iter()
        .map(|wave| {
            let clusters: Vec<&str> = wave.clusters.iter().map(|c| c.as_str()).collect();
            format!("{} ({})", wave.name, clusters.join(", "))
        })
        .collect();
    (!text.is_empty()).then(|| text.join(" → "))
}

fn moved(plan: &Plan) -> Option<String> {
    let text: Vec<String> = plan
        .moves
        .iter()
        .map(|m| format!("{}: {} → {}", m.what, m.from, m.to))
        .collect();
    (!text.is_empty()).then(|| text.join("; "))
}

fn objects(rendered: &ManifestSet) -> Option<String> {
    let mut per_cluster: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, manifest) in rendered.manifests() {
        let place = manifest
            .cluster
            .as_ref()
            .map_or("outside clusters", |c| c.as_str());
        *per_cluster.entry(place).or_default() += 1;
    }
    let total: usize = per_cluster.values().sum();
    let shown: Vec<String> = per_cluster
        .iter()
        .take(8)
        .map(|(place, n)| format!("{n} for {place}"))
        .collect();
    let rest = match per_cluster.len().saturating_sub(8) {
        0 => String::new(),
        n => format!(", and for {}", count(n, "more cluster")),
    };
    Some(format!(
        "{}: {}{rest}",
        count(total, "object"),
        shown.join(", ")
    ))
}

/// The change that a commit would make, and what was edited by hand.
pub fn pending(change: &TreeChange, style: Style) -> String {
    let mut out = String::new();
    for (path, edited) in change.edited.iter().take(PATHS_SHOWN) {
        let how = match edited {
            Edited::Changed => "edited by hand",
            Edited::Deleted => "deleted by hand",
            Edited::Replaced => "replaced by hand",
        };
        let _ = writeln!(out, "  {} {path}   {how}", style.red("!"));
    }
    more(&mut out, change.edited.len());
    for (path, action) in change.files.iter().take(PATHS_SHOWN) {
        let mark = match action {
            Action::Added => style.green("+"),
            Action::Changed => style.yellow("~"),
            Action::Removed => style.red("-"),
        };
        let _ = writeln!(out, "  {mark} {path}");
    }
    more(&mut out, change.files.len());
    out
}

fn more(out: &mut String, all: usize) {
    if all > PATHS_SHOWN {
        let _ = writeln!(
            out,
            "    … and {} more; `--format json` lists all",
            all - PATHS_SHOWN
        );
    }
}
