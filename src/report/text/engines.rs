//! The table of store engines for people.

use std::fmt::Write as _;

use crate::engine::{ClassFacts, EngineFacts, Floor, Loss, Lost, Read, Recovery, Write as Formula};

use super::Style;

/// Every engine with its classes, one line each, and what the numbers of the formulas mean.
pub fn engines(all: &[EngineFacts], style: Style) -> String {
    let mut out = String::new();
    for facts in all {
        let name = style.strong(facts.engine.name());
        let _ = writeln!(out, "{name}: {}", facts.about);
        let same = alike(facts);
        if let Some(way) = same {
            let _ = writeln!(out, "  survives {}", survives(way));
        }
        for way in facts.classes {
            let (number, _) = way.write.formula();
            let read = match way.read {
                Read::Leader => "at the leader",
                Read::Local => "local",
                Read::QuorumAcross => "as the write",
            };
            let line = format!(
                "  {:<18} {:<14} write {number:<6} read {read:<14} {:<13} {}",
                way.consistency.name(),
                way.name,
                match way.floor {
                    Floor::Fresh => "fresh".to_owned(),
                    floor => format!("lag {}", lag(floor)),
                },
                match same {
                    Some(_) => String::new(),
                    None => format!("survives {}", survives(way)),
                },
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out.push('\n');
    }
    out.push_str(
        "c is the client's region, P the primary's, L the leader's; floors of the network alone:\n",
    );
    let mut formulas: Vec<Formula> = all
        .iter()
        .flat_map(|f| f.classes)
        .map(|way| way.write)
        .collect();
    formulas.sort_unstable();
    formulas.dedup();
    for formula in formulas {
        let (number, text) = formula.formula();
        let _ = writeln!(out, "  {number:<6} {text}");
    }
    out.push_str("lossy: what had not been replicated is lost\n");
    let more = "regen engines NAME shows the settings, the notes and the sources of one";
    let _ = writeln!(out, "\n{}", style.faint(more));
    out
}

/// One engine in full.
pub fn engine(facts: &EngineFacts, style: Style) -> String {
    let mut out = String::new();
    let name = style.strong(facts.engine.name());
    let _ = writeln!(out, "{name}: {}", facts.about);
    let mut line = |indent: usize, word: &str, text: &str| {
        let _ = writeln!(out, "{:indent$}{word:<10} {text}", "");
    };
    let capability = format!("a cluster with the capability `{}`", facts.capability);
    line(2, "needs", &capability);
    line(2, "deploy", facts.deploy);
    if let Some(port) = facts.port {
        line(2, "port", &port.to_string());
    }
    if facts.standbys {
        line(2, "standbys", "writes can wait for them: `synchronous`");
    }
    if let Some(quorum) = facts.quorum {
        let counts: Vec<String> = quorum.voters.iter().map(u32::to_string).collect();
        let text = format!("{}; {} unless told", counts.join(", "), quorum.unless_told);
        line(2, "voters", &text);
    }
    let per_region = match facts.instances.only {
        [] => String::new(),
        only => {
            let only: Vec<String> = only.iter().map(u32::to_string).collect();
            format!("; only {}", only.join(", "))
        }
    };
    let enough = facts.instances.enough;
    line(
        2,
        "instances",
        &format!("{enough} per region, so that losing one stops nothing{per_region}"),
    );
    line(2, "lag", facts.lag);
    line(2, "survives", facts.survives);
    let same = alike(facts);
    if let Some(way) = same {
        for (word, loss) in [("zone", way.zone), ("region", way.region)] {
            line(
                4,
                word,
                &loss.map_or_else(|| "not survived".to_owned(), lost),
            );
        }
    }
    for way in facts.classes {
        let _ = writeln!(
            out,
            "  {} ({}): {}",
            style.strong(way.consistency.name()),
            way.name,
            way.setting
        );
        let mut line = |word: &str, text: &str| {
            let _ = writeln!(out, "      {word:<8} {text}");
        };
        let (number, text) = way.write.formula();
        line("scheme", way.scheme.name());
        line("write", &format!("{number}: {text}"));
        line("read", way.read.formula());
        line("lag", &lag(way.floor));
        if same.is_none() {
            for (word, loss) in [("zone", way.zone), ("region", way.region)] {
                line(word, &loss.map_or_else(|| "not survived".to_owned(), lost));
            }
        }
    }
    for note in facts.notes {
        let _ = writeln!(out, "  note: {note}");
    }
    for source in facts.sources {
        let _ = writeln!(out, "  {}", style.faint(&format!("source: {source}")));
    }
    out
}

/// One of the ways where all of them survive the same.
fn alike(facts: &EngineFacts) -> Option<&ClassFacts> {
    let first = facts.classes.first()?;
    let same = |way: &ClassFacts| (way.zone, way.region) == (first.zone, first.region);
    facts.classes.iter().all(same).then_some(first)
}

/// `none`, `rtt/2`, `4.2 s`, `1.001-30 s`.
fn lag(floor: Floor) -> String {
    match floor {
        Floor::Fresh => "none".to_owned(),
        Floor::Way => "rtt/2".to_owned(),
        Floor::Setting { least, unless_told } if least == unless_told => {
            format!("{} s", seconds(least.as_micros()))
        }
        Floor::Setting { least, unless_told } => {
            let (least, unless_told) = (least.as_micros(), unless_told.as_micros());
            format!("{}-{} s", seconds(least), seconds(unless_told))
        }
        Floor::Expiry => "to expiry".to_owned(),
    }
}

fn seconds(micros: u64) -> String {
    let millis = format!("{:03}", micros / 1000 % 1000);
    let text = format!("{}.{millis}", micros / 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a class survives, in a few words.
fn survives(way: &ClassFacts) -> String {
    let one = |what: &str, loss: Loss| {
        let mut needs = Vec::new();
        if loss.regions > 1 {
            needs.push(format!("{} regions", loss.regions));
        }
        if loss.voters > 0 {
            needs.push(format!("{} voters", loss.voters));
        }
        if loss.recovery == Recovery::Manual {
            needs.push("by hand".to_owned());
        }
        match loss.lost {
            Lost::Nothing => {}
            Lost::UnlessSynchronous(k) => needs.push(format!("`synchronous: {k}`")),
            Lost::UnlessInstances(n) => needs.push(format!("{n} instances")),
            Lost::Lag | Lost::Everything => needs.push("lossy".to_owned()),
        }
        match needs.is_empty() {
            true => what.to_owned(),
            false => format!("{what} ({})", needs.join(", ")),
        }
    };
    let zone = way.zone.map(|loss| one("zone", loss));
    let region = way.region.map(|loss| one("region", loss));
    let all: Vec<String> = zone.into_iter().chain(region).collect();
    all.join(", ")
}

fn lost(loss: Loss) -> String {
    let regions = match loss.regions {
        1 => "1 region".to_owned(),
        n => format!("{n} regions"),
    };
    let voters = match loss.voters {
        0 => String::new(),
        n => format!(" and {n} voters"),
    };
    let who = match loss.recovery {
        Recovery::Automatic => "by itself",
        Recovery::Manual => "by hand",
    };
    let gone = match loss.lost {
        Lost::Nothing => "nothing is lost".to_owned(),
        Lost::UnlessSynchronous(k) => {
            format!(
                "nothing is lost with `synchronous: {k}` or more, else what had not been replicated"
            )
        }
        Lost::UnlessInstances(n) => {
            format!("nothing is lost with {n} instances or more, else what had not been replicated")
        }
        Lost::Lag => "what had not been replicated is lost".to_owned(),
        Lost::Everything => "everything is lost".to_owned(),
    };
    format!("from {regions}{voters}, {who}; {gone}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_as_short_as_they_are_exact() {
        for (micros, text) in [
            (4_200_000, "4.2"),
            (1_001_000, "1.001"),
            (30_000_000, "30"),
            (90_000_000, "90"),
        ] {
            assert_eq!(seconds(micros), text);
        }
    }
}
