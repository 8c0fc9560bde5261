//! World, plan and templates to files: cluster by cluster, in parallel, in a fixed order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::diag::{Code, Diagnostic, Rejected, Sink, Span};
use crate::emit;
use crate::model::manifest::{Made, Manifest, ManifestPath, ManifestSet, ObjectId, RenderedFile};
use crate::model::name::{ClusterName, StoreKey};
use crate::model::plan::Plan;
use crate::model::world::World;

use super::engine::{Context, Fault};
use super::facts::{Facts, Scene};
use super::object::{self, Draft};
use super::place::{self, Placing};
use super::shape::Trace;
use super::templates::{Entry, Templates};
use super::{check, overlay, silence};

/// Renders every object of a fleet, checks it and writes its file.
pub fn render(
    world: &World,
    plan: &Plan,
    templates: &Templates,
    sink: &mut Sink,
) -> Result<ManifestSet, Rejected> {
    let before = sink.errors();
    let facts = Facts::new(world, plan, sink);
    let clusters: Vec<Option<&ClusterName>> = std::iter::once(None)
        .chain(world.clusters.keys().map(Some))
        .collect();
    let parts = in_parallel(&clusters, |cluster| {
        let mut part = Part::default();
        for scene in facts.scenes(*cluster) {
            part.scene(world, templates, &scene);
        }
        part.finish();
        part
    });
    let mut set = ManifestSet::default();
    let mut matched = BTreeSet::new();
    let mut patches: BTreeMap<Span, (Diagnostic, usize)> = BTreeMap::new();
    let mut twice: BTreeMap<(String, String), (Fault, String, usize)> = BTreeMap::new();
    let mut faults: BTreeMap<FaultKey, (Fault, String, usize)> = BTreeMap::new();
    let mut silent: BTreeMap<StoreKey, Vec<ClusterName>> = BTreeMap::new();
    for part in parts {
        for (store, cluster) in part.silent {
            silent.entry(store).or_default().push(cluster);
        }
        set.files.extend(part.files);
        matched.extend(part.matched);
        for diagnostic in part.diagnostics {
            match diagnostic.place() {
                // One patch that fails on the objects of several clusters is one mistake.
                Some(place) if diagnostic.code == Code::Overlay => {
                    let known = patches.entry(place).and_modify(|(_, more)| *more += 1);
                    known.or_insert((diagnostic, 0));
                }
                _ => sink.emit(diagnostic),
            }
        }
        for (first, second, note) in part.twice {
            let key = (first, second.template.clone());
            let known = twice.entry(key).and_modify(|(.., more)| *more += 1);
            known.or_insert((second, note, 0));
        }
        for (fault, context) in part.faults {
            let key = (fault.template.clone(), fault.line, fault.message.clone());
            faults
                .entry(key)
                .and_modify(|f| f.2 += 1)
                .or_insert((fault, context, 0));
        }
    }
    for (diagnostic, more) in patches.into_values() {
        sink.emit(match more {
            0 => diagnostic,
            more => diagnostic.note(format!("the same on {more} more")),
        });
    }
    for (fault, note, more) in twice.into_values() {
        let told = templates.diagnostic(&fault);
        let told = Diagnostic {
            code: Code::DuplicateObject,
            ..told
        }
        .note(note)
        .help("give one of them another name or another condition");
        sink.emit(match more {
            0 => told,
            more => told.note(format!("and {more} more objects of the same two")),
        });
    }
    for (fault, context, more) in faults.into_values() {
        let more = if more == 0 {
            String::new()
        } else {
            format!(", and {more} more")
        };
        sink.emit(
            templates
                .diagnostic(&fault)
                .note(format!("while rendering {context}{more}")),
        );
    }
    for (index, patch) in world.overlays.iter().enumerate() {
        if !matched.contains(&index) {
            sink.emit(overlay::unmatched(patch));
        }
    }
    silence::tell(world, &silent, sink);
    sink.since(before).map(|()| set)
}

type FaultKey = (String, Option<u32>, String);

/// Runs a function over all items on as many threads as there are cores; results in order.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len());
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> = (0..threads)
            .map(|first| {
                let mine = items.iter().enumerate().skip(first).step_by(threads);
                scope.spawn(move || mine.map(|(i, item)| (i, work(item))).collect::<Vec<_>>())
            })
            .collect();
        for handle in handles {
            match handle.join() {
                Ok(done) => done.into_iter().for_each(|(i, r)| results[i] = Some(r)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    results.into_iter().flatten().collect()
}

/// What one cluster, or the hub, renders to.
#[derive(Default)]
struct Part {
    drafts: Vec<Draft>,
    files: Vec<(ManifestPath, RenderedFile)>,
    faults: Vec<(Fault, String)>,
    diagnostics: Vec<Diagnostic>,
    /// Objects that are there twice: the first template, the second, and for what.
    twice: Vec<(String, Fault, String)>,
    matched: BTreeSet<usize>,
    /// Stores that no template applied to.
    silent: Vec<(StoreKey, ClusterName)>,
}

impl Part {
    /// Renders the templates of one scope instance.
    fn scene(&mut self, world: &World, templates: &Templates, scene: &Scene) {
        let context = Context::new(scene.root.clone());
        let mut applied = false;
        for entry in templates.of(scene.scope) {
            let rendered = templates.render(entry, &context);
            applied |= !matches!(rendered, Ok(None));
            match rendered {
                Ok(None) => {}
                Ok(Some((rendered, shape))) => {
                    for piece in &shape.documents {
                        let filled = match piece.fill(&rendered.slots) {
                            Ok(filled) => filled,
                            Err(fault) => {
                                let context = scene.context.to_string();
                                self.faults.push((entry.fault(fault), context));
                                continue;
                            }
                        };
                        self.document(world, templates, entry, scene, filled, piece.line);
                    }
                }
                Err(faults) => {
                    let context = || scene.context.to_string();
                    self.faults
                        .extend(faults.into_iter().map(|f| (f, context())));
                }
            }
        }
        if let (Some(store), Some(cluster), false) = (&scene.store, &scene.cluster, applied) {
            self.silent.push((store.clone(), cluster.clone()));
        }
    }

    fn document(
        &mut self,
        world: &World,
        templates: &Templates,
        entry: &Entry,
        scene: &Scene,
        (mut body, traces): (Value, Vec<Trace>),
        line: u32,
    ) {
        let origins = object::origins(traces, &entry.path, line);
        let made = object::identify(&body)
            .and_then(|(id, v)| object::mark(&mut body, &id, &scene.marks).map(|()| (id, v)));
        let (id, api_version) = match made {
            Ok(made) => made,
            Err(message) => {
                let fault = entry.fault(super::shape::ShapeFault { message, line });
                return self.faults.push((fault, scene.context.to_string()));
            }
        };
        let mut draft = Draft {
            folder: Arc::clone(&scene.folder),
            id,
            api_version,
            cluster: scene.cluster.clone(),
            marks: Arc::clone(&scene.marks),
            body,
            template: Arc::clone(&entry.path),
            line,
            origins,
            context: Arc::clone(&scene.context),
            service: scene.service.clone(),
        };
        self.matched
            .extend(overlay::apply(world, &mut draft, &mut self.diagnostics));
        self.faults.extend(check::object(templates.types(), &draft));
        self.drafts.push(draft);
    }

    /// Refuses objects that are there twice, and writes the files of the others.
    fn finish(&mut self) {
        self.drafts
            .sort_by(|a, b| (&a.folder, &a.id).cmp(&(&b.folder, &b.id)));
        let mut seen: BTreeMap<&ObjectId, &Draft> = BTreeMap::new();
        for draft in &self.drafts {
            if let Some(first) = seen.insert(&draft.id, draft) {
                let places = [first, draft].map(|d| format!("`{}` for {}", d.template, d.context));
                let message = format!("{} is rendered twice", draft.id);
                let second = Fault {
                    template: draft.template.to_string(),
                    message,
                    line: Some(draft.line),
                    range: None,
                };
                let note = format!("by {} and by {}", places[0], places[1]);
                self.twice.push((first.template.to_string(), second, note));
            }
        }
        let placings: Vec<Placing<'_>> = self
            .drafts
            .iter()
            .map(|d| Placing {
                folder: &d.folder,
                id: &d.id,
            })
            .collect();
        let paths = place::assign(&placings);
        for (draft, path) in std::mem::take(&mut self.drafts).into_iter().zip(paths) {
            let Some(path) = path else {
                let message = format!("{} has no legal file name", draft.id);
                self.diagnostics.push(
                    Diagnostic::new(Code::Template, message)
                        .note(format!("`{}` for {}", draft.template, draft.context))
                        .help("use a shorter name of letters, digits, `-` and `.`"),
                );
                continue;
            };
            let text = emit::document(&draft.body);
            let made = Made {
                body: draft.body,
                origins: draft.origins,
            };
            let manifest = Manifest::new(
                Arc::new(draft.id),
                draft.cluster,
                draft.template,
                Arc::new(made),
            );
            self.files.push((
                path,
                RenderedFile {
                    text: text.into(),
                    manifests: vec![manifest],
                },
            ));
        }
    }
}
