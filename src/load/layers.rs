//! `defaults` → profile → service → environment: what each service is, in each of its environments.

use crate::diag::{Code, Diagnostic, Sink, Sources, Span, Spanned, nearest};
use crate::model::name::{DEFAULT_ENVIRONMENT, Environment, ProfileName, ServiceKey, ServiceName};
use crate::model::origin::{Layer, Origins, Subject};
use crate::model::raw::ServiceEntry;
use crate::yaml::{Node, Value};

use super::check::{self, Faults};
use super::decode::is_null;
use super::documents::typed;
use super::merge::{Touches, overlay};
use super::shape;

/// The layers of `regen.yaml`.
pub(super) struct Layers<'a> {
    defaults: Option<&'a Node>,
    profiles: &'a [(Spanned<String>, Node)],
    read: bool,
    sound: bool,
}

impl<'a> Layers<'a> {
    /// Takes the layers out of the fleet's tree, which is sound or has faults of its own.
    pub(super) fn new(fleet: Option<&'a Node>, sound: bool) -> Self {
        Self {
            defaults: fleet.and_then(|f| f.get("defaults")).filter(|n| is_map(n)),
            profiles: members(fleet.and_then(|f| f.get("profiles"))),
            read: fleet.is_some_and(is_map),
            sound,
        }
    }

    /// One service in each of its environments; decoded where what is written is sound.
    pub(super) fn apply(
        &self,
        node: &Node,
        sound: bool,
        sources: &Sources,
        origins: &mut Origins,
        sink: &mut Sink,
    ) -> Vec<ServiceEntry> {
        let Some((name, _)) = scalar(node, "service").filter(|_| is_map(node)) else {
            check::document(node, shape::service(), Faults::Missing, sink);
            return Vec::new();
        };
        let profile = self.profile(node, sink);
        let own = scalar(node, "environment");
        let own_name = own.map_or(DEFAULT_ENVIRONMENT, |(text, _)| text);
        let variants = members(node.get("environments"));
        let mut environments = vec![(own_name, own.map(|(_, span)| span), None)];
        for (key, variant) in variants {
            let variant = Some(variant).filter(|n| is_map(n));
            if key.value == own_name {
                environments[0].2 = variant;
            } else {
                environments.push((&key.value, Some(key.span), variant));
            }
        }
        let mut entries = Vec::new();
        for (environment, named, variant) in environments {
            let key = ServiceKey {
                service: ServiceName::new(name),
                environment: Environment::new(environment),
            };
            let mut layers: Vec<(Layer, &Node)> = Vec::new();
            layers.extend(self.defaults.map(|n| (Layer::Defaults, n)));
            layers.extend(profile.clone().filter(|(_, n)| is_map(n)));
            layers.push((Layer::Own, node));
            layers.extend(variant.map(|n| (Layer::Environment(key.environment.clone()), n)));
            let mut touches = Touches::default();
            let mut merged = Node {
                value: Value::Map(Vec::new()),
                span: node.span,
            };
            for (layer, tree) in layers {
                overlay(&mut merged, tree, "", &layer, sources, &mut touches);
            }
            touches.into_origins(&Subject::Service(key), origins);
            let before = sink.errors();
            // What seems to be missing may stand in a layer that could not be read.
            if self.read {
                check::document(&merged, shape::service(), Faults::Missing, sink);
            }
            if !sound {
                continue;
            }
            entries.extend(typed(&merged, before, sink).map(|service| ServiceEntry {
                environment: Environment::new(environment),
                named,
                service,
            }));
        }
        entries
    }

    /// The profile that a service asks for, itself or through the defaults.
    fn profile(&self, node: &Node, sink: &mut Sink) -> Option<(Layer, &'a Node)> {
        let asked = match node.get("profile") {
            Some(own) if is_null(own) => None,
            Some(_) => scalar(node, "profile"),
            None => self.defaults.and_then(|d| scalar(d, "profile")),
        };
        let (name, span) = asked?;
        let found = self.profiles.iter().find(|(key, _)| key.value == name);
        // In a file with faults the profile may well be there, unread.
        if found.is_none() && self.sound {
            sink.emit(unknown_profile(name, span, self.profiles));
        }
        found.map(|(key, node)| (Layer::Profile(ProfileName::new(key.value.as_str())), node))
    }
}

fn unknown_profile(name: &str, span: Span, profiles: &[(Spanned<String>, Node)]) -> Diagnostic {
    let known = || profiles.iter().map(|(key, _)| key.value.as_str());
    let fault = Diagnostic::new(
        Code::UnknownProfile,
        format!("there is no profile `{name}`"),
    )
    .at(span, "");
    match nearest(name, known()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None if profiles.is_empty() => fault.help(format!(
            "add `profiles: {{{name}: {{...}}}}` to `regen.yaml`"
        )),
        None => {
            let names: Vec<String> = known().map(|n| format!("`{n}`")).collect();
            fault.help(format!("`regen.yaml` has {}", names.join(", ")))
        }
    }
}

fn is_map(node: &Node) -> bool {
    matches!(node.value, Value::Map(_))
}

fn members(node: Option<&Node>) -> &[(Spanned<String>, Node)] {
    match node.map(|n| &n.value) {
        Some(Value::Map(members)) => members,
        _ => &[],
    }
}

fn scalar<'a>(node: &'a Node, field: &str) -> Option<(&'a str, Span)> {
    let found = node.get(field).filter(|n| !is_null(n))?;
    match &found.value {
        Value::Scalar(text, _) => Some((text, found.span)),
        _ => None,
    }
}
