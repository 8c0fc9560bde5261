//! A finding to the lines of the fleet's files that may say it: where the value was written, else in
//! the service's own file or for one of its environments.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diag::{Sink, SourceId, Span};
use crate::drift;
use crate::model::finding::{Finding, FindingKind};
use crate::model::manifest::{Manifest, Origin};
use crate::model::origin::{FieldRef, Layer, Subject, Touch};
use crate::yaml::edit::{self, Scalar};
use crate::yaml::{self, Node};

use super::files::Texts;
use super::forms::forms;
use super::{Candidate, Ground};

/// A field, and what it says of the rendered object.
#[derive(Clone)]
struct Target {
    field: FieldRef,
    desired: Option<Value>,
    /// `None`: nothing.
    live: Option<Value>,
}

/// The changes of lines that may settle a finding, the widest first.
pub(super) fn candidates(
    ground: &Ground<'_>,
    manifest: &Manifest,
    finding: &Finding,
) -> Vec<Candidate> {
    let mut all = Vec::new();
    for target in targets(manifest, finding) {
        let origins = &ground.planned.world.origins;
        let touch = origins.of(&target.field.subject, &target.field.path).last();
        match (&target.live, touch) {
            (Some(live), touch) => {
                let written =
                    touch.and_then(|touch| at_place(ground, &target, live, touch, &mut all));
                let new = forms(target.desired.as_ref(), live, written.as_deref());
                let own =
                    touch.is_none_or(|t| matches!(t.layer, Layer::Defaults | Layer::Profile(_)));
                below(ground, &target, own, &new, &mut all);
            }
            (None, Some(touch)) => all.extend(taken_away(ground, &target, touch)),
            (None, None) => {}
        }
    }
    all
}

/// Of more fields than these, a value is a sum that none of them says.
const SUMMED: usize = 4;

/// The fields that say the value of a finding.
fn targets(manifest: &Manifest, finding: &Finding) -> Vec<Target> {
    let (at, rest) = drift::locate(manifest.body(), &finding.path);
    if finding.kind == FindingKind::Extra && (!rest.is_empty() || finding.desired.is_none()) {
        return added(manifest.origins(), finding).unwrap_or_default();
    }
    if !rest.is_empty() {
        return Vec::new();
    }
    let target = |field: FieldRef| Target {
        field,
        desired: finding.desired.clone(),
        live: finding.live.clone(),
    };
    let (above, last) = at.rsplit_once('/').unwrap_or(("", ""));
    match manifest.origins().get(&at) {
        Some(Origin::Field(field)) => vec![target(field.clone())],
        Some(Origin::Derived { fields, .. }) if fields.len() <= SUMMED => {
            fields.iter().cloned().map(target).collect()
        }
        None => match (manifest.origins().get(above), last) {
            (Some(Origin::Field(field)), "containerPort") => {
                port(field, "target").map(target).to_vec()
            }
            (Some(Origin::Field(field)), "port") => port(field, "port").map(target).to_vec(),
            _ => Vec::new(),
        },
        Some(_) => Vec::new(),
    }
}

/// A port is one number, or several under their names.
fn port(field: &FieldRef, member: &str) -> [FieldRef; 3] {
    ["", member, "port"].map(|member| FieldRef {
        subject: field.subject.clone(),
        path: match member {
            "" => field.path.clone(),
            member => format!("{}.{member}", field.path),
        },
    })
}

/// The fields of a service that would say what only the cluster has.
fn added(origins: &BTreeMap<String, Origin>, finding: &Finding) -> Option<Vec<Target>> {
    let subject = origins.values().find_map(|origin| match origin {
        Origin::Field(field) if matches!(field.subject, Subject::Service(_)) => {
            Some(&field.subject)
        }
        _ => None,
    })?;
    let live = finding.live.as_ref()?;
    let field = |path: &str| FieldRef {
        subject: subject.clone(),
        path: format!("workload.{path}"),
    };
    let target = |field: FieldRef, live: &Value| Target {
        field,
        desired: None,
        live: Some(live.clone()),
    };
    let one = |path: &str, live: &Value| Some(vec![target(field(path), live)]);
    // What is told apart by its number is another one when the number is.
    let ports = |member: &str, number: &str| {
        let name = field(&format!("ports.{}", live.get("name")?.as_str()?));
        let number = live.get(number)?;
        Some(
            port(&name, member)
                .map(|field| target(field, number))
                .to_vec(),
        )
    };
    let pod = finding.path.split_once("/template/spec/");
    let steps: Vec<&str> = pod
        .map_or(finding.path.as_str(), |(_, pod)| pod)
        .split('/')
        .collect();
    match steps.as_slice() {
        ["", "spec", "ports", _] => ports("port", "port"),
        ["terminationGracePeriodSeconds"] => one("terminationGrace", live),
        ["containers", _, "ports", _] => ports("target", "containerPort"),
        ["containers", _, "env", element] => {
            let name = element.strip_prefix("[name=")?.strip_suffix(']')?;
            let members = live.as_object().filter(|members| members.len() == 2)?;
            one(
                &format!("env.{}", drift::unescape(name)),
                members.get("value")?,
            )
        }
        [
            "containers",
            _,
            "resources",
            "requests",
            what @ ("cpu" | "memory"),
        ] => one(&format!("resources.{what}"), live),
        [
            "containers",
            _,
            "resources",
            "limits",
            what @ ("cpu" | "memory"),
        ] => one(&format!("resources.limits.{what}"), live),
        ["containers", _, probe, timing] => {
            let probe = probe.strip_suffix("Probe")?;
            let timing = match *timing {
                "initialDelaySeconds" => "initialDelay",
                "periodSeconds" => "period",
                "timeoutSeconds" => "timeout",
                "failureThreshold" => "failures",
                _ => return None,
            };
            one(&format!("probes.{probe}.{timing}"), live)
        }
        _ => None,
    }
}

/// The changes of the line where a value was last written; what stands there.
fn at_place(
    ground: &Ground<'_>,
    target: &Target,
    live: &Value,
    touch: &Touch,
    all: &mut Vec<Candidate>,
) -> Option<String> {
    let file = File::of(ground, touch.span.source);
    let root = file
        .documents
        .iter()
        .find(|d| edit::style_at(d, touch.span).is_some())?;
    let written = edit::text_at(root, touch.span)?.to_owned();
    for new in forms(target.desired.as_ref(), live, Some(&written)) {
        all.extend(
            edit::replace(file.text, root, touch.span, &new).map(|text| Candidate {
                place: file.line(ground, touch.span),
                texts: Texts::from([(file.path.to_owned(), text)]),
            }),
        );
    }
    Some(written)
}

/// The members of a service's own file, and of one of its environments where it has several, that
/// would go before what was written.
fn below(
    ground: &Ground<'_>,
    target: &Target,
    own: bool,
    new: &[Scalar],
    all: &mut Vec<Candidate>,
) {
    let Subject::Service(key) = &target.field.subject else {
        return;
    };
    let (Some(file), Some(path)) = (
        service_file(ground, key.service.as_str()),
        steps(&target.field),
    ) else {
        return;
    };
    let environment = key.environment.to_string();
    let several = ground
        .planned
        .world
        .services
        .keys()
        .filter(|k| k.service == key.service)
        .count()
        > 1;
    let mut paths = Vec::new();
    if own {
        paths.push(path.clone());
    }
    if several {
        paths.push([vec!["environments".to_owned(), environment], path].concat());
    }
    for path in paths {
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        for new in new {
            let made = file
                .documents
                .first()
                .and_then(|root| edit::insert(file.text, root, &steps, new));
            all.extend(made.map(|text| Candidate {
                place: format!("{}: {}", file.path, path.join(".")),
                texts: Texts::from([(file.path.to_owned(), text)]),
            }));
        }
    }
}

/// The change that takes a member away where it was last written.
fn taken_away(ground: &Ground<'_>, target: &Target, touch: &Touch) -> Option<Candidate> {
    let file = File::of(ground, touch.span.source);
    let path = steps(&target.field)?;
    let before = match &touch.layer {
        Layer::Own => Vec::new(),
        Layer::Environment(name) => vec!["environments".to_owned(), name.to_string()],
        Layer::Profile(name) => vec!["profiles".to_owned(), name.to_string()],
        Layer::Defaults => vec!["defaults".to_owned()],
    };
    let path = [before, path].concat();
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    let text = edit::remove(file.text, file.documents.first()?, &steps)?;
    Some(Candidate {
        place: file.line(ground, touch.span),
        texts: Texts::from([(file.path.to_owned(), text)]),
    })
}

/// The members on the way to a field; `None` where a list is among them.
fn steps(field: &FieldRef) -> Option<Vec<String>> {
    let env = field.path.strip_prefix("workload.env.");
    if let Some(name) = env {
        return Some(vec![
            "workload".to_owned(),
            "env".to_owned(),
            name.to_owned(),
        ]);
    }
    let plain = !field.path.contains('[');
    plain.then(|| field.path.split('.').map(str::to_owned).collect())
}

/// A file of the fleet, read again for the places of its values.
struct File<'g> {
    path: &'g str,
    text: &'g str,
    documents: Vec<Node>,
}

impl<'g> File<'g> {
    fn of(ground: &Ground<'g>, source: SourceId) -> Self {
        let sources = &ground.input.sources;
        let file = sources.get(source);
        Self {
            path: file.path(),
            text: file.text(),
            documents: yaml::parse(sources, source, &mut Sink::new()).unwrap_or_default(),
        }
    }

    /// `services/cart.yaml:7`.
    fn line(&self, ground: &Ground<'_>, span: Span) -> String {
        format!("{}:{}", self.path, ground.input.sources.line_col(span).line)
    }
}

fn service_file<'g>(ground: &Ground<'g>, service: &str) -> Option<File<'g>> {
    let named = |path: &str| {
        path.strip_prefix("services/")
            .and_then(|name| name.strip_suffix(".yaml").or(name.strip_suffix(".yml")))
            == Some(service)
    };
    let (_, source) = ground.input.texts().find(|(path, _)| named(path))?;
    Some(File::of(ground, source))
}
