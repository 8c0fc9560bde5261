//! The story of a store as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::engine;
use crate::model::plan::Move;
use crate::model::story::{Filled, StoreStory};
use crate::report::Told;

use super::super::diagnostics::PlaceForm;
use super::super::milliseconds::Milliseconds;
use super::super::moves::{self, MoveForm};
use super::super::predicted::{self, StoreForecastForm, TermForm};
use super::super::stores::{self, StoreForm};
use super::weighed::{ObstacleForm, at, obstacle};

/// A store, or one part of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoreStoryForm {
    store: String,
    /// The part, where the data is homed with its users.
    part: Option<String>,
    place: PlaceForm,
    engine: String,
    consistency: String,
    /// How the engine replicates it: `primary`, `quorum`, `leaderless`, `mirror`, `crdt` or `cache`.
    scheme: &'static str,
    /// The engine's way to give that class, by name.
    way: Option<&'static str>,
    /// The setting that it takes, for people.
    setting: Option<&'static str>,
    instances: u32,
    /// Disk per instance.
    size: String,
    data: Option<DataForm>,
    /// The share of the audience whose data it holds, in millionths.
    share_ppm: u32,
    /// What was decided, as `regen plan --format json` has it.
    decided: StoreForm,
    /// What a write waits for.
    write: FormulaForm,
    /// Where a read goes.
    read: FormulaForm,
    /// Weight of reads in the objective.
    reads: u64,
    /// Weight of writes.
    writes: u64,
    /// From each region at which users count.
    ways: Vec<WayForm>,
    /// What each region would be worth as the leader, the best first; empty where nothing leads.
    leaders: Vec<LeadForm>,
    staleness: Option<StalenessForm>,
    /// Predicted reads and writes against the budgets; of a store that is one.
    predicted: Option<StoreForecastForm>,
    /// What the lock has; null where it does not know it.
    locked: Option<LockedForm>,
    moves: Vec<MoveForm>,
    /// What `--rebalance` would do.
    proposals: Vec<MoveForm>,
}

/// The class of its data.
#[derive(Debug, Serialize, JsonSchema)]
struct DataForm {
    class: String,
    place: PlaceForm,
    /// Where it must stay; null: anywhere.
    residency: Option<String>,
}

/// A formula and the means of its terms.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FormulaForm {
    /// Its number in `regen engines`; empty for a read.
    number: &'static str,
    /// In words.
    formula: String,
    /// The terms with their means; null where nobody is counted, or one is unknown.
    terms: Option<Vec<TermForm>>,
    /// The mean of their sum.
    mean_ms: Option<Milliseconds>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WayForm {
    /// The region at which users count.
    from: String,
    /// Their share, in millionths.
    share_ppm: u32,
    /// The terms of a read, at the median.
    read: Vec<TermForm>,
    /// The terms of a write; empty where it never completes.
    write: Vec<TermForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LeadForm {
    region: String,
    /// The objective with the best voters for it; null where it can never lead.
    objective_ms: Option<Milliseconds>,
    /// What stands against it.
    obstacle: Option<ObstacleForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StalenessForm {
    /// The shortest bound that can be held; null: there is none.
    floor_ms: Option<Milliseconds>,
    /// The replica that is farthest from where writes go.
    farthest: Option<String>,
    /// The bound that is asked for.
    bound_ms: Option<Milliseconds>,
    /// Where.
    place: Option<PlaceForm>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LockedForm {
    leader: Option<String>,
    voters: Vec<String>,
}

pub(super) fn story(told: &Told<'_>, story: &StoreStory) -> Option<StoreStoryForm> {
    let (store, plan) = (told.declared(story)?, told.store(story)?);
    let way = engine::way(store);
    let name = story.store.as_str();
    let moves = |of: &[Move]| -> Vec<MoveForm> {
        let own = of
            .iter()
            .filter(|m| m.service.as_ref() == Some(&told.story.key));
        let own = own.filter(|m| m.store.as_ref().is_some_and(|s| s.as_str() == name));
        own.map(moves::movement).collect()
    };
    let formula = |(number, formula), filled: &Option<Filled>| FormulaForm {
        number,
        formula,
        terms: filled
            .as_ref()
            .map(|f| f.terms.iter().map(predicted::term).collect()),
        mean_ms: filled.as_ref().map(|f| Milliseconds(f.total_ns)),
    };
    let whole = story.part.is_none();
    let predicted = &told.decided.predicted.stores;
    Some(StoreStoryForm {
        store: name.to_owned(),
        part: story.part.clone(),
        place: at(told, store.name.span),
        engine: store.engine.value.to_string(),
        consistency: store.consistency.value.to_string(),
        scheme: engine::scheme(store).name(),
        way: way.map(|w| w.name),
        setting: way.map(|w| w.setting),
        instances: store.instances,
        size: store.size.to_string(),
        data: store.data.as_ref().map(|data| {
            let class = told.world.fleet.data_classes.get(&data.value);
            DataForm {
                class: data.value.to_string(),
                place: at(told, data.span),
                residency: class
                    .and_then(|c| c.residency.as_ref())
                    .map(ToString::to_string),
            }
        }),
        share_ppm: story.share_ppm,
        decided: stores::store(plan, told.decided.rests_on),
        write: formula(engine::written_as(store), &story.write),
        read: formula(
            ("", way.map_or("", |w| w.read.formula()).to_owned()),
            &story.read,
        ),
        reads: store.access.reads,
        writes: store.access.writes,
        ways: story
            .ways
            .iter()
            .map(|way| WayForm {
                from: way.from.to_string(),
                share_ppm: way.share_ppm,
                read: way.read.iter().map(predicted::term).collect(),
                write: way.write.iter().map(predicted::term).collect(),
            })
            .collect(),
        leaders: story
            .leaders
            .iter()
            .map(|lead| LeadForm {
                region: lead.region.to_string(),
                objective_ms: lead.objective_ns.map(Milliseconds),
                obstacle: lead.obstacle.as_ref().map(|o| obstacle(told, o)),
            })
            .collect(),
        staleness: story.staleness.as_ref().map(|stale| StalenessForm {
            floor_ms: stale.floor_ns.map(Milliseconds),
            farthest: stale.farthest.as_ref().map(ToString::to_string),
            bound_ms: stale
                .bound
                .map(|(bound, _)| Milliseconds(bound.as_millis().saturating_mul(1_000_000))),
            place: stale.bound.map(|(_, span)| at(told, span)),
        }),
        predicted: predicted
            .get(&story.store)
            .filter(|_| whole)
            .map(predicted::store),
        locked: story.locked.as_ref().map(|(leader, voters)| LockedForm {
            leader: leader.clone(),
            voters: voters.clone(),
        }),
        moves: moves(&told.plan.moves),
        proposals: moves(&told.plan.proposals),
    })
}
