//! Voters, leaders and regions stay until they are illegal, whatever comes, goes or is damaged.

use proptest::prelude::*;

use regen::diag::{Sink, Sources};
use regen::model::lock::{Lock, LockedStore};
use regen::model::name::RegionName;
use regen::model::plan::Plan;
use regen::plan::lock;

use crate::fleet::Fleet;

const REGIONS: [&str; 9] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-1",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-west-2",
];

/// One service with one store.
#[derive(Clone, Debug)]
struct Made {
    at_least: usize,
    extra: usize,
    weights: Vec<u8>,
    store: u8,
}

fn made() -> impl Strategy<Value = Made> {
    let weights = proptest::collection::vec(0..5_u8, REGIONS.len());
    (3..5_usize, 0..4_usize, weights, 0..4_u8).prop_map(|(at_least, extra, weights, store)| Made {
        at_least,
        extra,
        weights,
        store,
    })
}

fn fleet(services: &[Made], regions: &[&str]) -> Fleet {
    let fleet = Fleet::new("platform: {capabilities: [cloudnative-pg, yugabytedb]}")
        .aws(regions.iter().copied());
    services.iter().enumerate().fold(fleet, |fleet, (i, made)| {
        let audience: Vec<_> = REGIONS
            .iter()
            .zip(&made.weights)
            .filter(|(r, w)| regions.contains(r) && **w > 0)
            .map(|(r, w)| format!("{r}: {w}"))
            .collect();
        let store = match made.store {
            0 => "{name: db, engine: cloudnative-pg, consistency: eventual}",
            1 => "{name: db, engine: yugabytedb, consistency: strong, voters: {count: 3}}",
            2 => "{name: db, engine: yugabytedb, consistency: strong, voters: {count: 3, distinct: country}, access: {reads: 80%, writes: 20%}}",
            _ => "{name: db, engine: yugabytedb, consistency: strong, survive: region, voters: {count: 3}}",
        };
        let (least, most) = (made.at_least, made.at_least + made.extra);
        let text = format!(
            "audience: {{{}}}\nplacement: {{regions: {{atLeast: {least}, atMost: {most}}}}}\nstores: [{store}]\n",
            audience.join(", ")
        );
        fleet.service(&format!("s{i}"), &text)
    })
}

fn text(regions: &[RegionName]) -> Vec<String> {
    regions.iter().map(ToString::to_string).collect()
}

/// The lock as `regen.lock` would hand it over.
pub(crate) fn written(plan: &Plan) -> Lock {
    let (mut sources, mut sink) = (Sources::new(), Sink::new());
    let id = sources.add("regen.lock", lock::to_text(plan));
    lock::read(&sources, id, &mut sink).expect("what is written is read")
}

fn reasoned(plan: &Plan) -> bool {
    plan.moves.iter().all(|m| !m.because.0.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn losing_a_region_replaces_only_what_was_there(
        services in proptest::collection::vec(made(), 1..4),
        lost in 0..REGIONS.len(),
    ) {
        let plan = fleet(&services, &REGIONS).plan(None, false).plan;
        prop_assume!(plan.is_some());
        let before = plan.unwrap_or_default();
        let remaining: Vec<_> = REGIONS.into_iter().filter(|r| *r != REGIONS[lost]).collect();
        let left = fleet(&services, &remaining);
        prop_assume!(left.plan(None, false).plan.is_some());
        // What can be planned can be planned with the lock too.
        let after = left.plan(Some(&written(&before)), false).plan();
        prop_assert!(reasoned(&after));
        for (key, was) in &before.stores {
            let is = &after.stores[key];
            let gone = |r: &RegionName| r.as_str() == REGIONS[lost];
            if !was.leader.as_ref().is_some_and(gone) {
                prop_assert_eq!(&was.leader, &is.leader, "{}: {:?}", key, after.moves);
            }
            let stay: Vec<_> = was.voters.iter().filter(|v| !gone(v)).collect();
            prop_assert!(stay.iter().all(|v| is.voters.contains(v)), "{}: {:?} {:?}", key, was.voters, is.voters);
            if !was.voters.iter().any(gone) {
                prop_assert_eq!(text(&was.voters), text(&is.voters), "{} has no voter there", key);
            } else {
                let what = format!("voters of {key}");
                prop_assert!(after.moves.iter().any(|m| m.what == what && !m.steps.is_empty()));
            }
        }
    }

    #[test]
    fn adding_a_region_moves_nothing(
        services in proptest::collection::vec(made(), 1..4),
        new in 0..REGIONS.len(),
    ) {
        let fewer: Vec<_> = REGIONS.into_iter().filter(|r| *r != REGIONS[new]).collect();
        let plan = fleet(&services, &fewer).plan(None, false).plan;
        prop_assume!(plan.is_some());
        let before = plan.unwrap_or_default();
        let after = fleet(&services, &REGIONS).proposals(&written(&before));
        prop_assert_eq!(&after.moves, &vec![]);
        prop_assert_eq!(lock::to_text(&after), lock::to_text(&before));
        // What could be better is proposed, and each proposal says what it is worth.
        for one in &after.proposals {
            let effect = one.objective.is_some() || one.what.starts_with("voters");
            prop_assert!(effect && !one.steps.is_empty(), "{:?}", one);
        }
        let rebalanced = fleet(&services, &REGIONS).plan(Some(&written(&before)), true).plan();
        let worse = |key: &_| {
            let ns = |plan: &Plan| plan.services.get(key).and_then(|s| s.predicted.weighted_read_ns);
            ns(&rebalanced) > ns(&after)
        };
        prop_assert!(!after.services.keys().any(worse), "nothing competes, so nothing gets worse");
        let settled = fleet(&services, &REGIONS).plan(Some(&written(&rebalanced)), true).plan();
        prop_assert_eq!(&settled.moves, &vec![], "a rebalance settles at once");
    }

    #[test]
    fn a_plan_is_what_its_own_lock_gives_however_its_lists_are_ordered(
        services in proptest::collection::vec(made(), 1..4),
    ) {
        let made = fleet(&services, &REGIONS);
        let plan = made.plan(None, false).plan;
        prop_assume!(plan.is_some());
        let first = plan.unwrap_or_default();
        let second = made.plan(Some(&written(&first)), false).plan();
        prop_assert_eq!(&second.moves, &vec![]);
        prop_assert_eq!(lock::to_text(&second), lock::to_text(&first));
        let mut shuffled = written(&first);
        for store in shuffled.stores.values_mut() {
            store.voters.reverse();
            store.replicas.reverse();
        }
        for service in shuffled.services.values_mut() {
            service.regions.reverse();
        }
        let third = made.plan(Some(&shuffled), false).plan();
        prop_assert_eq!(&third.moves, &vec![]);
        prop_assert_eq!(lock::to_text(&third), lock::to_text(&first));
    }

    #[test]
    fn a_damaged_lock_still_gives_a_plan(
        services in proptest::collection::vec(made(), 1..3),
        damage in proptest::collection::vec((0..6_u8, 0..REGIONS.len()), 1..6),
    ) {
        let made = fleet(&services, &REGIONS);
        let plan = made.plan(None, false).plan;
        prop_assume!(plan.is_some());
        let mut damaged = written(&plan.unwrap_or_default());
        for (kind, at) in damage {
            let name = REGIONS[at].to_owned();
            for store in damaged.stores.values_mut() {
                match kind {
                    0 => store.leader = Some("nowhere".to_owned()),
                    1 => store.leader = Some(name.clone()),
                    2 => store.voters.push(name.clone()),
                    3 => store.voters = vec![name.clone(); 9],
                    4 => drop(store.clusters.insert(name.clone(), "gone".to_owned())),
                    _ => *store = LockedStore::default(),
                }
            }
            for service in damaged.services.values_mut() {
                match kind {
                    0 => service.regions.push("nowhere".to_owned()),
                    1 => service.regions.push(name.clone()),
                    2 => service.regions.truncate(1),
                    3 => service.regions.clear(),
                    _ => service.regions = vec![name.clone(); 4],
                }
            }
        }
        let mended = made.plan(Some(&damaged), false).plan();
        prop_assert!(reasoned(&mended));
        for store in mended.stores.values() {
            let mut voters = text(&store.voters);
            let leads = store.leader.as_ref().is_some_and(|l| store.voters.first() == Some(l));
            prop_assert!(voters.is_empty() || leads);
            voters.sort();
            let all = voters.len();
            voters.dedup();
            prop_assert_eq!(voters.len(), all, "a voter per region");
        }
        let again = made.plan(Some(&written(&mended)), false).plan();
        prop_assert_eq!(&again.moves, &vec![], "and the plan settles");
    }
}

#[test]
fn a_lock_of_an_older_form_keeps_the_leader_and_gets_voters_without_a_move() {
    let one = Made {
        at_least: 4,
        extra: 0,
        weights: vec![1, 0, 0, 4, 3, 0, 0, 2, 0],
        store: 1,
    };
    let made = fleet(&[one], &REGIONS);
    let first = made.plan(None, false).plan();
    let old = lock::to_text(&first)
        .lines()
        .filter(|l| !l.trim_start().starts_with("voters:"))
        .collect::<Vec<_>>()
        .join("\n");
    let (mut sources, mut sink) = (Sources::new(), Sink::new());
    let id = sources.add("regen.lock", old);
    let read = lock::read(&sources, id, &mut sink).expect("it is read");
    assert!(read.stores.values().all(|s| s.voters.is_empty()));
    let second = made.plan(Some(&read), false).plan();
    assert_eq!(second.moves, vec![]);
    assert_eq!(lock::to_text(&second), lock::to_text(&first));
}

#[test]
fn a_voter_is_replaced_one_at_a_time_and_its_data_is_counted() {
    let one = Made {
        at_least: 4,
        extra: 0,
        weights: vec![0, 0, 0, 4, 3, 2, 0, 1, 0],
        store: 1,
    };
    let before = fleet(std::slice::from_ref(&one), &REGIONS)
        .plan(None, false)
        .plan();
    let store = before.stores.values().next().expect("a store");
    assert_eq!(
        text(&store.voters),
        ["eu-west-3", "eu-central-1", "eu-west-1"]
    );
    let remaining: Vec<_> = REGIONS.into_iter().filter(|r| *r != "eu-west-1").collect();
    let after = fleet(&[one], &remaining)
        .plan(Some(&lock::of(&before)), false)
        .plan();
    let moved = after
        .moves
        .iter()
        .find(|m| m.what == "voters of s0/db")
        .expect("a move");
    assert_eq!(
        moved.because.0,
        ["eu-west-1 is no longer a region of the fleet"]
    );
    assert_eq!(
        moved.steps,
        ["a replica in us-east-1 catches up and votes; then the voter in eu-west-1 goes"]
    );
    assert_eq!(moved.data.len(), 1);
    assert_eq!(moved.writes, "go on: a majority stands at every step");
    assert!(after.moves.iter().all(|m| m.what != "leader of s0/db"));
}

#[test]
fn voters_that_stay_without_their_leader_are_said_to_be_kept_and_not_the_best() {
    let fleet = |regions: &str| {
        Fleet::new("platform: {capabilities: [yugabytedb]}").aws(REGIONS).service(
            "web",
            &format!("audience: {{us-east-1: 3, us-west-2: 1}}\nplacement: {{regions: [{regions}]}}\nstores: [{{name: db, engine: yugabytedb, consistency: strong, voters: {{count: 3}}}}]"),
        )
    };
    let before = fleet("eu-central-1, eu-west-1, eu-west-3")
        .plan(None, false)
        .plan();
    let held = written(&before);
    let led = held.stores["web/db"].leader.clone().expect("a leader");
    let others = ["eu-central-1", "eu-west-1", "eu-west-3"]
        .into_iter()
        .filter(|r| *r != led);
    let others: Vec<&str> = others.collect();
    let moved = fleet(&format!("{}, us-east-1, us-west-2", others.join(", ")));
    let after = moved.plan(Some(&held), false).plan();
    let store = after.stores.values().next().expect("one store");
    let because = store.because.to_string();
    assert!(
        because.contains("of the voters in the lock, which stay"),
        "{because}"
    );
    assert!(
        because.contains("(--rebalance accepts; data moves)"),
        "{because}"
    );
    assert!(!because.contains("serving regions"), "{because}");
}
