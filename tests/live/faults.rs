//! What goes wrong: kinds, clusters, credentials.

use std::collections::BTreeSet;
use std::time::Duration;

use regen::io::kube::{Limits, Target, read};

use super::api_server::{Fault, On};
use super::*;

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
        let slow_lookup = *name == "nameless" && why.is_some_and(|w| w.reason == "Timeout");
        assert!(
            slow_lookup || why.map(|w| w.reason.as_str()) == *reason,
            "{name}: {why:?}"
        );
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
