//! What keeps voters apart where nobody says so, and what is said where they have no place.

use regen::model::plan::StorePlan;

use crate::fleet::Fleet;
use crate::lints::held;

/// Regions of three zones each, all 20 ms apart.
fn fleet(regions: &[(&str, &str)], service: &str) -> Fleet {
    let mut rtt = String::from("from,to,p50_ms\n");
    for (from, _) in regions {
        for (to, _) in regions {
            rtt.push_str(&format!(
                "{from},{to},{}\n",
                if from == to { 0 } else { 20 }
            ));
        }
    }
    let settings = "platform: {capabilities: [yugabytedb, cockroachdb, cloudnative-pg]}\ndataClasses: {personal: {residency: EU}}\n";
    let fleet = Fleet::new(settings).file("network/rtt.csv", rtt);
    regions
        .iter()
        .fold(fleet, |fleet, (name, country)| {
            let zones = format!("[{name}-a, {name}-b, {name}-c]");
            let text = format!(
                "region: {name}\ncountry: {country}\nzones: {zones}\nclusters: [{{name: {name}-1}}]\n"
            );
            fleet.file(&format!("regions/{name}.yaml"), text)
        })
        .service("web", service)
}

const FOUR: [(&str, &str); 4] = [("aa", "DE"), ("bb", "FR"), ("cc", "IE"), ("dd", "US")];

fn voters(store: &StorePlan) -> Vec<(&str, &str)> {
    let voters = store.voters.iter().zip(&store.voter_zones);
    voters.map(|(r, z)| (r.as_str(), z.as_str())).collect()
}

#[test]
fn five_voters_survive_one_of_three_regions_by_zones() {
    let text = |more: &str| {
        format!(
            "audience: {{aa: 5, bb: 3, dd: 2}}\nplacement: {{regions: [aa, bb, dd]}}\nfailover: none\n\
             stores: [{{name: db, engine: cockroachdb, consistency: strong, survive: region{more}}}]"
        )
    };
    let plan = fleet(&FOUR, &text("")).plan(None, false).plan();
    let store = plan.stores.values().next().expect("one store");
    let expected = [
        ("aa", "aa-a"),
        ("aa", "aa-b"),
        ("bb", "bb-a"),
        ("bb", "bb-b"),
        ("dd", "dd-a"),
    ];
    assert_eq!(voters(store), expected);
    // As where it is written.
    let written = fleet(&FOUR, &text(", voters: {count: 5, distinct: zone}"));
    assert_eq!(written.plan(None, false).plan().stores, plan.stores);
    // With five regions each has one.
    let five = [
        ("aa", "DE"),
        ("bb", "FR"),
        ("cc", "IE"),
        ("dd", "US"),
        ("ee", "US"),
    ];
    let all = text("").replace("[aa, bb, dd]", "all");
    let plan = fleet(&five, &all).plan(None, false).plan();
    let store = plan.stores.values().next().expect("one store");
    assert_eq!(store.voters.len(), 5);
    assert_eq!(voters(store), []);
}

#[test]
fn the_voters_of_a_part_survive_one_of_its_three_regions_by_zones() {
    let service = "audience: {aa: 5, bb: 3, cc: 2}\nplacement: {regions: all}\nfailover: none\n\
         stores: [{name: db, engine: cockroachdb, consistency: strong, survive: region, shards: {by: jurisdiction, of: [EU]}}]";
    let plan = fleet(&FOUR, service).plan(None, false).plan();
    let store = plan.stores.values().next().expect("one store");
    let expected = [
        ("aa", "aa-a"),
        ("aa", "aa-b"),
        ("bb", "bb-a"),
        ("bb", "bb-b"),
        ("cc", "cc-a"),
    ];
    assert_eq!(voters(&store.shards["EU"]), expected);
}

#[test]
fn too_many_voters_are_told_how_many_there_can_be() {
    let text = |count: u8| {
        format!(
            "placement: {{regions: all}}\nfailover: none\nstores: [{{name: db, engine: yugabytedb, consistency: strong, survive: region, data: personal, voters: {{count: {count}, distinct: country}}}}]"
        )
    };
    let told = "error[store-infeasible] services/web.yaml:5:17: store `db` cannot be decided inside 3 regions of `web`
  see services/web.yaml:5:111: 5 voters
  note: `web` is in aa, bb and cc
  help: add a region that may hold it, or write `count: 3` in `voters`
";
    held(
        "store-infeasible",
        vec![("five", fleet(&FOUR, &text(5)), told)],
    );
    let outcome = fleet(&FOUR, &text(5)).plan(None, false);
    let apart = "its voters are each in another country";
    let mut labels = outcome.diagnostics.iter().flat_map(|d| &d.labels);
    assert!(labels.any(|l| l.primary && l.text == apart));
    let plan = fleet(&FOUR, &text(3)).plan(None, false).plan();
    let store = plan.stores.values().next().expect("one store");
    assert_eq!(store.voters.len(), 3);
}

#[test]
fn a_part_in_one_region_is_not_told_to_survive_it() {
    let service = |of: &str| {
        "audience: {aa: 5, bb: 3, dd: 2}\nplacement: {regions: all}\nfailover: none\n\
             stores: [{name: db, engine: cockroachdb, consistency: strong, voters: {distinct: zone}, shards: {by: jurisdiction, of: [OF]}}]".replace("OF", of)
    };
    let eu = (
        "store",
        fleet(&FOUR[..3], &service("EU").replace(", dd: 2", "")),
        EU,
    );
    let us = ("parts", fleet(&FOUR, &service("EU, US")), BOTH);
    held("majority-in-region", vec![eu, us]);
}

const EU: &str = "warning[majority-in-region] services/web.yaml:6:55: store `db` is strong and in 3 regions, aa, bb and cc, and the loss of aa alone stops its part `EU`
  see services/web.yaml:6:71: the voters
  note: 3 of its 3 voters are in aa
  help: write `survive: region`; or write `survive: zone` where that is enough, and spare each write the way to another region
";

const BOTH: &str = "warning[majority-in-region] services/web.yaml:6:55: store `db` is strong and in 4 regions, aa, bb, cc and dd, and the loss of aa alone stops its part `EU`
  see services/web.yaml:6:71: the voters
  note: 3 of its 3 voters are in aa
  help: write `survive: zone` where that is enough, and spare each write the way to another region
warning[majority-in-region] services/web.yaml:6:55: store `db` is strong and in 4 regions, aa, bb, cc and dd, and the loss of dd alone stops its part `US`
  see services/web.yaml:6:71: the voters
  note: 3 of its 3 voters are in dd
  help: write `survive: zone` where that is enough, and spare each write the way to another region
";
