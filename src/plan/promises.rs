//! What a store promises its readers, against what its engine can give.

use crate::diag::{Code, Diagnostic, Sink};
use crate::engine::{self, Lost};
use crate::model::engine::Consistency;
use crate::model::rtt::Rtt;
use crate::model::world::Store;

use super::words;

/// Warns when a strong store may lose writes. `None`: its engine cannot give the class at all.
pub(super) fn class(store: &Store, replicas: usize, sink: &mut Sink) -> Option<()> {
    let (name, wanted) = (&store.name.value, store.consistency.value);
    let class = engine::way(store)?;
    // A class that nobody wrote is the default, and stands where the name does.
    let written = store.consistency.span != store.name.span;
    let needed = match (class.consistency, class.region.map(|loss| loss.lost)) {
        (Consistency::Strong, Some(Lost::UnlessSynchronous(k))) => k,
        _ => 0,
    };
    if written && replicas > 0 && store.synchronous < needed {
        let loses = Diagnostic::new(
            Code::StrongLosesWrites,
            format!("store `{name}` is `{wanted}`, but the loss of its leader's region may lose acknowledged writes"),
        )
        .at(store.consistency.span, "replication is asynchronous")
        .help(format!("set `synchronous: {}`; the plan then adds the round trip to each write", needed));
        sink.emit(loses);
    }
    Some(())
}

/// Refuses a bound on staleness below what the light needs to the farthest replica.
pub(super) fn staleness(
    store: &Store,
    leader: &str,
    farthest: Option<Rtt>,
    sink: &mut Sink,
) -> Option<()> {
    let (Some(bound), Some(farthest)) = (&store.staleness, farthest) else {
        return Some(());
    };
    let floor = engine::way(store).and_then(|way| engine::staleness_floor(way, farthest));
    let floor = floor.map_or(0, Rtt::as_micros);
    if store.consistency.value != Consistency::BoundedStaleness
        || bound.value.as_millis().saturating_mul(1000) >= floor
    {
        return Some(());
    }
    let below = Diagnostic::new(
        Code::StalenessFloor,
        format!(
            "store `{}` bounds staleness to {}, below the floor of {}",
            store.name.value,
            bound.value,
            words::ms(floor)
        ),
    )
    .at(bound.span, "")
    .note(format!(
        "half the round trip from `{leader}` to the farthest replica, before it is applied"
    ))
    .help(format!("raise the bound above {}ms", floor.div_ceil(1000)));
    sink.emit(below);
    None
}
