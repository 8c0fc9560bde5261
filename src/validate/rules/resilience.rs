//! Timeouts and retries: nobody still tries when its own caller has given up.

use std::collections::BTreeMap;

use super::lookup::fault;
use crate::diag::{Code, Diagnostic, Sink, Span, Spanned};
use crate::model::duration::Duration;
use crate::model::name::{Environment, ServiceName};
use crate::model::world::{Call, Service};
use crate::validate::Facts;

/// A call with the time that its caller gives each try of it.
struct Wait<'a> {
    caller: &'a Service,
    callee: &'a ServiceName,
    one_try: Spanned<Duration>,
    retries: u32,
}

impl<'a> Wait<'a> {
    /// `None` where nobody says how long: what a client library does by itself is not known.
    fn of(caller: &'a Service, call: &'a Call) -> Option<Self> {
        Some(Self {
            caller,
            callee: &call.service.value,
            one_try: call.timeout.or(caller.resilience.timeout)?,
            retries: caller.resilience.retries.map_or(0, |r| r.value),
        })
    }

    /// All tries, one after the other; the pauses between them come on top.
    fn all_tries(&self) -> Duration {
        let tries = u64::from(self.retries) + 1;
        Duration::millis(self.one_try.value.as_millis().saturating_mul(tries))
    }

    /// Where the length of all tries is decided.
    fn place(&self) -> Span {
        let retries = self.caller.resilience.retries.filter(|r| r.value > 0);
        retries.map_or(self.one_try.span, |r| r.span)
    }
}

/// All tries of a call fit into the time that its caller's own callers wait. Calls that degrade
/// count too: an answer with less comes too late as well.
pub(super) fn retries(facts: &Facts<'_>, sink: &mut Sink) {
    let mut waits: BTreeMap<(&Environment, &ServiceName), Wait<'_>> = BTreeMap::new();
    let services = || facts.world.services.values();
    // For each service: its caller that waits least for it.
    for service in services() {
        for wait in service.calls.iter().filter_map(|c| Wait::of(service, c)) {
            let key = (&service.environment, wait.callee);
            let shorter = waits
                .get(&key)
                .is_none_or(|w| wait.one_try.value < w.one_try.value);
            if shorter {
                waits.insert(key, wait);
            }
        }
    }
    // A default that many services inherit is one place, and one fault.
    let mut found: BTreeMap<Span, (Diagnostic, u64, Vec<&ServiceName>)> = BTreeMap::new();
    for service in services() {
        let Some(caller) = waits.get(&(&service.environment, &service.name.value)) else {
            continue;
        };
        let calls = service.calls.iter().filter_map(|c| Wait::of(service, c));
        let Some(longest) = calls.reduce(|a, b| if b.all_tries() > a.all_tries() { b } else { a })
        else {
            continue;
        };
        let patience = caller.one_try.value.as_millis();
        let over = longest.all_tries().as_millis().saturating_sub(patience);
        if over == 0 {
            continue;
        }
        let place = longest.place();
        let name = &service.name.value;
        match found.get_mut(&place) {
            Some((worst, most, others)) => {
                if over > *most {
                    *worst = told(&longest, caller);
                    *most = over;
                }
                others.push(name);
            }
            None => {
                found.insert(place, (told(&longest, caller), over, vec![name]));
            }
        }
    }
    for (diagnostic, _, services) in found.into_values() {
        sink.emit(match services.as_slice() {
            [_] => diagnostic,
            many => diagnostic.note(format!(
                "the same setting decides this for {} services",
                many.len()
            )),
        });
    }
}

fn told(longest: &Wait<'_>, caller: &Wait<'_>) -> Diagnostic {
    let (name, callee) = (&longest.caller.name.value, longest.callee);
    let (all, patience) = (longest.all_tries(), caller.one_try.value);
    let above = &caller.caller.name.value;
    let one = longest.one_try.value;
    let tries = u64::from(longest.retries) + 1;
    let how = match tries {
        1 => String::new(),
        n => format!(", {n} tries of {one}"),
    };
    let mut diagnostic = fault(
        Code::RetryTimeout,
        format!("`{name}` may wait {all} for `{callee}`{how}, and its caller `{above}` gives up after {patience}"),
        longest.place(),
    )
    .see(caller.one_try.span, format!("`{above}` waits so long"));
    if longest.place() != longest.one_try.span {
        diagnostic = diagnostic.see(longest.one_try.span, "each try");
    }
    if caller.retries > 0 {
        let calls = tries.saturating_mul(u64::from(caller.retries) + 1);
        diagnostic = diagnostic.note(format!(
            "`{above}` tries again too: one request to it may become {calls} calls of `{callee}`"
        ));
    }
    let patience = patience.as_millis();
    let mut remedies = Vec::new();
    if tries > 1 && one.as_millis() <= patience {
        let fit = patience / one.as_millis().max(1) - 1;
        remedies.push(format!("lower `retries` of `{name}` to {fit}"));
    }
    let fit = Duration::millis(patience / tries);
    if fit.as_millis() > 0 {
        remedies.push(format!("let each try of `{callee}` take at most {fit}"));
    }
    remedies.push(format!("let `{above}` wait {all} for `{name}`"));
    diagnostic.help(remedies.join(", or "))
}
