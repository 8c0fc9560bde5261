//! Standard output and standard error: colour and progress only where a person looks on.

use std::io::{IsTerminal as _, Write as _};

use crate::report::text::{Style, inert};

use super::Colour;

/// Where a command prints.
#[derive(Debug)]
pub(super) struct Terminal {
    /// How standard output is coloured.
    pub(super) out: Style,
    /// How standard error is coloured.
    pub(super) err: Style,
    progress: bool,
}

impl Terminal {
    pub(super) fn new(colour: Colour) -> Self {
        let style = |is_terminal: bool| {
            let wanted = match colour {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => is_terminal && !no_colour(),
            };
            if wanted { Style::COLOUR } else { Style::PLAIN }
        };
        let (out, err) = (
            std::io::stdout().is_terminal(),
            std::io::stderr().is_terminal(),
        );
        Self {
            out: style(out),
            err: style(err),
            progress: err && !dumb(),
        }
    }

    /// Prints a report. A reader that went away ends the program quietly, as it does for cat(1).
    pub(super) fn print(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Prints a line for people who look on, beside the report.
    pub(super) fn say(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Shows what is being done; on a terminal only, overwritten by the next.
    pub(super) fn progress(&self, text: &str) {
        if self.progress {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K{text}");
            let _ = std::io::stderr().flush();
        }
    }

    /// Takes the progress line away.
    pub(super) fn done(&self) {
        self.progress("");
    }

    /// Prints a fault of the world: what was attempted, and why it failed.
    pub(super) fn fault(&self, error: &anyhow::Error) {
        self.done();
        let mut text = format!("{}: {}", self.err.red("error"), inert(&error.to_string()));
        for cause in error.chain().skip(1) {
            text.push_str(&format!("\n  because: {}", inert(&cause.to_string())));
        }
        self.say(&text);
    }
}

fn no_colour() -> bool {
    set("NO_COLOR") || dumb()
}

fn dumb() -> bool {
    variable("TERM").is_some_and(|term| term == "dumb")
}

/// <https://no-color.org>: present and not empty.
fn set(name: &str) -> bool {
    variable(name).is_some_and(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "the door reads the environment")]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}
