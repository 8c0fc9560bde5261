//! The objects of one cluster to its files: each in one of its own, none there twice.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::model::manifest::{Manifest, ManifestPath, Recipe, RenderedFile};
use crate::model::text::Text;

use super::cook::Cooked;
use super::engine::Fault;
use super::facts::Place;
use super::place::{self, Placing};

/// An object in a cluster, and its text.
pub(crate) struct Output {
    pub(crate) place: Arc<Place>,
    pub(crate) object: Arc<Cooked>,
    pub(crate) text: Text,
    pub(crate) recipe: Arc<dyn Recipe>,
}

/// The files of a cluster, and what is wrong with them.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) files: Vec<(ManifestPath, RenderedFile)>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Objects that are there twice: the first template, the second, and for what.
    pub(crate) twice: Vec<(String, Fault, String)>,
}

/// Places the objects of a cluster, or of the hub.
pub(crate) fn gather(mut outputs: Vec<Output>) -> Gathered {
    let mut gathered = Gathered::default();
    outputs.sort_by(|a, b| {
        let by_folder = a.place.folder.cmp(&b.place.folder);
        by_folder.then_with(|| a.object.id.cmp(&b.object.id))
    });
    let mut by_id: Vec<&Output> = outputs.iter().collect();
    by_id.sort_by_key(|output| &output.object.id);
    for pair in by_id.windows(2) {
        if let [first, second] = pair
            && first.object.id == second.object.id
        {
            gathered.twice.push(twice(first, second));
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
    let paths = place::assign(&placings);
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
        let file = RenderedFile {
            text: output.text,
            manifests: vec![manifest],
        };
        gathered.files.push((path, file));
    }
    gathered
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
