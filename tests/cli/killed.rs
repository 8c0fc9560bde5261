//! Killed at any instant, a run leaves what was before or what comes after, and the next run goes
//! through.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{command, copy, edit, git, regen};

/// How often each is killed.
const ROUNDS: u32 = 24;
const SERVICE: &str = "services/hello.yaml";

/// A fleet of three services in two clusters.
fn fleet() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let _ = regen(dir.path(), &["init", "--name", "demo"]).exits(0);
    let hello = std::fs::read_to_string(dir.path().join(SERVICE)).expect("read");
    for name in ["bonjour", "hallo"] {
        let other = hello.replace("service: hello", &format!("service: {name}"));
        let path = dir.path().join(format!("services/{name}.yaml"));
        std::fs::write(path, other).expect("written");
    }
    dir
}

/// Changes every object of one service, takes another away and adds a third; the lock changes too.
fn change(fleet: &Path) {
    edit(&fleet.join(SERVICE), "agnhost:2.53", "agnhost:2.54");
    edit(&fleet.join(SERVICE), "regions: all", "regions: [us-east-1]");
    let hallo = fleet.join("services/hallo.yaml");
    let text = std::fs::read_to_string(&hallo).expect("read");
    std::fs::remove_file(hallo).expect("removed");
    let text = text.replace("service: hallo", "service: hola");
    std::fs::write(fleet.join("services/hola.yaml"), text).expect("written");
}

/// Everything below a directory but git's own files, with its bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(dir)
        .into_iter()
        .filter_entry(|e| e.file_name() != ".git")
        .filter_map(Result::ok)
        .filter(|e| !e.file_type().is_dir())
        .map(|e| {
            let below = e.path().strip_prefix(dir).expect("below");
            let name = below.to_string_lossy().into_owned();
            (name, std::fs::read(e.path()).expect("read"))
        })
        .collect()
}

/// Runs to the end, and says how long that took.
fn whole(fleet: &Path, args: &[&str]) -> Duration {
    let start = Instant::now();
    let _ = regen(fleet, args).exits(0);
    start.elapsed()
}

/// Kills a run after a share of the time that a whole one takes; `false` where it was done.
fn kill(fleet: &Path, args: &[&str], takes: Duration, round: u32) -> bool {
    let mut child = command(env!("CARGO_BIN_EXE_regen"), fleet)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    // A spread that favours no instant, the same in every run as far as the machine allows.
    let share = (round * 7 + 5) % ROUNDS;
    std::thread::sleep(takes * (share + 10) / (ROUNDS + 5));
    let done = child.try_wait().expect("waits").is_some();
    child.kill().expect("kills");
    let _ = child.wait().expect("ends");
    !done
}

/// A fleet before the change and after it, both rendered by these arguments.
fn before_and_after(args: &[&str]) -> (tempfile::TempDir, tempfile::TempDir, Duration) {
    let (before, after) = (fleet(), tempfile::tempdir().expect("a directory"));
    let _ = whole(before.path(), args);
    copy_whole(before.path(), after.path());
    change(after.path());
    let takes = whole(after.path(), args);
    (before, after, takes)
}

fn copy_whole(from: &Path, to: &Path) {
    copy(from, to);
    let gitops = from.join("gitops");
    if gitops.exists() {
        copy(&gitops, &to.join("gitops"));
    }
}

fn tree(fleet: &Path) -> String {
    let tree = git(&fleet.join("gitops"), &["rev-parse", "HEAD^{tree}"]);
    tree.exits(0).stdout
}

#[test]
fn a_commit_is_there_or_not() {
    let args = ["render", "--commit"];
    let (before, after, takes) = before_and_after(&args);
    let (old, new) = (tree(before.path()), tree(after.path()));
    assert_ne!(old, new);
    let locks =
        [before.path(), after.path()].map(|f| std::fs::read(f.join("regen.lock")).expect("a lock"));
    let wanted = files(&after.path().join("gitops"));
    let (mut killed, mut unmoved) = (0, 0);
    for round in 0..ROUNDS {
        let dir = tempfile::tempdir().expect("a directory");
        copy_whole(before.path(), dir.path());
        change(dir.path());
        killed += u32::from(kill(dir.path(), &args, takes, round));
        let gitops = dir.path().join("gitops");
        let _ = git(&gitops, &["fsck", "--strict", "--no-dangling"]).exits(0);
        let stands = tree(dir.path());
        assert!(stands == old || stands == new, "neither before nor after");
        unmoved += u32::from(stands == old);
        let lock = std::fs::read(dir.path().join("regen.lock")).expect("a lock");
        assert!(locks.contains(&lock), "half a lock");

        let _ = regen(dir.path(), &args).exits(0);
        assert_eq!(tree(dir.path()), new, "round {round}");
        assert!(files(&gitops) == wanted, "round {round}");
        let status = git(&gitops, &["status", "--porcelain"]).exits(0);
        assert_eq!(status.stdout, "", "round {round}");
        let _ = regen(dir.path(), &["check", "--rendered"]).exits(0);
        let commits = git(&gitops, &["rev-list", "--count", "HEAD"]).exits(0);
        assert_eq!(commits.stdout, "2\n", "one commit for the change");
    }
    assert!(
        killed > 0 && unmoved > 0,
        "{killed} killed, {unmoved} before"
    );
}

#[test]
fn a_first_commit_is_there_or_not() {
    let args = ["render", "--commit"];
    let first = fleet();
    let takes = whole(first.path(), &args);
    let wanted = tree(first.path());
    let mut killed = 0;
    for round in 0..ROUNDS {
        let dir = fleet();
        killed += u32::from(kill(dir.path(), &args, takes, round));
        let gitops = dir.path().join("gitops");
        if gitops.join(".git").exists() {
            let _ = git(&gitops, &["fsck", "--strict", "--no-dangling"]).exits(0);
            let refs = git(&gitops, &["for-each-ref"]).exits(0).stdout;
            assert!(refs.is_empty() || tree(dir.path()) == wanted);
        }
        let _ = regen(dir.path(), &args).exits(0);
        assert_eq!(tree(dir.path()), wanted, "round {round}");
        let status = git(&gitops, &["status", "--porcelain"]).exits(0);
        assert_eq!(status.stdout, "", "round {round}");
    }
    assert!(killed > 0);
}

#[test]
fn a_directory_holds_whole_files_and_is_finished_by_the_next_run() {
    let args = ["render", "--out", "out"];
    let (before, after, takes) = before_and_after(&args);
    let (old, new) = (
        files(&before.path().join("out")),
        files(&after.path().join("out")),
    );
    let mut killed = 0;
    for round in 0..ROUNDS {
        let dir = tempfile::tempdir().expect("a directory");
        copy_whole(before.path(), dir.path());
        change(dir.path());
        killed += u32::from(kill(dir.path(), &args, takes, round));
        for (path, bytes) in files(&dir.path().join("out")) {
            if !path.starts_with(".regen/") {
                let known = [old.get(&path), new.get(&path)];
                assert!(known.contains(&Some(&bytes)), "round {round}: {path}");
            }
        }
        let _ = regen(dir.path(), &args).exits(0);
        let stands = files(&dir.path().join("out"));
        let names = |of: &BTreeMap<String, Vec<u8>>| of.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&stands), names(&new), "round {round}");
        assert!(stands == new, "round {round}");
    }
    assert!(killed > 0);
}
