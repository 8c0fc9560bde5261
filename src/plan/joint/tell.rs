//! What conflicts to places in files and facts.

use crate::diag::Span;
use crate::model::name::ServiceKey;
use crate::model::world::{Service, World};
use crate::plan::conflict::{self, Member};
use crate::plan::ground::Ground;
use crate::plan::words;

use super::change::quantity;
use super::change::unit;
use super::part::{Kind, Part, capacity};

/// How many services a fact lists.
const LISTED: usize = 8;

/// Each part's place, and what it says there; those of the service that it is about first.
pub(super) fn places(
    ground: &Ground<'_>,
    about: &ServiceKey,
    parts: &[Part],
) -> Vec<(Span, String)> {
    let world = ground.world;
    let mut places: Vec<(Span, String)> = Vec::new();
    let mut own: Vec<(&ServiceKey, Member)> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Own(key, member) => Some((key, *member)),
            _ => None,
        })
        .collect();
    own.sort_by_key(|(key, member)| (*key != about, *key, *member));
    for (key, member) in own {
        let Some(service) = world.services.get(key) else {
            continue;
        };
        let told = match member {
            Member::Pods => pods(service, parts),
            _ => conflict::places(ground, service, member),
        };
        places.extend(told.into_iter().map(|(span, text)| match key == about {
            true => (span, text),
            false => (span, format!("`{}`: {text}", key.service)),
        }));
    }
    for part in parts {
        let (span, text) = match part {
            Part::Capacity(cluster, kind) => {
                let Some(declared) = world.clusters.get(cluster) else {
                    continue;
                };
                let written = match kind {
                    Kind::Cpu => &declared.capacity.cpu,
                    Kind::Memory => &declared.capacity.memory,
                };
                let Some(written) = written else { continue };
                let text = format!("`{cluster}` holds {} of {}", written.value, kind.name());
                (written.span, text)
            }
            Part::Headroom => match world.fleet.failover.headroom_span {
                Some(span) => (span, "kept free after a failover".to_owned()),
                None => continue,
            },
            Part::Rule => match &world.fleet.failover.residency {
                Some(rule) => (rule.span, "inside this a service fails over".to_owned()),
                None => continue,
            },
            Part::Own(..) => continue,
        };
        places.push((span, text));
    }
    places
}

/// The numbers of pods and what each asks for of what is short.
fn pods(service: &Service, parts: &[Part]) -> Vec<(Span, String)> {
    let scale = service.workload.scale;
    let resources = &service.workload.resources;
    let per = format!("{} per region", words::count(scale.min as usize, "pod"));
    let span = scale.min_span.or(scale.span);
    let mut places = vec![(span.unwrap_or(service.name.span), per)];
    for (kind, asked) in [
        (Kind::Cpu, &resources.cpu),
        (Kind::Memory, &resources.memory),
    ] {
        let short = |part: &Part| matches!(part, Part::Capacity(_, of) if *of == kind);
        if parts.iter().any(short) {
            places.push((
                asked.span,
                format!("{} of {} each", asked.value, kind.name()),
            ));
        }
    }
    places
}

/// What the services of a conflict ask for in all, of what is short.
pub(super) fn notes(ground: &Ground<'_>, about: &ServiceKey, parts: &[Part]) -> Vec<String> {
    let world = ground.world;
    let mut keys: Vec<&ServiceKey> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Own(key, Member::Pods) => Some(key),
            _ => None,
        })
        .collect();
    keys.sort_by_key(|key| (*key != about, *key));
    let mut notes = Vec::new();
    for kind in [Kind::Cpu, Kind::Memory] {
        let held: Vec<i128> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Capacity(cluster, of) if *of == kind => capacity(world, cluster, kind),
                _ => None,
            })
            .collect();
        if held.is_empty() || keys.is_empty() {
            continue;
        }
        let mut asked: Vec<String> = keys
            .iter()
            .take(LISTED)
            .filter_map(|key| {
                let amount = asked(world, key, kind)?;
                Some(format!("`{}` takes {}", key.service, text(kind, amount)))
            })
            .collect();
        if keys.len() > LISTED {
            asked.push(format!("{} more services", keys.len() - LISTED));
        }
        let asked = words::list(asked.iter().map(String::as_str));
        let all = text(kind, held.iter().sum());
        let clusters = match held.len() {
            1 => format!("the cluster holds {all}"),
            n => format!("the {n} clusters hold {all} in all"),
        };
        notes.push(format!("per region {asked} of {}; {clusters}", kind.name()));
    }
    notes
}

fn asked(world: &World, key: &ServiceKey, kind: Kind) -> Option<i128> {
    let service = world.services.get(key)?;
    let pod = crate::plan::amount::Amount::of_pod(service);
    Some(kind.of(pod.times(service.workload.scale.min)))
}

fn text(kind: Kind, amount: i128) -> String {
    let units = quantity(kind, amount / unit(kind));
    units.map_or_else(String::new, |q| q.to_string())
}
