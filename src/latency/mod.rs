//! Round trips and the latency formulas of replication schemes.
//!
//! Turns the inventory and the fleet's own measurements into one matrix: the fleet's
//! `network/rtt.csv` over the atlas's measurements over an estimate that is marked as one.

mod distance;
mod estimate;
mod file;
mod formula;

use std::collections::BTreeMap;

use crate::atlas;
use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources};
use crate::model::name::RegionName;
use crate::model::rtt::{Measurement, RoundTrips, RttSource};
use crate::model::world::{Estimate, NetworkSettings, Region};

pub use distance::distance_m;
pub use estimate::{estimate, user_leg};
pub use formula::{
    COMMIT_WAIT, Commit, commit, each_quorum, global, kth, one_way, quorum, quorum_across, write,
};

/// The round trips between all pairs of regions.
///
/// # Errors
/// When the file is malformed, or a pair is unmeasured and `network.estimate` refuses to guess.
pub fn round_trips(
    regions: &BTreeMap<RegionName, Region>,
    settings: &NetworkSettings,
    csv: Option<(SourceId, &Sources)>,
    sink: &mut Sink,
) -> Result<RoundTrips, Rejected> {
    let before = sink.errors();
    let mut matrix = RoundTrips::default();
    if let Some((source, sources)) = csv {
        file::read(source, sources, regions, &mut matrix, sink);
    }
    let mut unmeasured = Vec::new();
    for (from_name, from) in regions {
        for (to_name, to) in regions {
            if matrix.get(from_name, to_name).is_some() {
                continue;
            }
            let measured = match (from.provider, to.provider) {
                (Some(a), Some(b)) if a == b => {
                    atlas::round_trip(a, from_name.as_str(), to_name.as_str())
                }
                _ => None,
            };
            let (p50, source) = match measured {
                Some(p50) => (p50, RttSource::Atlas),
                // Inside a region the matrix's own diagonal counts, and nothing where it has none.
                None if from_name == to_name => continue,
                None => {
                    unmeasured.push((from_name, to_name));
                    (
                        estimate(from.coordinates, to.coordinates),
                        RttSource::Estimated,
                    )
                }
            };
            let measurement = Measurement {
                p50,
                p99: None,
                source,
            };
            matrix.insert(from_name.clone(), to_name.clone(), measurement);
        }
    }
    if let Some((from, to)) = unmeasured.first() {
        say_unmeasured(from, to, unmeasured.len(), settings.estimate, regions, sink);
    }
    sink.since(before)?;
    Ok(matrix)
}

fn say_unmeasured(
    from: &RegionName,
    to: &RegionName,
    count: usize,
    estimate: Estimate,
    regions: &BTreeMap<RegionName, Region>,
    sink: &mut Sink,
) {
    let others = match count {
        1 => String::new(),
        2 => " and of one other pair".to_owned(),
        n => format!(" and of {} other pairs", n - 1),
    };
    let what = format!("the round trip from `{from}` to `{to}`{others}");
    let diagnostic = match estimate {
        Estimate::Refuse => Diagnostic::new(
            Code::RoundTripMissing,
            format!("{what} is not measured, and `network.estimate` refuses to guess"),
        )
        .help("measure it into `network/rtt.csv`, or set `network.estimate: warn`"),
        Estimate::Warn | Estimate::Enforce => Diagnostic::new(
            Code::RoundTripEstimated,
            format!("{what} is estimated from the distance"),
        )
        .help("measure it into `network/rtt.csv`"),
    };
    let diagnostic = match regions.get(from) {
        Some(region) => diagnostic.at(region.name.span, "measured from here by nobody"),
        None => diagnostic,
    };
    sink.emit(diagnostic);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Span, Spanned};
    use crate::model::name::WaveName;
    use crate::model::place::{Country, Provider};
    use crate::model::rtt::Rtt;

    /// A fleet of AWS regions, and one cabinet under the desk in Oslo.
    fn regions(names: &[&str]) -> (Sources, BTreeMap<RegionName, Region>) {
        let mut sources = Sources::new();
        let id = sources.add("regions.yaml", names.join("\n"));
        let regions = names.iter().map(|name| {
            let known = atlas::region(Provider::Aws, name);
            let oslo = atlas::country_coordinates(Country::parse("NO").unwrap()).unwrap();
            let region = Region {
                name: Spanned::new(RegionName::from(*name), Span::new(id, 0, 3)),
                provider: known.map(|k| k.provider),
                country: known.map_or(Country::parse("NO").unwrap(), |k| k.country),
                coordinates: known.map_or(oslo, |k| k.coordinates),
                zones: Vec::new(),
                wave: WaveName::from("world"),
                clusters: Vec::new(),
            };
            (RegionName::from(*name), region)
        });
        let regions = regions.collect();
        (sources, regions)
    }

    fn read(
        names: &[&str],
        estimate: Estimate,
        csv: Option<&str>,
    ) -> (Result<RoundTrips, Rejected>, Vec<(Code, String)>) {
        let (mut sources, regions) = regions(names);
        let settings = NetworkSettings {
            rtt: "network/rtt.csv".to_owned(),
            estimate,
            p99_factor_milli: 1500,
        };
        let id = csv.map(|text| sources.add("network/rtt.csv", text));
        let mut sink = Sink::new();
        let matrix = round_trips(&regions, &settings, id.map(|id| (id, &sources)), &mut sink);
        let said = sink
            .into_sorted()
            .into_iter()
            .map(|d| {
                (
                    d.code,
                    d.place().map_or_else(String::new, |p| sources.locate(p)),
                )
            })
            .collect();
        (matrix, said)
    }

    const PAIR: [&str; 2] = ["eu-west-1", "us-east-1"];

    #[test]
    fn the_fleets_own_values_win_over_the_atlas_in_their_direction_only() {
        let csv = "# measured\r\nto,from,p50_ms,p99_ms\r\n\r\n\"us-east-1\", eu-west-1 ,50.5,80\r\nus-east-1,us-east-1,7,\r\n";
        let (matrix, said) = read(&PAIR, Estimate::Warn, Some(csv));
        let matrix = matrix.unwrap();
        assert_eq!(said, []);
        let [eu, us] = PAIR.map(RegionName::from);
        let there = matrix.between(&eu, &us).unwrap();
        assert_eq!(
            (there.p50, there.p99),
            (Rtt::micros(50_500), Some(Rtt::micros(80_000)))
        );
        assert_eq!(there.source, RttSource::Fleet);
        assert_eq!(matrix.between(&us, &eu).unwrap().source, RttSource::Atlas);
        assert_eq!(matrix.between(&us, &us).unwrap().p50, Rtt::micros(7000));
        assert_eq!(matrix.between(&eu, &eu).unwrap().source, RttSource::Atlas);
    }

    #[test]
    fn what_nobody_measured_is_estimated_with_a_mark_or_refused() {
        let names = ["eu-west-1", "under-the-desk"];
        let (matrix, said) = read(&names, Estimate::Warn, None);
        assert_eq!(said[0].0, Code::RoundTripEstimated);
        let matrix = matrix.unwrap();
        let [eu, desk] = names.map(RegionName::from);
        assert_eq!(
            matrix.between(&eu, &desk).unwrap().source,
            RttSource::Estimated
        );
        assert_eq!(matrix.get(&desk, &desk), None);
        assert_eq!(matrix.between(&desk, &desk).unwrap().p50, Rtt::default());
        let (matrix, said) = read(&names, Estimate::Refuse, None);
        assert!(matrix.is_err());
        assert_eq!(
            said,
            [(Code::RoundTripMissing, "regions.yaml:1:1".to_owned())]
        );
    }

    #[test]
    fn every_fault_of_the_file_is_found_where_it_stands() {
        let table = |n: &str| (Code::RoundTripTable, format!("network/rtt.csv:{n}"));
        let value = |n: &str| (Code::RoundTripValue, format!("network/rtt.csv:{n}"));
        let head = "from,to,p50_ms,p99_ms\n";
        for (name, csv, expected) in [
            ("empty", String::new(), vec![table("1:1")]),
            ("only a comment", "# nothing".into(), vec![table("1:1")]),
            (
                "no header",
                "eu-west-1,us-east-1,5\n".into(),
                vec![table("1:1"); 3],
            ),
            (
                "a column twice",
                "from,to,p50_ms,to\n".into(),
                vec![table("1:16")],
            ),
            (
                "few cells",
                format!("{head}eu-west-1,us-east-1\n"),
                vec![table("2:1")],
            ),
            (
                "many cells",
                format!("{head}eu-west-1,us-east-1,1,2,3\n"),
                vec![table("2:1")],
            ),
            (
                "negative",
                format!("{head}eu-west-1,us-east-1,-5\n"),
                vec![value("2:21")],
            ),
            (
                "NaN",
                format!("{head}eu-west-1,us-east-1,NaN\n"),
                vec![value("2:21")],
            ),
            (
                "huge",
                format!("{head}eu-west-1,us-east-1,60000.001\n"),
                vec![value("2:21")],
            ),
            (
                "empty",
                format!("{head}eu-west-1,us-east-1,,\n"),
                vec![value("2:21")],
            ),
            (
                "p99 below p50",
                format!("{head}eu-west-1,us-east-1,5,4\n"),
                vec![value("2:23")],
            ),
            (
                "unknown region",
                format!("{head}eu-west-1,us-esat-1,5\n"),
                vec![(Code::RoundTripRegion, "network/rtt.csv:2:11".into())],
            ),
            (
                "twice",
                format!("{head}eu-west-1,us-east-1,5\neu-west-1,us-east-1,5\n"),
                vec![(Code::RoundTripDuplicate, "network/rtt.csv:3:1".into())],
            ),
        ] {
            let (matrix, said) = read(&PAIR, Estimate::Warn, Some(&csv));
            assert!(matrix.is_err(), "{name}");
            let mut expected_places: Vec<_> = expected.iter().map(|e| e.0).collect();
            expected_places.dedup();
            assert_eq!(said.first(), expected.first(), "{name}: {said:?}");
            assert!(
                said.iter().all(|s| expected_places.contains(&s.0)),
                "{name}: {said:?}"
            );
        }
    }
}
