//! Advice: the smallest fleet that deserves it, and the nearest that does not.

use crate::fleet::Fleet;
use regen::model::lock::Lock;

/// What is said of a fleet under one code.
fn said(fleet: &Fleet, lock: Option<&Lock>, code: &str) -> String {
    let all = fleet.plan(lock, false).said();
    let mut text = String::new();
    let mut ours = false;
    for line in all.lines() {
        if !line.starts_with(' ') {
            ours = line.contains(&format!("[{code}]"));
        }
        if ours {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn two() -> Fleet {
    Fleet::new("").aws(["eu-west-1", "us-east-1"])
}

/// What is said of each case under a code; nothing for a near miss.
pub(crate) fn held(code: &str, cases: Vec<(&str, Fleet, &str)>) {
    let mut wrong = String::new();
    for (name, fleet, expected) in cases {
        let found = said(&fleet, None, code);
        if found != expected {
            wrong.push_str(&format!("{name}:\n{found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A store of a service in both regions, most of whose users are in Europe.
fn store(fields: &str, store: &str) -> Fleet {
    let audience = "audience: {eu-west-1: 9, us-east-1: 1}";
    two().service(
        "web",
        &format!("{audience}\n{fields}\nstores: [{{name: db, {store}}}]"),
    )
}

#[test]
fn reads_that_go_to_another_region() {
    const STRONG: &str = "engine: cloudnative-pg, consistency: strong";
    let all =
        |fields: &str, kept: &str| store(&format!("placement: {{regions: all}}\n{fields}"), kept);
    held(
        "cross-region-read",
        vec![
            ("critical", all("tier: critical", STRONG), "warning[cross-region-read] services/web.yaml:6:58: a read of `db` in us-east-1 waits 104.3 ms at p99, estimated, for its leader in eu-west-1
  help: read at the nearest replica with `consistency: bounded-staleness` and a `staleness` above 35ms, or let eu-west-1 alone serve with `placement: {mode: active-passive}`
"),
            ("standard, without a budget", all("", STRONG), ""),
            (
                "over its budget",
                all("budget: {read: {p50: 50ms}}", STRONG),
                "warning[cross-region-read] services/web.yaml:6:58: a read of `db` in us-east-1 waits 69.6 ms at p50 for its leader in eu-west-1, of a budget of 50ms
  see services/web.yaml:5:16: the budget
  help: read at the nearest replica with `consistency: bounded-staleness` and a `staleness` above 35ms, or let eu-west-1 alone serve with `placement: {mode: active-passive}`
",
            ),
            (
                "within its budget: a note",
                all("budget: {read: {p99: 120ms}}", STRONG),
                "note[cross-region-read] services/web.yaml:6:58: a read of `db` in us-east-1 waits 104.3 ms at p99, estimated, for its leader in eu-west-1, of a budget of 120ms
  see services/web.yaml:5:16: the budget
  help: read at the nearest replica with `consistency: bounded-staleness` and a `staleness` above 35ms, or let eu-west-1 alone serve with `placement: {mode: active-passive}`
",
            ),
            (
                "a bound on staleness",
                all(
                    "tier: critical",
                    "engine: cloudnative-pg, consistency: bounded-staleness, staleness: 5s",
                ),
                "",
            ),
            (
                "nobody reads it",
                all(
                    "tier: critical",
                    &format!("{STRONG}, access: {{reads: 0%, writes: 100%}}"),
                ),
                "",
            ),
            (
                "one region serves",
                store("tier: critical\nplacement: {mode: active-passive}", STRONG),
                "",
            ),
        ],
    );
}

#[test]
fn leaders_far_from_where_is_written() {
    const EVENTUAL: &str = "engine: cloudnative-pg, consistency: eventual";
    held(
        "leader-far",
        vec![
            ("named", store("placement: {regions: all}", &format!("{EVENTUAL}, leader: us-east-1")), "warning[leader-far] services/web.yaml:5:76: store `db` is led in us-east-1, 63.2 ms from where it is written on average; eu-west-1 would be 9.5 ms away
  see services/web.yaml:5:17: the store
  help: write `leader: eu-west-1`, or `auto`
"),
            ("named where nobody is", store("placement: {regions: [us-east-1]}", &format!("{EVENTUAL}, leader: us-east-1")), "warning[leader-far] services/web.yaml:5:76: store `db` is led in us-east-1, 63.2 ms from where it is written on average; eu-west-1 would be 9.5 ms away
  see services/web.yaml:5:17: the store
  help: place `web` in `eu-west-1` too, and write `leader: auto`
"),
            ("the only one placed", store("placement: {regions: [us-east-1]}", EVENTUAL), "warning[leader-far] services/web.yaml:4:12: store `db` is led in us-east-1, 63.2 ms from where it is written on average; eu-west-1 would be 9.5 ms away
  see services/web.yaml:5:17: the store
  help: place `web` in `eu-west-1` too
"),
            ("the only one legal", store("placement: {from: [us-east-1]}", EVENTUAL), "warning[leader-far] services/web.yaml:4:12: store `db` is led in us-east-1, 63.2 ms from where it is written on average; eu-west-1 would be 9.5 ms away
  see services/web.yaml:5:17: the store
  help: place `web` in `eu-west-1` too
"),
            ("the best", store("placement: {regions: all}", EVENTUAL), ""),
            (
                "named, and a little farther than the best",
                Fleet::new("").aws(["eu-west-1", "eu-west-2"]).service(
                    "web",
                    &format!("audience: {{eu-west-1: 1}}\nplacement: {{regions: all}}\nstores: [{{name: db, {EVENTUAL}, leader: eu-west-2}}]"),
                ),
                "",
            ),
            (
                "nobody writes it",
                store("placement: {regions: all}", &format!("{EVENTUAL}, leader: us-east-1, access: {{reads: 100%, writes: 0%}}")),
                "",
            ),
        ],
    );
}

#[test]
fn leaders_that_stayed_when_their_writers_moved() {
    let fleet = |eu: u32, us: u32| {
        two().service(
            "web",
            &format!("audience: {{eu-west-1: {eu}, us-east-1: {us}}}\nplacement: {{regions: all}}\nstores: [{{name: db, engine: cloudnative-pg, consistency: eventual}}]"),
        )
    };
    let lock = regen::plan::lock::of(&fleet(9, 1).plan(None, false).plan());
    assert_eq!(
        said(&fleet(1, 9), Some(&lock), "leader-far"),
        "warning[leader-far] services/web.yaml:5:17: store `db` is led in eu-west-1, 62.9 ms from where it is written on average; us-east-1 would be 11.8 ms away
  help: move it with `regen plan --rebalance --write`; its data moves too
"
    );
    assert_eq!(said(&fleet(1, 1), Some(&lock), "leader-far"), "");
}

#[test]
fn chains_that_cross_a_border_twice() {
    let chain = |settings: &str, first: &str, second: &str, middle: &str| {
        Fleet::new(settings)
            .aws(["eu-west-1", "us-east-1"])
            .service(
                "web",
                &format!("placement: {{regions: [eu-west-1]}}\ncalls: [{first}]"),
            )
            .service(
                "prices",
                &format!("placement: {{regions: [{middle}]}}\ncalls: [{second}]"),
            )
            .service("people", "placement: {regions: [eu-west-1]}")
    };
    held(
        "border-twice",
        vec![
            ("there and back", chain("", "prices", "people", "us-east-1"), "warning[border-twice] services/prices.yaml:4:9: a chain of calls crosses a border twice, 139.2 ms in all: `web` in eu-west-1 (IE) → `prices` in us-east-1 (US) → `people` in eu-west-1 (IE)
  see services/web.yaml:4:9: crosses the first time
  help: place `prices` in `eu-west-1` too, or let `prices` live without `people` (`onFailure: degrade`)
"),
            ("the second degrades", chain("", "prices", "{service: people, onFailure: degrade}", "us-east-1"), ""),
            ("the first degrades", chain("", "{service: prices, onFailure: degrade}", "people", "us-east-1"), ""),
            ("never abroad", chain("", "prices", "people", "eu-west-1"), ""),
            ("at home as well", chain("", "prices", "people", "us-east-1, eu-west-1"), ""),
            ("one area", chain("jurisdictions: {west: {countries: [IE, US]}}", "prices", "people", "us-east-1"), ""),
            (
                "bound abroad, through one more service there",
                Fleet::new("dataClasses: {american: {residency: US}}")
                    .aws(["eu-west-1", "us-east-1"])
                    .service("app", "placement: {regions: [eu-west-1]}\ncalls: [prices]")
                    .service("web", "placement: {regions: [eu-west-1]}\ncalls: [prices]")
                    .service("prices", "placement: {regions: all}\ncalls: [stock]\nfailover: none\nstores: [{name: db, engine: cloudnative-pg, data: american, consistency: eventual}]")
                    .service("stock", "placement: {regions: [us-east-1]}\ncalls: [people]")
                    .service("people", "placement: {regions: [eu-west-1]}"),
                "warning[border-twice] services/stock.yaml:4:9: a chain of calls crosses a border twice, 144.6 ms in all: `app` in eu-west-1 (IE) → `prices` in us-east-1 (US) → `stock` in us-east-1 (US) → `people` in eu-west-1 (IE)
  see services/app.yaml:4:9: crosses the first time
  note: 2 services begin such a chain
  help: let `stock` live without `people` (`onFailure: degrade`)
",
            ),
        ],
    );
}

#[test]
fn calls_that_give_up_before_the_answer_is_back() {
    let fleet = |caller: &str, callee: &str| {
        two()
            .service(
                "web",
                &format!("placement: {{regions: [eu-west-1]}}\n{caller}"),
            )
            .service("api", &format!("placement: {{regions: [{callee}]}}"))
    };
    held(
        "call-timeout",
        vec![
            (
                "a call",
                fleet("calls: [{service: api, timeout: 50ms}]", "us-east-1"),
                "warning[call-timeout] services/web.yaml:4:33: `web` in eu-west-1 gives `api` 50ms, and the round trip to us-east-1 alone takes 69.6 ms: the call always fails
  see services/web.yaml:4:19: the call
  help: wait longer than 70ms, or place `api` in `eu-west-1` too
",
            ),
            (
                "a service, whose call degrades",
                fleet(
                    "calls: [{service: api, onFailure: degrade}]\nresilience: {timeout: 50ms}",
                    "us-east-1",
                ),
                "warning[call-timeout] services/web.yaml:5:23: `web` in eu-west-1 gives `api` 50ms, and the round trip to us-east-1 alone takes 69.6 ms: the call always degrades
  see services/web.yaml:4:19: the call
  help: wait longer than 70ms, or place `api` in `eu-west-1` too
",
            ),
            (
                "long enough",
                fleet("calls: [{service: api, timeout: 70ms}]", "us-east-1"),
                "",
            ),
            (
                "near",
                fleet(
                    "calls: [{service: api, timeout: 50ms}]",
                    "eu-west-1, us-east-1",
                ),
                "",
            ),
        ],
    );
}
