//! Days by which policies and exceptions are to be looked at again: told when they have passed, and
//! refused where somebody asks for that.

mod support;

use support::regen;

const DUE: &str = "fleet: shop\ndataClasses:\n  personal: {residency: EU, reviewBy: 2001-12-31}\n  \
    open: {reviewBy: 9999-12-31}\ndrift:\n  ignore:\n  - {kind: Job, managers: [x], until: 2002-01-31}\n";
const PATCH: &str =
    "kind: Deployment\nname: web\nreviewBy: 2003-02-28\nmerge: {spec: {paused: true}}\n";

/// The smallest fleet with three reviews that nobody held.
fn fleet() -> tempfile::TempDir {
    let fleet = tempfile::tempdir().expect("a directory");
    let write = |path: &str, text: &str| {
        let path = fleet.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    write("regen.yaml", DUE);
    write(
        "regions/eu-west-1.yaml",
        "region: eu-west-1\nprovider: aws\nclusters: [{name: a}]\n",
    );
    write(
        "services/web.yaml",
        "service: web\nworkload: {image: registry.example/web:1.0.0}\n",
    );
    write("overlays/services/web.yaml", PATCH);
    fleet
}

#[test]
fn what_was_not_looked_at_in_time_is_told() {
    let fleet = fleet();
    let told = [
        "the data class `personal` was to be looked at again by 2001-12-31",
        "the patch of Deployment `web` was to be looked at again by 2003-02-28",
        "an accepted difference was to be looked at again by 2002-01-31",
    ];
    let warned = regen(fleet.path(), &["check"]).exits(0).stderr;
    assert_eq!(warned.matches("warning[review-due]").count(), 3, "{warned}");
    for told in told {
        assert!(warned.contains(told), "{told}\n{warned}");
    }
    assert!(!warned.contains("9999"), "{warned}");

    for command in [
        &["check", "--strict-reviews"][..],
        &["render", "--dry-run", "--strict-reviews"],
    ] {
        let refused = regen(fleet.path(), command).exits(2).stderr;
        assert_eq!(refused.matches("error[review-due]").count(), 3, "{refused}");
    }
    let path = fleet.path().join("regen.yaml");
    let text = std::fs::read_to_string(&path).expect("readable");
    std::fs::write(&path, format!("reviews: error\n{text}")).expect("written");
    let _ = regen(fleet.path(), &["check"]).exits(2);
}
