//! What a run came to.

use std::process::{ExitCode, Termination};

/// The exit codes, in the family of diff(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing differs: 0.
    Clean,
    /// Something differs: 1; also when something else is unknown.
    Differences,
    /// The input was rejected, or the command line was wrong: 2.
    Rejected,
    /// No difference was found, but not everything could be looked at: 3.
    Incomplete,
}

impl Exit {
    /// The code.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Differences => 1,
            Self::Rejected => 2,
            Self::Incomplete => 3,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

/// Why a command ends before it has a report.
#[derive(Debug)]
pub(super) enum Stop {
    /// By a fault of the user's, which was told.
    Rejected,
    /// By a fault of the world's, yet to be told.
    Fault(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Fault(error)
    }
}
