//! Voters, standbys and access of stores: numbers that can be.

use super::lookup::fault;
use crate::diag::{Code, Sink};
use crate::model::raw::{Store, Synchronous};
use crate::validate::Facts;

/// Every store has a number of voters that decides, standbys that exist, and an access that weighs
/// something; every bound class names an area.
pub(super) fn replicas(facts: &Facts<'_>, sink: &mut Sink) {
    for (name, class) in &facts.raw.fleet.data_classes {
        if let Some(bound) = class.residency.as_ref().filter(|r| r.value.0.is_empty()) {
            let message = format!("data class `{}` may be nowhere", name.value);
            let fault = fault(Code::InvalidValue, message, bound.span);
            sink.emit(fault.help("name an area, such as `[EU]`, or leave `residency` out"));
        }
    }
    let stores = facts.raw.services.iter().flat_map(|e| &e.service.stores);
    for store in stores {
        voters(&store.value, sink);
        synchronous(&store.value, sink);
        access(&store.value, sink);
    }
}

fn voters(store: &Store, sink: &mut Sink) {
    let count = store.voters.as_ref().and_then(|v| v.value.count);
    if let Some(count) = count.filter(|c| ![3, 5].contains(&c.value)) {
        let message = format!("a store cannot have {} voters", count.value);
        let fault = fault(Code::InvalidValue, message, count.span);
        sink.emit(fault.help("write 3 or 5: an even number survives no more than one fewer"));
    }
}

fn synchronous(store: &Store, sink: &mut Sink) {
    let Some(written) = &store.synchronous else {
        return;
    };
    let Synchronous::Long(long) = &written.value else {
        return;
    };
    let count = match (long.any, long.first) {
        (Some(count), None) | (None, Some(count)) => count,
        _ => {
            let message = "a write waits for `any` or for the `first` of its standbys".to_owned();
            let fault = fault(Code::InvalidValue, message, written.span);
            sink.emit(fault.help("write one of them, such as `{first: 1, of: [eu-west-1]}`"));
            return;
        }
    };
    if !long.of.is_empty() && long.of.len() < count.value.0 as usize {
        let message = format!(
            "a write cannot wait for {} of {}",
            count.value.0,
            long.of.len()
        );
        let fault = fault(Code::InvalidValue, message, count.span);
        sink.emit(fault.help("lower it, or name more regions under `of`"));
    }
}

fn access(store: &Store, sink: &mut Sink) {
    let Some(access) = &store.access else { return };
    let share = |s: &Option<crate::diag::Spanned<crate::model::ratio::Share>>| {
        s.as_ref().map(|s| s.value.as_ppm())
    };
    if (share(&access.value.reads), share(&access.value.writes)) == (Some(0), Some(0)) {
        let message = format!("store `{}` is neither read nor written", store.name.value);
        let fault = fault(Code::InvalidValue, message, access.span);
        sink.emit(fault.help("write shares that add up to something, such as `reads: 90%`"));
    }
}
