//! Reading live clusters over real HTTP, from an API server in this process that misbehaves on
//! request: every fault ends in bounded time as the right kind of not knowing.

#[path = "support/api_server.rs"]
mod api_server;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use api_server::{ApiServer, Fault, NOW, On};
use regen::io::kube::{Limits, Target, Want, read};
use regen::model::live::{GroupKind, LiveState, View};
use regen::model::name::ClusterName;
use serde_json::{Value, json};

const SECRET: &str = "s3cr3t-t0ken-value";

fn gk(group: &str, kind: &str) -> GroupKind {
    GroupKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
    }
}

/// A want by `apiVersion`, kind, and `namespace/name` of the objects.
fn want(api_version: &str, kind: &str, objects: &[&str]) -> Want {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let objects = objects.iter().map(|o| o.split_once('/').unwrap_or(("", o)));
    Want {
        kind: gk(group, kind),
        version: version.to_owned(),
        objects: objects
            .map(|(ns, name)| (ns.to_owned(), name.to_owned()))
            .collect(),
        everywhere: false,
        keep_all: false,
    }
}

fn object(namespace: &str, name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": namespace}})
}

fn limits() -> Limits {
    Limits {
        budget: Duration::from_secs(20),
        request: Duration::from_secs(10),
        ..Limits::default()
    }
}

/// Impatient ones, for faults that are only over when time is.
fn short() -> Limits {
    Limits {
        budget: Duration::from_millis(1500),
        request: Duration::from_millis(400),
        connect: Duration::from_millis(400),
        ..Limits::default()
    }
}

/// A kubeconfig that goes away with the test.
struct Config {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn config(contexts: &[(&str, &str, &str)]) -> Config {
    let directory = tempfile::tempdir().unwrap();
    let path = api_server::kubeconfig(directory.path(), contexts);
    Config {
        _directory: directory,
        path,
    }
}

fn target(name: &str, config: &Config, wants: &[Want]) -> Target {
    Target {
        cluster: ClusterName::new(name),
        context: Some(name.to_owned()),
        kubeconfig: Some(config.path.clone()),
        wants: wants.iter().cloned().collect(),
    }
}

/// Reads one cluster, with a token for a user.
fn read_one(server: &ApiServer, wants: &[Want], limits: &Limits) -> LiveState {
    let user = format!("{{token: {SECRET}}}");
    let config = config(&[("a", &server.url(), &user)]);
    let mut states = read(vec![target("a", &config, wants)], limits).unwrap();
    states.remove(&ClusterName::new("a")).unwrap()
}

fn names(state: &LiveState) -> Vec<String> {
    let text = |o: &Value, key: &str| o["metadata"][key].as_str().unwrap_or_default().to_owned();
    state
        .objects
        .iter()
        .map(|o| format!("{}/{}", text(&o.body, "namespace"), text(&o.body, "name")))
        .collect()
}

/// A view as one word and its reason.
fn word(view: Option<&View>) -> String {
    match view {
        None => "unasked".to_owned(),
        Some(View::Complete) => "complete".to_owned(),
        Some(View::NotServed) => "not served".to_owned(),
        Some(View::Namespaces(names)) => {
            format!("in {}", names.iter().cloned().collect::<Vec<_>>().join(","))
        }
        Some(View::Partial(why)) => format!("partial {}", why.reason),
        Some(View::Unreadable(why)) => format!("unreadable {}", why.reason),
    }
}

fn absent(state: &LiveState) -> Vec<String> {
    state.absent.iter().map(ToString::to_string).collect()
}

fn shop() -> ApiServer {
    let server = ApiServer::start();
    server.serve("v1", "ConfigMap", "configmaps", true);
    server.serve("v1", "Namespace", "namespaces", false);
    server.serve("apps/v1", "Deployment", "deployments", true);
    server.put("ConfigMap", object("shop", "conf"));
    server.put("ConfigMap", object("pay", "conf"));
    server.put("Namespace", json!({"metadata": {"name": "shop"}}));
    server.put("Deployment", object("shop", "web"));
    server
}

const CONFIGMAPS: &str = "/api/v1/namespaces/shop/configmaps";

#[test]
fn reads_1201_objects_in_three_pages_and_keeps_what_matters() {
    let server = ApiServer::start();
    server.serve("v1", "ConfigMap", "configmaps", true);
    for n in 0..1199 {
        server.put("ConfigMap", object("shop", &format!("noise-{n}")));
    }
    server.put("ConfigMap", object("shop", "conf"));
    let mut orphan = object("shop", "orphan");
    orphan["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "regen"});
    server.put("ConfigMap", orphan);
    let state = read_one(
        &server,
        &[want("v1", "ConfigMap", &["shop/conf", "shop/gone"])],
        &limits(),
    );
    assert_eq!(names(&state), ["shop/conf", "shop/orphan"]);
    assert_eq!(word(state.views.get(&gk("", "ConfigMap"))), "in shop");
    assert_eq!(
        state.objects[0].body["kind"], "ConfigMap",
        "filled in from the list"
    );
    assert_eq!(state.objects[0].body["apiVersion"], "v1");
    assert_eq!(state.now, Some(NOW));
    assert_eq!(state.unreadable, None);
    let log = server.log();
    assert_eq!(
        (log.len(), state.requests),
        (4, 4),
        "one discovery, three pages"
    );
    assert!(
        log.iter()
            .all(|r| r.method == "GET" && !r.query.contains_key("resourceVersion"))
    );
    let lists: Vec<_> = log.iter().filter(|r| r.path == CONFIGMAPS).collect();
    assert!(lists.iter().all(|r| r.query["limit"] == "500"));
    assert_eq!(
        lists[2].query["continue"], "at+/=1000",
        "tokens survive their escaping"
    );
}

#[test]
fn lists_where_the_objects_are() {
    let many = ["a/x", "b/x", "c/x", "d/x"];
    let cases: [(&str, Want, &[&str], &str); 6] = [
        (
            "one namespace",
            want("v1", "ConfigMap", &["shop/conf"]),
            &[CONFIGMAPS],
            "in shop",
        ),
        (
            "three",
            want("v1", "ConfigMap", &many[..3]),
            &[
                "/api/v1/namespaces/a/configmaps",
                "/api/v1/namespaces/b/configmaps",
                "/api/v1/namespaces/c/configmaps",
            ],
            "in a,b,c",
        ),
        (
            "four",
            want("v1", "ConfigMap", &many),
            &["/api/v1/configmaps"],
            "complete",
        ),
        (
            "none named",
            want("v1", "ConfigMap", &[]),
            &["/api/v1/configmaps"],
            "complete",
        ),
        (
            "everywhere",
            Want {
                everywhere: true,
                ..want("v1", "ConfigMap", &["shop/conf"])
            },
            &["/api/v1/configmaps"],
            "complete",
        ),
        (
            "cluster-scoped, namespace stamped",
            want("v1", "Namespace", &["shop/shop"]),
            &["/api/v1/namespaces"],
            "complete",
        ),
    ];
    for (name, want, paths, view) in cases {
        let server = shop();
        let kind = want.kind.clone();
        let state = read_one(&server, &[want], &limits());
        let mut listed: Vec<String> = server
            .log()
            .into_iter()
            .map(|r| r.path)
            .filter(|p| p != "/api" && p != "/apis")
            .collect();
        listed.sort();
        assert_eq!(listed, paths, "{name}");
        assert_eq!(word(state.views.get(&kind)), view, "{name}");
    }
    let state = read_one(
        &shop(),
        &[want("v1", "Namespace", &["shop/shop"])],
        &limits(),
    );
    assert_eq!(
        names(&state),
        ["/shop"],
        "the namespace on a cluster-scoped object means nothing"
    );
    assert_eq!(state.namespaced.get(&gk("", "Namespace")), Some(&false));
}

#[test]
fn a_faulty_kind_is_unknown_and_the_others_are_not() {
    use Fault::{Cut, Hang, Raw, RetryAfter, Stall, Status};
    let cases: [(&str, On, usize, Fault, &str); 19] = [
        (
            "401",
            On::Any,
            9,
            Status(401, "Unauthorized", "token expired"),
            "unreadable Unauthorized",
        ),
        (
            "404 page",
            On::Any,
            9,
            Raw(404, "text/plain", "404 page not found"),
            "unreadable BadAnswer",
        ),
        (
            "410 at once",
            On::Any,
            9,
            Status(410, "Expired", "gone"),
            "unreadable ListFailed",
        ),
        (
            "429 without end",
            On::Any,
            99,
            RetryAfter(429, "1"),
            "unreadable TooManyRequests",
        ),
        (
            "429 beyond the budget",
            On::Any,
            99,
            RetryAfter(429, "3600"),
            "unreadable TooManyRequests",
        ),
        (
            "500",
            On::Any,
            9,
            Status(500, "InternalError", "conversion webhook failed"),
            "unreadable ListFailed",
        ),
        (
            "503",
            On::Any,
            9,
            Status(503, "ServiceUnavailable", "no endpoints"),
            "unreadable ListFailed",
        ),
        (
            "301",
            On::Any,
            9,
            Raw(301, "text/html", "moved"),
            "unreadable BadAnswer",
        ),
        ("hang", On::Any, 9, Hang, "unreadable Timeout"),
        ("stall", On::Any, 9, Stall, "unreadable Timeout"),
        ("cut", On::Any, 9, Cut, "unreadable Unreachable"),
        (
            "invalid JSON",
            On::Any,
            9,
            Raw(
                200,
                "application/json",
                "{\"kind\": \"ConfigMapList\", \"items\": [",
            ),
            "unreadable BadAnswer",
        ),
        (
            "another JSON",
            On::Any,
            9,
            Raw(200, "application/json", "{}"),
            "unreadable BadAnswer",
        ),
        (
            "a login page",
            On::Any,
            9,
            Raw(200, "text/html", "<html>log in</html>"),
            "unreadable BadAnswer",
        ),
        (
            "page 2: 500",
            On::Next,
            9,
            Status(500, "InternalError", ""),
            "partial ListFailed",
        ),
        ("page 2: cut", On::Next, 9, Cut, "partial Unreachable"),
        (
            "page 2: invalid JSON",
            On::Next,
            9,
            Raw(200, "application/json", "]"),
            "partial BadAnswer",
        ),
        (
            "page 2: 403",
            On::Next,
            9,
            Status(403, "Forbidden", ""),
            "partial Forbidden",
        ),
        (
            "page 2: expired for ever",
            On::Next,
            9,
            Status(410, "Expired", ""),
            "partial ContinueExpired",
        ),
    ];
    for (name, on, times, fault, view) in cases {
        let server = shop();
        for n in 0..3 {
            server.put("ConfigMap", object("shop", &format!("conf-{n}")));
        }
        server.fail(CONFIGMAPS, on, times, fault);
        let wants = [
            want("v1", "ConfigMap", &["shop/conf", "shop/conf-2"]),
            want("apps/v1", "Deployment", &["shop/web"]),
        ];
        let started = std::time::Instant::now();
        let state = read_one(&server, &wants, &Limits { page: 2, ..short() });
        assert!(
            started.elapsed() < Duration::from_secs(8),
            "{name} took {:?}",
            started.elapsed()
        );
        assert_eq!(word(state.views.get(&gk("", "ConfigMap"))), view, "{name}");
        assert_eq!(
            word(state.views.get(&gk("apps", "Deployment"))),
            "in shop",
            "{name}"
        );
        let expected: &[&str] = if on == On::Next {
            &["shop/conf", "shop/web"]
        } else {
            &["shop/web"]
        };
        assert_eq!(names(&state), expected, "{name}");
        assert_eq!(
            state.absent,
            BTreeSet::new(),
            "{name}: nothing that was not seen may be called missing"
        );
    }
}

#[test]
fn what_passes_is_waited_for() {
    use Fault::{Cut, Raw, RetryAfter, Slow, Status};
    let cases: [(&str, On, usize, Fault, usize); 6] = [
        ("429 twice", On::First, 2, RetryAfter(429, "0"), 4),
        (
            "503 with Retry-After",
            On::First,
            1,
            RetryAfter(503, "1"),
            3,
        ),
        ("cut once", On::First, 1, Cut, 3),
        ("slow", On::Any, 9, Slow(Duration::from_millis(50)), 2),
        (
            "token expired once",
            On::Next,
            1,
            Status(410, "Expired", ""),
            4,
        ),
        (
            "token expired twice",
            On::Next,
            2,
            Raw(
                410,
                "application/json",
                "{\"kind\":\"Status\",\"metadata\":{\"continue\":\"inconsistent\"}}",
            ),
            6,
        ),
    ];
    for (name, on, times, fault, lists) in cases {
        let server = shop();
        server.put("ConfigMap", object("shop", "conf-1"));
        server.put("ConfigMap", object("shop", "conf-2"));
        server.fail(CONFIGMAPS, on, times, fault);
        let wanted = want(
            "v1",
            "ConfigMap",
            &["shop/conf", "shop/conf-1", "shop/conf-2"],
        );
        let state = read_one(
            &server,
            &[wanted],
            &Limits {
                page: 2,
                ..limits()
            },
        );
        assert_eq!(
            names(&state),
            ["shop/conf", "shop/conf-1", "shop/conf-2"],
            "{name}"
        );
        assert_eq!(
            word(state.views.get(&gk("", "ConfigMap"))),
            "in shop",
            "{name}"
        );
        let log = server.log();
        let asked = log.iter().filter(|r| r.path == CONFIGMAPS);
        assert_eq!(asked.count(), lists, "{name}");
        assert!(
            log.iter()
                .all(|r| r.query.get("continue").is_none_or(|t| t != "inconsistent")),
            "{name}"
        );
    }
}

#[test]
fn refused_lists_are_asked_in_smaller_pieces() {
    let forbidden = || Fault::Status(403, "Forbidden", "cannot list");
    // Cluster-wide refused, namespaces allowed.
    let server = shop();
    server.fail("/api/v1/configmaps", On::Any, 9, forbidden());
    let wanted = || want("v1", "ConfigMap", &["shop/conf", "pay/conf", "pay/gone"]);
    let state = read_one(
        &server,
        &[Want {
            everywhere: true,
            ..wanted()
        }],
        &limits(),
    );
    assert_eq!(names(&state), ["pay/conf", "shop/conf"]);
    assert_eq!(
        (
            word(state.views.get(&gk("", "ConfigMap"))).as_str(),
            absent(&state).len()
        ),
        ("in pay,shop", 0)
    );

    // One namespace refused: its objects by name, what is missing elsewhere is missing.
    let server = shop();
    server.fail(CONFIGMAPS, On::Any, 9, forbidden());
    let state = read_one(&server, &[wanted()], &limits());
    assert_eq!(names(&state), ["pay/conf", "shop/conf"]);
    assert_eq!(
        word(state.views.get(&gk("", "ConfigMap"))),
        "partial Forbidden"
    );
    assert_eq!(absent(&state), ["ConfigMap/pay/gone"]);

    // By name: one is there, one is not, one may not be read.
    let server = shop();
    server.fail(CONFIGMAPS, On::Any, 9, forbidden());
    server.fail(
        "/api/v1/namespaces/shop/configmaps/private",
        On::Any,
        9,
        forbidden(),
    );
    let state = read_one(
        &server,
        &[want(
            "v1",
            "ConfigMap",
            &["shop/conf", "shop/gone", "shop/private"],
        )],
        &limits(),
    );
    assert_eq!(
        (names(&state), absent(&state)),
        (
            vec!["shop/conf".to_owned()],
            vec!["ConfigMap/shop/gone".to_owned()]
        )
    );
    assert_eq!(
        word(state.views.get(&gk("", "ConfigMap"))),
        "partial Forbidden"
    );

    // Too many to ask for by name, or none of them allowed.
    for (name, count, gets) in [("21 objects", 21, 0), ("2 objects", 2, 2)] {
        let server = shop();
        server.fail(CONFIGMAPS, On::Any, 9, forbidden());
        let objects: Vec<String> = (0..count).map(|n| format!("shop/c{n}")).collect();
        for n in 0..count {
            server.fail(&format!("{CONFIGMAPS}/c{n}"), On::Any, 9, forbidden());
        }
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        let state = read_one(&server, &[want("v1", "ConfigMap", &objects)], &limits());
        assert_eq!(
            word(state.views.get(&gk("", "ConfigMap"))),
            "unreadable Forbidden",
            "{name}"
        );
        let asked = server
            .log()
            .iter()
            .filter(|r| r.path.starts_with(&format!("{CONFIGMAPS}/")))
            .count();
        assert_eq!(asked, gets, "{name}");
    }
}

#[test]
fn versions_are_read_as_written() {
    for plain in [false, true] {
        let server = shop();
        if plain {
            server.plain_discovery();
        }
        server.serve(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            true,
        );
        server.serve(
            "autoscaling/v1",
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            true,
        );
        let mut owned = object("shop", "old");
        owned["metadata"]["annotations"] = json!({"regen.dev/id": "x"});
        server.put("HorizontalPodAutoscaler", owned);
        server.put("HorizontalPodAutoscaler", object("shop", "new"));
        server.serve("acme.example/v2", "Widget", "widgets", true);
        server.put("Widget", object("shop", "w"));
        server.document("acme.example/v2", json!({"openapi": "3.0.0"}));
        server.stale("metrics.example/v1");
        let wants = [
            want("autoscaling/v1", "HorizontalPodAutoscaler", &["shop/old"]),
            want("autoscaling/v2", "HorizontalPodAutoscaler", &["shop/new"]),
            want("acme.example/v1", "Widget", &["shop/w"]),
            want("metrics.example/v1", "Gauge", &["shop/g"]),
            want("monitoring.example/v1", "Monitor", &["shop/m"]),
            want("apps/v1", "Deploymint", &["shop/d"]),
        ];
        let state = read_one(&server, &wants, &limits());
        let at: Vec<(String, &str)> = names(&state)
            .into_iter()
            .zip(
                state
                    .objects
                    .iter()
                    .map(|o| o.body["apiVersion"].as_str().unwrap()),
            )
            .collect();
        let expected = [
            ("shop/w", "acme.example/v2"),
            ("shop/new", "autoscaling/v2"),
            ("shop/old", "autoscaling/v1"),
        ];
        assert_eq!(
            at,
            expected.map(|(n, v)| (n.to_owned(), v)),
            "plain: {plain}"
        );
        let views: BTreeMap<String, String> = state
            .views
            .iter()
            .map(|(k, v)| (k.kind.clone(), word(Some(v))))
            .collect();
        let expected = [
            ("Deploymint", "not served"),
            ("Gauge", "unreadable DiscoveryFailed"),
            ("HorizontalPodAutoscaler", "in shop"),
            ("Monitor", "not served"),
            ("Widget", "in shop"),
        ];
        assert_eq!(
            views,
            expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            "plain: {plain}"
        );
        assert_eq!(
            state.openapi.keys().collect::<Vec<_>>(),
            ["acme.example/v2"]
        );
    }
}

#[test]
fn a_kind_that_goes_away_while_reading_is_looked_up_again() {
    let server = shop();
    server.serve("acme.example/v1", "Widget", "widgets", true);
    server.serve("acme.example/v1", "Gadget", "gadgets", true);
    let path = "/apis/acme.example/v1/namespaces/shop/widgets";
    server.fail(path, On::Any, 1, Fault::Withdraw("Widget"));
    let wants = [
        want("acme.example/v1", "Widget", &["shop/w"]),
        want("acme.example/v1", "Gadget", &["shop/g"]),
    ];
    let state = read_one(&server, &wants, &limits());
    let view = |kind: &str| word(state.views.get(&gk("acme.example", kind)));
    assert_eq!(
        (view("Widget").as_str(), view("Gadget").as_str()),
        ("not served", "in shop")
    );
}

#[test]
fn a_cluster_that_cannot_be_read_touches_no_other() {
    let good = shop();
    let hanging = shop();
    hanging.fail("/api", On::Any, 99, Fault::Hang);
    let refusing = shop();
    refusing.fail(
        "/api",
        On::Any,
        99,
        Fault::Status(401, "Unauthorized", "who are you?"),
    );
    let broken = shop();
    broken.fail("/api", On::Any, 99, Fault::Raw(200, "text/html", "<html>"));
    let failing = shop();
    failing.fail("/api", On::Any, 99, Fault::Status(500, "InternalError", ""));
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let tls = good.url().replace("http:", "https:");
    let user = &format!("{{token: {SECRET}}}");
    let plugin = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, \"echo s3cr3t-t0ken-value; echo s3cr3t-t0ken-value >&2; exit 3\"], interactiveMode: Never}}";
    let babble = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, \"echo '{s3cr3t-t0ken-value'\"], interactiveMode: Never}}";
    let sleepy = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sleep, args: ['5'], interactiveMode: Never}}";
    let none = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: /nonexistent/plugin, interactiveMode: Never}}";
    let contexts = [
        ("good", good.url(), user.as_str(), None),
        ("hanging", hanging.url(), user, Some("Timeout")),
        ("refusing", refusing.url(), user, Some("Unauthorized")),
        ("broken", broken.url(), user, Some("BadAnswer")),
        ("failing", failing.url(), user, Some("ServerError")),
        ("closed", closed, user, Some("Unreachable")),
        (
            "nameless",
            "http://no-such-host.invalid:6443".to_owned(),
            user,
            Some("Unreachable"),
        ),
        ("tls", tls, user, Some("Unreachable")),
        ("plugin", good.url(), plugin, Some("CredentialPlugin")),
        ("babble", good.url(), babble, Some("CredentialPlugin")),
        ("sleepy", good.url(), sleepy, Some("CredentialPlugin")),
        ("none", good.url(), none, Some("CredentialPlugin")),
        (
            "nowhere",
            "not a url".to_owned(),
            user,
            Some("BadKubeconfig"),
        ),
    ];
    let lines: Vec<(&str, &str, &str)> = contexts
        .iter()
        .map(|(name, url, user, _)| (*name, url.as_str(), *user))
        .collect();
    let config = config(&lines);
    let wants = [want("v1", "ConfigMap", &["shop/conf"])];
    let mut targets: Vec<Target> = contexts
        .iter()
        .map(|(name, ..)| target(name, &config, &wants))
        .collect();
    targets.push(target("unknown-context", &config, &wants));
    let started = std::time::Instant::now();
    let states = read(targets, &short()).unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
    for (name, _, _, reason) in &contexts {
        let state = &states[*name];
        let why = state.unreadable.as_ref();
        assert_eq!(why.map(|w| w.reason.as_str()), *reason, "{name}: {why:?}");
        assert_eq!(names(state).len(), usize::from(reason.is_none()), "{name}");
        if let Some(why) = why {
            assert!(why.detail.contains(name), "{name}: {}", why.detail);
            assert!(
                !why.detail.contains(SECRET) && !why.detail.contains('\n'),
                "{name}: {}",
                why.detail
            );
        }
    }
    assert_eq!(
        states["unknown-context"]
            .unreadable
            .as_ref()
            .unwrap()
            .reason,
        "NoContext"
    );
}

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
