//! Every object of every fleet against the upstream CRDs in the directory `REGEN_TEST_CRDS`: by
//! regen's own check, and, where there is a real API server, by that.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use regen::diag::{Sink, Sources};
use regen::io::files;
use regen::model::manifest::{Manifest, ManifestSet};
use regen::pipeline::{self, Input};
use regen::plan::Options;
use regen::yaml::kubernetes;
use serde_json::{Value, json};

use super::api_server_real::RealServer;
use super::namespace;

/// Where the CRDs are; says that a test is skipped where that is not known.
fn directory(test: &str) -> Option<PathBuf> {
    let found = std::env::var_os("REGEN_TEST_CRDS").map(PathBuf::from);
    if found.is_none() {
        // Not `eprintln`: the harness would swallow it.
        let mut out = std::io::stderr();
        let _ = writeln!(
            out,
            "SKIPPED {test}: REGEN_TEST_CRDS names no directory with CRDs"
        );
    }
    found
}

/// The fleets below `examples/` and `tests/fleets/`.
fn fleets() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found: Vec<PathBuf> = ["examples", "tests/fleets"]
        .iter()
        .flat_map(|below| std::fs::read_dir(root.join(below)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("regen.yaml").is_file())
        .collect();
    found.sort();
    found
}

/// What a fleet renders, checked against the CRDs.
fn render(fleet: &Path, crds: &Path) -> ManifestSet {
    let mut input = Input::default();
    input.files = files::read_fleet(fleet, &mut input.sources).unwrap();
    input.crds = files::read_crds(crds, &mut input.sources).unwrap();
    let mut sink = Sink::new();
    let set = pipeline::plan(&input, &Options::default(), &mut sink)
        .and_then(|planned| pipeline::render(&input, &planned, &mut sink));
    set.unwrap_or_else(|_| {
        let said = sink.diagnostics().iter();
        let said: Vec<String> = said
            .map(|d| format!("{}: {} {:?}", d.code.name(), d.message, d.notes))
            .collect();
        panic!("{}:\n{}", fleet.display(), said.join("\n"))
    })
}

#[test]
fn every_object_of_every_fleet_keeps_to_the_crds() {
    let Some(crds) = directory("every_object_of_every_fleet_keeps_to_the_crds") else {
        return;
    };
    for fleet in fleets() {
        let set = render(&fleet, &crds);
        assert!(set.manifests().count() > 0, "{}", fleet.display());
        let mut out = std::io::stderr();
        let _ = writeln!(
            out,
            "{}: {} objects; without a schema: {:?}",
            fleet.display(),
            set.manifests().count(),
            set.unchecked
        );
    }
}

#[test]
fn an_api_server_accepts_every_object_of_every_fleet() {
    let test = "an_api_server_accepts_every_object_of_every_fleet";
    let Some(crds) = directory(test) else { return };
    let Some(server) = RealServer::start(test) else {
        return;
    };
    let mut sources = Sources::new();
    let mut served: BTreeSet<(String, String)> = BTreeSet::new();
    for file in files::read_crds(&crds, &mut sources).unwrap() {
        for document in kubernetes::parse(sources.get(file).text()).unwrap() {
            let crd = document.value;
            if crd["kind"] == "CustomResourceDefinition" {
                server.apply(&crd).unwrap_or_else(|e| panic!("{e}"));
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                served.insert((
                    text(&crd["spec"]["group"]),
                    text(&crd["spec"]["names"]["kind"]),
                ));
            }
        }
    }
    let mut refused = BTreeSet::new();
    for fleet in fleets() {
        let set = render(&fleet, &crds);
        let known = |m: &&Manifest| {
            super::example::built_in(m) || served.contains(&(m.id.group.clone(), m.id.kind.clone()))
        };
        let manifests: Vec<&Manifest> = set.manifests().map(|(_, m)| m).filter(known).collect();
        let namespaces: BTreeSet<&str> = manifests
            .iter()
            .map(|m| m.id.namespace.as_str())
            .filter(|n| !n.is_empty())
            .collect();
        for name in namespaces {
            server.apply(&namespace(name)).unwrap();
        }
        let mut met = BTreeSet::new();
        for manifest in manifests {
            // A kind that is new is served a little later.
            match met.insert((&manifest.id.group, &manifest.id.kind)) {
                true => server.apply_soon(manifest.body()),
                false => {
                    let error = server.apply(manifest.body()).err();
                    refused.extend(
                        error.map(|error| format!("{}, {}: {error}", fleet.display(), manifest.id)),
                    );
                }
            }
        }
        lift(&server, &set);
    }
    let refused: Vec<String> = refused.into_iter().collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Lets the next fleet have the server for itself: what a cluster refuses, the policies of another
/// one would refuse as well.
fn lift(server: &RealServer, set: &ManifestSet) {
    let bindings = set.manifests().map(|(_, m)| m);
    let bindings = bindings.filter(|m| m.id.kind == "ValidatingAdmissionPolicyBinding");
    let mut any = false;
    for binding in bindings {
        let audit = json!({"spec": {"validationActions": ["Audit"]}});
        server.edit("test", binding.body(), &audit);
        any = true;
    }
    if any {
        // Policies are compiled anew every second.
        std::thread::sleep(Duration::from_secs(3));
    }
}
