//! A rendered file, each line with the place that its value comes from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diag::{Sink, Sources};
use crate::model::manifest::{Manifest, RenderedFile};
use crate::model::origin::{Blame, Origins};
use crate::report::Provenance;
use crate::yaml::{self, Node, Value};

use super::Style;
use super::drift::origin;

/// Lines longer than this do not push the places of the others to the right.
const WIDTH: usize = 72;

/// The text of a rendered file with a comment per line whose value has a known origin.
pub fn annotated(
    file: &RenderedFile,
    (origins, sources): (&Origins, &Sources),
    style: Style,
) -> String {
    let nobody = Blame::default();
    let provenance = Provenance {
        origins,
        sources,
        blame: &nobody,
    };
    let mut own = Sources::new();
    let text = file.text.whole();
    let id = own.add("rendered", &*text);
    let documents = yaml::parse(&own, id, &mut Sink::new()).unwrap_or_default();
    let mut places = BTreeMap::new();
    for (manifest, document) in file.manifests.iter().zip(&documents) {
        let mut leaves = Vec::new();
        collect(document, String::new(), &mut leaves);
        for (pointer, node) in leaves {
            let line = own.line_col(node.span).line;
            if let Some(text) =
                nearest(manifest, &pointer).and_then(|o| origin(o, Some(&provenance)))
            {
                places.entry(line).or_insert(text);
            }
        }
    }
    let width = text
        .lines()
        .map(|l| l.chars().count())
        .filter(|n| *n <= WIDTH)
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for (i, line) in text.lines().enumerate() {
        let _ = match places.get(&(i as u32 + 1)) {
            Some(place) => writeln!(out, "{line:width$}  {}", style.faint(&format!("# {place}"))),
            None => writeln!(out, "{line}"),
        };
    }
    out
}

/// The origin of a place: its own, or that of the nearest place around it.
fn nearest<'a>(
    manifest: &'a Manifest,
    pointer: &str,
) -> Option<&'a crate::model::manifest::Origin> {
    let mut pointer = pointer;
    loop {
        if let Some(origin) = manifest.origins().get(pointer) {
            return Some(origin);
        }
        pointer = &pointer[..pointer.rfind('/')?];
    }
}

fn collect<'n>(node: &'n Node, pointer: String, leaves: &mut Vec<(String, &'n Node)>) {
    match &node.value {
        Value::Scalar(..) => leaves.push((pointer, node)),
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{i}"), leaves);
            }
        }
        Value::Map(members) => {
            for (key, value) in members {
                let key = key.value.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{pointer}/{key}"), leaves);
            }
        }
    }
}
