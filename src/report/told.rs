//! A service's story with what it refers to: where the plan, the world and the files meet.

use crate::diag::{Diagnostic, Sources, Span};
use crate::model::name::{ClusterName, JourneyName, StoreKey};
use crate::model::plan::{
    JourneyPlan, Move, Plan, Quantile, ServicePlan, StorePlan, WavePlan, WaveStep,
};
use crate::model::story::{StoreStory, Story};
use crate::model::world::{Journey, JourneyStep, Service, Store, World};

/// What a story is written from.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The story.
    pub story: &'a Story,
    /// The service.
    pub service: &'a Service,
    /// What was decided about it.
    pub decided: &'a ServicePlan,
    /// All of the fleet.
    pub world: &'a World,
    /// All decisions.
    pub plan: &'a Plan,
    /// Whether there is a lock.
    pub locked: bool,
    /// What is said of the fleet.
    pub said: &'a [Diagnostic],
    /// Its files.
    pub sources: &'a Sources,
}

impl<'a> Told<'a> {
    /// `path:line:col`.
    pub(super) fn locate(&self, span: Span) -> String {
        self.sources.locate(span)
    }

    /// What is said about the service: of a line of its file, or by its name.
    pub(super) fn about(&self) -> impl Iterator<Item = &'a Diagnostic> {
        let file = self.service.name.span.source;
        let name = format!("`{}`", self.service.name.value);
        let said = self.said.iter();
        said.filter(move |one| {
            let mut labels = one.labels.iter();
            labels.any(|label| label.span.source == file) || one.message.contains(&name)
        })
    }

    /// The store that a part of the story is about, as it was written.
    pub(super) fn declared(&self, story: &StoreStory) -> Option<&'a Store> {
        let mut stores = self.service.stores.iter();
        stores.find(|store| store.name.value == story.store)
    }

    /// What was decided about it.
    pub(super) fn store(&self, story: &StoreStory) -> Option<&'a StorePlan> {
        let whole = self.plan.stores.get(&self.key(story))?;
        match &story.part {
            None => Some(whole),
            Some(part) => whole.shards.get(part),
        }
    }

    pub(super) fn key(&self, story: &StoreStory) -> StoreKey {
        self.story.key.store(&story.store)
    }

    /// Moves of its sticky decisions; of one store only, where one is asked for.
    pub(super) fn moves(
        &self,
        of: &'a [Move],
        store: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Move> {
        let key = &self.story.key;
        let own = of
            .iter()
            .filter(move |one| one.service.as_ref() == Some(key));
        own.filter(move |one| {
            let about = one.store.as_ref().map(|s| s.as_str());
            store.is_none_or(|asked| about == Some(asked))
        })
    }

    /// The journeys that it is a step of, with what they take.
    pub(super) fn journeys(
        &self,
    ) -> impl Iterator<Item = (&'a JourneyName, &'a Journey, Option<&'a JourneyPlan>)> {
        let (key, plan) = (&self.story.key, self.plan);
        let all = self.world.journeys.iter();
        let own = all.filter(move |(_, journey)| {
            let mut calls = journey.steps.iter().flat_map(JourneyStep::calls);
            journey.environment == key.environment
                && calls.any(|call| call.service.value == key.service)
        });
        own.map(move |(name, journey)| (name, journey, plan.journeys.get(name)))
    }

    /// The waves that its clusters are in, each with its number from 1.
    pub(super) fn waves(&self) -> impl Iterator<Item = (usize, &'a WavePlan)> {
        let placed = &self.decided.regions;
        let runs = move |wave: &WavePlan| {
            let mut clusters = wave.clusters.iter();
            clusters.any(|c| placed.iter().any(|p| p.clusters.contains_key(c)))
        };
        let waves = self.plan.waves.iter().enumerate();
        waves
            .filter(move |(_, wave)| runs(wave))
            .map(|(i, wave)| (i + 1, wave))
    }

    /// The clusters of a step that run the service.
    pub(super) fn own_clusters(&self, step: &WaveStep) -> Vec<ClusterName> {
        let runs = |cluster: &&ClusterName| {
            let mut placed = self.decided.regions.iter();
            placed.any(|p| p.clusters.contains_key(*cluster))
        };
        step.clusters.iter().filter(runs).cloned().collect()
    }

    /// Where a budget of the service is written.
    pub(super) fn budget(&self, kind: Kind) -> Option<Span> {
        let budget = &self.service.budget;
        let written = match kind {
            Kind::Read => &budget.read,
            Kind::Write => &budget.write,
            Kind::CrossRegion => &budget.cross_region,
        };
        written.as_ref().map(|b| b.span)
    }
}

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
    CrossRegion,
}

/// Whether any percentile of a journey is over its budget.
pub(super) fn over(journey: &JourneyPlan) -> bool {
    let percentiles = Quantile::ALL.map(|q| journey.forecast.at(q).budget);
    percentiles
        .into_iter()
        .flatten()
        .any(|verdict| !verdict.met)
}
