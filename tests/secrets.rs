//! No piece of a secret leaves `regen drift`: in no format, file, hint or fault.

mod support;

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::regen;

/// Pieces of this many bytes tell something.
const PIECE: usize = 6;

fn base64(text: &str) -> String {
    regen::normalise::to_base64(text.as_bytes())
}

/// A Secret, and a workload with a variable of a telling name; both as `secret` has them.
fn objects(secret: &str) -> Vec<Value> {
    let last_applied = json!({"kind": "Secret", "data": {"password": base64(secret)}}).to_string();
    let annotations = json!({"kubectl.kubernetes.io/last-applied-configuration": last_applied});
    let metadata =
        |name: &str| json!({"name": name, "namespace": "shop", "annotations": annotations});
    vec![
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata("login"),
            "data": {"password": base64(secret), "list": base64(&format!("a,{secret}"))}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("web"),
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1", "env": [
                    {"name": "DB_PASSWORD", "value": secret},
                    {"name": "API_TOKEN", "value": format!("Bearer {secret}")}]}]}}}}),
        json!({"apiVersion": "acme.example/v1", "kind": "Login", "metadata": metadata("custom"),
            "spec": {"password": secret, "auth": {"clientSecret": secret}, "accounts": [{"token": secret}]}}),
    ]
}

/// Writes objects as a list.
fn write(path: &Path, objects: &[Value]) {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    std::fs::write(path, list.to_string()).expect("written");
}

/// Whether a text holds a piece of the secret, plain or in base64 at any offset.
fn leaks(text: &str, secret: &str) -> bool {
    let pieces = |whole: &str| -> Vec<String> {
        let all: Vec<char> = whole.chars().collect();
        all.windows(PIECE).map(|w| w.iter().collect()).collect()
    };
    let mut all = pieces(secret);
    for before in ["", "x", "xx"] {
        let encoded = base64(&format!("{before}{secret}"));
        // The ends depend on what stands around.
        let inner = encoded.trim_end_matches('=');
        all.extend(pieces(inner.get(4..inner.len() - 4).unwrap_or_default()));
    }
    all.iter().any(|piece| text.contains(piece))
}

/// All that a run says, in all ways that there are.
fn everything(dir: &Path, more: &[&str]) -> (i32, String) {
    let outputs = ["text", "json", "prometheus"];
    let mut args = vec![
        "drift",
        "--desired",
        "desired.json",
        "--live",
        "live.json",
        "--all",
        "--show-rules",
    ];
    let files: Vec<String> = outputs.iter().map(|f| format!("{f}=out.{f}")).collect();
    for file in &files {
        args.extend(["-o", file.as_str()]);
    }
    args.extend(more);
    let ran = regen(dir, &args);
    let mut said = format!("{}\n{}", ran.stdout, ran.stderr);
    for format in outputs {
        said += &std::fs::read_to_string(dir.join(format!("out.{format}"))).unwrap_or_default();
    }
    (ran.code, said)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_piece_of_a_secret_is_said(ours in "[A-Z]{4}[a-z0-9!\"'{}:# -]{12,40}", theirs in "[A-Z]{4}[a-z0-9<>&%$é-]{12,40}") {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path();
        write(&dir.join("desired.json"), &objects(&ours));
        write(&dir.join("live.json"), &objects(&theirs));
        for more in [&[][..], &["--secret-hints"], &["--baseline", "out.json"]] {
            let (code, said) = everything(dir, more);
            prop_assert_eq!(code, 1, "{}", said);
            prop_assert!(said.contains("password") && said.contains("DB_PASSWORD"));
            for secret in [&ours, &theirs] {
                prop_assert!(!leaks(&said, secret), "{}\n{}", secret, said);
            }
        }
        // Missing, extra and broken objects say no more.
        write(&dir.join("live.json"), &objects(&theirs)[1..]);
        let (_, missing) = everything(dir, &[]);
        write(&dir.join("desired.json"), &objects(&ours)[..1]);
        let bytes = std::fs::read(dir.join("live.json")).expect("written");
        std::fs::write(dir.join("live.json"), &bytes[..bytes.len() - 40]).expect("written");
        let (code, broken) = everything(dir, &[]);
        prop_assert_eq!(code, 2, "{}", broken);
        for secret in [&ours, &theirs] {
            prop_assert!(!leaks(&missing, secret) && !leaks(&broken, secret), "{}\n{}\n{}", secret, missing, broken);
        }
    }
}

#[test]
fn hints_tell_equal_values_and_never_count() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let of = |secret: &str| vec![objects(secret).remove(0)];
    write(&dir.join("desired.json"), &of("correct horse"));
    write(&dir.join("live.json"), &of("battery staple"));
    let hints = |more: &[&str]| -> Vec<Value> {
        let args = [
            "drift",
            "--desired",
            "desired.json",
            "--live",
            "live.json",
            "--format",
            "json",
        ];
        let ran = regen(dir, &[&args[..], more].concat()).exits(1);
        let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("a list").clone();
        findings.into_iter().map(|f| f["hints"].clone()).collect()
    };
    assert!(hints(&[]).iter().all(Value::is_null));
    let told = hints(&["--secret-hints"]);
    let [_, password] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(password["desired"]["bytes"], 13);
    assert_eq!(password["live"]["bytes"], 14);
    assert_ne!(password["desired"]["hash"], password["live"]["hash"]);
    assert_ne!(told, hints(&["--secret-hints"]), "a key of one run");

    let ran = regen(
        dir,
        &[
            "drift",
            "--desired",
            "desired.json",
            "--live",
            "live.json",
            "--secret-hints",
        ],
    );
    assert!(ran.exits(1).stdout.contains("<redacted> (13 bytes, hash "));
}
