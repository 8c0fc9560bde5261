//! What the role of the scheduled report may read is what `regen drift` reads of that cluster: every
//! kind of it, by get and list, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regen::diag::{Sink, Sources};
use regen::drift::{Settings, invariants};
use regen::model::manifest::ManifestSet;
use regen::model::name::ClusterName;
use regen::pipeline::drift::{Repository, cluster_of};
use regen::pipeline::{self, Input, Planned};
use regen::schema::Schemas;
use regen::{io, plan};

/// Group and resource.
type Readable = BTreeSet<(String, String)>;

fn rendered(fleet: &str) -> (Planned, ManifestSet) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fleets")
        .join(fleet);
    let mut input = Input::default();
    input.files = io::files::read_fleet(&root, &mut input.sources).expect("readable");
    let mut sink = Sink::new();
    let made = pipeline::plan(&input, &plan::Options::default(), &mut sink).and_then(|planned| {
        pipeline::render(&input, &planned, &mut sink).map(|set| (planned, set))
    });
    made.unwrap_or_else(|_| panic!("{:#?}", sink.diagnostics()))
}

/// What each cluster's role may read.
fn roles(set: &ManifestSet) -> BTreeMap<ClusterName, Readable> {
    let roles = set
        .manifests()
        .filter(|(_, m)| m.id.kind == "ClusterRole" && m.id.name == "regen-drift");
    let of = |body: &serde_json::Value| -> Readable {
        let rules = body["rules"].as_array().expect("rules");
        let texts = |value: &serde_json::Value| -> Vec<String> {
            let list = value.as_array().expect("a list").iter();
            list.map(|v| v.as_str().expect("a text").to_owned())
                .collect()
        };
        let pairs = rules.iter().flat_map(|rule| {
            assert_eq!(texts(&rule["verbs"]), ["get", "list"]);
            let [group] = &texts(&rule["apiGroups"])[..] else {
                panic!("{rule}");
            };
            let group = group.clone();
            texts(&rule["resources"])
                .into_iter()
                .map(move |r| (group.clone(), r))
        });
        pairs.collect()
    };
    roles
        .map(|(_, m)| (m.cluster.clone().expect("a cluster's"), of(m.body())))
        .collect()
}

/// What `regen drift` reads, where it compares the clusters of each group at once.
fn read(planned: &Planned, set: &ManifestSet, together: bool) -> BTreeMap<ClusterName, Readable> {
    let (mut sources, mut sink) = (Sources::new(), Sink::new());
    let mut sides: BTreeMap<ClusterName, Repository<'_>> = BTreeMap::new();
    for (path, file) in &set.files {
        if let Some(cluster) = cluster_of(path.as_str(), &planned.world) {
            let source = sources.add(path.to_string(), file.text.to_string());
            let side = sides.entry(cluster.clone()).or_default();
            side.add(path, source, &sources, Some(file), &mut sink)
                .expect("YAML");
        }
    }
    let everywhere = sides.values().flat_map(Repository::kinds).collect();
    let fleet = invariants::Fleet {
        world: &planned.world,
        plan: &planned.plan,
    };
    let of = |(name, side): (&ClusterName, &Repository<'_>)| {
        let settings = Settings {
            cluster: name.to_string(),
            ..Settings::default()
        };
        let elsewhere = if together {
            &everywhere
        } else {
            &BTreeSet::new()
        };
        let mut wants = side.wants(elsewhere, &settings);
        invariants::add_wants(fleet, name, &mut wants);
        let resource = |group: &str, kind: &str| Schemas::built_in().plural(group, kind);
        let read = wants.iter();
        let read = read.map(|w| (w.kind.group.clone(), resource(&w.kind.group, &w.kind.kind)));
        (name.clone(), read.collect())
    };
    sides.iter().map(of).collect()
}

#[test]
fn a_report_in_each_cluster_may_read_what_it_reads() {
    let (planned, set) = rendered("governed");
    let roles = roles(&set);
    assert_eq!(roles.len(), planned.world.clusters.len());
    assert_eq!(roles, read(&planned, &set, false));
    for readable in roles.values() {
        assert!(!readable.iter().any(|(_, resource)| resource == "secrets"));
    }
}

#[test]
fn a_report_from_the_hub_may_read_in_each_cluster_what_there_is_in_any() {
    let (planned, set) = rendered("reported");
    let roles = roles(&set);
    assert_eq!(roles.len(), planned.world.clusters.len());
    assert_eq!(roles, read(&planned, &set, true));
    let applications = ("argoproj.io".to_owned(), "applications".to_owned());
    assert!(roles.values().all(|role| role.contains(&applications)));
}
