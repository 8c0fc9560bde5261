//! What a placement is good for against its budgets, whom the service calls and is called by, and
//! what is said of it.

use crate::diag::Severity;
use crate::model::plan::{Forecast, Percentile, Quantile};
use crate::model::story::{Called, Leg};
use crate::report::told::{Kind, Told, over};

use super::super::inert;
use super::super::plan::count;
use super::super::predicted::{line, time, users, verdict};
use super::stores::name;
use super::{Page, mark, unknown_or};

/// The whole in a few sentences.
pub(super) fn short(page: &mut Page, told: &Told<'_>) {
    let (story, decided) = (told.story, told.decided);
    let names = |serves: bool| {
        let placed = decided.regions.iter().filter(|p| p.serves == serves);
        placed.map(|p| p.region.to_string()).collect::<Vec<_>>()
    };
    let (serving, standby) = (names(true), names(false));
    let mut text = format!(
        "Of {}, {} may hold it; it serves in {}",
        count(story.regions.len(), "region"),
        story.choice.legal,
        serving.join(", ")
    );
    if !standby.is_empty() {
        text = format!("{text}, and stands by in {}", standby.join(", "));
    }
    page.line(&format!("{text}."));
    let predicted = &decided.predicted;
    let kinds = [("read", &predicted.read), ("write", &predicted.write)];
    for (what, forecast) in kinds {
        let Some(forecast) = forecast else { continue };
        let p50 = &forecast.p50;
        page.line(&format!(
            "Users {what} at {} on average and {} at worst, from {}.",
            time(p50.weighted_ns),
            time(p50.worst.ns),
            inert(&p50.worst.place)
        ));
    }
    for one in &story.stores {
        let leader = told.store(one).and_then(|plan| plan.leader.as_ref());
        if let Some(leader) = leader {
            page.line(&format!(
                "Store {} is led from {leader}.",
                inert(&name(one))
            ));
        }
    }
    let forecasts = [&predicted.read, &predicted.write, &predicted.cross_region];
    let verdicts: Vec<bool> = forecasts
        .into_iter()
        .flatten()
        .flat_map(|f| Quantile::ALL.map(|q| f.at(q).budget))
        .flatten()
        .map(|verdict| verdict.met)
        .collect();
    let broken = verdicts.iter().filter(|met| !**met).count();
    page.line(&match (verdicts.len(), broken) {
        (0, _) => "It has no latency budget.".to_owned(),
        (n, 0) => format!("All of its {} hold.", count(n, "latency budget")),
        (n, broken) => page.style.red(&format!(
            "{broken} of its {} do not hold.",
            count(n, "latency budget")
        )),
    });
}

pub(super) fn predictions(page: &mut Page, told: &Told<'_>) {
    page.heading("what that is good for", "");
    let predicted = &told.decided.predicted;
    let kinds = [
        ("reads", Kind::Read, &predicted.read),
        ("writes", Kind::Write, &predicted.write),
        (
            "calls elsewhere",
            Kind::CrossRegion,
            &predicted.cross_region,
        ),
    ];
    if kinds.iter().all(|(_, _, forecast)| forecast.is_none()) {
        page.line("nothing can be predicted: nobody says where its users are");
        return;
    }
    for (name, kind, predicted) in kinds {
        forecast(page, told, name, kind, predicted.as_ref());
    }
    let floors = "floors of the network: without the time that services and disks take, and without the way of users to their region";
    let text = page.style.faint(floors);
    page.line(&text);
}

/// Both percentiles, each with its budget.
pub(super) fn forecast(
    page: &mut Page,
    told: &Told<'_>,
    name: &str,
    kind: Kind,
    forecast: Option<&Forecast>,
) {
    let Some(forecast) = forecast else { return };
    for quantile in Quantile::ALL {
        let percentile = forecast.at(quantile);
        page.line(&format!(
            "{name} at {}: {}",
            quantile.name(),
            line(percentile)
        ));
        binding(page, percentile);
        if let Some(budget) = percentile.budget {
            let told_budget = verdict(&percentile.worst, budget, quantile, page.style);
            let place = told.budget(kind).map(|s| told.locate(s));
            page.line(&format!(
                "    budget: {told_budget} ({})",
                place.unwrap_or_default()
            ));
        }
    }
}

/// The term of the worst that is largest, where there are several.
fn binding(page: &mut Page, percentile: &Percentile) {
    let worst = &percentile.worst;
    if worst.terms.len() > 1
        && let Some(term) = worst.binding()
    {
        page.below(&format!("binding: {}, in {}", term.told(), worst.region));
    }
}

pub(super) fn calls(page: &mut Page, told: &Told<'_>) {
    let story = told.story;
    page.heading("whom it calls, and who calls it", "");
    if story.calls.is_empty() && story.callers.is_empty() {
        page.line("nobody");
        return;
    }
    for one in &story.calls {
        call(page, told, "calls", one);
    }
    for one in &story.callers {
        call(page, told, "called by", one);
    }
}

fn call(page: &mut Page, told: &Told<'_>, how: &str, one: &Called) {
    let lives = match one.degrade {
        true => ", and lives on without an answer",
        false => "",
    };
    let legs = match (one.legs.as_slice(), one.inside) {
        ([], _) => "answered in the same region everywhere".to_owned(),
        (_, 0) => "always answered in another region".to_owned(),
        (legs, inside) => format!(
            "answered in the same region in {inside} of {}",
            inside + legs.len()
        ),
    };
    let place = page.style.faint(&told.locate(one.span));
    page.line(&format!("{how} {}: {legs}{lives}   {place}", one.other));
    for Leg {
        from,
        to,
        ns,
        source,
    } in &one.legs
    {
        page.below(&format!(
            "from {from} to {to}: {}{}",
            unknown_or(*ns),
            mark(*source)
        ));
    }
}

pub(super) fn journeys(page: &mut Page, told: &Told<'_>) {
    let all: Vec<_> = told.journeys().collect();
    if all.is_empty() {
        return;
    }
    page.heading("the journeys that it is a step of", "");
    for (name, journey, plan) in all {
        let place = page.style.faint(&told.locate(journey.name.span));
        let Some(plan) = plan else {
            page.line(&format!(
                "{name}: nothing can be predicted: nobody says where its users are   {place}"
            ));
            continue;
        };
        let text = match over(plan) {
            true => page.style.red("over its budget"),
            false => match journey.budget {
                Some(_) => "inside its budget".to_owned(),
                None => "without a budget".to_owned(),
            },
        };
        page.line(&format!("{name}: {text}   {place}"));
        for quantile in Quantile::ALL {
            let percentile = plan.forecast.at(quantile);
            page.line(&format!("  {}: {}", quantile.name(), line(percentile)));
            if let Some(budget) = percentile.budget {
                let told_budget = verdict(&percentile.worst, budget, quantile, page.style);
                page.line(&format!("    budget: {told_budget}"));
            }
            for term in own(&percentile.worst.terms, told) {
                page.below(&format!("its part in that: {term}"));
            }
        }
        if let Some(leg) = &plan.user_leg {
            page.below(&users(leg));
        }
        page.because(&plan.because);
    }
}

/// The terms of a journey that name the service or a store of it.
fn own(terms: &[crate::model::plan::Term], told: &Told<'_>) -> Vec<String> {
    let mut names = vec![format!("`{}`", told.service.name.value)];
    let stores = told.service.stores.iter();
    names.extend(stores.map(|s| format!("`{}`", s.name.value)));
    let named = |what: &str| names.iter().any(|name| what.contains(name.as_str()));
    let terms = terms.iter().filter(|t| named(&t.what));
    terms
        .map(|t| format!("{} {}", time(t.ns), t.what))
        .collect()
}

pub(super) fn said(page: &mut Page, told: &Told<'_>) {
    let all: Vec<_> = told.about().collect();
    page.heading("what is said of it", "");
    if all.is_empty() {
        page.line("nothing: no warning and no note");
        return;
    }
    for one in all {
        let severity = one.effective_severity();
        let word = format!("{}[{}]", severity.name(), one.code.name());
        let word = match severity {
            Severity::Error => page.style.red(&word),
            Severity::Warning => page.style.yellow(&word),
            Severity::Note => page.style.faint(&word),
        };
        let place = one.place().map(|p| told.locate(p)).unwrap_or_default();
        let place = page.style.faint(&place);
        page.line(&format!("{word}: {}   {place}", inert(&one.message)));
        for note in &one.notes {
            page.below(note);
        }
        for help in &one.help {
            page.below(&format!("help: {help}"));
        }
    }
}
