//! Types, fields and the set of all that are known.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::builtin;
use super::rules::Rules;

/// Index of a [`Struct`] in its [`Schemas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StructId(pub(super) u32);

/// How a value is shaped and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Nothing is known: every value is what it is, lists are atomic.
    Any,
    /// A string, byte for byte.
    String,
    /// An integer of 32 bits.
    Int32,
    /// An integer of 64 bits.
    Int64,
    /// Any number.
    Number,
    /// A boolean.
    Bool,
    /// A built-in quantity: by value, rounded up to a thousandth.
    Quantity,
    /// A quantity of a custom resource: by value.
    CustomQuantity,
    /// An integer or a string; 1 and "1" differ.
    IntOrString,
    /// An instant in RFC 3339.
    Time,
    /// Bytes in base64.
    Bytes,
    /// A Go duration of a custom resource, such as `2160h`.
    Duration,
    /// Named members.
    Struct(StructId),
    /// Members with free names.
    Dict(Box<Type>),
    /// A map that is replaced as a whole.
    Atomic(Box<Type>),
    /// A list that is replaced as a whole; its order counts.
    List(Box<Type>),
    /// A list whose elements are told apart by value.
    Set(Box<Type>),
    /// A list whose elements are told apart by these members.
    Keyed(Arc<[Arc<str>]>, Box<Type>),
}

/// What the zero value (`false`, `0`, `""`) of a scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zero {
    /// The same as absence: the server drops it.
    Absent,
    /// A value of its own.
    Kept,
}

/// The minor versions of Kubernetes 1 that serve something, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// The first, where it is not served by all that are known.
    pub since: Option<u16>,
    /// The last, where it was removed.
    pub until: Option<u16>,
}

impl Served {
    /// By every version.
    pub const ALWAYS: Self = Self {
        since: None,
        until: None,
    };

    /// Whether a minor version serves it.
    pub fn by(self, minor: u16) -> bool {
        self.since.is_none_or(|s| s <= minor) && self.until.is_none_or(|u| minor <= u)
    }
}

/// One member of a [`Struct`].
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// Whether the server refuses objects without it.
    pub required: bool,
    /// What its zero value means.
    pub zero: Zero,
    /// Whether `{}` is the same as absence.
    pub empty_is_absent: bool,
    /// Whether an explicit null is a value.
    pub nullable: bool,
    /// The values that are allowed; empty: all.
    pub values: Box<[Arc<str>]>,
    /// What the server fills in.
    pub default: Option<Value>,
    /// The versions of Kubernetes that have it.
    pub served: Served,
}

/// One test of a [`Condition`].
#[derive(Clone, Debug)]
pub enum Test {
    /// The member has this text.
    Equals(Arc<str>, Arc<str>),
    /// The member is there.
    Present(Arc<str>),
    /// The member is not there.
    Absent(Arc<str>),
}

/// Defaults that depend on other members.
#[derive(Clone, Debug)]
pub struct Condition {
    /// All of these hold.
    pub tests: Vec<Test>,
    /// Members and their defaults.
    pub set: Vec<(Arc<str>, Value)>,
}

/// A type with named members.
#[derive(Clone, Debug, Default)]
pub struct Struct {
    /// Its name in OpenAPI; empty for one that stands inside another.
    pub name: Arc<str>,
    /// Whether Go types decode it: null, empty lists and zero values fold, unknown members drop.
    pub built_in: bool,
    /// Replaced as a whole.
    pub atomic: bool,
    /// Unknown members are kept.
    pub open: bool,
    /// A whole Kubernetes object inside another.
    pub embedded: bool,
    /// Members, by name.
    pub fields: Vec<Field>,
    /// Conditional defaults, in order.
    pub when: Vec<Condition>,
}

impl Struct {
    /// The member of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields
            .binary_search_by(|f| f.name.as_ref().cmp(name))
            .ok()
            .map(|i| &self.fields[i])
    }
}

/// The type of whole objects.
#[derive(Clone, Debug)]
pub struct Root {
    /// Its type.
    pub ty: Type,
    /// Whether its objects live in namespaces, where that is known.
    pub namespaced: Option<bool>,
    /// Whether Kubernetes itself serves it.
    pub built_in: bool,
    /// The versions of Kubernetes that serve it.
    pub served: Served,
    /// What values must keep to beyond their types, where a CustomResourceDefinition says so.
    pub(super) rules: Option<Arc<Rules>>,
    /// How many rules in CEL its definition has, which only the API server evaluates.
    pub cel: usize,
}

/// Everything that is known of types.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    pub(super) structs: Vec<Arc<Struct>>,
    pub(super) names: BTreeMap<Arc<str>, StructId>,
    pub(super) roots: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Root>>,
    pub(super) meta: Option<Type>,
    /// What CustomResourceDefinitions call the resources of a group and kind.
    pub(super) plurals: BTreeMap<(Arc<str>, Arc<str>), Arc<str>>,
}

pub(super) const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

static BUILT_IN: LazyLock<Schemas> =
    LazyLock::new(|| builtin::parse(include_str!("kubernetes.txt")));

impl Schemas {
    /// The types of Kubernetes itself, of all versions that are known: 1.30 to 1.37.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// The type of objects with this `apiVersion` and `kind`.
    pub fn root(&self, api_version: &str, kind: &str) -> Option<&Root> {
        self.roots.get(api_version)?.get(kind)
    }

    /// Whether objects of a kind live in namespaces; `None` when the kind is unknown.
    pub fn namespaced(&self, api_version: &str, kind: &str) -> Option<bool> {
        self.root(api_version, kind)?.namespaced
    }

    /// Whether objects of a kind live in namespaces, whatever the version.
    pub fn kind_namespaced(&self, group: &str, kind: &str) -> Option<bool> {
        self.roots
            .iter()
            .filter(|(api_version, _)| group_of(api_version) == group)
            .find_map(|(_, kinds)| kinds.get(kind)?.namespaced)
    }

    /// Whether any version of a kind is known.
    pub fn kind_known(&self, group: &str, kind: &str) -> bool {
        !self.versions(group, kind).is_empty()
    }

    /// The `apiVersion`s under which a kind is known.
    pub fn versions(&self, group: &str, kind: &str) -> Vec<&str> {
        self.roots
            .iter()
            .filter(|(version, kinds)| group_of(version) == group && kinds.contains_key(kind))
            .map(|(version, _)| version.as_ref())
            .collect()
    }

    /// The type of every object's `metadata`, where built-in types are known.
    pub fn object_meta(&self) -> Option<&Type> {
        self.meta.as_ref()
    }

    /// A type by its index.
    pub fn get(&self, id: StructId) -> &Struct {
        &self.structs[id.0 as usize]
    }

    pub(super) fn named(&self, name: &str) -> Option<StructId> {
        self.names.get(name).copied()
    }

    pub(super) fn push(&mut self, s: Struct) -> StructId {
        let id = StructId(self.structs.len() as u32);
        self.structs.push(Arc::new(s));
        id
    }
}

/// The group of an `apiVersion`; empty for the core group.
pub(super) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
