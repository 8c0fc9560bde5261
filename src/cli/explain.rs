//! `regen explain`: a value, where it was written, and what was decided about it.

use std::path::Path;

use clap::Args;

use crate::load;
use crate::model::manifest::ManifestPath;
use crate::model::name::ServiceKey;
use crate::pipeline::Planned;
use crate::plan;
use crate::report::{Format, text};

use super::session::Session;
use super::{Exit, Stop, Terminal};

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
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
        let mut session = Session::open(root, Format::Text, terminal)?;
        let planned = session.plan(&plan::Options::default())?;
        let explained = match (&self.object, &self.subject) {
            (Some(path), _) => object(path, &planned, &mut session, terminal)?,
            (None, Some(subject)) => service_or_field(subject, &planned, &session, terminal)?,
            (None, None) => unreachable!("clap demands one of both"),
        };
        terminal.print(&explained);
        Ok(Exit::Clean)
    }
}

fn object(
    path: &str,
    planned: &Planned,
    session: &mut Session<'_>,
    terminal: &Terminal,
) -> Result<String, Stop> {
    let rendered = session.render(planned)?;
    let path = path.strip_prefix("./").unwrap_or(path);
    match ManifestPath::new(path).and_then(|p| rendered.files.get(&p)) {
        Some(file) => {
            let origins = (&planned.world.origins, &session.input.sources);
            Ok(text::annotated(file, origins, terminal.out))
        }
        None => {
            let known = rendered.files.keys().map(ManifestPath::as_str);
            Err(terminal.unknown("nothing is rendered at", path, known))
        }
    }
}

fn service_or_field(
    typed: &str,
    planned: &Planned,
    session: &Session<'_>,
    terminal: &Terminal,
) -> Result<String, Stop> {
    let (name, field) = typed.split_once('.').unwrap_or((typed, ""));
    let services = &planned.world.services;
    let Some(key) = services.keys().find(|key| key.to_string() == name) else {
        let names: Vec<String> = services.keys().map(ServiceKey::to_string).collect();
        let known = names.iter().map(String::as_str);
        return Err(terminal.unknown("no service is named", name, known));
    };
    let sources = &session.input.sources;
    if field.is_empty() {
        return Ok(text::service(
            key,
            &planned.world,
            &planned.plan,
            sources,
            terminal.out,
        ));
    }
    let origins = &planned.world.origins;
    if let Some(text) = text::field(key, field, origins, sources, terminal.out) {
        return Ok(text);
    }
    match load::describe(field) {
        Some(text) => Ok(format!("{key}.{field} is written nowhere\n  {text}\n")),
        None => {
            let known = load::fields();
            let known = known.iter().map(String::as_str);
            Err(terminal.unknown("a service has no field", field, known))
        }
    }
}
