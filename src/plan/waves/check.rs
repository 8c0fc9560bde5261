//! Declared waves to where they break a rule: what is at stake goes last, and partners apart.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::model::name::RegionName;
use crate::model::plan::WavePlan;

use super::apart::Why;
use super::{Rollout, said};
use crate::plan::words;

/// How many reasons are told beside the gravest.
const TOLD: usize = 3;

/// Reports; `regions` are those of each wave.
pub(super) fn declared(
    rollout: &Rollout<'_>,
    waves: &[WavePlan],
    regions: &[Vec<usize>],
    sink: &mut Sink,
) {
    first(rollout, waves, regions, sink);
    leaders(rollout, waves, regions, sink);
    for (wave, regions) in waves.iter().zip(regions) {
        together(rollout, wave, regions, sink);
    }
}

/// The first wave risks least: no leader, and not most of the audience.
fn first(rollout: &Rollout<'_>, waves: &[WavePlan], regions: &[Vec<usize>], sink: &mut Sink) {
    let ([wave, _, ..], [members, ..]) = (waves, regions) else {
        return;
    };
    let audience = |r: usize| -> u128 {
        let clusters = rollout.regions[r].iter();
        clusters.map(|&c| rollout.stakes[c].audience).sum()
    };
    let most = (0..rollout.regions.len()).max_by_key(|&r| (audience(r), std::cmp::Reverse(r)));
    let most = most.filter(|&r| audience(r) > 0);
    // Where every other region is as much at risk, there is nothing better to begin with.
    let quiet = |r: &usize| {
        let led = rollout.regions[*r].iter().any(|&c| rollout.stakes[c].leads);
        !led && Some(*r) != most && !members.contains(r)
    };
    let others = (0..rollout.regions.len()).filter(quiet);
    let Some(better) = others.min_by_key(|&r| (audience(r), r)) else {
        return;
    };
    let better = rollout.ground.names[better];
    for &region in members {
        let busiest = most == Some(region);
        let led: Vec<_> = rollout.regions[region]
            .iter()
            .flat_map(|&c| &rollout.apart.leads[c])
            .collect();
        let why = match (led.as_slice(), busiest) {
            ([], false) => continue,
            ([], true) => "serves more of the audience than any other".to_owned(),
            ([one], _) => format!("leads store `{one}`"),
            (many, _) => format!("leads {} stores", many.len()),
        };
        let region = rollout.ground.names[region];
        let risky = Diagnostic::new(
            Code::WaveOrder,
            format!(
                "the first wave, `{}`, begins with `{region}`, which {why}",
                wave.name
            ),
        )
        .at(place(rollout, region), "changes arrive here first")
        .help(format!(
            "begin with a region with little traffic and no leader, such as `{better}`"
        ));
        sink.emit(risky);
    }
}

fn place(rollout: &Rollout<'_>, region: &RegionName) -> crate::diag::Span {
    rollout.ground.world.regions[region].name.span
}

/// A leader changes no earlier than the copies that would be promoted; the first wave is told of
/// above. Regions that lead for each other have no order.
fn leaders(rollout: &Rollout<'_>, waves: &[WavePlan], regions: &[Vec<usize>], sink: &mut Sink) {
    let clusters = |wave: &Vec<usize>| -> Vec<usize> {
        wave.iter()
            .flat_map(|&r| rollout.regions[r].iter().copied())
            .collect()
    };
    let mut told: BTreeSet<&RegionName> = BTreeSet::new();
    for (early, earlier) in regions.iter().enumerate().skip(1) {
        for &leader in &clusters(earlier) {
            for (late, later) in regions.iter().enumerate().skip(early + 1) {
                let follows = clusters(later).into_iter().find_map(|c| {
                    let mut shared = rollout.apart.all(leader, c).filter_map(|why| match why {
                        Why::Copy(store) | Why::Quorum(store) | Why::Standby(store) => Some(store),
                        Why::Partner(_) => None,
                    });
                    let led = &rollout.apart.leads[leader];
                    let store = shared.find(|store| led.contains(store))?;
                    let alone = rollout.apart.leads[c].is_empty();
                    alone.then_some((c, store))
                });
                let Some((follower, store)) = follows else {
                    continue;
                };
                let (here, there) = (rollout.region(leader), rollout.region(follower));
                if !told.insert(here) {
                    continue;
                }
                let (early, late) = (&waves[early].name, &waves[late].name);
                let risky = Diagnostic::new(
                    Code::WaveOrder,
                    format!("wave `{early}` changes `{here}`, which leads store `{store}`, before `{there}` in wave `{late}`, which has its copy"),
                )
                .at(place(rollout, here), "leads")
                .see(place(rollout, there), "follows")
                .help(format!("let `{here}` go last, with or after wave `{late}`"));
                sink.emit(risky);
            }
        }
    }
}

/// No two regions of a wave are partners or members of one quorum; where they are, its steps keep
/// them apart.
fn together(rollout: &Rollout<'_>, wave: &WavePlan, regions: &[usize], sink: &mut Sink) {
    let mut pairs: Vec<(Why<'_>, usize, usize)> = Vec::new();
    for (i, &a) in regions.iter().enumerate() {
        for &b in &regions[i + 1..] {
            let clusters = rollout.regions[a].iter();
            let both = clusters.flat_map(|&a| rollout.regions[b].iter().map(move |&b| (a, b)));
            let worst = both.filter_map(|(a, b)| rollout.apart.why(a, b)).min();
            pairs.extend(worst.map(|why| (why, a, b)));
        }
    }
    pairs.sort_unstable();
    let Some(&(why, a, b)) = pairs.first() else {
        return;
    };
    let clusters = rollout.regions[a].iter();
    let both = clusters.flat_map(|&a| rollout.regions[b].iter().map(move |&b| (a, b)));
    let others: BTreeSet<Why<'_>> = both
        .flat_map(|(a, b)| rollout.apart.all(a, b))
        .filter(|other| *other != why)
        .collect();
    let (a, b) = (rollout.ground.names[a], rollout.ground.names[b]);
    let order = wave.steps.iter().map(|step| {
        let names = step.clusters.iter().map(|c| c.as_str());
        words::list(names)
    });
    let order: Vec<String> = order.collect();
    let mut report = Diagnostic::new(
        Code::WaveTogether,
        format!(
            "wave `{}` changes `{a}` and `{b}` together: {}",
            wave.name,
            said(why)
        ),
    )
    .at(place(rollout, b), "in the same wave")
    .see(place(rollout, a), format!("as `{a}`"))
    .severity(match why {
        Why::Quorum(_) | Why::Standby(_) => Severity::Warning,
        Why::Copy(_) | Why::Partner(_) => Severity::Note,
    });
    for other in others.iter().take(TOLD) {
        report = report.note(format!("and {}", said(*other)));
    }
    if others.len() > TOLD {
        let more = words::count(others.len() - TOLD, "other reason");
        report = report.note(format!("and for {more}"));
    }
    if pairs.len() > 1 {
        report = report.note(format!(
            "so are {} of its regions",
            words::count(pairs.len(), "pair")
        ));
    }
    sink.emit(report.help(format!(
        "put one of them into another wave, or roll this one out in its {}: {}",
        words::count(order.len(), "step"),
        order.join(", then ")
    )));
}
