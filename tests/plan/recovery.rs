//! Promises for the loss of a region that cannot be held, and the nearest that can.

use crate::fleet::Fleet;
use crate::lints::held;

/// Two regions with a way in each.
fn exposed(ingress: &str) -> Fleet {
    let cluster = format!(
        "ingress: {{hostname: {ingress}}}, healthChecks: {{web.shop.example: 11111111-2222-3333-4444-555555555555}}"
    );
    Fleet::new("domain: shop.example\nplatform: {dns: external-dns, capabilities: [external-dns, cloudnative-pg]}")
        .region("eu-west-1", &cluster)
        .region("us-east-1", &cluster)
}

const OWN: &str = "in.shop.example";
const LOAD_BALANCER: &str = "a1-2.eu-west-1.elb.amazonaws.com";
const EXPOSURE: &str = "exposure: {host: web.shop.example, health: /healthz";

#[test]
fn times_that_dns_cannot_keep() {
    let web = |ingress: &str, ttl: &str, rto: &str| {
        exposed(ingress).service(
            "web",
            &format!("placement: {{regions: all}}\n{EXPOSURE}{ttl}}}\nslo: {{rto: {rto}}}"),
        )
    };
    let checked = |detection: &str| {
        exposed(OWN)
            .fleet(&format!("failover: {{detection: {detection}}}"))
            .service(
                "web",
                &format!("placement: {{regions: all}}\n{EXPOSURE}}}\nslo: {{rto: 2m}}"),
            )
    };
    held(
        "rto-dns",
        vec![
            ("a minute, and TTLs are one", web(OWN, "", "1m"), "warning[rto-dns] services/web.yaml:5:12: `web` is to serve again 1m after the loss of a region, and DNS takes 90s: 30s to notice and a TTL of 1m
  see services/web.yaml:4:11: answered by DNS
  note: a health check of Route 53 fails after 3 requests, taken to be 10s apart (`failover.detection`)
  help: write `exposure.ttl: 30s`, or promise `rto: 90s`
"),
            ("just enough", web(OWN, "", "90s"), ""),
            ("a shorter TTL", web(OWN, ", ttl: 30s", "1m"), ""),
            ("below what is noticed", web(OWN, ", ttl: 30s", "20s"), "warning[rto-dns] services/web.yaml:5:12: `web` is to serve again 20s after the loss of a region, and DNS takes 1m: 30s to notice and a TTL of 30s
  see services/web.yaml:4:11: answered by DNS
  note: a health check of Route 53 fails after 3 requests, taken to be 10s apart (`failover.detection`)
  help: promise `rto: 1m`
"),
            ("aliases", web(LOAD_BALANCER, ", ttl: 30s", "1m"), "warning[rto-dns] services/web.yaml:5:12: `web` is to serve again 1m after the loss of a region, and DNS takes 90s: 30s to notice and a TTL of 1m
  see services/web.yaml:4:11: answered by DNS
  note: a health check of Route 53 fails after 3 requests, taken to be 10s apart (`failover.detection`)
  note: `a1-2.eu-west-1.elb.amazonaws.com` is an alias for Route 53, which answers with the TTL of the target, whatever `exposure.ttl` says
  help: promise `rto: 90s`, or enter by `ingress.addresses`, or by a name of your own for the load balancer
"),
            ("aliases, with time", web(LOAD_BALANCER, ", ttl: 30s", "90s"), ""),
            ("an accelerator", web("a1.awsglobalaccelerator.com", "", "5m"), "warning[rto-dns] services/web.yaml:5:12: `web` is to serve again 5m after the loss of a region, and DNS takes 330s: 30s to notice and a TTL of 5m
  see services/web.yaml:4:11: answered by DNS
  note: a health check of Route 53 fails after 3 requests, taken to be 10s apart (`failover.detection`)
  note: `a1.awsglobalaccelerator.com` is an alias for Route 53, which answers with the TTL of the target, whatever `exposure.ttl` says
  help: promise `rto: 330s`, or enter by `ingress.addresses`, or by a name of your own for the load balancer
"),
            ("a slower check", checked("90s"), "warning[rto-dns] services/web.yaml:5:12: `web` is to serve again 2m after the loss of a region, and DNS takes 150s: 90s to notice and a TTL of 1m
  see services/web.yaml:4:11: answered by DNS
  note: a health check takes as long to fail as `failover.detection` says
  help: write `exposure.ttl: 30s`, or promise `rto: 150s`
"),
            ("a quicker check", checked("20s"), ""),
            ("no exposure", exposed(OWN).service("web", "placement: {regions: all}\nslo: {rto: 1s}"), ""),
        ],
    );
    held(
        "alias-ttl",
        vec![
            (
                "aliases with a TTL",
                web(LOAD_BALANCER, ", ttl: 30s", "1h"),
                "warning[alias-ttl] services/web.yaml:4:59: the TTL of `web.shop.example` is 60s in `eu-west-1-a`, not 30s: its record there is an alias
  see regions/eu-west-1.yaml:4:34: a load balancer of AWS
  note: external-dns makes the record of `a1-2.eu-west-1.elb.amazonaws.com` an alias, which Route 53 answers with the TTL of its target
  note: so it is in 2 clusters
  help: write `ttl: 60s`, or enter by `ingress.addresses` or by a name of your own for the load balancer
",
            ),
            (
                "aliases, as they are",
                web(LOAD_BALANCER, ", ttl: 1m", "1h"),
                "",
            ),
            ("aliases, unsaid", web(LOAD_BALANCER, "", "1h"), ""),
            ("a name of one's own", web(OWN, ", ttl: 30s", "1h"), ""),
        ],
    );
}

#[test]
fn times_that_nobody_keeps() {
    let web = |fields: &str| exposed(OWN).service("web", fields);
    held(
        "rto-nobody",
        vec![
            ("one region", web("placement: {regions: [eu-west-1]}\nslo: {rto: 1h}"), "warning[rto-nobody] services/web.yaml:4:12: `web` is to serve again 1h after the loss of a region, and when eu-west-1 is lost nobody takes over
  help: place `web` in another region that may take over from eu-west-1, or leave out the promise
"),
            ("nobody may", web("placement: {regions: all}\nfailover: none\nslo: {rto: 1h}"), "warning[rto-nobody] services/web.yaml:5:12: `web` is to serve again 1h after the loss of a region, and when eu-west-1 is lost nobody takes over
  see services/web.yaml:4:11: nobody may
  help: leave out `failover: none`, or the promise
"),
            (
                "DNS does not turn",
                web(&format!("audience: {{eu-west-1: 1, us-east-1: 1}}\nplacement: {{regions: {{atLeast: 1}}}}\n{EXPOSURE}, routing: simple}}\nslo: {{rto: 1h}}")),
                "warning[rto-nobody] services/web.yaml:6:12: `web` is to serve again 1h after the loss of a region, and when eu-west-1 is lost DNS goes on to answer with it
  help: write `exposure.routing: failover`, `latency` or `weighted`
",
            ),
            ("two regions", web("placement: {regions: all}\nslo: {rto: 1h}"), ""),
            ("no promise", web("placement: {regions: [eu-west-1]}"), ""),
        ],
    );
}

#[test]
fn times_that_a_person_cannot_keep() {
    let web = |store: &str, rto: &str| {
        exposed(OWN).service(
            "web",
            &format!(
                "placement: {{regions: all}}\nslo: {{rto: {rto}}}\nstores: [{{name: db, {store}}}]"
            ),
        )
    };
    held(
        "rto-by-hand",
        vec![
            ("PostgreSQL", web("engine: cloudnative-pg, synchronous: 1", "5m"), "warning[rto-by-hand] services/web.yaml:4:12: `web` is to serve again 5m after the loss of a region, and a person has to promote a replica of `db` once eu-west-1 is lost
  see services/web.yaml:5:29: switches by hand
  note: the alert, the decision, a commit and its roll-out are taken to need 15m: write `failover.promotion` in regen.yaml, or `promotion` of the store, as drills show it
  help: promise `rto: 15m`, or choose an engine that gives `strong` and switches by itself: `cockroachdb`, `k8ssandra`, `mongodb`, `nats-jetstream`, `yugabytedb`
"),
            ("a fleet that is quicker", web("engine: cloudnative-pg, synchronous: 1", "5m").fleet("failover: {promotion: 5m}"), ""),
            ("a fleet that is slower", web("engine: cloudnative-pg, synchronous: 1", "15m").fleet("failover: {promotion: 1h}"), "warning[rto-by-hand] services/web.yaml:4:12: `web` is to serve again 15m after the loss of a region, and a person has to promote a replica of `db` once eu-west-1 is lost
  see services/web.yaml:5:29: switches by hand
  see regen.yaml:4:23: takes 1h
  help: promise `rto: 1h`, or choose an engine that gives `strong` and switches by itself: `cockroachdb`, `k8ssandra`, `mongodb`, `nats-jetstream`, `yugabytedb`
"),
            ("a store that is quicker", web("engine: cloudnative-pg, synchronous: 1, promotion: 4m", "5m").fleet("failover: {promotion: 1h}"), ""),
            ("PostgreSQL, with time", web("engine: cloudnative-pg, synchronous: 1", "15m"), ""),
            ("PostgreSQL that is only read", web("engine: cloudnative-pg, access: {reads: 100%, writes: 0%}", "5m"), ""),
        ],
    );
}

#[test]
fn points_that_copies_cannot_keep() {
    let web = |placed: &str, store: &str, rpo: &str| {
        Fleet::new("platform: {capabilities: [cloudnative-pg, barman-cloud, multicluster-services]}").aws(["eu-west-1", "us-east-1"]).service(
            "web",
            &format!("placement: {{regions: {placed}}}\nslo: {{rpo: {rpo}}}\nstores: [{{name: db, engine: cloudnative-pg, {store}}}]"),
        )
    };
    held(
        "rpo-loss",
        vec![
            ("nothing, asynchronously", web("all", "consistency: eventual", "0s"), "warning[rpo-loss] services/web.yaml:4:12: `web` is to lose nothing with a region, and `db` replicates asynchronously, 34.8 ms behind and more
  see services/web.yaml:5:29: the store `db`
  help: write `synchronous: 1`, which adds 69.6 ms to each write, or promise more, such as `rpo: 1s`
"),
            ("nothing, synchronously", web("all", "synchronous: 1", "0s"), ""),
            ("less than the way", web("all", "consistency: eventual", "20ms"), "warning[rpo-loss] services/web.yaml:4:12: `web` is to lose at most the last 20ms with a region, and `db` replicates asynchronously, 34.8 ms behind and more
  see services/web.yaml:5:29: the store `db`
  help: write `synchronous: 1`, which adds 69.6 ms to each write, or promise more, such as `rpo: 1s`
"),
            ("more than the way", web("all", "consistency: eventual", "1s"), ""),
            ("in one region", web("[eu-west-1]", "consistency: eventual", "1h"), "warning[rpo-loss] services/web.yaml:4:12: `web` is to lose at most the last 1h with a region, and `db` is in eu-west-1 alone
  see services/web.yaml:5:29: the store `db`
  help: place `web` in a second region that may hold `db`, or leave out the promise
"),
            ("shipped logs", web("all", "consistency: eventual, backup: {bucket: \"s3://b\"}", "1m"), "warning[rpo-loss] services/web.yaml:4:12: `web` is to lose at most the last 1m with a region, and `db` replicates asynchronously, up to 5m behind, by shipped logs
  see services/web.yaml:5:29: the store `db`
  help: write `synchronous: 1`, which adds 69.6 ms to each write, or write `staleness: 1m`, so that its replicas stream, or promise `rpo: 5m`
"),
            ("shipped logs, with time", web("all", "consistency: eventual, backup: {bucket: \"s3://b\"}", "5m"), ""),
            ("streams for its bound", web("all", "consistency: eventual, staleness: 1m, backup: {bucket: \"s3://b\"}", "1m"), ""),
        ],
    );
}

#[test]
fn stores_that_one_region_stops() {
    let names = ["eu-west-1", "eu-west-2", "us-east-1"];
    let web = |regions: usize, store: &str| {
        Fleet::new("platform: {capabilities: [cloudnative-pg, cockroachdb]}")
            .aws(names[..regions].iter().copied())
            .service(
                "web",
                &format!("placement: {{regions: all}}\nstores: [{{name: db, {store}}}]"),
            )
    };
    held(
        "standby-stops-writes",
        vec![
            ("the only one", web(2, "engine: cloudnative-pg, synchronous: 1"), "warning[standby-stops-writes] services/web.yaml:4:17: writes of store `db` wait for eu-west-1, and its loss stops them
  note: a write that no standby confirms is not acknowledged (`dataDurability: required`)
  help: place `web` in one more region that may hold `db`, so that 1 of 2 are enough
"),
            ("both of two", web(3, "engine: cloudnative-pg, synchronous: 2"), "warning[standby-stops-writes] services/web.yaml:4:17: writes of store `db` wait for eu-west-2 and us-east-1, and the loss of any of them stops them
  note: a write that no standby confirms is not acknowledged (`dataDurability: required`)
  help: place `web` in one more region that may hold `db`, so that 2 of 3 are enough
"),
            ("one of two", web(3, "engine: cloudnative-pg, synchronous: 1"), ""),
            ("none", web(2, "engine: cloudnative-pg, consistency: eventual"), ""),
        ],
    );
    held(
        "majority-in-region",
        vec![
            (
                "two",
                web(
                    2,
                    "engine: cockroachdb, consistency: strong, voters: {distinct: zone}",
                ),
                "warning[majority-in-region] services/web.yaml:4:55: store `db` is strong and in 2 regions, eu-west-1 and eu-west-2, and the loss of eu-west-1 alone stops it
  see services/web.yaml:4:71: the voters
  note: 3 of its 3 voters are in eu-west-1
  help: place `web` in a third region that may hold `db` and write `survive: region`; or write `survive: zone` where that is enough, and spare each write the way to another region
",
            ),
            (
                "two, as meant",
                web(
                    2,
                    "engine: cockroachdb, consistency: strong, survive: zone, voters: {distinct: zone}",
                ),
                "",
            ),
            (
                "three",
                web(3, "engine: cockroachdb, consistency: strong"),
                "",
            ),
            (
                "three, by zone",
                web(
                    3,
                    "engine: cockroachdb, consistency: strong, voters: {distinct: zone}",
                ),
                "warning[majority-in-region] services/web.yaml:4:55: store `db` is strong and in 3 regions, eu-west-1, eu-west-2 and us-east-1, and the loss of eu-west-1 alone stops it
  see services/web.yaml:4:71: the voters
  note: 3 of its 3 voters are in eu-west-1
  help: write `survive: region`; or write `survive: zone` where that is enough, and spare each write the way to another region
",
            ),
            (
                "one",
                web(
                    1,
                    "engine: cockroachdb, consistency: strong, voters: {distinct: zone}",
                ),
                "",
            ),
            (
                "two, of what nobody votes on",
                web(2, "engine: cloudnative-pg, consistency: strong"),
                "",
            ),
        ],
    );
}
