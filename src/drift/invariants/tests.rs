//! A small fleet, and clusters of it in whatever state a test puts them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::ground::Kind;
use super::*;
use crate::diag::Sink;
use crate::drift::desired::Desired;
use crate::drift::settings::Settings;
use crate::model::finding::Verdict;
use crate::model::input::{Content, InputFile};
use crate::model::live::{LiveObject, LiveState, Unreadable, View};
use crate::pipeline::{self, Input, Planned};
use crate::plan;

/// `web` in all of three clusters calls `cart` in two of them, whose database stays in the EU.
const FILES: &[(&str, &str)] = &[
    (
        "regen.yaml",
        "fleet: shop\nplatform: {dns: external-dns, capabilities: [external-dns, cloudnative-pg, barman-cloud, multicluster-services]}\n\
         waves: [europe, world]\ndataClasses:\n  personal: {residency: EU}\n",
    ),
    (
        "regions/de-1.yaml",
        "region: de-1\ncountry: DE\ncoordinates: {lat: 50.1, lon: 8.6}\nwave: europe\nclusters:\n- {name: de, healthChecks: {shop.example: 11111111-2222-3333-4444-555555555555}, ingress: {hostname: in.de.example}, network: {pods: [10.1.0.0/16]}}\n",
    ),
    (
        "regions/fr-1.yaml",
        "region: fr-1\ncountry: FR\ncoordinates: {lat: 48.8, lon: 2.3}\nwave: europe\nclusters:\n- {name: fr, healthChecks: {shop.example: 11111111-2222-3333-4444-555555555556}, ingress: {hostname: in.fr.example}, network: {pods: [10.2.0.0/16]}}\n",
    ),
    (
        "regions/us-1.yaml",
        "region: us-1\ncountry: US\ncoordinates: {lat: 39, lon: -77.4}\nwave: world\nclusters:\n- {name: us, healthChecks: {shop.example: 11111111-2222-3333-4444-555555555557}, ingress: {addresses: [192.0.2.1]}, network: {pods: [10.3.0.0/16]}}\n",
    ),
    (
        "services/web.yaml",
        "service: web\nnamespace: shop\nowner: {team: shop}\nworkload: {image: 'r.example/web:1', ports: {http: 8080}}\n\
         exposure: {host: shop.example, health: /healthz}\nplacement: {regions: all}\ncalls: [cart]\n",
    ),
    (
        "services/cart.yaml",
        "service: cart\nnamespace: shop\nowner: {team: shop}\nworkload: {image: 'r.example/cart:1', ports: {http: 8080}}\n\
         placement: {regions: [de-1, fr-1]}\n\
         stores:\n- {name: orders, engine: cloudnative-pg, consistency: eventual, data: personal, leader: de-1, \
         backup: {schedule: '0 0 3 * * *', retention: 30d, bucket: 's3://orders'}}\n",
    ),
];

/// A fleet that is understood and planned.
pub(super) struct TestFleet(Planned);

impl TestFleet {
    pub(super) fn new() -> Self {
        let mut input = Input::default();
        for (path, text) in FILES {
            let source = input.sources.add(*path, *text);
            input.files.push(InputFile {
                path: (*path).to_owned(),
                content: Content::Text(source),
            });
        }
        let mut sink = Sink::new();
        let planned = pipeline::plan(&input, &plan::Options::default(), &mut sink);
        Self(planned.unwrap_or_else(|_| panic!("{:#?}", sink.diagnostics())))
    }

    pub(super) fn fleet(&self) -> Fleet<'_> {
        Fleet {
            world: &self.0.world,
            plan: &self.0.plan,
        }
    }
}

/// Clusters as they were found. Whatever a dump of one has nothing of is not known of it.
#[derive(Default)]
pub(super) struct Bench {
    clusters: BTreeMap<ClusterName, LiveState>,
    desired: BTreeMap<ClusterName, Vec<Value>>,
    settings: Settings,
}

fn group_kind(kind: Kind) -> GroupKind {
    GroupKind {
        group: kind.0.to_owned(),
        kind: kind.2.to_owned(),
    }
}

impl Bench {
    fn state(&mut self, cluster: &str) -> &mut LiveState {
        let state = self.clusters.entry(ClusterName::new(cluster)).or_default();
        state.saved = true;
        state
    }

    /// Adds an object; its kind is known whole from then on.
    pub(super) fn put(&mut self, cluster: &str, body: Value) {
        let version = body["apiVersion"].as_str().expect("a version").to_owned();
        let kind = GroupKind {
            group: version
                .rsplit_once('/')
                .map_or("", |(group, _)| group)
                .to_owned(),
            kind: body["kind"].as_str().expect("a kind").to_owned(),
        };
        let state = self.state(cluster);
        state.views.insert(kind.clone(), View::Complete);
        state.objects.push(LiveObject::whole(kind, body));
        state.objects.sort_by_key(|o| o.kind.clone());
    }

    /// Puts an object in the place of the one of its name.
    pub(super) fn replace(&mut self, cluster: &str, body: Value) {
        let name = body["metadata"]["name"].clone();
        self.state(cluster)
            .objects
            .retain(|o| o.body["metadata"]["name"] != name);
        self.put(cluster, body);
    }

    /// What the repository has for a cluster.
    pub(super) fn desire(&mut self, cluster: &str, body: Value) {
        self.desired
            .entry(ClusterName::new(cluster))
            .or_default()
            .push(body);
    }

    /// There is none of a kind in a cluster.
    pub(super) fn empty(&mut self, cluster: &str, kind: Kind) {
        let view = View::Complete;
        let _ = self.state(cluster).views.insert(group_kind(kind), view);
    }

    /// A kind that a live cluster does not show.
    pub(super) fn forbidden(&mut self, cluster: &str, kind: Kind) {
        let why = Unreadable {
            reason: "Forbidden".to_owned(),
            detail: "GET: forbidden".to_owned(),
        };
        let state = self.state(cluster);
        state.saved = false;
        state
            .evidence
            .views
            .insert(group_kind(kind), View::Unreadable(why));
    }

    /// A cluster that is away.
    pub(super) fn unreadable(&mut self, cluster: &str) {
        self.state(cluster).unreadable = Some(Unreadable {
            reason: "Unreachable".to_owned(),
            detail: "no route".to_owned(),
        });
    }

    pub(super) fn check(&self, fleet: Option<&TestFleet>) -> Invariants {
        let seen = |(name, live)| {
            let desired = self.desired.get(name).into_iter().flatten();
            let seen = Seen {
                live,
                desired: desired.map(Desired::of).collect(),
            };
            (name, seen)
        };
        check(&Ground {
            clusters: self.clusters.iter().map(seen).collect(),
            fleet: fleet.map(TestFleet::fleet),
            settings: &self.settings,
        })
    }
}

/// What was told of one invariant; what nobody can say is left out.
pub(super) fn messages(report: &Invariants, rule: &str) -> Vec<String> {
    let told = report.findings.iter();
    let told = told.filter(|f| f.rule == rule && f.kind == FindingKind::Invariant);
    told.filter_map(|f| f.message.clone()).collect()
}

/// A database of CloudNativePG, with whom it takes for the primary and whom it follows.
pub(super) fn postgres(name: &str, replica: Option<(&str, &str)>) -> Value {
    let mut object = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
        "metadata": {"name": name, "namespace": "shop"}, "spec": {"instances": 2}});
    if let Some((primary, source)) = replica {
        object["spec"]["replica"] = json!({"primary": primary, "source": source, "self": name});
        object["spec"]["externalClusters"] =
            json!([{"name": primary}, {"name": source}, {"name": name}]);
    }
    object
}

fn split() -> Bench {
    let mut bench = Bench::default();
    bench.put("a", postgres("db-1", Some(("db-1", "db-2"))));
    bench.put("b", postgres("db-2", Some(("db-2", "db-1"))));
    bench
}

#[test]
fn a_rule_hides_a_violation_until_its_day() {
    let mut bench = split();
    let told = bench.check(None);
    assert_eq!(told.verdict(), Verdict::Drift);
    let accept = told.findings[0].accept.clone().expect("a rule");
    for (until, verdict) in [(None, Verdict::Clean), (Some("2026-01-31"), Verdict::Drift)] {
        let mut rule = accept.clone();
        rule["reason"] = json!("OPS-1");
        if let Some(until) = until {
            rule["until"] = json!(until);
        }
        bench.settings = Settings::read(&json!({"ignore": [rule]})).expect("sound");
        bench.settings.today = Some("2026-02-01".to_owned());
        let report = bench.check(None);
        assert_eq!(report.verdict(), verdict, "{until:?}");
        assert_eq!(report.ignored, usize::from(verdict == Verdict::Clean));
    }
    // One that names another invariant, or another cluster, hides nothing.
    for (name, value) in [
        ("invariants", json!(["voters"])),
        ("clusters", json!(["a"])),
    ] {
        let mut rule = accept.clone();
        rule[name] = value;
        bench.settings = Settings::read(&json!({"ignore": [rule]})).expect("sound");
        assert_eq!(bench.check(None).verdict(), Verdict::Drift, "{name}");
    }
}

#[test]
fn without_a_fleet_the_others_are_said_to_be_skipped() {
    let report = split().check(None);
    let skipped: Vec<&str> = report
        .examined
        .iter()
        .filter(|e| e.judged == 0 && !e.unjudged.is_empty())
        .map(|e| e.rule)
        .collect();
    assert_eq!(
        skipped,
        [
            "voters",
            "residency",
            "dns-ready",
            "policy-edges",
            "wave-image"
        ]
    );
}

#[test]
fn names_are_unlike_and_short() {
    let names: BTreeSet<&str> = names().map(|(name, _)| name).collect();
    assert_eq!(names.len(), INVARIANTS.len());
    assert!(names.iter().all(|name| name.len() <= 16));
}

#[test]
fn what_is_read_besides_is_little_and_asked_once() {
    let fleet = TestFleet::new();
    let wants = |cluster: &str, known: &[Kind]| {
        let mut wants: BTreeSet<Want> = known
            .iter()
            .map(|kind| Want {
                kind: group_kind(*kind),
                version: kind.1.to_owned(),
                objects: BTreeSet::new(),
                everywhere: true,
                keep_all: false,
                seek: None,
            })
            .collect();
        add_wants(fleet.fleet(), &ClusterName::new(cluster), &mut wants);
        wants
    };
    let alone = |wants: &BTreeSet<Want>| -> Vec<String> {
        let alone = wants
            .iter()
            .filter(|w| w.seek.as_ref().is_some_and(|s| s.alone));
        alone.map(|w| w.kind.to_string()).collect()
    };
    let rendered = [
        ("", "v1", "Service"),
        ("apps", "v1", "Deployment"),
        ("externaldns.k8s.io", "v1alpha1", "DNSEndpoint"),
        ("networking.k8s.io", "v1", "NetworkPolicy"),
        ("postgresql.cnpg.io", "v1", "Cluster"),
        ("postgresql.cnpg.io", "v1", "ScheduledBackup"),
        ("barmancloud.cnpg.io", "v1", "ObjectStore"),
    ];
    let inside = wants("de", &rendered);
    assert_eq!(alone(&inside), ["discovery.k8s.io/EndpointSlice"]);
    assert_eq!(inside.len(), rendered.len() + 1, "no kind is listed twice");
    let outside = wants("us", &rendered);
    assert_eq!(
        alone(&outside),
        [
            "PersistentVolumeClaim",
            "discovery.k8s.io/EndpointSlice",
            "postgresql.cnpg.io/Backup"
        ]
    );
    let fields = |wants: &BTreeSet<Want>| -> usize {
        let seeks = wants.iter().filter_map(|w| w.seek.as_ref());
        seeks.map(|s| s.fields.len()).sum()
    };
    assert!(fields(&outside) < 30);
}
