//! A service or one of its fields, explained to people.

use std::fmt::Write as _;

use crate::diag::Sources;
use crate::model::name::ServiceKey;
use crate::model::origin::{Origins, Subject};

use super::{Style, inert};

/// Where each value of a service is written.
pub fn written(key: &ServiceKey, origins: &Origins, sources: &Sources, style: Style) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "\n{}", style.strong("where it is written"));
    let subject = Subject::Service(key.clone());
    for (path, touches) in origins.below(&subject, "") {
        if let Some(last) = touches.last() {
            let place = format!("{} {}", sources.locate(last.span), last.layer);
            let value = inert(&last.text);
            let _ = writeln!(out, "  {path}: {value}   {}", style.faint(&place));
        }
    }
    out
}

/// The values at and below a field, each with every layer that wrote it, the last first; `None`
/// when nothing wrote it.
pub fn field(
    key: &ServiceKey,
    field: &str,
    origins: &Origins,
    sources: &Sources,
    style: Style,
) -> Option<String> {
    let subject = Subject::Service(key.clone());
    let mut out = String::new();
    for (path, touches) in origins.below(&subject, field) {
        let Some(last) = touches.last() else { continue };
        let value = inert(&last.text);
        let _ = writeln!(out, "{key}.{path}: {}", style.strong(&value));
        for touch in touches.iter().rev() {
            let place = sources.locate(touch.span);
            let value = inert(&touch.text);
            let _ = writeln!(out, "  {place}  {value} in {}", touch.layer);
        }
    }
    (!out.is_empty()).then_some(out)
}
