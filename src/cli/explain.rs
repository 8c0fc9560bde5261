//! `regen explain`: a placement's story, a value and where it was written, an object line by line.

mod subject;

use std::path::Path;

use clap::Args;

use crate::load;
use crate::model::manifest::ManifestPath;
use crate::pipeline::Planned;
use crate::plan;
use crate::report::{Format, Told, json, text};

use super::session::Session;
use super::{Exit, Stop, Terminal};

use subject::Subject;

/// Explain a service's placement, a store's, one field, or a rendered object
///
/// For a service: the whole story of its placement, from where its users are to what the lock holds,
/// with every number that was weighed. For a store: its part of that. For a field: its value and
/// every layer that touched it (defaults, profile, the service's file, its environment), each with
/// file and line. For an object: where each of its values comes from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  regen explain checkout\n  \
    regen explain checkout@staging\n  \
    regen explain checkout/orders\n  \
    regen explain checkout --format json | jq '.service.choice'\n  \
    regen explain checkout.workload.resources.memory\n  \
    regen explain --object clusters/eu-west-1/euw1-a/shop/checkout/deployment-checkout.yaml")]
pub(super) struct Explain {
    /// The service (`checkout`, `checkout@staging`), with a store after a slash or a field after a dot
    #[arg(
        required_unless_present = "object",
        conflicts_with = "object",
        value_name = "SERVICE[/STORE][.FIELD]"
    )]
    subject: Option<String>,

    /// A rendered object, by its path in the GitOps repository
    #[arg(long, value_name = "PATH")]
    object: Option<String>,

    /// How to write the explanation
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Explain {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
        let mut session = Session::open(root, self.format, terminal)?;
        let mut planned = session.plan(&plan::Options::default())?;
        let explained = match (&self.object, &self.subject) {
            (Some(path), _) => self.object(path, &planned, &mut session, terminal)?,
            (None, Some(typed)) => {
                let subject = subject::read(typed, &planned.world, terminal)?;
                match subject.field {
                    None => self.story(&subject, &mut planned, &mut session, terminal),
                    Some(_) => self.field(&subject, &planned, &session, terminal)?,
                }
            }
            (None, None) => unreachable!("clap demands one of both"),
        };
        terminal.print(&explained);
        Ok(Exit::Clean)
    }

    /// A service, or one of its stores.
    fn story(
        &self,
        subject: &Subject<'_>,
        planned: &mut Planned,
        session: &mut Session<'_>,
        terminal: &Terminal,
    ) -> String {
        planned.propose();
        let said = session.take_warnings();
        let (world, key) = (&planned.world, &subject.key);
        let services = (world.services.get(key), planned.plan.services.get(key));
        let (Some(story), (Some(service), Some(decided))) = (planned.story(key), services) else {
            unreachable!("a plan places every service of its world");
        };
        let sources = &session.input.sources;
        let told = Told {
            story: &story,
            service,
            decided,
            world,
            plan: &planned.plan,
            locked: planned.lock.is_some(),
            said: &said,
            sources,
        };
        let style = terminal.out;
        match (self.format, &subject.store) {
            (Format::Json, store) => {
                let store = store.as_ref().map(|s| s.as_str());
                json::story(&told, &world.origins, store)
            }
            (Format::Text, Some(store)) => text::store_story(&told, store.as_str(), style),
            (Format::Text, None) => {
                let written = text::written(key, &world.origins, sources, style);
                text::story(&told, style) + &written
            }
        }
    }

    fn field(
        &self,
        subject: &Subject<'_>,
        planned: &Planned,
        session: &Session<'_>,
        terminal: &Terminal,
    ) -> Result<String, Stop> {
        let (key, field) = (&subject.key, subject.path());
        let (origins, sources) = (&planned.world.origins, &session.input.sources);
        let written = match self.format {
            Format::Text => text::field(key, &field, origins, sources, terminal.out),
            Format::Json => json::field(key, &field, origins, sources),
        };
        match (written, load::describe(&field)) {
            (Some(written), _) => Ok(written),
            (None, Some(about)) => Ok(match self.format {
                Format::Text => format!("{key}.{field} is written nowhere\n  {about}\n"),
                Format::Json => json::unwritten(key, &field, &about),
            }),
            (None, None) => {
                let known = load::fields();
                let known = known.iter().map(String::as_str);
                let asked = subject.field.unwrap_or_default();
                Err(terminal.unknown("a service has no field", asked, known))
            }
        }
    }

    fn object(
        &self,
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
                Ok(match self.format {
                    Format::Text => text::annotated(file, origins, terminal.out),
                    Format::Json => json::annotated(path, file, origins),
                })
            }
            None => {
                let known = rendered.files.keys().map(ManifestPath::as_str);
                Err(terminal.unknown("nothing is rendered at", path, known))
            }
        }
    }
}
