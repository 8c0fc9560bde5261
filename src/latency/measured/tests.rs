//! Measurements as they are read, and as they lie over what was known.

use super::*;
use crate::diag::Spanned;
use crate::model::place::{Coordinates, Country};
use proptest::prelude::*;

fn read(text: &str) -> (Result<Measured, Rejected>, Vec<(Code, String)>) {
    let mut sources = Sources::new();
    let id = sources.add("regions.yaml", "a b c");
    let regions = ["a", "b", "c"].map(|name| {
        let region = Region {
            name: Spanned::new(RegionName::from(name), Span::new(id, 0, 1)),
            provider: None,
            country: Country::parse("IE").unwrap(),
            coordinates: Coordinates { lat: 0, lon: 0 },
            telemetry: None,
            zones: vec!["a1".into(), "a2".into()],
            wave: None,
            clusters: Vec::new(),
        };
        (RegionName::from(name), region)
    });
    let id = sources.add("m", text);
    let mut sink = Sink::new();
    let found = measured(id, &sources, &BTreeMap::from(regions), &mut sink);
    let place = |d: Diagnostic| (d.code, d.place().map_or("-".into(), |p| sources.locate(p)));
    (found, sink.into_sorted().into_iter().map(place).collect())
}

fn sample(found: &Measured, from: &str, to: &str) -> Sample {
    found.pairs[&(RegionName::from(from), RegionName::from(to))]
}

fn answer(kind: &str, series: &[&str]) -> String {
    let all = series.join(",\n");
    format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":[{all}]}}}}"#)
}

#[test]
fn a_table_and_an_answer_say_the_same() {
    let table = "\u{feff}lag_s,to,from,success,jitter_ms,p99_ms,p50_ms\r\n\
                 1.5,b,a,99.5%,2,40,12.3\r\n,a,b,0.5,,,7\r\n";
    let series = [
        r#"{"metric":{"__name__":"rtt_seconds","from":"a","to":"b"},"value":[1,"0.0123"]}"#,
        r#"{"metric":{"__name__":"rtt_seconds","from":"a","to":"b","quantile":"0.99"},"value":[1,"4e-2"]}"#,
        r#"{"metric":{"__name__":"rtt:jitter","source_region":"a","target_region":"b"},"value":[1,"2"]}"#,
        r#"{"metric":{"__name__":"probe_success_percent","src":"a","dst":"b"},"value":[1,"99.5"]}"#,
        r#"{"metric":{"__name__":"pg_replication_lag_ms","from":"a","to":"b"},"value":[1,"1500"]}"#,
        r#"{"metric":{"__name__":"probe_success","from":"b","to":"a"},"value":[1,"0.5"]}"#,
        r#"{"metric":{"from":"b","to":"a"},"value":[1,7]}"#,
    ];
    let (found, said) = read(table);
    let found = found.unwrap();
    assert_eq!(said, []);
    assert_eq!(
        read(&answer("vector", &series)),
        (Ok(found.clone()), vec![])
    );
    let one = sample(&found, "a", "b");
    assert_eq!(one.p50, Some(Rtt::micros(12_300)));
    assert_eq!(
        (one.p99, one.jitter),
        (Some(Rtt::micros(40_000)), Some(Rtt::micros(2000)))
    );
    assert_eq!(
        (one.success, one.lag_us),
        (Some(Share::ppm(995_000)), Some(1_500_000))
    );
}

#[test]
fn the_worst_of_several_counts_and_a_matrix_is_one_value() {
    let text = "from,to,p50_ms,success\na,b,5,0.9\na,b,7,0.99\na/a1,b/a2,6,0.95\n";
    let one = sample(&read(text).0.unwrap(), "a", "b");
    assert_eq!(
        (one.p50, one.success),
        (Some(Rtt::micros(7000)), Some(Share::ppm(900_000)))
    );
    let series = |name: &str| {
        format!(
            r#"{{"metric":{{"__name__":"{name}","from":"a","to":"b"}},"values":[[1,"1"],[2,"NaN"],[3,"0.5"],[4,"0.25"]]}}"#
        )
    };
    for (name, expected) in [
        (
            "rtt_seconds",
            Sample {
                p50: Some(Rtt::micros(500_000)),
                ..Sample::default()
            },
        ),
        (
            "replication_lag",
            Sample {
                lag_us: Some(1_000_000),
                ..Sample::default()
            },
        ),
        (
            "success_ratio",
            Sample {
                success: Some(Share::ppm(583_333)),
                ..Sample::default()
            },
        ),
    ] {
        let (found, said) = read(&answer("matrix", &[&series(name)]));
        assert_eq!(sample(&found.unwrap(), "a", "b"), expected, "{name}");
        assert_eq!(said, [(Code::MeasuredHoles, "m:1:1".to_owned())], "{name}");
    }
}

#[test]
fn holes_and_other_quantiles_are_left_out_with_a_note() {
    let series = [
        r#"{"metric":{"__name__":"rtt_ms","from":"a","to":"b"},"value":[1,"NaN"]}"#,
        r#"{"metric":{"__name__":"rtt_ms","from":"a","to":"b","quantile":"0.9"},"value":[1,"5"]}"#,
    ];
    let (found, said) = read(&answer("vector", &series));
    assert_eq!(
        found,
        Ok(Measured {
            holes: 1,
            ..Measured::default()
        })
    );
    let holes = |at: &str| (Code::MeasuredHoles, format!("m:{at}"));
    assert_eq!(said, [holes("1:1"), holes("2:64")]);
    let (found, said) = read("from,to,p50_ms,lag_s\na,b,NaN,\nb,a,+Inf,1\n");
    assert_eq!(found.map(|f| (f.holes, f.pairs.len())), Ok((2, 1)));
    assert_eq!(said, [holes("1:1")]);
}

#[test]
fn what_was_measured_lies_over_what_was_known() {
    let [a, b] = ["a", "b"].map(RegionName::from);
    let ms = |n: u64| Rtt::micros(n * 1000);
    let known = Measurement {
        p50: ms(50),
        p99: Some(ms(90)),
        source: RttSource::Atlas,
    };
    let of = |p50: Option<u64>, p99: Option<u64>, jitter: Option<u64>| Sample {
        p50: p50.map(ms),
        p99: p99.map(ms),
        jitter: jitter.map(ms),
        ..Sample::default()
    };
    for (name, sample, jitter, expected) in [
        (
            "a median takes the tail along",
            of(Some(60), None, None),
            false,
            (60, None),
        ),
        ("both", of(Some(60), Some(70), None), false, (60, Some(70))),
        (
            "a tail below the known median",
            of(None, Some(40), None),
            false,
            (40, Some(40)),
        ),
        (
            "jitter that does not count",
            of(None, None, Some(5)),
            false,
            (50, Some(90)),
        ),
        (
            "jitter that counts",
            of(None, None, Some(5)),
            true,
            (55, Some(90)),
        ),
        (
            "jitter beyond the tail",
            of(Some(60), Some(70), Some(20)),
            true,
            (80, Some(80)),
        ),
        (
            "nothing of the round trip",
            of(None, None, None),
            true,
            (50, Some(90)),
        ),
    ] {
        let mut before = RoundTrips::default();
        before.insert(&a, &b, known);
        let pairs = BTreeMap::from([((a.clone(), b.clone()), sample)]);
        let after = overlay(&before, &Measured { pairs, holes: 0 }, jitter);
        let found = after.get(&a, &b).unwrap();
        let ms = |rtt: Rtt| rtt.as_micros() / 1000;
        assert_eq!((ms(found.p50), found.p99.map(ms)), expected, "{name}");
    }
}

proptest! {
    #[test]
    fn the_order_of_rows_does_not_count(
        rows in proptest::collection::vec((0..3_usize, 0..3_usize, 0..90_u32, 0..100_u32), 0..20)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let text = |rows: &[(usize, usize, u32, u32)]| {
            let names = ["a", "b", "c"];
            let rows = rows.iter().map(|(a, b, ms, success)| {
                format!("{},{},{ms}.5,{success}%\n", names[*a], names[*b])
            });
            format!("from,to,jitter_ms,success\n{}", rows.collect::<String>())
        };
        let (there, back) = (read(&text(&rows.0)), read(&text(&rows.1)));
        prop_assert!(there.0.is_ok());
        prop_assert_eq!(there.0, back.0);
    }

    #[test]
    fn no_text_makes_the_reader_panic(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..120), kind in 0..4_usize,
        cut in 0..400_usize,
    ) {
        let noise = String::from_utf8_lossy(&bytes).into_owned();
        let series = r#"{"metric":{"__name__":"rtt_seconds","from":"a","to":"b"},"values":[[1,"0.5"]]}"#;
        let text = match kind {
            0 => noise,
            1 => format!("{{{noise}"),
            2 => format!("from,to,p50_ms,success\na,b,{noise}"),
            _ => {
                // An answer with a part of it replaced.
                let mut whole = answer("matrix", &[series]).into_bytes();
                let at = cut % whole.len();
                whole.splice(at..(at + 3).min(whole.len()), bytes.iter().copied().take(5));
                String::from_utf8_lossy(&whole).into_owned()
            }
        };
        let (found, said) = read(&text);
        let errors = said.iter().any(|(code, _)| code.severity() == crate::diag::Severity::Error);
        prop_assert_eq!(found.is_err(), errors);
    }
}
