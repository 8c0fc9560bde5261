//! `regen engines`: what each store engine can do.

use clap::Args;

use crate::engine;

use super::{Exit, Stop, Terminal};

/// List the store engines: consistency classes, latency formulas, what each survives
#[derive(Debug, Args)]
#[command(after_help = "Example: regen engines")]
pub(super) struct Engines {}

impl Engines {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<Exit, Stop> {
        terminal.print(&crate::report::text::engines(engine::ENGINES, terminal.out));
        Ok(Exit::Clean)
    }
}
