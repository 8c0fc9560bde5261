//! What keeps voters apart where nobody says so, and what is said where they have no place.

use regen::model::plan::StorePlan;

use crate::fleet::Fleet;

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
