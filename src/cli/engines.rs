//! `regen engines`: what each store engine can do.

use clap::Args;

use crate::engine::{self, EngineFacts};
use crate::report::{Format, json, text};

use super::{Exit, Stop, Terminal};

/// List the store engines: consistency classes, latency formulas, what each survives
///
/// With a name, one engine in full: settings, floors, notes and where it is written.
#[derive(Debug, Args)]
#[command(after_help = "Example: regen engines cockroachdb")]
pub(super) struct Engines {
    /// Only this engine, in full
    engine: Option<String>,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Engines {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<Exit, Stop> {
        let named = |typed: &String| {
            let row = engine::ENGINES
                .iter()
                .find(|row| row.engine.name() == typed);
            row.ok_or_else(|| {
                let known = engine::ENGINES.iter().map(|row| row.engine.name());
                terminal.unknown("no engine is named", typed, known)
            })
        };
        let one: Option<&EngineFacts> = self.engine.as_ref().map(named).transpose()?;
        terminal.print(&match (self.format, one) {
            (Format::Text, Some(one)) => text::engine(one, terminal.out),
            (Format::Text, None) => text::engines(engine::ENGINES, terminal.out),
            (Format::Json, Some(one)) => json::engines([one]),
            (Format::Json, None) => json::engines(engine::ENGINES),
        });
        Ok(Exit::Clean)
    }
}
