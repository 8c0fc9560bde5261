//! The stores of a service: what each leader would be worth, and the formulas with their numbers.

use crate::diag::{Label, Span};
use crate::engine;
use crate::model::name::RegionName;
use crate::model::plan::{Quantile, Source, StorePlan, Term};
use crate::model::rtt::Rtt;
use crate::model::story::{Filled, Lead, Obstacle, Staleness, StoreStory, Way};
use crate::model::world::Store;
use crate::plan::budget::{Decided, Gone};
use crate::plan::store::{self, Question, Weighed};
use crate::plan::words;

use super::{Teller, ppm};

/// All stores in order of writing, each by its parts.
pub(super) fn stores(teller: &Teller<'_, '_>) -> Vec<StoreStory> {
    let placed = teller.placed;
    let mut all = Vec::new();
    for (index, declared) in placed.service.stores.iter().enumerate() {
        let key = placed.key.store(&declared.name.value);
        let Some(plan) = teller.plan.stores.get(&key) else {
            continue;
        };
        let question = Question {
            key,
            index,
            service: placed.service,
            chosen: &placed.chosen,
            demand: &placed.demand,
            candidates: &placed.candidates,
            conflict: &placed.why.conflict,
        };
        for weighed in store::weighed(teller.ground(), &question) {
            let plan = match &weighed.part {
                Some(part) => plan.shards.get(part),
                None => Some(plan),
            };
            all.extend(plan.map(|plan| one(teller, declared, plan, weighed)));
        }
    }
    all
}

fn one(
    teller: &Teller<'_, '_>,
    declared: &Store,
    plan: &StorePlan,
    weighed: Weighed,
) -> StoreStory {
    let (ground, placed) = (teller.ground(), teller.placed);
    let demand = &weighed.demand;
    let part = weighed.part.as_deref();
    let decided = Decided::of(
        ground,
        &teller.base.legs,
        declared,
        (part, plan),
        Gone::default(),
    );
    let users: &[(usize, u64)] = match demand.given {
        true => &demand.by_region,
        false => &[],
    };
    let terms = |from: usize, write: bool| {
        let legs = &teller.base.legs;
        let parts = match write {
            true => decided.write(ground, legs, Quantile::P50, from),
            false => decided.read(ground, legs, Quantile::P50, from),
        };
        parts.map_or_else(Vec::new, |p| p.terms(ground, None))
    };
    let ways: Vec<(u64, Way)> = users
        .iter()
        .filter(|(_, weight)| *weight > 0)
        .map(|&(from, weight)| {
            let way = Way {
                from: teller.name(from),
                share_ppm: ppm(u128::from(weight), demand.total),
                read: terms(from, false),
                write: terms(from, true),
            };
            (weight, way)
        })
        .collect();
    let locked = ground.lock.and_then(|l| {
        l.stores
            .get(&placed.key.store(&declared.name.value).to_string())
    });
    let locked = match part {
        None => locked.map(|l| (l.leader.clone(), l.voters.clone())),
        Some(part) => {
            let part = locked.and_then(|l| l.shards.get(part));
            part.map(|p| (p.leader.clone(), p.voters.clone()))
        }
    };
    StoreStory {
        store: declared.name.value.clone(),
        share_ppm: match demand.given {
            true => ppm(demand.total, placed.demand.total),
            false => 0,
        },
        leaders: weighed
            .leaders
            .into_iter()
            .map(|led| Lead {
                region: teller.name(led.region),
                objective_ns: led.value_ns,
                obstacle: led.against.map(|(reason, places)| Obstacle {
                    reason,
                    places: places.into_iter().map(label).collect(),
                }),
            })
            .collect(),
        read: filled(&ways, demand.total, |way| &way.read),
        write: filled(&ways, demand.total, |way| &way.write),
        staleness: staleness(teller, declared, plan),
        ways: ways.into_iter().map(|(_, way)| way).collect(),
        part: weighed.part,
        locked,
    }
}

fn label((span, text): (Span, String)) -> Label {
    Label {
        span,
        text,
        primary: false,
    }
}

/// The mean of each term; a term that differs by place goes by what all of them are.
fn filled(ways: &[(u64, Way)], total: u128, of: impl Fn(&Way) -> &Vec<Term>) -> Option<Filled> {
    let longest = ways.iter().map(|(_, way)| of(way).len()).max()?;
    // Nothing to wait for is no request.
    if longest == 0 || ways.iter().any(|(_, way)| of(way).is_empty()) {
        return None;
    }
    let mut terms = Vec::with_capacity(longest);
    let mut sum = 0_u128;
    for i in 0..longest {
        let mut mean = 0_u128;
        let mut names: Vec<&str> = Vec::new();
        let mut source = Source::Inside;
        for (weight, way) in ways {
            let Some(term) = of(way).get(i) else { continue };
            mean += u128::from(term.ns?) * u128::from(*weight);
            names.push(&term.what);
            source = source.max(term.source);
        }
        sum += mean;
        names.sort_unstable();
        names.dedup();
        let what = match (names.as_slice(), i) {
            ([same], _) => (*same).to_owned(),
            (_, 0) => "to the nearest region that holds it".to_owned(),
            (_, _) => "until enough of the others answer".to_owned(),
        };
        let ns = Some(words::mean_ns(mean / 1000, total));
        terms.push(Term { what, ns, source });
    }
    Some(Filled {
        terms,
        total_ns: words::mean_ns(sum / 1000, total),
    })
}

/// How far a read at the farthest replica may lag behind.
fn staleness(teller: &Teller<'_, '_>, declared: &Store, plan: &StorePlan) -> Option<Staleness> {
    let ground = teller.ground();
    let way = engine::way(declared)?;
    let index = |names: &[RegionName]| -> Vec<usize> {
        let all = names.iter();
        all.filter_map(|n| ground.index(n.as_str())).collect()
    };
    let mut holds = index(&plan.replicas);
    holds.extend(index(&plan.voters));
    let from = match &plan.leader {
        Some(leader) => index(std::slice::from_ref(leader)),
        None => holds.clone(),
    };
    let pairs = from
        .iter()
        .flat_map(|&a| holds.iter().map(move |&b| (a, b)));
    let pairs = pairs.filter(|(a, b)| a != b);
    // Of several that are as far, the first by name.
    let farthest = pairs.max_by_key(|&(a, b)| (ground.costs[a][b], std::cmp::Reverse(b)));
    let micros = farthest.map_or(0, |(a, b)| ground.costs[a][b]);
    let floor = engine::staleness_floor(way, Rtt::micros(micros));
    Some(Staleness {
        floor_ns: floor.map(|f| f.as_micros().saturating_mul(1000)),
        farthest: farthest.map(|(_, b)| teller.name(b)),
        bound: declared.staleness.map(|bound| (bound.value, bound.span)),
    })
}
