//! What a store would be worth if it was led from each region, and what stands against that.

use std::collections::BTreeSet;

use crate::diag::Span;
use crate::engine;
use crate::plan::ground::{Demand, Ground};
use crate::plan::words;

use super::infeasible::{limits, shown};
use super::shards;
use super::site::{Limit, Site};
use super::{Held, Question, solve};

/// A store, or one part of it, with every region that holds the service as its leader.
pub(in crate::plan) struct Weighed {
    /// The part.
    pub part: Option<String>,
    /// The users whose data it holds.
    pub demand: Demand,
    /// The best first, then by name; empty where nothing leads.
    pub leaders: Vec<Led>,
}

/// One region as the leader.
pub(in crate::plan) struct Led {
    pub region: usize,
    /// With the best voters for it, in nanoseconds; `None` where it can never lead.
    pub value_ns: Option<u64>,
    /// What stands against it, with the places where that is written.
    pub against: Option<(String, Vec<(Span, String)>)>,
}

/// Weighs a store, each part by itself.
pub(in crate::plan) fn weighed(ground: &Ground<'_>, q: &Question<'_>) -> Vec<Weighed> {
    if q.store().shards.is_empty() {
        return vec![Weighed {
            part: None,
            demand: q.demand.clone(),
            leaders: leaders(&q.site(ground), q.index),
        }];
    }
    let parts = shards::parts(ground, q).into_iter();
    parts
        .map(|part| {
            let mut site = q.site(ground);
            site.serving.retain(|r| part.regions.contains(r));
            site.regions.clone_from(&part.regions);
            site.demand = &part.demand;
            let leaders = leaders(&site, q.index);
            Weighed {
                part: Some(part.name),
                demand: part.demand,
                leaders,
            }
        })
        .collect()
}

fn leaders(site: &Site<'_>, index: usize) -> Vec<Led> {
    if !engine::scheme(site.store).leads() {
        return Vec::new();
    }
    let mut all: Vec<Led> = site.regions.iter().map(|&r| led(site, index, r)).collect();
    all.sort_by_key(|l| (l.value_ns.is_none(), l.value_ns, l.region));
    all
}

fn led(site: &Site<'_>, index: usize, region: usize) -> Led {
    let (ground, store) = (site.ground, site.store);
    let mut alone = site.without(Limit::Leader);
    alone.serving = vec![region];
    let kept = solve(&alone, &Held::default());
    let breaks = kept.is_none();
    let decided = kept.or_else(|| solve(&alone.without(Limit::Write), &Held::default()));
    let value_ns = decided.map(|d| words::mean_ns(d.value, site.requests()));
    let named = store.leader.as_ref();
    let named = named.filter(|l| l.value.as_str() != ground.names[region].as_str());
    let against = if !site.serving.contains(&region) {
        Some(("it does not serve".to_owned(), Vec::new()))
    } else if value_ns.is_none() {
        let asked: BTreeSet<Limit> = limits(site.service, index)
            .filter(|l| !matches!(l, Limit::Leader | Limit::Write))
            .collect();
        let places = asked
            .into_iter()
            .map(|limit| shown(ground, site.service, index, limit));
        let text = "what the store asks for cannot be had with this leader";
        Some((text.to_owned(), places.collect()))
    } else if let Some(named) = named {
        let text = format!("the store names {}", named.value);
        Some((text, vec![(named.span, "named here".to_owned())]))
    } else if let Some(led) = site.led().filter(|&led| led != region) {
        let text = format!("enforced journeys ask for {}", ground.names[led]);
        Some((text, Vec::new()))
    } else if breaks {
        let budget = site.service.budget.write.as_ref();
        let places = budget.map(|b| (b.span, "the enforced budget for writes".to_owned()));
        let text = "it would break the enforced budget for writes";
        Some((text.to_owned(), places.into_iter().collect()))
    } else {
        None
    };
    Led {
        region,
        value_ns,
        against,
    }
}
