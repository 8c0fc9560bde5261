//! Files to roles: which text is the fleet, a region, a service, an overlay, or none of these.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Sink, SourceId, Sources, Span, nearest};
use crate::model::input::{Content, InputFile};
use crate::model::raw::Folder;

/// What a file of a fleet is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Fleet,
    Region(String),
    Service(String),
    Overlay(Folder, String),
    /// A file that `load` hands on unread: measured round trips, templates, CRDs.
    Other,
}

/// The texts of a fleet, each with its role, by path.
pub(super) fn sort(
    files: &[InputFile],
    sources: &Sources,
    sink: &mut Sink,
) -> Vec<(Role, SourceId)> {
    let mut by_path: Vec<&InputFile> = files.iter().collect();
    by_path.sort_by(|a, b| a.path.cmp(&b.path));
    let mut texts = Vec::new();
    let mut stems: BTreeMap<String, &str> = BTreeMap::new();
    for file in by_path {
        let Some(role) = role(file, sink) else {
            continue;
        };
        let Some(source) = text(file, sources, sink) else {
            continue;
        };
        if let (Some(stem), false) = (file.path.rsplit_once('.'), role == Role::Other)
            && let Some(other) = stems.insert(stem.0.to_owned(), &file.path)
        {
            sink.emit(
                Diagnostic::new(
                    Code::FileName,
                    format!("`{other}` and `{}` have the same name", file.path),
                )
                .at(Span::new(source, 0, 0), "")
                .help("keep one of them"),
            );
        }
        texts.push((role, source));
    }
    texts
}

/// The folders whose files are read, and what each file is named after.
const FOLDERS: [(&str, &str); 2] = [("regions", "region"), ("services", "service")];

fn role(file: &InputFile, sink: &mut Sink) -> Option<Role> {
    let path = file.path.as_str();
    let parts: Vec<&str> = path.split('/').collect();
    let read = matches!(
        parts.as_slice(),
        ["regen.yaml" | "regen.yml"] | ["regions" | "services" | "overlays" | "network", ..]
    );
    if !read {
        return Some(Role::Other);
    }
    if parts
        .iter()
        .any(|p| p.starts_with('.') && *p != "." && *p != "..")
    {
        return Some(Role::Other); // editors and systems keep their own files beside ours
    }
    if let Some(odd) = odd_name(path) {
        sink.emit(
            Diagnostic::new(
                Code::FileName,
                format!("the path `{}` {odd}", path.escape_debug()),
            )
            .help("name files and folders with letters, digits, `-`, `_` and `.` alone"),
        );
        return None;
    }
    let stem = |name: &str| {
        name.strip_suffix(".yaml")
            .or(name.strip_suffix(".yml"))
            .map(str::to_owned)
    };
    let role = match parts.as_slice() {
        ["regen.yaml"] => Some(Role::Fleet),
        ["regen.yml"] => {
            sink.emit(
                Diagnostic::new(Code::FileName, "the fleet's file is named `regen.yml`")
                    .help("rename it to `regen.yaml`"),
            );
            return None;
        }
        ["regions", name] => stem(name).map(Role::Region),
        ["services", name] => stem(name).map(Role::Service),
        ["overlays", "clusters", name] => stem(name).map(|s| Role::Overlay(Folder::Clusters, s)),
        ["overlays", "regions", name] => stem(name).map(|s| Role::Overlay(Folder::Regions, s)),
        ["overlays", "services", name] => stem(name).map(|s| Role::Overlay(Folder::Services, s)),
        ["network", ..] => Some(Role::Other),
        _ => None,
    };
    if role.is_none() {
        sink.emit(unread(path, &parts));
    }
    role
}

/// A YAML file that nobody reads, in a folder where a person would expect it to be read.
fn unread(path: &str, parts: &[&str]) -> Diagnostic {
    let fault = Diagnostic::new(Code::UnreadFile, format!("`{path}` is not read"));
    match parts {
        ["overlays", folder, _, ..] => {
            let known = ["clusters", "regions", "services"];
            match nearest(folder, known) {
                Some(near) if near != *folder => {
                    fault.help(format!("did you mean `overlays/{near}/`?"))
                }
                _ => fault.help("overlays stand in `overlays/clusters/`, `overlays/regions/` or `overlays/services/`"),
            }
        }
        [folder, ..] => {
            let of = FOLDERS
                .iter()
                .find(|(f, _)| f == folder)
                .map_or("file", |(_, n)| n);
            fault.help(format!("each {of} is one file, `{folder}/<name>.yaml`"))
        }
        [] => fault,
    }
}

fn odd_name(path: &str) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if path.starts_with('/') || path.split('/').any(|p| matches!(p, "." | ".." | "")) {
        Some("leads out of the fleet's directory")
    } else if !path.chars().all(plain) {
        Some("has characters that not every system can keep")
    } else {
        None
    }
}

fn text(file: &InputFile, sources: &Sources, sink: &mut Sink) -> Option<SourceId> {
    let path = &file.path;
    match &file.content {
        Content::Text(source) => Some(*source),
        Content::NotUtf8 { source, offset } => {
            let end = sources.get(*source).text()
                [(*offset).min(sources.get(*source).text().len())..]
                .chars()
                .next()
                .map_or(*offset, |c| offset + c.len_utf8());
            sink.emit(
                Diagnostic::new(Code::NotUtf8, format!("`{path}` is not valid UTF-8"))
                    .at(Span::new(*source, *offset, end), "")
                    .help("save the file as UTF-8"),
            );
            None
        }
        Content::Symlink => {
            sink.emit(
                Diagnostic::new(Code::Symlink, format!("`{path}` is a symbolic link"))
                    .note("links are never followed, so that the same commit is the same fleet")
                    .help("put a copy of the file in its place"),
            );
            None
        }
        Content::TooLarge { bytes } => {
            sink.emit(
                Diagnostic::new(Code::YamlBomb, format!("`{path}` has {bytes} bytes"))
                    .help("split it; no file of a fleet needs to be so large"),
            );
            None
        }
    }
}
