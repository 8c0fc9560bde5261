//! A value to the text of a file that says it, everything around it as it was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Candidate;
use crate::diag::{SourceId, Sources, Span};
use crate::emit;
use crate::model::input::{Content, InputFile};
use crate::model::manifest::ObjectId;
use crate::model::name::{ClusterName, RegionName, ServiceName};
use crate::pipeline::Input;

/// Texts of files, by path below the fleet's directory.
pub type Texts = BTreeMap<String, String>;

/// Whose overlay says something.
#[derive(Clone, Debug)]
pub(super) enum Level {
    Service(ServiceName),
    Region(RegionName),
    Cluster(ClusterName),
}

impl Level {
    fn path(&self) -> String {
        match self {
            Self::Service(name) => format!("overlays/services/{name}.yaml"),
            Self::Region(name) => format!("overlays/regions/{name}.yaml"),
            Self::Cluster(name) => format!("overlays/clusters/{name}.yaml"),
        }
    }
}

/// The files with a scalar put in the place of others.
pub(super) fn replaced(sources: &Sources, spans: &BTreeSet<Span>, value: &Value) -> Option<Texts> {
    let mut by_file: BTreeMap<SourceId, Vec<Span>> = BTreeMap::new();
    for span in spans {
        by_file.entry(span.source).or_default().push(*span);
    }
    let mut texts = Texts::new();
    for (source, spans) in by_file {
        let file = sources.get(source);
        let mut text = file.text().to_owned();
        // From the end, so that the places before it stay.
        for span in spans.into_iter().rev() {
            let range = span.start as usize..span.end as usize;
            let scalar = scalar(value, text.get(range.clone())?)?;
            text.replace_range(range, &scalar);
        }
        texts.insert(file.path().to_owned(), text);
    }
    Some(texts)
}

/// A scalar as it is written where another stood: quoted if that was, or where it has to be.
fn scalar(value: &Value, old: &str) -> Option<String> {
    if old.contains('\n') || old.starts_with(['|', '>', '&', '*', '!']) {
        return None;
    }
    match value {
        Value::String(text) => {
            let bare = !old.starts_with(['"', '\'']) && !text.contains([',', '[', ']', '{', '}']);
            let inline = emit::inline(text).filter(|_| bare);
            Some(inline.map_or_else(|| Value::from(text.as_str()).to_string(), Into::into))
        }
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Overlays that patch an object.
pub(super) fn overlaid(
    input: &Input,
    levels: &[Level],
    object: &ObjectId,
    patch: &Value,
) -> Option<Candidate> {
    let mut texts = Texts::new();
    for level in levels {
        let path = level.path();
        let document = format!(
            "kind: {}\nname: {}\npatch:\n  - {patch}\n",
            emit::inline(&object.kind)?,
            emit::inline(&object.name)?,
        );
        let text = match text_of(input, &path) {
            None => document,
            Some(old) if old.trim().is_empty() => document,
            Some(old) => {
                let end = if old.ends_with('\n') { "" } else { "\n" };
                format!("{old}{end}---\n{document}")
            }
        };
        texts.insert(path, text);
    }
    let place = texts.keys().cloned().collect::<Vec<_>>().join(", ");
    (!texts.is_empty()).then_some(Candidate { place, texts })
}

fn text_of<'a>(input: &'a Input, path: &str) -> Option<&'a str> {
    let file = input.files.iter().find(|file| file.path == path)?;
    match file.content {
        Content::Text(source) => Some(input.sources.get(source).text()),
        _ => None,
    }
}

/// The fleet with new texts in the place of its own.
pub(super) fn with(input: &Input, texts: &Texts) -> Input {
    let mut sources = input.sources.clone();
    let mut files = input.files.clone();
    for (path, text) in texts {
        let content = Content::Text(sources.add(path.as_str(), text.as_str()));
        match files.iter_mut().find(|file| file.path == *path) {
            Some(file) => file.content = content,
            None => files.push(InputFile {
                path: path.clone(),
                content,
            }),
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Input {
        sources,
        files,
        round_trips: input.round_trips,
        crds: input.crds.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diag::Sink;
    use crate::yaml;

    const FILE: &str = "# how it is\nservice: cart   # its name\nworkload:\n  image: \"r.example/cart:1\"\n  env: {PORT: 7000, 'A B': 'x', LIST: [a, b]}   # flow\n  files:\n    - one\n    - !!str two\n";

    fn scalars(node: &yaml::Node, at: &str, out: &mut Vec<(String, Span, String)>) {
        match &node.value {
            yaml::Value::Map(members) => {
                for (key, value) in members {
                    scalars(value, &format!("{at}/{}", key.value), out);
                }
            }
            yaml::Value::List(elements) => {
                for (i, element) in elements.iter().enumerate() {
                    scalars(element, &format!("{at}/{i}"), out);
                }
            }
            other => out.push((at.to_owned(), node.span, format!("{other:?}"))),
        }
    }

    fn read(text: &str) -> (Sources, Vec<(String, Span, String)>) {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", text);
        let nodes = yaml::parse(&sources, id, &mut Sink::new()).unwrap();
        let mut all = Vec::new();
        for node in &nodes {
            scalars(node, "", &mut all);
        }
        (sources, all)
    }

    proptest! {
        #[test]
        fn one_scalar_changes_and_nothing_else(which in 0usize..7, text in "[a-z:#,\\[\\]{}'\"&*!|>%@` -]{0,12}|NO|null|1e3|0o17|12:30:45|~|é☃") {
            let (sources, before) = read(FILE);
            let (at, span, _) = before[which].clone();
            let value = Value::from(text.as_str());
            let Some(texts) = replaced(&sources, &BTreeSet::from([span]), &value) else {
                prop_assert!(FILE[span.start as usize..].starts_with('!'), "{at}");
                return Ok(());
            };
            let new = &texts["a.yaml"];
            let (start, end) = (span.start as usize, span.end as usize);
            prop_assert!(new.starts_with(&FILE[..start]) && new.ends_with(&FILE[end..]));
            let (_, after) = read(new);
            prop_assert_eq!(after.len(), before.len(), "{}", new);
            for ((path, _, was), (same, _, is)) in before.iter().zip(&after) {
                prop_assert_eq!(path, same);
                if *path == at {
                    let said = yaml_text(new, path);
                    prop_assert_eq!(said, text.clone(), "{}", new);
                } else {
                    prop_assert_eq!(was, is);
                }
            }
        }
    }

    /// What Kubernetes' own reader makes of it.
    fn yaml_text(text: &str, pointer: &str) -> String {
        let [document] = yaml::kubernetes::parse(text).unwrap().try_into().unwrap();
        let value = document.value.pointer(pointer).cloned().unwrap();
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }
}
