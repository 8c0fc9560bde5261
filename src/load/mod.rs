//! Text to located values, layer by layer.
//!
//! ```text
//! files -> roles -> trees -> shape checked -> layers merged -> typed values with places
//! ```
//!
//! Every fault of every file is gathered before the stage stops.

mod check;
mod decode;
mod describe;
mod documents;
mod files;
mod kubernetes;
mod layers;
mod merge;
mod misfit;
pub mod schema;
mod shape;
mod words;

pub use describe::{describe, fields};

use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources};
use crate::model::input::{Content, InputFile};
use crate::model::origin::Origins;
use crate::model::raw::{Fleet, Raw};

use documents::Documents;

/// Where measured round trips are looked for when `network.rtt` does not say.
pub const ROUND_TRIPS: &str = "network/rtt.csv";

/// Reads all files of a fleet; the result is well-formed, and not yet known to make sense.
pub fn load(files: &[InputFile], sources: &Sources, sink: &mut Sink) -> Result<Raw, Rejected> {
    let before = sink.errors();
    let sorted = files::sort(files, sources, sink);
    let documents = Documents::read(sorted, sources, sink);
    let mut origins = Origins::default();
    let fleet = documents.fleet(sources, &mut origins, sink);
    let regions = documents.regions(sources, &mut origins, sink);
    let services = documents.services(fleet.is_some(), sources, &mut origins, sink);
    let overlays = documents.overlays(sink);
    sink.since(before)?;
    let Some(fleet) = fleet else {
        return Err(sink.reject(
            Diagnostic::new(Code::MissingField, "there is no `regen.yaml`")
                .help("start with `regen init`, or name the fleet's directory with `-C`"),
        ));
    };
    let rtt_file = round_trips(&fleet, files, sink);
    sink.since(before)?;
    Ok(Raw {
        fleet,
        regions,
        services,
        overlays,
        rtt_file,
        origins,
    })
}

/// The text that `network.rtt` names, or the usual one where there is one.
fn round_trips(fleet: &Fleet, files: &[InputFile], sink: &mut Sink) -> Option<SourceId> {
    let named = fleet.network.as_ref().and_then(|n| n.rtt.as_ref());
    let path = named.map_or(ROUND_TRIPS, |p| p.value.trim_start_matches("./"));
    let found = files.iter().find(|f| f.path == path);
    match (found.map(|f| &f.content), named) {
        (Some(Content::Text(source)), _) => Some(*source),
        (None, Some(named)) if path != ROUND_TRIPS => {
            sink.emit(
                Diagnostic::new(Code::MissingFile, format!("there is no `{path}`"))
                    .at(named.span, "")
                    .help(match path.starts_with("network/") {
                        true => "write the path relative to `regen.yaml`, or leave it out",
                        false => "put the file below `network/`, where a fleet's round trips are read, and write its path relative to `regen.yaml`",
                    }),
            );
            None
        }
        _ => None,
    }
}
