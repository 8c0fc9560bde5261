//! `regen explain`: a value, where it was written, and what was decided about it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::bail;
use clap::Args;

use crate::diag::Sources;
use crate::model::manifest::ManifestPath;
use crate::model::name::ServiceKey;
use crate::model::origin::Subject;
use crate::pipeline::{self, Planned};
use crate::report::text;
use crate::{diag, load, plan};

use super::session::Session;
use super::{Exit, FormatArg, Terminal};

/// Explain a service, one of its fields, or a rendered object
///
/// For a field: its value and every layer that touched it (defaults, profile, the service's file,
/// its environment), each with file and line. For a service: the story of its placement. For an
/// object: where each of its values comes from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  regen explain checkout\n  \
    regen explain checkout.workload.resources.memory\n  \
    regen explain --object clusters/eu-west-1/euw1-a/shop/checkout/deployment-checkout.yaml")]
pub(super) struct Explain {
    /// The service (`checkout`, `checkout@staging`), with a field after a dot
    #[arg(
        required_unless_present = "object",
        conflicts_with = "object",
        value_name = "SERVICE[.FIELD]"
    )]
    subject: Option<String>,

    /// A rendered object, by its path in the GitOps repository
    #[arg(long, value_name = "PATH")]
    object: Option<String>,
}

impl Explain {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> anyhow::Result<Exit> {
        let Some(mut session) = Session::open(root, terminal)? else {
            return Ok(Exit::Rejected);
        };
        let options = plan::Options::default();
        let Some(planned) = session.stage(
            |input, sink| pipeline::plan(input, &options, sink),
            FormatArg::Text,
        ) else {
            return Ok(Exit::Rejected);
        };
        let explained = match (&self.object, &self.subject) {
            (Some(path), _) => {
                let Some(rendered) = session.stage(
                    |input, sink| pipeline::render(input, &planned, sink),
                    FormatArg::Text,
                ) else {
                    return Ok(Exit::Rejected);
                };
                let path = path.strip_prefix("./").unwrap_or(path);
                let file = ManifestPath::new(path).and_then(|p| rendered.files.get(&p));
                match file {
                    Some(file) => {
                        let origins = (&planned.world.origins, &session.input.sources);
                        Ok(text::annotated(file, origins, terminal.out))
                    }
                    None => {
                        let known = rendered.files.keys().map(ManifestPath::as_str);
                        Err(unknown("nothing is rendered at", path, known))
                    }
                }
            }
            (None, Some(subject)) => {
                service_or_field(subject, &planned, &session.input.sources, terminal)
            }
            (None, None) => bail!("clap lets neither through"),
        };
        Ok(match explained {
            Ok(text) => {
                terminal.print(&text);
                Exit::Clean
            }
            Err(message) => {
                terminal.say(&format!("{}: {message}", terminal.err.red("error")));
                Exit::Rejected
            }
        })
    }
}

fn unknown<'a>(what: &str, typed: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = diag::nearest(typed, known);
    let hint = near
        .map(|n| format!("; did you mean `{n}`?"))
        .unwrap_or_default();
    format!("{what} `{typed}`{hint}")
}

fn service_or_field(
    typed: &str,
    planned: &Planned,
    sources: &Sources,
    terminal: &Terminal,
) -> Result<String, String> {
    let (name, field) = typed.split_once('.').unwrap_or((typed, ""));
    let services = &planned.world.services;
    let Some(key) = services.keys().find(|key| key.to_string() == name) else {
        let names: Vec<String> = services.keys().map(ToString::to_string).collect();
        return Err(unknown(
            "no service is named",
            name,
            names.iter().map(String::as_str),
        ));
    };
    if field.is_empty() {
        Ok(service(key, planned, sources, terminal))
    } else {
        one_field(key, field, planned, sources, terminal)
    }
}

fn service(key: &ServiceKey, planned: &Planned, sources: &Sources, terminal: &Terminal) -> String {
    let mut out = String::new();
    let service = &planned.world.services[key];
    let _ = writeln!(out, "{}", sources.locate(service.name.span));
    if let Some(decided) = planned.plan.services.get(key) {
        text::one_service(&mut out, &key.to_string(), decided, terminal.out);
    }
    for (store, decided) in planned
        .plan
        .stores
        .iter()
        .filter(|(s, _)| s.service == *key)
    {
        text::one_store(&mut out, &store.to_string(), decided, terminal.out);
    }
    let _ = writeln!(out, "\n{}", terminal.out.strong("written"));
    let subject = Subject::Service(key.clone());
    for (path, touches) in planned.world.origins.below(&subject, "") {
        if let Some(last) = touches.last() {
            let place = format!("{} {}", sources.locate(last.span), last.layer);
            let text = text::inert(&last.text).into_owned();
            let _ = writeln!(out, "  {path}: {text}   {}", terminal.out.faint(&place));
        }
    }
    out
}

fn one_field(
    key: &ServiceKey,
    field: &str,
    planned: &Planned,
    sources: &Sources,
    terminal: &Terminal,
) -> Result<String, String> {
    let subject = Subject::Service(key.clone());
    let origins = &planned.world.origins;
    let mut out = String::new();
    for (path, touches) in origins.below(&subject, field) {
        let Some(last) = touches.last() else { continue };
        let _ = writeln!(
            out,
            "{key}.{path}: {}",
            terminal.out.strong(&text::inert(&last.text))
        );
        for touch in touches.iter().rev() {
            let _ = writeln!(
                out,
                "  {}  {} in {}",
                sources.locate(touch.span),
                text::inert(&touch.text),
                touch.layer
            );
        }
    }
    if !out.is_empty() {
        return Ok(out);
    }
    match load::describe(field) {
        Some(text) => Ok(format!("{key}.{field} is written nowhere\n  {text}\n")),
        None => {
            let known = load::fields();
            Err(unknown(
                "a service has no field",
                field,
                known.iter().map(String::as_str),
            ))
        }
    }
}
