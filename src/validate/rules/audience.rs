//! Audiences weigh something, and percentages add up to a whole.

use super::lookup::fault;
use crate::diag::{Code, Sink};
use crate::model::raw::Audience;
use crate::validate::Facts;

/// No weight is zero, weights and percentages are not mixed, and percentages are at most a whole.
pub(super) fn weights(facts: &Facts<'_>, sink: &mut Sink) {
    check(&facts.raw.fleet.audience, sink);
    for entry in &facts.raw.services {
        check(&entry.service.audience, sink);
    }
}

fn check(audience: &Audience, sink: &mut Sink) {
    for (name, weight) in audience {
        if weight.value.micro == 0 {
            sink.emit(
                fault(
                    Code::AudienceWeight,
                    format!("`{}` weighs nothing", name.value),
                    weight.span,
                )
                .help("write more than 0, or leave it out"),
            );
        }
    }
    let percents = audience.iter().filter(|(_, w)| w.value.percent).count();
    let total: u64 = audience.iter().map(|(_, w)| w.value.micro).sum();
    let Some((_, last)) = audience.0.last() else {
        return;
    };
    if percents > 0 && percents < audience.0.len() {
        sink.emit(
            fault(
                Code::AudienceWeight,
                "weights and percentages are mixed".to_owned(),
                last.span,
            )
            .help("write all of them with `%`, or none"),
        );
    } else if percents > 0 && total > 100_000_000 {
        let whole = total / 1_000_000;
        sink.emit(
            fault(
                Code::AudienceWeight,
                format!("the percentages add up to {whole}%"),
                last.span,
            )
            .help("make them add up to 100%, or write weights without `%`"),
        );
    }
}
