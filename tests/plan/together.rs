//! Enforced budgets of journeys: what is decided for them against every joint placement there is,
//! and what is said where there is none.

use proptest::prelude::*;

use regen::model::name::{RegionName, ServiceKey};
use regen::model::plan::Plan;
use regen::plan::lock;

use crate::fleet::Fleet;

const REGIONS: [(&str, &str); 4] = [("ap", "SG"), ("br", "BR"), ("eu", "DE"), ("us", "US")];

/// A service of a small world: weights by region, how many regions at least and at most, whether
/// one serves, and whether it has a store.
#[derive(Clone, Debug)]
struct Wanted {
    weights: [u32; 4],
    bounds: (u32, u32),
    passive: bool,
    store: bool,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let bounds = prop_oneof![Just((1, 1)), Just((1, 2)), Just((2, 2))];
    let weights = proptest::array::uniform4(prop_oneof![Just(0), 1..9_u32]);
    (weights, bounds, 0..5_u32, any::<bool>()).prop_map(|(mut weights, bounds, mode, store)| {
        weights[0] += u32::from(weights == [0; 4]);
        Wanted {
            weights,
            bounds,
            passive: mode == 0,
            store,
        }
    })
}

/// A world with round trips in ms, its journeys, and each service as `placement` and `leader` say.
fn fleet(
    trips: &[u32],
    journeys: &str,
    services: &[Wanted],
    placed: &[(String, Option<&str>)],
) -> Fleet {
    let mut fleet = Fleet::new(&format!("journeys: [{journeys}]"));
    let mut rtt = "from,to,p50_ms\n".to_owned();
    for (i, (from, country)) in REGIONS.iter().enumerate() {
        for (j, (to, _)) in REGIONS.iter().enumerate() {
            if i != j {
                rtt += &format!("{from},{to},{}\n", trips[i * 4 + j]);
            }
        }
        let text = format!("region: {from}\ncountry: {country}\nclusters: [{{name: {from}-a}}]\n");
        fleet = fleet.file(&format!("regions/{from}.yaml"), text);
    }
    for (i, (wanted, (placement, leader))) in services.iter().zip(placed).enumerate() {
        let audience: Vec<_> = REGIONS
            .iter()
            .zip(wanted.weights)
            .filter(|(_, w)| *w > 0)
            .map(|((r, _), w)| format!("{r}: {w}"))
            .collect();
        let leader = leader.map_or(String::new(), |l| format!(", leader: {l}"));
        let store = match wanted.store {
            true => format!(
                "stores: [{{name: db, engine: cloudnative-pg, consistency: eventual, access: {{reads: 0%, writes: 100%}}{leader}}}]\n"
            ),
            false => String::new(),
        };
        let calls = match i {
            0 => "calls: [s1, s2]\n",
            _ => "",
        };
        let calls = if services.len() == 3 { calls } else { "" };
        let text = format!(
            "audience: {{{}}}\nfailover: none\n{calls}{store}placement: {{{placement}}}",
            audience.join(", ")
        );
        fleet = fleet.service(&format!("s{i}"), &text);
    }
    fleet.file("network/rtt.csv", rtt)
}

/// The totals that a joint choice lowers: of reads, then of the stores.
fn totals(plan: &Plan) -> (u64, u64) {
    let reads = plan.services.values();
    let reads = reads.map(|s| s.predicted.weighted_read_ns.expect("an audience"));
    let stores = plan.stores.values();
    let stores = stores.map(|s| s.objective_ns.expect("an audience"));
    (reads.sum(), stores.sum())
}

/// Every way to place a service and lead its store.
fn ways(wanted: &Wanted) -> Vec<(String, Option<&'static str>)> {
    let sets = (1..16_u32)
        .filter(|bits| (wanted.bounds.0..=wanted.bounds.1).contains(&bits.count_ones()))
        .map(|bits| {
            (0..4)
                .filter(|i| bits >> i & 1 == 1)
                .collect::<Vec<usize>>()
        });
    sets.flat_map(|set| {
        let mut orders = vec![set.clone()];
        // The first of a list serves.
        if wanted.passive && set.len() == 2 {
            orders.push(vec![set[1], set[0]]);
        }
        orders
    })
    .flat_map(|set| {
        let names: Vec<_> = set.iter().map(|&i| REGIONS[i].0).collect();
        let mode = if wanted.passive {
            "mode: active-passive, "
        } else {
            ""
        };
        let placement = format!("{mode}regions: [{}]", names.join(", "));
        let serving = if wanted.passive {
            &names[..1]
        } else {
            &names[..]
        };
        let leaders = match wanted.store {
            true => serving.iter().map(|l| Some(*l)).collect(),
            false => vec![None],
        };
        leaders
            .into_iter()
            .map(move |leader| (placement.clone(), leader))
            .collect::<Vec<_>>()
    })
    .collect()
}

/// The smallest totals of all joint choices that are accepted.
fn exhaustive(trips: &[u32], journeys: &str, services: &[Wanted]) -> Option<(u64, u64)> {
    let mut joint: Vec<Vec<(String, Option<&str>)>> = vec![Vec::new()];
    for service in services {
        let ways = ways(service);
        joint = joint
            .iter()
            .flat_map(|before| {
                ways.iter().map(move |way| {
                    let mut one = before.clone();
                    one.push(way.clone());
                    one
                })
            })
            .collect();
    }
    let plans = joint.iter().filter_map(|placed| {
        let plan = fleet(trips, journeys, services, placed)
            .plan(None, false)
            .plan?;
        Some(totals(&plan))
    });
    plans.min()
}

/// As the planner is free to choose.
fn free(services: &[Wanted]) -> Vec<(String, Option<&'static str>)> {
    let placement = |wanted: &Wanted| {
        let mode = if wanted.passive {
            "mode: active-passive, "
        } else {
            ""
        };
        let (at_least, at_most) = wanted.bounds;
        let text = format!("{mode}regions: {{atLeast: {at_least}, atMost: {at_most}}}");
        (text, None)
    };
    services.iter().map(placement).collect()
}

fn check(trips: &[u32], journeys: &str, services: &[Wanted]) -> Result<(), TestCaseError> {
    let outcome = fleet(trips, journeys, services, &free(services)).plan(None, false);
    let said = outcome.said();
    let found = outcome.plan.as_ref().map(totals);
    let best = exhaustive(trips, journeys, services);
    let alone = fleet(trips, "", services, &free(services)).plan(None, false);
    let alone = alone.plan.as_ref().map(totals);
    match (found, best) {
        // What each decides for itself keeps the journey: regions first, of equal ones those whose
        // names come first, whatever their stores would have made of others.
        (Some(found), Some(best)) if alone == Some(found) => {
            prop_assert_eq!(found.0, best.0, "{}", said);
        }
        _ => prop_assert_eq!(found, best, "{}", said),
    }
    let Some(plan) = outcome.plan else {
        prop_assert!(
            said.contains("every way was tried or ruled out"),
            "{}",
            said
        );
        return smallest(trips, journeys, services, &said);
    };
    // What was decided stays, and a rebalance finds nothing better.
    for rebalance in [false, true] {
        let lock = lock::of(&plan);
        let fleet = fleet(trips, journeys, services, &free(services));
        let again = fleet.plan(Some(&lock), rebalance).plan();
        prop_assert_eq!(totals(&again), totals(&plan));
        prop_assert_eq!(&again.moves, &vec![]);
    }
    Ok(())
}

/// The budget that the error offers is kept, and one a millisecond smaller is not.
fn smallest(
    trips: &[u32],
    journeys: &str,
    services: &[Wanted],
    said: &str,
) -> Result<(), TestCaseError> {
    let offer = said.split("raise the budget to ").nth(1).expect("an offer");
    let offer: u32 = offer
        .split("ms")
        .next()
        .expect("a number")
        .parse()
        .expect("a number");
    let (before, rest) = journeys.split_once("p50: ").expect("a budget");
    let (_, after) = rest.split_once("ms").expect("a unit");
    for (limit, accepted) in [(offer, true), (offer - 1, false)] {
        let journeys = format!("{before}p50: {limit}ms{after}");
        let plan = fleet(trips, &journeys, services, &free(services)).plan(None, false);
        prop_assert_eq!(
            plan.plan.is_some(),
            accepted,
            "{}ms\n{}",
            limit,
            plan.said()
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn two_services_keep_a_journey_as_well_as_they_can(
        trips in proptest::collection::vec(1..99_u32, 16),
        services in proptest::collection::vec(wanted(), 2),
        limit in 1..160_u32,
        (reads, writes) in any::<(bool, bool)>(),
    ) {
        let first = match services[0].store && reads {
            true => "{service: s0, reads: db}",
            false => "s0",
        };
        let second = match services[1].store && writes {
            true => "{service: s1, writes: db}",
            false => "s1",
        };
        let journey = format!("{{name: buy, steps: [{first}, {second}], budget: {{p50: {limit}ms, enforce: true}}}}");
        check(&trips, &journey, &services)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn three_services_keep_a_journey_as_well_as_they_can(
        trips in proptest::collection::vec(1..99_u32, 16),
        mut services in proptest::collection::vec(wanted(), 3),
        limit in 1..200_u32,
        parallel in any::<bool>(),
    ) {
        services.iter_mut().for_each(|s| s.store = false);
        let steps = match parallel {
            true => "s0, {parallel: [s1, s2]}",
            false => "s0, s1, s2",
        };
        let journey = format!("{{name: buy, steps: [{steps}], budget: {{p50: {limit}ms, enforce: true}}}}");
        check(&trips, &journey, &services)?;
    }
}

fn regions(plan: &Plan, name: &str) -> Vec<String> {
    let service = &plan.services[&ServiceKey::prod(name)];
    let regions = service.regions.iter().map(|p| &p.region);
    regions.map(RegionName::to_string).collect()
}

fn because(plan: &Plan, name: &str) -> String {
    plan.services[&ServiceKey::prod(name)].because.to_string()
}

/// Asymmetric as little as can be: EU-US 80, EU-AP 160, US-AP 200, BR 120 from US and 200 from others.
const TRIPS: [u32; 16] = [
    0, 200, 160, 200, 200, 0, 200, 120, 160, 200, 0, 80, 200, 120, 80, 0,
];

/// A front for users in Europe, and a cart whose own users are in America.
fn shop(budget: &str, cart: &str) -> Fleet {
    let services = [
        Wanted {
            weights: [0, 0, 9, 0],
            bounds: (1, 1),
            passive: false,
            store: false,
        },
        Wanted {
            weights: [0, 1, 0, 9],
            bounds: (1, 1),
            passive: false,
            store: false,
        },
    ];
    let journey = format!("{{name: buy, steps: [s0, s1], budget: {{{budget}}}}}");
    let placed = [
        ("regions: {exactly: 1}".to_owned(), None),
        (cart.to_owned(), None),
    ];
    fleet(&TRIPS, &journey, &services, &placed)
}

#[test]
fn what_yields_says_for_whom_and_what_it_would_be_by_itself() {
    let plan = shop("p50: 60ms, enforce: true", "regions: {exactly: 1}")
        .plan(None, false)
        .plan();
    assert_eq!(regions(&plan, "s0"), ["eu"]);
    assert_eq!(regions(&plan, "s1"), ["eu"]);
    assert_eq!(
        because(&plan, "s1"),
        "eu at a weighted round trip of 92.0 ms, decided together with s0 so that `buy` may keep its enforced budget: the smallest total that does, by proof; by itself it would serve from us at 12.0 ms"
    );
    assert_eq!(
        plan.journeys["buy"].because.to_string(),
        "s0 and s1 were decided together, since each by itself would break an enforced budget; the smallest total of their weighted latencies that keeps it, by proof"
    );
}

#[test]
fn what_is_not_enforced_or_holds_moves_nothing_and_the_order_of_decision_is_told() {
    for (budget, told) in [
        (
            "p50: 60ms",
            "its budget is not enforced, so nothing was decided for it",
        ),
        (
            "p50: 80ms, enforce: true",
            "none of them had to yield for its enforced budget",
        ),
    ] {
        let plan = shop(budget, "regions: {exactly: 1}")
            .plan(None, false)
            .plan();
        assert_eq!(regions(&plan, "s1"), ["us"]);
        let order = "its services were decided each by itself, in the order s0 and s1";
        assert_eq!(
            plan.journeys["buy"].because.to_string(),
            format!("{order}; {told}")
        );
    }
}

#[test]
fn a_budget_that_nothing_keeps_names_the_smallest_that_can_be_and_what_to_allow() {
    for (cart, offer) in [
        (
            "regions: {exactly: 1}, from: [us, br]",
            "raise the budget to 80ms, or allow `eu` in `placement.from` of `s1`",
        ),
        (
            "regions: [br]",
            "raise the budget to 200ms, or let `s1` serve in `eu` too, by its `placement.regions`",
        ),
    ] {
        let said = shop("p50: 60ms, enforce: true", cart)
            .plan(None, false)
            .said();
        for part in [
            "error[budget] regen.yaml:3:49: journey `buy` takes",
            "  note: binding: to `s1` in ",
            "  note: however s0 and s1 are placed and led within what they allow, the budget cannot be kept: every way was tried or ruled out",
            offer,
        ] {
            assert!(said.contains(part), "{part}\n{said}");
        }
    }
}

#[test]
fn a_store_is_led_elsewhere_for_a_journey_that_writes_it() {
    let services = [Wanted {
        weights: [0, 1, 5, 6],
        bounds: (3, 3),
        passive: false,
        store: true,
    }];
    let plan = |budget: &str| {
        let journey = format!(
            "{{name: buy, audience: {{eu: 1}}, steps: [{{service: s0, writes: db}}], budget: {{{budget}}}}}"
        );
        let placed = [("regions: {exactly: 3}".to_owned(), None)];
        fleet(&TRIPS, &journey, &services, &placed)
            .plan(None, false)
            .plan()
    };
    let leader = |plan: &Plan| {
        let db = plan.stores.values().next().expect("a store");
        (
            db.leader.as_ref().map(ToString::to_string),
            db.because.to_string(),
        )
    };
    assert_eq!(leader(&plan("p50: 20ms")).0.as_deref(), Some("us"));
    let (led, because) = leader(&plan("p50: 20ms, enforce: true"));
    assert_eq!(led.as_deref(), Some("eu"));
    assert_eq!(
        because,
        "eu leads so that journeys keep their enforced budgets, with a weighted write of 56.7 ms"
    );
}

#[test]
fn journeys_that_share_a_service_are_kept_together() {
    // The cart of `buy` would leave America, where `look` needs it.
    let services = [
        Wanted {
            weights: [0, 0, 9, 0],
            bounds: (1, 1),
            passive: false,
            store: false,
        },
        Wanted {
            weights: [0, 1, 0, 9],
            bounds: (1, 2),
            passive: false,
            store: false,
        },
    ];
    let journeys = |second: &str| {
        format!("{{name: buy, steps: [s0, s1], budget: {{p50: 60ms, enforce: true}}}}, {second}")
    };
    let placed = [
        ("regions: {exactly: 1}".to_owned(), None),
        ("regions: {exactly: 1}".to_owned(), None),
    ];
    let run = |second: &str, placed: &[(String, Option<&str>)]| {
        fleet(&TRIPS, &journeys(second), &services, placed).plan(None, false)
    };
    let look = "{name: look, audience: {us: 1}, steps: [s1], budget: {p50: 60ms, enforce: true}}";
    let said = run(look, &placed).said();
    assert!(said.contains("journey `look` takes 80.0 ms"), "{said}");
    let two = [
        placed[0].clone(),
        ("regions: {atLeast: 1, atMost: 2}".to_owned(), None),
    ];
    let plan = run(look, &two).plan();
    assert_eq!(regions(&plan, "s1"), ["eu", "us"]);
}

#[test]
fn together_services_fit_where_they_are_put() {
    for (cpu, fits) in [("300m", false), ("400m", true)] {
        let eu = format!(
            "region: eu\ncountry: DE\nclusters: [{{name: eu-a, capacity: {{cpu: {cpu}, memory: 8Gi}}}}]\n"
        );
        let outcome = shop("p50: 60ms, enforce: true", "regions: {exactly: 1}")
            .file("regions/eu.yaml", eu)
            .plan(None, false);
        assert_eq!(outcome.plan.is_some(), fits, "{cpu}: {}", outcome.said());
    }
}

#[test]
fn an_enforced_budget_for_calls_is_not_broken_for_a_journey() {
    for (cart, expected) in [
        ("regions: {exactly: 1}", None),
        ("regions: {atLeast: 1, atMost: 2}", Some(["eu", "us"])),
    ] {
        let outcome = shop("p50: 60ms, enforce: true", cart)
            .service(
                "s2",
                "calls: [s1]\nfailover: none\nplacement: {regions: [us]}\nbudget: {crossRegion: {p50: 20ms}, enforce: true}",
            )
            .plan(None, false);
        let said = outcome.said();
        assert!(!said.contains("a call to another region of `s2`"), "{said}");
        let found = outcome.plan.map(|plan| regions(&plan, "s1"));
        let expected = expected.map(|names| names.map(str::to_owned).to_vec());
        assert_eq!(found, expected, "{said}");
    }
}
