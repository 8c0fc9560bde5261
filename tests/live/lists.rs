//! What is asked for, and what of the answers is kept.

use std::collections::BTreeMap;

use regen::io::kube::Limits;
use regen::model::live::Want;
use serde_json::json;

use super::api_server::{ApiServer, Fault, NOW, On};
use super::*;

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
fn pages_that_are_too_large_become_smaller() {
    let server = shop();
    for n in 0..60 {
        let mut big = object("shop", &format!("big-{n}"));
        big["data"] = json!({"k": "x".repeat(1000)});
        server.put("ConfigMap", big);
    }
    let limits = Limits {
        body: 20_000,
        ..limits()
    };
    let wants = [want("v1", "ConfigMap", &["shop/conf", "shop/big-59"])];
    let state = read_one(&server, &wants, &limits);
    assert_eq!(names(&state), ["shop/big-59", "shop/conf"]);
    assert_eq!(word(state.views.get(&gk("", "ConfigMap"))), "in shop");
    // 500 and 50 are too many, 5 are not.
    assert_eq!(state.requests, 1 + 2 + 13);

    let mut huge = object("shop", "huge");
    huge["data"] = json!({"k": "x".repeat(30_000)});
    server.put("ConfigMap", huge);
    let state = read_one(&server, &wants, &limits);
    assert_eq!(
        word(state.views.get(&gk("", "ConfigMap"))),
        "partial TooLarge"
    );
    assert_eq!(names(&state), ["shop/big-59", "shop/conf"]);
}

#[test]
fn an_empty_answer_is_an_answer() {
    let server = shop();
    let state = read_one(
        &server,
        &[want("v1", "ConfigMap", &["nope/conf"])],
        &limits(),
    );
    assert_eq!(word(state.views.get(&gk("", "ConfigMap"))), "in nope");
    assert_eq!((names(&state).len(), state.unreadable), (0, None));
}

#[test]
fn evidence_is_kept_without_a_mark() {
    let server = shop();
    let all = Want {
        keep_all: true,
        ..want("v1", "ConfigMap", &[])
    };
    assert_eq!(
        names(&read_one(&server, &[all], &limits())),
        ["pay/conf", "shop/conf"]
    );
}
