//! Advice: the smallest fleet that deserves it, and the nearest that does not.

use crate::fleet::Fleet;

/// What is said of a fleet under one code.
fn said(fleet: &Fleet, code: &str) -> String {
    let all = fleet.plan(None, false).said();
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

/// A case: its name, the code, the fleet, and what is said; nothing for a near miss.
type Case = (&'static str, &'static str, Fleet, &'static str);

fn held(cases: Vec<Case>) {
    let mut wrong = String::new();
    for (name, code, fleet, expected) in cases {
        let found = said(&fleet, code);
        if found != expected {
            wrong.push_str(&format!("{name}:\n{found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn reads_across_regions() {
    let with = |fields: &str| two().service("web", fields);
    let strong = "placement: {regions: all}\naudience: {eu-west-1: 2, us-east-1: 1}\nstores: [{name: db, engine: cloudnative-pg, consistency: strong}]";
    held(vec![
        (
            "critical",
            "cross-region-read",
            with(&format!("tier: critical\n{strong}")),
            "",
        ),
        (
            "standard without a budget",
            "cross-region-read",
            with(strong),
            "",
        ),
    ]);
}
