//! What a cut way between regions leaves of writes, fresh reads and budgets.

use regen::model::name::RegionName;
use regen::model::simulation::{Outcome, Promise};

use crate::fleet::Fleet;

/// Three regions and one beside them: aa and bb 10 ms apart, cc 25 and 20 ms from them.
fn world(audience: &str, service: &str) -> Fleet {
    let settings = "platform: {capabilities: [cloudnative-pg, yugabytedb, k8ssandra, valkey]}\n";
    let rtt = "from,to,p50_ms\naa,aa,1\naa,bb,10\naa,cc,25\naa,dd,90\nbb,aa,11\nbb,bb,2\nbb,cc,20\nbb,dd,80\ncc,aa,26\ncc,bb,21\ncc,cc,1\ncc,dd,70\ndd,aa,91\ndd,bb,82\ndd,cc,71\ndd,dd,1\n";
    [("aa", "DE"), ("bb", "FR"), ("cc", "IE"), ("dd", "US")]
        .iter()
        .fold(Fleet::new(settings).file("network/rtt.csv", rtt), |fleet, (name, country)| {
            let text = format!(
                "region: {name}\ncountry: {country}\nclusters: [{{name: {name}-k, capacity: {{cpu: 8, memory: 16Gi}}}}]\n"
            );
            fleet.file(&format!("regions/{name}.yaml"), text)
        })
        .service("web", &format!("{audience}\n{service}"))
}

fn broken(outcome: &Outcome) -> Vec<(Promise, &str)> {
    let all = outcome.broken.iter();
    all.map(|b| (b.promise, b.what.as_str())).collect()
}

const PRIMARY: &str = "stores: [{name: db, engine: cloudnative-pg, leader: aa}]";
const QUORUM: &str = "stores: [{name: db, engine: yugabytedb, consistency: strong, survive: region, leader: aa, voters: {count: 3, distinct: country}}]";

#[test]
fn users_whose_region_does_not_reach_the_leader_lose_writes_and_fresh_reads() {
    let placed = "placement: {regions: [aa, bb, cc]}";
    let writes = "writes and fresh reads of `web/db` stop for";
    let unforbidden = "as neither `survive: region` nor `slo.rto` forbids";
    for (audience, more, store, lost, told) in [
        (
            "audience: {bb: 100}",
            "",
            PRIMARY,
            &["aa..bb"][..],
            vec![format!("{writes} 100% of the users, {unforbidden}: bb does not reach aa, which takes the writes")],
        ),
        // Nobody is behind this one.
        ("audience: {bb: 100}", "", PRIMARY, &["aa..cc"], vec![]),
        (
            "audience: {aa: 50, bb: 30, cc: 20}",
            "",
            PRIMARY,
            &["aa..bb", "aa..cc"],
            vec![format!("{writes} 50% of the users, {unforbidden}: bb and cc do not reach aa, which takes the writes")],
        ),
        // Served in bb, whose way to aa stands, though their own is cut.
        ("audience: {dd: 1}", "", PRIMARY, &["aa..dd"], vec![]),
        // Its way to the region that serves it stands, and from there none leads to aa.
        (
            "audience: {dd: 1, aa: 3}",
            "",
            PRIMARY,
            &["aa..cc"],
            vec![format!("{writes} 25% of the users, {unforbidden}: cc does not reach aa, which takes the writes")],
        ),
        // The leader moves to bb, which a majority elects.
        (
            "audience: {aa: 80, bb: 20}",
            "",
            QUORUM,
            &["aa..bb", "aa..cc"],
            vec![format!("{writes} 80% of the users: aa does not reach bb, which takes the writes")],
        ),
        (
            "",
            "",
            PRIMARY,
            &["aa..bb"],
            vec![format!("{writes} the users in bb, {unforbidden}: bb does not reach aa, which takes the writes")],
        ),
        (
            "audience: {aa: 80, bb: 20}",
            "slo: {rto: 60s}",
            QUORUM,
            &["aa..bb"],
            vec![
                format!("{writes} 20% of the users: bb does not reach aa, which takes the writes"),
                "nothing brings writes and fresh reads of `web/db` for 20% of the users back before what is lost is, and 1m are promised".to_owned(),
            ],
        ),
    ] {
        let outcome = world(audience, &format!("{placed}\n{more}\n{store}")).lose(lost);
        let found = broken(&outcome).into_iter().map(|b| b.1);
        let found: Vec<&str> = found
            .chain(outcome.accepted.iter().map(String::as_str))
            .collect();
        assert_eq!(found, told, "{audience} {lost:?}");
    }
}

#[test]
fn what_the_catalog_accepts_of_a_cut_way_is_told_with_its_share() {
    let text = format!("placement: {{regions: [aa, bb]}}\nfailover: none\n{PRIMARY}");
    let outcome = world("audience: {aa: 1, bb: 3}", &text).lose(&["aa..bb"]);
    assert_eq!(broken(&outcome), []);
    assert_eq!(
        outcome.accepted,
        [
            "writes and fresh reads of `web/db` stop for 75% of the users, as `failover: none` accepts: bb does not reach aa, which takes the writes"
        ]
    );
    let db = outcome.stores.values().next().expect("a store");
    assert_eq!(db.cut_off, [RegionName::from("bb")]);
    assert_eq!(db.cut_off_ppm, 750_000);
}

#[test]
fn the_side_of_a_majority_that_is_alone_loses_its_writes() {
    let store = "stores: [{name: db, engine: k8ssandra, setting: quorum, instances: 3}]";
    let text = format!("placement: {{regions: [aa, bb, cc]}}\n{store}");
    let fleet = world("audience: {aa: 2, bb: 1, cc: 1}", &text);
    assert_eq!(broken(&fleet.lose(&["aa..bb"])), []);
    let alone = fleet.lose(&["aa..bb", "aa..cc"]);
    assert_eq!(broken(&alone), []);
    assert_eq!(
        alone.accepted,
        [
            "writes and fresh reads of `web/db` stop for 50% of the users, as neither `survive: region` nor `slo.rto` forbids: aa does not reach a region that takes writes"
        ]
    );
}

#[test]
fn budgets_are_held_against_the_ways_that_are_left() {
    let budget = |write: &str| {
        let text = format!(
            "placement: {{regions: [aa, bb, cc]}}\nbudget: {{write: {{p50: {write}}}, enforce: true}}\n{QUORUM}"
        );
        world("audience: {aa: 80, bb: 20}", &text)
    };
    let over = "a write of `web` at p50 takes 26.0 ms until cc votes, which makes it 2 of 3, over its budget of 22ms";
    for (write, told) in [("22ms", vec![over]), ("26ms", vec![])] {
        let outcome = budget(write).lose(&["aa..bb"]);
        let found = broken(&outcome).into_iter();
        let found = found.filter(|b| b.0 == Promise::Budget).map(|b| b.1);
        assert_eq!(found.collect::<Vec<_>>(), told, "{write}");
        let values = outcome.budgets.iter().map(|b| (b.before_ns, b.after_ns));
        let values: Vec<_> = values.collect();
        // Before, from bb to aa and until bb votes; then from aa to aa and until cc does.
        assert_eq!(values, [(Some(21_000_000), Some(26_000_000))]);
    }
    // From dd through cc, which serves it: 71 and 26 ms, where their own way of 91 ms is cut.
    let text =
        format!("placement: {{regions: [aa, cc]}}\nbudget: {{write: {{p50: 95ms}}}}\n{PRIMARY}");
    let outcome = world("audience: {dd: 1}", &text).lose(&["aa..dd"]);
    let values = outcome.budgets.iter().map(|b| (b.before_ns, b.after_ns));
    let values: Vec<_> = values.collect();
    assert_eq!(values, [(Some(91_000_000), Some(97_000_000))]);
    assert_eq!(
        broken(&outcome),
        [(
            Promise::Budget,
            "a write of `web` at p50 takes 97.0 ms to the leader of `db` in aa, over its budget of 95ms"
        )]
    );
}
