//! What the fleet survives, for people: a matrix, a story per loss, and the verdict.

pub(super) mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diag::Sources;
use crate::model::simulation::{
    Lost, Moved, Outcome, Rto, ServiceOutcome, Simulation, StoreOutcome, Survives, Writes,
};
use crate::model::world::World;

use super::plan::{count, headline, milliseconds};
use super::{Style, inert};
use words::{
    fullest, one_budget, one_cluster, percent, rpo_rank, rpo_text, rpo_word, rto_rank, rto_text,
    rto_word, writes_text, writes_word,
};

/// So many losses are repeated in the verdict; the others are counted.
const LISTED: usize = 10;
/// So many losses are told at length.
const STORIES: usize = 20;
/// So many stores are named in the verdict.
const STORES: usize = 5;

/// The whole report.
pub fn simulation(
    world: &World,
    simulation: &Simulation,
    sources: &Sources,
    style: Style,
) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", style.strong(&headline(world)));
    if simulation.outcomes.len() > 1 {
        out.push('\n');
        matrix(&mut out, &simulation.outcomes, style);
    }
    let (told, left) = worth_a_story(&simulation.outcomes);
    for outcome in told {
        out.push('\n');
        story(&mut out, outcome, sources, style);
    }
    if left > 0 {
        let more = match left {
            1 => "one more loss stands in the table alone; `--lose` tells it".to_owned(),
            n => format!("{n} more losses stand in the table alone; `--lose` tells one"),
        };
        let _ = writeln!(out, "\n{}", style.faint(&more));
    }
    out.push('\n');
    verdict(&mut out, simulation, style);
    out
}

fn name(outcome: &Outcome) -> String {
    let lost: Vec<String> = outcome.lost.iter().map(ToString::to_string).collect();
    lost.join(" and ")
}

/// The losses that are told at length: of regions, and those that break what is promised or are not
/// known; and how many are not.
fn worth_a_story(outcomes: &[Outcome]) -> (Vec<&Outcome>, usize) {
    let told = |o: &&Outcome| {
        let regions = o.lost.iter().all(|l| matches!(l, Lost::Region(_)));
        outcomes.len() == 1 || regions || o.survives() != Survives::Yes
    };
    let told: Vec<&Outcome> = outcomes.iter().filter(told).take(STORIES).collect();
    let left = outcomes.len() - told.len();
    (told, left)
}

/// The lines of the table: losses of one kind that come to the same are one, but for regions.
fn groups(outcomes: &[Outcome]) -> Vec<(&Outcome, [String; 8])> {
    let mut groups: Vec<(&Outcome, [String; 8], usize)> = Vec::new();
    let mut known: BTreeMap<(&str, Vec<String>), usize> = BTreeMap::new();
    for outcome in outcomes {
        let cells = row(outcome);
        let kind = outcome.lost.first().map_or("", Lost::kind);
        let same = (kind, cells[1..].to_vec());
        match known.get(&same) {
            Some(&at) if kind != "region" => groups[at].2 += 1,
            _ => {
                known.insert(same, groups.len());
                groups.push((outcome, cells, 0));
            }
        }
    }
    let named = |(outcome, mut cells, more): (_, [String; 8], usize)| {
        let outcome: &Outcome = outcome;
        if more > 0 {
            let kind = outcome.lost.first().map_or("", Lost::kind);
            cells[0] = format!("{} and {}", cells[0], count(more, &format!("more {kind}")));
        }
        (outcome, cells)
    };
    groups.into_iter().map(named).collect()
}

/// One line per loss, or for several of a kind that come to the same.
fn matrix(out: &mut String, outcomes: &[Outcome], style: Style) {
    let head = [
        "lost",
        "moved",
        "nobody",
        "writes",
        "data lost",
        "back",
        "fullest",
        "broken",
    ];
    let head = head.map(str::to_owned);
    let rows = groups(outcomes);
    let width = |column: usize| {
        let cells = rows
            .iter()
            .map(|(_, cells)| cells)
            .chain([&head])
            .map(|r| r[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..8).map(width).collect();
    let line = |cells: &[String; 8]| {
        let padded = cells.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let _ = writeln!(out, "{}", style.strong(&line(&head)));
    for (outcome, cells) in rows {
        let text = line(&cells);
        let painted = match outcome.survives() {
            Survives::Yes => text,
            Survives::Unknown => style.yellow(&text),
            Survives::No => style.red(&text),
        };
        let _ = writeln!(out, "{painted}");
    }
    let legend = "moved, nobody: services whose users another region serves, or none · data lost, back: the worst store or service";
    let _ = writeln!(out, "{}", style.faint(legend));
}

fn row(outcome: &Outcome) -> [String; 8] {
    let services = || outcome.services.values();
    let moved = services().filter(|s| s.moved.iter().any(|m| m.to.is_some()));
    let nobody = services().filter(|s| s.unserved_ppm > 0);
    let stores = || outcome.stores.values();
    let writes = stores().map(|s| s.writes).max().unwrap_or_default();
    let rpo = stores().map(|s| &s.rpo).max_by_key(|r| rpo_rank(r));
    let rto = services().map(|s| &s.rto).chain(stores().map(|s| &s.rto));
    let rto = rto.max_by_key(|r| rto_rank(r));
    let full = outcome.clusters.values().filter_map(fullest).max();
    let number = |n: usize| {
        if n == 0 {
            "-".to_owned()
        } else {
            n.to_string()
        }
    };
    let broken = outcome.broken.len();
    let unknown = outcome.unknown.len();
    [
        name(outcome),
        number(moved.count()),
        number(nobody.count()),
        if outcome.stores.is_empty() {
            "-".to_owned()
        } else {
            writes_word(writes).to_owned()
        },
        rpo.map_or("-", rpo_word).to_owned(),
        rto.map_or("-".to_owned(), rto_word),
        full.map_or("-".to_owned(), |tenths| format!("{}%", tenths.div_ceil(10))),
        match (broken, unknown) {
            (0, 0) => "nothing".to_owned(),
            (0, n) => format!("{n} unknown"),
            (n, _) => count(n, "promise"),
        },
    ]
}

fn story(out: &mut String, outcome: &Outcome, sources: &Sources, style: Style) {
    let title = format!("without {}", name(outcome));
    let result = match outcome.survives() {
        Survives::Yes => style.green("every promise holds"),
        Survives::Unknown => style.yellow("no promise breaks, as far as it is known"),
        Survives::No => style.red(&format!(
            "breaks {}",
            count(outcome.broken.len(), "promise")
        )),
    };
    let _ = writeln!(out, "{}: {result}", style.strong(&title));
    for broken in &outcome.broken {
        let place = broken.span.map(|s| sources.locate(s)).unwrap_or_default();
        let (what, word) = (inert(&broken.what), style.red(broken.promise.name()));
        let _ = writeln!(out, "  {word}: {what}   {}", style.faint(&place));
    }
    for (names, service) in alike(outcome) {
        let _ = writeln!(out, "  {}", style.strong(&names.join(", ")));
        out.push_str(&service);
    }
    for (key, store) in &outcome.stores {
        let _ = writeln!(out, "  {}", style.strong(&key.to_string()));
        one_store(out, store, style);
    }
    for (cluster, load) in &outcome.clusters {
        let _ = writeln!(out, "  {}", style.strong(cluster.as_str()));
        one_cluster(out, load, style);
    }
    if !outcome.budgets.is_empty() {
        let _ = writeln!(out, "  {}", style.strong("budgets"));
        for budget in &outcome.budgets {
            let _ = writeln!(out, "    {}", one_budget(budget, style));
        }
    }
    for (word, texts) in [
        ("accepted", &outcome.accepted),
        ("at its limit", &outcome.notes),
        ("unknown", &outcome.unknown),
    ] {
        for text in texts {
            let _ = writeln!(out, "  {}: {}", style.yellow(word), inert(text));
        }
    }
    let nothing = outcome.services.is_empty() && outcome.stores.is_empty();
    if nothing && outcome.broken.is_empty() {
        let _ = writeln!(out, "  {}", style.faint("no service and no store notices"));
    }
}

/// What services go through, with the names of those that go through the same.
fn alike(outcome: &Outcome) -> Vec<(Vec<String>, String)> {
    let mut groups: Vec<(Vec<String>, String)> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (key, service) in &outcome.services {
        let story = one_service(service);
        match known.get(&story) {
            Some(&at) => groups[at].0.push(key.to_string()),
            None => {
                known.insert(story.clone(), groups.len());
                groups.push((vec![key.to_string()], story));
            }
        }
    }
    groups
}

pub(in crate::report::text) fn one_service(service: &ServiceOutcome) -> String {
    let mut out = String::new();
    for moved in &service.moved {
        let _ = writeln!(out, "    {}", one_move(moved, service.audience));
    }
    if service.moved.is_empty() {
        let regions: Vec<&str> = service.serves_in.iter().map(|r| r.as_str()).collect();
        let _ = writeln!(
            out,
            "    all users stay: it serves in {}",
            regions.join(", ")
        );
    } else if service.audience
        && let (Some(before), Some(after)) = (service.before_ns, service.after_ns)
    {
        let (before, after) = (milliseconds(before), milliseconds(after));
        let _ = writeln!(
            out,
            "    reads of all that are served: {before} → {after} on average"
        );
    }
    match &service.rto {
        Rto::None => {}
        rto => {
            let _ = writeln!(out, "    back {}", rto_text(rto));
        }
    }
    for callee in &service.unanswered {
        let _ = writeln!(out, "    its calls to {callee} fail");
    }
    out
}

/// `58.1% of users: eu-central-1 → eu-west-1, 4.0 ms → 30.9 ms`.
fn one_move(moved: &Moved, audience: bool) -> String {
    let to = moved.to.as_ref().map_or("nobody", |r| r.as_str());
    let who = if audience {
        format!("{} of users", percent(moved.share_ppm))
    } else {
        "users".to_owned()
    };
    let mut text = format!("{who}: {} → {to}", moved.from);
    if audience && moved.to.is_some() {
        let ms = |ns: Option<u64>| ns.map_or("unknown".to_owned(), milliseconds);
        let _ = write!(text, ", {} → {}", ms(moved.before_ns), ms(moved.after_ns));
    }
    text
}

pub(in crate::report::text) fn one_store(out: &mut String, store: &StoreOutcome, style: Style) {
    let leader = |region: &Option<crate::model::name::RegionName>| {
        region
            .as_ref()
            .map_or("nowhere".to_owned(), ToString::to_string)
    };
    let mut line = match (&store.led_from, &store.leads) {
        (None, _) => "every region takes writes".to_owned(),
        (from, to) if from == to => format!("led from {}", leader(to)),
        (from, to) => format!("led from {} → {}", leader(from), leader(to)),
    };
    if let Some((left, all)) = store.voters {
        let _ = write!(line, "; {left} of {all} voters left");
    }
    let writes = writes_text(store.writes);
    let painted = if store.writes == Writes::Stop {
        style.red(writes)
    } else {
        writes.to_owned()
    };
    let apart: Vec<&str> = store.cut_off.iter().map(|r| r.as_str()).collect();
    let except = match apart.is_empty() {
        true => String::new(),
        false => style.red(&format!(", not for users in {}", apart.join(", "))),
    };
    let _ = writeln!(out, "    {line}; writes {painted}{except}");
    for reason in &store.because {
        let _ = writeln!(out, "      {}", style.faint(&inert(reason)));
    }
    let _ = writeln!(out, "    loses {}", rpo_text(&store.rpo));
    if store.rto != Rto::None {
        let _ = writeln!(out, "    back {}", rto_text(&store.rto));
    }
}

fn verdict(out: &mut String, simulation: &Simulation, style: Style) {
    let survives = simulation.survives();
    let word = match survives {
        Survives::Yes => style.green("yes"),
        Survives::Unknown => style.yellow("not known"),
        Survives::No => style.red("no"),
    };
    let claim = format!("the fleet survives {}", simulation.claim);
    let _ = writeln!(out, "{}: {word}, because", style.strong(&claim));
    let outcomes = &simulation.outcomes;
    let mut shown = 0;
    let say = |out: &mut String, text: &str| {
        let _ = writeln!(out, "  {text}");
    };
    for outcome in outcomes.iter().filter(|o| o.survives() == survives) {
        let reasons: Vec<&str> = match survives {
            Survives::No => outcome.broken.iter().map(|b| b.what.as_str()).collect(),
            Survives::Unknown => outcome.unknown.iter().map(String::as_str).collect(),
            Survives::Yes => break,
        };
        let more = match reasons.len() {
            0 | 1 => String::new(),
            n => format!(", and {} more", n - 1),
        };
        let first = inert(reasons.first().copied().unwrap_or_default());
        say(out, &format!("without {}: {first}{more}", name(outcome)));
        shown += 1;
        if shown == LISTED {
            break;
        }
    }
    let alike = outcomes.iter().filter(|o| o.survives() == survives).count();
    if survives != Survives::Yes && alike > shown {
        let more = match alike - shown {
            1 => "1 more loss".to_owned(),
            n => format!("{n} more losses"),
        };
        say(out, &format!("and {more} above"));
    }
    if survives == Survives::Yes {
        say(
            out,
            &match outcomes.len() {
                1 => "it breaks no promise".to_owned(),
                n => format!("all of {n} losses hold every promise"),
            },
        );
    }
    for part in &simulation.left_out {
        say(out, &format!("nobody knows of {}", inert(part)));
    }
    let manual = outcomes
        .iter()
        .flat_map(|o| o.stores.iter().filter(|(_, s)| s.writes == Writes::Person))
        .map(|(key, _)| key.to_string())
        .collect::<std::collections::BTreeSet<_>>();
    if !manual.is_empty() {
        let more = match manual.len().saturating_sub(STORES) {
            0 => String::new(),
            n => format!(" and {}", count(n, "more store")),
        };
        let stores: Vec<String> = manual.into_iter().take(STORES).collect();
        let stores = stores.join(", ");
        say(
            out,
            &format!("a person has to act for writes of {stores}{more}"),
        );
    }
    let accepted: usize = outcomes.iter().map(|o| o.accepted.len()).sum();
    if accepted > 0 {
        say(
            out,
            &format!(
                "{} of what stops is accepted by the catalog",
                count(accepted, "case")
            ),
        );
    }
}
