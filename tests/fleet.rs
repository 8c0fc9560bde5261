//! The whole way, as a user walks it: render, commit, change, check, again.

mod support;

use support::{edit, example_copy, git, regen};

const FRONTEND: &str = "services/frontend.yaml";

fn commits(dir: &std::path::Path) -> usize {
    let log = git(&dir.join("gitops"), &["rev-list", "--count", "HEAD"]).exits(0);
    log.stdout.trim().parse().expect("a number")
}

#[test]
fn the_first_render_makes_the_repository_and_the_second_commits_nothing() {
    let fleet = example_copy();
    let first = regen(fleet.path(), &["render", "--commit"]).exits(0);
    assert!(first.stdout.lines().count() <= 14, "{}", first.stdout);
    assert_eq!(commits(fleet.path()), 1);
    let message = git(&fleet.path().join("gitops"), &["log", "-1", "--format=%B"])
        .exits(0)
        .stdout;
    for trailer in [
        "Version",
        "Input-Digest",
        "Output-Digest",
        "Source-Commit",
        "Clusters",
    ] {
        assert!(
            message.contains(&format!("\nRegen-{trailer}: ")),
            "{trailer}: {message}"
        );
    }
    let status = git(&fleet.path().join("gitops"), &["status", "--porcelain"]).exits(0);
    assert_eq!(status.stdout, "", "the work tree holds what was committed");

    let again = regen(fleet.path(), &["render", "--commit"]).exits(0);
    assert!(
        again.stdout.contains("nothing to commit"),
        "{}",
        again.stdout
    );
    assert_eq!(commits(fleet.path()), 1);
}

#[test]
fn a_changed_image_is_pending_then_committed_alone() {
    let fleet = example_copy();
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    edit(
        &fleet.path().join(FRONTEND),
        "frontend:v0.10.6",
        "frontend:v0.10.7",
    );

    let check = regen(fleet.path(), &["check"]).exits(0);
    assert!(
        check.stdout.contains("deployment-frontend.yaml"),
        "{}",
        check.stdout
    );
    let strict = regen(fleet.path(), &["check", "--rendered"]).exits(1);
    assert!(
        strict.stdout.contains("deployment-frontend.yaml"),
        "{}",
        strict.stdout
    );

    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    assert_eq!(commits(fleet.path()), 2);
    let names = git(
        &fleet.path().join("gitops"),
        &["diff", "--name-only", "HEAD~1", "HEAD", "--", "clusters"],
    )
    .exits(0);
    let changed: Vec<&str> = names.stdout.lines().collect();
    assert_eq!(changed.len(), 4, "one Deployment per cluster: {changed:?}");
    assert!(
        changed
            .iter()
            .all(|p| p.ends_with("/frontend/deployment-frontend.yaml"))
    );
    let _ = regen(fleet.path(), &["check", "--rendered"]).exits(0);
}

#[test]
fn a_hand_edit_is_told_refused_and_kept() {
    let fleet = example_copy();
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    let gitops = fleet.path().join("gitops");
    let path = "clusters/us-east-1/use1-a/shop/frontend/deployment-frontend.yaml";
    edit(&gitops.join(path), "v0.10.6", "v0.10.5");
    let _ = git(
        &gitops,
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "-qam",
            "hand",
        ],
    )
    .exits(0);

    let check = regen(fleet.path(), &["check"]).exits(1);
    assert!(check.stdout.contains(path), "{}", check.stdout);
    let refused = regen(fleet.path(), &["render", "--commit"]).exits(2);
    assert!(
        refused.stderr.contains("edited-by-hand"),
        "{}",
        refused.stderr
    );
    assert_eq!(commits(fleet.path()), 2);

    let _ = regen(fleet.path(), &["render", "--commit", "--overwrite"]).exits(0);
    assert_eq!(commits(fleet.path()), 3);
    let _ = regen(fleet.path(), &["check", "--rendered"]).exits(0);
}

#[test]
fn a_removed_service_takes_its_files_along_and_nothing_else() {
    let fleet = example_copy();
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    let gitops = fleet.path().join("gitops");
    std::fs::write(gitops.join("README.md"), "ours\n").expect("written");
    std::fs::remove_file(fleet.path().join("services/loadgenerator.yaml")).expect("removed");

    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    let gone = git(
        &gitops,
        &["diff", "--name-status", "HEAD~1", "HEAD", "--", "clusters"],
    )
    .exits(0);
    assert!(
        gone.stdout
            .lines()
            .any(|l| l.starts_with('D') && l.contains("/loadgenerator/"))
    );
    assert!(
        gone.stdout
            .lines()
            .filter(|l| l.starts_with('D'))
            .all(|l| l.contains("loadgenerator")),
        "{}",
        gone.stdout
    );
    assert!(
        gitops.join("README.md").exists(),
        "what regen does not own stays"
    );
}

#[test]
fn locked_refuses_to_change_the_lock() {
    let fleet = example_copy();
    let _ = regen(fleet.path(), &["render", "--commit", "--locked"]).exits(0);
    edit(
        &fleet.path().join("services/loadgenerator.yaml"),
        "regions: [eu-central-1]",
        "regions: [us-east-1]",
    );
    let refused = regen(fleet.path(), &["render", "--commit", "--locked"]).exits(2);
    assert!(
        refused.stderr.contains("lock-differs"),
        "{}",
        refused.stderr
    );
    assert_eq!(commits(fleet.path()), 1);
    let _ = regen(fleet.path(), &["plan"]).exits(1);
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    let _ = regen(fleet.path(), &["plan"]).exits(0);
}

#[test]
fn a_leader_is_not_switched_in_one_commit() {
    let fleet = example_copy();
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    edit(
        &fleet.path().join("services/productcatalogservice.yaml"),
        "size: 20Gi",
        "size: 20Gi\n    leader: eu-west-1",
    );
    for command in [
        &["check"][..],
        &["render", "--commit"],
        &["render", "--dry-run"],
    ] {
        let refused = regen(fleet.path(), command).exits(2);
        let told = "`productcatalogservice/products` would be demoted in eu-central-1 and promoted in eu-west-1 in one commit";
        for text in ["leader-switch", told, "`regen plan --write`"] {
            assert!(refused.stderr.contains(text), "{text}\n{}", refused.stderr);
        }
    }
    assert_eq!(commits(fleet.path()), 1);
    // Said to be meant.
    let _ = regen(fleet.path(), &["plan", "--write"]).exits(0);
    let _ = regen(fleet.path(), &["check"]).exits(0);
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    assert_eq!(commits(fleet.path()), 2);
}

#[test]
fn a_leader_whose_region_is_gone_needs_nobody_to_demote_it() {
    let fleet = example_copy();
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    edit(
        &fleet.path().join("services/productcatalogservice.yaml"),
        "service: productcatalogservice",
        "service: productcatalogservice\nplacement: {regions: [eu-west-1, us-east-1]}",
    );
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    assert_eq!(commits(fleet.path()), 2);
}

#[test]
fn several_mistakes_are_told_at_once_and_nothing_is_written() {
    let fleet = example_copy();
    edit(
        &fleet.path().join(FRONTEND),
        "tier: critical",
        "teir: critical",
    );
    edit(
        &fleet.path().join("services/adservice.yaml"),
        "grpc: 9555",
        "grpc: 99555",
    );
    edit(
        &fleet.path().join("regions/us-east-1.yaml"),
        "wave: america",
        "wave: amreica",
    );
    let rejected = regen(fleet.path(), &["render", "--commit"]).exits(2);
    for text in [
        "services/frontend.yaml:2:1",
        "did you mean `tier`",
        "services/adservice.yaml:5",
    ] {
        assert!(
            rejected.stderr.contains(text),
            "{text}: {}",
            rejected.stderr
        );
    }
    assert!(!fleet.path().join("gitops").exists());
}

#[test]
fn init_makes_a_fleet_that_works_at_once() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let _ = regen(dir.path(), &["init", "--name", "demo"]).exits(0);
    let _ = regen(dir.path(), &["check"]).exits(0);
    let _ = regen(dir.path(), &["render", "--commit"]).exits(0);
    let _ = regen(dir.path(), &["check", "--rendered"]).exits(0);
    let again = regen(dir.path(), &["init"]).exits(2);
    assert!(again.stderr.contains("regen.yaml"), "{}", again.stderr);
}

#[test]
fn usage_errors_exit_with_two_and_help_with_zero() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let _ = regen(dir.path(), &["--no-such-flag"]).exits(2);
    let _ = regen(dir.path(), &["--help"]).exits(0);
    let nothing = regen(dir.path(), &["check"]).exits(2);
    assert!(nothing.stderr.contains("regen.yaml"), "{}", nothing.stderr);
}
