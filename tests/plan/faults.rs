//! The smallest wrong input of every code that planning emits, word for word.

use std::collections::BTreeSet;

use regen::diag::Code;

use crate::fleet::Fleet;

const EU: &str = "dataClasses: {personal: {residency: EU}}";
const PERSONAL: &str =
    "stores: [{name: db, engine: cloudnative-pg, consistency: eventual, data: personal}]";
const NAMED: &str = "placement: {regions: [eu-west-1, us-east-1]}";

fn two(settings: &str) -> Fleet {
    Fleet::new(settings).aws(["eu-west-1", "us-east-1"])
}

/// Each case: its code, its fleet, and what is said.
fn cases() -> Vec<(Code, Fleet, &'static str)> {
    vec![
        (
            Code::PlacementInfeasible,
            two(EU).service("web", &format!("placement: {{regions: {{exactly: 2}}}}\n{PERSONAL}")),
            "error[placement-infeasible] services/web.yaml:3:22: `web` cannot be placed in 2 regions
  see services/web.yaml:4:74: store `db` holds it
  see regen.yaml:3:37: bound to `EU`
  note: `us-east-1`: personal data must stay in EU, and it lies in US
  help: ask for 1 region
  help: bind `personal` to an area with `us-east-1` in it
",
        ),
        (
            Code::PlacementRegion,
            two("")
                .region("eu-north-1", "capacity: {cpu: 100m}")
                .service("web", "placement: {regions: [eu-west-1, eu-north-1]}"),
            "error[placement-region] services/web.yaml:3:34: `web` may not be placed in `eu-north-1`
  see services/web.yaml:3:22: these regions
  see services/web.yaml:2:190: 2 pods per region
  see services/web.yaml:2:156: 100m of cpu each
  see regions/eu-north-1.yaml:4:42: `eu-north-1-a` holds 100m of cpu
  note: `eu-north-1`: eu-north-1-a has no room left for 2 pods
  note: per region `web` takes 200m of cpu; the cluster holds 100m
  help: take `eu-north-1` out of `placement.regions`
  help: give `eu-north-1-a` 300m more cpu, 400m in all
",
        ),
        (
            Code::LeaderPlacement,
            two("").service(
                "web",
                "placement: {regions: {exactly: 1}}\naudience: {eu-west-1: 1}\nstores: [{name: db, engine: cloudnative-pg, leader: us-east-1}, {name: own, engine: cloudnative-pg, leader: eu-west-1}]",
            ),
            "error[leader-placement] services/web.yaml:5:53: the leader of store `db` is set to `us-east-1`, where `web` does not serve
  see services/web.yaml:5:109: the leader is set here
  see services/web.yaml:3:22: so many regions
  note: `web` serves in eu-west-1
  help: choose one of these, or add `us-east-1` to `placement.regions`
",
        ),
        (
            Code::SynchronousStandbys,
            two("").service(
                "web",
                &format!("{NAMED}\nstores: [{{name: db, engine: cloudnative-pg, synchronous: 2}}]"),
            ),
            "error[synchronous-standbys] services/web.yaml:4:58: writes of store `db` would wait for 2 standbys that it does not have
  help: lower `synchronous`, or place the service in more regions
",
        ),
        (
            Code::StoreInfeasible,
            Fleet::new("platform: {capabilities: [yugabytedb]}")
                .aws(["eu-central-1", "eu-west-1", "eu-west-3", "us-east-1", "us-west-2"])
                .service(
                    "web",
                    "stores: [{name: db, engine: yugabytedb, voters: {count: 5, distinct: country}}]",
                ),
            "error[store-infeasible] services/web.yaml:3:17: store `db` cannot be decided inside 5 regions of `web`
  see services/web.yaml:3:57: 5 voters
  see services/web.yaml:3:49: each in another country
  note: `web` is in eu-central-1, eu-west-1, eu-west-3, us-east-1 and us-west-2
  help: add a region that may hold it, or write `count: 3` or `distinct: region` in `voters`
",
        ),
        (
            Code::StrongLosesWrites,
            two("").service(
                "web",
                &format!("{NAMED}\nstores: [{{name: db, engine: cloudnative-pg, consistency: strong}}]"),
            ),
            "warning[strong-loses-writes] services/web.yaml:4:58: store `db` is `strong`, but the loss of its leader's region may lose acknowledged writes
  help: set `synchronous: 1`; the plan then adds the round trip to each write
",
        ),
        (
            Code::StalenessFloor,
            two("").service(
                "web",
                &format!("{NAMED}\nstores: [{{name: db, engine: cloudnative-pg, consistency: bounded-staleness, staleness: 30ms}}]"),
            ),
            "error[staleness-floor] services/web.yaml:4:88: store `db` bounds staleness to 30ms, below the floor of 34.8 ms
  note: half the round trip from `eu-west-1` to the farthest replica, before it is applied
  help: raise the bound above 35ms
",
        ),
        (
            Code::Residency,
            two(EU).service("web", &format!("placement: {{regions: all}}\n{PERSONAL}")),
            "error[residency] services/web.yaml:4:74: store `db` of `web` would fail over out of its jurisdiction
  see regen.yaml:3:37: by this
  help: `eu-west-1` has no other region in EU; add one, or set `failover: none` and accept an RTO
",
        ),
        (
            Code::FailoverMissing,
            two("failover: {residency: EEA}").service("web", NAMED),
            "warning[failover-missing] services/web.yaml:3:12: no region may take over for `web` after the loss of eu-west-1 and us-east-1
  see regen.yaml:3:23: the rule
  help: add a region that the rule allows, or set `failover: none` for the service
",
        ),
        (
            Code::FailoverCapacity,
            Fleet::new("failover: {headroom: 0%}")
                .region("eu-west-1", "capacity: {cpu: 300m}")
                .region("us-east-1", "capacity: {cpu: 1}")
                .service("web", NAMED),
            "error[failover-capacity] services/web.yaml:2:190: no region has room to take over `web` after the loss of us-east-1
  see services/web.yaml:3:22: these regions
  see services/web.yaml:2:156: 100m of cpu each
  see services/web.yaml:2:198: up to 6 pods per region after a loss
  see regions/eu-west-1.yaml:4:41: `eu-west-1-a` holds 300m of cpu
  note: per region `web` takes 200m of cpu; the cluster holds 300m
  help: lower `scale.max` to 3
  help: take `eu-west-1` out of `placement.regions`
  help: lower `scale.min` to 1
  help: give `eu-west-1-a` 100m more cpu, 400m in all
  help: set `failover: none` for `web`
",
        ),
        (
            Code::DnsSecondary,
            Fleet::new("domain: shop.example\nplatform: {dns: external-dns, capabilities: [external-dns]}")
                .region(
                    "eu-west-1",
                    "ingress: {hostname: in.shop.example}, healthChecks: {web.shop.example: 11111111-2222-3333-4444-555555555555}",
                )
                .service(
                    "web",
                    "exposure: {host: web.shop.example, routing: failover, health: /healthz}",
                ),
            "error[dns-secondary] services/web.yaml:3:45: `web.shop.example` is routed by failover, but nothing may take over from `eu-west-1`
  help: place the service in a second region that it may fail over to, or set `exposure.routing: simple`
",
        ),
        (
            Code::Budget,
            two("").service(
                "web",
                "placement: {regions: [eu-west-1]}\naudience: {us-east-1: 1}\nbudget: {read: {p50: 50ms}, enforce: true}",
            ),
            "error[budget] services/web.yaml:5:16: a read of `web` takes 69.6 ms at p50, over its budget of 50ms
  see services/web.yaml:3:22: these regions
  note: binding: from us-east-1 to eu-west-1, the nearest region that serves it
  help: raise the budget to 70ms, or allow `us-east-1` in `placement.regions`
",
        ),
        (
            Code::BudgetUnchecked,
            two("").service("web", "budget: {read: {p50: 50ms}, write: {p50: 50ms}}"),
            "warning[budget-unchecked] services/web.yaml:3:16: `web` has a budget and no audience, so nothing can be compared with it
  help: say where its users are with `audience`, in the service or in `regen.yaml`
",
        ),
        (
            Code::WaveOrder,
            Fleet::new("waves: [canary, world]")
                .region("us-east-1", "")
                .file(
                    "regions/eu-west-1.yaml",
                    "region: eu-west-1\nprovider: aws\nwave: canary\nclusters: [{name: eu-west-1-a}]\n",
                )
                .service("web", "audience: {eu-west-1: 2, us-east-1: 1}\nplacement: {regions: all}"),
            "warning[wave-order] regions/eu-west-1.yaml:1:9: the first wave, `canary`, begins with `eu-west-1`, which serves more of the audience than any other
  help: begin with a region with little traffic and no leader, such as `us-east-1`
",
        ),
    ]
}

#[test]
fn the_smallest_wrong_inputs_are_told_with_place_and_remedy() {
    let mut wrong = String::new();
    for (code, fleet, expected) in cases() {
        let said = fleet.plan(None, false).said();
        if said != expected {
            wrong.push_str(&format!("{}:\n{said}\n", code.name()));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_code_of_the_plan_is_without_its_smallest_wrong_input() {
    let all = Code::ALL.iter().copied();
    let of_plan: BTreeSet<Code> = all
        .filter(|c| (Code::PlacementInfeasible..=Code::WaveOrder).contains(c))
        .collect();
    let tried: BTreeSet<Code> = cases().into_iter().map(|c| c.0).collect();
    assert_eq!(of_plan, tried);
}

/// Two regions are asked for, one is legal; each of the others lacks one thing.
#[test]
fn each_way_out_of_a_conflict_is_enough_alone() {
    let fleet = |count: u32, from: &str, capability: &str, cpu: &str| {
        Fleet::new("platform: {capabilities: [cloudnative-pg, external-dns, multicluster-services]}")
            .region("eu-west-1", "")
            .region("eu-west-3", "")
            .region("us-east-1", &format!("capabilities: [external-dns, {capability}]"))
            .region("us-west-2", &format!("capacity: {{cpu: {cpu}}}"))
            .service(
                "web",
                &format!("placement: {{regions: {{exactly: {count}}}, from: [eu-west-1, us-east-1, us-west-2{from}]}}\nfailover: none\nstores: [{{name: db, engine: cloudnative-pg, consistency: eventual}}]"),
            )
    };
    let said = fleet(2, "", "istio", "100m").plan(None, false).said();
    let helps: Vec<&str> = said
        .lines()
        .filter_map(|l| l.strip_prefix("  help: "))
        .collect();
    assert_eq!(
        helps,
        [
            "ask for 1 region",
            "lower `scale.min` to 1",
            "allow `eu-west-3` in `placement.from`",
            "give `us-west-2-a` 100m more cpu, 200m in all",
            "give `us-east-1-a` the capability `cloudnative-pg`",
        ],
        "{said}"
    );
    for relaxed in [
        fleet(1, "", "istio", "100m"),
        fleet(2, ", eu-west-3", "istio", "100m"),
        fleet(2, "", "istio", "200m"),
        fleet(2, "", "cloudnative-pg", "100m"),
    ] {
        let outcome = relaxed.plan(None, false);
        assert!(outcome.plan.is_some(), "{}", outcome.said());
    }
}
