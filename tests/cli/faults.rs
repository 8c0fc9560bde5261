//! The faults of every command: exit 2, a remedy, nothing written.

use std::path::Path;

use crate::expect::printed;
use crate::support::{edit, example_copy, regen, skipped};

/// The commands that read a fleet.
const OF_A_FLEET: [&[&str]; 5] = [
    &["check"],
    &["plan"],
    &["render", "--commit"],
    &["drift"],
    &["explain", "frontend"],
];

#[test]
fn a_fleet_that_is_not_there_is_told_with_a_remedy() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |path: &str| dir.path().join(path);
    std::fs::write(at("file"), "").expect("written");
    std::fs::create_dir_all(at("empty")).expect("created");
    std::fs::create_dir_all(at("odd/regen.yaml")).expect("created");
    std::fs::create_dir_all(at("above/fleet")).expect("created");
    std::fs::write(at("above/fleet/regen.yaml"), "fleet: x\n").expect("written");
    for (path, remedies) in [
        ("nowhere", &["does not exist", "regen init", "-C DIR"][..]),
        ("file", &["`file` is not a directory"]),
        ("empty", &["no `regen.yaml`", "regen init", "-C DIR"]),
        ("odd", &["`odd/regen.yaml` is not a plain file"]),
        ("above", &["did you mean `-C above/fleet`?"]),
        (
            "above/fleet/regen.yaml",
            &["give its directory: `-C above/fleet`"],
        ),
    ] {
        for args in OF_A_FLEET {
            let ran = regen(dir.path(), &[&["-C", path], args].concat()).exits(2);
            for remedy in remedies {
                assert!(
                    ran.stderr.contains(remedy),
                    "{path} {args:?}: {}",
                    ran.stderr
                );
            }
            assert_eq!(ran.stdout, "");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_fleet_that_may_not_be_read_is_told_with_a_remedy() {
    use std::os::unix::fs::PermissionsExt as _;
    let fleet = example_copy();
    let file = fleet.path().join("services/frontend.yaml");
    let lock = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    lock(&file, 0o000);
    if std::fs::read(&file).is_ok() {
        skipped("root reads everything");
        return;
    }
    for args in OF_A_FLEET {
        let ran = regen(fleet.path(), args).exits(2);
        for text in ["services/frontend.yaml", "help: let the user"] {
            assert!(ran.stderr.contains(text), "{args:?}: {}", ran.stderr);
        }
    }
    lock(&file, 0o644);
    let regions = fleet.path().join("regions");
    lock(&regions, 0o000);
    let ran = regen(fleet.path(), &["check"]).exits(2);
    lock(&regions, 0o755);
    assert!(ran.stderr.contains("help: let the user"), "{}", ran.stderr);
}

#[test]
fn mistakes_in_files_reject_every_command() {
    let fleet = example_copy();
    edit(
        &fleet.path().join("services/frontend.yaml"),
        "tier: critical",
        "teir: critical",
    );
    for args in OF_A_FLEET {
        let ran = regen(fleet.path(), args).exits(2);
        for text in [
            "error[unknown-field]",
            "services/frontend.yaml:2:1",
            "did you mean `tier`",
            "1 error; nothing was written",
        ] {
            assert!(ran.stderr.contains(text), "{args:?} {text}: {}", ran.stderr);
        }
        assert_eq!(ran.stdout, "");
    }
    assert!(!fleet.path().join("gitops").exists());
    printed("rejected", &regen(fleet.path(), &["check"]));
}

#[test]
fn mistyped_names_are_told_with_the_nearest() {
    let fleet = example_copy();
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    let object = "clusters/us-east-1/use1-a/shop/frontend/deployment-frontent.yaml";
    for (args, near) in [
        (&["codes", "unknown-feild"][..], "unknown-field"),
        (&["explain", "fronted"], "frontend"),
        (&["explain", "frontend.workload.imgae"], "workload.image"),
        (&["explain", "--object", object], "deployment-frontend.yaml"),
        (&["drift", "--cluster", "euw1a"], "euw1-a"),
        (&["chekc"], "check"),
        (&["check", "--renderd"], "--rendered"),
        (&["schema", "servce"], "service"),
        (&["plan", "--format", "jsno"], "json"),
    ] {
        let ran = regen(fleet.path(), args).exits(2);
        assert!(ran.stderr.contains(near), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}

#[test]
fn what_contradicts_itself_is_bad_usage() {
    let fleet = example_copy();
    for args in [
        &["render", "--commit", "--out", "x"][..],
        &["render", "--push"],
        &["explain"],
        &["explain", "frontend", "--object", "x"],
        &["drift", "--live", "x", "--context", "y"],
        &["drift", "--timeout", "0"],
        &[
            "drift",
            "--desired",
            "x",
            "--cluster",
            "a",
            "--cluster",
            "b",
        ],
        &["drift", "--context", "y"],
        &["drift", "-o", "json"],
        &["drift", "-o", "yaml=x"],
        &["drift", "--live", "nowhere"],
        &["drift", "--desired", "nowhere"],
        &["plan", "--rtt", "nowhere.csv"],
        &["render", "--max-deletes", "-1"],
        &["completions", "tcl"],
        &[],
    ] {
        let ran = regen(fleet.path(), args).exits(2);
        assert_ne!(ran.stderr, "", "{args:?}");
        assert_eq!(ran.stdout, "", "{args:?}");
    }
    assert!(!fleet.path().join("x").exists());
}

#[test]
fn a_fleet_that_stands_is_not_made_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let made = regen(dir.path(), &["-C", "My Fleet", "init"]).exits(0);
    printed("init", &made);
    let fleet = dir.path().join("My Fleet");
    let quiet = regen(&fleet, &["check"]).exits(0);
    assert!(!quiet.stderr.contains("warning"), "{}", quiet.stderr);
    std::fs::write(fleet.join("regen.yaml"), "mine\n").expect("written");
    std::fs::remove_file(fleet.join("services/hello.yaml")).expect("removed");
    let again = regen(dir.path(), &["-C", "My Fleet", "init"]).exits(2);
    assert!(again.stderr.contains("regen.yaml"), "{}", again.stderr);
    assert!(
        !fleet.join("services/hello.yaml").exists(),
        "all or nothing"
    );

    let other = dir.path().join("other");
    std::fs::create_dir_all(&other).expect("created");
    std::fs::write(other.join(".gitignore"), "target\n").expect("written");
    let told = regen(&other, &["init"]).exits(0);
    assert!(told.stdout.contains("add `/gitops/`"), "{}", told.stdout);
    let kept = std::fs::read_to_string(other.join(".gitignore")).expect("read");
    assert_eq!(kept, "target\n");
    let nameless = regen(&other, &["-C", "sub", "init", "--name", "///"]).exits(2);
    assert!(nameless.stderr.contains("--name"), "{}", nameless.stderr);
}

#[test]
fn a_refused_change_leaves_the_lock_as_it_was() {
    let fleet = example_copy();
    let lock = fleet.path().join("regen.lock");
    let _ = regen(fleet.path(), &["render", "--commit"]).exits(0);
    let before = std::fs::read(&lock).expect("read");
    edit(
        &fleet.path().join("services/loadgenerator.yaml"),
        "regions: [eu-central-1]",
        "regions: [us-east-1]",
    );
    for args in [
        &["render", "--commit", "--max-deletes", "0"][..],
        &["render", "--max-deletes", "0"],
    ] {
        let ran = regen(fleet.path(), args).exits(2);
        assert!(ran.stderr.contains("too-many-deletes"), "{}", ran.stderr);
        assert_eq!(std::fs::read(&lock).expect("read"), before, "{args:?}");
    }
}

#[test]
fn an_address_is_not_committed_to_without_a_push() {
    let fleet = example_copy();
    edit(
        &fleet.path().join("regen.yaml"),
        "repository: ./gitops",
        "repository: file:///nowhere/gitops.git",
    );
    let plain = regen(fleet.path(), &["render"]).exits(2);
    assert!(plain.stderr.contains("--commit --push"), "{}", plain.stderr);
    let unreachable = regen(fleet.path(), &["render", "--commit", "--push"]).exits(3);
    assert!(
        unreachable.stderr.contains("file:///nowhere/gitops.git"),
        "{}",
        unreachable.stderr
    );
}
