//! What a fleet brings itself: templates, overlays, and strings of any kind.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Scope, Templates, render};
use super::components::{body, set};
use super::fleet::Made;
use crate::diag::{Diagnostic, Sink, Sources, Spanned};
use crate::model::live::AlsoRead;
use crate::model::manifest::{ManifestSet, Origin};
use crate::model::world::*;

fn fleet() -> Made {
    Made::new().region("eu-west-1", 1).service("cart", |_| {})
}

/// Renders with one more template; the faults as `file:line:column message`.
fn with(path: &str, text: &str) -> Result<ManifestSet, Vec<String>> {
    rendered(&[(path, text.to_owned())])
}

/// Renders with templates and CRDs of a fleet.
fn rendered(files: &[(&str, String)]) -> Result<ManifestSet, Vec<String>> {
    let mut sources = Sources::new();
    let mut sink = Sink::new();
    let mut templates = Templates::built_in();
    for (path, text) in files {
        let id = sources.add(*path, text.as_str());
        templates = if path.starts_with("crds/") {
            templates.with_crds(id, &sources, &mut sink)
        } else {
            templates.with_user(path, id, &sources, &mut sink)
        };
    }
    let made = fleet();
    let set = match sink.since(0) {
        Ok(()) => render(
            &made.world,
            &made.plan,
            &templates,
            &AlsoRead::new(),
            &mut sink,
        ),
        Err(rejected) => Err(rejected),
    };
    let say = |d: &Diagnostic| {
        let place = d
            .place()
            .map_or(String::new(), |s| format!("{} ", sources.locate(s)));
        format!("{place}{}", d.message)
    };
    set.map_err(|_| sink.diagnostics().iter().map(say).collect())
}

const CONFIG: &str = "{# scope: service #}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ service }}-x\n  namespace: {{ namespace }}\n";

#[test]
fn a_fleet_adds_a_resource_with_a_file_alone() {
    let text = format!("{CONFIG}data:\n  image: {{{{ workload.image }}}}\n");
    let set = with("templates/own/config.yaml.j2", &text).unwrap();
    let path = "clusters/eu-west-1/eu-west-1-a/shop/cart/configmap-cart-x.yaml";
    assert_eq!(
        body(&set, path)["data"],
        json!({"image": "registry.example/cart:1.0"})
    );
    let (_, manifest) = set.manifests().find(|(p, _)| p.as_str() == path).unwrap();
    assert_eq!(&*manifest.template, "own/config.yaml.j2");
    assert!(
        matches!(&manifest.origins()["/data/image"], Origin::Field(f) if f.path == "workload.image")
    );
    assert!(matches!(
        &manifest.origins()[""],
        Origin::Template { line: 2, .. }
    ));
}

#[test]
fn a_fleet_replaces_a_built_in_template_by_its_path() {
    let text = "{# scope: service\n   when: false #}\n";
    let set = with("templates/workload/deployment.yaml.j2", text).unwrap();
    assert!(set.manifests().all(|(_, m)| m.id.kind != "Deployment"));
}

#[test]
fn a_template_after_the_objects_is_given_their_kinds_its_own_among_them() {
    let text = "{#\n  scope: cluster\n  after: objects\n#}\napiVersion: shop.example/v1\nkind: Ox\n\
        metadata: {name: all, namespace: shop}\nspec:\n  kinds: {{ kinds }}\n";
    let set = with("templates/own/all.yaml.j2", text).unwrap();
    let all = set.manifests().filter(|(_, m)| m.id.kind == "Ox");
    let bodies: Vec<&Value> = all.map(|(_, m)| m.body()).collect();
    assert_eq!(bodies.len(), 1);
    let kinds = bodies[0]["spec"]["kinds"].as_array().unwrap();
    let has = |group: &str, resource: &str| {
        let of_group = kinds.iter().find(|k| k["group"] == group);
        of_group.is_some_and(|k| {
            k["resources"]
                .as_array()
                .unwrap()
                .iter()
                .any(|r| r == resource)
        })
    };
    for (group, resource) in [
        ("", "services"),
        ("apps", "deployments"),
        ("shop.example", "oxes"),
    ] {
        assert!(has(group, resource), "{group} {resource}");
    }
    assert!(!has("", "secrets") && !has("cert-manager.io", "certificates"));
}

const CRD: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.shop.example}\nspec:\n  group: shop.example\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets}\n  versions:\n  - name: v1\n    served: true\n    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, required: [size], properties: {size: {type: integer}}}}}}\n  - {name: v1alpha1, served: false, schema: {openAPIV3Schema: {type: object}}}\n";

#[test]
fn custom_resources_are_checked_against_the_crds_of_the_fleet() {
    let widget = |version: &str, spec: &str| {
        format!(
            "{{# scope: cluster #}}\napiVersion: shop.example/{version}\nkind: Widget\nmetadata: {{name: w, namespace: shop}}\nspec: {spec}\n"
        )
    };
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}",
        CRD.replace('\n', "\n  ")
    );
    let template = "templates/own/widget.yaml.j2:2:1";
    let cases = [
        ("right", CRD, "v1", "{size: 3}", String::new()),
        ("right, in a list", &list, "v1", "{size: 3}", String::new()),
        (
            "another type",
            CRD,
            "v1",
            "{size: big}",
            format!("{template} `/spec/size` of a Widget: expected an integer"),
        ),
        (
            "in a list",
            &list,
            "v1",
            "{size: big}",
            format!("{template} `/spec/size` of a Widget: expected an integer"),
        ),
        (
            "unknown field",
            CRD,
            "v1",
            "{size: 3, sise: 4}",
            format!("{template} `/spec` of a Widget: unknown field `sise`; did you mean `size`?"),
        ),
        (
            "missing field",
            CRD,
            "v1",
            "{}",
            format!("{template} `/spec` of a Widget: required field `size` is missing"),
        ),
        (
            "not served",
            CRD,
            "v1alpha1",
            "{size: 3}",
            format!("{template} a Widget is not served as `shop.example/v1alpha1`"),
        ),
        ("no CRD", "", "v1", "{anything: 1}", String::new()),
        (
            "not a CRD",
            "---\nkind: Pod\n",
            "v1",
            "{}",
            "crds/w.yaml:2:1 not a CustomResourceDefinition of `apiextensions.k8s.io/v1`"
                .to_owned(),
        ),
        (
            "no YAML",
            "a: 'b\n",
            "v1",
            "{}",
            "crds/w.yaml:1:".to_owned(),
        ),
    ];
    for (case, crds, version, spec, expected) in cases {
        let files = [
            ("templates/own/widget.yaml.j2", widget(version, spec)),
            ("crds/w.yaml", crds.to_owned()),
        ];
        let said = rendered(&files).err().unwrap_or_default().join("; ");
        let right = if expected.ends_with(':') {
            said.starts_with(&expected)
        } else {
            said == expected
        };
        assert!(right, "{case}: {said}");
    }
}

#[test]
fn templates_are_listed_with_scope_and_condition() {
    let mut sources = Sources::new();
    let id = sources.add("templates/own/x.yaml.j2", "{# scope: cluster #}\n");
    let mut sink = Sink::new();
    let templates =
        Templates::built_in().with_user("templates/own/x.yaml.j2", id, &sources, &mut sink);
    let list = templates.list();
    let own = list.iter().find(|t| t.component == "own").unwrap();
    assert_eq!(
        (own.scope, own.user, own.when.as_deref()),
        (Scope::Cluster, true, None)
    );
    let deployment = list
        .iter()
        .find(|t| t.path == "workload/deployment.yaml.j2")
        .unwrap();
    assert_eq!(
        deployment.when.as_deref(),
        Some("workload.kind == \"Deployment\"")
    );
    assert!(
        list.iter().all(|t| t.user || t.about.is_some()),
        "each says what it is about"
    );
}

#[test]
fn faults_of_templates_are_located() {
    let file = "templates/own/x.yaml.j2";
    for (name, text, fault) in [
        (
            "no header",
            "kind: x\n".to_owned(),
            "x.yaml.j2:1:1 the template has no header",
        ),
        (
            "scope",
            "{#\n  scope: pod\n#}\n".into(),
            "x.yaml.j2:2:3 unknown scope `pod`",
        ),
        (
            "condition",
            "{# scope: service\n   when: a b #}\n".into(),
            "x.yaml.j2:2:10 condition `a b`: ",
        ),
        (
            "undefined in the condition",
            "{# scope: service\n   when: owner.pager #}\nx".into(),
            "condition `owner.pager`: ",
        ),
        (
            "syntax",
            format!("{CONFIG}data: {{{{ }}}}\n"),
            "x.yaml.j2:7:",
        ),
        (
            "undefined",
            format!("{CONFIG}data:\n  a: {{{{ workload.imag }}}}\n"),
            "x.yaml.j2:8:9 `workload.imag` is undefined",
        ),
        ("yaml", format!("{CONFIG}data: [\n"), "x.yaml.j2:"),
        (
            "list in a text",
            format!("{CONFIG}data:\n  a: x{{{{ stores }}}}\n"),
            "x.yaml.j2:8:3 a list cannot be part of a text or a key",
        ),
        (
            "unknown field",
            format!("{CONFIG}dta: {{}}\n"),
            "x.yaml.j2:2:1 `/` of a ConfigMap: unknown field `dta`",
        ),
        (
            "wrong type",
            format!("{CONFIG}data:\n  a: 1\n"),
            "x.yaml.j2:2:1 `/data/a` of a ConfigMap: expected a string",
        ),
        (
            "no kind",
            "{# scope: service #}\napiVersion: v1\n".into(),
            "x.yaml.j2:2:1 a document has no `kind`",
        ),
        (
            "a label of regen's",
            format!("{CONFIG}  labels:\n    regen.dev/fleet: mine\n"),
            "`regen.dev/fleet` is regen's to set",
        ),
        (
            "an object twice",
            format!("{CONFIG}---\n{}", CONFIG.split_once('\n').unwrap().1),
            "ConfigMap/shop/cart-x is rendered twice",
        ),
    ] {
        let faults = with(file, &text).map(|_| ()).expect_err(name);
        assert!(faults[0].contains(fault), "{name}: {faults:?}");
    }
    let wrong = |path: &str| {
        with(path, "{# scope: service #}\n")
            .map(|_| ())
            .unwrap_err()
    };
    assert!(wrong("templates/x.yaml.j2")[0].contains("stands in no component"));
    assert!(wrong("templates/own/x.yaml")[0].contains("is not a template"));
}

fn patched(
    kind: &str,
    name: &str,
    scope: OverlayScope,
    patch: OverlayPatch,
) -> Result<Value, String> {
    let mut made = fleet();
    let span = made.span();
    made.world.overlays.push(Overlay {
        review_by: None,
        scope,
        kind: Spanned::new(kind.into(), span),
        name: Spanned::new(name.into(), span),
        patch,
        span,
    });
    let set = set(&made).map_err(|d| d[0].message.clone())?;
    let (_, manifest) = set
        .manifests()
        .find(|(_, m)| m.id.kind == "Deployment")
        .unwrap();
    let from_overlay = manifest
        .origins()
        .iter()
        .filter(|(_, o)| **o == Origin::Overlay(span));
    Ok(json!([
        manifest.body()["spec"],
        from_overlay.map(|(p, _)| p).collect::<Vec<_>>()
    ]))
}

#[test]
fn overlays_change_objects_of_their_scope_and_say_so() {
    let merge = || OverlayPatch::Merge(json!({"spec": {"minReadySeconds": 5, "replicas": null}}));
    for scope in [
        OverlayScope::Cluster("eu-west-1-a".into()),
        OverlayScope::Region("eu-west-1".into()),
        OverlayScope::Service("cart".into()),
    ] {
        let found = patched("Deployment", "cart", scope, merge()).unwrap();
        assert_eq!(
            (&found[0]["minReadySeconds"], found[0].get("replicas")),
            (&json!(5), None)
        );
        assert_eq!(found[1], json!(["/spec/minReadySeconds", "/spec/replicas"]));
    }
    let patch = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "x:1"}]);
    let found = patched(
        "Deployment",
        "cart",
        OverlayScope::Service("cart".into()),
        OverlayPatch::Json(patch),
    )
    .unwrap();
    assert_eq!(
        found[0]["template"]["spec"]["containers"][0]["image"],
        "x:1"
    );
}

#[test]
fn overlays_that_miss_or_reach_too_far_are_refused() {
    let cluster = || OverlayScope::Cluster("eu-west-1-a".into());
    let merge = |patch: Value| OverlayPatch::Merge(patch);
    for (kind, name, patch, fault) in [
        (
            "Deployment",
            "crat",
            merge(json!({"spec": {}})),
            "the overlay matches nothing: cluster `eu-west-1-a` has no `Deployment` named `crat`",
        ),
        (
            "Deployment",
            "cart",
            merge(json!({"metadata": {"name": "x"}})),
            "changes the identity or ownership of apps/Deployment/shop/cart",
        ),
        (
            "Deployment",
            "cart",
            merge(json!({"metadata": {"labels": null}})),
            "changes the identity or ownership",
        ),
        (
            "Deployment",
            "cart",
            merge(json!({"metadata": {"annotations": {"regen.dev/id": "x"}}})),
            "changes the identity or ownership",
        ),
        (
            "Deployment",
            "cart",
            OverlayPatch::Json(json!([{"op": "remove", "path": "/x"}])),
            "operation 1 of the patch: there is nothing at `/x`",
        ),
        (
            "Deployment",
            "cart",
            merge(json!({"spec": {"replica": 1}})),
            "unknown field `replica`",
        ),
    ] {
        let found = patched(kind, name, cluster(), patch).unwrap_err();
        assert!(found.contains(fault), "{found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any text in any field stays that text, in the object and in the file.
    #[test]
    fn any_text_comes_back_exactly(text in any::<String>(), file in any::<String>()) {
        prop_assume!(!text.chars().chain(file.chars()).any(|c| super::super::engine::slot(c).is_some()));
        let made = Made::new().region("eu-west-1", 1);
        let env = made.plain(&text);
        let made = made.service("cart", |s| {
            s.workload.env.insert("X".into(), env);
            s.workload.args = vec![text.clone()];
            s.workload.files.insert("/x".into(), file.clone());
        });
        let set = set(&made).unwrap();
        for rendered in set.files.values() {
            let read = crate::yaml::kubernetes::parse(&rendered.text.whole()).unwrap();
            prop_assert_eq!(&read[0].value, rendered.manifests[0].body());
        }
        let container = &body(&set, "clusters/eu-west-1/eu-west-1-a/shop/cart/deployment-cart.yaml")
            ["spec"]["template"]["spec"]["containers"][0];
        prop_assert_eq!(&container["env"][0]["value"], &Value::String(text.clone()));
        prop_assert_eq!(&container["args"][0], &Value::String(text));
        let files = body(&set, "clusters/eu-west-1/eu-west-1-a/shop/cart/configmap-cart-files.yaml");
        prop_assert_eq!(&files["data"]["x"], &Value::String(file));
    }
}
