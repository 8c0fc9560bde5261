//! `regen init --from`: the catalog made of the manifests in `tests/adopt/manifests` is the one in
//! `tests/adopt/expected`, passes `regen check`, and loses nothing in silence.
//!
//! `REGEN_BLESS=1 cargo test --test adopt` accepts what is written now.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use support::regen;

mod support;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/adopt")
}

fn files(root: &Path) -> BTreeMap<String, String> {
    let all = walkdir::WalkDir::new(root).sort_by_file_name();
    all.into_iter()
        .map(|entry| entry.expect("it can be read"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let below = entry.path().strip_prefix(root).expect("below");
            let text = fs::read_to_string(entry.path()).expect("UTF-8");
            (below.to_string_lossy().replace('\\', "/"), text)
        })
        .collect()
}

#[test]
fn manifests_become_the_catalog_that_is_expected() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let from = fixtures().join("manifests");
    let from = from.to_str().expect("UTF-8");
    let told = regen(dir.path(), &["init", "--name", "shop", "--from", from]).exits(0);
    let mut made = files(dir.path());
    made.insert("told.txt".to_owned(), told.stdout);
    let expected = fixtures().join("expected");
    if std::env::var_os("REGEN_BLESS").is_some() {
        let _ = fs::remove_dir_all(&expected);
        for (path, text) in &made {
            let path = expected.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
    }
    assert_eq!(made, files(&expected));
    for (path, text) in &made {
        assert!(!text.contains("do-not-copy"), "a secret's value in {path}");
    }
    let check = regen(dir.path(), &["check", "--notes"]).exits(0);
    assert!(!check.stderr.contains("warning["), "{}", check.stderr);
    let _ = regen(dir.path(), &["render", "--out", "rendered"]).exits(0);
    let web = "rendered/clusters/eu-west-1/euw1-a/shop/web/deployment-web.yaml";
    let web = fs::read_to_string(dir.path().join(web)).expect("it is rendered");
    for text in [
        r#"value: "NO""#,
        r#"value: "00123""#,
        r#""0777""#,
        "containerPort: 8080",
    ] {
        assert!(web.contains(text), "{text}:\n{web}");
    }
}

/// Every field of every object stands in the catalog, is told, or is one that needs neither.
#[test]
fn a_field_that_nobody_knows_is_told_wherever_it_stands() {
    let manifest = fs::read_to_string(fixtures().join("manifests/rest.yaml")).expect("it is there");
    let places: Vec<usize> = manifest
        .match_indices("      serviceName: cart\n")
        .chain(manifest.match_indices("      schedule:"))
        .chain(manifest.match_indices("          dnsPolicy:"))
        .chain(manifest.match_indices("              ports: [{containerPort: 3000}]"))
        .chain(manifest.match_indices("            storageClassName"))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(places.len(), 5);
    for at in places {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let blanks = manifest[at..].chars().take_while(|c| *c == ' ').count();
        let (before, after) = manifest.split_at(at);
        let text = format!(
            "{before}{}futureField: {{deep: [1]}}\n{after}",
            " ".repeat(blanks)
        );
        fs::write(dir.path().join("in.yaml"), text).expect("a file");
        let ran = regen(dir.path(), &["-C", "fleet", "init", "--from", "in.yaml"]).exits(0);
        assert!(ran.stdout.contains(".futureField: "), "{}", ran.stdout);
    }
}

#[test]
fn faults_are_told_and_nothing_is_written() {
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: \
                    {spec: {containers: [{name: a, image: 'r.example/a:1', ports: [{containerPort: 80}]}]}}}\n";
    let cases: [(&str, Option<&str>, &[&str]); 5] = [
        (
            "no workload",
            Some(config),
            &["nothing-to-adopt", "no workload among 1 objects"],
        ),
        ("empty", Some(""), &["nothing-to-adopt"]),
        (
            "broken",
            Some("apiVersion: v1\nkind: [\n"),
            &["yaml-syntax", "in.yaml:"],
        ),
        ("absent", None, &["in.yaml", "No such file"]),
        (
            "in the way",
            Some(workload),
            &["services/a.yaml already there", "nothing was written"],
        ),
    ];
    for (case, text, wanted) in cases {
        let dir = tempfile::tempdir().expect("a temporary directory");
        if let Some(text) = text {
            fs::write(dir.path().join("in.yaml"), text).expect("a file");
        }
        if case == "in the way" {
            fs::create_dir_all(dir.path().join("fleet/services")).expect("a directory");
            fs::write(dir.path().join("fleet/services/a.yaml"), "").expect("a file");
        }
        let ran = regen(dir.path(), &["-C", "fleet", "init", "--from", "in.yaml"]).exits(2);
        for wanted in wanted {
            assert!(
                ran.stderr.contains(wanted),
                "{case}: {wanted}: {}",
                ran.stderr
            );
        }
        assert!(!dir.path().join("fleet/regen.yaml").exists(), "{case}");
    }
}

/// Whatever has the shape of YAML ends in a fleet or in a rejection, never in a panic.
#[test]
fn strange_shapes_are_no_danger() {
    let spec = |spec: &str| {
        format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: A.b}}\nspec: {spec}\n")
    };
    for text in [
        spec("null"),
        spec("[1]"),
        spec("{template: text}"),
        spec("{template: {spec: {containers: {}}}}"),
        spec("{template: {spec: {containers: [1, null, {env: [1], ports: [x], resources: 3}]}}}"),
        spec(
            "{replicas: -1, template: {spec: {volumes: [{emptyDir: {sizeLimit: 'x, y: z'}, name: v}], \
              containers: [{image: 'r.example/a:1', volumeMounts: [{name: v, mountPath: /v}]}]}}}",
        ),
    ] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::write(dir.path().join("in.yaml"), &text).expect("a file");
        let ran = regen(dir.path(), &["-C", "fleet", "init", "--from", "in.yaml"]).exits(0);
        assert!(
            ran.stdout.contains("wrote services/a-b.yaml"),
            "{text}: {}",
            ran.stdout
        );
        let check = regen(dir.path(), &["-C", "fleet", "check"]);
        assert!(matches!(check.code, 0 | 2), "{text}: {}", check.stderr);
        assert!(
            !check.stderr.contains("yaml-syntax"),
            "{text}: {}",
            check.stderr
        );
    }
}
