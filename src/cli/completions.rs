//! `regen completions`: scripts that complete command lines.

use clap::Args;

use super::{Exit, Stop, Terminal};

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Example: regen completions bash > ~/.local/share/bash-completion/completions/regen"
)]
pub(super) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<Exit, Stop> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "regen", &mut script);
        terminal.print(&String::from_utf8_lossy(&script));
        Ok(Exit::Clean)
    }
}
