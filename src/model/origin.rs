//! Where values come from: each field of the inventory and the catalog with every layer that
//! touched it.

use std::collections::BTreeMap;
use std::fmt;

use crate::diag::Span;

use super::name::{ClusterName, Environment, ProfileName, RegionName, ServiceKey};

/// What a field belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// `regen.yaml`.
    Fleet,
    /// A region's file.
    Region(RegionName),
    /// One entry of a region's `clusters`.
    Cluster(ClusterName),
    /// A service in an environment.
    Service(ServiceKey),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fleet => f.write_str("fleet"),
            Self::Region(name) => write!(f, "{name}"),
            Self::Cluster(name) => write!(f, "{name}"),
            Self::Service(key) => write!(f, "{key}"),
        }
    }
}

/// One field: `checkout.workload.resources.memory`.
///
/// The path is the one that a person writes in YAML, with `.` between members and `[0]` for
/// elements of lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldRef {
    /// What it belongs to.
    pub subject: Subject,
    /// The path below it.
    pub path: String,
}

impl fmt::Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.subject, self.path)
    }
}

/// The layer of inheritance that a value was written in; later ones win.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// `defaults` of `regen.yaml`.
    Defaults,
    /// A profile of `regen.yaml`.
    Profile(ProfileName),
    /// The file of the region, cluster, service or fleet itself.
    Own,
    /// An entry of a service's `environments`.
    Environment(Environment),
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Defaults => f.write_str("defaults"),
            Self::Profile(name) => write!(f, "profile `{name}`"),
            Self::Own => f.write_str("its own file"),
            Self::Environment(name) => write!(f, "environment `{name}`"),
        }
    }
}

/// One place where a field was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The layer.
    pub layer: Layer,
    /// The value's place.
    pub span: Span,
    /// The value as written there, on one line.
    pub text: String,
}

/// Who last wrote a line, as git has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blamed {
    /// The author's name.
    pub name: String,
    /// The author's address.
    pub email: String,
    /// The commit, in full.
    pub commit: String,
    /// The day of the commit's authoring in UTC, as `2026-01-31`.
    pub day: String,
}

/// Who last wrote lines of the fleet's files, by path below the fleet's directory and line.
///
/// Lines that are not committed are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blame(pub BTreeMap<String, BTreeMap<u32, Blamed>>);

impl Blame {
    /// Who last wrote a line.
    pub fn of(&self, file: &str, line: u32) -> Option<&Blamed> {
        self.0.get(file)?.get(&line)
    }
}

/// Every written field of a fleet, with the layers that touched it, first to last.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    fields: BTreeMap<Subject, BTreeMap<String, Vec<Touch>>>,
}

impl Origins {
    /// Notes that a layer wrote a field; call in the order of the layers.
    pub fn touch(&mut self, field: FieldRef, touch: Touch) {
        self.fields
            .entry(field.subject)
            .or_default()
            .entry(field.path)
            .or_default()
            .push(touch);
    }

    /// The layers that wrote exactly this field, first to last; empty: it has its default.
    pub fn of(&self, subject: &Subject, path: &str) -> &[Touch] {
        self.fields
            .get(subject)
            .and_then(|f| f.get(path))
            .map_or(&[], Vec::as_slice)
    }

    /// The place that decided a field: where it was last written, else where the nearest
    /// enclosing field was.
    pub fn decided(&self, subject: &Subject, path: &str) -> Option<&Touch> {
        let fields = self.fields.get(subject)?;
        let mut path = path;
        loop {
            if let Some(touch) = fields.get(path).and_then(|t| t.last()) {
                return Some(touch);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    /// All fields of a subject below a path (or all, for an empty one), by path.
    pub fn below<'a>(
        &'a self,
        subject: &Subject,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a [Touch])> {
        self.fields
            .get(subject)
            .into_iter()
            .flatten()
            .filter_map(move |(path, touches)| {
                let rest = path.strip_prefix(prefix)?;
                let inside = prefix.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']);
                inside.then_some((path.as_str(), touches.as_slice()))
            })
    }
}
