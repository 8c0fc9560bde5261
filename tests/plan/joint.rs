//! Services that compete for capacity: what is decided against every joint placement there is.

use proptest::prelude::*;

use regen::model::name::{RegionName, ServiceKey};
use regen::model::plan::Plan;

use crate::fleet::Fleet;

const REGIONS: [&str; 4] = ["eu-central-1", "eu-west-1", "eu-west-2", "us-east-1"];

/// A service of a small world: cores in tenths, pods, weights by region, how many regions.
#[derive(Clone, Debug)]
struct Wanted {
    cpu: u32,
    min: u32,
    weights: [u32; 4],
    count: u32,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    (
        1..5_u32,
        1..4_u32,
        proptest::array::uniform4(1..9_u32),
        1..3_u32,
    )
        .prop_map(|(cpu, min, weights, count)| Wanted {
            cpu,
            min,
            weights,
            count,
        })
}

/// The world, each service placed as its text says.
fn fleet(capacity: &[u32; 4], failover: bool, services: &[Wanted], placement: &[String]) -> Fleet {
    let mut fleet = Fleet::new("failover: {headroom: 10%}");
    for (region, tenths) in REGIONS.iter().zip(capacity) {
        fleet = fleet.region(region, &format!("capacity: {{cpu: {}m}}", tenths * 100));
    }
    for (i, (s, regions)) in services.iter().zip(placement).enumerate() {
        let audience: Vec<_> = REGIONS
            .iter()
            .zip(s.weights)
            .map(|(r, w)| format!("{r}: {w}"))
            .collect();
        let failover = if failover { "" } else { "failover: none\n" };
        let text = format!(
            "workload: {{image: registry.example/it:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, resources: {{cpu: {}m, memory: 64Mi}}, scale: {{min: {}, max: {}}}}}\naudience: {{{}}}\n{failover}placement: {{regions: {regions}}}",
            s.cpu * 100,
            s.min,
            s.min * 2,
            audience.join(", ")
        );
        fleet = fleet.service(&format!("s{i}"), &text);
    }
    fleet
}

/// What each service reads at, the first in the order of decision first.
fn values(plan: &Plan, services: &[Wanted]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..services.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(services[i].cpu * services[i].min), i));
    let read = |i: usize| {
        let service = &plan.services[&ServiceKey::prod(format!("s{i}"))];
        service
            .predicted
            .weighted_read_ns
            .expect("there is an audience")
    };
    order.into_iter().map(read).collect()
}

/// All sets of so many regions, as lists of names.
fn sets(count: u32) -> Vec<String> {
    let sets = (0..16_u32).filter(|bits| bits.count_ones() == count);
    sets.map(|bits| {
        let names: Vec<_> = (0..4)
            .filter(|i| bits >> i & 1 == 1)
            .map(|i| REGIONS[i])
            .collect();
        format!("[{}]", names.join(", "))
    })
    .collect()
}

/// The best joint placement that is accepted when the services name their regions.
fn exhaustive(capacity: &[u32; 4], failover: bool, services: &[Wanted]) -> Option<Vec<u64>> {
    let mut joint: Vec<Vec<String>> = vec![Vec::new()];
    for service in services {
        let sets = sets(service.count);
        joint = joint
            .iter()
            .flat_map(|before| {
                sets.iter().map(move |set| {
                    let mut one = before.clone();
                    one.push(set.clone());
                    one
                })
            })
            .collect();
    }
    let plans = joint.iter().filter_map(|placement| {
        let plan = fleet(capacity, failover, services, placement)
            .plan(None, false)
            .plan?;
        Some(values(&plan, services))
    });
    plans.min()
}

fn check(capacity: [u32; 4], failover: bool, services: &[Wanted]) -> Result<(), TestCaseError> {
    let free: Vec<String> = services
        .iter()
        .map(|s| format!("{{exactly: {}}}", s.count))
        .collect();
    let outcome = fleet(&capacity, failover, services, &free).plan(None, false);
    let said = outcome.said();
    let found = outcome.plan.map(|plan| values(&plan, services));
    prop_assert_eq!(found, exhaustive(&capacity, failover, services), "{}", said);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn two_services_share_the_room_as_well_as_they_can(
        capacity in proptest::array::uniform4(0..16_u32),
        failover in any::<bool>(),
        services in proptest::collection::vec(wanted(), 2),
    ) {
        check(capacity, failover, &services)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn three_services_share_the_room_as_well_as_they_can(
        capacity in proptest::array::uniform4(2..18_u32),
        failover in any::<bool>(),
        services in proptest::collection::vec(wanted(), 3),
    ) {
        check(capacity, failover, &services)?;
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

/// `first` is decided first and wants eu-west-1, where there is room for one of the two.
fn rivals(second: &str) -> Fleet {
    Fleet::new("failover: {headroom: 0%}")
        .region("eu-west-1", "capacity: {cpu: 300m}")
        .region("eu-west-2", "")
        .service("first", "audience: {eu-west-1: 1}\nfailover: none\ntier: critical\nplacement: {regions: {exactly: 1}}")
        .service("second", second)
}

#[test]
fn a_service_with_a_choice_makes_room_for_one_without_and_says_so() {
    let tied = "audience: {eu-west-1: 1}\nfailover: none\nplacement: {regions: {exactly: 1}, from: [eu-west-1]}";
    let plan = rivals(tied).plan(None, false).plan();
    assert_eq!(regions(&plan, "first"), ["eu-west-2"]);
    assert_eq!(regions(&plan, "second"), ["eu-west-1"]);
    let told = because(&plan, "first");
    assert!(
        told.ends_with("it leaves eu-west-1 aside, or `second` would find no room: the best choice of all that compete, by proof"),
        "{told}"
    );
    let free = "audience: {eu-west-1: 1}\nfailover: none\nplacement: {regions: {exactly: 1}}";
    let plan = rivals(free).plan(None, false).plan();
    assert_eq!(
        regions(&plan, "first"),
        ["eu-west-1"],
        "the first counts most"
    );
    assert_eq!(regions(&plan, "second"), ["eu-west-2"]);
}

#[test]
fn that_no_room_can_be_made_is_said_with_what_was_tried() {
    let both = "audience: {eu-west-1: 1}\nfailover: none\nworkload: {image: registry.example/it:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, resources: {cpu: 150m, memory: 64Mi}, scale: {min: 2, max: 6}}\nplacement: {regions: {exactly: 2}}";
    let said = rivals(both)
        .region("eu-west-2", "capacity: {cpu: 400m}")
        .plan(None, false)
        .said();
    assert!(
        said.contains("error[placement-infeasible]")
            && said.contains(
                "note: however first were placed, there would be no room: every way was tried"
            ),
        "{said}"
    );
}

#[test]
fn room_after_the_loss_of_a_region_is_chosen_for() {
    // London is nearer, but could not take over from Ireland.
    let plan = Fleet::new("failover: {headroom: 10%}")
        .region("eu-west-1", "")
        .region("eu-west-2", "capacity: {cpu: 300m}")
        .region("eu-central-1", "")
        .service(
            "web",
            "audience: {eu-west-1: 9, eu-west-2: 1}\nplacement: {regions: {exactly: 2}}",
        )
        .plan(None, false)
        .plan();
    assert_eq!(regions(&plan, "web"), ["eu-central-1", "eu-west-1"]);
    let told = because(&plan, "web");
    assert!(
        told.contains(
            "it leaves eu-west-2 aside, or `web` would find no room after the loss of eu-west-1"
        ),
        "{told}"
    );
}
