//! The files of a fleet as they were found on disk, before anyone looked inside.

use crate::diag::SourceId;

/// One file below the fleet's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Its path relative to the fleet's directory, with `/`.
    pub path: String,
    /// What was found there.
    pub content: Content,
}

/// What was found at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text, in `Sources`.
    Text(SourceId),
    /// Bytes that are not UTF-8; the text in `Sources` is the file with replacement characters.
    NotUtf8 {
        /// The lossy text.
        source: SourceId,
        /// Offset of the first bad byte, in the lossy text.
        offset: usize,
    },
    /// A symbolic link: never followed.
    Symlink,
    /// Larger than a fleet's file may be; not read.
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
    },
}
