//! Recorded drift, case by case: what the repository says and what a real API server returned, in;
//! exactly the findings that a person who knows would name, out.
//!
//! The cases of `tests/drift/` always run. `REGEN_DRIFT_CORPUS` names a directory of more cases of
//! the same form (`<case>/desired.yaml`, `live.yaml`, `expect.yaml`, `_cluster/openapi/*.json`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod hostile;
mod laws;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regen::drift::{Desired, Settings, compare, flatten};
use regen::model::finding::{ClusterReport, Finding, FindingSeverity, Verdict};
use regen::model::live::{GroupKind, LiveObject, LiveState, View};
use regen::model::manifest::ObjectId;
use regen::model::quantity::Quantity;
use regen::schema::Schemas;
use regen::yaml::kubernetes;
use serde_json::Value;

fn documents(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    kubernetes::parse(&text)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .into_iter()
        .flat_map(|d| flatten(d.value))
        .collect()
}

fn schemas(corpus: &Path) -> Schemas {
    let mut schemas = Schemas::built_in().clone();
    let Ok(files) = fs::read_dir(corpus.join("_cluster/openapi")) else {
        return schemas;
    };
    let mut files: Vec<PathBuf> = files.map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        schemas.add_openapi(&serde_json::from_str(&text).unwrap());
    }
    schemas
}

fn kind_of(object: &Value) -> GroupKind {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    GroupKind {
        group: api_version
            .split_once('/')
            .map_or("", |(g, _)| g)
            .to_owned(),
        kind: object["kind"].as_str().unwrap_or_default().to_owned(),
    }
}

fn live_state(live: Vec<Value>, desired: &[Value]) -> LiveState {
    let kinds: BTreeSet<GroupKind> = live.iter().chain(desired).map(kind_of).collect();
    LiveState {
        views: kinds.into_iter().map(|k| (k, View::Complete)).collect(),
        objects: live
            .into_iter()
            .map(|body| LiveObject::whole(kind_of(&body), body))
            .collect(),
        ..LiveState::default()
    }
}

fn name(id: &ObjectId) -> String {
    let group = if id.group.is_empty() { "v1" } else { &id.group };
    let parts = [group, &id.kind, &id.namespace, &id.name];
    let parts: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    parts.join("/")
}

/// Whether two values mean the same; `more` allows members that the expectation leaves out.
fn same(expected: &Value, found: &Value, more: bool) -> bool {
    match (expected, found) {
        (Value::Object(e), Value::Object(f)) => {
            e.iter()
                .all(|(k, v)| f.get(k).is_some_and(|f| same(v, f, more)))
                && (more || f.keys().all(|k| e.contains_key(k)))
        }
        (Value::Array(e), Value::Array(f)) => {
            e.len() == f.len() && e.iter().zip(f).all(|(e, f)| same(e, f, more))
        }
        (Value::Number(e), Value::Number(f)) => e.as_f64() == f.as_f64(),
        (Value::String(e), Value::String(f)) if e != f => {
            let quantity = |t: &str| {
                Quantity::parse(t).filter(|_| t.starts_with(|c: char| c.is_ascii_digit()))
            };
            matches!((quantity(e), quantity(f)), (Some(e), Some(f)) if e == f)
        }
        (e, f) => e == f,
    }
}

/// Why a finding is not the expected one.
fn unlike(expected: &Value, found: &Finding) -> Option<String> {
    let kind = serde_json::to_value(found.kind).unwrap();
    if expected["kind"] != kind || expected["path"] != found.path.as_str() {
        return Some("another kind or path".to_owned());
    }
    let object = expected["object"].as_str().unwrap_or_default();
    if !object.is_empty() && object != name(&found.object) {
        return Some(format!("object {}", name(&found.object)));
    }
    let more = expected["partial"] == true || expected["kind"] == "extra";
    for (key, value) in [
        ("desired", &found.desired),
        ("live", &found.live),
        ("default", &found.default),
    ] {
        let Some(wanted) = expected.get(key) else {
            continue;
        };
        if !value.as_ref().is_some_and(|v| same(wanted, v, more)) {
            return Some(format!("{key}: {value:?}, not {wanted}"));
        }
    }
    if let Some(detail) = expected.get("detail").and_then(Value::as_array) {
        let wanted: Vec<&str> = detail.iter().filter_map(Value::as_str).collect();
        if found.detail != wanted {
            return Some(format!("detail: {:?}, not {wanted:?}", found.detail));
        }
    }
    if let Some(by) = expected.get("by") {
        let found_by = match found.by.first() {
            None => Value::Null,
            Some(by) => {
                let mut by = serde_json::to_value(by).unwrap();
                if by["time"].is_null() && expected["by"].get("time").is_none() {
                    by.as_object_mut().unwrap().remove("time");
                }
                by
            }
        };
        if *by != found_by {
            return Some(format!("by: {found_by}, not {by}"));
        }
    }
    if expected.get("pending").is_some_and(|p| *p != found.pending) {
        return Some(format!("pending: {}", found.pending));
    }
    if expected
        .get("duplicates")
        .is_some_and(|p| *p != found.duplicates)
    {
        return Some(format!("duplicates: {}", found.duplicates));
    }
    if let Some(reason) = expected.get("reason")
        && reason.as_str() != found.reason.as_deref()
    {
        return Some(format!("reason: {:?}", found.reason));
    }
    None
}

fn match_all(expected: &[Value], found: &[&Finding], faults: &mut Vec<String>) {
    let mut rest: Vec<&Finding> = found.to_vec();
    for wanted in expected {
        let (kind, path) = (&wanted["kind"], &wanted["path"]);
        let reasons: Vec<Option<String>> = rest.iter().map(|f| unlike(wanted, f)).collect();
        if let Some(at) = reasons.iter().position(Option::is_none) {
            rest.remove(at);
            continue;
        }
        let near = rest
            .iter()
            .zip(&reasons)
            .find(|(f, _)| *path == f.path.as_str());
        match near {
            Some((f, Some(reason))) => {
                faults.push(format!("{kind} {path}: found {:?}: {reason}", f.kind));
            }
            _ => faults.push(format!("{kind} {path}: not found")),
        }
    }
    for f in rest {
        faults.push(format!(
            "too much: {:?} {} {} by {:?} ({})",
            f.kind,
            name(&f.object),
            f.path,
            f.by.first().map(|b| &b.manager),
            f.rule
        ));
    }
}

struct Case {
    desired: Vec<Value>,
    live: LiveState,
    settings: Settings,
    expect: Value,
}

fn read(dir: &Path) -> Case {
    let desired = documents(&dir.join("desired.yaml"));
    let live = live_state(documents(&dir.join("live.yaml")), &desired);
    let expect = documents(&dir.join("expect.yaml")).remove(0);
    let settings = Settings::read(expect.get("options").unwrap_or(&Value::Null))
        .unwrap_or_else(|e| panic!("{}: {e:?}", dir.display()));
    Case {
        desired,
        live,
        settings,
        expect,
    }
}

fn report(case: &Case, schemas: &Schemas) -> ClusterReport {
    let desired: Vec<Desired<'_>> = case.desired.iter().map(Desired::of).collect();
    compare(&desired, &case.live, schemas, &case.settings)
}

fn faults(case: &Case, schemas: &Schemas) -> Vec<String> {
    let report = report(case, schemas);
    let list = |key: &str| case.expect[key].as_array().cloned().unwrap_or_default();
    let (info, findings): (Vec<&Finding>, Vec<&Finding>) = report
        .findings
        .iter()
        .partition(|f| f.severity == FindingSeverity::Info);
    let mut faults = Vec::new();
    match_all(&list("findings"), &findings, &mut faults);
    match_all(&list("info"), &info, &mut faults);
    let verdict = match report.verdict() {
        Verdict::Clean => "clean",
        Verdict::Known => "known",
        Verdict::Drift => "drift",
        Verdict::Unknown => "unknown",
    };
    if case.expect["verdict"] != verdict {
        faults.push(format!("verdict {verdict}"));
    }
    faults
}

fn cases(corpus: &Path) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = fs::read_dir(corpus)
        .unwrap_or_else(|e| panic!("{}: {e}", corpus.display()))
        .map(|d| d.unwrap().path())
        .filter(|d| d.join("expect.yaml").exists() && !d.join("http.yaml").exists())
        .collect();
    dirs.sort();
    dirs
}

fn carried() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drift")
}

fn run(corpus: &Path) -> BTreeMap<String, Vec<String>> {
    let schemas = schemas(corpus);
    let mut failed = BTreeMap::new();
    let dirs = cases(corpus);
    let count = dirs.len();
    for dir in dirs {
        let faults = faults(&read(&dir), &schemas);
        if !faults.is_empty() {
            let name = dir.file_name().unwrap().to_string_lossy().into_owned();
            failed.insert(name, faults);
        }
    }
    assert!(count > 0, "no cases in {}", corpus.display());
    failed
}

fn told(failed: &BTreeMap<String, Vec<String>>) -> String {
    let lines = failed
        .iter()
        .map(|(case, faults)| format!("{case}\n    {}", faults.join("\n    ")));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn carried_cases_are_told_exactly() {
    let failed = run(&carried());
    assert!(
        failed.is_empty(),
        "{} cases fail:\n{}",
        failed.len(),
        told(&failed)
    );
}

/// Cases of other directories that say something else than the rules that stand over them: an
/// unowned container is drift, for a person can trim managed fields.
const OVERRULED: &[&str] = &["059-sidecar-injected-by-mutation"];

#[test]
fn the_corpus_is_told_exactly() {
    let Some(corpus) = std::env::var_os("REGEN_DRIFT_CORPUS") else {
        return;
    };
    let corpus = PathBuf::from(corpus);
    let mut failed = run(&corpus);
    failed.retain(|case, _| !OVERRULED.contains(&case.as_str()));
    let count = cases(&corpus).len();
    assert!(
        failed.is_empty(),
        "{} of {count} cases fail:\n{}",
        failed.len(),
        told(&failed)
    );
}
