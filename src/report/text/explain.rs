//! A service or one of its fields, explained to people.

use std::fmt::Write as _;

use crate::diag::Sources;
use crate::model::name::ServiceKey;
use crate::model::origin::{Origins, Subject};
use crate::model::plan::Plan;
use crate::model::world::World;

use super::plan::{one_service, one_store};
use super::{Style, inert};

/// What was decided about a service and its stores, and where each of its values is written.
pub fn service(
    key: &ServiceKey,
    world: &World,
    plan: &Plan,
    sources: &Sources,
    style: Style,
) -> String {
    let mut out = String::new();
    if let Some(service) = world.services.get(key) {
        let _ = writeln!(out, "{}", sources.locate(service.name.span));
    }
    if let Some(decided) = plan.services.get(key) {
        one_service(&mut out, &key.to_string(), decided, style);
    }
    for (store, decided) in plan.stores.iter().filter(|(s, _)| s.service == *key) {
        one_store(&mut out, &store.to_string(), decided, style);
    }
    let _ = writeln!(out, "\n{}", style.strong("written"));
    let subject = Subject::Service(key.clone());
    for (path, touches) in world.origins.below(&subject, "") {
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
