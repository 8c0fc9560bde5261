//! A change of one scalar of the example's services, seen from the clusters that run it: accepting
//! what differs makes files that render the very same, or is refused for a reason.

use std::collections::BTreeMap;
use std::path::Path;

use regen::diag::{Sink, Sources, Span};
use regen::drift::Settings;
use regen::io;
use regen::model::finding::{Finding, FindingSeverity};
use regen::model::input::{Content, InputFile};
use regen::model::live::{GroupKind, LiveObject, LiveState, View};
use regen::model::manifest::ManifestSet;
use regen::model::name::ClusterName;
use regen::pipeline::accept::{Ground, Texts, accept};
use regen::pipeline::drift::{Repository, cluster_of, settings};
use regen::pipeline::{self, Input, Planned};
use regen::plan;
use regen::yaml::edit::{Scalar, replace};
use regen::yaml::{Node, Value, parse};

struct Fleet {
    input: Input,
    planned: Planned,
    set: ManifestSet,
}

fn fleet(input: Input) -> Option<Fleet> {
    let mut sink = Sink::new();
    let planned = pipeline::plan(&input, &plan::Options::default(), &mut sink).ok()?;
    let set = pipeline::render(&input, &planned, &mut sink).ok()?;
    Some(Fleet {
        input,
        planned,
        set,
    })
}

fn example() -> Input {
    let mut input = Input::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/online-boutique");
    input.files = io::files::read_fleet(&root, &mut input.sources).expect("readable");
    input
}

/// The example with other texts.
fn with(texts: &Texts) -> Input {
    let mut input = example();
    for (path, text) in texts {
        let content = Content::Text(input.sources.add(path.as_str(), text.as_str()));
        match input.files.iter_mut().find(|f| f.path == *path) {
            Some(file) => file.content = content,
            None => input.files.push(InputFile {
                path: path.clone(),
                content,
            }),
        }
    }
    input.files.sort_by(|a, b| a.path.cmp(&b.path));
    input
}

/// What clusters run that a fleet was applied to.
fn states(fleet: &Fleet) -> BTreeMap<ClusterName, LiveState> {
    let mut states: BTreeMap<ClusterName, LiveState> = BTreeMap::new();
    for (path, manifest) in fleet.set.manifests() {
        let Some(cluster) = cluster_of(path.as_str(), &fleet.planned.world) else {
            continue;
        };
        let kind = GroupKind {
            group: manifest.id.group.clone(),
            kind: manifest.id.kind.clone(),
        };
        let state = states.entry(cluster.clone()).or_default();
        state.views.insert(kind.clone(), View::Complete);
        state
            .objects
            .push(LiveObject::whole(kind, manifest.body().clone()));
    }
    states
}

/// The scalars of a document with their paths.
fn scalars(node: &Node, at: &str, out: &mut Vec<(String, Span, String)>) {
    match &node.value {
        Value::Scalar(text, _) => out.push((at.to_owned(), node.span, text.clone())),
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                scalars(item, &format!("{at}[{i}]"), out);
            }
        }
        Value::Map(members) => {
            for (key, value) in members {
                scalars(value, &format!("{at}.{}", key.value), out);
            }
        }
    }
}

/// Another value of the same form.
fn other(text: &str) -> String {
    match text.find(|c: char| c.is_ascii_digit()) {
        Some(0) => {
            let digits = text.chars().take_while(char::is_ascii_digit).count();
            let number: u64 = text[..digits].parse().expect("digits");
            format!("{}{}", number + 1, &text[digits..])
        }
        _ => format!("{text}x"),
    }
}

/// What differs between a fleet and what its clusters run.
fn findings(
    fleet: &Fleet,
    states: &BTreeMap<ClusterName, LiveState>,
    settings: &BTreeMap<ClusterName, Settings>,
) -> Vec<(ClusterName, Finding)> {
    let mut all = Vec::new();
    for (cluster, state) in states {
        let (mut side, mut sink, mut sources) =
            (Repository::default(), Sink::new(), Sources::new());
        for (file, rendered) in &fleet.set.files {
            if cluster_of(file.as_str(), &fleet.planned.world) == Some(cluster) {
                let source = sources.add(file.to_string(), rendered.text.to_string());
                let added = side.add(file, source, &sources, Some(rendered), &mut sink);
                added.expect("what is rendered is readable");
            }
        }
        let found = side.compare(state, &settings[cluster]).findings;
        let counted = found
            .into_iter()
            .filter(|f| f.severity != FindingSeverity::Info);
        all.extend(counted.map(|f| (cluster.clone(), f)));
    }
    all
}

/// Services of which every scalar below `workload` is one that a line says.
const SERVICES: [&str; 3] = ["adservice", "currencyservice", "emailservice"];

#[test]
fn what_was_changed_in_a_file_is_found_again_from_the_clusters() {
    let before = fleet(example()).expect("valid");
    let settings = settings(&before.planned.world, &mut Sink::new()).expect("valid");
    let mut tried = 0;
    for service in SERVICES {
        let path = format!("services/{service}.yaml");
        let sources = &before.input.sources;
        let (_, source) = before
            .input
            .texts()
            .find(|(p, _)| *p == path)
            .expect("there");
        let text = sources.get(source).text();
        let root = parse(sources, source, &mut Sink::new())
            .expect("YAML")
            .remove(0);
        let mut all = Vec::new();
        scalars(&root, "", &mut all);
        for (at, span, old) in all.iter().filter(|(at, ..)| at.starts_with(".workload.")) {
            let new = replace(text, &root, *span, &Scalar::Text(other(old))).expect("on a line");
            // What the fleet's rules refuse cannot run anywhere.
            let Some(after) = fleet(with(&Texts::from([(path.clone(), new)]))) else {
                continue;
            };
            let states = states(&after);
            let settings = states.keys().map(|cluster| {
                let mut settings = settings.clone();
                settings.cluster = cluster.to_string();
                (cluster.clone(), settings)
            });
            let settings = settings.collect();
            let wanted = findings(&before, &states, &settings);
            assert!(!wanted.is_empty(), "{service}{at}");
            let ground = Ground {
                input: &before.input,
                planned: &before.planned,
                set: &before.set,
                states: &states,
                settings: &settings,
            };
            let change =
                accept(&ground, &wanted).unwrap_or_else(|why| panic!("{service}{at}: {why}"));
            let made = fleet(with(&change.texts)).expect("proved");
            assert!(
                made.set
                    .manifests()
                    .map(|(p, m)| (p, m.body()))
                    .eq(after.set.manifests().map(|(p, m)| (p, m.body()))),
                "{service}{at}"
            );
            // One line, the one that was changed.
            let line = format!("{path}:{}", sources.line_col(*span).line);
            let places: Vec<&String> = change.places.iter().map(|(place, _)| place).collect();
            assert!(
                places.iter().all(|place| **place == line),
                "{service}{at}: {places:?}"
            );
            assert_eq!(
                change.texts.keys().collect::<Vec<_>>(),
                [&path],
                "{service}{at}"
            );
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}
