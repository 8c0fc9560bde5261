//! The text of a dump's files becomes objects.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Map, Value};

use super::stream;
use crate::io::item::Item;
use crate::model::keep::{Asked, Keep};
use crate::model::live::{GroupKind, LiveObject};
use crate::yaml;

/// The largest file of a dump, in bytes.
const MAX_FILE: u64 = 256 << 20;
/// The largest dump, in bytes.
const MAX_TOTAL: u64 = 1 << 30;
/// How deep lists may stand in lists.
const MAX_LISTS: usize = 8;

/// What the files of a dump hold.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The objects that were asked for.
    pub(super) objects: Vec<LiveObject>,
    /// Of those, fields that are evidence.
    pub(super) evidence: Vec<LiveObject>,
    /// The kinds of all objects, and those of typed lists without objects.
    pub(super) kinds: BTreeSet<GroupKind>,
    /// The kinds of objects in namespaces.
    pub(super) namespaced: BTreeSet<GroupKind>,
    /// The kinds of objects in none.
    pub(super) cluster_scoped: BTreeSet<GroupKind>,
    /// The namespaces of objects, and those that are there themselves.
    pub(super) namespaces: BTreeSet<String>,
    /// The uids of objects that were passed over.
    pub(super) others: BTreeSet<String>,
    /// Files without a byte that says anything.
    pub(super) empty_files: usize,
    seen: BTreeMap<(GroupKind, String, String, String), (usize, PathBuf)>,
}

/// Reads the files in order.
pub(super) fn read_all(paths: &[PathBuf], asked: &Asked) -> anyhow::Result<Held> {
    let mut held = Held::default();
    let mut total = 0;
    for path in paths {
        total += std::fs::metadata(path).map_or(0, |about| about.len());
        if total > MAX_TOTAL {
            bail!(
                "the dump is larger than {MAX_TOTAL} bytes (at `{}`)",
                path.display()
            );
        }
        let place = Place::first(path);
        match stream::read(path, &place, asked) {
            Some(read) => held.join(read, &place)?,
            None => held.whole(path, asked)?,
        }
    }
    Ok(held)
}

/// Where something stands in a dump.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    path: &'a Path,
    line: usize,
}

impl<'a> Place<'a> {
    /// The first line of a file.
    pub(super) fn first(path: &'a Path) -> Self {
        Self { path, line: 1 }
    }

    fn fault(&self, what: &str) -> anyhow::Error {
        anyhow!("`{}`:{}: {what}", self.path.display(), self.line)
    }
}

/// What an item of a typed list is, where it does not say so: `apiVersion` and kind.
pub(super) type Inherited<'a> = Option<(&'a str, &'a str)>;

impl Held {
    /// Reads a file at once.
    fn whole(&mut self, path: &Path, asked: &Asked) -> anyhow::Result<()> {
        let text = text(path)?;
        if text.trim().is_empty() {
            self.empty_files += 1;
            return Ok(());
        }
        // What is no JSON may still be YAML.
        let json = path.extension().is_some_and(|e| e == "json");
        if json && let Err(error) = whole_json(&text) {
            bail!(
                "`{}`:{}:{}: the JSON is broken or cut off",
                path.display(),
                error.line(),
                error.column()
            );
        }
        let documents = yaml::kubernetes::parse(&text)
            .map_err(|fault| anyhow!("`{}`:{fault}", path.display()))?;
        for document in documents {
            let place = Place {
                path,
                line: document.line,
            };
            self.take(document.value, None, &place, asked, 0)?;
        }
        Ok(())
    }

    /// Adds what another file holds.
    pub(super) fn join(&mut self, other: Self, place: &Place<'_>) -> anyhow::Result<()> {
        self.kinds.extend(other.kinds);
        self.namespaced.extend(other.namespaced);
        self.cluster_scoped.extend(other.cluster_scoped);
        self.namespaces.extend(other.namespaces);
        self.others.extend(other.others);
        self.evidence.extend(other.evidence);
        self.empty_files += other.empty_files;
        let objects = other.objects.into_iter();
        let mut objects = objects.map(|object| (api_version(&object.body), object));
        objects.try_for_each(|(version, object)| self.push(object, version, place))
    }

    /// Takes an object, or the items of a list; items without a kind inherit that of their list.
    fn take(
        &mut self,
        mut body: Value,
        inherited: Inherited<'_>,
        place: &Place<'_>,
        asked: &Asked,
        depth: usize,
    ) -> anyhow::Result<()> {
        if body.is_null() {
            return Ok(());
        }
        let Some(members) = body.as_object_mut() else {
            return Err(place.fault("not a Kubernetes object"));
        };
        inherit(members, inherited);
        let Some((api_version, element)) = list(members) else {
            let item = Item {
                body,
                ..Item::default()
            };
            return self.hold(item, None, place, asked);
        };
        if depth == MAX_LISTS {
            return Err(place.fault("lists stand in lists too deep"));
        }
        let typed = !element.is_empty();
        if typed {
            self.list_of(&api_version, &element);
        }
        let items = members
            .get_mut("items")
            .map(Value::take)
            .unwrap_or_default();
        let Value::Array(items) = items else {
            return Ok(());
        };
        for item in items {
            self.take(
                item,
                typed.then_some((api_version.as_str(), element.as_str())),
                place,
                asked,
                depth + 1,
            )?;
        }
        Ok(())
    }

    /// Takes note that there is a list of a kind, with or without objects.
    pub(super) fn list_of(&mut self, api_version: &str, element: &str) {
        self.kinds.insert(kind(api_version, element));
    }

    /// Takes an object that is no list, as far as it was asked for.
    pub(super) fn hold(
        &mut self,
        mut item: Item,
        inherited: Inherited<'_>,
        place: &Place<'_>,
        asked: &Asked,
    ) -> anyhow::Result<()> {
        let Some(members) = item.body.as_object_mut() else {
            return Err(place.fault("not a Kubernetes object"));
        };
        inherit(members, inherited);
        let text = |key: &str| item.body[key].as_str().filter(|t| !t.is_empty());
        let (Some(version), Some(name)) = (text("apiVersion"), text("kind")) else {
            return Err(place.fault("not a Kubernetes object: it has no `apiVersion` or no `kind`"));
        };
        if version == "v1" && name == "Status" {
            return Err(place.fault("the answer of a server that failed, not an object"));
        }
        let (version, kind) = (version.to_owned(), kind(version, name));
        let metadata = &item.body["metadata"];
        if !matches!(metadata["namespace"], Value::Null | Value::String(_)) {
            return Err(place.fault(&format!(
                "the namespace of a `{kind}` is not a string: quote it"
            )));
        }
        let Some(name) = metadata["name"].as_str().filter(|n| !n.is_empty()) else {
            return Err(place.fault(&format!("a `{kind}` without `metadata.name`")));
        };
        let namespace = metadata["namespace"].as_str();
        match namespace {
            Some(namespace) => {
                see(&mut self.namespaces, namespace);
                see(&mut self.namespaced, &kind);
            }
            None => see(&mut self.cluster_scoped, &kind),
        }
        if kind.group.is_empty() && kind.kind == "Namespace" {
            see(&mut self.namespaces, name);
        }
        see(&mut self.kinds, &kind);
        match asked.keep(&kind, namespace.unwrap_or_default(), name, &item.body) {
            Keep::Nothing => {
                let uid = item.body["metadata"]["uid"].as_str();
                self.others.extend(uid.map(str::to_owned));
            }
            Keep::Fields(fields) => {
                let Item { body, managed, .. } = item.cut(fields);
                self.evidence.push(LiveObject {
                    kind,
                    body,
                    managed,
                });
            }
            Keep::Whole => {
                let Item { body, managed, .. } = item;
                self.push(
                    LiveObject {
                        kind,
                        body,
                        managed,
                    },
                    version,
                    place,
                )?;
            }
        }
        Ok(())
    }

    /// Keeps an object, unless it is there already.
    fn push(
        &mut self,
        object: LiveObject,
        version: String,
        place: &Place<'_>,
    ) -> anyhow::Result<()> {
        let metadata = &object.body["metadata"];
        let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
        let key = (
            object.kind.clone(),
            text("namespace"),
            text("name"),
            version,
        );
        if let Some((index, path)) = self.seen.get(&key) {
            let there = &self.objects[*index];
            if there.body == object.body && there.managed == object.managed {
                return Ok(());
            }
            let (kind, namespace, name, _) = &key;
            return Err(place.fault(&format!(
                "`{kind}` `{namespace}/{name}` stands in `{}` as well, and differs: keep one of them",
                path.display()
            )));
        }
        self.seen
            .insert(key, (self.objects.len(), place.path.to_owned()));
        self.objects.push(object);
        Ok(())
    }
}

/// Adds to a set what is seldom new.
fn see<T: Ord + ToOwned<Owned = O> + ?Sized, O: Ord + std::borrow::Borrow<T>>(
    set: &mut BTreeSet<O>,
    one: &T,
) {
    if !set.contains(one) {
        set.insert(one.to_owned());
    }
}

fn inherit(members: &mut Map<String, Value>, inherited: Inherited<'_>) {
    if let Some((api_version, kind)) = inherited {
        members
            .entry("apiVersion")
            .or_insert_with(|| api_version.into());
        members.entry("kind").or_insert_with(|| kind.into());
    }
}

fn api_version(body: &Value) -> String {
    body["apiVersion"].as_str().unwrap_or_default().to_owned()
}

fn kind(api_version: &str, kind: &str) -> GroupKind {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    GroupKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
    }
}

/// Of a list, its `apiVersion` and the kind of its elements, which is empty where they may be
/// anything.
pub(super) fn list(members: &Map<String, Value>) -> Option<(String, String)> {
    let text = |key: &str| members.get(key)?.as_str().filter(|text| !text.is_empty());
    let (api_version, element) = (text("apiVersion")?, text("kind")?.strip_suffix("List")?);
    let items = members.get("items");
    let is_list = !members.contains_key("spec")
        && items.is_none_or(|items| items.is_array() || items.is_null());
    is_list.then(|| (api_version.to_owned(), element.to_owned()))
}

/// The text of a file, within bounds.
pub(super) fn text(path: &Path) -> anyhow::Result<String> {
    let what = || format!("reading `{}`", path.display());
    let mut bytes = Vec::new();
    File::open(path)
        .with_context(what)?
        .take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .with_context(what)?;
    if bytes.len() as u64 > MAX_FILE {
        bail!(
            "`{}` is larger than {MAX_FILE} bytes: save one file per kind",
            path.display()
        );
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        anyhow!(
            "`{}` is not UTF-8 (byte {})",
            path.display(),
            e.utf8_error().valid_up_to()
        )
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn whole_json(text: &str) -> Result<(), serde_json::Error> {
    serde_json::Deserializer::from_str(text)
        .into_iter::<serde::de::IgnoredAny>()
        .try_for_each(|value| value.map(drop))
}
