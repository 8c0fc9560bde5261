//! The objects of one cluster to its files: each in one of its own, or those of a service in one,
//! and none there twice.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::model::manifest::{Manifest, ManifestPath, ObjectId, Recipe, RenderedFile};
use crate::model::text::Text;
use crate::model::world::Existing;

use super::check::{self, Found, Links};
use super::cook::Cooked;
use super::engine::Fault;
use super::facts::Place;
use super::place::{self, Placing};

/// An object in a cluster, and its text.
pub(crate) struct Output {
    pub(crate) place: Arc<Place>,
    pub(crate) object: Arc<Cooked>,
    pub(crate) text: Text,
    /// What it has to do with others, after overlays.
    pub(crate) links: Arc<Links>,
    pub(crate) recipe: Arc<dyn Recipe>,
}

/// The files of a cluster, and what is wrong with them.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) files: Vec<(ManifestPath, RenderedFile)>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How objects fail to fit together.
    pub(crate) found: Vec<Found>,
    /// The kinds of objects without a schema.
    pub(crate) unchecked: BTreeSet<String>,
    /// How many rules in CEL kinds have.
    pub(crate) cel: BTreeMap<String, usize>,
    /// Objects that are there twice: the first template, the second, and for what.
    pub(crate) twice: Vec<(String, Fault, String)>,
}

/// Places the objects of a cluster, or of the hub, and checks how those of a cluster fit together;
/// `existing` is what stands there without being rendered. Those of a service share a file where
/// they shall.
pub(crate) fn gather(
    mut outputs: Vec<Output>,
    existing: &[Existing],
    per_service: bool,
) -> Gathered {
    let mut gathered = Gathered::default();
    outputs.sort_by(|a, b| {
        let by_folder = match Arc::ptr_eq(&a.place, &b.place) {
            true => Ordering::Equal,
            false => a.place.folder.cmp(&b.place.folder),
        };
        by_folder.then_with(|| a.object.id.cmp(&b.object.id))
    });
    // Equal identities stand side by side, and few others.
    let mut by_hash: Vec<&Output> = outputs.iter().collect();
    by_hash.sort_by_key(|output| output.object.hash);
    let mut again = Vec::new();
    for group in by_hash.chunk_by_mut(|a, b| a.object.hash == b.object.hash) {
        group.sort_by_key(|output| &output.object.id);
        for pair in group.windows(2) {
            if let [first, second] = pair
                && first.object.id == second.object.id
            {
                again.push((first, second));
            }
        }
    }
    again.sort_by(|a, b| a.0.object.id.cmp(&b.0.object.id));
    gathered.twice = again.into_iter().map(|(a, b)| twice(a, b)).collect();
    gathered.found = fit(&outputs, existing);
    for output in outputs.iter().filter(|output| output.object.cel > 0) {
        let kind = output.object.id.kind.clone();
        gathered.cel.insert(kind, output.object.cel);
    }
    let unknown = outputs.iter().filter(|output| !output.object.known);
    for output in unknown {
        if !gathered.unchecked.contains(&output.object.id.kind) {
            gathered.unchecked.insert(output.object.id.kind.clone());
        }
    }
    let placings: Vec<Placing<'_>> = outputs
        .iter()
        .map(|output| Placing {
            folder: &output.place.folder,
            id: &output.object.id,
            short: &output.object.file,
        })
        .collect();
    let mut paths = place::assign(&placings);
    if per_service {
        for (output, path) in outputs.iter().zip(&mut paths) {
            if output.place.of_service {
                *path = ManifestPath::new(format!("{}.yaml", output.place.folder));
            }
        }
    }
    for (output, path) in outputs.into_iter().zip(paths) {
        let object = &output.object;
        let Some(path) = path else {
            let message = format!("{} has no legal file name", object.id);
            gathered.diagnostics.push(
                Diagnostic::new(Code::Template, message)
                    .note(format!(
                        "`{}` for {}",
                        object.template, output.place.context
                    ))
                    .help("use a shorter name of letters, digits, `-` and `.`"),
            );
            continue;
        };
        let manifest = Manifest::new(
            Arc::clone(&object.id),
            output.place.cluster.clone(),
            Arc::clone(&object.template),
            output.recipe,
        );
        match gathered.files.last_mut() {
            // Objects of one folder stand side by side.
            Some((last, file)) if *last == path => {
                file.text.extend("---\n".into());
                file.text.extend(output.text);
                file.manifests.push(manifest);
            }
            _ => {
                let file = RenderedFile {
                    text: output.text,
                    manifests: vec![manifest],
                };
                gathered.files.push((path, file));
            }
        }
    }
    gathered
}

/// How the objects of a cluster fail to fit together. Those of the hub's folder stand in a cluster
/// with others, which are not seen here.
fn fit(outputs: &[Output], existing: &[Existing]) -> Vec<Found> {
    if outputs.iter().any(|output| output.place.cluster.is_none()) {
        return Vec::new();
    }
    let objects: Vec<(&ObjectId, &Links)> = outputs
        .iter()
        .map(|output| (&*output.object.id, &*output.links))
        .collect();
    let faults = check::cluster(&objects, existing).into_iter();
    faults
        .map(|(index, fault)| {
            let output = &outputs[index];
            let origins = output.recipe.make(output.place.cluster.as_ref()).origins;
            Found::new(&output.object, &output.place, &origins, fault)
        })
        .collect()
}

fn twice(first: &Output, second: &Output) -> (String, Fault, String) {
    let said = |o: &Output| format!("`{}` for {}", o.object.template, o.place.context);
    let fault = Fault {
        template: second.object.template.to_string(),
        message: format!("{} is rendered twice", second.object.id),
        line: Some(second.object.line),
        range: None,
    };
    let note = format!("by {} and by {}", said(first), said(second));
    (first.object.template.to_string(), fault, note)
}
