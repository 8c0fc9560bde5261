//! The fleet, its regions and its clusters as templates see them.

use crate::diag::{Code, Diagnostic, Sink};
use crate::model::engine::Engine;
use crate::model::origin::Subject;
use crate::model::plan::Plan;
use crate::model::world::{Cluster, Delivery, Fleet, Ingress, Policies, Region, World};

use super::super::fact::{Fact, Item};
use super::{Of, watch};

/// `fleet`.
pub(super) fn fleet(world: &World, plan: &Plan, sink: &mut Sink) -> Item {
    let fleet = &world.fleet;
    let of = Of(&Subject::Fleet);
    let delivery = match fleet.gitops.delivery {
        Delivery::Argocd => "argocd",
        Delivery::Flux => "flux",
        Delivery::None => "none",
    };
    let url = url(fleet);
    if url.is_none() && fleet.gitops.delivery != Delivery::None {
        sink.emit(
            Diagnostic::new(
                Code::DeliveryWithoutUrl,
                format!("no entry points for {delivery}: clusters cannot pull from a path"),
            )
            .at(fleet.gitops.repository.span, "")
            .help("set `gitops.url` to the address that controllers pull from, or `gitops.delivery: none`"),
        );
    }
    let text = |v: Option<&str>| v.map_or(Fact::Null, Fact::from);
    let namespace = fleet
        .platform
        .ingress_namespace
        .as_ref()
        .map(|n| n.as_str());
    let secrets = fleet.platform.external_secrets.map(|_| "external-secrets");
    let policy = fleet.platform.policy.map(|p| match p.value {
        Policies::Admission => "admission",
        Policies::Kyverno => "kyverno",
    });
    Item::map([
        ("name", of.at("fleet", fleet.name.value.as_str())),
        (
            "domain",
            of.at(
                "domain",
                text(fleet.domain.as_ref().map(|d| d.value.as_str())),
            ),
        ),
        ("drift", Item::new(fleet.drift.report.is_some())),
        (
            "identity",
            Item::new(fleet.identity != crate::model::world::Identity::default()),
        ),
        (
            "hub",
            of.at("hub", text(fleet.hub.as_ref().map(|h| h.as_str()))),
        ),
        (
            "gitops",
            Item::map([
                ("url", url.unwrap_or(Item::nothing())),
                ("branch", of.at("gitops.branch", &fleet.gitops.branch)),
                ("delivery", of.at("gitops.delivery", delivery)),
            ]),
        ),
        (
            "platform",
            Item::map([
                (
                    "dns",
                    of.at(
                        "platform.dns",
                        text(fleet.platform.dns.map(|d| d.controller.name())),
                    ),
                ),
                ("secrets", of.at("platform.secrets", text(secrets))),
                ("policy", of.at("platform.policy", text(policy))),
                (
                    "registries",
                    of.list("platform.registries", registries(world)),
                ),
                (
                    "runbooks",
                    of.at("platform.runbooks", fleet.platform.runbooks),
                ),
                (
                    "bootstrap",
                    of.at("platform.bootstrap", fleet.platform.bootstrap),
                ),
                ("monitoring", watch::monitoring(&of, fleet)),
                (
                    "mesh",
                    of.at(
                        "platform.mesh",
                        text(fleet.platform.mesh.map(|m| m.value.name())),
                    ),
                ),
                (
                    "ingressNamespace",
                    of.at("platform.ingressNamespace", text(namespace)),
                ),
            ]),
        ),
        (
            "waves",
            of.list("waves", plan.waves.iter().map(|w| w.name.as_str())),
        ),
    ])
}

/// The address that controllers pull from, where there is one.
fn url(fleet: &Fleet) -> Option<Item> {
    let (path, address) = fleet.gitops.address()?;
    Some(Of(&Subject::Fleet).at(path, address))
}

/// `region`.
pub(super) fn region(plan: &Plan, region: &Region) -> Item {
    let subject = Subject::Region(region.name.value.clone());
    let of = Of(&subject);
    let name = &region.name.value;
    let wave = plan.waves.iter().find(|w| w.regions.contains(name));
    let wave = wave.map_or(Fact::Null, |w| w.name.as_str().into());
    let provider = region.provider.map_or(Fact::Null, |p| p.name().into());
    Item::map([
        ("name", of.at("region", region.name.value.as_str())),
        ("provider", of.at("provider", provider)),
        ("country", of.at("country", region.country.as_str())),
        (
            "zones",
            of.list("zones", region.zones.iter().map(|z| z.as_str())),
        ),
        ("wave", of.at("wave", wave)),
    ])
}

/// `cluster`.
pub(super) fn cluster(world: &World, plan: &Plan, cluster: &Cluster, secret_store: Item) -> Item {
    let own = &cluster.name.value;
    let wave = plan.waves.iter().position(|w| w.clusters.contains(own));
    let wave_name = wave.map(|i| plan.waves[i].name.as_str());
    let mut steps = plan.waves.iter().flat_map(|w| &w.steps);
    let step = steps.position(|s| s.clusters.contains(own));
    let wave_of = Subject::Region(cluster.region.clone());
    let subject = Subject::Cluster(cluster.name.value.clone());
    let of = Of(&subject);
    let ranges = |name: &str, list: &[crate::diag::Spanned<String>]| {
        of.list(
            &format!("network.{name}"),
            list.iter().map(|c| c.value.as_str()),
        )
    };
    let (hostname, addresses) = match cluster.ingress.as_ref().map(|i| &i.value) {
        Some(Ingress::Hostname(host)) => (Fact::from(host), Vec::new()),
        Some(Ingress::Addresses(list)) => {
            (Fact::Null, list.iter().map(ToString::to_string).collect())
        }
        None => (Fact::Null, Vec::new()),
    };
    let name = cluster.name.value.as_str();
    let server = cluster.server.as_deref().map_or(Fact::Null, Fact::from);
    Item::map([
        ("name", of.at("name", name)),
        ("region", Item::new(cluster.region.as_str())),
        (
            "path",
            Item::new(format!("clusters/{}/{name}", cluster.region)),
        ),
        (
            "wave",
            Of(&wave_of).at("wave", wave_name.map_or(Fact::Null, Fact::from)),
        ),
        (
            "waveIndex",
            Item::new(wave.unwrap_or(0) as u64).planned("waves"),
        ),
        (
            "step",
            Item::new(step.unwrap_or(0) as u64).planned("steps of the waves"),
        ),
        ("server", of.at("server", server)),
        (
            "kubernetes",
            of.at("kubernetes", cluster.kubernetes.to_string()),
        ),
        ("minor", of.at("kubernetes", cluster.kubernetes.minor)),
        (
            "environment",
            of.at("environment", cluster.environment.as_str()),
        ),
        (
            "capabilities",
            of.list(
                "capabilities",
                cluster.capabilities.iter().map(|c| c.as_str()),
            ),
        ),
        ("jurisdictions", jurisdictions(world, cluster)),
        ("secretStore", secret_store),
        (
            "network",
            Item::map([
                ("pods", ranges("pods", &cluster.network.pods)),
                ("nodes", ranges("nodes", &cluster.network.nodes)),
                ("egress", ranges("egress", &cluster.network.egress)),
            ]),
        ),
        (
            "ingress",
            Item::map([
                ("hostname", of.at("ingress.hostname", hostname)),
                ("addresses", of.list("ingress.addresses", addresses)),
            ]),
        ),
    ])
}

/// Every area that the cluster's country belongs to, and the country.
fn jurisdictions(world: &World, cluster: &Cluster) -> Item {
    let Some(region) = world.regions.get(&cluster.region) else {
        return Item::list([]);
    };
    let areas = world.fleet.jurisdictions.iter();
    let mut names: Vec<&str> = areas
        .filter(|(_, area)| area.countries.contains(&region.country))
        .map(|(name, _)| name.as_str())
        .chain([region.country.as_str()])
        .collect();
    names.sort_unstable();
    names.dedup();
    Item::list(names.into_iter().map(Item::new))
}

/// Where images may come from: the fleet's registries, and where operators get those of the pods
/// that they run in its namespaces (cloudnative-pg 1.30, docs/src/container_images.md; Strimzi
/// 1.2, Kafka images; OpenFeature Operator 0.9, flagd). None where the fleet names none.
fn registries(world: &World) -> Vec<&str> {
    let written = world.fleet.platform.registries.iter();
    let mut all: Vec<&str> = written.map(|r| r.value.as_str()).collect();
    if all.is_empty() {
        return all;
    }
    let uses = |engine: Engine| {
        let mut services = world.services.values();
        services.any(|s| s.stores.iter().any(|store| store.engine.value == engine))
    };
    let flags = world.services.values().any(|s| !s.flags.is_empty());
    for (used, registry) in [
        (uses(Engine::CloudnativePg), "ghcr.io/cloudnative-pg"),
        (uses(Engine::StrimziKafka), "quay.io/strimzi"),
        (flags, "ghcr.io/open-feature"),
    ] {
        if used && !all.contains(&registry) {
            all.push(registry);
        }
    }
    all
}
