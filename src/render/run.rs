//! World, plan and templates to files: unit by unit, then cluster by cluster, in parallel and in a
//! fixed order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diag::{Code, Diagnostic, Rejected, Sink, Span};
use crate::emit;
use crate::model::live::AlsoRead;
use crate::model::manifest::{Made, ManifestSet, Recipe};
use crate::model::name::{ClusterName, StoreKey};
use crate::model::plan::Plan;
use crate::model::world::{Existing, World};

use super::check::{self, Found, Links};
use super::cook::Cooked;
use super::engine::{Context, Fault};
use super::facts::{Facts, Lack, Place, Scene};
use super::gather::{self, Output};
use super::late;
use super::object::{Draft, Marks};
use super::overlay;
use super::paper::Papers;
use super::seen::{self, Seen};
use super::silence::{self, Silent};
use super::templates::{Entry, Templates};
use crate::parallel;

/// Renders every object of a fleet, checks it and writes its file. `also_read` is what the scheduled
/// report reads of each cluster besides what is rendered.
pub fn render(
    world: &World,
    plan: &Plan,
    templates: &Templates,
    also_read: &AlsoRead,
    sink: &mut Sink,
) -> Result<ManifestSet, Rejected> {
    let before = sink.errors();
    let facts = Facts::new(world, plan, sink);
    let mut existing = world.fleet.platform.existing.clone();
    // Without a controller they are there already; and a store that no cluster describes is told by
    // a warning of its own.
    existing.push(match world.fleet.platform.external_secrets {
        None => Existing::every("Secret"),
        Some(_) => Existing::every("ClusterSecretStore"),
    });
    // Controllers of multi-cluster services write these; the gateway's are named as being there.
    existing.push(Existing::every("ServiceImport"));
    existing.extend(world.fleet.platform.gateway_needs());
    let parts = parallel::map(&facts.units(), |unit| {
        let mut part = Part::new(world, templates);
        facts.scenes(*unit, &mut |scene| part.scene(&scene));
        part.told
    });
    let mut told = Told::default();
    let mut outputs: BTreeMap<Option<ClusterName>, Vec<Output>> = BTreeMap::new();
    for mut part in parts {
        for output in part.outputs.drain(..) {
            match outputs.get_mut(&output.place.cluster) {
                Some(of_cluster) => of_cluster.push(output),
                None => {
                    outputs.insert(output.place.cluster.clone(), vec![output]);
                }
            }
        }
        told.add(part);
    }
    if templates.has_late(world.fleet.drift.report.is_some()) {
        told.add(late::add(&facts, world, templates, also_read, &mut outputs));
    }
    let outputs: Vec<Mutex<Vec<Output>>> = outputs.into_values().map(Mutex::new).collect();
    let gathered = parallel::map(&outputs, |outputs| {
        let mut outputs = outputs.lock().unwrap_or_else(PoisonError::into_inner);
        let per_service = world.fleet.gitops.file_per_service;
        gather::gather(std::mem::take(&mut outputs), &existing, per_service)
    });
    let (mut files, mut unchecked, mut cel) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
    let mut twice: BTreeMap<(String, String), (Fault, String, usize)> = BTreeMap::new();
    for of_cluster in gathered {
        files.extend(of_cluster.files);
        told.diagnostics.extend(of_cluster.diagnostics);
        told.found.extend(of_cluster.found);
        unchecked.extend(of_cluster.unchecked);
        cel.extend(of_cluster.cel);
        for (first, second, note) in of_cluster.twice {
            let key = (first, second.template.clone());
            let known = twice.entry(key).and_modify(|(.., more)| *more += 1);
            known.or_insert((second, note, 0));
        }
    }
    let silent = told.tell(world, templates, twice, sink);
    silence::tell(world, &silent, sink);
    let mut files: BTreeMap<_, _> = files.into_iter().collect();
    if templates.has_papers(&world.fleet.platform) {
        let mut papers = Papers::new(templates, &mut files);
        for unit in facts.units() {
            facts.scenes(unit, &mut |scene| papers.add(&facts.for_papers(scene)));
        }
        papers.tell(sink);
    }
    sink.since(before).map(|()| ManifestSet {
        files,
        unchecked,
        cel,
    })
}

/// What units render to.
#[derive(Default)]
pub(super) struct Told {
    pub(super) outputs: Vec<Output>,
    /// Faults, and what was being rendered.
    faults: Vec<(Fault, Arc<Place>)>,
    /// What is wrong with objects.
    found: Vec<Found>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The overlays that an object matched.
    matched: BTreeSet<usize>,
    /// Stores that no template applied to.
    silent: Vec<(StoreKey, Option<Lack>, ClusterName)>,
}

type FaultKey = (String, Option<u32>, String);

impl Told {
    pub(super) fn add(&mut self, other: Self) {
        self.faults.extend(other.faults);
        self.found.extend(other.found);
        self.diagnostics.extend(other.diagnostics);
        self.matched.extend(other.matched);
        self.silent.extend(other.silent);
    }

    /// Emits everything, what is the same once; returns the stores that nothing is rendered for.
    fn tell(
        self,
        world: &World,
        templates: &Templates,
        twice: BTreeMap<(String, String), (Fault, String, usize)>,
        sink: &mut Sink,
    ) -> Silent {
        let mut patches: BTreeMap<Span, (Diagnostic, usize)> = BTreeMap::new();
        for diagnostic in self.diagnostics {
            match diagnostic.place() {
                // One patch that fails on the objects of several clusters is one mistake.
                Some(place) if diagnostic.code == Code::Overlay => {
                    let known = patches.entry(place).and_modify(|(_, more)| *more += 1);
                    known.or_insert((diagnostic, 0));
                }
                _ => sink.emit(diagnostic),
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
        let mut faults: BTreeMap<FaultKey, (Fault, Arc<Place>, usize)> = BTreeMap::new();
        for (fault, place) in self.faults {
            let key = (fault.template.clone(), fault.line, fault.message.clone());
            let known = faults.entry(key).and_modify(|f| f.2 += 1);
            known.or_insert((fault, place, 0));
        }
        for (fault, place, more) in faults.into_values() {
            let more = match more {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let note = format!("while rendering {}{more}", place.context);
            sink.emit(templates.diagnostic(&fault).note(note));
        }
        check::tell(self.found, world, templates, sink);
        for (index, patch) in world.overlays.iter().enumerate() {
            if !self.matched.contains(&index) {
                sink.emit(overlay::unmatched(patch));
            }
        }
        let mut silent = Silent::new();
        for (store, lack, cluster) in self.silent {
            let known = silent.entry(store).or_insert((lack, Vec::new()));
            known.1.push(cluster);
        }
        silent
    }
}

/// How many outcomes of one template are looked through.
const KNOWN: usize = 16;

/// The objects of a template; `None`: it did not apply.
type Objects = Option<Arc<[Arc<Cooked>]>>;

/// What a template yielded, as long as it sees the same.
struct Known {
    seen: Seen,
    place: Arc<Place>,
    marks: Arc<Marks>,
    objects: Objects,
}

/// One unit on its way.
pub(super) struct Part<'a> {
    world: &'a World,
    templates: &'a Templates,
    /// What the templates of the unit yielded so far.
    known: BTreeMap<&'a str, Vec<Known>>,
    pub(super) told: Told,
}

impl<'a> Part<'a> {
    pub(super) fn new(world: &'a World, templates: &'a Templates) -> Self {
        Self {
            world,
            templates,
            known: BTreeMap::new(),
            told: Told::default(),
        }
    }

    /// Renders the templates of one scope instance.
    fn scene(&mut self, scene: &Scene) {
        let applied = self.apply(self.templates.of(scene.scope), scene);
        if let (Some(store), Some(cluster), false) = (&scene.store, &scene.place.cluster, applied) {
            let lack = scene.lack.clone();
            self.told
                .silent
                .push((store.clone(), lack, cluster.clone()));
        }
    }

    /// Renders templates for a scene; whether any applied.
    pub(super) fn apply(
        &mut self,
        entries: impl Iterator<Item = &'a Entry>,
        scene: &Scene,
    ) -> bool {
        let mut applied = false;
        for entry in entries {
            let objects = match self.seen_before(entry, scene) {
                Some(objects) => objects,
                None => match self.cook(entry, scene) {
                    Ok(objects) => objects,
                    Err(faults) => {
                        applied = true;
                        let faults = faults.into_iter().map(|f| (f, Arc::clone(&scene.place)));
                        self.told.faults.extend(faults);
                        continue;
                    }
                },
            };
            applied |= objects.is_some();
            for object in objects.iter().flat_map(|o| o.iter()) {
                self.serve(object, scene);
            }
        }
        applied
    }

    /// What a template yielded in another cluster, where it would see the same here.
    fn seen_before(&self, entry: &Entry, scene: &Scene) -> Option<Objects> {
        let to = scene.place.cluster.as_ref()?;
        let known = self.known.get(&*entry.path)?;
        let same = known.iter().find(|known| {
            let from = known.place.cluster.as_ref().unwrap_or(to);
            known.place.kubernetes == scene.place.kubernetes
                && known.marks == scene.marks
                && known.seen.holds(&scene.root, from, to)
        })?;
        Some(same.objects.clone())
    }

    /// Runs a template and makes its objects.
    fn cook(&mut self, entry: &'a Entry, scene: &Scene) -> Result<Objects, Vec<Fault>> {
        seen::forget();
        let context = Context::new(scene.root.clone());
        let objects = match self.templates.render(entry, &context)? {
            None => None,
            Some((rendered, shape)) => {
                let slots: Arc<[_]> = rendered.slots.into();
                let (mut objects, mut faults) = (Vec::new(), Vec::new());
                for document in 0..shape.documents.len() {
                    let types = self.templates.types();
                    match Cooked::new(entry, scene, (&shape, document), &slots, types) {
                        Ok(object) => objects.push(Arc::new(object)),
                        Err(fault) => faults.push(entry.fault(fault)),
                    }
                }
                if !faults.is_empty() {
                    return Err(faults);
                }
                Some(objects.into())
            }
        };
        let known = self.known.entry(&entry.path).or_default();
        if known.len() == KNOWN {
            known.remove(0);
        }
        known.push(Known {
            seen: seen::take(),
            place: Arc::clone(&scene.place),
            marks: Arc::clone(&scene.marks),
            objects: objects.clone(),
        });
        Ok(objects)
    }

    /// Puts an object into its cluster, patched where overlays say so.
    fn serve(&mut self, object: &Arc<Cooked>, scene: &Scene) {
        let place = &scene.place;
        let service = scene.service.as_deref();
        let overlays = overlay::matching(self.world, &object.id, place, service);
        if overlays.is_empty() {
            if !object.faults.is_empty() {
                let origins = object.make(place.cluster.as_ref()).origins;
                let faults = object.faults.iter().cloned();
                let found = faults.map(|fault| Found::new(object, place, &origins, fault));
                self.told.found.extend(found);
            }
            let recipe: Arc<dyn Recipe> = Arc::<Cooked>::clone(object);
            return self.told.outputs.push(Output {
                text: object.text(place),
                links: Arc::clone(&object.links),
                object: Arc::clone(object),
                place: Arc::clone(place),
                recipe,
            });
        }
        let mut draft = object.draft(place);
        let patches = overlays.iter().map(|index| &self.world.overlays[*index]);
        overlay::apply(patches, &mut draft, &mut self.told.diagnostics);
        self.told.matched.extend(overlays);
        let Draft { body, origins, .. } = draft;
        let faults = object.check(place, &body, self.templates.types());
        let found = faults.into_iter();
        let found = found.map(|fault| Found::new(object, place, &origins, fault));
        self.told.found.extend(found);
        self.told.outputs.push(Output {
            text: emit::document(&body).into(),
            links: Arc::new(Links::of(&object.id, &body)),
            object: Arc::clone(object),
            place: Arc::clone(place),
            recipe: Arc::new(Made { body, origins }),
        });
    }
}
