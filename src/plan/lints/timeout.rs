//! Calls that give up before an answer could be back.

use crate::diag::{Code, Diagnostic, Sink};

use super::View;
use crate::plan::words;

/// The time that a call is given is below the round trip to the nearest region of its callee.
pub(super) fn too_short(view: &View<'_>, sink: &mut Sink) {
    for placed in view.placed {
        for call in &placed.service.calls {
            let Some(patience) = call.timeout.or(placed.service.resilience.timeout) else {
                continue;
            };
            let Some(callee) = view.callee(placed, call) else {
                continue;
            };
            let hops = placed.chosen.serving.iter().filter_map(|&from| {
                let to = view.ground.nearest(from, &callee.chosen.serving)?;
                let known = from != to && view.known(from, to);
                known.then(|| (view.ground.costs[from][to], std::cmp::Reverse(from), to))
            });
            let Some((micros, std::cmp::Reverse(from), to)) = hops.max() else {
                continue;
            };
            if micros <= patience.value.as_millis().saturating_mul(1000) {
                continue;
            }
            let (name, service) = (&placed.service.name.value, &call.service.value);
            let (from, to) = (view.ground.names[from], view.ground.names[to]);
            let then = match call.degrade {
                true => "always degrades",
                false => "always fails",
            };
            let fits = micros.div_ceil(1000);
            let diagnostic = Diagnostic::new(
                Code::CallTimeout,
                format!(
                    "`{name}` in {from} gives `{service}` {}, and the round trip to {to} alone takes {}: the call {then}",
                    patience.value,
                    words::ms(micros)
                ),
            )
            .at(patience.span, "")
            .see(call.service.span, "the call")
            .help(format!(
                "wait longer than {fits}ms, or place `{service}` in `{from}` too"
            ));
            sink.emit(diagnostic);
        }
    }
}
