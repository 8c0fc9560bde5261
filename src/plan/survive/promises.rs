//! Which promises a loss breaks, what the catalog accepts, and what cannot be told.

use std::collections::BTreeMap;

use crate::model::name::{RegionName, StoreKey};
use crate::model::simulation::{Broken, Outcome, Promise, Rpo, Rto, StoreOutcome, Writes};
use crate::model::world::{Promotion, Routing, Service, Store, Survive};

use super::load::Short;
use super::reach;
use super::scene::Scene;
use super::users::Users;
use crate::plan::failover::Rule;
use crate::plan::words;

/// A store that the loss touches, as it was declared.
pub(super) struct Touched<'a> {
    pub key: StoreKey,
    pub service: &'a Service,
    pub store: &'a Store,
    pub outcome: &'a StoreOutcome,
    /// Whether there is an audience.
    pub audience: bool,
}

pub(super) fn users(scene: &Scene<'_>, users: &Users<'_>, out: &mut Outcome) {
    let (key, service) = (users.key, users.service);
    let Some(found) = out.services.get(key).cloned() else {
        return;
    };
    let unserved = found.moved.iter().filter(|m| m.to.is_none());
    for moved in unserved {
        let who = if found.audience {
            let share = words::percent(u128::from(moved.share_ppm), 1_000_000);
            format!("{share} of its users")
        } else {
            "the users there".to_owned()
        };
        if !service.failover {
            out.accepted.push(format!(
                "`{key}` does not serve {who}, as `failover: none` accepts"
            ));
            continue;
        }
        let chain = users.plan.failover.get(&moved.from);
        let why = chain.map(|c| c.because.to_string()).unwrap_or_default();
        let why = match chain.map(|c| c.targets.is_empty()) {
            Some(true) if !why.is_empty() => why,
            _ => "every region that may take over is lost too, or cannot be reached".to_owned(),
        };
        out.broken.push(Broken {
            promise: Promise::Served,
            what: format!(
                "nobody serves {who} of `{key}` in place of {}: {why}",
                moved.from
            ),
            span: Some(service.placement.span.unwrap_or(service.name.span)),
        });
    }
    for callee in &found.unanswered {
        let call = service
            .calls
            .iter()
            .find(|c| c.service.value == callee.service);
        out.broken.push(Broken {
            promise: Promise::Calls,
            what: format!("`{key}` fails without `{callee}`, which does not answer"),
            span: call.map(|c| c.service.span),
        });
    }
    residency(scene, users, out);
    in_time(&format!("`{key}`"), service, &found.rto, None, out);
    if found
        .moved
        .iter()
        .any(|m| m.to.is_some() && m.after_ns.is_none())
    {
        out.unknown.push(format!(
            "how far the users of `{key}` are from the regions that take over"
        ));
    }
}

/// Where DNS sends users, and where their new region may not be.
fn residency(scene: &Scene<'_>, users: &Users<'_>, out: &mut Outcome) {
    let rule = Rule::of(scene.ground, users.service);
    let country = |r: usize| scene.world().regions[scene.ground.names[r]].country;
    let mut found: BTreeMap<(usize, usize), (bool, String)> = BTreeMap::new();
    let dns = users.plan.dns.as_ref();
    let policy = dns.map(|d| d.policy);
    let records: Vec<usize> = dns
        .into_iter()
        .filter(|_| matches!(policy, Some(Routing::Latency | Routing::Weighted)))
        .flat_map(|d| &d.records)
        .filter(|(_, weight)| **weight != Some(0))
        .filter(|(r, _)| users.plan.in_region(r).is_some_and(|p| scene.runs(p)))
        .filter_map(|(r, _)| scene.ground.index(r.as_str()))
        .collect();
    for served in users.places.iter().filter(|p| p.after != Some(p.before)) {
        // By weight every record answers some of them, by latency the nearest.
        let answered: Vec<usize> = match policy {
            Some(Routing::Weighted) => records.clone(),
            _ => {
                let nearest = scene.ground.nearest(served.place.region, &records);
                nearest.into_iter().collect()
            }
        };
        let ends = served.after.map(|to| (to, false));
        let ends = ends
            .into_iter()
            .chain(answered.into_iter().map(|to| (to, true)));
        for (to, dns) in ends {
            if let Some(why) = rule.forbids(country(served.before), country(to)) {
                found.entry((served.before, to)).or_insert((dns, why));
            }
        }
    }
    let residency = scene.world().fleet.failover.residency.as_ref();
    for ((from, to), (dns, why)) in found {
        let (key, from, to) = (users.key, scene.name(from), scene.name(to));
        out.broken.push(Broken {
            promise: Promise::Residency,
            what: if dns {
                format!("DNS answers users of `{key}` in {from} with {to}, though {why}")
            } else {
                format!("users of `{key}` in {from} go to {to}, though {why}")
            },
            span: residency.map(|r| r.span),
        });
    }
}

pub(super) fn store(touched: &Touched<'_>, out: &mut Outcome) {
    // Nothing is lost of what nobody writes.
    if touched.store.access.writes == 0 {
        return;
    }
    let (key, found) = (&touched.key, touched.outcome);
    let reason = found.because.first().cloned().unwrap_or_default();
    if found.writes == Writes::Stop {
        if touched.service.failover {
            out.broken.push(Broken {
                promise: Promise::Writes,
                what: format!("writes of `{key}` stop: {reason}"),
                span: Some(touched.store.name.span),
            });
        } else {
            out.accepted.push(format!(
                "writes of `{key}` stop, as `failover: none` accepts: {reason}"
            ));
        }
    }
    cut_off(touched, out);
    in_time(
        &format!("writes of `{key}`"),
        touched.service,
        &found.rto,
        Some(touched.store.promotion),
        out,
    );
    kept(touched, out);
    let strong = &touched.store.consistency;
    let written = strong.span != touched.store.name.span;
    let loses = matches!(found.rpo, Rpo::Lag { .. } | Rpo::Everything);
    if loses && written && strong.value == crate::model::engine::Consistency::Strong {
        out.broken.push(Broken {
            promise: Promise::Rpo,
            what: format!("`{key}` is `strong`, and may lose writes that it acknowledged"),
            span: Some(strong.span),
        });
    }
}

/// Users whose writes reach nothing that takes them, while those of others go on.
fn cut_off(touched: &Touched<'_>, out: &mut Outcome) {
    let (key, found) = (&touched.key, touched.outcome);
    if found.cut_off.is_empty() {
        return;
    }
    let who = if touched.audience {
        let share = words::percent(u128::from(found.cut_off_ppm), 1_000_000);
        format!("{share} of the users")
    } else {
        let served = words::list(found.cut_off.iter().map(RegionName::as_str));
        format!("the users in {served}")
    };
    let what = match found.cut_off_reads {
        true => "writes and fresh reads",
        false => "writes",
    };
    let reason = reach::because(found);
    let service = touched.service;
    // One side of a cut way cannot take writes, whatever the engine: what breaks is what somebody
    // promised for all users.
    let region = matches!(&touched.store.survive, Some(s) if s.value == Survive::Region);
    if !service.failover {
        out.accepted.push(format!(
            "{what} of `{key}` stop for {who}, as `failover: none` accepts: {reason}"
        ));
    } else if region {
        out.broken.push(Broken {
            promise: Promise::Writes,
            what: format!("{what} of `{key}` stop for {who}: {reason}"),
            span: Some(touched.store.name.span),
        });
    } else if service.recovery.rto.is_none() {
        out.accepted.push(format!(
            "{what} of `{key}` stop for {who}, as neither `survive: region` nor `slo.rto` forbids: {reason}"
        ));
    }
    let what = format!("{what} of `{key}` for {who}");
    in_time(&what, service, &Rto::Back, None, out);
}

/// Whether it works again as soon as the service promises.
fn in_time(
    what: &str,
    service: &Service,
    rto: &Rto,
    promotion: Option<Promotion>,
    out: &mut Outcome,
) {
    let Some(promised) = &service.recovery.rto else {
        return;
    };
    let limit = promised.value;
    let why = match rto {
        Rto::None | Rto::Automatic | Rto::Callers => return,
        Rto::Dns { detection, ttl } => {
            let seconds = u64::from(*detection) + u64::from(*ttl);
            if seconds.saturating_mul(1000) <= limit.as_millis() {
                return;
            }
            format!("{what} takes {seconds} s to be back, and promises {limit}")
        }
        Rto::Manual => match promotion.filter(|p| p.told.is_some()) {
            Some(told) if told.takes <= limit => return,
            Some(Promotion { takes, .. }) => {
                format!("a person takes {takes} to bring {what} back, and {limit} are promised")
            }
            None => {
                out.unknown.push(format!(
                    "whether a person brings {what} back within the {limit} that are promised"
                ));
                return;
            }
        },
        Rto::Back => {
            format!("nothing brings {what} back before what is lost is, and {limit} are promised")
        }
    };
    out.broken.push(Broken {
        promise: Promise::Rto,
        what: why,
        span: Some(promised.span),
    });
}

/// Whether no more is lost than the service promises.
fn kept(touched: &Touched<'_>, out: &mut Outcome) {
    let Some(promised) = &touched.service.recovery.rpo else {
        return;
    };
    let (key, limit) = (&touched.key, promised.value);
    let over = |ns: u64| ns > limit.as_millis().saturating_mul(1_000_000);
    let what = match touched.outcome.rpo {
        Rpo::Zero => return,
        Rpo::Lag { at_least_ns } if limit.as_millis() > 0 && !at_least_ns.is_some_and(over) => {
            out.unknown.push(format!(
                "whether `{key}` lags by less than the {limit} that it may lose: nothing bounds it"
            ));
            return;
        }
        Rpo::Lag { .. } => {
            format!("`{key}` loses what had not been replicated, and promises {limit}")
        }
        Rpo::Back => {
            out.unknown.push(format!(
                "whether `{key}` comes back with its data, of which it may lose {limit}"
            ));
            return;
        }
        Rpo::Everything => format!("`{key}` loses everything that was there, and promises {limit}"),
    };
    out.broken.push(Broken {
        promise: Promise::Rpo,
        what,
        span: Some(promised.span),
    });
}

/// Clusters that hold more than before, against what they can.
pub(super) fn capacity(scene: &Scene<'_>, short: &[Short], out: &mut Outcome) {
    for (name, load) in &out.clusters {
        let declared = &scene.world().clusters[name];
        let resources = [
            (
                "CPU",
                &load.cpu,
                declared.capacity.cpu.as_ref().map(|q| q.span),
            ),
            (
                "memory",
                &load.memory,
                declared.capacity.memory.as_ref().map(|q| q.span),
            ),
        ];
        for (what, one, span) in resources {
            if one.capacity.is_none() && one.after > one.before {
                out.unknown.push(format!(
                    "whether {name} has the {what} for what it takes over: it states no capacity"
                ));
            }
            if one.over() {
                let all = u128::from(one.capacity.unwrap_or_default());
                out.broken.push(Broken {
                    promise: Promise::Capacity,
                    what: format!(
                        "{name} would need {} of its {what}",
                        words::percent(u128::from(one.after), all)
                    ),
                    span,
                });
            }
        }
    }
    for one in short {
        out.notes.push(format!(
            "`{}` may start {} in {} and would need {} to carry its users as before",
            one.service,
            words::count(one.may as usize, "pod"),
            one.region,
            one.needs
        ));
    }
}
