//! Remotes: pushes that are rejected, declined and raced, and mirrors.

use std::fs;
use std::path::Path;

use regen::io::git::{Location, Repository};
use regen::publish::Options;

use crate::gitops::{Outcome, Sandbox, git};
use crate::{API, WEB};

#[test]
fn a_rejected_push_is_fetched_and_made_again_on_top() {
    let ours = Sandbox::new();
    let remote = ours.remote();
    ours.publish_and_push(&[WEB]).committed();
    let theirs = ours.clone_of(&remote);
    let mut looks = 0;
    let published = ours
        .publish_and(&[WEB, API], &Options::default(), Some("main"), &mut || {
            looks += 1;
            if looks <= 2 {
                theirs.person(&format!("notes-{looks}"), "meanwhile\n");
                git(&theirs.path, &["pull", "-q", "--rebase"]);
                git(&theirs.path, &["push", "-q"]);
            }
        })
        .committed();
    assert_eq!(looks, 3);
    assert_eq!(published.pushed.as_deref(), Some("origin"));
    let expected = [".regen/ledger", WEB.0, API.0, "notes-1", "notes-2"];
    assert_eq!(ours.files(), expected);
    assert_eq!(
        git(&remote, &["rev-parse", "main"]),
        git(&ours.path, &["rev-parse", "main"])
    );
    assert_eq!(git(&ours.path, &["status", "--porcelain"]), "");
    assert_eq!(ours.text("notes-2"), "meanwhile\n");
    assert_eq!(ours.commits(), 4, "the commits that were rejected are gone");
    git(&ours.path, &["fsck", "--strict"]);
}

#[test]
fn a_persons_commits_are_never_dropped_for_a_push() {
    let ours = Sandbox::new();
    let remote = ours.remote();
    ours.publish_and_push(&[WEB]).committed();
    let theirs = ours.clone_of(&remote);
    theirs.person("theirs", "x\n");
    git(&theirs.path, &["push", "-q"]);
    ours.person("mine", "x\n");
    let error = ours.publish_and_push(&[WEB, API]).failed();
    assert!(error.contains("by hand"), "{error}");
    assert_eq!(ours.text("mine"), "x\n");
    git(&ours.path, &["pull", "-q", "--rebase", "origin", "main"]);
    ours.publish_and_push(&[WEB, API]).committed();
    assert_eq!(
        ours.files(),
        [".regen/ledger", WEB.0, API.0, "mine", "theirs"]
    );
}

#[test]
fn a_hook_that_declines_is_told_and_not_tried_again() {
    let ours = Sandbox::new();
    let remote = ours.remote();
    let hook = remote.join("hooks/pre-receive");
    fs::create_dir_all(remote.join("hooks")).expect("creates");
    fs::write(&hook, "#!/bin/sh\necho no entry >&2\nexit 1\n").expect("writes");
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("sets");
    let error = ours.publish_and_push(&[WEB]).failed();
    assert!(
        error.contains("no entry") && error.contains("`origin`"),
        "{error}"
    );
    fs::remove_file(&hook).expect("removes");
    let again = ours.publish_and_push(&[WEB]).committed();
    assert!(
        !again.committed.new,
        "the commit was made, only the push was missing"
    );
    assert_eq!(git(&remote, &["rev-list", "--count", "main"]), "1\n");
}

#[test]
fn a_repository_by_address_is_mirrored_and_its_credentials_are_not_kept() {
    let sandbox = Sandbox::new();
    let remote = sandbox.remote();
    sandbox.publish_and_push(&[WEB]).committed();
    let url = format!("file://{}", remote.display());
    assert!(matches!(
        Location::of(&url, Path::new(".")),
        Location::Url(_)
    ));
    let cache = sandbox.beside("cache");
    let mirror = Repository::mirror(&cache, &url, "main").expect("creates");
    assert!(mirror.is_mirror());
    let address = mirror.remote("main").expect("is known");
    let snapshot = mirror
        .snapshot_of_remote(&address, "main")
        .expect("fetches");
    assert_eq!(
        snapshot.read(WEB.0).expect("reads").as_deref(),
        Some(WEB.1.as_bytes())
    );
    drop(snapshot);
    sandbox.configure(
        &fs::read_dir(&cache)
            .expect("lists")
            .map(|e| e.expect("entry").path())
            .find(|p| p.is_dir())
            .expect("a mirror"),
    );
    match sandbox.publish_to(
        &mirror,
        &[WEB, API],
        &Options::default(),
        Some("main"),
        &mut || {},
    ) {
        Outcome::Done(published) => assert!(published.committed.new),
        other => panic!("{other:?}"),
    }
    assert_eq!(git(&remote, &["show", &format!("main:{}", API.0)]), API.1);

    let secret = "https://user:hunter2@127.0.0.1:9/x.git";
    let mirror = Repository::mirror(&cache, secret, "main").expect("creates");
    let address = mirror.remote("main").expect("is known");
    let error = mirror
        .snapshot_of_remote(&address, "main")
        .expect_err("nobody is there");
    let error = format!("{error:#} {mirror:?}");
    assert!(
        error.contains("127.0.0.1") && !error.contains("hunter2"),
        "{error}"
    );
    let kept = std::process::Command::new("grep")
        .args(["-r", "hunter2"])
        .arg(&cache)
        .output()
        .expect("greps");
    assert!(kept.stdout.is_empty(), "the credential is on the disk");
    assert_eq!(
        fs::read_to_string(cache.join(".gitignore")).expect("reads"),
        "*\n"
    );
}
