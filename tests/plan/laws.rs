//! Sticky decisions: what stays, what moves, and that it says why.

use proptest::prelude::*;

use regen::diag::{Code, Sink, Sources};
use regen::model::plan::Plan;
use regen::plan::lock;

use crate::fleet::Fleet;

const REGIONS: [&str; 8] = [
    "ap-northeast-1",
    "ap-south-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-west-2",
];

fn store(name: &str) -> String {
    format!("stores: [{{name: {name}, engine: cloudnative-pg, consistency: eventual}}]")
}

fn regions_of(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let services = plan.services.iter();
    services
        .map(|(k, s)| {
            (
                k.to_string(),
                s.regions.iter().map(|p| p.region.to_string()).collect(),
            )
        })
        .collect()
}

/// A service per entry: how many regions it wants, where its users are, whether it has a store.
fn fleet(services: &[(usize, usize, Vec<u8>, bool, bool)], regions: &[&str]) -> Fleet {
    let mut fleet = Fleet::new("").aws(regions.iter().copied());
    for (i, (at_least, extra, weights, stored, passive)) in services.iter().enumerate() {
        let audience: Vec<_> = REGIONS
            .iter()
            .zip(weights)
            .filter(|(r, w)| regions.contains(r) && **w > 0)
            .map(|(r, w)| format!("{r}: {w}"))
            .collect();
        let mode = if *passive {
            "active-passive"
        } else {
            "active-active"
        };
        let mut text = format!(
            "audience: {{{}}}\nplacement: {{mode: {mode}, regions: {{atLeast: {at_least}, atMost: {}}}}}\n",
            audience.join(", "),
            at_least + extra
        );
        if *stored {
            text.push_str(&store("db"));
        }
        fleet = fleet.service(&format!("s{i}"), &text);
    }
    fleet
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn losing_a_region_moves_nothing_that_was_not_there(
        services in proptest::collection::vec(
            (1..4_usize, 0..3_usize, proptest::collection::vec(0..5_u8, 8), any::<bool>(), any::<bool>()),
            1..5,
        ),
        lost in 0..8_usize,
    ) {
        let before = fleet(&services, &REGIONS).plan(None, false).plan();
        let kept = lock::of(&before);
        let remaining: Vec<_> = REGIONS.into_iter().filter(|r| *r != REGIONS[lost]).collect();
        // Its users go with the region, which must not move anything either.
        let after = fleet(&services, &remaining).plan(Some(&kept), false).plan();
        for ((name, was), (_, is)) in regions_of(&before).into_iter().zip(regions_of(&after)) {
            if was.iter().any(|r| r == REGIONS[lost]) {
                let stayed = was.iter().filter(|r| *r != REGIONS[lost]);
                prop_assert!(stayed.clone().all(|r| is.contains(r)), "{name}: {was:?} {is:?}");
                let what = format!("regions of {name}");
                prop_assert!(after.moves.iter().any(|m| m.what == what));
            } else {
                prop_assert_eq!(was, is, "{} was not there", name);
            }
        }
        for (key, was) in &before.stores {
            let is = &after.stores[key];
            if was.leader.as_ref().is_some_and(|l| l.as_str() != REGIONS[lost]) {
                prop_assert_eq!(&was.leader, &is.leader, "{} leads elsewhere", key);
            }
        }
        prop_assert!(after.moves.iter().all(|m| !m.because.0.is_empty()));
    }

    #[test]
    fn planning_again_changes_nothing(
        services in proptest::collection::vec(
            (1..4_usize, 0..3_usize, proptest::collection::vec(0..5_u8, 8), any::<bool>(), any::<bool>()),
            1..5,
        ),
    ) {
        let fleet = fleet(&services, &REGIONS);
        let first = fleet.plan(None, false).plan();
        prop_assert_eq!(&first, &fleet.plan(None, false).plan());
        let kept = lock::of(&first);
        prop_assert_eq!(lock::differences(&first, &kept), vec![]);
        let second = fleet.plan(Some(&kept), false).plan();
        prop_assert_eq!(&second.moves, &vec![]);
        prop_assert_eq!(lock::to_text(&second), lock::to_text(&first));
        let rebalanced = fleet.plan(Some(&kept), true).plan();
        prop_assert_eq!(lock::to_text(&rebalanced), lock::to_text(&first), "it was the best already");
    }
}

#[test]
fn a_leader_stays_when_the_audience_moves_until_a_rebalance_and_says_what_it_would_gain() {
    let audience = |eu: u32, us: u32| {
        Fleet::new("").aws(["eu-west-1", "us-east-1"]).service(
            "web",
            &format!(
                "audience: {{eu-west-1: {eu}, us-east-1: {us}}}\nplacement: {{regions: all}}\n{}",
                store("db")
            ),
        )
    };
    let first = audience(9, 1).plan(None, false).plan();
    let kept = lock::of(&first);
    let leader = |plan: &Plan| plan.stores.values().next().unwrap().leader.clone().unwrap();
    assert_eq!(leader(&first).as_str(), "eu-west-1");
    let sticky = audience(1, 9).plan(Some(&kept), false).plan();
    assert_eq!(leader(&sticky).as_str(), "eu-west-1");
    assert!(sticky.moves.is_empty());
    let store = sticky.stores.values().next().unwrap();
    assert!(store.sticky);
    assert!(
        store
            .because
            .to_string()
            .contains("us-east-1 would lower it to"),
        "{}",
        store.because
    );
    let moved = audience(1, 9).plan(Some(&kept), true).plan();
    assert_eq!(leader(&moved).as_str(), "us-east-1");
    assert_eq!(moved.moves[0].what, "leader of web/db");
    assert!(moved.moves[0].moves_data);
    assert!(moved.moves[0].because.0[0].starts_with("the weighted write falls from"));
    assert_eq!(
        lock::differences(&moved, &kept).len(),
        2,
        "the leader and the replica"
    );
}

#[test]
fn the_lock_reads_back_as_it_was_and_a_newer_one_is_refused() {
    let services = [
        (2, 1, vec![1; 8], true, false),
        (1, 0, vec![1; 8], false, true),
    ];
    let plan = fleet(&services, &REGIONS).plan(None, false).plan();
    let text = lock::to_text(&plan);
    let read = |text: &str| {
        let (mut sources, mut sink) = (Sources::new(), Sink::new());
        let id = sources.add("regen.lock", text);
        let lock = lock::read(&sources, id, &mut sink);
        (lock, sink.into_sorted())
    };
    assert_eq!(read(&text), (Ok(lock::of(&plan)), vec![]));
    let empty = lock::to_text(&Plan::default());
    assert_eq!(read(&empty), (Ok(lock::of(&Plan::default())), vec![]));
    let (newer, said) = read(&text.replace("version: 1", "version: 2"));
    assert!(newer.is_err());
    assert_eq!(said[0].code, Code::LockNewer);
    assert_eq!(
        said[0].message,
        "`regen.lock` has form 2, and this regen knows forms up to 1"
    );
}

#[test]
fn what_a_rebalance_would_do_is_proposed_with_gain_and_cost_and_that_is_what_it_does() {
    let web = |audience: &str| {
        let text = format!(
            "audience: {{{audience}}}\nplacement: {{regions: {{exactly: 2}}}}\n{}",
            store("db")
        );
        Fleet::new("").aws(REGIONS).service("web", &text)
    };
    let first = web("eu-west-1: 9, us-east-1: 2").plan(None, false).plan();
    assert_eq!(first.proposals, vec![], "nothing is better without a lock");
    let kept = lock::of(&first);
    let moved = web("ap-south-1: 9, us-east-1: 2");
    let sticky = moved.proposals(&kept);
    assert_eq!(sticky.moves, vec![]);
    let told: Vec<_> = sticky
        .proposals
        .iter()
        .map(|m| (m.what.as_str(), m.from.as_str(), m.to.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "regions of web",
                "eu-west-1 and us-east-1",
                "ap-south-1 and us-east-1"
            ),
            ("leader of web/db", "eu-west-1", "ap-south-1"),
        ]
    );
    assert!(
        sticky
            .proposals
            .windows(2)
            .all(|p| p[0].gain_ns() >= p[1].gain_ns())
    );
    let regions = &sticky.proposals[0];
    assert!(regions.gain_ns() > Some(90_000_000));
    let data: Vec<_> = regions
        .data
        .iter()
        .map(|c| {
            (
                c.store.as_str(),
                c.to.as_str(),
                c.at_most.map(|q| q.to_string()),
            )
        })
        .collect();
    assert_eq!(data, [("web/db", "ap-south-1", Some("20Gi".to_owned()))]);
    assert_eq!(
        sticky.proposals[1].steps.len(),
        4,
        "the copy, the demotion, the token, the promotion"
    );
    let mut done = moved.plan(Some(&kept), true).plan().moves;
    let mut proposed = sticky.proposals;
    done.sort_by(|a, b| a.what.cmp(&b.what));
    proposed.sort_by(|a, b| a.what.cmp(&b.what));
    assert_eq!(done, proposed);
}

#[test]
fn a_rebalance_moves_for_a_gain_only() {
    // Both regions are as near to everyone: the first by name is chosen, the other may be kept.
    let table = "from,to,p50_ms\neu-west-1,us-east-1,50\nus-east-1,eu-west-1,50\neu-west-1,eu-west-1,1\nus-east-1,us-east-1,1\n";
    for mode in ["active-active", "active-passive"] {
        let text = format!(
            "audience: {{eu-west-1: 1, us-east-1: 1}}\nplacement: {{mode: {mode}, regions: {{exactly: 1}}}}\n{}",
            store("db")
        );
        let fleet = Fleet::new("")
            .aws(["eu-west-1", "us-east-1"])
            .file("network/rtt.csv", table)
            .service("web", &text);
        let mut kept = lock::of(&fleet.plan(None, false).plan());
        for service in kept.services.values_mut() {
            service.regions = vec!["us-east-1".to_owned()];
        }
        for store in kept.stores.values_mut() {
            store.leader = Some("us-east-1".to_owned());
        }
        let plan = fleet.plan(Some(&kept), true).plan();
        assert_eq!(plan.moves, vec![], "{mode}");
    }
}
