//! Writes a fleet of any size: regions of the atlas, one or more clusters each, and services that
//! call each other, each with the seven kinds that tools of this trade are measured by: a
//! ServiceAccount, a Deployment of two containers, a Service, an autoscaler, a disruption budget,
//! network policies and a ConfigMap.

use std::fmt::Write as _;
use std::path::Path;

const REGIONS: [&str; 10] = [
    "eu-west-1",
    "eu-central-1",
    "us-east-1",
    "us-west-2",
    "ap-southeast-1",
    "ap-northeast-1",
    "eu-north-1",
    "sa-east-1",
    "ap-south-1",
    "ca-central-1",
];

/// Writes `clusters` clusters in up to ten regions and `services` services that run in all of them.
pub(crate) fn write(dir: &Path, clusters: usize, services: usize) -> std::io::Result<()> {
    for sub in ["regions", "services"] {
        std::fs::create_dir_all(dir.join(sub))?;
    }
    std::fs::write(dir.join("regen.yaml"), fleet())?;
    let regions = clusters.min(REGIONS.len());
    for (i, region) in REGIONS.iter().take(regions).enumerate() {
        let of_region = (i..clusters).step_by(regions);
        let text = region_file(region, of_region);
        std::fs::write(dir.join(format!("regions/{region}.yaml")), text)?;
    }
    for i in 0..services {
        std::fs::write(
            dir.join(format!("services/svc-{i:03}.yaml")),
            service(i, services),
        )?;
    }
    Ok(())
}

fn fleet() -> String {
    "fleet: bench\n\
     waves: [first, second]\n\
     audience: {eu-west-1: 40%, us-east-1: 60%}\n\
     defaults:\n  \
       owner: {team: bench}\n  \
       workload: {resources: {cpu: 10m, memory: 32Mi}, scale: {min: 20, max: 60, cpu: 70%}}\n"
        .to_owned()
}

fn region_file(region: &str, clusters: impl Iterator<Item = usize>) -> String {
    let wave = if region.starts_with("eu") {
        "first"
    } else {
        "second"
    };
    let mut text = format!("region: {region}\nprovider: aws\nwave: {wave}\nclusters:\n");
    for c in clusters {
        let _ = writeln!(
            text,
            "  - name: c{c:02}\n    \
               kubernetes: \"1.36\"\n    \
               capacity: {{cpu: \"40000\", memory: 160Ti}}\n    \
               network: {{pods: [10.{c}.0.0/16], nodes: [172.16.{c}.0/24]}}\n    \
               ingress: {{hostname: c{c:02}.bench.example}}"
        );
    }
    text
}

fn service(i: usize, services: usize) -> String {
    let mut text = format!(
        "service: svc-{i:03}\nnamespace: team-{:02}\ntier: standard\nworkload:\n  \
         image: registry.example/svc-{i:03}:1.{i}.0\n  \
         ports: {{http: {{port: 80, target: 8080}}}}\n  \
         env: {{COUNTRY: NO, FEATURE: off, WORKERS: {}, GREETING: \"hello: {i}\"}}\n  \
         files: {{/etc/app/app.conf: \"mode: fast\\nlimit: {i}\\n\"}}\n  \
         init: [{{name: migrate, image: \"registry.example/svc-{i:03}-migrate:1.{i}.0\", args: [up]}}]\n",
        i % 10,
        i % 8 + 1,
    );
    let callees: Vec<String> = [i + 1, i + 7]
        .iter()
        .filter(|callee| **callee < services)
        .map(|callee| format!("svc-{callee:03}"))
        .collect();
    if !callees.is_empty() {
        let _ = writeln!(text, "calls: [{}]", callees.join(", "));
    }
    text
}
