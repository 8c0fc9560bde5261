//! Kubeconfigs, proxies and credentials.

use std::ffi::OsStr;
use std::time::Duration;

use regen::io::kube::{Target, read};

use super::api_server::{Fault, On};
use super::*;

#[test]
fn no_credential_gets_into_a_text() {
    // The server sends the token back, the kubeconfig is broken beside it.
    let server = shop();
    server.fail(
        CONFIGMAPS,
        On::Any,
        9,
        Fault::Status(500, "InternalError", "got s3cr3t-t0ken-value"),
    );
    let state = read_one(
        &server,
        &[want("v1", "ConfigMap", &["shop/conf"])],
        &limits(),
    );
    let text = format!("{:?}", state.views);
    assert!(
        text.contains("<redacted>") && !text.contains(SECRET),
        "{text}"
    );

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config");
    for text in [
        format!("users:\n- name: a\n  user: {{token: [{SECRET}\n"),
        format!("users:\n- name: a\n  user: {{token: [{SECRET}]}}\n"),
        format!("users: {SECRET}\n"),
        SECRET.to_owned(),
        String::new(),
    ] {
        std::fs::write(&path, &text).unwrap();
        let mut target = target("a", &config(&[]), &[]);
        target.kubeconfig = Some(path.clone());
        let states = read(vec![target], &short()).unwrap();
        let why = states["a"].unreadable.clone().unwrap();
        assert!(!why.detail.contains(SECRET), "{}", why.detail);
        assert!(
            ["BadKubeconfig", "NoContext"].contains(&why.reason.as_str()),
            "{why:?}"
        );
    }
}

/// What [`kubeconfigs_are_found_as_kubectl_finds_them`] runs in a process with another environment.
#[test]
fn child() {
    let Ok(context) = std::env::var("REGEN_TEST_CONTEXT") else {
        return;
    };
    let target = Target {
        cluster: "a".into(),
        context: (!context.is_empty()).then_some(context),
        kubeconfig: None,
        cache: None,
        wants: [want("v1", "ConfigMap", &["shop/conf"])].into(),
    };
    let state = read(vec![target], &short()).unwrap().remove("a").unwrap();
    let why = state
        .unreadable
        .as_ref()
        .map_or("", |why| why.reason.as_str());
    let found = format!("found {:?} {why}\n", names(&state));
    std::io::Write::write_all(&mut std::io::stdout(), found.as_bytes()).unwrap();
}

#[test]
fn kubeconfigs_are_found_as_kubectl_finds_them() {
    let (one, two) = (shop(), shop());
    two.put("ConfigMap", object("shop", "other"));
    let first = config(&[("one", &one.url(), "{token: t}")]);
    let second = config(&[("two", &two.url(), "{token: t}")]);
    let both = std::env::join_paths([&first.path, &second.path]).unwrap();
    let home = tempfile::tempdir().unwrap();
    let run = |kubeconfig: Option<&OsStr>, context: &str| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "access::child", "--nocapture"]);
        command
            .env("REGEN_TEST_CONTEXT", context)
            .env("HOME", home.path())
            .env_remove("KUBECONFIG");
        command
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("HTTPS_PROXY", "http://127.0.0.1:1");
        command
            .env_remove("KUBERNETES_SERVICE_HOST")
            .env_remove("NO_PROXY")
            .env_remove("no_proxy");
        command.envs(kubeconfig.map(|k| ("KUBECONFIG", k)));
        let out = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let line = out
            .lines()
            .find_map(|l| l.split_once("found "))
            .map(|(_, found)| found.to_owned());
        line.unwrap_or_else(|| panic!("{out}"))
    };
    assert_eq!(run(Some(&both), "one"), "[\"shop/conf\"] ");
    assert_eq!(run(Some(&both), "two"), "[\"shop/conf\"] ");
    assert_eq!(run(Some(&both), ""), "[] NoContext", "no current context");
    assert_eq!(
        run(Some(&both), "in-cluster"),
        "[] NoContext",
        "no service account"
    );
    assert_eq!(run(None, "one"), "[] BadKubeconfig", "no kubeconfig at all");
    assert_eq!(
        run(None, ""),
        "[] NoContext",
        "neither kubeconfig nor service account"
    );
    std::fs::create_dir(home.path().join(".kube")).unwrap();
    std::fs::copy(&first.path, home.path().join(".kube/config")).unwrap();
    assert_eq!(run(None, "one"), "[\"shop/conf\"] ");
}

#[test]
fn a_proxy_is_used_and_its_password_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config");
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: a\n\
        clusters: [{name: a, cluster: {server: 'http://10.255.255.1:6443', proxy-url: 'http://user:s3cr3t-t0ken-value@127.0.0.1:1'}}]\n\
        contexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: {}}]\n";
    std::fs::write(&path, text).unwrap();
    let mut target = target(
        "a",
        &config(&[]),
        &[want("v1", "ConfigMap", &["shop/conf"])],
    );
    target.kubeconfig = Some(path);
    let states = read(vec![target], &short()).unwrap();
    let why = states["a"].unreadable.clone().unwrap();
    assert_eq!(why.reason, "Unreachable");
    assert!(
        why.detail.contains("refused") && !why.detail.contains(SECRET),
        "{why:?}"
    );
}

#[test]
fn requests_are_few_at_a_time_and_authenticated() {
    let server = shop();
    let mut wants = Vec::new();
    for n in 0..30 {
        let kind = format!("Kind{n}");
        server.serve("acme.example/v1", &kind, &format!("kind{n}s"), true);
        server.fail(
            &format!("/apis/acme.example/v1/namespaces/shop/kind{n}s"),
            On::Any,
            1,
            Fault::Slow(Duration::from_millis(40)),
        );
        wants.push(want("acme.example/v1", &kind, &["shop/x"]));
    }
    let state = read_one(&server, &wants, &limits());
    assert!(state.views.values().all(|v| word(Some(v)) == "in shop"));
    let most = server.most_in_flight();
    assert!((2..=8).contains(&most), "{most} requests at the same time");
    let log = server.log();
    assert!(log.iter().all(|r| {
        r.headers
            .get("authorization")
            .is_some_and(|a| a == &format!("Bearer {SECRET}"))
    }));
    assert_eq!(
        log.len(),
        1 + 30 + 1,
        "discovery, kinds, the index of schemas"
    );
}
