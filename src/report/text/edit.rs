//! Two texts of a file to how one became the other, as diff(1) shows it.

use similar::{ChangeTag, TextDiff};

use super::{Style, inert};

/// Lines around a change that stay.
const AROUND: usize = 3;

/// The unified diff, with the file's path above it.
pub fn edit(path: &str, old: &str, new: &str, style: Style) -> String {
    let from = if old.is_empty() { "/dev/null" } else { path };
    let mut out = format!("--- {}\n+++ {}\n", inert(from), inert(path));
    let diff = TextDiff::from_lines(old, new);
    for hunk in diff.unified_diff().context_radius(AROUND).iter_hunks() {
        out.push_str(&format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let line = inert(change.value().trim_end_matches('\n'));
            out.push_str(&match change.tag() {
                ChangeTag::Delete => style.red(&format!("-{line}")),
                ChangeTag::Insert => style.green(&format!("+{line}")),
                ChangeTag::Equal => format!(" {line}"),
            });
            out.push('\n');
        }
    }
    out
}
