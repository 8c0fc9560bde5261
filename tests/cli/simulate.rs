//! What the shipped example survives, and what a fleet that does not is told.

use crate::expect::printed;
use crate::forms::form;
use crate::support::{edit, example, example_copy, regen};

#[test]
fn the_example_survives_the_loss_of_any_one_part() {
    let run = |args: &[&str]| regen(&example(), &[&["simulate"], args].concat());
    printed("simulate", &run(&[]).exits(0));
    printed("simulate-one", &run(&["--lose", "eu-central-1"]).exits(0));
    let told = form(
        &example(),
        "simulation",
        &run(&["--format", "json"]).exits(0),
    );
    assert_eq!(told["survives"], "yes");
    // Three regions with three ways between them, twelve zones, four clusters.
    assert_eq!(told["outcomes"].as_array().map(Vec::len), Some(22));
    let worst = &told["outcomes"][0];
    assert_eq!(worst["lost"][0]["name"], "eu-central-1");
    assert_eq!(
        worst["stores"]["productcatalogservice/products"]["writes"],
        "person"
    );
    let moved = &worst["services"]["frontend"]["moved"][0];
    assert_eq!(
        (&moved["from"], &moved["to"]),
        (&"eu-central-1".into(), &"eu-west-1".into())
    );
}

#[test]
fn every_kind_of_part_can_be_lost_alone_and_together() {
    let run = |args: &[&str]| {
        regen(
            &example(),
            &[&["simulate", "--format", "json"], args].concat(),
        )
    };
    for (args, outcomes) in [
        (&["--every", "cluster"][..], 4),
        (&["--every", "link"], 3),
        (&["--every", "zone"], 12),
        (&["--every", "region,cluster"], 7),
        (&["--pairs"], 25),
        (&["--every", "region", "--pairs"], 6),
        (&["--lose", "euw1-a"], 1),
        (&["--lose", "eu-west-1..us-east-1", "--lose", "euc1-a"], 1),
        (&["--lose", "us-east-1,eu-west-1"], 1),
        (&["--lose", "eu-west-1/eu-west-1a"], 1),
    ] {
        let ran = run(&[args, &["--exit-zero"]].concat()).exits(0);
        let told = form(&example(), "simulation", &ran);
        let found = told["outcomes"].as_array().map(Vec::len);
        assert_eq!(found, Some(outcomes), "{args:?}");
    }
    let clean = run(&["--every", "cluster"]).exits(0);
    assert!(clean.stdout.contains("\"survives\": \"yes\""));
    let all = run(&[
        "--lose",
        "eu-west-1",
        "--lose",
        "us-east-1",
        "--lose",
        "eu-central-1",
    ]);
    assert!(all.exits(1).stdout.contains("\"promise\": \"served\""));
}

#[test]
fn a_fleet_that_does_not_survive_is_told_why_and_where() {
    let fleet = example_copy();
    let dir = fleet.path();
    edit(
        &dir.join("services/productcatalogservice.yaml"),
        "service: productcatalogservice",
        "service: productcatalogservice\nplacement: {regions: [eu-central-1]}",
    );
    let ran = regen(dir, &["simulate", "--every", "region"]).exits(1);
    let told = "no, because\n  without eu-central-1: nobody serves 100% of its users of `productcatalogservice` in place of eu-central-1: the service runs in no other region";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("services/productcatalogservice.yaml:"),
        "{}",
        ran.stdout
    );
    let _ = regen(dir, &["simulate", "--every", "region", "--exit-zero"]).exits(0);
}

#[test]
fn what_is_not_known_is_not_clean() {
    let fleet = example_copy();
    let dir = fleet.path();
    edit(
        &dir.join("regions/eu-west-1.yaml"),
        "    capacity: {cpu: \"64\", memory: 256Gi}\n",
        "",
    );
    let ran = regen(dir, &["simulate"]).exits(3);
    assert!(
        ran.stdout
            .contains("the fleet survives the loss of any one region, zone, cluster or way between two regions: not known"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("it states no capacity"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_is_not_there_cannot_be_lost() {
    for (word, told) in [
        (
            "eu-central-2",
            "no region or cluster is named `eu-central-2`; did you mean `eu-central-1`?",
        ),
        ("eu-west-1/d", "that region has no zone `d`"),
        ("eu-west-1..moon", "no region is named `moon`"),
        (
            "eu-west-1..eu-west-1",
            "a way leads from one region to another, not to `eu-west-1`",
        ),
    ] {
        let ran = regen(&example(), &["simulate", "--lose", word]).exits(2);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    let _ = regen(&example(), &["simulate", "--lose", "euw1-a", "--pairs"]).exits(2);
}
