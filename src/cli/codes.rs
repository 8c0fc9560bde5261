//! `regen codes`: every code that a diagnostic can carry.

use std::fmt::Write as _;

use clap::Args;

use crate::diag::Code;

use super::{Exit, FormatArg, Terminal};

/// List every diagnostic code: what it means and what to do
#[derive(Debug, Args)]
#[command(after_help = "Example: regen codes unknown-field")]
pub(super) struct Codes {
    /// Only this code
    code: Option<String>,

    /// How to write it
    #[arg(long, value_enum, default_value_t = FormatArg::Text)]
    format: FormatArg,
}

impl Codes {
    pub(super) fn run(&self, terminal: &Terminal) -> anyhow::Result<Exit> {
        let wanted: Vec<Code> = Code::ALL
            .iter()
            .copied()
            .filter(|code| self.code.as_deref().is_none_or(|name| name == code.name()))
            .collect();
        if wanted.is_empty() {
            let name = self.code.as_deref().unwrap_or_default();
            let near = crate::diag::nearest(name, Code::ALL.iter().map(|c| c.name()));
            let hint = near
                .map(|n| format!("; did you mean `{n}`?"))
                .unwrap_or_default();
            terminal.say(&format!(
                "{}: no code is named `{name}`{hint}",
                terminal.err.red("error")
            ));
            return Ok(Exit::Rejected);
        }
        match self.format {
            FormatArg::Text => {
                let mut out = String::new();
                for code in wanted {
                    let _ = writeln!(
                        out,
                        "{} ({})",
                        terminal.out.strong(code.name()),
                        code.severity().name()
                    );
                    for line in code.documentation().lines() {
                        let _ = writeln!(out, "   {}", line.trim_end());
                    }
                }
                terminal.print(&out);
            }
            FormatArg::Json => terminal.print(&crate::report::json::codes(&wanted)),
        }
        Ok(Exit::Clean)
    }
}
