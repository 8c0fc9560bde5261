//! A fleet's directory to the files that a fleet consists of.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::diag::Sources;
use crate::model::input::{Content, InputFile};

/// The file that makes a directory a fleet.
const FLEET_FILE: &str = "regen.yaml";
/// Everything that a fleet consists of; directories end in `/`. Nothing else is looked at.
pub(crate) const PARTS: [&str; 8] = [
    FLEET_FILE,
    "regen.lock",
    "regions/",
    "services/",
    "overlays/",
    "network/",
    "templates/",
    "crds/",
];

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 4 << 20;
/// The largest file below `crds/`: operators ship all their CRDs in one.
pub(super) const MAX_CRDS: u64 = 16 << 20;
/// The largest fleet that is read, in bytes and in files.
const MAX_TOTAL: u64 = 512 << 20;
pub(super) const MAX_FILES: usize = 100_000;
/// The deepest directory below the fleet's.
pub(super) const MAX_DEPTH: usize = 16;

/// The directory of a fleet, given by `-C` or the current one.
///
/// Fails when it holds no `regen.yaml`, and says where one was found nearby.
pub fn find_fleet(dir: &Path) -> anyhow::Result<PathBuf> {
    let found = match fs::metadata(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "`{}` does not exist: `-C DIR` names the directory of a fleet, `regen init` makes one",
            shown(dir)
        ),
        other => other.with_context(|| format!("cannot open `{}`", shown(dir)))?,
    };
    if !found.is_dir() {
        let hint = match (dir.file_name(), dir.parent()) {
            (Some(name), Some(parent)) if name == FLEET_FILE => {
                format!(", give its directory: `-C {}`", shown(parent))
            }
            _ => String::new(),
        };
        bail!("`{}` is not a directory{hint}", dir.display());
    }
    match fs::symlink_metadata(dir.join(FLEET_FILE)) {
        Ok(_) => return Ok(dir.to_owned()),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot look into `{}`", shown(dir)));
        }
        Err(_) => {}
    }
    let mut message = format!("`{}` is not a fleet: it has no `{FLEET_FILE}`", shown(dir));
    let nearby = nearby(dir);
    if nearby.is_empty() {
        message.push_str("; `regen init` makes one, `-C DIR` names another directory");
    } else {
        let places: Vec<String> = nearby
            .iter()
            .map(|p| format!("`-C {}`", shown(p)))
            .collect();
        message.push_str(&format!("; did you mean {}?", places.join(" or ")));
    }
    bail!(message)
}

fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() {
        ".".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Fleets above or at most two levels below.
fn nearby(dir: &Path) -> Vec<PathBuf> {
    if let Ok(full) = dir.canonicalize() {
        let above = full
            .ancestors()
            .skip(1)
            .find(|a| a.join(FLEET_FILE).is_file());
        if let Some(above) = above {
            return vec![above.to_owned()];
        }
    }
    walkdir::WalkDir::new(dir)
        .min_depth(2)
        .max_depth(3)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|e| !hidden(e.file_name()))
        .take(10_000)
        .filter_map(Result::ok)
        .filter(|e| e.file_name() == FLEET_FILE)
        .filter_map(|e| e.path().parent().map(Path::to_owned))
        .take(3)
        .collect()
}

fn hidden(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Reads the files that a fleet consists of, sorted by path; symbolic links are never followed
/// and hidden files are not a fleet's.
///
/// Texts go to `sources` under their path relative to `root`. Faults of the world (a file that
/// may not be read) are errors; what a person did (a link, bytes that are not UTF-8, a file that
/// is too large) is told in [`Content`].
pub fn read_fleet(root: &Path, sources: &mut Sources) -> anyhow::Result<Vec<InputFile>> {
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for part in PARTS {
        let Some(directory) = part.strip_suffix('/') else {
            let path = root.join(part);
            if fs::symlink_metadata(&path).is_ok() {
                found.push((part.to_owned(), path));
            }
            continue;
        };
        let top = root.join(directory);
        match fs::symlink_metadata(&top) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot look at `{}`", top.display()));
            }
            Ok(meta) if !meta.is_dir() => {
                found.push((directory.to_owned(), top));
                continue;
            }
            Ok(_) => {}
        }
        let walk = walkdir::WalkDir::new(&top)
            .follow_links(false)
            .follow_root_links(false)
            .max_depth(MAX_DEPTH + 1);
        for entry in walk
            .into_iter()
            .filter_entry(|e| e.depth() == 0 || !hidden(e.file_name()))
        {
            let entry = entry.with_context(|| format!("cannot read `{}`", top.display()))?;
            if entry.file_type().is_dir() {
                if entry.depth() > MAX_DEPTH {
                    bail!(
                        "`{}` lies deeper than {MAX_DEPTH} directories",
                        entry.path().display()
                    );
                }
                continue;
            }
            if found.len() >= MAX_FILES {
                bail!("`{}` holds more than {MAX_FILES} files", root.display());
            }
            found.push((relative(root, entry.path()), entry.into_path()));
        }
    }
    found.sort();
    let mut total = 0;
    let mut files = Vec::with_capacity(found.len());
    for (path, full) in found {
        let content = read(&path, &full, &mut total, sources)?;
        if total > MAX_TOTAL {
            bail!(
                "`{}` holds more than {} MiB",
                root.display(),
                MAX_TOTAL >> 20
            );
        }
        files.push(InputFile { path, content });
    }
    Ok(files)
}

/// A path below `root` with `/`; bytes that are not UTF-8 are replaced.
pub(super) fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let segments: Vec<_> = below
        .components()
        .map(|c| c.as_os_str().to_string_lossy())
        .collect();
    segments.join("/")
}

fn read(
    path: &str,
    full: &Path,
    total: &mut u64,
    sources: &mut Sources,
) -> anyhow::Result<Content> {
    let context = || format!("cannot read `{}`", full.display());
    let meta = fs::symlink_metadata(full).with_context(context)?;
    if meta.is_symlink() {
        return Ok(Content::Symlink);
    }
    if !meta.is_file() {
        bail!(
            "`{}` is not a plain file or not where one belongs",
            full.display()
        );
    }
    let limit = if path.starts_with("crds/") {
        MAX_CRDS
    } else {
        MAX_FILE
    };
    if meta.len() > limit {
        return Ok(Content::TooLarge { bytes: meta.len() });
    }
    // It may have grown since.
    let mut bytes = Vec::with_capacity(meta.len() as usize);
    fs::File::open(full)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .with_context(context)?;
    if bytes.len() as u64 > limit {
        return Ok(Content::TooLarge {
            bytes: bytes.len() as u64,
        });
    }
    *total += bytes.len() as u64;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Content::Text(sources.add(path, text)),
        Err(error) => {
            // Text before the first bad byte is unchanged by the replacement.
            let offset = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = sources.add(path, text);
            Content::NotUtf8 { source, offset }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, bytes: &[u8]) {
        let full = root.join(path);
        fs::create_dir_all(full.parent().expect("below")).expect("creates");
        fs::write(full, bytes).expect("writes");
    }

    #[test]
    fn a_fleet_is_its_parts_in_order_and_nothing_else() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        for path in [
            "services/b.yaml",
            "services/a.yaml",
            "regen.yaml",
            "overlays/clusters/x.yaml",
            "services/.a.yaml.swp",
            "services/.hidden/x.yaml",
            "gitops/clusters/x.yaml",
            "README.md",
            "network/rtt.csv",
        ] {
            write(root, path, path.as_bytes());
        }
        let mut sources = Sources::new();
        let files = read_fleet(root, &mut sources).expect("reads");
        let paths: Vec<&str> = files.iter().map(|f| f.path.as_str()).collect();
        let expected = [
            "network/rtt.csv",
            "overlays/clusters/x.yaml",
            "regen.yaml",
            "services/a.yaml",
            "services/b.yaml",
        ];
        assert_eq!(paths, expected);
        for file in &files {
            let Content::Text(id) = file.content else {
                panic!("{file:?}");
            };
            assert_eq!(sources.get(id).path(), file.path);
            assert_eq!(sources.get(id).text(), file.path);
        }
    }

    #[test]
    fn what_cannot_be_read_as_text_is_told_and_not_followed() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        write(root, "regen.yaml", b"name: caf\xe9\n");
        write(
            root,
            "services/large.yaml",
            &vec![b'#'; MAX_FILE as usize + 1],
        );
        write(root, "services/fits.yaml", &vec![b'#'; MAX_FILE as usize]);
        write(root, "outside/secret.yaml", b"x");
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink("../outside/secret.yaml", root.join("services/link.yaml")).expect("links");
            symlink("outside", root.join("regions")).expect("links");
            symlink("..", root.join("services/loop")).expect("links");
        }
        let mut sources = Sources::new();
        let files = read_fleet(root, &mut sources).expect("reads");
        let content = |path: &str| {
            &files
                .iter()
                .find(|f| f.path == path)
                .expect("found")
                .content
        };
        let Content::NotUtf8 { source, offset } = *content("regen.yaml") else {
            panic!("{files:?}");
        };
        assert_eq!(&sources.get(source).text()[offset..], "\u{fffd}\n");
        let bytes = MAX_FILE + 1;
        assert_eq!(*content("services/large.yaml"), Content::TooLarge { bytes });
        assert!(matches!(content("services/fits.yaml"), Content::Text(_)));
        #[cfg(unix)]
        for link in ["services/link.yaml", "services/loop", "regions"] {
            assert_eq!(*content(link), Content::Symlink, "{link}");
        }
        assert!(!files.iter().any(|f| f.path.contains("secret")));
    }

    #[test]
    fn a_fleet_that_is_not_here_is_looked_for_nearby() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        let error = |dir: &Path| find_fleet(dir).expect_err("no fleet").to_string();
        assert!(
            error(root).contains("`regen init` makes one"),
            "{}",
            error(root)
        );
        write(root, "examples/shop/regen.yaml", b"");
        assert!(error(root).contains("examples/shop`?"), "{}", error(root));
        let shop = root.join("examples/shop");
        assert_eq!(find_fleet(&shop).expect("a fleet"), shop);
        fs::create_dir_all(shop.join("services/x")).expect("creates");
        let below = error(&shop.join("services/x"));
        assert!(below.ends_with("examples/shop`?"), "{below}");
        let file = error(&shop.join("regen.yaml"));
        assert!(
            file.contains("is not a directory, give its directory"),
            "{file}"
        );
        assert!(error(&root.join("nowhere")).contains("nowhere"));
    }
}
