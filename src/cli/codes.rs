//! `regen codes`: every code that a diagnostic can carry.

use clap::Args;

use crate::diag::Code;
use crate::report::{Format, json, text};

use super::{Exit, Stop, Terminal};

/// List every diagnostic code: what it means and what to do
#[derive(Debug, Args)]
#[command(after_help = "Example: regen codes unknown-field")]
pub(super) struct Codes {
    /// Only this code
    code: Option<String>,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Codes {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<Exit, Stop> {
        let wanted: Vec<Code> = Code::ALL
            .iter()
            .copied()
            .filter(|code| self.code.as_deref().is_none_or(|name| name == code.name()))
            .collect();
        if wanted.is_empty() {
            let typed = self.code.as_deref().unwrap_or_default();
            let known = Code::ALL.iter().map(|c| c.name());
            return Err(terminal.unknown("no code is named", typed, known));
        }
        terminal.print(&match self.format {
            Format::Text => text::codes(&wanted, terminal.out),
            Format::Json => json::codes(&wanted),
        });
        Ok(Exit::Clean)
    }
}
