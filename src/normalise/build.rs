//! Builds the tree of an object by its schema.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::quantity::Quantity;
use crate::schema::{Field, Schemas, Struct, Type, Zero, fits};

use super::keys::{is_head, is_zero, key, metrics, part, short_name};
use super::scalar::{base64, go_duration, instant};
use super::tree::{Element, Key, Kind, Member, Node};

/// Values that nest deeper are compared as they are written.
const MAX_DEPTH: usize = 96;

/// An annotation that repeats the whole object, secrets included.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Which side of a comparison an object stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the repository says: the server's defaults are filled in.
    Desired,
    /// What the cluster holds.
    Live,
}

/// An object as a server would store it.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    /// Its tree.
    pub root: Node<'a>,
    /// Whether every value of a desired object was seen to be of the type that its schema says.
    pub typed: bool,
}

/// The tree of an object, without what never is desired state: type, identity, status, and
/// metadata other than labels, annotations, finalizers and owners.
///
/// `hint` is the live counterpart of a desired object: it decides defaults that depend on a member
/// about which the object itself says nothing.
pub fn object<'a>(
    value: &'a Value,
    schemas: &'a Schemas,
    side: Side,
    hint: Option<&'a Value>,
) -> Object<'a> {
    let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let root = schemas.root(api_version, kind).map(|r| &r.ty);
    let mut builder = Builder {
        schemas,
        side,
        kind,
        core: api_version == "v1",
        typed: true,
        depth: 0,
    };
    let s = match root {
        Some(Type::Struct(id)) => Some(schemas.get(*id)),
        _ => None,
    };
    let empty = Vec::new();
    let Some(map) = value.as_object() else {
        return Object {
            root: Node::new(Kind::Map(empty), Some(value)),
            typed: false,
        };
    };
    let hint = hint.and_then(Value::as_object);
    let mut members = builder.members(map, s, hint, false);
    if let Some(meta) = members.iter_mut().find(|m| m.name == "metadata")
        && let Kind::Map(meta) = &mut meta.node.kind
    {
        meta.retain(|m| {
            matches!(
                m.name,
                "labels" | "annotations" | "finalizers" | "ownerReferences"
            )
        });
    }
    let mut root = Node::new(Kind::Map(members), Some(value));
    root.each = true;
    Object {
        root,
        typed: builder.typed,
    }
}

pub(super) struct Builder<'a> {
    pub(super) schemas: &'a Schemas,
    pub(super) side: Side,
    pub(super) kind: &'a str,
    pub(super) core: bool,
    typed: bool,
    depth: usize,
}

impl<'a> Builder<'a> {
    /// The members of a map, by name.
    pub(super) fn members(
        &mut self,
        map: &'a Map<String, Value>,
        s: Option<&'a Struct>,
        hint: Option<&'a Map<String, Value>>,
        filled: bool,
    ) -> Vec<Member<'a>> {
        let root = self.depth == 0;
        let built_in = s.is_some_and(|s| s.built_in);
        let short = s.map_or("", |s| short_name(s));
        let mut members = Vec::with_capacity(map.len() + 4);
        for (name, value) in map {
            let mut name = name.as_str();
            match name {
                "apiVersion" | "kind" | "status" if root || short == "PersistentVolumeClaim" => {
                    continue;
                }
                "stringData" if root && self.core && self.kind == "Secret" => continue,
                "creationTimestamp" | "managedFields" if short == "ObjectMeta" => {
                    self.typed &= value.is_null();
                    continue;
                }
                "serviceAccount" if short == "PodSpec" => {
                    self.typed &= value.is_string();
                    if map.get("serviceAccountName").is_some_and(|v| v != "") {
                        continue;
                    }
                    name = "serviceAccountName";
                }
                "serviceAccountName"
                    if short == "PodSpec" && value == "" && map.contains_key("serviceAccount") =>
                {
                    continue;
                }
                _ => {}
            }
            let field = s.and_then(|s| s.field(name));
            let hint = hint.and_then(|h| h.get(name));
            let Some(mut node) = self.member(name, value, s, field, hint, filled, root) else {
                continue;
            };
            node.unknown = field.is_none()
                && self.side == Side::Desired
                && s.is_some_and(|s| !(s.open || s.embedded && is_head(name)));
            if short == "ObjectMeta" && matches!(name, "labels" | "annotations" | "finalizers")
                || root && matches!(name, "data" | "binaryData" | "metadata")
                || name == "metadata" && built_in
            {
                node.each = true;
            }
            members.push(Member { name, node });
        }
        if root && self.core && self.kind == "Secret" {
            self.string_data(map, &mut members);
        }
        if short == "PodSpec" || root {
            members.sort_by(|a, b| a.name.cmp(b.name));
            members.dedup_by(|a, b| a.name == b.name);
        }
        if let Some(s) = s
            && self.side == Side::Desired
        {
            self.defaults(s, short, map, hint, &mut members);
        }
        members
    }

    #[expect(clippy::too_many_arguments, reason = "one call, one place")]
    pub(super) fn member(
        &mut self,
        name: &str,
        value: &'a Value,
        s: Option<&'a Struct>,
        field: Option<&'a Field>,
        hint: Option<&'a Value>,
        filled: bool,
        root: bool,
    ) -> Option<Node<'a>> {
        let Some(field) = field else {
            if root && name == "metadata" {
                let meta = self.schemas.object_meta();
                return Some(self.value(value, meta.unwrap_or(&Type::Any), hint, true, filled));
            }
            return Some(self.value(value, &Type::Any, hint, false, filled));
        };
        let built_in = s.is_some_and(|s| s.built_in);
        if value.is_null() && !field.nullable && !matches!(field.ty, Type::Any) {
            return None;
        }
        let mut node = self.value(value, &field.ty, hint, built_in, filled);
        if field.zero == Zero::Absent && is_zero(value) {
            match &field.default {
                // The server drops the zero and then fills in the default.
                Some(default) if self.side == Side::Desired && !filled && !is_zero(default) => {
                    node.kind = self.value(default, &field.ty, None, built_in, false).kind;
                }
                _ => node.absent = true,
            }
        } else if built_in && field.empty_is_absent && field.default.is_none() {
            node.absent = match &node.kind {
                Kind::Map(members) => members.iter().all(|m| m.node.absent),
                _ => false,
            };
        }
        if name == "metrics"
            && self.kind == "HorizontalPodAutoscaler"
            && let Kind::List(nodes) = &mut node.kind
        {
            node.kind = Kind::Bag(metrics(std::mem::take(nodes)));
        }
        Some(node)
    }

    /// One value of a type.
    pub(super) fn value(
        &mut self,
        value: &'a Value,
        ty: &'a Type,
        hint: Option<&'a Value>,
        built_in: bool,
        filled: bool,
    ) -> Node<'a> {
        if self.side == Side::Desired && !filled {
            self.typed &= value.is_null() || fits(value, ty);
        }
        if self.depth >= MAX_DEPTH {
            self.typed = false;
            return Node::new(Kind::Opaque(value), Some(value));
        }
        self.depth += 1;
        let mut node = Node::new(self.kind(value, ty, hint, built_in, filled), Some(value));
        self.depth -= 1;
        node.filled = filled;
        node.absent = built_in
            && match (&node.kind, ty) {
                (Kind::List(nodes), _) => nodes.is_empty(),
                (Kind::Set(e) | Kind::Keyed(e), _) => e.is_empty(),
                (Kind::Map(m), Type::Dict(_)) => m.is_empty(),
                (Kind::Whole(m), Type::Atomic(inner)) => {
                    m.is_empty() && matches!(**inner, Type::Dict(_))
                }
                _ => false,
            };
        node
    }

    fn kind(
        &mut self,
        value: &'a Value,
        ty: &'a Type,
        hint: Option<&'a Value>,
        built_in: bool,
        filled: bool,
    ) -> Kind<'a> {
        match (ty, value) {
            (Type::Struct(id), Value::Object(map)) => {
                let s = self.schemas.get(*id);
                let hint = hint.and_then(Value::as_object);
                let members = self.members(map, Some(s), hint, filled);
                match s.atomic {
                    true => Kind::Whole(members),
                    false => Kind::Map(members),
                }
            }
            (Type::Dict(inner), Value::Object(map)) => {
                let mut members = Vec::with_capacity(map.len());
                for (name, value) in map {
                    if name == LAST_APPLIED || value.is_null() && built_in {
                        self.typed &= value.is_null() || value.is_string();
                        continue;
                    }
                    let node = self.value(value, inner, None, built_in, filled);
                    members.push(Member { name, node });
                }
                // Values of maps have no zero to fold.
                for member in &mut members {
                    member.node.absent = false;
                }
                Kind::Map(members)
            }
            (Type::Atomic(inner), Value::Object(_)) => {
                match self.kind(value, inner, None, built_in, filled) {
                    Kind::Map(members) => Kind::Whole(members),
                    other => other,
                }
            }
            (Type::List(inner), Value::Array(values)) => Kind::List(
                values
                    .iter()
                    .map(|v| self.element(v, inner, built_in, filled))
                    .collect(),
            ),
            (Type::Set(inner), Value::Array(values)) => Kind::Set(
                values
                    .iter()
                    .enumerate()
                    .map(|(index, v)| {
                        let node = self.element(v, inner, built_in, filled);
                        let key = Key(vec![part("", &node)]);
                        Element { key, index, node }
                    })
                    .collect(),
            ),
            (Type::Keyed(keys, inner), Value::Array(values)) => Kind::Keyed(
                values
                    .iter()
                    .enumerate()
                    .map(|(index, v)| {
                        let node = self.element(v, inner, built_in, filled);
                        let key = key(keys, &node);
                        Element { key, index, node }
                    })
                    .collect(),
            ),
            (Type::Quantity | Type::CustomQuantity, _) => self.quantity(value, ty),
            (Type::Time, Value::String(text)) => match instant(text) {
                Some(instant) => Kind::Instant(instant),
                None => Kind::Text(text.into()),
            },
            (Type::Duration, Value::String(text)) => match go_duration(text) {
                Some(length) => Kind::Length(length),
                None => Kind::Text(text.into()),
            },
            (Type::Bytes, Value::String(text)) => match base64(text) {
                Some(bytes) => Kind::Bytes(bytes),
                None => Kind::Text(text.into()),
            },
            _ => self.literal(value),
        }
    }

    fn element(
        &mut self,
        value: &'a Value,
        ty: &'a Type,
        built_in: bool,
        filled: bool,
    ) -> Node<'a> {
        let mut node = self.value(value, ty, None, built_in, filled);
        node.absent = false; // an empty element is an element
        node
    }

    fn quantity(&self, value: &'a Value, ty: &Type) -> Kind<'a> {
        let text = match value {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            Value::Number(number) => Cow::Owned(number.to_string()),
            _ => Cow::Borrowed(""),
        };
        match Quantity::parse(&text) {
            // What a server stores of a built-in type is rounded already.
            Some(quantity) if *ty == Type::Quantity && self.side == Side::Desired => {
                Kind::Quantity(quantity.rounded_up_to_milli())
            }
            Some(quantity) => Kind::Quantity(quantity),
            None => match value {
                Value::String(text) => Kind::Text(text.into()),
                Value::Number(number) => Kind::Number(number.clone()),
                other => Kind::Opaque(other),
            },
        }
    }

    /// A value of which nothing is known.
    fn literal(&mut self, value: &'a Value) -> Kind<'a> {
        match value {
            Value::Null => Kind::Null,
            Value::Bool(b) => Kind::Bool(*b),
            Value::Number(n) => Kind::Number(n.clone()),
            Value::String(s) => Kind::Text(s.into()),
            Value::Array(values) => Kind::List(
                values
                    .iter()
                    .map(|v| self.value(v, &Type::Any, None, false, false))
                    .collect(),
            ),
            Value::Object(map) => Kind::Map(
                map.iter()
                    .filter(|(name, _)| *name != LAST_APPLIED)
                    .map(|(name, v)| Member {
                        name,
                        node: self.value(v, &Type::Any, None, false, false),
                    })
                    .collect(),
            ),
        }
    }

    /// `stringData` of a Secret is written into `data`.
    fn string_data(&mut self, map: &'a Map<String, Value>, members: &mut Vec<Member<'a>>) {
        let Some(Value::Object(texts)) = map.get("stringData") else {
            self.typed &= map.get("stringData").is_none_or(Value::is_null);
            return;
        };
        self.typed &= texts.values().all(Value::is_string);
        if texts.is_empty() {
            return;
        }
        if !members.iter().any(|m| m.name == "data") {
            let mut node = Node::new(Kind::Map(Vec::new()), None);
            node.each = true;
            members.push(Member { name: "data", node });
        }
        let data = members.iter_mut().find(|m| m.name == "data");
        let Some(Member { node, .. }) = data else {
            return;
        };
        node.absent = false;
        let Kind::Map(entries) = &mut node.kind else {
            return;
        };
        for (name, value) in texts {
            let Some(text) = value.as_str() else { continue };
            entries.retain(|m| m.name != name);
            let kind = Kind::Bytes(text.as_bytes().to_vec());
            let node = Node::new(kind, Some(value));
            entries.push(Member { name, node });
        }
        entries.sort_by(|a, b| a.name.cmp(b.name));
    }
}
