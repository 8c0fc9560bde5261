//! Round trips and the latency formulas of replication schemes.
//!
//! Turns the inventory and the fleet's own measurements into one matrix: the fleet's
//! `network/rtt.csv` over the atlas's measurements over an estimate that is marked as one. Direction
//! counts; what is measured is not repaired, whatever the triangles say.

mod differences;
mod distance;
mod ends;
mod estimate;
mod file;
mod formula;
mod measured;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::atlas;
use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources};
use crate::model::name::RegionName;
use crate::model::rtt::{Measurement, RoundTrips, RttSource};
use crate::model::world::{Estimate, NetworkSettings, Region};

pub use differences::differences;
pub use distance::distance_m;
pub use estimate::{estimate, user_leg};
pub use formula::{COMMIT_WAIT, Commit, commit, each_quorum, one_way, quorum, quorum_across};
pub use measured::{measured, overlay};

/// The round trips between all pairs of regions. Where nobody measured, the pair is estimated, or
/// absent where `network.estimate` refuses to guess; a region's own round trip never is estimated.
///
/// # Errors
/// When the file is malformed.
pub fn round_trips(
    regions: &BTreeMap<RegionName, Region>,
    settings: &NetworkSettings,
    csv: Option<(SourceId, &Sources)>,
    sink: &mut Sink,
) -> Result<RoundTrips, Rejected> {
    let before = sink.errors();
    let mut matrix = RoundTrips::default();
    if let Some((source, sources)) = csv {
        file::read(source, sources, regions, &mut matrix, sink);
    }
    let mut estimated = Vec::new();
    for (from_name, from) in regions {
        for (to_name, to) in regions {
            if matrix.get(from_name, to_name).is_some() {
                continue;
            }
            let measured = match (from.provider, to.provider) {
                (Some(a), Some(b)) if a == b => {
                    atlas::round_trip(a, from_name.as_str(), to_name.as_str())
                }
                _ => None,
            };
            let (p50, source) = match measured {
                Some(p50) => (p50, RttSource::Atlas),
                // Inside a region the matrix's own diagonal counts, and nothing where it has none.
                None if from_name == to_name || settings.estimate == Estimate::Refuse => continue,
                None => {
                    estimated.push((from_name, to_name));
                    let guess = estimate(from.coordinates, to.coordinates);
                    (guess, RttSource::Estimated)
                }
            };
            let measurement = Measurement {
                p50,
                p99: None,
                source,
            };
            matrix.insert(from_name, to_name, measurement);
        }
    }
    if let Some((from, to)) = estimated.first() {
        sink.emit(say_estimated(from, to, estimated.len(), regions));
    }
    sink.since(before)?;
    Ok(matrix)
}

fn say_estimated(
    from: &RegionName,
    to: &RegionName,
    count: usize,
    regions: &BTreeMap<RegionName, Region>,
) -> Diagnostic {
    let others = match count {
        1 => String::new(),
        2 => " and of one other pair".to_owned(),
        n => format!(" and of {} other pairs", n - 1),
    };
    let said = Diagnostic::new(
        Code::RoundTripEstimated,
        format!("the round trip from `{from}` to `{to}`{others} is estimated from the distance"),
    )
    .help("measure it into `network/rtt.csv`");
    match regions.get(from) {
        Some(region) => said.at(region.name.span, "measured from here by nobody"),
        None => said,
    }
}
