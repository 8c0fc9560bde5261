//! Any text that the catalog takes arrives as that very text: each hostile string, in every field
//! that is free text, goes through the whole pipeline and is read back by a YAML 1.1 reader
//! (Kubernetes') and a YAML 1.2 reader.
//!
//! Where a text arrives is not written down here: a marker shows the places, and every other text
//! has to stand in the same ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use regen::diag::{Severity, Sink};
use regen::model::input::{Content, InputFile};
use regen::model::manifest::ManifestSet;
use regen::pipeline::{self, Input};
use regen::plan::Options;
use regen::yaml::kubernetes;
use serde_json::Value;

/// Stands in a template of a fleet where the text goes.
const HERE: &str = "<here>";
/// A text that no reader takes for anything else.
const MARKER: &str = "mark-er-0";

const TEXTS: &[&str] = &[
    "NO",
    "no",
    "y",
    "on",
    "Off",
    "true",
    "null",
    "~",
    "1e3",
    "1E3",
    "0o17",
    "017",
    "0x1F",
    "0b11",
    "12:30:45",
    "1_000",
    ".5",
    "1.",
    "+1",
    "-0",
    ".inf",
    ".NaN",
    "2026-01-31",
    "<<",
    "=",
    "'",
    "\"",
    "it's",
    "\"quoted\"",
    "'quoted'",
    "{{",
    "{{ service }}",
    "}}",
    "{% raw %}",
    "{# x #}",
    "{%",
    "#",
    "# x",
    "a #b",
    "a#b",
    ":",
    ": ",
    "a: b",
    "a:",
    "-",
    "- ",
    "- a",
    "---",
    "--- a",
    "...",
    "?",
    "? a",
    "!",
    "!!str a",
    "&a",
    "*a",
    "%a",
    "@a",
    "`a`",
    "|",
    ">",
    "|-\n a",
    "[a]",
    "{a: b}",
    "[",
    "{",
    ",",
    " a",
    "a ",
    "  ",
    "\ta",
    "a\t",
    "a\nb",
    "a\n",
    "\na",
    "a\n\n",
    " a\n b\n",
    "a\r\nb",
    "\r",
    "é",
    "名前",
    "😀",
    "\u{2028}",
    "a\u{2028}b",
    "\u{2029}",
    "\u{85}",
    "\u{a0}",
    "\u{feff}",
    "\u{feff}a",
    "a\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "\u{fffd}",
    "\u{7f}",
    "\u{9f}",
    "\\",
    "\\n",
    "a\\",
    "$(A)",
    "$$(A)",
    "${A}",
    "a/b",
    "../a",
    "a~b",
    "~1",
    "$ref",
    "__proto__",
    "=1+1",
];

/// Fields of a service that take any text, and what stands around it there.
const FREE: &[(&str, &str)] = &[
    ("workload.command", "command: [<here>]"),
    ("workload.args", "args: [a, <here>]"),
    ("workload.env", "env: {A: <here>}"),
    ("workload.files", "files: {/etc/a/b.txt: <here>}"),
    (
        "workload.init.command",
        "init: [{name: first, command: [<here>]}]",
    ),
    (
        "workload.init.args",
        "init: [{name: first, args: [<here>]}]",
    ),
    (
        "workload.init.env",
        "init: [{name: first, env: {A: <here>}}]",
    ),
];

/// Fields that take some texts: what they take has to arrive, and the rest is refused with a place.
const BOUND: &[(&str, &str)] = &[
    ("owner.team", "owner: {team: <here>}"),
    ("owner.oncall", "owner: {team: a, oncall: <here>}"),
    ("owner.escalation", "owner: {team: a, escalation: <here>}"),
    (
        "workload.probes.http",
        "workload: {probes: {readiness: {http: <here>}}}",
    ),
    (
        "workload.probes.http.path",
        "workload: {probes: {readiness: {http: {path: <here>}}}}",
    ),
    (
        "workload.probes.http.headers",
        "workload: {probes: {readiness: {http: {path: /, headers: {X-A: <here>}}}}}",
    ),
    (
        "workload.volumes.mount",
        "workload: {volumes: {data: {mount: <here>}}}",
    ),
    (
        "workload.env.secret",
        "workload: {env: {A: {secret: <here>, key: a}}}",
    ),
    (
        "workload.env.key",
        "workload: {env: {A: {secret: a, key: <here>}}}",
    ),
    ("workload.image", "workload: {image: <here>}"),
    (
        "workload.schedule",
        "workload: {kind: CronJob, schedule: {cron: '0 * * * *', timeZone: <here>}}",
    ),
    (
        "exposure.health",
        "exposure: {host: web.shop.example, health: <here>}",
    ),
    ("exposure.host", "exposure: {host: <here>, health: /}"),
];

/// A text in double quotes, all but plain ASCII escaped: every reader takes it for that text.
fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    out + "\""
}

const IMAGE: &str =
    "registry.example/web@sha256:fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d";

fn free(text: &str) -> String {
    let mut service =
        format!("service: web\nworkload:\n  image: {IMAGE}\n  ports: {{http: 8080}}\n");
    let mut containers = String::new();
    for (name, field) in FREE {
        let field = field.replace(HERE, &quoted(text));
        match field.strip_prefix("init: [{name: first, ") {
            None => service.push_str(&format!("  {field}\n")),
            Some(rest) => {
                let last = name.rsplit('.').next().unwrap();
                let rest = rest.strip_suffix("}]").unwrap();
                containers.push_str(&format!("    - {{name: {last}, image: {IMAGE}, {rest}}}\n"));
            }
        }
    }
    service + "  init:\n" + &containers
}

/// The service's own fields with one more, which may stand below `workload`.
fn bound(field: &str, text: &str) -> String {
    let field = field.replace(HERE, &quoted(text));
    match field
        .strip_prefix("workload: {")
        .and_then(|f| f.strip_suffix('}'))
    {
        Some(inside) => {
            let image = match inside.starts_with("image") {
                true => String::new(),
                false => format!("image: {IMAGE}, "),
            };
            let ports = match inside.starts_with("kind: CronJob") {
                true => "",
                false => "ports: {http: 8080}, ",
            };
            format!("service: web\nworkload: {{{image}{ports}{inside}}}\n")
        }
        None => {
            format!("service: web\nworkload: {{image: {IMAGE}, ports: {{http: 8080}}}}\n{field}\n")
        }
    }
}

/// Renders a fleet of one service, or tells the errors.
fn render(service: &str) -> Result<ManifestSet, Vec<String>> {
    let mut input = Input::default();
    for (path, text) in [
        (
            "regen.yaml",
            "fleet: shop\ndomain: shop.example\ngitops: {delivery: none}\n",
        ),
        (
            "regions/eu-west-1.yaml",
            "region: eu-west-1\nprovider: aws\nclusters: [{name: a}]\n",
        ),
        ("services/web.yaml", service),
    ] {
        let content = Content::Text(input.sources.add(path, text));
        input.files.push(InputFile {
            path: path.to_owned(),
            content,
        });
    }
    let mut sink = Sink::new();
    let set = pipeline::plan(&input, &Options::default(), &mut sink)
        .and_then(|planned| pipeline::render(&input, &planned, &mut sink));
    set.map_err(|_| {
        let errors = sink.diagnostics().iter();
        errors
            .filter(|d| d.effective_severity() == Severity::Error)
            .map(|d| {
                assert!(!d.help.is_empty() || !d.notes.is_empty(), "{d:?}");
                format!("{}: {}", d.code.name(), d.message)
            })
            .collect()
    })
}

/// Where a text stands: file and JSON pointer, as both readers see it.
fn places(set: &ManifestSet, text: &str) -> BTreeSet<(String, String)> {
    let mut places = BTreeSet::new();
    for (path, file) in &set.files {
        let yaml = file.text.whole();
        let by_kubernetes = kubernetes::parse(&yaml).unwrap().remove(0).value;
        let by_1_2: Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(by_kubernetes, by_1_2, "{path} means two things:\n{yaml}");
        if let [manifest] = file.manifests.as_slice() {
            assert_eq!(&by_kubernetes, manifest.body(), "{path}:\n{yaml}");
        }
        collect(&by_kubernetes, String::new(), &mut |pointer, found| {
            if found == text {
                places.insert((path.to_string(), pointer));
            }
        });
    }
    places
}

fn collect(value: &Value, at: String, found: &mut dyn FnMut(String, &str)) {
    match value {
        Value::String(text) => found(at, text),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                collect(item, format!("{at}/{i}"), found);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_text_arrives_from_every_free_field() {
    let marked = places(&render(&free(MARKER)).unwrap(), MARKER);
    let pointers: BTreeSet<&str> = marked.iter().map(|(_, p)| p.as_str()).collect();
    let pod = "/spec/template/spec";
    let expected: BTreeSet<String> = [
        "/data/etc_a_b.txt".to_owned(),
        format!("{pod}/containers/0/command/0"),
        format!("{pod}/containers/0/args/1"),
        format!("{pod}/containers/0/env/0/value"),
        format!("{pod}/initContainers/0/command/0"),
        format!("{pod}/initContainers/1/args/0"),
        format!("{pod}/initContainers/2/env/0/value"),
    ]
    .into();
    assert_eq!(pointers, expected.iter().map(String::as_str).collect());
    for text in TEXTS {
        let set = render(&free(text)).unwrap_or_else(|errors| panic!("{text:?}: {errors:#?}"));
        let missing: Vec<_> = marked.difference(&places(&set, text)).cloned().collect();
        assert!(missing.is_empty(), "{text:?} is not at {missing:?}");
    }
}

#[test]
fn a_text_arrives_from_a_bound_field_or_is_refused() {
    for (index, (name, field)) in BOUND.iter().enumerate() {
        // What a field takes may begin with a slash, a registry, a part of the world, …
        let taken = ["", "/", "Europe/", "registry.example/web:"]
            .iter()
            .find_map(|before| {
                let example = ["mark", "Berlin", "1.0", "mark.shop.example"].iter();
                let mut taken = example.filter_map(|example| {
                    let text = format!("{before}{example}");
                    let set = render(&bound(field, &text)).ok()?;
                    Some((*before, places(&set, &text)))
                });
                taken.next()
            });
        let (before, marked) = taken.unwrap_or_else(|| panic!("{name} takes nothing"));
        // A third of them each, in turn.
        for text in TEXTS.iter().skip(index % 3).step_by(3) {
            let text = format!("{before}{text}");
            match render(&bound(field, &text)) {
                Err(errors) => {
                    // Refused as a field of the catalog, not by what is rendered from it.
                    let late = errors.iter().find(|e| e.starts_with("template:"));
                    assert_eq!(late, None, "{name} {text:?}");
                }
                Ok(set) => {
                    let missing: Vec<_> =
                        marked.difference(&places(&set, &text)).cloned().collect();
                    assert!(missing.is_empty(), "{name}: {text:?} is not at {missing:?}");
                }
            }
        }
    }
}
