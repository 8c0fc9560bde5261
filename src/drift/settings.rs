//! The `drift:` settings of a fleet, or of a file of their own.

use serde_json::Value;

use crate::model::digest::Key;
use crate::model::keep::is_mark;

use super::ignore::Rule;

/// Field managers that apply a repository, unless the settings name others.
pub const APPLIERS: &[&str] = &[
    "argocd-controller",
    "argocd-application-controller",
    "kustomize-controller",
    "helm-controller",
    "helm",
    "kluctl",
    "fleetagent",
    "regen",
];

/// How drift is told from what is none.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The cluster's name, which regen's mark on objects names.
    pub cluster: String,
    /// Field managers that apply the repository.
    pub appliers: Vec<String>,
    /// More field managers that people use; `*` stands for any text.
    pub interactive: Vec<String>,
    /// Whether field managers in no list count as people.
    pub unknown_managers_drift: bool,
    /// Namespace of namespaced objects that name none.
    pub namespace: Option<String>,
    /// Accepted differences.
    pub ignore: Vec<Rule>,
    /// Marks, besides regen's own, that say an object is ours.
    pub marks: Vec<Mark>,
    /// Where objects of nobody are looked for, whatever their marks.
    pub orphans: Option<Orphans>,
    /// The day, as `2026-01-31`, that `until` of rules is compared with; `None`: rules never expire.
    pub today: Option<String>,
    /// With what lengths and hashes of masked values are told; `None`: not at all.
    pub hints: Option<Key>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster: String::new(),
            appliers: APPLIERS.iter().map(|a| (*a).to_owned()).collect(),
            interactive: Vec::new(),
            unknown_managers_drift: false,
            namespace: None,
            ignore: Vec::new(),
            marks: Vec::new(),
            orphans: None,
            today: None,
            hints: None,
        }
    }
}

/// A mark that says an object is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Labels of a Flux Kustomization: its name and namespace.
    Kustomization(String, String),
    /// Labels of a Flux HelmRelease: its name and namespace.
    HelmRelease(String, String),
    /// `argocd.argoproj.io/tracking-id` of an Argo CD application.
    ArgoTrackingId(String),
    /// `app.kubernetes.io/instance`, or another label, of an Argo CD application.
    ArgoLabel(String, String),
    /// Annotations of a Helm release: its name and namespace.
    Helm(String, String),
    /// `applyset.kubernetes.io/part-of`.
    ApplySet(String),
}

/// Where objects of nobody are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// Only in this namespace.
    pub namespace: Option<String>,
    /// Only those with these labels.
    pub labels: Vec<(String, String)>,
    /// All of them, whatever their labels.
    pub all: bool,
}

impl Settings {
    /// Whether an object may be ours that bears no mark which is known as one.
    pub fn any_may_be_ours(&self) -> bool {
        let orphans = self.orphans.as_ref();
        let of_its_own = |mark: &Mark| matches!(mark, Mark::ArgoLabel(label, _) if !is_mark(label));
        orphans.is_some_and(|o| o.all || !o.labels.is_empty()) || self.marks.iter().any(of_its_own)
    }
}

/// What is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFault {
    /// JSON pointer into the settings.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

pub(super) fn fault(
    pointer: impl Into<String>,
    message: impl Into<String>,
    help: Option<&str>,
) -> SettingsFault {
    SettingsFault {
        pointer: pointer.into(),
        message: message.into(),
        help: help.map(str::to_owned),
    }
}

impl Settings {
    /// Reads settings; all faults at once.
    pub fn read(value: &Value) -> Result<Self, Vec<SettingsFault>> {
        let mut settings = Self::default();
        let mut faults = Vec::new();
        let Some(map) = value.as_object() else {
            return match value {
                Value::Null => Ok(settings),
                _ => Err(vec![fault("", "expected a mapping", None)]),
            };
        };
        for (name, value) in map {
            let at = format!("/{name}");
            match name.as_str() {
                "appliers" => {
                    let names = texts(value, &at, &mut faults);
                    if !names.is_empty() {
                        settings.appliers = names;
                    }
                }
                // Where reports are made by themselves is not how drift is told.
                "report" => {}
                "interactive" => settings.interactive = texts(value, &at, &mut faults),
                "namespace" => settings.namespace = text(value, &at, &mut faults),
                "unknownManagers" => match value.as_str() {
                    Some("drift") => settings.unknown_managers_drift = true,
                    Some("info") => {}
                    _ => faults.push(fault(at, "expected `info` or `drift`", None)),
                },
                "ignore" => match value.as_array() {
                    Some(rules) => {
                        for (i, rule) in rules.iter().enumerate() {
                            match Rule::read(rule) {
                                Ok(rule) => settings.ignore.push(rule),
                                Err(all) => faults.extend(all.into_iter().map(|mut f| {
                                    f.pointer = format!("{at}/{i}{}", f.pointer);
                                    f
                                })),
                            }
                        }
                    }
                    None => faults.push(fault(at, "expected a list of rules", None)),
                },
                "tracking" => settings.marks = marks(value, &at, &mut faults),
                "orphans" => settings.orphans = orphans(value, &at, &mut faults),
                _ => faults.push(fault(
                    at,
                    format!("unknown field `{name}`"),
                    Some("known: appliers, interactive, namespace, unknownManagers, ignore, tracking, orphans"),
                )),
            }
        }
        match faults.is_empty() {
            true => Ok(settings),
            false => Err(faults),
        }
    }
}

pub(super) fn text(value: &Value, at: &str, faults: &mut Vec<SettingsFault>) -> Option<String> {
    let text = value.as_str().map(str::to_owned);
    if text.is_none() {
        faults.push(fault(at, "expected text", None));
    }
    text
}

pub(super) fn texts(value: &Value, at: &str, faults: &mut Vec<SettingsFault>) -> Vec<String> {
    let Some(values) = value.as_array() else {
        faults.push(fault(at, "expected a list of texts", None));
        return Vec::new();
    };
    let texts = values.iter().enumerate();
    texts
        .filter_map(|(i, v)| text(v, &format!("{at}/{i}"), faults))
        .collect()
}

fn pair(
    value: &Value,
    first: &str,
    at: &str,
    faults: &mut Vec<SettingsFault>,
) -> Option<(String, String)> {
    let member = |name| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let pair = member(first).zip(member("namespace"));
    if pair.is_none() {
        faults.push(fault(
            at,
            format!("expected `{first}` and `namespace`"),
            None,
        ));
    }
    pair
}

fn marks(value: &Value, at: &str, faults: &mut Vec<SettingsFault>) -> Vec<Mark> {
    let Some(map) = value.as_object() else {
        faults.push(fault(at, "expected a mapping", None));
        return Vec::new();
    };
    let mut marks = Vec::new();
    for (name, value) in map {
        let at = format!("{at}/{name}");
        marks.extend(match name.as_str() {
            "kustomization" => {
                pair(value, "name", &at, faults).map(|(n, ns)| Mark::Kustomization(n, ns))
            }
            "helmRelease" => {
                pair(value, "name", &at, faults).map(|(n, ns)| Mark::HelmRelease(n, ns))
            }
            "helm" => pair(value, "name", &at, faults).map(|(n, ns)| Mark::Helm(n, ns)),
            "argocd" => text(value, &at, faults).map(Mark::ArgoTrackingId),
            "argocdLabel" => match value.as_object().and_then(|m| m.iter().next()) {
                Some((label, Value::String(app))) => {
                    Some(Mark::ArgoLabel(label.clone(), app.clone()))
                }
                _ => {
                    faults.push(fault(
                        at,
                        "expected one label and the application's name",
                        None,
                    ));
                    None
                }
            },
            "applySet" => text(value, &at, faults).map(Mark::ApplySet),
            _ => {
                let help = "known: kustomization, helmRelease, helm, argocd, argocdLabel, applySet";
                faults.push(fault(at, format!("unknown mark `{name}`"), Some(help)));
                None
            }
        });
    }
    marks
}

fn orphans(value: &Value, at: &str, faults: &mut Vec<SettingsFault>) -> Option<Orphans> {
    let Some(map) = value.as_object() else {
        faults.push(fault(at, "expected a mapping", None));
        return None;
    };
    let mut orphans = Orphans::default();
    for (name, value) in map {
        let at = format!("{at}/{name}");
        match (name.as_str(), value) {
            ("namespace", _) => orphans.namespace = text(value, &at, faults),
            ("labels", Value::Object(labels)) => {
                for (label, value) in labels {
                    let value = text(value, &format!("{at}/{label}"), faults);
                    orphans.labels.extend(value.map(|v| (label.clone(), v)));
                }
            }
            ("all", Value::Bool(all)) => orphans.all = *all,
            _ => faults.push(fault(at, "expected `namespace`, `labels` or `all`", None)),
        }
    }
    Some(orphans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn all_faults_are_told_with_their_place() {
        let faults = Settings::read(&json!({
            "aplier": [], "appliers": [1], "unknownManagers": "maybe",
            "ignore": [{"kind": "Deployment", "jqPathExpressions": [".spec | length"]}],
        }))
        .expect_err("faults");
        let places: Vec<&str> = faults.iter().map(|f| f.pointer.as_str()).collect();
        assert_eq!(
            places,
            [
                "/aplier",
                "/appliers/0",
                "/ignore/0/jqPathExpressions/0",
                "/unknownManagers"
            ]
        );
    }

    #[test]
    fn settings_are_read() {
        let settings = Settings::read(&json!({
            "appliers": ["flux"], "namespace": "shop", "orphans": {"labels": {"app": "web"}},
            "tracking": {"argocd": "shop"},
            "ignore": [{"kind": "*", "managers": ["vpa-*"], "reason": "OPS-12"}],
        }))
        .expect("sound");
        assert_eq!(settings.appliers, ["flux"]);
        assert_eq!(settings.marks, [Mark::ArgoTrackingId("shop".to_owned())]);
        assert_eq!(settings.ignore.len(), 1);
    }
}
