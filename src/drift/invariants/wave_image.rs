//! Within a wave a service runs the same image everywhere, where the repository has the same for it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::finding::{FindingSeverity, Involved};
use crate::model::name::{ClusterName, ServiceKey};
use crate::model::world::{Service, WorkloadKind};

use super::ground::{Fleet, Ground, Kind, Object};
use super::outcome::{Outcome, Violation, field, listed};
use super::{Invariant, Sought};

pub(super) const INVARIANT: Invariant = Invariant {
    name: "wave-image",
    about: "all regions of a wave run the same image",
    of_itself: &[],
    wants,
    check,
};

/// Workloads are compared anyway.
fn wants(_: &Fleet<'_>, _: &ClusterName, _: &mut Sought) {}

/// The workload of a service.
pub(super) fn kind(service: &Service) -> Kind {
    let kind = service.workload.kind;
    (kind.group(), kind.version(), kind.name())
}

/// The same as it is live, with the way to its pods' template.
pub(super) fn workload<'a>(
    ground: &Ground<'a>,
    cluster: &ClusterName,
    service: &Service,
) -> Option<(Object<'a>, &'static [&'static str])> {
    let name = service.name.value.as_str();
    let object = ground.object(cluster, kind(service), service.namespace.as_str(), name)?;
    Some((object, template(service)))
}

fn template(service: &Service) -> &'static [&'static str] {
    match service.workload.kind {
        WorkloadKind::CronJob => &["spec", "jobTemplate", "spec", "template"],
        _ => &["spec", "template"],
    }
}

/// The image of the container that is the service, in its workload.
fn image<'v>(workload: &'v Value, service: &Service) -> Option<&'v str> {
    let pods = template(service);
    let pods = pods.iter().fold(workload, |value, step| &value[*step]);
    let containers = pods["spec"]["containers"].as_array()?;
    let own = containers
        .iter()
        .find(|c| c["name"] == service.name.value.as_str())?;
    own["image"].as_str()
}

fn check(ground: &Ground<'_>, outcome: &mut Outcome) {
    let Some(fleet) = ground.fleet else {
        return;
    };
    for (key, service) in fleet.services() {
        let clusters = fleet.clusters_of(key);
        for wave in &fleet.plan.waves {
            let here = clusters
                .iter()
                .copied()
                .filter(|c| wave.clusters.contains(c));
            let here: Vec<&ClusterName> = here.collect();
            // One cluster agrees with itself.
            if here.len() > 1 {
                judge(ground, key, service, wave.name.as_str(), &here, outcome);
            }
        }
    }
}

fn judge(
    ground: &Ground<'_>,
    key: &ServiceKey,
    service: &Service,
    wave: &str,
    clusters: &[&ClusterName],
    outcome: &mut Outcome,
) {
    let kind = kind(service);
    // What the repository has for each, so that what is meant to differ may.
    let mut alike: BTreeMap<Option<&str>, Vec<(Object<'_>, &str)>> = BTreeMap::new();
    let mut complete = true;
    for cluster in clusters {
        if let Err(gap) = ground.known(cluster, kind, service.namespace.as_str()) {
            complete = false;
            outcome.gap(cluster, kind, format!("`{key}`"), gap);
            continue;
        }
        let name = service.name.value.as_str();
        let mut wanted = ground.desired(cluster, kind).into_iter();
        let wanted = wanted.find(|w| w["metadata"]["name"] == name);
        let wanted = wanted.and_then(|w| image(w, service));
        if let Some((object, _)) = workload(ground, cluster, service)
            && let Some(image) = image(object.body(), service)
        {
            alike.entry(wanted).or_default().push((object, image));
        }
    }
    let mut same = true;
    for (wanted, members) in alike {
        let images: BTreeSet<&str> = members.iter().map(|(_, image)| *image).collect();
        if images.len() < 2 {
            continue;
        }
        same = false;
        let places = template(service);
        let container = format!("[name={}]", service.name.value);
        let path: Vec<&str> = places
            .iter()
            .copied()
            .chain(["spec", "containers", &container, "image"])
            .collect();
        let involved: Vec<Involved> = members
            .iter()
            .map(|(object, image)| ground.involved(object, &path, json!(image)))
            .collect();
        let told = images.iter().map(|image| {
            let at = members
                .iter()
                .filter(|(_, i)| i == image)
                .map(|(o, _)| o.cluster);
            format!("{} of {}", shortened(image), listed(at))
        });
        let other = members.iter().find(|(_, image)| Some(*image) != wanted);
        outcome.violated(Violation {
            object: other.unwrap_or(&members[0]).0.id.clone(),
            severity: FindingSeverity::Drift,
            expected: match wanted {
                Some(image) => format!("{image} in all of wave {wave}"),
                None => format!("one image in all of wave {wave}"),
            },
            message: format!(
                "`{key}` runs different images in wave `{wave}`: {}",
                listed(told)
            ),
            help: "let the delivery controller apply the repository where it was stopped or \
                   overridden; a change that is meant goes into `workload.image`"
                .to_owned(),
            origin: field(key, "workload.image"),
            involved,
        });
    }
    if same && complete {
        outcome.holds();
    }
}

/// The end of an image's name, which is where images differ.
fn shortened(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, TestFleet, messages};
    use super::*;

    fn deployment(image: &str) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"template": {"spec": {"containers": [{"name": "proxy", "image": "p:1"}, {"name": "web", "image": image}]}}}})
    }

    fn told(images: &[(&str, &str)]) -> Vec<String> {
        let fleet = TestFleet::new();
        let mut bench = Bench::default();
        for (cluster, image) in images {
            bench.put(cluster, deployment(image));
        }
        messages(&bench.check(Some(&fleet)), INVARIANT.name)
    }

    #[test]
    fn a_wave_runs_one_image_and_waves_may_differ() {
        let clean = [
            ("de", "r.example/web:2"),
            ("fr", "r.example/web:2"),
            ("us", "r.example/web:1"),
        ];
        assert_eq!(told(&clean), Vec::<String>::new());
        let torn = [
            ("de", "r.example/web:2"),
            ("fr", "r.example/web:1"),
            ("us", "r.example/web:1"),
        ];
        assert_eq!(
            told(&torn),
            ["`web` runs different images in wave `europe`: web:1 of fr and web:2 of de"]
        );
    }

    #[test]
    fn what_is_meant_to_differ_may() {
        let fleet = TestFleet::new();
        let mut bench = Bench::default();
        for (cluster, image) in [("de", "r.example/web:2"), ("fr", "r.example/web:1")] {
            bench.put(cluster, deployment(image));
            bench.desire(cluster, deployment(image));
        }
        assert_eq!(
            messages(&bench.check(Some(&fleet)), INVARIANT.name),
            Vec::<String>::new()
        );
    }
}
