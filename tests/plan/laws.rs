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
