use super::*;
use crate::model::live::LiveObject;

fn gk(text: &str) -> GroupKind {
    let (group, kind) = text.split_once('/').unwrap_or(("", text));
    GroupKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
    }
}

fn kinds(texts: &[&str]) -> Asked {
    Asked::everything(texts.iter().map(|t| gk(t)).collect())
}

fn write(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn ids(state: &LiveState) -> Vec<String> {
    let text = |o: &LiveObject, key: &str| {
        o.body["metadata"][key]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let id = |o: &LiveObject| {
        format!(
            "{} {} {}/{}",
            o.body["apiVersion"].as_str().unwrap(),
            o.kind,
            text(o, "namespace"),
            text(o, "name")
        )
    };
    state.objects.iter().map(id).collect()
}

#[test]
fn a_file_holds_objects_in_any_wrapping() {
    let cases = [
        (
            "object",
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"}}"#,
        ),
        (
            "list",
            r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"}}]}"#,
        ),
        (
            "typed list, bare items",
            r#"{"apiVersion":"v1","kind":"ConfigMapList","items":[{"metadata":{"name":"a","namespace":"ns"}}]}"#,
        ),
        (
            "list in list",
            r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMapList","items":[{"metadata":{"name":"a","namespace":"ns"}}]}]}"#,
        ),
        (
            "same object twice",
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"}} {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"}}"#,
        ),
        (
            "yaml documents",
            "# saved\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns}\n---\n---\n# none\n",
        ),
        (
            "yaml list, indentation of kubectl",
            "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: a\n    namespace: ns\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
        ),
        (
            "typed yaml list",
            "kind: ConfigMapList\napiVersion: v1\nitems:\n- metadata: {name: a, namespace: ns}\n",
        ),
    ];
    for (name, text) in cases {
        let dir = write(&[("d.yaml", text)]);
        let state = read(&dir.path().join("d.yaml"), &kinds(&["apps/Deployment"])).unwrap();
        assert_eq!(ids(&state), ["v1 ConfigMap ns/a"], "{name}");
        assert_eq!(
            state.views.get(&gk("apps/Deployment")),
            Some(&View::Complete),
            "{name}"
        );
        assert_eq!(
            state.views.get(&gk("ConfigMap")),
            Some(&View::Complete),
            "{name}"
        );
        assert_eq!(
            state.namespaced.get(&gk("ConfigMap")),
            Some(&true),
            "{name}"
        );
    }
}

#[test]
fn an_empty_file_is_unknown_and_an_empty_list_is_not() {
    let desired = kinds(&["ConfigMap"]);
    let dir = write(&[
        ("empty.json", " \n"),
        ("comment.yaml", "# nothing exists\n"),
        (
            "list.json",
            r#"{"apiVersion":"v1","kind":"List","items":[]}"#,
        ),
    ]);
    let empty = read(&dir.path().join("empty.json"), &desired).unwrap();
    assert_eq!(empty.unreadable.unwrap().reason, "NotInSnapshot");
    let comment = read(&dir.path().join("comment.yaml"), &desired).unwrap();
    assert!(comment.saved, "its versions are what the command asked for");
    assert_eq!(comment.views.get(&gk("ConfigMap")), Some(&View::Complete));
    let list = read(&dir.path().join("list.json"), &desired).unwrap();
    assert_eq!(
        (list.unreadable, list.views.get(&gk("ConfigMap"))),
        (None, Some(&View::Complete))
    );
}

#[test]
fn a_directory_is_complete_for_what_it_holds() {
    let dir = write(&[
        (
            "shop/web.json",
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"}}"#,
        ),
        (
            "cm.json",
            r#"{"apiVersion":"v1","kind":"ConfigMapList","items":[]}"#,
        ),
        (
            "ns.json",
            r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"pay"}}"#,
        ),
        ("notes.txt", "not read"),
        (".hidden.json", "not read"),
    ]);
    let state = read(dir.path(), &kinds(&["apps/Deployment", "Service"])).unwrap();
    let both = View::Namespaces(BTreeSet::from(["pay".to_owned(), "shop".to_owned()]));
    assert_eq!(state.views.get(&gk("apps/Deployment")), Some(&both));
    assert_eq!(state.views.get(&gk("ConfigMap")), Some(&both));
    assert_eq!(state.views.get(&gk("Namespace")), Some(&View::Complete));
    match state.views.get(&gk("Service")) {
        Some(View::Unreadable(why)) => assert_eq!(why.reason, "NotInSnapshot"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_broken_dump_is_an_error_that_names_the_file_and_does_not_quote_it() {
    let object =
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"k":"c2VjcmV0"}}"#;
    let other = object.replace("c2VjcmV0", "b3RoZXI=");
    let status = r#"{"apiVersion":"v1","kind":"Status","status":"Failure","message":"c2VjcmV0"}"#;
    let cases: [(&str, String, &str); 9] = [
        (
            "boolean namespace",
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"c2VjcmV0","namespace":true}}"#.to_owned(),
            "not a string",
        ),
        ("cut", object[..object.len() - 1].to_owned(), "d.json`:1:"),
        ("status", status.to_owned(), "server that failed"),
        (
            "kindless",
            r#"{"apiVersion":"v1","metadata":{"name":"c2VjcmV0"}}"#.to_owned(),
            "no `kind`",
        ),
        (
            "nameless",
            r#"{"apiVersion":"v1","kind":"Secret","data":{"k":"c2VjcmV0"}}"#.to_owned(),
            "metadata.name",
        ),
        (
            "string item",
            r#"{"apiVersion":"v1","kind":"List","items":["c2VjcmV0"]}"#.to_owned(),
            "not a Kubernetes object",
        ),
        ("twice", format!("{object}{other}"), "differs"),
        ("rest", format!("{object} c2VjcmV0"), "d.json`:1:"),
        (
            "deep",
            format!("{{\"a\":{}", "[".repeat(100_000)),
            "d.json`:1:",
        ),
    ];
    for (name, text, part) in cases {
        let dir = write(&[("d.json", &text)]);
        let error = format!("{:#}", read(dir.path(), &kinds(&[])).unwrap_err());
        assert!(
            error.contains(part) && error.contains("d.json"),
            "{name}: {error}"
        );
        assert!(!error.contains("c2VjcmV0"), "{name}: {error}");
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("d.json"), [b'{', 0xff]).unwrap();
    assert!(format!("{:#}", read(dir.path(), &kinds(&[])).unwrap_err()).contains("not UTF-8"));
    assert!(
        format!(
            "{:#}",
            read(&dir.path().join("none"), &kinds(&[])).unwrap_err()
        )
        .contains("none")
    );
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    use std::os::unix::fs::symlink;
    let object = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#;
    let outside = write(&[("o.json", object)]);
    let dir = write(&[("a.json", object)]);
    symlink(dir.path().join("a.json"), dir.path().join("b.json")).unwrap();
    symlink(dir.path(), dir.path().join("loop")).unwrap();
    assert_eq!(read(dir.path(), &kinds(&[])).unwrap().objects.len(), 1);
    symlink(outside.path().join("o.json"), dir.path().join("c.json")).unwrap();
    assert!(format!("{:#}", read(dir.path(), &kinds(&[])).unwrap_err()).contains("c.json"));
}

#[test]
fn a_fleet_has_a_dump_per_cluster() {
    let object =
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"}}"#;
    let dir = write(&[
        ("one.json", object),
        ("two/x.json", object),
        ("twice.json", object),
        ("twice/x.json", object),
    ]);
    let wanted = |names: &[&str]| {
        names
            .iter()
            .map(|n| (ClusterName::new(*n), kinds(&["ConfigMap"])))
            .collect()
    };
    let states = read_fleet(dir.path(), &wanted(&["one", "two", "three"])).unwrap();
    let unreadable: Vec<bool> = states.values().map(|s| s.unreadable.is_some()).collect();
    assert_eq!(unreadable, [false, true, false], "one, three, two");
    assert!(read_fleet(dir.path(), &wanted(&["twice"])).is_err());
    assert!(read_fleet(dir.path(), &wanted(&[".."])).is_err());
    let file = dir.path().join("one.json");
    assert_eq!(read_fleet(&file, &wanted(&["any"])).unwrap().len(), 1);
    assert!(read_fleet(&file, &wanted(&["a", "b"])).is_err());
}
