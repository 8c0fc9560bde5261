//! What a server serves is remembered by its hash: asked for again, sent only when it changed.

use std::path::Path;

use super::*;

fn widgets() -> (ApiServer, Vec<Want>) {
    let server = ApiServer::start();
    server.serve("acme.example/v1", "Widget", "widgets", true);
    server.put("Widget", object("shop", "one"));
    server.document("acme.example/v1", document("a"));
    (
        server,
        vec![want("acme.example/v1", "Widget", &["shop/one"])],
    )
}

fn document(description: &str) -> Value {
    json!({"openapi": "3.0.0", "info": {"description": description}})
}

/// Reads, with what is remembered in `cache`; what it read, and which paths were sent whole.
fn read_with(server: &ApiServer, wants: &[Want], cache: Option<&Path>) -> (LiveState, Vec<String>) {
    let config = config(&[("a", &server.url(), "{token: some-token}")]);
    let before = server.log().len();
    let mut target = target("a", &config, wants);
    target.cache = cache.map(Path::to_owned);
    let mut states = read(vec![target], &limits()).unwrap();
    let state = states.remove(&ClusterName::new("a")).unwrap();
    assert_eq!(state.unreadable, None);
    let asked = server.log().split_off(before);
    let whole = asked
        .into_iter()
        .filter(|r| !r.headers.contains_key("if-none-match"));
    let mut whole: Vec<String> = whole.map(|r| r.path).collect();
    whole.sort();
    (state, whole)
}

const LIST: &str = "/apis/acme.example/v1/namespaces/shop/widgets";
const DOCUMENT: &str = "/openapi/v3/apis/acme.example/v1";

#[test]
fn what_did_not_change_is_not_sent_again() {
    let (server, wants) = widgets();
    let directory = tempfile::tempdir().unwrap();
    let cache = Some(directory.path());
    let (first, whole) = read_with(&server, &wants, cache);
    assert_eq!(whole, ["/apis", LIST, "/openapi/v3", DOCUMENT]);
    let (second, whole) = read_with(&server, &wants, cache);
    assert_eq!(whole, [LIST]);
    assert_eq!(
        second.requests + 1,
        first.requests,
        "the document is not asked for"
    );
    assert_eq!(second.openapi, first.openapi);
    assert_eq!(second.openapi["acme.example/v1"], document("a"));
    assert_eq!(names(&second), names(&first));
    assert_eq!(second.views, first.views);
}

#[test]
fn what_changed_is_asked_for_again() {
    let (server, wants) = widgets();
    let directory = tempfile::tempdir().unwrap();
    let cache = Some(directory.path());
    read_with(&server, &wants, cache);
    server.document("acme.example/v1", document("b"));
    let (state, whole) = read_with(&server, &wants, cache);
    assert_eq!(state.openapi["acme.example/v1"], document("b"));
    assert!(whole.contains(&DOCUMENT.to_owned()), "{whole:?}");

    server.serve("acme.example/v1", "Gadget", "gadgets", true);
    let gadgets = [want("acme.example/v1", "Gadget", &["shop/one"])];
    let (state, _) = read_with(&server, &gadgets, cache);
    assert_eq!(
        word(state.views.get(&gk("acme.example", "Gadget"))),
        "in shop"
    );
}

#[test]
fn what_is_remembered_of_one_server_is_not_of_another() {
    let (one, wants) = widgets();
    let (other, _) = widgets();
    other.document("acme.example/v1", document("other"));
    let directory = tempfile::tempdir().unwrap();
    let cache = Some(directory.path());
    read_with(&one, &wants, cache);
    let (state, whole) = read_with(&other, &wants, cache);
    assert_eq!(whole, ["/apis", LIST, "/openapi/v3", DOCUMENT]);
    assert_eq!(state.openapi["acme.example/v1"], document("other"));
}

#[test]
fn what_is_spoilt_or_cannot_be_kept_is_asked_for() {
    let (server, wants) = widgets();
    let directory = tempfile::tempdir().unwrap();
    let cache = Some(directory.path());
    let (first, all) = read_with(&server, &wants, cache);
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), "regen 1\nnonsense").unwrap();
    }
    let (again, whole) = read_with(&server, &wants, cache);
    assert_eq!((&again.openapi, &whole), (&first.openapi, &all));
    let file = directory.path().join("a file");
    std::fs::write(&file, "").unwrap();
    for cache in [None, Some(file.as_path())] {
        let (state, whole) = read_with(&server, &wants, cache);
        assert_eq!((&state.openapi, &whole), (&first.openapi, &all));
    }
}

#[test]
fn an_old_server_is_asked_for_everything_and_no_answer_to_no_question_counts() {
    let (server, wants) = widgets();
    server.plain_discovery();
    let directory = tempfile::tempdir().unwrap();
    let cache = Some(directory.path());
    let (first, _) = read_with(&server, &wants, cache);
    let (second, _) = read_with(&server, &wants, cache);
    assert_eq!(names(&second), names(&first));
    // Only the document has its hash in its address.
    assert_eq!(second.requests + 1, first.requests);

    let (server, wants) = widgets();
    server.fail("/apis", On::Any, 1, Fault::Raw(304, "text/plain", ""));
    let config = config(&[("a", &server.url(), "{token: some-token}")]);
    let mut states = read(vec![target("a", &config, &wants)], &limits()).unwrap();
    let state = states.remove(&ClusterName::new("a")).unwrap();
    assert!(
        state.unreadable.is_some(),
        "nobody asked whether it changed"
    );
}
