//! How DNS answers: with one, two and more regions, active-passive, by weight, and outside of AWS.

use regen::model::name::ServiceKey;

use crate::fleet::Fleet;
use crate::lints::held;

/// Regions with a way in each; those without a dash before a digit are of Google Cloud.
fn exposed(regions: &[&str], service: &str) -> Fleet {
    let platform =
        "domain: shop.example\nplatform: {dns: external-dns, capabilities: [external-dns]}";
    let fleet = regions.iter().fold(Fleet::new(platform), |fleet, region| {
        let provider = if region.starts_with("europe-") { "gcp" } else { "aws" };
        fleet.file(
            &format!("regions/{region}.yaml"),
            format!("region: {region}\nprovider: {provider}\nclusters: [{{name: {region}-a, ingress: {{hostname: in.shop.example}}, healthChecks: {{web.shop.example: 11111111-2222-3333-4444-555555555555}}}}]\n"),
        )
    });
    fleet.service("web", service)
}

const HOST: &str = "host: web.shop.example, health: /healthz";

/// The policy, the records and the reasons.
fn answered(fleet: &Fleet) -> String {
    let plan = fleet.plan(None, false).plan();
    let dns = plan.services[&ServiceKey::prod("web")]
        .dns
        .clone()
        .expect("exposed");
    let records: Vec<String> = dns
        .records
        .iter()
        .map(|(region, weight)| weight.map_or(region.to_string(), |w| format!("{region} {w}")))
        .collect();
    let because = dns.because.0.join("\n  ");
    format!("{:?}: {}\n  {because}\n", dns.policy, records.join(", "))
}

#[test]
fn policies_follow_from_the_placement() {
    let users = "audience: {eu-west-1: 6, us-east-1: 3, eu-west-2: 1}";
    let aws = ["eu-west-1", "eu-west-2", "us-east-1"];
    let all = "placement: {regions: all}";
    let passive = "placement: {mode: active-passive, regions: all}";
    let on = |regions: &[&str], exposure: &str, placement: &str| {
        exposed(
            regions,
            &format!("{users}\nexposure: {{{HOST}{exposure}}}\n{placement}"),
        )
    };
    let cases = [
        (
            "one region",
            on(&aws, "", "placement: {regions: [eu-west-1]}"),
            "Simple: eu-west-1
  one region serves, so there is nothing to choose
",
        ),
        (
            "two regions",
            on(&aws, "", "placement: {regions: [eu-west-1, us-east-1]}"),
            "Latency: eu-west-1, us-east-1
  latency routing: each user is answered with the nearest region
  a lost region is answered for at most 90s more: 30s to notice and a TTL of 1m
",
        ),
        (
            "three regions, a TTL",
            on(&aws, ", ttl: 30s", all),
            "Latency: eu-west-1, eu-west-2, us-east-1
  latency routing: each user is answered with the nearest region
  a lost region is answered for at most 1m more: 30s to notice and a TTL of 30s
",
        ),
        (
            "passive",
            on(
                &aws,
                "",
                "placement: {mode: active-passive, regions: [eu-west-1, us-east-1]}",
            ),
            "Failover: eu-west-1, us-east-1
  failover routing: the secondary is answered when the primary is unhealthy
  eu-west-1 is the primary, us-east-1 the secondary
  a lost region is answered for at most 90s more: 30s to notice and a TTL of 1m
",
        ),
        (
            "passive, by latency, more standbys",
            on(&aws, ", routing: latency", passive),
            "Failover: eu-west-1, eu-west-2
  active-passive: the standby answers when the serving region does not
  eu-west-1 is the primary, eu-west-2 the secondary
  a failover record has one secondary, so us-east-1 has no record
  a lost region is answered for at most 90s more: 30s to notice and a TTL of 1m
",
        ),
        (
            "by weight",
            on(&aws, ", routing: weighted", all),
            "Weighted: eu-west-1 60, eu-west-2 10, us-east-1 30
  weighted routing: each region is answered in proportion
  weights are the share of the audience that is nearest, in percent
  users wait 32.9 ms on average, which would be 3.7 ms at the nearest region
  a lost region is answered for at most 90s more: 30s to notice and a TTL of 1m
",
        ),
        (
            "by weights, one unsaid",
            on(
                &aws,
                ", routing: weighted, weights: {eu-west-1: 3, us-east-1: 1}",
                all,
            ),
            "Weighted: eu-west-1 3, eu-west-2 0, us-east-1 1
  weighted routing: each region is answered in proportion
  no weight is written for eu-west-2, which counts as 0
  users wait 30.7 ms on average, which would be 3.7 ms at the nearest region
  a lost region is answered for at most 90s more: 30s to notice and a TTL of 1m
",
        ),
        (
            "by weight, of one",
            on(
                &aws,
                ", routing: weighted",
                "placement: {regions: [us-east-1]}",
            ),
            "Simple: us-east-1
  one region serves, so there is nothing to weigh
",
        ),
        (
            "outside of AWS, unsaid",
            exposed(
                &["eu-west-1", "europe-west1"],
                &format!(
                    "audience: {{eu-west-1: 3, europe-west1: 1}}\nexposure: {{{HOST}}}\n{all}"
                ),
            ),
            "Weighted: eu-west-1 75, europe-west1 25
  weighted routing: europe-west1 is no region of AWS, and Route 53 knows the latency to those only
  weights are the share of the audience that is nearest, in percent
  users wait 10.2 ms on average, which would be 2.2 ms at the nearest region
  a lost region is answered for at most 90s more: 30s to notice and a TTL of 1m
",
        ),
    ];
    let mut wrong = String::new();
    for (name, fleet, expected) in cases {
        let found = answered(&fleet);
        if found != expected {
            wrong.push_str(&format!("{name}:\n{found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn regions_that_dns_never_answers_with() {
    let on = |exposure: &str, placement: &str| {
        exposed(
            &["eu-west-1", "us-east-1"],
            &format!(
                "audience: {{eu-west-1: 3, us-east-1: 1}}\nexposure: {{{HOST}{exposure}}}\nplacement: {{{placement}}}"
            ),
        )
    };
    held(
        "dns-idle",
        vec![
            ("failover", on(", routing: failover", "regions: all"), "warning[dns-idle] services/web.yaml:4:63: `web` is to serve in us-east-1 too, and DNS answers with eu-west-1 as long as it can
  note: pods run there, and the plan counts on them for the users that are nearest
  help: write `exposure.routing: latency` or `weighted`, or `placement: {mode: active-passive}` if the others are to stand by
"),
            (
                "failover, as meant",
                on(", routing: failover", "mode: active-passive, regions: all"),
                "",
            ),
            (
                "simple",
                on(", routing: simple", "regions: {atLeast: 1}"),
                "warning[dns-idle] services/web.yaml:4:63: `web` is to serve in us-east-1 too, and DNS answers with eu-west-1 as long as it can
  note: pods run there, and the plan counts on them for the users that are nearest
  help: write `exposure.routing: latency` or `weighted`, or `placement: {mode: active-passive}` if the others are to stand by
",
            ),
            (
                "a weight of nothing",
                on(
                    ", routing: weighted, weights: {eu-west-1: 1, us-east-1: 0}",
                    "regions: all",
                ),
                "warning[dns-idle] services/web.yaml:4:63: `web` is to serve in us-east-1 too, and DNS answers with eu-west-1 as long as it can
  note: pods run there, and the plan counts on them for the users that are nearest
  help: give us-east-1 a weight, or leave the region out of `placement`
",
            ),
            ("weights", on(", routing: weighted", "regions: all"), ""),
            ("latency", on("", "regions: all"), ""),
        ],
    );
}
