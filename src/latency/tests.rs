//! What a fleet's files make of round trips.

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
            telemetry: None,
            zones: Vec::new(),
            wave: Some(WaveName::from("world")),
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
    let matrix = matrix.unwrap();
    assert_eq!(said, []);
    assert_eq!(
        (matrix.get(&eu, &desk), matrix.get(&desk, &eu)),
        (None, None)
    );
    assert_eq!(
        matrix.get(&eu, &eu).map(|m| m.source),
        Some(RttSource::Atlas)
    );
}

#[test]
fn every_fault_of_the_file_is_found_where_it_stands() {
    let table = |n: &str| (Code::RoundTripTable, format!("network/rtt.csv:{n}"));
    let value = |n: &str| (Code::RoundTripValue, format!("network/rtt.csv:{n}"));
    let region = |n: &str| (Code::RoundTripRegion, format!("network/rtt.csv:{n}"));
    let head = "from,to,p50_ms,p99_ms\n";
    for (name, csv, expected) in [
        ("empty", String::new(), vec![table("1:1")]),
        ("only a comment", "# nothing".into(), vec![table("1:1")]),
        (
            "no header",
            "eu-west-1,us-east-1,5\n".into(),
            vec![table("1:1")],
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
            "p99 without a median",
            format!("{head}eu-west-1,us-east-1,,4\n"),
            vec![value("2:22")],
        ),
        (
            "nowhere",
            format!("{head}eu-west-1,,4\n"),
            vec![table("2:1")],
        ),
        (
            "zone of a region that lists none",
            format!("{head}eu-west-1/a,eu-west-1/b,1\n"),
            vec![region("2:11"), region("2:23")],
        ),
        ("semicolons", "from;to;p50_ms\n".into(), vec![table("1:1")]),
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
        assert_eq!(said, expected, "{name}");
    }
}

#[test]
fn a_hole_in_the_file_is_what_the_atlas_knows_and_never_zero() {
    let csv = "\u{feff}from , to, p50_ms\r\n eu-west-1,\tus-east-1 , \r\n\" us-east-1 \",eu-west-1,\"\"\r\n";
    let (matrix, said) = read(&PAIR, Estimate::Warn, Some(csv));
    assert_eq!(said, []);
    assert_eq!(matrix, read(&PAIR, Estimate::Warn, None).0);
}

#[test]
fn a_stranger_is_a_slip_only_where_a_near_region_lacks_its_rows() {
    let head = "from,to,p50_ms\n";
    let unused = |n: &str| vec![(Code::RoundTripUnused, format!("network/rtt.csv:{n}"))];
    let slip = |n: &str| vec![(Code::RoundTripRegion, format!("network/rtt.csv:{n}"))];
    for (name, rows, expected) in [
        (
            "far from every name",
            "moon,eu-west-1,1200\neu-west-1,moon,1200",
            unused("2:1"),
        ),
        (
            "another region of the cloud",
            "us-east-2,eu-west-1,80",
            unused("2:1"),
        ),
        (
            "near, beside the row it could be",
            "us-east-11,eu-west-1,80\nus-east-1,eu-west-1,70",
            unused("2:1"),
        ),
        (
            "near, in two rows",
            "us-east-11,eu-west-1,80\neu-west-1,us-east-11,70",
            slip("2:1"),
        ),
    ] {
        let (matrix, said) = read(&PAIR, Estimate::Warn, Some(&format!("{head}{rows}\n")));
        assert_eq!(said, expected, "{name}");
        assert_eq!(
            matrix.is_err(),
            expected[0].0 == Code::RoundTripRegion,
            "{name}"
        );
    }
}

#[test]
fn zones_are_checked_kept_and_stand_in_for_their_regions() {
    let csv = "from,to,p50_ms,p99_ms
eu-west-1/a,eu-west-1/b,0.6,
eu-west-1/eu-west-1b,eu-west-1/a,0.8,3
eu-west-1/a,eu-west-1/c,0.7,
eu-west-1/a,eu-west-1/a,0.1,
eu-west-1/a,us-east-1/b,70,
eu-west-1/b,us-east-1/b,72,90
us-east-1/a,us-east-1/b,0.9,
us-east-1,us-east-1,2,
";
    let (mut sources, mut regions) = regions(&PAIR);
    for (name, region) in &mut regions {
        region.zones = atlas::region(Provider::Aws, name.as_str())
            .unwrap()
            .zones
            .clone();
    }
    let id = sources.add("network/rtt.csv", csv);
    let mut sink = Sink::new();
    let settings = NetworkSettings {
        rtt: String::new(),
        estimate: Estimate::Warn,
        p99_factor_milli: 1500,
    };
    let matrix = round_trips(&regions, &settings, Some((id, &sources)), &mut sink).unwrap();
    assert_eq!(sink.diagnostics(), []);
    let [eu, us] = PAIR.map(RegionName::from);
    let value = |from, to| {
        let m = matrix.get(from, to).unwrap();
        (m.p50.as_micros(), m.p99.map(Rtt::as_micros), m.source)
    };
    let fleet = RttSource::Fleet;
    assert_eq!(
        value(&eu, &eu),
        (700, Some(3000), fleet),
        "the middle, and the largest p99"
    );
    assert_eq!(
        value(&eu, &us),
        (72_000, Some(90_000), fleet),
        "the upper middle of two"
    );
    assert_eq!(value(&us, &us), (2000, None, fleet), "its own row wins");
    assert_eq!(value(&us, &eu).2, RttSource::Atlas);
    let zones = matrix.zones(&eu).unwrap();
    let trips: Vec<_> = zones
        .iter()
        .map(|(a, b, m)| (a.as_str(), b.as_str(), m.p50.as_micros()))
        .collect();
    assert_eq!(
        trips,
        [
            ("eu-west-1a", "eu-west-1a", 100),
            ("eu-west-1a", "eu-west-1b", 600),
            ("eu-west-1a", "eu-west-1c", 700),
            ("eu-west-1b", "eu-west-1a", 800),
        ]
    );
}

#[test]
fn two_hundred_and_fifty_places_are_read_at_once_in_any_order() {
    let names: Vec<String> = (0..250).map(|i| format!("place-{i:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut rows: Vec<String> = Vec::new();
    for (i, a) in names.iter().enumerate() {
        for (j, b) in names.iter().enumerate() {
            rows.push(format!(
                "{a},{b},{}.{}",
                (i * 7 + j * 13) % 300,
                (i + j) % 10
            ));
        }
    }
    let text = |rows: &[String]| format!("from,to,p50_ms\n{}\n", rows.join("\n"));
    let (matrix, said) = read(&names, Estimate::Refuse, Some(&text(&rows)));
    assert_eq!(said, []);
    assert_eq!(matrix.as_ref().unwrap().iter().count(), 62_500);
    rows.reverse();
    rows.rotate_left(31_007);
    assert_eq!(read(&names, Estimate::Refuse, Some(&text(&rows))).0, matrix);
}

#[test]
fn faults_without_end_are_told_up_to_a_hundred() {
    let rows = "eu-west-1,us-east-1,-1\n".repeat(60_000);
    let (matrix, said) = read(
        &PAIR,
        Estimate::Warn,
        Some(&format!("from,to,p50_ms\n{rows}")),
    );
    assert!(matrix.is_err());
    assert_eq!(said.len(), 100);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        head in proptest::bool::ANY,
    ) {
        let text = String::from_utf8_lossy(&bytes);
        let text = if head { format!("from,to,p50_ms\n{text}") } else { text.into_owned() };
        let _ = read(&PAIR, Estimate::Warn, Some(&text));
    }

    #[test]
    fn rows_of_pieces_are_taken_or_told(
        rows in proptest::collection::vec((0..8_usize, 0..8_usize, 0..8_usize, 0..8_usize), 0..12),
    ) {
        let ends = ["eu-west-1", "us-east-1", "\"us-east-1\"", "eu-west-1/a", "/", "\u{feff}", "us-east-11", ""];
        let values = ["1", "0", "", "1e9", "NaN", "60000.0001", "\"2.5\"", "-0"];
        let rows: Vec<String> = rows.into_iter()
            .map(|(a, b, c, d)| format!("{},{},{},{}", ends[a], ends[b], values[c], values[d]))
            .collect();
        let text = format!("from,to,p50_ms,p99_ms\n{}\n", rows.join("\n"));
        let (matrix, said) = read(&PAIR, Estimate::Refuse, Some(&text));
        let errors = said.iter().any(|(code, _)| code.severity() == crate::diag::Severity::Error);
        proptest::prop_assert_eq!(matrix.is_err(), errors);
    }
}
