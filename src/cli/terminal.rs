//! Standard output and standard error: colour and progress only where a person looks on.

use std::cell::RefCell;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::PathBuf;

use crate::diag::nearest;
use crate::report::text::{Style, inert};

use super::{Colour, Exit, Stop};

/// Where a command prints.
#[derive(Debug)]
pub(super) struct Terminal {
    /// How standard output is coloured.
    pub(super) out: Style,
    /// How standard error is coloured.
    pub(super) err: Style,
    progress: bool,
    /// The first failure to write to standard output.
    lost: RefCell<Option<std::io::Error>>,
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
            lost: RefCell::new(None),
        }
    }

    /// Prints a report. That the reader went away is no fault, as it is none for cat(1); any other
    /// failure is told at the end.
    pub(super) fn print(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                self.lost.borrow_mut().get_or_insert(error);
            }
            _ => {}
        }
    }

    /// Tells how a command ended, where that is yet to be told, and what its exit code is.
    pub(super) fn conclude(&self, outcome: Result<Exit, Stop>) -> Exit {
        let exit = match outcome {
            Ok(exit) => exit,
            Err(Stop::Rejected) => Exit::Rejected,
            Err(Stop::Fault(error)) => {
                self.fault(&error);
                Exit::Incomplete
            }
        };
        match self.lost.take() {
            None => exit,
            Some(error) => {
                self.fault(&anyhow::Error::new(error).context("cannot write the report"));
                match exit {
                    Exit::Clean => Exit::Incomplete,
                    known => known,
                }
            }
        }
    }

    /// Tells a fault of the user's that has no place in a file.
    pub(super) fn refuse(&self, text: &str) -> Stop {
        self.done();
        self.say(&format!("{}: {text}", self.err.red("error")));
        Stop::Rejected
    }

    /// Tells that input cannot be read.
    pub(super) fn unreadable(&self, error: &anyhow::Error) -> Stop {
        self.fault(error);
        let denied = error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|cause| cause.kind() == ErrorKind::PermissionDenied);
        if denied {
            self.say("  help: let the user that runs regen read it");
        }
        Stop::Rejected
    }

    /// Tells that a name does not exist, and the nearest that does.
    pub(super) fn unknown<'a>(
        &self,
        what: &str,
        typed: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Stop {
        let hint = nearest(typed, known)
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        self.refuse(&format!("{what} `{}`{hint}", inert(typed)))
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

    /// Tells a fault of the world: what was attempted, and why it failed.
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

/// Where regen remembers what it can ask again (XDG Base Directory Specification): no place, where
/// nobody says so.
pub(super) fn cache() -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let of = |name: &str| variable(name).map(PathBuf::from).and_then(absolute);
    let base = of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache")))?;
    Some(base.join("regen"))
}

/// A variable of the environment that is not printed; none where it is empty.
pub(super) fn secret(name: &str) -> Option<Vec<u8>> {
    let value = variable(name)?.into_encoded_bytes();
    (!value.is_empty()).then_some(value)
}

#[expect(clippy::disallowed_methods, reason = "the door reads the environment")]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}
