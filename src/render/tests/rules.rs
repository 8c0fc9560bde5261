//! How placeholders are typed, what is refused, and where it is said to be.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::engine::{Context, Engine};
use super::super::fact::{Fact, Item, Root, Source};
use super::super::shape::{Shape, Trace};
use crate::model::name::ServiceKey;
use crate::model::origin::Subject;

fn facts() -> Root {
    let subject = Subject::Service(ServiceKey::prod("web"));
    let at = |path: &str, fact: Fact| Item::new(fact).of(&subject, path);
    let facts = [
        ("name", at("service", "web".into())),
        (
            "tricky",
            at("tricky", "NO: [\"x\"] # {{ y }}\n- 'z'\n".into()),
        ),
        ("port", at("workload.ports.http", 8080_u16.into())),
        ("on", at("on", true.into())),
        ("nothing", at("nothing", Fact::Null)),
        ("digits", at("digits", "0777".into())),
        (
            "list",
            Item::list([at("list[0]", "a".into()), at("list[1]", "b".into())]).of(&subject, "list"),
        ),
        (
            "labels",
            Item::map([("team", at("labels.team", "NO".into()))]).of(&subject, "labels"),
        ),
        ("empty", Item::list([])),
    ];
    Root(vec![Arc::new(
        facts.into_iter().map(|(k, v)| (k.into(), v)).collect(),
    )])
}

/// The documents of a template, or `line: message` of its faults.
fn run(text: &str) -> Result<Vec<(Value, Vec<Trace>)>, Vec<String>> {
    let mut engine = Engine::new();
    let say = |line: Option<u32>, message: &str| vec![format!("{}: {message}", line.unwrap_or(0))];
    engine
        .add("t/x.yaml.j2", text, None)
        .map_err(|f| say(f.line, &f.message))?;
    let context = Context::new(facts());
    let rendered = engine
        .run("t/x.yaml.j2", &context)
        .map_err(|f| say(f.line, &f.message))?;
    let lines = engine.lines("t/x.yaml.j2", &context);
    let shape = Shape::parse(&rendered.text, &lines).map_err(|faults| {
        faults
            .iter()
            .map(|f| format!("{}: {}", f.line, f.message))
            .collect::<Vec<_>>()
    })?;
    shape
        .documents
        .iter()
        .map(|d| {
            d.trace(&rendered.slots)
                .map_err(|f| say(Some(f.line), &f.message))
        })
        .collect()
}

fn one(text: &str) -> Value {
    let mut documents = run(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0).0
}

#[test]
fn values_are_typed_by_the_style_of_their_place() {
    for (name, text, value) in [
        ("plain number", "a: {{ port }}", json!({"a": 8080})),
        ("plain text", "a: {{ digits }}", json!({"a": "0777"})),
        ("plain bool", "a: {{ on }}", json!({"a": true})),
        ("plain list", "a: {{ list }}", json!({"a": ["a", "b"]})),
        (
            "plain mapping",
            "a: {{ labels }}",
            json!({"a": {"team": "NO"}}),
        ),
        ("empty list", "a: {{ empty }}", json!({"a": []})),
        (
            "nothing leaves its member out",
            "a: {{ nothing }}\nb: 1",
            json!({"b": 1}),
        ),
        (
            "nothing leaves its element out",
            "a:\n  - {{ nothing }}\n  - {{ port }}",
            json!({"a": [8080]}),
        ),
        ("quoted number", "a: \"{{ port }}\"", json!({"a": "8080"})),
        ("single quotes", "a: '{{ on }}'", json!({"a": "true"})),
        (
            "tricky text",
            "a: {{ tricky }}",
            json!({"a": "NO: [\"x\"] # {{ y }}\n- 'z'\n"}),
        ),
        (
            "tricky text in quotes",
            "a: \"{{ tricky }}\"",
            json!({"a": "NO: [\"x\"] # {{ y }}\n- 'z'\n"}),
        ),
        (
            "a block is that text",
            "a: |\n  {{ tricky }}",
            json!({"a": "NO: [\"x\"] # {{ y }}\n- 'z'\n"}),
        ),
        (
            "a stripped block",
            "a: |-\n  {{ name }}",
            json!({"a": "web"}),
        ),
        (
            "a block with more",
            "a: |\n  x {{ name }}\n  y {{ port }}\n",
            json!({"a": "x web\ny 8080\n"}),
        ),
        (
            "mixed",
            "a: {{ name }}-db:{{ port }}",
            json!({"a": "web-db:8080"}),
        ),
        (
            "key",
            "{{ name }}-x: 1\n{{ port }}: 2",
            json!({"web-x": 1, "8080": 2}),
        ),
        (
            "flow",
            "{a: {{ port }}, b: [{{ name }}, {{ on }}]}",
            json!({"a": 8080, "b": ["web", true]}),
        ),
        ("document", "{{ labels }}", json!({"team": "NO"})),
        ("expression", "a: {{ port + 1 }}", json!({"a": 8081})),
        (
            "concatenation",
            "a: {{ name ~ '-' ~ port }}",
            json!({"a": "web-8080"}),
        ),
        (
            "literal in an expression",
            "a: {{ 'NO' }}",
            json!({"a": "NO"}),
        ),
        (
            "tojson",
            "a: {{ list|tojson }}",
            json!({"a": "[\"a\",\"b\"]"}),
        ),
        ("filters", "a: {{ name|upper }}", json!({"a": "WEB"})),
        (
            "own mapping",
            "a: {{ {'x': port, 'y': [name]} }}",
            json!({"a": {"x": 8080, "y": ["web"]}}),
        ),
        (
            "items",
            "{% for k, v in labels|items %}\n{{ k }}: {{ v }}\n{% endfor %}",
            json!({"team": "NO"}),
        ),
        (
            "set",
            "{% set x %}{{ name }}-{{ port }}{% endset %}\na: {{ x }}",
            json!({"a": "web-8080"}),
        ),
        (
            "macro",
            "{% macro m(v) %}{{ v }}-{{ name }}{% endmacro %}\na: {{ m(port) }}",
            json!({"a": "8080-web"}),
        ),
        (
            "typed through a macro",
            "{% macro m(v) %}{{ v }}{% endmacro %}\na: {{ m(port) }}",
            json!({"a": 8080}),
        ),
        (
            "call",
            "{% macro m() %}x: {{ caller() }}{% endmacro %}\n{% call m() %}{{ port }}{% endcall %}\n",
            json!({"x": 8080}),
        ),
        (
            "structure by a macro",
            "{% macro m() %}{x: {{ port }}}{% endmacro %}\na: {{ m() }}",
            json!({"a": {"x": 8080}}),
        ),
        (
            "literals",
            "a: 1\nb: x\nc: ~\nd: true\ne: \"NO\"",
            json!({"a": 1, "b": "x", "c": null, "d": true, "e": "NO"}),
        ),
        (
            "loops",
            "a:\n{% for x in list %}\n  - v: {{ x }}\n{% endfor %}",
            json!({"a": [{"v": "a"}, {"v": "b"}]}),
        ),
        (
            "an alias of a fixed value",
            "a: &x 1\nb: *x\nc: {{ port }}",
            json!({"a": 1, "b": 1, "c": 8080}),
        ),
    ] {
        assert_eq!(one(text), value, "{name}");
    }
}

#[test]
fn documents_are_split_and_empty_ones_dropped() {
    let documents = run(
        "{% if on %}\na: 1\n{% endif %}\n---\n{% if not on %}\nb: 1\n{% endif %}\n---\nc: {{ port }}\n",
    );
    let values: Vec<Value> = documents.unwrap().into_iter().map(|d| d.0).collect();
    assert_eq!(values, [json!({"a": 1}), json!({"c": 8080})]);
}

#[test]
fn what_cannot_be_meant_is_refused_where_it_stands() {
    for (name, text, fault) in [
        ("undefined", "a: 1\nb: {{ nam }}", "2: `nam` is undefined"),
        (
            "undefined member",
            "a: {{ labels.tem }}",
            "1: `labels.tem` is undefined",
        ),
        (
            "undefined in a condition",
            "{% if nam %}{% endif %}",
            "1: `nam` is undefined",
        ),
        (
            "list in text",
            "a: 1\nb: x-{{ list }}",
            "2: a list cannot be part of a text or a key",
        ),
        (
            "mapping in quotes",
            "a: \"{{ labels }}\"",
            "1: a mapping cannot be part of a text or a key",
        ),
        (
            "nothing in text",
            "a: x{{ nothing }}",
            "1: nothing cannot be part of a text or a key",
        ),
        (
            "nothing as a key",
            "a: 1\n{{ nothing }}: 1",
            "2: nothing cannot be part of a text or a key",
        ),
        (
            "list as a key",
            "{{ list }}: 1",
            "1: a list cannot be part of a text or a key",
        ),
        (
            "anchor",
            "a: &x {{ name }}",
            "1: a placeholder may not have an anchor",
        ),
        (
            "same key",
            "{{ name }}: 1\nweb: 2",
            "2: the key `web` stands twice in one mapping",
        ),
        ("safe", "a: {{ name|safe }}", "1: filter safe is unknown"),
        (
            "escape",
            "a: {{ name|escape }}",
            "1: filter escape is unknown",
        ),
        (
            "filter block",
            "a: 1\n{% filter upper %}x{% endfilter %}",
            "2: `{% filter %}` may not stand in a template",
        ),
        (
            "autoescape",
            "{% autoescape false %}{% endautoescape %}",
            "1: `{% autoescape %}` may not stand in a template",
        ),
        (
            "placeholder",
            "a: \u{F0001}",
            "1: characters U+F0000 to U+FFFFD may not stand in a template",
        ),
        (
            "endless",
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "1: the template does not come to an end",
        ),
        (
            "unquoted word",
            "a: 1\nb: NO",
            "2: Kubernetes would read `NO` as a boolean; quote it if it is text",
        ),
        (
            "macro itself",
            "{% macro m() %}{% endmacro %}a: {{ m }}",
            "1: a macro cannot stand in a manifest; call it",
        ),
    ] {
        let faults = run(text).map(|d| d.into_iter().map(|d| d.0).collect::<Vec<_>>());
        let faults = faults.expect_err(name);
        assert!(
            faults[0] == fault || faults[0].contains(fault.trim_start_matches("1: ")),
            "{name}: {faults:?}"
        );
    }
    let captured = run("{% set x %}{{ name }}{% endset %}a: {{ [x] }}").unwrap_err();
    assert!(captured[0].contains("placeholders"), "{captured:?}");
    for tagged in ["a: !x {{ name }}", "a: [", "a: b: c"] {
        assert!(run(tagged).is_err(), "{tagged}");
    }
}

#[test]
fn values_remember_the_fields_they_came_from() {
    let origin = |text: &str, at: &str| -> String {
        let documents = run(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        let traces: Vec<_> = documents[0].1.iter().filter(|t| t.at == at).collect();
        let words = traces.iter().map(|t| match &t.source {
            Source::Around => "-".to_owned(),
            Source::Field(f) if t.exact => f.path.clone(),
            Source::Field(f) => format!("~{}", f.path),
            Source::Fields(fields) => fields
                .iter()
                .map(|f| format!("~{}", f.path))
                .collect::<Vec<_>>()
                .join(","),
            Source::Plan(what) => what.to_string(),
        });
        words.collect::<Vec<_>>().join(" ")
    };
    for (name, text, at, from) in [
        ("a field", "a: {{ port }}", "/a", "workload.ports.http"),
        ("quoted", "a: '{{ port }}'", "/a", "workload.ports.http"),
        (
            "computed",
            "a: {{ port + 1 }}",
            "/a",
            "~workload.ports.http",
        ),
        (
            "of two",
            "a: {{ name ~ port }}",
            "/a",
            "~service,~workload.ports.http",
        ),
        (
            "mixed",
            "a: {{ name }}-{{ port }}",
            "/a",
            "~service ~workload.ports.http",
        ),
        ("chosen", "a: {{ name if on else port }}", "/a", "service"),
        ("inside a list", "a: {{ list }}", "/a/1", "list[1]"),
        (
            "inside a mapping",
            "x:\n  a: {{ labels }}",
            "/x/a/team",
            "labels.team",
        ),
        ("a list", "a: {{ list }}", "/a", "list"),
        (
            "of a loop",
            "a:\n{% for x in list %}\n  - {{ x }}\n{% endfor %}",
            "/a/0",
            "list[0]",
        ),
        (
            "of a variable",
            "{% set n = name %}\nb: {{ port }}\na: {{ n }}",
            "/a",
            "service",
        ),
        (
            "through a macro",
            "{% macro m() %}{{ name }}{% endmacro %}\na: {{ m() }}",
            "/a",
            "service",
        ),
        ("a literal", "a: {{ 'x' }}", "/a", "-"),
        (
            "beside a condition",
            "{% if on %}\na: {{ port }}\n{% endif %}",
            "/a",
            "workload.ports.http",
        ),
    ] {
        assert_eq!(origin(text, at), from, "{name}");
    }
}
