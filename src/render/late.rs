//! The kinds of all objects to those that depend on them: what a role may read of a cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::model::live::{AlsoRead, SOUGHT};
use crate::model::name::ClusterName;
use crate::model::world::World;
use crate::schema::Schemas;

use super::fact::{Item, Key};
use super::facts::{Facts, Unit};
use super::gather::Output;
use super::header::Scope;
use super::run::{Part, Told};
use super::templates::Templates;

/// Group and kind.
type Kinds = BTreeSet<(String, String)>;

/// Renders the templates that come after all others, and puts their objects beside them.
pub(super) fn add<'a>(
    facts: &Facts<'a>,
    world: &'a World,
    templates: &'a Templates,
    also_read: &AlsoRead,
    outputs: &mut BTreeMap<Option<ClusterName>, Vec<Output>>,
) -> Told {
    let mut kinds: BTreeMap<Option<ClusterName>, Kinds> = outputs
        .iter()
        .map(|(cluster, outputs)| (cluster.clone(), of(outputs)))
        .collect();
    // What they yield is among what they are about.
    let first = render(facts, world, templates, also_read, &kinds);
    for output in &first.outputs {
        let of_cluster = kinds.entry(output.place.cluster.clone()).or_default();
        of_cluster.extend(of(std::slice::from_ref(output)));
    }
    let mut told = render(facts, world, templates, also_read, &kinds);
    told.diagnostics.extend(unread(world, &kinds));
    for output in told.outputs.drain(..) {
        let of_cluster = outputs.entry(output.place.cluster.clone()).or_default();
        of_cluster.push(output);
    }
    told
}

/// Secrets that are rendered, and that the report may not read.
fn unread(world: &World, kinds: &BTreeMap<Option<ClusterName>, Kinds>) -> Option<Diagnostic> {
    let report = world.fleet.drift.report.as_ref().filter(|r| !r.secrets)?;
    let secret = (String::new(), "Secret".to_owned());
    kinds
        .values()
        .any(|kinds| kinds.contains(&secret))
        .then(|| {
            let message = "Secrets are rendered, and the drift report may not read them".to_owned();
            Diagnostic::new(Code::DriftUnread, message)
                .at(report.image.span, "each of its runs would end incomplete")
                .help(
                    "let it compare them with `secrets: true`, or let External Secrets bring them",
                )
        })
}

fn of(outputs: &[Output]) -> Kinds {
    let mut kinds = Kinds::new();
    let mut last: Option<(&str, &str)> = None;
    for output in outputs {
        let id = &output.object.id;
        // Objects of one kind often follow each other.
        let kind = (id.group.as_str(), id.kind.as_str());
        if last.replace(kind) != Some(kind) {
            kinds.insert((kind.0.to_owned(), kind.1.to_owned()));
        }
    }
    kinds
}

fn render<'a>(
    facts: &Facts<'a>,
    world: &'a World,
    templates: &'a Templates,
    also_read: &AlsoRead,
    kinds: &BTreeMap<Option<ClusterName>, Kinds>,
) -> Told {
    let mut part = Part::new(world, templates);
    for cluster in world.clusters.keys() {
        let readable = readable(world, cluster, also_read, kinds);
        let item = item(&readable, templates.types());
        let layer = Arc::new(BTreeMap::from([(Key::from("kinds"), item)]));
        facts.scenes(Unit::Cluster(cluster), &mut |mut scene| {
            if scene.scope == Scope::Cluster {
                scene.root.0.push(Arc::clone(&layer));
                let _ = part.apply(templates.late(), &scene);
            }
        });
    }
    part.told
}

/// The kinds that `regen drift` reads of a cluster: those of its objects, of the hub's where it is
/// the hub, those that orphans are sought among, and those that are evidence of what holds over all
/// clusters. From the hub, one run seeks orphans of the kinds of all clusters in each of them.
fn readable(
    world: &World,
    cluster: &ClusterName,
    also_read: &AlsoRead,
    kinds: &BTreeMap<Option<ClusterName>, Kinds>,
) -> Kinds {
    let report = world.fleet.drift.report.as_ref();
    let from_hub = report.is_some_and(|r| r.shards.is_some());
    let hub = world.fleet.hub.as_ref() == Some(cluster);
    let heeded = |of: &Option<ClusterName>| match of {
        Some(of) => from_hub || of == cluster,
        None => from_hub || hub,
    };
    let rendered = kinds.iter().filter(|(of, _)| heeded(of));
    let sought = SOUGHT
        .iter()
        .map(|(group, _, kind)| ((*group).to_owned(), (*kind).to_owned()));
    let evidence = also_read.get(cluster).into_iter().flatten();
    let mut all: Kinds = rendered
        .flat_map(|(_, kinds)| kinds.iter().cloned())
        .collect();
    all.extend(sought);
    all.extend(evidence.map(|e| (e.group.clone(), e.kind.clone())));
    if report.is_none_or(|r| !r.secrets) {
        all.remove(&(String::new(), "Secret".to_owned()));
    }
    all
}

/// `kinds`: group by group, what their resources are called.
fn item(kinds: &Kinds, types: &Schemas) -> Item {
    let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (group, kind) in kinds {
        let resources = groups.entry(group).or_default();
        resources.insert(types.plural(group, kind));
    }
    Item::list(groups.into_iter().map(|(group, resources)| {
        Item::map([
            ("group", Item::new(group)),
            (
                "resources",
                Item::list(resources.into_iter().map(Item::new)),
            ),
        ])
    }))
}
