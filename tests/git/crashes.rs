//! Runs that are killed.

use std::path::Path;

use crate::gitops::{Sandbox, git};
use crate::{API, HUB, WEB};

/// The child of the next test: commits one set after the other until it is killed.
#[test]
#[ignore = "run as a child process by `killed_at_any_instant_the_repository_is_whole`"]
fn child_that_commits_for_ever() {
    let Ok(home) = std::env::var("REGEN_TEST_SANDBOX") else {
        return;
    };
    let sandbox = Sandbox::at(Path::new(&home));
    for round in 0.. {
        sandbox.publish(&variant(round)).committed();
    }
}

fn variant(round: u32) -> Vec<(&'static str, &'static str)> {
    let mut files = vec![HUB];
    match round % 3 {
        0 => files.extend([WEB, ("hub/x/y", "1\n")]),
        1 => files.extend([API, (WEB.0, "other\n"), ("hub/x", "2\n")]),
        _ => files.extend([API]),
    }
    files
}

#[test]
fn killed_at_any_instant_the_repository_is_whole() {
    let sandbox = Sandbox::new();
    let mut commits = 0;
    for round in 0..25_u64 {
        let mut child = std::process::Command::new(std::env::current_exe().expect("known"))
            .args([
                "--exact",
                "crashes::child_that_commits_for_ever",
                "--ignored",
                "--nocapture",
            ])
            .env("REGEN_TEST_SANDBOX", sandbox.home())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("starts");
        // A spread of instants, the same in every run as far as the machine allows.
        std::thread::sleep(std::time::Duration::from_micros(
            15_000 + round * 7_919 % 40_000,
        ));
        child.kill().expect("kills");
        child.wait().expect("ends");
        if git(&sandbox.path, &["for-each-ref"]).is_empty() {
            continue;
        }
        git(&sandbox.path, &["fsck", "--strict", "--no-dangling"]);
        // Whatever the branch holds now, it is one of the sets, whole.
        let tree = git(&sandbox.path, &["ls-tree", "-r", "--name-only", "main"]);
        let whole = (0..3).any(|v| {
            let mut names: Vec<&str> = variant(v).iter().map(|f| f.0).collect();
            names.push(".regen/ledger");
            names.sort_unstable();
            tree.lines().eq(names)
        });
        assert!(whole, "{tree}");
        // The next run needs no help, and its work tree is that of its commit.
        sandbox
            .publish(&variant(u32::try_from(round).expect("small")))
            .committed();
        assert_eq!(
            git(&sandbox.path, &["status", "--porcelain"]),
            "",
            "round {round}"
        );
        commits = sandbox.commits();
    }
    assert!(commits > 5, "the child never got to commit: {commits}");
}
