//! Journeys: each step is one thing, and what it names exists.

use super::lookup::{fault, unknown};
use crate::diag::{Code, Sink, Span, Spanned, nearest};
use crate::model::name::{DEFAULT_ENVIRONMENT, Environment, ServiceKey, ServiceName, StoreName};
use crate::model::raw::{Journey, JourneyStep, JourneyStepLong};
use crate::model::world::Service;
use crate::validate::Facts;

/// Names are unique, steps make sense, services and stores exist.
pub(super) fn journeys(facts: &Facts<'_>, sink: &mut Sink) {
    let written = facts.raw.fleet.journeys.iter().flat_map(|j| &j.value);
    let mut seen: Vec<&Journey> = Vec::new();
    for journey in written {
        let name = &journey.name;
        if let Some(first) = seen.iter().find(|j| j.name.value == name.value) {
            let twice = format!("there are two journeys `{}`", name.value);
            let twice = fault(Code::DuplicateName, twice, name.span);
            sink.emit(
                twice
                    .see(first.name.span, "the other one")
                    .help("rename one"),
            );
        }
        seen.push(journey);
        if journey.steps.is_empty() {
            let empty = format!("journey `{}` has no steps", name.value);
            let empty = fault(Code::JourneyStep, empty, name.span);
            sink.emit(empty.help("name its services in order, as `steps: [frontend, checkout]`"));
        }
        let environment = journey.environment.as_ref();
        let environment = environment.map_or_else(
            || Environment::from(DEFAULT_ENVIRONMENT),
            |e| e.value.clone(),
        );
        let rule = Rule { facts, environment };
        for step in &journey.steps {
            rule.step(&step.value, step.span, sink);
        }
    }
}

struct Rule<'a> {
    facts: &'a Facts<'a>,
    environment: Environment,
}

impl Rule<'_> {
    fn step(&self, step: &JourneyStep, span: Span, sink: &mut Sink) {
        match step {
            JourneyStep::One(name) => {
                let _ = self.service(&Spanned::new(name.clone(), span), sink);
            }
            JourneyStep::Long(long) => self.long(long, span, sink),
        }
    }

    fn long(&self, long: &JourneyStepLong, span: Span, sink: &mut Sink) {
        let given = [
            long.service.is_some(),
            long.parallel.is_some(),
            long.sequence.is_some(),
        ];
        let stores = || long.reads.iter().chain(&long.writes);
        if given.iter().filter(|g| **g).count() != 1 {
            let what = "a step is one of `service`, `parallel` and `sequence`";
            sink.emit(
                fault(Code::JourneyStep, what.to_owned(), span)
                    .help("keep one; a service that does several things stands in several steps"),
            );
            return;
        }
        if let Some(service) = &long.service {
            if let Some(found) = self.service(service, sink) {
                stores().for_each(|s| store(found, s, sink));
            }
        } else if let Some(stray) = stores().next() {
            let what = format!("`{}` is a store of no service here", stray.value);
            sink.emit(
                fault(Code::JourneyStep, what, stray.span)
                    .help("write it beside `service`, as `{service: checkout, reads: orders}`"),
            );
        }
        let (name, steps) = match (&long.parallel, &long.sequence) {
            (Some(steps), _) => ("parallel", steps),
            (None, Some(steps)) => ("sequence", steps),
            (None, None) => return,
        };
        if steps.is_empty() {
            let empty = fault(Code::JourneyStep, format!("`{name}` has no steps"), span);
            sink.emit(empty.help("name the services, or leave the step out"));
        }
        for step in steps {
            self.step(&step.value, step.span, sink);
        }
    }

    fn service(&self, name: &Spanned<ServiceName>, sink: &mut Sink) -> Option<&Service> {
        let services = &self.facts.world.services;
        let key = ServiceKey::new(&name.value, &self.environment);
        let found = services.get(&key);
        if found.is_some() {
            return found;
        }
        let elsewhere = services.keys().find(|k| k.service == name.value);
        sink.emit(match elsewhere {
            Some(other) => {
                let what = format!(
                    "`{}` is not in the environment `{}` of this journey",
                    name.value, self.environment
                );
                fault(Code::UnknownService, what, name.span).help(format!(
                    "add `environment: {}` to the journey, or the environment to the service",
                    other.environment
                ))
            }
            None => {
                let here = services
                    .keys()
                    .filter(|k| k.environment == self.environment);
                let names = here.map(|k| k.service.as_str());
                let written = name.value.as_str();
                unknown(Code::UnknownService, "service", written, name.span, names)
            }
        });
        None
    }
}

fn store(service: &Service, name: &Spanned<StoreName>, sink: &mut Sink) {
    let known: Vec<&str> = service
        .stores
        .iter()
        .map(|s| s.name.value.as_str())
        .collect();
    if known.contains(&name.value.as_str()) {
        return;
    }
    let owner = &service.name.value;
    let what = format!("`{owner}` has no store `{}`", name.value);
    let fault = fault(Code::UnknownStore, what, name.span);
    sink.emit(match nearest(name.value.as_str(), known.iter().copied()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => fault.help(format!(
            "name the service that owns it, or add the store to `{owner}`"
        )),
        None => fault.help(format!("it has `{}`", known.join("`, `"))),
    });
}
