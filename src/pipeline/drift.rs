//! The repository's side of a drift report: files to objects, and the fleet's rules to settings.

mod config;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources, Span, Spanned};
use crate::drift::invariants::Seen;
use crate::drift::{self, Desired, Settings, SettingsFault};
use crate::model::finding::ClusterReport;
use crate::model::live::{GroupKind, LiveState, Want};
use crate::model::manifest::{ManifestPath, Origin, RenderedFile};
use crate::model::name::ClusterName;
use crate::model::world::World;
use crate::parallel;
use crate::schema::Schemas;
use crate::yaml::kubernetes::{self, Document, Fault};

pub use config::config;

/// One object of a repository.
#[derive(Clone, Debug)]
pub struct Held<'a> {
    file: ManifestPath,
    body: Cow<'a, Value>,
    /// Where its values come from, as long as the file is as it was rendered.
    origins: Option<&'a BTreeMap<String, Origin>>,
}

/// The objects of one cluster.
#[derive(Clone, Debug, Default)]
pub struct Repository<'a> {
    objects: Vec<Held<'a>>,
}

impl<'a> Repository<'a> {
    /// Adds what is in a file. `rendered` is the file that the fleet renders at that path.
    ///
    /// What controllers of the repository read themselves (a `kustomization.yaml`) is no object of
    /// a cluster and is passed over.
    ///
    /// # Errors
    ///
    /// When the file cannot be read as manifests.
    pub fn add(
        &mut self,
        file: &ManifestPath,
        source: SourceId,
        sources: &Sources,
        rendered: Option<&'a RenderedFile>,
        sink: &mut Sink,
    ) -> Result<(), Rejected> {
        let text = sources.get(source).text();
        if let Some(rendered) = rendered.filter(|r| r.text == *text) {
            self.objects.extend(rendered.manifests.iter().map(|m| Held {
                file: file.clone(),
                body: Cow::Borrowed(m.body()),
                origins: Some(m.origins()),
            }));
            return Ok(());
        }
        self.documents(file, source, kubernetes::parse(text), sources, sink)
    }

    /// Adds what is in files that nothing was rendered to; what cannot be read goes to the sink.
    pub fn add_all(
        &mut self,
        files: &[(ManifestPath, SourceId)],
        sources: &Sources,
        sink: &mut Sink,
    ) {
        let parse = |(_, source): &(_, SourceId)| kubernetes::parse(sources.get(*source).text());
        let parsed = parallel::map(files, parse);
        for ((file, source), parsed) in files.iter().zip(parsed) {
            let _ = self.documents(file, *source, parsed, sources, sink);
        }
    }

    fn documents(
        &mut self,
        file: &ManifestPath,
        source: SourceId,
        parsed: Result<Vec<Document>, Fault>,
        sources: &Sources,
        sink: &mut Sink,
    ) -> Result<(), Rejected> {
        let documents = parsed.map_err(|fault| {
            let at = sources.get(source).offset(fault.line, fault.column);
            let mut told =
                Diagnostic::new(Code::YamlSyntax, fault.message).at(Span::new(source, at, at), "");
            told.help.extend(fault.help);
            sink.reject(told)
        })?;
        let objects = documents.into_iter().flat_map(|d| drift::flatten(d.value));
        self.objects
            .extend(objects.filter(|o| !is_instruction(o)).map(|object| Held {
                file: file.clone(),
                body: Cow::Owned(object),
                origins: None,
            }));
        Ok(())
    }

    /// The kinds of its objects, with their versions.
    pub fn kinds(&self) -> BTreeSet<(GroupKind, String)> {
        let of = |object: &Held<'_>| {
            let api_version = object.body["apiVersion"].as_str()?;
            let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
            let kind = GroupKind {
                group: group.to_owned(),
                kind: object.body["kind"].as_str()?.to_owned(),
            };
            Some((kind, version.to_owned()))
        };
        self.objects.iter().filter_map(of).collect()
    }

    /// What must be read of the cluster; see [`drift::wants`].
    pub fn wants(
        &self,
        elsewhere: &BTreeSet<(GroupKind, String)>,
        settings: &Settings,
    ) -> BTreeSet<Want> {
        drift::wants(&self.desired(), elsewhere, Schemas::built_in(), settings)
    }

    /// Compares the objects with what their cluster runs.
    pub fn compare(&self, live: &LiveState, settings: &Settings) -> ClusterReport {
        drift::compare(&self.desired(), live, Schemas::built_in(), settings)
    }

    /// One cluster as the invariants look at it.
    pub fn seen<'s>(&'s self, live: &'s LiveState) -> Seen<'s> {
        Seen {
            live,
            desired: self.desired(),
        }
    }

    fn desired(&self) -> Vec<Desired<'_>> {
        self.objects
            .iter()
            .map(|object| Desired {
                value: &object.body,
                file: Some(&object.file),
                origins: object.origins,
                unit: None,
            })
            .collect()
    }
}

/// Whether a document instructs a tool and never reaches a cluster.
fn is_instruction(document: &Value) -> bool {
    document["apiVersion"]
        .as_str()
        .is_some_and(|v| v.starts_with("kustomize.config.k8s.io/"))
}

/// The cluster that a file of the GitOps repository is for: the one in whose folder it stands, or
/// the hub for what is there once per fleet.
pub fn cluster_of<'w>(path: &str, world: &'w World) -> Option<&'w ClusterName> {
    let mut parts = path.split('/');
    match (parts.next()?, parts.next()?, parts.next(), parts.next()) {
        ("hub", ..) => world.fleet.hub.as_ref(),
        ("clusters", region, Some(cluster), Some(_)) => world
            .clusters
            .iter()
            .find(|(name, c)| name.as_str() == cluster && c.region.as_str() == region)
            .map(|(name, _)| name),
        _ => None,
    }
}

/// How the fleet tells drift from what is none.
///
/// # Errors
///
/// When a rule under `drift.ignore` is none.
pub fn settings(world: &World, sink: &mut Sink) -> Result<Settings, Rejected> {
    let written = &world.fleet.drift;
    let rules: Vec<&Value> = written.ignore.iter().map(|r| &r.value).collect();
    let mut value = json!({ "ignore": rules });
    if !written.appliers.is_empty() {
        value["appliers"] = json!(written.appliers);
    }
    for (name, setting) in &written.others {
        value[*name] = setting.value.clone();
    }
    let before = sink.errors();
    let settings = Settings::read(&value).unwrap_or_else(|faults| {
        for fault in faults {
            let (name, rest) = split(&fault.pointer);
            sink.emit(match written.others.get(name) {
                Some(setting) => misplaced(&fault, name, rest, setting.span),
                None => located(fault, &written.ignore),
            });
        }
        Settings::default()
    });
    sink.since(before)?;
    Ok(settings)
}

/// The member that a pointer begins with, and the rest.
fn split(pointer: &str) -> (&str, &str) {
    let pointer = pointer.trim_start_matches('/');
    pointer.split_once('/').unwrap_or((pointer, ""))
}

/// A fault of a setting other than the rules.
fn misplaced(fault: &SettingsFault, name: &str, rest: &str, span: Span) -> Diagnostic {
    let shown = match rest {
        "" => name.to_owned(),
        rest => format!("{name}.{}", rest.replace('/', ".")),
    };
    let expected = fault.message.strip_prefix("expected ");
    let mut told = Diagnostic::new(
        Code::InvalidDriftSettings,
        match expected {
            Some(_) => format!("`drift.{shown}` cannot be read"),
            None => format!("`drift.{shown}`: {}", fault.message),
        },
    )
    .at(span, "");
    told.help
        .extend(expected.map(|what| format!("write {what}")));
    told.help.extend(fault.help.clone());
    told
}

fn located(fault: SettingsFault, rules: &[Spanned<Value>]) -> Diagnostic {
    let mut steps = fault.pointer.trim_start_matches('/').splitn(3, '/').skip(1);
    let rule = steps
        .next()
        .and_then(|i| rules.get(i.parse::<usize>().ok()?));
    let inside = steps.next().map(|i| i.replace('/', "."));
    // What is expected is the remedy; what is wrong is that something else stands there.
    let expected = fault.message.strip_prefix("expected ");
    let message = match (&inside, expected) {
        (Some(inside), Some(_)) => format!("`{inside}` cannot be read"),
        (None, Some(_)) => "the rule cannot be read".to_owned(),
        (Some(inside), None) => format!("`{inside}`: {}", fault.message),
        (None, None) => fault.message.clone(),
    };
    let mut told = Diagnostic::new(Code::InvalidIgnoreRule, message);
    if let Some(rule) = rule {
        told = told.at(rule.span, "in this rule");
    }
    told.help
        .extend(expected.map(|what| format!("write {what}")));
    told.help.extend(fault.help);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, rendered: Option<&RenderedFile>) -> Result<usize, Vec<String>> {
        let (mut sources, mut sink) = (Sources::new(), Sink::new());
        let source = sources.add("gitops/a.yaml", text);
        let path = ManifestPath::new("a.yaml").expect("legal");
        let mut repository = Repository::default();
        match repository.add(&path, source, &sources, rendered, &mut sink) {
            Ok(()) => Ok(repository.objects.len()),
            Err(_) => {
                let place = |d: &Diagnostic| sources.locate(d.labels[0].span);
                Err(sink.into_sorted().iter().map(place).collect())
            }
        }
    }

    #[test]
    fn every_object_of_a_file_counts_and_instructions_do_not() {
        let list = "kind: List\napiVersion: v1\nitems:\n- {kind: Secret}\n- {kind: ConfigMap}\n---\nkind: Service\n---\n";
        assert_eq!(file(list, None), Ok(3));
        let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
        assert_eq!(file(kustomization, None), Ok(0));
        assert_eq!(file("", None), Ok(0));
        assert_eq!(
            file("a: 1\nb: \"\n", None),
            Err(vec!["gitops/a.yaml:2:4".to_owned()])
        );
    }

    #[test]
    fn a_file_as_rendered_is_not_read_again() {
        let rendered = RenderedFile {
            text: "not: [yaml".into(),
            manifests: Vec::new(),
        };
        assert_eq!(file("not: [yaml", Some(&rendered)), Ok(0));
        assert!(file("not: [yaml ", Some(&rendered)).is_err());
    }

    #[test]
    fn a_rule_that_is_none_is_located() {
        let mut sources = Sources::new();
        let source = sources.add("regen.yaml", "drift: {ignore: [a, b]}\n");
        let rule = |at| Spanned::new(Value::Null, Span::new(source, at, at + 1));
        let fault = SettingsFault {
            pointer: "/ignore/1/jsonPointers/0".to_owned(),
            message: "`spec` is not a JSON pointer".to_owned(),
            help: Some("such as `/spec/replicas`".to_owned()),
        };
        let told = located(fault, &[rule(17), rule(20)]);
        assert_eq!(sources.locate(told.labels[0].span), "regen.yaml:1:21");
        assert_eq!(
            told.message,
            "`jsonPointers.0`: `spec` is not a JSON pointer"
        );
    }
}
