//! Runs that are killed.

use std::fs;
use std::path::Path;

use regen::io::git::Repository;

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

/// A repository at the instant after the branch was moved and before anything else was.
fn crashed_after_the_move() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.publish(&[WEB, HUB]).committed();
    let old = git(&sandbox.path, &["rev-parse", "main"]).trim().to_owned();
    sandbox.publish(&[(WEB.0, "other\n"), API]).committed();
    let new = git(&sandbox.path, &["rev-parse", "main"]).trim().to_owned();
    git(&sandbox.path, &["reset", "-q", "--hard", &old]);
    git(&sandbox.path, &["update-ref", "refs/heads/main", &new]);
    let journal = format!("regen-journal 1\nrefs/heads/main\n{old}\n{new}\n");
    fs::write(sandbox.path.join(".git/regen/journal"), journal).expect("writes");
    (sandbox, new)
}

#[test]
fn a_work_tree_that_fell_behind_is_finished() {
    let (sandbox, new) = crashed_after_the_move();
    assert_ne!(git(&sandbox.path, &["status", "--porcelain"]), "");
    let again = sandbox.publish(&[(WEB.0, "other\n"), API]).committed();
    assert_eq!(again.committed.id.as_deref(), Some(new.as_str()));
    assert!(!again.committed.new && again.committed.notes.is_empty());
    assert_eq!(git(&sandbox.path, &["status", "--porcelain"]), "");
    assert_eq!(sandbox.text(API.0), API.1);
    assert!(!sandbox.path.join("hub").exists());
    assert!(!sandbox.path.join(".git/regen/journal").exists());
}

#[test]
fn locks_that_the_dead_run_left_are_removed() {
    let (sandbox, _) = crashed_after_the_move();
    let locks = [
        ".git/index.lock",
        ".git/refs/heads/main.lock",
        ".git/HEAD.lock",
    ];
    for lock in locks {
        fs::write(sandbox.path.join(lock), "").expect("writes");
    }
    sandbox.publish(&[WEB]).committed();
    for lock in locks {
        assert!(!sandbox.path.join(lock).exists(), "{lock}");
    }
    assert_eq!(git(&sandbox.path, &["status", "--porcelain"]), "");
}

#[test]
fn an_edit_made_after_the_crash_is_left_and_told() {
    let (sandbox, _) = crashed_after_the_move();
    fs::write(sandbox.path.join(WEB.0), "half an edit\n").expect("writes");
    let again = sandbox.publish(&[(WEB.0, "other\n"), API]).committed();
    assert_eq!(
        again.committed.notes.len(),
        1,
        "{:?}",
        again.committed.notes
    );
    assert!(again.committed.notes[0].contains(WEB.0));
    assert_eq!(sandbox.text(WEB.0), "half an edit\n");
    let status = git(&sandbox.path, &["status", "--porcelain"]);
    assert_eq!(
        status,
        format!(" M {}\n", WEB.0),
        "an edit of the new commit, nothing staged"
    );
}

#[test]
fn a_crash_before_the_move_leaves_what_was_before() {
    let (sandbox, new) = crashed_after_the_move();
    let old = git(&sandbox.path, &["rev-parse", "main~1"])
        .trim()
        .to_owned();
    git(&sandbox.path, &["update-ref", "refs/heads/main", &old]);
    assert_eq!(git(&sandbox.path, &["status", "--porcelain"]), "");
    sandbox.publish(&[WEB, HUB]).committed();
    assert_eq!(git(&sandbox.path, &["rev-parse", "main"]).trim(), old);
    assert_ne!(old, new);
    // Nonsense in the journal is no reason to stop.
    fs::write(sandbox.path.join(".git/regen/journal"), "half a jour").expect("writes");
    sandbox.publish(&[WEB]).committed();
    assert_eq!(git(&sandbox.path, &["status", "--porcelain"]), "");
}

#[test]
fn a_repository_whose_creation_was_cut_off_is_created_again() {
    let sandbox = Sandbox::empty();
    let half = sandbox.path.join(".regen-init-7/.git");
    fs::create_dir_all(&half).expect("creates");
    fs::write(half.join("HEAD"), "ref: ").expect("writes");
    let (repository, created) = Repository::open_or_create(&sandbox.path, "main").expect("creates");
    assert!(created);
    sandbox.publish_into(&repository, &[WEB]).committed();
    assert_eq!(git(&sandbox.path, &["status", "--porcelain"]), "");
}

#[test]
fn two_runs_at_once_take_turns() {
    let sandbox = Sandbox::new();
    std::thread::scope(|scope| {
        for name in ["hub/a", "hub/b", "hub/c", "hub/d"] {
            let sandbox = &sandbox;
            scope.spawn(move || {
                // Each run takes the others' files away: the last one wins, whole.
                sandbox.publish(&[(name, "1\n")])
            });
        }
    });
    let files = sandbox.files();
    assert_eq!(files.len(), 2, "{files:?}");
    assert_eq!(git(&sandbox.path, &["status", "--porcelain"]), "");
    git(&sandbox.path, &["fsck", "--strict"]);
}
