//! Overlays as files that say a value, and the fleet with new texts.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diag::Sink;
use crate::drift;
use crate::emit;
use crate::model::finding::Finding;
use crate::model::input::{Content, InputFile};
use crate::model::manifest::{ObjectId, Origin};
use crate::model::name::{ClusterName, RegionName, ServiceName};
use crate::pipeline::Input;
use crate::yaml::{self, Node, edit};

use super::forms::forms;
use super::{Candidate, Ground};

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
    /// Its file: the one that is there, or a new one.
    fn path(&self, input: &Input) -> String {
        let stem = match self {
            Self::Service(name) => format!("overlays/services/{name}"),
            Self::Region(name) => format!("overlays/regions/{name}"),
            Self::Cluster(name) => format!("overlays/clusters/{name}"),
        };
        let short = format!("{stem}.yml");
        match text_of(input, &short) {
            Some(_) => short,
            None => format!("{stem}.yaml"),
        }
    }
}

/// The overlay that patches an object: a document of its own below what its file holds.
pub(super) fn overlaid(
    input: &Input,
    level: &Level,
    object: &ObjectId,
    patch: &Value,
) -> Option<Candidate> {
    let path = level.path(input);
    let document = format!(
        "kind: {}\nname: {}\n{}",
        emit::inline(&object.kind)?,
        emit::inline(&object.name)?,
        emit::document(patch),
    );
    let text = match text_of(input, &path) {
        None => document,
        Some(old) if old.trim().is_empty() => document,
        Some(old) => {
            let end = if old.ends_with('\n') { "" } else { "\n" };
            format!("{old}{end}---\n{document}")
        }
    };
    Some(Candidate {
        place: path.clone(),
        texts: Texts::from([(path, text)]),
    })
}

/// The overlay that says the value of a finding, with another one.
pub(super) fn in_place(ground: &Ground<'_>, at: &str, finding: &Finding) -> Option<Candidate> {
    let (Some(Origin::Overlay(span)), Some(live)) = (&finding.origin, &finding.live) else {
        return None;
    };
    let sources = &ground.input.sources;
    let file = sources.get(span.source);
    let documents = yaml::parse(sources, span.source, &mut Sink::new()).ok()?;
    let root = documents.iter().find(|d| d.span == *span)?;
    let steps = at.split('/').skip(1).map(drift::unescape);
    let merged = steps.fold(root.get("merge"), |node, step| node?.get(&step));
    let scalar = merged.or_else(|| operation(root.get("patch")?, at))?;
    let [new] = forms(None, live, None)
        .into_iter()
        .take(1)
        .collect::<Vec<_>>()
        .try_into()
        .ok()?;
    let text = edit::replace(file.text(), root, scalar.span, &new)?;
    Some(Candidate {
        place: format!("{}:{}", file.path(), sources.line_col(scalar.span).line),
        texts: Texts::from([(file.path().to_owned(), text)]),
    })
}

/// The value that an operation of a JSON patch puts at a place.
fn operation<'n>(patch: &'n Node, at: &str) -> Option<&'n Node> {
    let yaml::Value::List(operations) = &patch.value else {
        return None;
    };
    let says = |node: &Node, key: &str, text: &str| matches!(node.get(key).map(|n| &n.value), Some(yaml::Value::Scalar(t, _)) if t == text);
    let mut last_first = operations.iter().rev();
    let puts = last_first
        .find(|o| says(o, "path", at) && (says(o, "op", "replace") || says(o, "op", "add")));
    puts?.get("value")
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
