//! The steps of moves in their order, each copy and each reason told once, and what a move is worth.

use crate::fleet::Fleet;
use crate::sticky::written;

/// Three regions far from each other, and `w` with a primary and with voters in zones.
fn far(audience: &str, regions: &str) -> Fleet {
    let rows = [
        ("aa", "aa,aa,1\naa,dd,90\naa,ee,130\n"),
        ("dd", "dd,aa,91\ndd,dd,1\ndd,ee,200\n"),
        ("ee", "ee,aa,131\nee,dd,201\nee,ee,3\n"),
    ];
    let text: String = rows.iter().map(|(_, row)| *row).collect();
    let fleet = Fleet::new(&format!(
        "platform: {{capabilities: [cloudnative-pg, yugabytedb]}}\nnetwork: {{rtt: network/rtt.csv}}\naudience: {{{audience}}}"
    ))
    .file("network/rtt.csv", format!("from,to,p50_ms\n{text}"))
    .service(
        "w",
        &format!("placement: {{regions: {regions}}}\nstores:\n  - {{name: pg, engine: cloudnative-pg, size: 20Gi, access: {{writes: 100%, reads: 0%}}}}\n  - {{name: yb, engine: yugabytedb, consistency: strong, voters: {{count: 3, distinct: zone}}, access: {{writes: 100%, reads: 0%}}}}"),
    );
    let places = [("aa", "DE", 50), ("dd", "US", 39), ("ee", "IN", 19)];
    places.into_iter().fold(fleet, |fleet, (name, country, lat)| {
        fleet.file(
            &format!("regions/{name}.yaml"),
            format!("region: {name}\ncountry: {country}\ncoordinates: {{lat: {lat}, lon: 8}}\nzones: [{name}a, {name}b, {name}c]\nclusters: [{{name: {name}-1}}]\n"),
        )
    })
}

#[test]
fn a_region_is_left_only_after_what_leads_and_votes_there_has_moved() {
    let before = far("aa: 50, dd: 30, ee: 20", "{exactly: 2}")
        .plan(None, false)
        .plan();
    let lock = written(&before);
    assert_eq!(lock.services["w"].regions, ["aa", "dd"]);
    assert_eq!(lock.stores["w/pg"].leader.as_deref(), Some("aa"));
    assert_eq!(lock.stores["w/yb"].voters, ["aa", "aa", "aa"]);
    let after = far("aa: 10, dd: 20, ee: 70", "{exactly: 2}")
        .plan(Some(&lock), true)
        .plan();
    let steps: Vec<(&str, Vec<&str>)> = after
        .moves
        .iter()
        .map(|m| {
            (
                m.what.as_str(),
                m.steps.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    let voter = "a replica in ee catches up and votes; then the voter in aa goes";
    let expected = [
        (
            "regions of w",
            vec![
                "commit: it starts in ee, and its stores copy there",
                "after `leader of w/pg`, `voters of w/yb` and `leader of w/yb`, once the new pods are ready, commit: it leaves aa",
            ],
        ),
        (
            "leader of w/pg",
            vec![
                "after step 1 of `regions of w`, once the copy in ee has caught up",
                "commit: aa is demoted and names ee as primary",
                "read `.status.demotionToken` of the cluster in aa",
                "commit: ee is promoted with that token",
            ],
        ),
        (
            "voters of w/yb",
            vec![
                "after step 1 of `regions of w`",
                voter,
                voter,
                voter,
                "one after another, each when the one before is healthy",
            ],
        ),
        (
            "leader of w/yb",
            vec![
                "after `voters of w/yb`, once the copy in ee has caught up",
                "commit: leaders are preferred in ee; the engine hands over by itself",
            ],
        ),
    ];
    assert_eq!(steps, expected);
    // Each copy is told once, by the move that makes it.
    let copies: Vec<(&str, &str, &str)> = after
        .moves
        .iter()
        .flat_map(|m| m.data.iter().map(|c| (m.what.as_str(), c)))
        .map(|(what, c)| (what, c.store.as_str(), c.to.as_str()))
        .collect();
    assert_eq!(
        copies,
        [
            ("regions of w", "w/pg", "ee"),
            ("regions of w", "w/yb", "ee")
        ]
    );
    for one in &after.moves[1..] {
        assert_eq!(one.because.0, ["aa no longer holds the service"]);
    }
    // .1 × 1 + .2 × 91 + .7 × 131 = 110 ms to aa, and 1 ms until its voters agree.
    let worth = |at: usize| {
        let effect = after.moves[at].objective.clone().expect("an objective");
        (effect.before_ns, effect.after_ns)
    };
    assert_eq!(worth(1), (Some(110_000_000), Some(55_100_000)));
    // .1 × 130 + .2 × 200 + .7 × 3 = 55.1 ms to ee, and 3 ms until its voters agree.
    assert_eq!(worth(3), (Some(111_000_000), Some(58_100_000)));
}

#[test]
fn a_leader_that_moves_to_where_the_service_is_waits_for_no_region() {
    let lock = written(
        &far("aa: 50, dd: 30, ee: 20", "[aa, dd]")
            .plan(None, false)
            .plan(),
    );
    let after = far("aa: 50, dd: 30, ee: 20", "[dd]")
        .plan(Some(&lock), false)
        .plan();
    let steps = |what: &str| {
        let found = after.moves.iter().find(|m| m.what == what);
        found.expect("a move").steps.clone()
    };
    assert_eq!(
        steps("regions of w"),
        ["after `leader of w/pg`, `voters of w/yb` and `leader of w/yb`, commit: it leaves aa"]
    );
    assert_eq!(
        steps("leader of w/pg")[0],
        "commit: aa is demoted and names dd as primary"
    );
    let voters = after.moves.iter().find(|m| m.what == "voters of w/yb");
    let copies = &voters.expect("a move").data;
    assert_eq!(copies.len(), 1, "one copy in dd, for three voters");
    assert_eq!(
        (copies[0].store.as_str(), copies[0].to.as_str()),
        ("w/yb", "dd")
    );
}
