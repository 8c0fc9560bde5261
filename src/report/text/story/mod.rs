//! The story of a service for people, from its users to what its lock holds.

mod after;
mod around;
mod regions;
mod stores;

use std::fmt::Write as _;

use crate::diag::Label;
use crate::model::plan::{Because, Source};
use crate::report::told::Told;

use super::moves::movement;
use super::plan::milliseconds;
use super::{Style, inert};

/// Everything about a service's placement.
pub fn story(told: &Told<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    page.title(told);
    around::short(&mut page, told);
    regions::users(&mut page, told);
    regions::considered(&mut page, told);
    regions::chosen(&mut page, told);
    stores::all(&mut page, told);
    around::predictions(&mut page, told);
    after::failover(&mut page, told);
    after::dns(&mut page, told);
    around::calls(&mut page, told);
    around::journeys(&mut page, told);
    after::waves(&mut page, told);
    page.sticky(told, None);
    around::said(&mut page, told);
    page.out
}

/// Everything about one of its stores.
pub fn store_story(told: &Told<'_>, store: &str, style: Style) -> String {
    let mut page = Page::new(style);
    page.title(told);
    for one in told
        .story
        .stores
        .iter()
        .filter(|s| s.store.as_str() == store)
    {
        stores::one(&mut page, told, one);
    }
    after::store_losses(&mut page, told, store);
    page.sticky(told, Some(store));
    page.out
}

/// Text as it grows.
struct Page {
    out: String,
    style: Style,
}

impl Page {
    fn new(style: Style) -> Self {
        Self {
            out: String::new(),
            style,
        }
    }

    /// A heading, with the place that it is about.
    fn heading(&mut self, text: &str, place: &str) {
        let place = match place {
            "" => String::new(),
            place => format!("   {}", self.style.faint(place)),
        };
        let _ = writeln!(self.out, "\n{}{place}", self.style.strong(text));
    }

    /// A line two columns in; it may hold colours.
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "  {text}");
    }

    /// Rows of as many cells, the first of them the head.
    fn table<const N: usize>(&mut self, rows: &[[String; N]]) {
        let width = |column: usize| rows.iter().map(|r| r[column].chars().count()).max();
        let widths: Vec<usize> = (0..N).map(|c| width(c).unwrap_or_default()).collect();
        for (i, row) in rows.iter().enumerate() {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, w)| format!("{cell:<w$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            let line = line.trim_end();
            let line = if i == 0 {
                self.style.faint(line)
            } else {
                line.to_owned()
            };
            self.line(&line);
        }
    }

    /// A line below that.
    fn below(&mut self, text: &str) {
        let text = self.style.faint(&inert(text));
        let _ = writeln!(self.out, "      {text}");
    }

    fn because(&mut self, because: &Because) {
        for reason in &because.0 {
            self.below(reason);
        }
    }

    fn places(&mut self, told: &Told<'_>, places: &[Label]) {
        if !places.is_empty() {
            let text = places_of(told, places);
            self.below(&text);
        }
    }

    fn title(&mut self, told: &Told<'_>) {
        let (story, service) = (told.story, told.service);
        let name = story.key.to_string();
        let place = told.locate(service.name.span);
        let place = self.style.faint(&place);
        let _ = writeln!(self.out, "{}   {place}", self.style.strong(&name));
        let tier = word(&service.tier);
        let owner = match &service.owner {
            Some(owner) => format!("; {} answers for it", owner.team),
            None => String::new(),
        };
        let text = format!(
            "{tier}, namespace {}, environment {}{owner}",
            service.namespace, story.key.environment
        );
        self.line(&inert(&text));
        let others: Vec<String> = told
            .world
            .services
            .keys()
            .filter(|k| k.service == story.key.service && **k != story.key)
            .map(ToString::to_string)
            .collect();
        if !others.is_empty() {
            self.line(&format!(
                "in other environments, each decided by itself: {}",
                others.join(", ")
            ));
        }
    }

    /// What the lock holds, what moves against it, and what would if it was free.
    fn sticky(&mut self, told: &Told<'_>, store: Option<&str>) {
        self.heading("what stays", "");
        if !told.locked {
            self.line("there is no regen.lock yet: `regen plan --write` makes these decisions stay until they are illegal");
            return;
        }
        let locked = &told.story.choice.locked;
        if store.is_none() {
            self.line(&match locked {
                Some(regions) => format!("regen.lock holds it in {}", inert(&regions.join(", "))),
                None => "regen.lock does not know it yet".to_owned(),
            });
        }
        let stores = told.story.stores.iter();
        for one in stores.filter(|s| store.is_none_or(|asked| s.store.as_str() == asked)) {
            let text = match &one.locked {
                None => "regen.lock does not know it yet".to_owned(),
                Some((leader, voters)) => {
                    let leader = leader.as_ref().map(|l| format!("led from {l}"));
                    let voters = match voters.as_slice() {
                        [] => None,
                        voters => Some(format!("voters in {}", voters.join(", "))),
                    };
                    let all: Vec<String> = leader.into_iter().chain(voters).collect();
                    match all.is_empty() {
                        true => "nothing leads it, so nothing has to stay".to_owned(),
                        false => format!("regen.lock has it {}", all.join(", ")),
                    }
                }
            };
            self.line(&inert(&format!("{}: {text}", stores::name(one))));
        }
        let mut nothing = true;
        for (title, moves) in [
            ("moves, against regen.lock", &told.plan.moves),
            (
                "better, but not done: regen.lock keeps it (--rebalance accepts)",
                &told.plan.proposals,
            ),
        ] {
            let own: Vec<_> = told.moves(moves, store).collect();
            if !own.is_empty() {
                nothing = false;
                let title = self.style.yellow(title);
                self.line(&title);
                for one in own {
                    movement(&mut self.out, one, self.style);
                }
            }
        }
        if nothing {
            self.line("nothing moves, and nothing would be better by itself");
        }
    }
}

/// `services/a.yaml:1:2 (what asks for it), …`.
fn places_of(told: &Told<'_>, places: &[Label]) -> String {
    let each = places.iter().map(|label| {
        let place = told.locate(label.span);
        match label.text.as_str() {
            "" => place,
            text => format!("{place} ({text})"),
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

/// `4.312345 ms`: all six decimals.
fn exact(ns: u64) -> String {
    format!("{}.{:06} ms", ns / 1_000_000, ns % 1_000_000)
}

/// `+1.8 ms`, `-0.4 ms`, `the same`.
fn change(from: u64, to: u64) -> String {
    match to.cmp(&from) {
        std::cmp::Ordering::Equal => "the same".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", small(to - from)),
        std::cmp::Ordering::Less => format!("-{}", small(from - to)),
    }
}

/// A difference; what a tenth of a millisecond would hide, in full.
fn small(ns: u64) -> String {
    if ns < 100_000 {
        exact(ns)
    } else {
        milliseconds(ns)
    }
}

fn unknown_or(ns: Option<u64>) -> String {
    ns.map_or_else(|| "unknown".to_owned(), milliseconds)
}

/// `, estimated`, where nobody measured.
fn mark(source: Source) -> &'static str {
    match source {
        Source::Estimated => ", estimated",
        Source::Unknown | Source::Inside | Source::Measured | Source::Factored => "",
    }
}

/// A word as it is written in YAML.
fn word(of: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(of).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
