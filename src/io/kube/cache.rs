//! What a server said of itself, kept on disk until it says otherwise.
//!
//! Never older than what the server would answer: an entry is used when the server says that its
//! tag (RFC 9110, entity tag) still holds, or when its hash is in the address that the server gives
//! for it (KEP-2896). One file per server and path, so it does not grow, and no server's answers
//! become another's. Whatever is wrong with it, the server is asked as if there were none.

use std::path::{Path, PathBuf};

use crate::io::files::write_atomic;
use crate::model::digest::Digest;

/// The form of an entry.
const FORM: &str = "regen 1";
/// Larger ones are not read into memory on a file's word.
const MOST: u64 = 64 << 20;

/// The answers of one server.
#[derive(Debug)]
pub(super) struct Cache {
    directory: Option<PathBuf>,
    server: String,
}

/// An answer, and by which tag the server knows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) tag: String,
    pub(super) body: Vec<u8>,
}

impl Cache {
    /// The answers of `server`, its URL, below `directory`; without one nothing is kept.
    pub(super) fn new(directory: Option<&Path>, server: &str) -> Self {
        Self {
            directory: directory.map(Path::to_owned),
            server: server.to_owned(),
        }
    }

    /// The entry of a path, unless it is absent or not whole.
    pub(super) fn read(&self, path: &str) -> Option<Kept> {
        let file = self.file(path)?;
        if std::fs::metadata(&file).ok()?.len() > MOST {
            return None;
        }
        let bytes = std::fs::read(&file).ok()?;
        let mut lines = bytes.splitn(4, |byte| *byte == b'\n');
        let mut line = || std::str::from_utf8(lines.next()?).ok();
        let (form, digest, tag) = (line()?, line()?, line()?.to_owned());
        let body = lines.next()?.to_vec();
        let whole = form == FORM && Digest::parse(digest)? == Digest::of(&body);
        whole.then_some(Kept { tag, body })
    }

    /// Keeps an answer. That it cannot be kept costs the next run a request, and is no fault.
    pub(super) fn write(&self, path: &str, tag: &str, body: &[u8]) {
        let Some(file) = self.file(path) else { return };
        if tag.contains('\n') || body.len() as u64 > MOST / 2 {
            return;
        }
        let head = format!("{FORM}\n{}\n{tag}\n", Digest::of(body));
        let directory = file.parent().map(std::fs::create_dir_all);
        if directory.is_some_and(|made| made.is_ok()) {
            let _ = write_atomic(&file, &[head.as_bytes(), body].concat());
        }
    }

    fn file(&self, path: &str) -> Option<PathBuf> {
        let name = Digest::of_pairs([(self.server.as_str(), path.as_bytes())]);
        Some(self.directory.as_ref()?.join(name.to_string()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_of_one_server_and_whole_or_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("deep/er");
        let cache = Cache::new(Some(&root), "https://a");
        assert_eq!(cache.read("/apis"), None);
        let body = b"{\n\"a\": 1}\n";
        cache.write("/apis", "\"one\"", body);
        let kept = cache.read("/apis").unwrap();
        assert_eq!(
            (kept.tag.as_str(), kept.body.as_slice()),
            ("\"one\"", &body[..])
        );
        assert_eq!(cache.read("/api"), None);
        assert_eq!(Cache::new(Some(&root), "https://b").read("/apis"), None);
        cache.write("/apis", "\"two\"", b"");
        assert_eq!(cache.read("/apis").unwrap().body, b"");
        assert_eq!(std::fs::read_dir(&root).unwrap().count(), 1);

        let file = std::fs::read_dir(&root).unwrap().next().unwrap().unwrap();
        cache.write("/apis", "\"one\"", body);
        let whole = std::fs::read(file.path()).unwrap();
        for end in 0..whole.len() {
            std::fs::write(file.path(), &whole[..end]).unwrap();
            assert_eq!(cache.read("/apis"), None, "cut at {end}");
        }
        let mut other = whole.clone();
        *other.last_mut().unwrap() ^= 1;
        std::fs::write(file.path(), other).unwrap();
        assert_eq!(cache.read("/apis"), None, "changed");
    }

    #[test]
    fn nothing_is_kept_where_nothing_can_be() {
        let none = Cache::new(None, "https://a");
        none.write("/apis", "1", b"x");
        assert_eq!(none.read("/apis"), None);
        let file = tempfile::NamedTempFile::new().unwrap();
        let blocked = Cache::new(Some(file.path()), "https://a");
        blocked.write("/apis", "1", b"x");
        assert_eq!(blocked.read("/apis"), None);
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(directory.path()), "https://a");
        cache.write("/apis", "a\nb", b"x");
        assert_eq!(cache.read("/apis"), None);
    }
}
