//! The fleet on a day: what should have been looked at again by then.

use crate::diag::{Code, Diagnostic, Rejected, Severity, Sink, Span};
use crate::model::date::Date;

use super::Planned;

impl Planned {
    /// Tells each data class, overlay and accepted difference whose last day has passed.
    ///
    /// # Errors
    ///
    /// When one has, and the fleet or the caller wants that to be an error.
    pub fn reviewed(&self, today: Date, strict: bool, sink: &mut Sink) -> Result<(), Rejected> {
        let before = sink.errors();
        let fleet = &self.world.fleet;
        let mut tell = |what: String, day: Date, span: Span, help: &str| {
            if today <= day {
                return;
            }
            let message = format!("{what} was to be looked at again by {day}");
            let told = Diagnostic::new(Code::ReviewDue, message)
                .at(span, "")
                .help(help);
            sink.emit(match strict || fleet.strict_reviews {
                true => told.severity(Severity::Error),
                false => told,
            });
        };
        for (name, class) in &fleet.data_classes {
            if let Some(day) = class.review_by {
                let help = "look at it, and write the day of the next review";
                tell(
                    format!("the data class `{name}`"),
                    day.value,
                    day.span,
                    help,
                );
            }
        }
        for overlay in &self.world.overlays {
            if let Some(day) = overlay.review_by {
                let what = format!(
                    "the patch of {} `{}`",
                    overlay.kind.value, overlay.name.value
                );
                let help = "remove it, or write the day of the next review";
                tell(what, day.value, day.span, help);
            }
        }
        for rule in &fleet.drift.ignore {
            let until = rule.value.get("until").and_then(serde_json::Value::as_str);
            if let Some(day) = until.and_then(Date::parse) {
                let help = "it hides nothing any more: remove it, or write a later `until`";
                tell("an accepted difference".to_owned(), day, rule.span, help);
            }
        }
        sink.since(before)
    }
}
