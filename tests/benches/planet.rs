//! Writes a fleet for the planner: clusters in up to 60 regions of two clouds with every round trip
//! measured, and services of every kind of audience, placement, store and budget.

use std::fmt::Write as _;

use regen::atlas::{self, AtlasRegion};
use regen::latency;
use regen::model::place::Provider;

/// Numbers that look random and are the same everywhere.
struct Noise(u64);

impl Noise {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// The files of a fleet, by path.
pub(crate) fn files(regions: usize, clusters: usize, services: usize) -> Vec<(String, String)> {
    let places: Vec<&AtlasRegion> = atlas::regions(Provider::Azure)
        .filter(|r| atlas::round_trip(Provider::Azure, r.code, "westeurope").is_some())
        .take(regions.saturating_sub(20).max(regions * 2 / 3))
        .chain(
            atlas::regions(Provider::Aws)
                .filter(|r| atlas::round_trip(Provider::Aws, r.code, "eu-west-1").is_some()),
        )
        .take(regions)
        .collect();
    let mut noise = Noise(7);
    let mut files = vec![
        ("regen.yaml".to_owned(), SETTINGS.to_owned()),
        (
            "network/rtt.csv".to_owned(),
            round_trips(&places, &mut noise),
        ),
    ];
    // Rooms are uneven: the busiest clusters hold what the rest of the planet would not need.
    let cores = 64 + services * 160 / clusters.max(1);
    for (i, place) in places.iter().enumerate() {
        let wave = ["canary", "europe", "world"][(i > 2) as usize + (i > regions / 3) as usize];
        let mut text = format!(
            "region: {}\nprovider: {}\nwave: {wave}\nclusters:\n",
            place.code,
            format!("{:?}", place.provider).to_lowercase()
        );
        for c in (i..clusters).step_by(regions) {
            let _ = writeln!(
                text,
                "  - {{name: c{c:03}, capacity: {{cpu: \"{cores}\", memory: {}Gi}}}}",
                cores * 4
            );
        }
        files.push((format!("regions/{}.yaml", place.code), text));
    }
    let codes: Vec<&str> = places.iter().map(|p| p.code).collect();
    for i in 0..services {
        let text = service(i, services, &codes, &mut noise);
        files.push((format!("services/svc-{i:05}.yaml"), text));
    }
    files
}

const SETTINGS: &str = "fleet: planet
waves: [canary, europe, world]
audience: {EU: 60, north-america: 30, IN: 10}
platform: {capabilities: [cloudnative-pg, yugabytedb]}
dataClasses: {personal: {residency: EU}}
failover: {headroom: 10%}
network: {estimate: refuse}
";

fn round_trips(places: &[&AtlasRegion], noise: &mut Noise) -> String {
    let mut text = "from,to,p50_ms,p99_ms\n".to_owned();
    for from in places {
        for to in places {
            let known = (from.provider == to.provider)
                .then(|| atlas::round_trip(from.provider, from.code, to.code))
                .flatten();
            let guess = || latency::estimate(from.coordinates, to.coordinates);
            let micros = known.unwrap_or_else(guess).as_micros() + noise.below(2000) as u64;
            let tail = micros + micros / 4 + noise.below(9000) as u64;
            let ms = |n: u64| format!("{}.{:03}", n / 1000, n % 1000);
            let _ = writeln!(
                text,
                "{},{},{},{}",
                from.code,
                to.code,
                ms(micros),
                ms(tail)
            );
        }
    }
    text
}

fn service(i: usize, services: usize, regions: &[&str], noise: &mut Noise) -> String {
    let tier = ["standard", "critical", "batch", "standard"][noise.below(4)];
    let min = 2 + noise.below(4);
    let mut text = format!(
        "service: svc-{i:05}\ntier: {tier}\nworkload: {{image: \"registry.example/it:1.{i}.0\", ports: {{http: 8080}}, resources: {{cpu: {}m, memory: 256Mi}}, scale: {{min: {min}, max: {}}}}}\n",
        50 + 50 * noise.below(6),
        min * 4,
    );
    let some = |n: usize, noise: &mut Noise| -> Vec<usize> {
        let mut picked: Vec<usize> = (0..n).map(|_| noise.below(regions.len())).collect();
        picked.sort_unstable();
        picked.dedup();
        picked
    };
    let weighted = |n: usize, noise: &mut Noise| -> String {
        let picked = some(n, noise);
        let pairs = picked
            .iter()
            .map(|&r| format!("{}: {}", regions[r], 1 + noise.below(100)));
        pairs.collect::<Vec<_>>().join(", ")
    };
    match i % 4 {
        0 => {}
        1 => {
            let _ = writeln!(text, "audience: {{{}}}", weighted(3, noise));
        }
        2 => {
            let (a, b, c) = (noise.below(50), noise.below(50), noise.below(30));
            let _ = writeln!(
                text,
                "audience: {{EU: {}, US: {}, BR: {}, asia: 20}}",
                10 + a,
                1 + b,
                1 + c
            );
        }
        _ => {
            let _ = writeln!(text, "audience: {{{}}}", weighted(9, noise));
        }
    }
    let personal = i % 10 == 5;
    let many = match noise.below(100) {
        0 => "regions: all".to_owned(),
        1..15 => "mode: active-passive, regions: {exactly: 2}".to_owned(),
        15..25 if !personal => {
            let named: Vec<&str> = some(3, noise).iter().map(|&r| regions[r]).collect();
            format!("regions: [{}]", named.join(", "))
        }
        25..60 => "regions: {exactly: 3}".to_owned(),
        60..90 => "regions: {atLeast: 3, atMost: 5}".to_owned(),
        _ => "regions: {atLeast: 2, atMost: 4}".to_owned(),
    };
    let _ = writeln!(text, "placement: {{{many}}}");
    if i % 5 < 2 {
        let data = if personal { ", data: personal" } else { "" };
        let quorum = many.contains("3") && i.is_multiple_of(3);
        let engine = if quorum {
            "engine: yugabytedb, consistency: strong, voters: {count: 3}"
        } else {
            "engine: cloudnative-pg, consistency: eventual"
        };
        let reads = noise.below(10) * 10;
        let _ = writeln!(
            text,
            "stores: [{{name: db, {engine}, access: {{reads: {reads}%, writes: {}%}}{data}}}]",
            100 - reads
        );
    }
    let callees: Vec<String> = [i + 1, i + 7, i + 31]
        .iter()
        .filter(|c| **c < services)
        .map(|c| format!("svc-{c:05}"))
        .collect();
    if !callees.is_empty() {
        let _ = writeln!(text, "calls: [{}]", callees.join(", "));
    }
    if i % 5 == 3 {
        let enforce = i % 10 == 3;
        let _ = writeln!(
            text,
            "budget: {{read: {{p50: 450ms}}, crossRegion: {{p99: 900ms}}, enforce: {enforce}}}"
        );
    }
    text
}
