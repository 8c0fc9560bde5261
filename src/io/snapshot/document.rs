//! The text of a dump's files becomes objects.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;

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
    pub(super) objects: Vec<LiveObject>,
    /// The kinds of the objects, and those of typed lists without objects.
    pub(super) kinds: BTreeSet<GroupKind>,
    /// Files without a byte that says anything.
    pub(super) empty_files: usize,
    seen: BTreeMap<(GroupKind, String, String, String), (usize, PathBuf)>,
}

/// Reads the files in order.
pub(super) fn read_all(paths: &[PathBuf]) -> anyhow::Result<Held> {
    let mut held = Held::default();
    let mut total = 0;
    for path in paths {
        let text = text(path)?;
        total += text.len() as u64;
        if total > MAX_TOTAL {
            bail!(
                "the dump is larger than {MAX_TOTAL} bytes (at `{}`)",
                path.display()
            );
        }
        if text.trim().is_empty() {
            held.empty_files += 1;
            continue;
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
            held.take(document.value, None, &place, 0)?;
        }
    }
    Ok(held)
}

struct Place<'a> {
    path: &'a Path,
    line: usize,
}

impl Place<'_> {
    fn fault(&self, what: &str) -> anyhow::Error {
        anyhow!("`{}`:{}: {what}", self.path.display(), self.line)
    }
}

impl Held {
    /// Takes an object, or the items of a list; items without a kind inherit that of their list.
    fn take(
        &mut self,
        mut body: Value,
        list: Option<(&str, &str)>,
        place: &Place<'_>,
        depth: usize,
    ) -> anyhow::Result<()> {
        if body.is_null() {
            return Ok(());
        }
        let Some(members) = body.as_object_mut() else {
            return Err(place.fault("not a Kubernetes object"));
        };
        if let Some((api_version, kind)) = list {
            members
                .entry("apiVersion")
                .or_insert_with(|| api_version.into());
            members.entry("kind").or_insert_with(|| kind.into());
        }
        let text = |key: &str| {
            members
                .get(key)
                .and_then(Value::as_str)
                .filter(|t| !t.is_empty())
        };
        let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else {
            return Err(place.fault("not a Kubernetes object: it has no `apiVersion` or no `kind`"));
        };
        let (api_version, kind) = (api_version.to_owned(), kind.to_owned());
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let of = |kind: &str| GroupKind {
            group: group.to_owned(),
            kind: kind.to_owned(),
        };
        if api_version == "v1" && kind == "Status" {
            return Err(place.fault("the answer of a server that failed, not an object"));
        }
        if let Some(element) = kind.strip_suffix("List")
            && !members.contains_key("spec")
            && members
                .get("items")
                .is_none_or(|items| items.is_array() || items.is_null())
        {
            if depth == MAX_LISTS {
                return Err(place.fault("lists stand in lists too deep"));
            }
            let typed = !element.is_empty();
            if typed {
                self.kinds.insert(of(element));
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
                    typed.then_some((api_version.as_str(), element)),
                    place,
                    depth + 1,
                )?;
            }
            return Ok(());
        }
        let kind = of(&kind);
        let metadata = members.get("metadata").unwrap_or(&Value::Null);
        let namespace = metadata["namespace"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if !matches!(metadata["namespace"], Value::Null | Value::String(_)) {
            return Err(place.fault(&format!(
                "the namespace of a `{kind}` is not a string: quote it"
            )));
        }
        let name = metadata["name"].as_str().filter(|n| !n.is_empty());
        let Some(name) = name.map(str::to_owned) else {
            return Err(place.fault(&format!("a `{kind}` without `metadata.name`")));
        };
        let key = (kind.clone(), namespace, name, api_version);
        if let Some((index, path)) = self.seen.get(&key) {
            if self.objects[*index].body == body {
                return Ok(());
            }
            let (kind, namespace, name, _) = &key;
            return Err(place.fault(&format!(
                "`{kind}` `{namespace}/{name}` stands in `{}` as well, and differs: keep one of them",
                path.display()
            )));
        }
        self.kinds.insert(kind.clone());
        self.seen
            .insert(key, (self.objects.len(), place.path.to_owned()));
        self.objects.push(LiveObject::whole(kind, body));
        Ok(())
    }
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
