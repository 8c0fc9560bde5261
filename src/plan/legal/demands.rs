//! What a service asks of the clusters that it runs in, and the places where that is written.

use std::collections::BTreeSet;

use crate::atlas;
use crate::diag::Diagnostic;
use crate::model::name::{Capability, ClusterName};
use crate::model::place::Country;
use crate::model::world::{Cluster, Service, VersionRange};
use crate::plan::ground::Ground;
use crate::plan::words;

use super::{Constraint, SHOWN, residency};

/// One thing that a cluster has to meet.
pub(super) struct Demand<'a> {
    pub constraint: Constraint,
    ground: &'a Ground<'a>,
    asks: Asks<'a>,
}

enum Asks<'a> {
    /// To be able to do all of these.
    Capabilities(Vec<Capability>),
    /// To be of such a version.
    Kubernetes(&'a VersionRange),
    /// To take its Secrets from these countries, the area of that name.
    Secrets(String, BTreeSet<Country>),
}

/// All that a service asks, in the order in which clusters are sorted out.
pub(super) fn of<'a>(ground: &'a Ground<'a>, service: &'a Service) -> Vec<Demand<'a>> {
    let platform = &ground.world.fleet.platform;
    let mut demands = Vec::new();
    let mut ask = |constraint, asks| {
        demands.push(Demand {
            constraint,
            ground,
            asks,
        });
    };
    if let (Some(_), Some(dns)) = (&service.exposure, &platform.dns) {
        let needs = vec![Capability::from(dns.controller.name())];
        ask(Constraint::Exposure, Asks::Capabilities(needs));
    }
    let requires = &service.requires;
    if !requires.capabilities.is_empty() {
        let needs = requires.capabilities.iter().map(|c| c.value.clone());
        ask(
            Constraint::Capabilities,
            Asks::Capabilities(needs.collect()),
        );
    }
    if let Some(range) = &requires.kubernetes {
        ask(Constraint::Kubernetes, Asks::Kubernetes(&range.value));
    }
    if platform.external_secrets.is_some() {
        for (i, store) in service.stores.iter().enumerate() {
            if let Some((name, countries)) = residency(ground, store) {
                ask(Constraint::Secrets(i), Asks::Secrets(name, countries));
            }
        }
    }
    demands
}

impl Demand<'_> {
    /// Whether a cluster meets it.
    pub(super) fn met(&self, cluster: &Cluster) -> bool {
        match &self.asks {
            Asks::Capabilities(needs) => needs.iter().all(|n| cluster.capabilities.contains(n)),
            Asks::Kubernetes(range) => range.holds(cluster.kubernetes),
            Asks::Secrets(_, countries) => match store_of_secrets(self.ground, cluster) {
                Some((_, country)) => countries.contains(&country),
                None => true,
            },
        }
    }

    /// Why none of these clusters meets it.
    pub(super) fn reason(&self, clusters: &[(&ClusterName, &Cluster)]) -> String {
        let each = |what: &dyn Fn(&Cluster) -> String| {
            let texts: Vec<String> = clusters
                .iter()
                .map(|(name, cluster)| format!("{name} {}", what(cluster)))
                .collect();
            words::list(texts.iter().map(String::as_str))
        };
        match &self.asks {
            Asks::Capabilities(needs) => {
                let needs = words::list(needs.iter().map(Capability::as_str));
                format!("no cluster with {needs}")
            }
            Asks::Kubernetes(range) => {
                let found = each(&|c| format!("runs Kubernetes {}", c.kubernetes));
                format!("{found}, and {range} is required")
            }
            Asks::Secrets(name, _) => {
                let found = each(&|c| match store_of_secrets(self.ground, c) {
                    Some((region, _)) => format!("takes its Secrets from {region}"),
                    None => "takes its Secrets from elsewhere".to_owned(),
                });
                format!("{found}, and those of its data must stay in {name}")
            }
        }
    }
}

/// The region that a cluster's Secrets come from, where its store says one, and its country.
fn store_of_secrets<'a>(ground: &Ground<'_>, cluster: &'a Cluster) -> Option<(&'a str, Country)> {
    let provider = &cluster.secret_store.as_ref()?.value;
    let region = ["/aws/region", "/gcpsm/location"]
        .into_iter()
        .find_map(|pointer| provider.pointer(pointer)?.as_str())?;
    let own = ground.world.regions.get(region).map(|r| r.country);
    Some((region, own.or_else(|| Some(atlas::find(region)?.country))?))
}

/// Shows what is required, and the first clusters that do not meet it.
pub(super) fn show(
    mut diagnostic: Diagnostic,
    constraint: Constraint,
    ground: &Ground<'_>,
    service: &Service,
) -> Diagnostic {
    let requires = &service.requires;
    if constraint == Constraint::Capabilities
        && let (Some(first), Some(last)) =
            (requires.capabilities.first(), requires.capabilities.last())
    {
        return diagnostic.see(first.span.to(last.span), "required of its clusters");
    }
    if let Some(range) = requires
        .kubernetes
        .as_ref()
        .filter(|_| constraint == Constraint::Kubernetes)
    {
        diagnostic = diagnostic.see(range.span, "required of its clusters");
    }
    let all = of(ground, service);
    let Some(demand) = all.iter().find(|d| d.constraint == constraint) else {
        return diagnostic;
    };
    let clusters = || {
        let all = ground.world.clusters.values();
        all.filter(|c| c.environment == service.environment)
    };
    // Where another cluster of the region meets it nothing stands in the way.
    let met = |c: &Cluster| clusters().any(|o| o.region == c.region && demand.met(o));
    for cluster in clusters().filter(|c| !met(c)).take(SHOWN) {
        let (span, text) = match (&demand.asks, &cluster.secret_store) {
            (Asks::Secrets(..), Some(store)) => {
                (store.span, "its Secrets come from here".to_owned())
            }
            _ => (
                cluster.kubernetes_span.unwrap_or(cluster.name.span),
                format!("`{}` runs {}", cluster.name.value, cluster.kubernetes),
            ),
        };
        diagnostic = diagnostic.see(span, text);
    }
    diagnostic
}
