//! Texts to checked and typed documents.

use serde::de::DeserializeOwned;

use crate::diag::{Code, Diagnostic, Sink, SourceId, Sources, Span};
use crate::model::name::{ClusterName, RegionName};
use crate::model::origin::{Layer, Origins, Subject};
use crate::model::raw::{self, Overlay, OverlayDocument, ServiceEntry};
use crate::yaml::{Node, Value, parse};

use super::check::{self, Faults};
use super::decode::decode;
use super::files::Role;
use super::layers::Layers;
use super::merge::Touches;
use super::shape;

/// The trees of a fleet's files, by role and path.
pub(super) struct Documents {
    fleet: Option<Node>,
    regions: Vec<(String, Node)>,
    services: Vec<(String, Node)>,
    overlays: Vec<(raw::Folder, String, Node)>,
}

impl Documents {
    /// Parses all files that have a role.
    pub(super) fn read(texts: Vec<(Role, SourceId)>, sources: &Sources, sink: &mut Sink) -> Self {
        let mut all = Self {
            fleet: None,
            regions: Vec::new(),
            services: Vec::new(),
            overlays: Vec::new(),
        };
        for (role, source) in texts {
            if role == Role::Other {
                continue;
            }
            let Ok(documents) = parse(sources, source, sink) else {
                continue;
            };
            match role {
                Role::Fleet => all.fleet = single(documents, source, "fleet", sink),
                Role::Region(file) => all
                    .regions
                    .extend(single(documents, source, "region", sink).map(|n| (file, n))),
                Role::Service(file) => all
                    .services
                    .extend(single(documents, source, "service", sink).map(|n| (file, n))),
                Role::Overlay(folder, file) => all
                    .overlays
                    .extend(documents.into_iter().map(|n| (folder, file.clone(), n))),
                Role::Other => {}
            }
        }
        all
    }

    /// `regen.yaml`, checked and typed.
    pub(super) fn fleet(
        &self,
        sources: &Sources,
        origins: &mut Origins,
        sink: &mut Sink,
    ) -> Option<raw::Fleet> {
        let node = self.fleet.as_ref()?;
        let before = sink.errors();
        check::document(node, shape::fleet(), Faults::All, sink);
        record(node, &Subject::Fleet, sources, origins);
        typed(node, before, sink)
    }

    /// The regions, checked and typed.
    pub(super) fn regions(
        &self,
        sources: &Sources,
        origins: &mut Origins,
        sink: &mut Sink,
    ) -> Vec<raw::Region> {
        let mut regions = Vec::new();
        for (file, node) in &self.regions {
            let before = sink.errors();
            check::document(node, shape::region(), Faults::All, sink);
            named_after(node, "region", file, sink);
            record_region(node, sources, origins);
            regions.extend(typed::<raw::Region>(node, before, sink));
        }
        regions
    }

    /// The services, each once per environment, with all layers merged; decoded only where the
    /// layers of the fleet are sound.
    pub(super) fn services(
        &self,
        fleet_is_sound: bool,
        sources: &Sources,
        origins: &mut Origins,
        sink: &mut Sink,
    ) -> Vec<ServiceEntry> {
        let layers = Layers::new(self.fleet.as_ref(), fleet_is_sound);
        let mut entries = Vec::new();
        for (file, node) in &self.services {
            let before = sink.errors();
            check::document(node, shape::service(), Faults::Written, sink);
            named_after(node, "service", file, sink);
            // What the layers hold wrongly was told already; nothing is decoded on top of it.
            let sound = fleet_is_sound && sink.errors() == before;
            entries.extend(layers.apply(node, sound, sources, origins, sink));
        }
        entries
    }

    /// The overlays, checked and typed.
    pub(super) fn overlays(&self, sink: &mut Sink) -> Vec<Overlay> {
        let mut overlays = Vec::new();
        for (folder, file, node) in &self.overlays {
            let before = sink.errors();
            check::document(node, shape::overlay(), Faults::All, sink);
            overlays.extend(
                typed::<OverlayDocument>(node, before, sink).map(|document| Overlay {
                    folder: *folder,
                    file: file.clone(),
                    span: node.span,
                    document,
                }),
            );
        }
        overlays
    }
}

/// Decodes a tree in which no fault was found since `before`.
pub(super) fn typed<T: DeserializeOwned>(node: &Node, before: usize, sink: &mut Sink) -> Option<T> {
    if sink.errors() > before {
        return None;
    }
    match decode(node) {
        Ok(value) => Some(value),
        Err(error) => {
            let span = error.span.unwrap_or(node.span);
            sink.emit(
                Diagnostic::new(Code::InvalidValue, error.message)
                    .at(span, "")
                    .help("`regen schema` prints what may stand here"),
            );
            None
        }
    }
}

fn single(documents: Vec<Node>, source: SourceId, what: &str, sink: &mut Sink) -> Option<Node> {
    let mut documents = documents.into_iter();
    let Some(first) = documents.next() else {
        sink.emit(
            Diagnostic::new(Code::MissingField, format!("the {what}'s file is empty"))
                .at(Span::new(source, 0, 0), "")
                .help(format!("begin with `{what}: <name>`")),
        );
        return None;
    };
    if let Some(second) = documents.next() {
        sink.emit(
            Diagnostic::new(Code::WrongType, "the file holds several documents")
                .at(
                    Span::new(
                        source,
                        second.span.start as usize,
                        second.span.start as usize,
                    ),
                    "",
                )
                .help(format!("keep one {what} per file, without `---` between")),
        );
    }
    Some(first)
}

fn named_after(node: &Node, field: &str, file: &str, sink: &mut Sink) {
    let Some(name) = node.get(field) else { return };
    if let Value::Scalar(text, _) = &name.value
        && text != file
        && !text.is_empty()
    {
        sink.emit(
            Diagnostic::new(
                Code::FileName,
                format!("the {field} `{text}` stands in a file named `{file}`"),
            )
            .at(name.span, "")
            .help(format!(
                "rename the file to `{text}.yaml`, or the {field} to `{file}`"
            )),
        );
    }
}

fn record(node: &Node, subject: &Subject, sources: &Sources, origins: &mut Origins) {
    let mut touches = Touches::default();
    touches.record(node, "", &Layer::Own, sources);
    touches.into_origins(subject, origins);
}

fn record_region(node: &Node, sources: &Sources, origins: &mut Origins) {
    let text = |node: &Node, field: &str| match node.get(field).map(|n| &n.value) {
        Some(Value::Scalar(text, _)) => Some(text.clone()),
        _ => None,
    };
    if let Some(name) = text(node, "region") {
        record(
            node,
            &Subject::Region(RegionName::new(name)),
            sources,
            origins,
        );
    }
    if let Some(Value::List(clusters)) = node.get("clusters").map(|n| &n.value) {
        for cluster in clusters {
            if let Some(name) = text(cluster, "name") {
                record(
                    cluster,
                    &Subject::Cluster(ClusterName::new(name)),
                    sources,
                    origins,
                );
            }
        }
    }
}
