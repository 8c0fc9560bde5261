//! What must not happen unasked.

use crate::diag::{Code, Diagnostic, Rejected, Sink};
use crate::model::change::{Edited, TreeChange};

/// How many files one change may remove unless `--max-deletes` says otherwise.
pub const DEFAULT_MAX_DELETES: usize = 100;

/// More paths than these are counted, not listed.
const PATHS_SHOWN: usize = 20;

/// What the caller allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many files may be removed, `--max-deletes`.
    pub max_deletes: usize,
    /// Whether files that were edited by hand are overwritten and removed, `--overwrite`.
    pub overwrite_edited: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_deletes: DEFAULT_MAX_DELETES,
            overwrite_edited: false,
        }
    }
}

/// Emits every reason against a change, and fails when there is one.
pub fn refuse(change: &TreeChange, options: &Options, sink: &mut Sink) -> Result<(), Rejected> {
    let before = sink.errors();
    if !options.overwrite_edited {
        let edits = change.edited.iter().map(|(path, edited)| {
            let how = match edited {
                Edited::Changed => "edited",
                Edited::Deleted => "deleted",
                Edited::Replaced => "replaced",
            };
            Diagnostic::new(Code::EditedByHand, format!("`{path}` was {how} by hand"))
                .help("bring the edit into the fleet's files, or give `--overwrite` to lose it")
        });
        emit_some(Code::EditedByHand, "files were edited by hand", edits, sink);
    }
    let foreign = change.foreign.iter().map(|path| {
        Diagnostic::new(
            Code::NotOwned,
            format!("`{path}` would be rendered, and regen does not own what is there"),
        )
        .help("move it away; regen never overwrites what it did not write")
    });
    emit_some(Code::NotOwned, "paths are not regen's", foreign, sink);
    let collisions = change.collisions.iter().map(|c| {
        let other = &c.other;
        Diagnostic::new(
            Code::PathCollision,
            format!("`{}` and `{other}` cannot stand side by side", c.rendered),
        )
        .help("rename one: a path is a file or a directory, on file systems that ignore case too")
    });
    emit_some(Code::PathCollision, "paths collide", collisions, sink);
    let removed = change.counts().removed;
    if removed > options.max_deletes {
        let mut areas: Vec<String> = change
            .counts_by_area()
            .iter()
            .filter(|(_, counts)| counts.removed > 0)
            .map(|(area, counts)| format!("{} in `{area}`", counts.removed))
            .collect();
        if areas.len() > PATHS_SHOWN {
            areas.truncate(PATHS_SHOWN);
            areas.push("…".to_owned());
        }
        sink.emit(
            Diagnostic::new(
                Code::TooManyDeletes,
                format!(
                    "{removed} files would be removed, and `--max-deletes` is {}",
                    options.max_deletes
                ),
            )
            .note(format!("they are {}", areas.join(", ")))
            .help(format!("give `--max-deletes {removed}` if that is meant")),
        );
    }
    sink.since(before)
}

fn emit_some(
    code: Code,
    what: &str,
    all: impl ExactSizeIterator<Item = Diagnostic>,
    sink: &mut Sink,
) {
    let more = all.len().saturating_sub(PATHS_SHOWN);
    all.take(PATHS_SHOWN).for_each(|d| sink.emit(d));
    if more > 0 {
        sink.emit(Diagnostic::new(code, format!("{more} more {what}")));
    }
}
