//! Commits and work trees.

use std::fs;
use std::path::Path;

use regen::diag::Code;
use regen::io::git::{Repository, WorkTree, source_commit};
use regen::publish::Options;

use crate::gitops::{Sandbox, git};
use crate::{API, HUB, WEB};

#[test]
fn the_first_render_creates_a_repository_that_a_person_can_look_into() {
    let sandbox = Sandbox::empty();
    let (repository, created) = Repository::open_or_create(&sandbox.path, "main").expect("creates");
    assert!(created);
    let published = sandbox
        .publish_into(&repository, &[WEB, API, HUB])
        .committed();
    assert!(published.committed.new);
    assert_eq!(published.committed.work_tree, WorkTree::Updated);
    assert_eq!(sandbox.text(WEB.0), WEB.1);
    assert_eq!(git(&sandbox.path, &["status", "--porcelain"]), "");
    assert_eq!(git(&sandbox.path, &["branch", "--show-current"]), "main\n");
    git(&sandbox.path, &["fsck", "--strict"]);
    let message = git(&sandbox.path, &["log", "-1", "--format=%B"]);
    assert!(
        message.starts_with("regen: 3 added in euw1-a, hub, use1-a\n"),
        "{message}"
    );
    let trailers = git(
        &sandbox.path,
        &["log", "-1", "--format=%(trailers:only,unfold)"],
    );
    let keys: Vec<&str> = trailers
        .lines()
        .filter_map(|line| Some(line.split_once(':')?.0))
        .collect();
    assert_eq!(
        keys,
        [
            "Regen-Version",
            "Regen-Input-Digest",
            "Regen-Output-Digest",
            "Regen-Source-Commit",
            "Regen-Clusters"
        ],
        "git reads them as trailers: {message}"
    );
    assert!(
        trailers.contains("Regen-Clusters: euw1-a, use1-a\n"),
        "{trailers}"
    );
    let leftovers: Vec<_> = fs::read_dir(&sandbox.path)
        .expect("lists")
        .map(|e| e.expect("entry").file_name())
        .filter(|name| name.to_string_lossy().contains("init"))
        .collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[test]
fn the_same_set_twice_is_one_commit() {
    let sandbox = Sandbox::new();
    let first = sandbox.publish(&[WEB, API]).committed();
    let second = sandbox.publish(&[WEB, API]).committed();
    assert!(!second.committed.new);
    assert_eq!(first.committed.id, second.committed.id);
    assert_eq!(sandbox.commits(), 1);
}

#[test]
fn removing_a_service_removes_exactly_its_files_and_foreign_files_survive() {
    let sandbox = Sandbox::new();
    sandbox.person("README.md", "ours\n");
    sandbox.person("clusters/eu/euw1-a/shop/web/notes.txt", "by hand\n");
    sandbox.publish(&[WEB, API, HUB]).committed();
    let before = sandbox.files();
    sandbox.publish(&[API, HUB]).committed();
    let after = sandbox.files();
    let gone: Vec<&String> = before.iter().filter(|f| !after.contains(f)).collect();
    assert_eq!(gone, [WEB.0]);
    assert_eq!(
        sandbox.text("clusters/eu/euw1-a/shop/web/notes.txt"),
        "by hand\n"
    );
    sandbox.publish(&[]).committed();
    assert_eq!(
        sandbox.files(),
        [
            ".regen/ledger",
            "README.md",
            "clusters/eu/euw1-a/shop/web/notes.txt"
        ]
    );
    assert!(
        !sandbox.path.join("hub").exists(),
        "an empty directory is left in the work tree"
    );
}

#[test]
fn a_file_becomes_a_directory_and_back() {
    let sandbox = Sandbox::new();
    sandbox
        .publish(&[("hub/a", "1\n"), ("hub/a.b", "x\n")])
        .committed();
    sandbox
        .publish(&[("hub/a/b", "2\n"), ("hub/a.b", "x\n")])
        .committed();
    assert_eq!(sandbox.text("hub/a/b"), "2\n");
    sandbox
        .publish(&[("hub/a", "3\n"), ("hub/a.b", "x\n")])
        .committed();
    assert_eq!(sandbox.files(), [".regen/ledger", "hub/a", "hub/a.b"]);
    assert_eq!(git(&sandbox.path, &["status", "--porcelain"]), "");
    git(&sandbox.path, &["fsck", "--strict"]);
}

#[test]
fn edits_by_hand_are_refused_unless_told() {
    let sandbox = Sandbox::new();
    sandbox.publish(&[WEB, API]).committed();
    sandbox.person(WEB.0, "replicas: 9\n");
    git(&sandbox.path, &["rm", "-q", API.0]);
    git(&sandbox.path, &["commit", "-qm", "gone"]);
    let codes = sandbox.publish(&[WEB, API, HUB]).refused();
    assert_eq!(codes, [Code::EditedByHand, Code::EditedByHand]);
    assert_eq!(sandbox.text(WEB.0), "replicas: 9\n");
    let told = Options {
        overwrite_edited: true,
        ..Options::default()
    };
    sandbox.publish_with(&[WEB, API, HUB], &told).committed();
    assert_eq!(sandbox.text(WEB.0), WEB.1);
    assert_eq!(sandbox.text(API.0), API.1);
}

#[test]
fn what_is_not_owned_is_never_touched() {
    let sandbox = Sandbox::new();
    sandbox.person(WEB.0, "not yours\n");
    let told = Options {
        overwrite_edited: true,
        ..Options::default()
    };
    assert_eq!(
        sandbox.publish_with(&[WEB], &told).refused(),
        [Code::NotOwned]
    );
    assert_eq!(sandbox.text(WEB.0), "not yours\n");
    std::os::unix::fs::symlink("/etc", sandbox.path.join("hub")).expect("links");
    git(&sandbox.path, &["add", "hub"]);
    git(&sandbox.path, &["commit", "-qm", "a link"]);
    assert_eq!(
        sandbox.publish_with(&[HUB], &told).refused(),
        [Code::PathCollision]
    );
}

#[test]
fn uncommitted_work_is_never_lost() {
    let sandbox = Sandbox::new();
    sandbox.publish(&[WEB, API]).committed();
    let web = sandbox.path.join(WEB.0);
    let changed = [(WEB.0, "kind: StatefulSet\n"), API];

    fs::write(&web, "half an edit\n").expect("writes");
    let error = sandbox.publish(&changed).failed();
    assert!(
        error.contains(WEB.0) && error.contains("not committed"),
        "{error}"
    );
    assert_eq!(sandbox.text(WEB.0), "half an edit\n");
    assert_eq!(sandbox.commits(), 1, "refused before anything is written");

    // Staged, the file itself put back.
    git(&sandbox.path, &["add", WEB.0]);
    fs::write(&web, WEB.1).expect("writes");
    assert!(sandbox.publish(&changed).failed().contains("not committed"));
    git(&sandbox.path, &["reset", "-q", "--hard"]);

    // An untracked file, and one that is ignored, where one would be added.
    fs::create_dir_all(sandbox.path.join("hub")).expect("creates");
    fs::write(sandbox.path.join(HUB.0), "mine\n").expect("writes");
    assert!(sandbox.publish(&[WEB, API, HUB]).failed().contains(HUB.0));
    fs::write(sandbox.path.join(".git/info/exclude"), "hub/\n").expect("writes");
    assert!(sandbox.publish(&[WEB, API, HUB]).failed().contains(HUB.0));
    assert_eq!(
        fs::read_to_string(sandbox.path.join(HUB.0)).expect("reads"),
        "mine\n"
    );
    fs::remove_dir_all(sandbox.path.join("hub")).expect("removes");

    // A directory that is a link, out of the work tree.
    let outside = sandbox.beside("outside");
    fs::create_dir_all(&outside).expect("creates");
    std::os::unix::fs::symlink(&outside, sandbox.path.join("hub")).expect("links");
    assert!(sandbox.publish(&[WEB, API, HUB]).failed().contains("hub"));
    assert!(fs::read_dir(&outside).expect("lists").next().is_none());
    fs::remove_file(sandbox.path.join("hub")).expect("removes");

    // Edits elsewhere stay where they are and stop nobody.
    fs::write(sandbox.path.join(API.0), "half an edit\n").expect("writes");
    sandbox.publish(&changed).committed();
    assert_eq!(sandbox.text(WEB.0), "kind: StatefulSet\n");
    assert_eq!(sandbox.text(API.0), "half an edit\n");
    assert_eq!(
        git(&sandbox.path, &["status", "--porcelain"]),
        format!(" M {}\n", API.0)
    );
}

#[test]
fn a_branch_that_is_not_checked_out_moves_and_the_work_tree_stays() {
    let sandbox = Sandbox::new();
    sandbox.publish(&[WEB]).committed();
    for head in [
        &["checkout", "-q", "--detach"][..],
        &["checkout", "-q", "-b", "other"],
    ] {
        git(&sandbox.path, head);
        let text = format!("# {}\n", head.len());
        let published = sandbox.publish(&[(WEB.0, text.as_str())]).committed();
        assert_eq!(published.committed.work_tree, WorkTree::Elsewhere);
        assert_eq!(sandbox.text(WEB.0), WEB.1);
        assert_eq!(
            git(&sandbox.path, &["show", &format!("main:{}", WEB.0)]),
            text
        );
        assert_eq!(git(&sandbox.path, &["status", "--porcelain"]), "");
    }
}

#[test]
fn a_missing_branch_is_an_error_unless_the_repository_is_empty() {
    let sandbox = Sandbox::on("trunk");
    sandbox.person("README.md", "x\n");
    let error = sandbox.publish(&[WEB]).failed();
    assert!(
        error.contains("no branch `main`") && error.contains("`trunk`"),
        "{error}"
    );

    // `git init` made another first branch, and nothing was committed yet.
    let sandbox = Sandbox::on("master");
    let published = sandbox.publish(&[WEB]).committed();
    assert_eq!(published.committed.work_tree, WorkTree::Updated);
    assert_eq!(git(&sandbox.path, &["branch", "--show-current"]), "main\n");
    assert_eq!(sandbox.text(WEB.0), WEB.1);
}

#[test]
fn bare_repositories_work_and_others_are_told_apart() {
    let sandbox = Sandbox::empty();
    git(
        sandbox.home(),
        &[
            "init",
            "-q",
            "--bare",
            sandbox.path.to_str().expect("UTF-8"),
        ],
    );
    sandbox.configure(&sandbox.path);
    let published = sandbox.publish(&[WEB]).committed();
    assert_eq!(published.committed.work_tree, WorkTree::Bare);
    assert_eq!(
        git(&sandbox.path, &["show", &format!("main:{}", WEB.0)]),
        WEB.1
    );
    assert_eq!(
        git(&sandbox.path, &["symbolic-ref", "HEAD"]),
        "refs/heads/main\n"
    );

    let plain = sandbox.beside("plain");
    assert!(Repository::open(&plain).expect("opens").is_none());
    fs::create_dir_all(plain.join("x")).expect("creates");
    let error = Repository::open(&plain)
        .expect_err("no repository")
        .to_string();
    assert!(error.contains("git init"), "{error}");

    let sha256 = sandbox.beside("sha256");
    git(
        sandbox.home(),
        &[
            "init",
            "-q",
            "--object-format=sha256",
            sha256.to_str().expect("UTF-8"),
        ],
    );
    let error = format!("{:#}", Repository::open(&sha256).expect_err("SHA-256"));
    assert!(error.contains("SHA-1"), "{error}");
}

#[test]
fn line_ends_of_the_work_tree_are_gits_business() {
    let sandbox = Sandbox::new();
    git(&sandbox.path, &["config", "core.autocrlf", "true"]);
    sandbox.publish(&[WEB]).committed();
    assert_eq!(sandbox.text(WEB.0), "kind: Deployment\r\n");
    assert_eq!(
        git(&sandbox.path, &["show", &format!("main:{}", WEB.0)]),
        WEB.1
    );
    let changed = [(WEB.0, "kind: Job\n")];
    sandbox.publish(&changed).committed();
    assert_eq!(sandbox.text(WEB.0), "kind: Job\r\n");
    assert!(!sandbox.publish(&changed).committed().committed.new);
    sandbox.publish(&[]).committed();
    assert!(!sandbox.path.join(WEB.0).exists());
}

#[test]
fn a_branch_that_moved_meanwhile_is_looked_at_again() {
    let sandbox = Sandbox::new();
    sandbox.publish(&[WEB]).committed();
    let mut looks = 0;
    let published = sandbox
        .publish_and(&[WEB, API], &Options::default(), None, &mut || {
            looks += 1;
            if looks == 1 {
                sandbox.person("README.md", "meanwhile\n");
            }
        })
        .committed();
    assert_eq!(looks, 2);
    assert!(published.committed.new);
    assert_eq!(
        sandbox.files(),
        [".regen/ledger", "README.md", WEB.0, API.0]
    );
    assert_eq!(sandbox.commits(), 3);
}

#[test]
fn a_lock_of_another_git_is_waited_for_and_told() {
    let sandbox = Sandbox::new();
    sandbox.publish(&[WEB]).committed();
    let lock = sandbox.path.join(".git/refs/heads/main.lock");
    fs::write(&lock, "").expect("writes");
    let error = sandbox.publish(&[WEB, API]).failed();
    assert!(
        error.contains("locked") && error.contains("main"),
        "{error}"
    );
    assert!(lock.exists(), "a lock that nobody can account for is left");
    assert_eq!(sandbox.commits(), 1);
    fs::remove_file(&lock).expect("removes");
    sandbox.publish(&[WEB, API]).committed();
    assert_eq!(git(&sandbox.path, &["status", "--porcelain"]), "");
}

#[test]
fn the_fleets_commit_is_dirty_only_when_the_fleets_files_are() {
    let sandbox = Sandbox::new();
    let fleet = sandbox.path.join("fleet");
    assert_eq!(
        source_commit(&sandbox.path).expect("reads"),
        None,
        "nothing committed yet"
    );
    sandbox.person("fleet/regen.yaml", "fleet: x\n");
    let id = git(&sandbox.path, &["rev-parse", "HEAD"]).trim().to_owned();
    let dirty = || {
        let commit = source_commit(&fleet)
            .expect("reads")
            .expect("in a repository");
        assert_eq!(commit.id, id);
        commit.dirty
    };
    assert!(!dirty());
    fs::write(sandbox.path.join("notes"), "x").expect("writes");
    fs::create_dir_all(fleet.join("gitops")).expect("creates");
    fs::write(fleet.join("gitops/x"), "x").expect("writes");
    assert!(!dirty(), "what is not an input does not count");
    fs::create_dir_all(fleet.join("services/more")).expect("creates");
    fs::write(fleet.join("services/more/.swp"), "x").expect("writes");
    assert!(!dirty(), "hidden files are not inputs");
    fs::write(fleet.join("services/more/new.yaml"), "x").expect("writes");
    assert!(dirty(), "an untracked input counts");
    fs::write(sandbox.path.join(".git/info/exclude"), "services/\n").expect("writes");
    assert!(dirty(), "so does an ignored one");
    fs::remove_dir_all(fleet.join("services")).expect("removes");
    fs::write(fleet.join("regen.yaml"), "fleet: y\n").expect("writes");
    assert!(dirty());
    assert_eq!(source_commit(Path::new("/")).expect("reads"), None);
}
