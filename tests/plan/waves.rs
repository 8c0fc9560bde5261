//! The order of rollout: the laws that every plan keeps, and what declared waves are told.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use regen::model::name::{ClusterName, RegionName};
use regen::model::plan::Plan;

use crate::fleet::Fleet;
use crate::lints::held;

const REGIONS: [&str; 6] = [
    "ap-northeast-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-3",
    "us-east-1",
    "us-west-2",
];

/// Pairs that must not change at once, found anew from the decisions.
fn apart(plan: &Plan) -> BTreeSet<(ClusterName, ClusterName)> {
    let mut pairs = BTreeSet::new();
    let mut keep = |a: &ClusterName, b: &ClusterName| {
        if a != b {
            pairs.insert((a.clone(), b.clone()));
            pairs.insert((b.clone(), a.clone()));
        }
    };
    for service in plan.services.values() {
        let clusters = |r: &RegionName| {
            let placed = service.in_region(r).expect("placed");
            placed.clusters.keys().cloned().collect::<Vec<_>>()
        };
        for (lost, chain) in &service.failover {
            for a in clusters(lost) {
                for b in clusters(chain.targets.first().unwrap_or(lost)) {
                    keep(&a, &b);
                }
            }
        }
    }
    for store in plan.stores.values() {
        let mut quorum: BTreeSet<_> = store.voters.iter().chain(&store.leader).collect();
        if store.synchronous > 0 {
            quorum.extend(&store.sync_standbys);
        }
        if store.voters.is_empty() && store.synchronous == 0 {
            quorum.clear();
        }
        for a in &quorum {
            for b in &quorum {
                keep(&store.clusters[*a], &store.clusters[*b]);
            }
        }
        for copy in &store.replicas {
            if let Some(leader) = &store.leader {
                keep(&store.clusters[leader], &store.clusters[copy]);
            }
        }
    }
    pairs
}

fn leading(plan: &Plan) -> BTreeSet<ClusterName> {
    let stores = plan.stores.values();
    stores
        .filter_map(|s| Some(s.clusters[s.leader.as_ref()?].clone()))
        .collect()
}

/// The fewest steps for some clusters, by trying all.
fn fewest(clusters: &[&ClusterName], apart: &BTreeSet<(ClusterName, ClusterName)>) -> usize {
    fn fits(
        rest: &[&ClusterName],
        steps: &mut Vec<Vec<ClusterName>>,
        most: usize,
        apart: &BTreeSet<(ClusterName, ClusterName)>,
    ) -> bool {
        let [first, rest @ ..] = rest else {
            return true;
        };
        if most == 0 {
            return false;
        }
        for i in 0..=steps.len().min(most - 1) {
            if i == steps.len() {
                steps.push(Vec::new());
            }
            let free = steps[i]
                .iter()
                .all(|c| !apart.contains(&(c.clone(), (*first).clone())));
            if free {
                steps[i].push((*first).clone());
                if fits(rest, steps, most, apart) {
                    return true;
                }
                steps[i].pop();
            }
            if steps[i].is_empty() {
                steps.pop();
            }
        }
        false
    }
    (0..=clusters.len())
        .find(|most| fits(clusters, &mut Vec::new(), *most, apart))
        .expect("one step each")
}

/// A service: where it is placed, its store (none, asynchronous, synchronous, voted on), whether one
/// region serves.
type Drawn = (BTreeSet<usize>, usize, bool);

fn fleet(services: &[Drawn], clusters: &[usize], waves: Option<&[usize]>) -> Fleet {
    let platform = "platform: {capabilities: [cloudnative-pg, cockroachdb]}";
    let declared = if waves.is_some() {
        "\nwaves: [a, b, c]"
    } else {
        ""
    };
    let mut fleet = Fleet::new(&format!("{platform}{declared}"));
    for (i, region) in REGIONS.iter().enumerate() {
        let names: Vec<_> = (0..clusters[i])
            .map(|c| format!("{{name: {region}-{c}}}"))
            .collect();
        let wave = waves.map_or(String::new(), |w| {
            format!("wave: {}\n", ["a", "b", "c"][w[i]])
        });
        fleet = fleet.file(
            &format!("regions/{region}.yaml"),
            format!(
                "region: {region}\nprovider: aws\n{wave}clusters: [{}]\n",
                names.join(", ")
            ),
        );
    }
    for (i, (placed, store, passive)) in services.iter().enumerate() {
        let regions: Vec<_> = placed.iter().map(|r| REGIONS[*r]).collect();
        let store = match store {
            1 => "\nstores: [{name: db, engine: cloudnative-pg, consistency: eventual}]",
            2 if placed.len() > 1 => {
                "\nstores: [{name: db, engine: cloudnative-pg, synchronous: 1}]"
            }
            3 if placed.len() > 2 => {
                "\nstores: [{name: db, engine: cockroachdb, consistency: strong, instances: 3}]"
            }
            _ => "",
        };
        let mode = if *passive {
            "active-passive"
        } else {
            "active-active"
        };
        fleet = fleet.service(
            &format!("s{i}"),
            &format!(
                "audience: {{{}: {}, {}: 1}}\nplacement: {{mode: {mode}, regions: [{}]}}{store}",
                regions[0],
                i + 2,
                REGIONS[5 - i % 6].replace(regions[0], "JP"),
                regions.join(", ")
            ),
        );
    }
    fleet
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_plan_keeps_the_laws_of_rollout(
        services in proptest::collection::vec(
            (proptest::collection::btree_set(0..6_usize, 1..5), 0..4_usize, any::<bool>()),
            1..5,
        ),
        clusters in proptest::collection::vec(1..3_usize, 6),
        waves in proptest::option::of(proptest::collection::vec(0..3_usize, 6)),
    ) {
        let fleet = fleet(&services, &clusters, waves.as_deref());
        let plan = fleet.plan(None, false).plan();
        prop_assert_eq!(&plan, &fleet.plan(None, false).plan());
        let (apart, leading) = (apart(&plan), leading(&plan));

        let all: Vec<_> = plan.waves.iter().flat_map(|w| &w.clusters).collect();
        let once: BTreeSet<_> = all.iter().collect();
        prop_assert_eq!(once.len(), all.len(), "a cluster is in one wave");
        prop_assert_eq!(all.len(), clusters.iter().sum::<usize>(), "all are in one");
        let regions: Vec<_> = plan.waves.iter().flat_map(|w| &w.regions).collect();
        prop_assert_eq!(regions.len(), REGIONS.len());

        for wave in &plan.waves {
            let mut steps: Vec<_> = wave.steps.iter().flat_map(|s| &s.clusters).collect();
            steps.sort();
            prop_assert_eq!(steps, wave.clusters.iter().collect::<Vec<_>>(), "each is in one step");
            let mut led = false;
            for step in &wave.steps {
                for a in &step.clusters {
                    for b in &step.clusters {
                        prop_assert!(!apart.contains(&(a.clone(), b.clone())), "{a} and {b} at once");
                    }
                    prop_assert_eq!(leading.contains(a), leading.contains(&step.clusters[0]));
                }
                let leads = leading.contains(&step.clusters[0]);
                prop_assert!(leads || !led, "leaders change last");
                led = leads;
            }
            let (leaders, others): (Vec<_>, Vec<_>) =
                wave.clusters.iter().partition(|c| leading.contains(*c));
            let least = fewest(&leaders, &apart) + fewest(&others, &apart);
            if wave.because.to_string().contains("the fewest") {
                prop_assert_eq!(wave.steps.len(), least);
            } else {
                prop_assert!(wave.steps.len() <= least + 2, "{} of {least}", wave.steps.len());
            }
        }
        if waves.is_none() {
            let region: BTreeMap<&ClusterName, &RegionName> = plan
                .waves
                .iter()
                .flat_map(|w| &w.clusters)
                .map(|c| (c, REGIONS.iter().position(|r| c.as_str().starts_with(r)).expect("named so")))
                .map(|(c, i)| (c, plan.waves.iter().flat_map(|w| &w.regions).find(|r| r.as_str() == REGIONS[i]).expect("listed")))
                .collect();
            let runs = |r: &&RegionName| plan.services.values().any(|s| s.in_region(r).is_some());
            let first = plan.waves[0].regions.iter().filter(runs).count();
            prop_assert!(first <= 1, "of those where something runs, the quietest goes alone");
            let mut led = false;
            for (i, wave) in plan.waves.iter().enumerate() {
                for (a, b) in &apart {
                    let both = wave.clusters.contains(a) && wave.clusters.contains(b);
                    prop_assert!(!both || region[a] == region[b], "{a} and {b} in one wave");
                }
                let leads = wave.clusters.iter().any(|c| leading.contains(c));
                let all = wave.regions.iter().all(|r| {
                    wave.clusters.iter().any(|c| region[c] == r && leading.contains(c))
                });
                prop_assert!(!leads || all, "leaders are among themselves");
                prop_assert!(leads || !led || i == 0, "and last");
                led = leads;
            }
        }
    }
}

#[test]
fn a_fleet_without_waves_gets_them() {
    let fleet = Fleet::new("")
        .aws(["ap-northeast-1", "eu-central-1", "eu-west-1", "us-east-1"])
        .service(
            "web",
            "audience: {eu-west-1: 5, us-east-1: 4, eu-central-1: 3, ap-northeast-1: 1}\nplacement: {regions: all}\nstores: [{name: db, engine: cloudnative-pg, consistency: eventual}]",
        );
    let plan = fleet.plan(None, false).plan();
    let told = plan.waves.iter().map(|wave| {
        let regions: Vec<_> = wave.regions.iter().map(RegionName::as_str).collect();
        format!("{}: {} ({})", wave.name, regions.join(", "), wave.because)
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "wave-1: ap-northeast-1 (regen.yaml declares no waves: where least is at stake goes first; serves 7.7% of the audience; Argo CD's sync waves keep the order when applications are first made; of later commits each cluster takes what it polls, so commit wave by wave)",
            "wave-2: eu-central-1, us-east-1 (next in audience, and none of its regions takes over for another; serves 53.8% of the audience)",
            "wave-3: eu-west-1 (leads stores, and so goes last; serves 38.5% of the audience and holds 1 leader)",
        ]
    );
}

#[test]
fn one_region_is_one_wave() {
    let plan = Fleet::new("").aws(["eu-west-1"]).plan(None, false).plan();
    assert_eq!(plan.waves.len(), 1);
    assert_eq!(plan.waves[0].name.as_str(), "all");
}

#[test]
fn clusters_that_have_only_each_other_change_one_after_the_other() {
    let fleet = |failover: &str| {
        Fleet::new("")
            .file(
                "regions/eu-west-1.yaml",
                "region: eu-west-1\nprovider: aws\nclusters: [{name: a}, {name: b}]\n",
            )
            .service("web", failover)
    };
    let plan = fleet("placement: {regions: [eu-west-1]}")
        .plan(None, false)
        .plan();
    let steps = &plan.waves[0].steps;
    assert_eq!(steps.len(), 2);
    assert_eq!(
        steps[1].because.to_string(),
        "b waits for a: one takes over for the other in `web`"
    );
}

#[test]
fn declared_waves_that_break_a_rule() {
    let fleet = |waves: [&str; 3], service: &str| {
        let names = ["eu-west-1", "eu-west-2", "us-east-1"];
        let fleet =
            Fleet::new("waves: [a, b, c]\nplatform: {capabilities: [cloudnative-pg, yugabytedb]}");
        let regions = names.iter().zip(waves).fold(fleet, |fleet, (name, wave)| {
            fleet.file(
                &format!("regions/{name}.yaml"),
                format!(
                    "region: {name}\nprovider: aws\nwave: {wave}\nclusters: [{{name: {name}-a}}]\n"
                ),
            )
        });
        regions.service(
            "web",
            &format!("audience: {{us-east-1: 5, eu-west-1: 4, eu-west-2: 3}}\n{service}"),
        )
    };
    let all = "placement: {regions: all}";
    let with =
        |store: &str| format!("{all}\nstores: [{{name: db, engine: cloudnative-pg, {store}}}]");
    held(
        "wave-together",
        vec![
            ("partners", fleet(["a", "a", "b"], all), "note[wave-together] regions/eu-west-2.yaml:1:9: wave `a` changes `eu-west-1` and `eu-west-2` together: one takes over for the other in `web`
  see regions/eu-west-1.yaml:1:9: as `eu-west-1`
  help: put one of them into another wave, or roll this one out in its 2 steps: eu-west-2-a, then eu-west-1-a
"),
            (
                "a vote",
                fleet(["a", "b", "b"], &with("synchronous: 1, leader: us-east-1")),
                "warning[wave-together] regions/us-east-1.yaml:1:9: wave `b` changes `eu-west-2` and `us-east-1` together: both take part in the synchronous writes of store `web/db`
  see regions/eu-west-2.yaml:1:9: as `eu-west-2`
  note: and one leads store `web/db`, the other has its copy
  help: put one of them into another wave, or roll this one out in its 2 steps: eu-west-2-a, then us-east-1-a
",
            ),
            (
                "a copy",
                fleet(
                    ["b", "a", "b"],
                    &with("consistency: eventual, leader: us-east-1"),
                ),
                "note[wave-together] regions/us-east-1.yaml:1:9: wave `b` changes `eu-west-1` and `us-east-1` together: one leads store `web/db`, the other has its copy
  see regions/eu-west-1.yaml:1:9: as `eu-west-1`
  note: and one takes over for the other in `web`
  help: put one of them into another wave, or roll this one out in its 2 steps: eu-west-1-a, then us-east-1-a
",
            ),
            ("everything", fleet(["a", "a", "a"], all), "note[wave-together] regions/eu-west-2.yaml:1:9: wave `a` changes `eu-west-1` and `eu-west-2` together: one takes over for the other in `web`
  see regions/eu-west-1.yaml:1:9: as `eu-west-1`
  note: so are 2 pairs of its regions
  help: put one of them into another wave, or roll this one out in its 2 steps: eu-west-2-a and us-east-1-a, then eu-west-1-a
"),
            ("one each", fleet(["a", "b", "c"], all), ""),
            (
                "not each other's first",
                fleet(
                    ["a", "b", "a"],
                    "placement: {regions: [eu-west-1, us-east-1]}\nfailover: none",
                ),
                "",
            ),
        ],
    );
    held(
        "wave-order",
        vec![
            (
                "the leader first",
                fleet(
                    ["b", "c", "a"],
                    &with("consistency: eventual, leader: us-east-1"),
                ),
                "warning[wave-order] regions/us-east-1.yaml:1:9: the first wave, `a`, begins with `us-east-1`, which leads store `web/db`
  help: begin with a region with little traffic and no leader, such as `eu-west-2`
",
            ),
            ("the busiest first", fleet(["b", "c", "a"], all), "warning[wave-order] regions/us-east-1.yaml:1:9: the first wave, `a`, begins with `us-east-1`, which serves more of the audience than any other
  help: begin with a region with little traffic and no leader, such as `eu-west-2`
"),
            (
                "the leader before a copy",
                fleet(
                    ["a", "c", "b"],
                    &with("consistency: eventual, leader: us-east-1"),
                ),
                "warning[wave-order] regions/us-east-1.yaml:1:9: wave `b` changes `us-east-1`, which leads store `web/db`, before `eu-west-2` in wave `c`, which has its copy
  see regions/eu-west-2.yaml:1:9: follows
  help: let `us-east-1` go last, with or after wave `c`
",
            ),
            (
                "the leader before a copy, of which it is kept apart as a voter too",
                fleet(
                    ["a", "c", "b"],
                    &format!("{all}\nstores: [{{name: db, engine: cloudnative-pg, consistency: eventual, leader: us-east-1}}, {{name: ledger, engine: yugabytedb, leader: eu-west-1}}]"),
                ),
                "warning[wave-order] regions/eu-west-1.yaml:1:9: the first wave, `a`, begins with `eu-west-1`, which leads store `web/ledger`
  help: begin with a region with little traffic and no leader, such as `eu-west-2`
warning[wave-order] regions/us-east-1.yaml:1:9: wave `b` changes `us-east-1`, which leads store `web/db`, before `eu-west-2` in wave `c`, which has its copy
  see regions/eu-west-2.yaml:1:9: follows
  help: let `us-east-1` go last, with or after wave `c`
",
            ),
            (
                "the leader last",
                fleet(
                    ["b", "a", "c"],
                    &with("consistency: eventual, leader: us-east-1"),
                ),
                "",
            ),
        ],
    );
}
