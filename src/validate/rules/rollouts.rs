//! How new versions come in: by steps that lead to the whole, or beside the old one.

use super::lookup::{fault, services};
use crate::diag::{Code, Sink};
use crate::model::raw::{self, Strategy};
use crate::model::world::WorkloadKind;
use crate::validate::Facts;

/// A canary grows; blue-green has no steps; nothing else has either.
pub(super) fn rollouts(facts: &Facts<'_>, sink: &mut Sink) {
    for (entry, service) in services(facts) {
        let Some(rollout) = &entry.service.workload.rollout else {
            continue;
        };
        let kind = service.workload.kind;
        if kind != WorkloadKind::Rollout {
            let message = format!("a {} has no rollout", kind.name());
            sink.emit(
                fault(Code::RolloutSteps, message, rollout.span)
                    .help("leave it out, or write `kind: Rollout`"),
            );
            continue;
        }
        let written = &rollout.value;
        match written.strategy.value {
            Strategy::Canary => {
                if let Some(promotion) = &written.promotion {
                    let message = "a canary is promoted by its steps".to_owned();
                    sink.emit(fault(Code::RolloutSteps, message, promotion.span).help(
                        "leave `promotion` out; a step without a `pause` waits for a person",
                    ));
                }
            }
            Strategy::BlueGreen => {
                if let Some(step) = written.steps.first() {
                    let message = "blue-green has no steps".to_owned();
                    sink.emit(
                        fault(Code::RolloutSteps, message, step.span)
                            .help("leave them out, or write `strategy: canary`"),
                    );
                }
            }
        }
        steps(written, sink);
    }
}

/// Each takes more pods than the one before, in whole percent.
fn steps(written: &raw::Rollout, sink: &mut Sink) {
    let mut last = 0;
    for step in &written.steps {
        let weight = step.value.weight;
        let share = weight.value.as_ppm();
        if share % 10_000 != 0 || !(1..=99).contains(&(share / 10_000)) {
            let message = format!(
                "a step of {} is no whole percent of some pods",
                weight.value
            );
            sink.emit(
                fault(Code::RolloutSteps, message, weight.span)
                    .help("write 1% to 99%; the whole follows the last step by itself"),
            );
        } else if share <= last {
            let message = format!("a step of {} does not grow", weight.value);
            sink.emit(
                fault(Code::RolloutSteps, message, weight.span)
                    .help("let each step take more pods than the one before"),
            );
        }
        last = last.max(share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Sources, Span, Spanned};
    use crate::model::ratio::Share;

    #[test]
    fn steps_grow_by_whole_percents() {
        let source = Sources::new().add("a.yaml", "");
        let span = Span::new(source, 0, 0);
        let told = |weights: &[u32]| {
            let steps = weights.iter().map(|tenths| {
                let weight = Spanned::new(Share::ppm(tenths * 1000), span);
                Spanned::new(
                    raw::RolloutStep {
                        weight,
                        pause: None,
                    },
                    span,
                )
            });
            let rollout = raw::Rollout {
                strategy: Spanned::new(Strategy::Canary, span),
                steps: steps.collect(),
                promotion: None,
            };
            let mut sink = Sink::new();
            super::steps(&rollout, &mut sink);
            let all = sink.into_sorted().into_iter();
            all.map(|d| d.message).collect::<Vec<_>>()
        };
        assert!(told(&[10, 500, 990]).is_empty());
        assert_eq!(told(&[100, 100]), ["a step of 10% does not grow"]);
        assert_eq!(
            told(&[15]),
            ["a step of 1.5% is no whole percent of some pods"]
        );
        assert_eq!(
            told(&[0]),
            ["a step of 0% is no whole percent of some pods"]
        );
        assert_eq!(
            told(&[1000]),
            ["a step of 100% is no whole percent of some pods"]
        );
    }
}
