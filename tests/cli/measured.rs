//! Plans under other round trips: those that are tried, and those that monitoring measured.

use crate::support::regen;

/// Two regions where the fleet's own file and the tried one disagree on which is nearer.
fn two_matrices() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    write(
        "regen.yaml",
        "fleet: test\nplatform: {capabilities: [cloudnative-pg]}\n",
    );
    for region in ["eu-west-1", "us-east-1", "sa-east-1"] {
        let text = format!("region: {region}\nprovider: aws\nclusters: [{{name: {region}-a}}]\n");
        write(&format!("regions/{region}.yaml"), &text);
    }
    write(
        "services/web.yaml",
        "service: web\nworkload: {image: \"registry.example/it:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", ports: {http: 8080}}\n\
         audience: {sa-east-1: 1}\nplacement: {regions: {exactly: 1}, from: [eu-west-1, us-east-1]}\n\
         budget: {read: {p50: 50ms}, write: {p50: 60ms}}\nslo: {availability: 99.9%}\n\
         stores: [{name: db, engine: cloudnative-pg, consistency: eventual}]\n",
    );
    write(
        "network/rtt.csv",
        "from,to,p50_ms\nsa-east-1,us-east-1,40\nsa-east-1,eu-west-1,45\n",
    );
    write(
        "tried.csv",
        "from,to,p50_ms\nsa-east-1,us-east-1,90\nsa-east-1,eu-west-1,45\n",
    );
    dir
}

#[test]
fn tried_round_trips_say_what_moves_and_why() {
    let fleet = two_matrices();
    let file = fleet
        .path()
        .join("tried.csv")
        .to_string_lossy()
        .into_owned();
    let run = |args: &[&str]| regen(fleet.path(), &[&["plan", "--rtt", &file], args].concat());
    let fresh = run(&[]).exits(0);
    let own = fresh.stdout.replace(&file, "tried.csv");
    assert!(
        own.starts_with(
            "tried: tried.csv in the place of network/rtt.csv
  1 of 9 round trips differs: 0 shorter, 1 longer
    sa-east-1 to us-east-1: 40 ms → 90 ms

moves, from the plan under the fleet's own round trips
  regions of web: us-east-1 → eu-west-1
      of 2 legal regions, eu-west-1 gives the smallest weighted round trip, 45.0 ms
      sa-east-1 is left out: not listed in placement.from
    weighted round trip: 90 ms → 45 ms, a gain of 45 ms
"
        ),
        "{own}"
    );
    assert!(
        own.contains("    under network/rtt.csv it would be: 40 ms → 45 ms\n"),
        "{own}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&run(&["--format", "json"]).exits(0).stdout).expect("JSON");
    let trial = &json["trial"];
    assert_eq!(trial["own"], "network/rtt.csv");
    assert_eq!(trial["pairs"][0]["tried"]["p50Ms"], 90.0);
    let moved = &trial["moves"][0];
    assert_eq!(moved["what"], "regions of web");
    assert_eq!(moved["movesData"], true);
    assert_eq!(moved["objective"]["beforeMs"], 90.0);
    assert_eq!(moved["underOwn"]["afterMs"], 45.0);
    assert_eq!(trial["values"][0]["keptMs"], 90.0);
    // The fleet's own file changes nothing.
    let own = fleet.path().join("network/rtt.csv");
    let own = own.to_string_lossy().into_owned();
    let same = regen(fleet.path(), &["plan", "--rtt", &own])
        .exits(0)
        .stdout;
    assert!(
        same.contains("\n  none of the 9 round trips differs\n  nothing moves\n\n"),
        "{same}"
    );
    // What the lock holds stays; what a rebalance would do is said.
    let _ = regen(fleet.path(), &["plan", "--write"]).exits(0);
    let kept = run(&[]).exits(0);
    assert!(
        kept.stdout.contains(
            "\n  nothing moves; what regen.lock keeps, and a rebalance would move, stands below\n"
        ),
        "{}",
        kept.stdout
    );
    assert!(
        kept.stdout.contains("better, but not done"),
        "{}",
        kept.stdout
    );
    let free = run(&["--rebalance"]).exits(1);
    assert!(
        free.stdout
            .contains("regions of web: us-east-1 → eu-west-1"),
        "{}",
        free.stdout
    );
}

/// One service that promises all there is to promise, planned into two of three regions.
fn promising() -> tempfile::TempDir {
    let dir = two_matrices();
    let far = "from,to,p50_ms\nsa-east-1,us-east-1,40\nsa-east-1,eu-west-1,80\n";
    std::fs::write(dir.path().join("network/rtt.csv"), far).expect("written");
    let path = dir.path().join("services/web.yaml");
    let text = std::fs::read_to_string(&path).expect("read");
    let (head, _) = text.split_once("audience:").expect("an audience");
    let rest = "audience: {us-east-1: 3, sa-east-1: 1}\nplacement: {regions: {exactly: 2}, from: [eu-west-1, us-east-1]}\n\
                budget: {read: {p50: 50ms, p99: 100ms}, enforce: true}\nslo: {availability: 99.9%, rpo: 10s}\n\
                stores: [{name: db, engine: cloudnative-pg, consistency: bounded-staleness, staleness: 5s}]\n";
    std::fs::write(path, format!("{head}{rest}")).expect("written");
    dir
}

const CSV: &str = "from,to,p50_ms,p99_ms,jitter_ms,success,lag_s
sa-east-1,us-east-1,48,120,3,99.5%,
us-east-1,eu-west-1,NaN,,,0.9995,12.5
";

#[test]
fn promises_at_risk_are_told_where_they_are_made() {
    let fleet = promising();
    let file = fleet.path().join("measured.csv");
    std::fs::write(&file, CSV).expect("written");
    let path = file.to_string_lossy().into_owned();
    let run = |more: &[&str]| {
        regen(
            fleet.path(),
            &[&["plan", "--measured", &path], more].concat(),
        )
    };
    let _ = regen(fleet.path(), &["plan"]).exits(0);
    let text = run(&[]).exits(1).stdout;
    for told in [
        "measured in ",
        ": 2 of 9 pairs of regions\nnote[measured-holes]: 1 value stands for nothing measured, and is left out\n",
        "\n  reads of web: 14 ms on average as planned, 16 ms as measured\n",
        "warning[budget]: a read of `web` takes 120.0 ms at p99, over its budget of 100ms",
        "warning[measured-success]: `web` promises that 99.9% of requests succeed, and from `sa-east-1` to `us-east-1` 99.5% do",
        "warning[measured-lag]: store `web/db` bounds staleness to 5s, and its replica in `eu-west-1` is 12.5 s behind",
        "warning[measured-lag]: store `web/db` may lose 10s with the region `us-east-1`, and its replica in `eu-west-1` is 12.5 s behind",
        "not with the measured jitter on top\nwarning[budget]: a read of `web` takes 51.0 ms at p50",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    let ran = run(&["--format", "json", "--exit-zero"]).exits(0);
    let form = crate::forms::form(fleet.path(), "measured", &ran);
    let risks = form["atRisk"].as_array().expect("a list");
    let told: Vec<_> = risks
        .iter()
        .map(|r| {
            let (code, since) = (r["code"].as_str(), r["since"].as_str());
            (
                code.unwrap(),
                since.unwrap(),
                r["place"]["line"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("budget", "measured", 5),
            ("budget", "jitter", 5),
            ("measured-success", "measured", 6),
            ("measured-lag", "measured", 6),
            ("measured-lag", "measured", 7),
        ]
    );
    assert_eq!((&form["version"], &form["holes"]), (&1.into(), &1.into()));
    assert_eq!(form["notes"][0]["code"], "measured-holes");
    assert_eq!(form["values"][0]["of"], "reads of web");
}

#[test]
fn a_fleet_that_holds_under_what_is_measured_is_clean_and_better_moves_are_proposed() {
    let fleet = two_matrices();
    let file = fleet.path().join("answer.json");
    // As Prometheus answers: in seconds by the name's last word.
    let series = |from: &str, to: &str, seconds: &str| {
        format!(
            r#"{{"metric":{{"__name__":"probe_rtt_seconds","source_region":"{from}","target_region":"{to}","quantile":"0.5"}},"value":[1764100000.1,"{seconds}"]}}"#
        )
    };
    let answer = |us: &str| {
        let all = [
            series("sa-east-1", "us-east-1", us),
            series("sa-east-1", "eu-west-1", "0.03"),
        ];
        format!(
            r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#,
            all.join(",")
        )
    };
    let path = file.to_string_lossy().into_owned();
    let run = |more: &[&str]| {
        regen(
            fleet.path(),
            &[&["plan", "--measured", &path], more].concat(),
        )
    };
    std::fs::write(&file, answer("0.02")).expect("written");
    let clean = run(&[]).exits(0).stdout;
    assert!(
        clean.contains("\n  reads of web: 40 ms on average as planned, 20 ms as measured\n")
            && clean.ends_with("  nothing is at risk\n"),
        "{clean}"
    );
    std::fs::write(&file, answer("0.045")).expect("written");
    let better = run(&[]).exits(0).stdout;
    assert!(
        better.contains("regions of web: us-east-1 → eu-west-1"),
        "{better}"
    );
    assert!(
        better.contains("weighted round trip: 45 ms → 30 ms, a gain of 15 ms"),
        "{better}"
    );
    let json = run(&["--format", "json"]).exits(0).stdout;
    let form: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(form["moves"][0]["objective"]["afterMs"], 30.0);
    std::fs::write(&file, answer("0.055")).expect("written");
    assert!(
        run(&[])
            .exits(1)
            .stdout
            .contains("a read of `web` takes 55.0 ms at p50")
    );
}

#[test]
fn malformed_measurements_are_told_where_they_stand() {
    let fleet = two_matrices();
    let series = |more: &str| {
        format!(
            "{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[\n{more}\n]}}}}"
        )
    };
    let labels = r#""metric":{"__name__":"rtt_seconds","from":"sa-east-1","to":"us-east-1"}"#;
    for (text, told) in [
        (
            "{\"status\": \"success\",\n \"data\": 5}".to_owned(),
            "measured-format]: not what Prometheus answers: invalid type: integer `5`",
        ),
        (
            "{\"status\": \"succ".to_owned(),
            "measured-format]: not what Prometheus answers: EOF",
        ),
        (
            r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#.to_owned(),
            "did not answer the query: parse error",
        ),
        (
            r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#.to_owned(),
            "the result is a `scalar`",
        ),
        (
            series(&format!("{{{labels},\"value\":[1,\"-0.1\"]}}")),
            "measured-value]: `-0.1` is not a time from 0 to a minute",
        ),
        (
            series(&format!("{{{labels},\"value\":[1,\"61\"]}}")),
            "measured-value]: `61` is not",
        ),
        (
            series(&format!("{{{labels}}}")),
            "neither `value` nor `values`",
        ),
        (
            series(r#"{"metric":{"__name__":"rtt_ms","from":"sa-east-1"},"value":[1,"2"]}"#),
            "no labels for where",
        ),
        (
            series(r#"{"metric":{"__name__":"rtt_seconds_bucket","le":"1"},"value":[1,"2"]}"#),
            "counter of a histogram",
        ),
        (
            "from,to,p50_ms\nsa-east-1,us-east-1,-4\n".to_owned(),
            "measured-value]: `-4` is not a time",
        ),
        (
            "from,to,success\nsa-east-1,us-east-1,99.5\n".to_owned(),
            "measured-value]: `99.5` is not a share",
        ),
        (
            "from,to,p50_ms\nsa-east-1,us-esat-1,4\n".to_owned(),
            "round-trip-region]: `us-esat-1`",
        ),
        (
            "from,p50_ms\n".to_owned(),
            "round-trip-table]: column `to` is missing",
        ),
    ] {
        let file = fleet.path().join("measured");
        std::fs::write(&file, &text).expect("written");
        let path = file.to_string_lossy().into_owned();
        let ran = regen(fleet.path(), &["plan", "--measured", &path]).exits(2);
        assert!(ran.stderr.contains(told), "{told}\n{}", ran.stderr);
        assert!(ran.stderr.contains("measured:"), "a place: {}", ran.stderr);
    }
}
