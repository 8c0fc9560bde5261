//! Files that regen itself writes, such as `regen.lock`, into their types.

use serde::de::DeserializeOwned;
use serde_saphyr::{DuplicateKeyPolicy, Error, MergeKeyPolicy};

use super::syntax;
use super::tree::brief;
use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources, Span};

/// The largest file of regen's own that is read back, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// Reads a file that regen wrote: one document, without aliases, repeated keys or deep nesting.
pub fn read_strict<T: DeserializeOwned>(
    sources: &Sources,
    id: SourceId,
    sink: &mut Sink,
) -> Result<T, Rejected> {
    let text = sources.get(id).text();
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, more than {MAX_BYTES}", text.len());
        return Err(sink.reject(
            Diagnostic::new(Code::YamlBomb, message)
                .at(Span::new(id, 0, 0), "")
                .help("restore it from version control"),
        ));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 4 * text.len() + 100,
            max_nodes: 2 * text.len() + 100,
            max_total_scalar_bytes: text.len() + 100,
            max_aliases: 0,
            max_anchors: 0,
            max_merge_keys: 0,
            max_documents: 1,
            max_depth: 32,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| sink.reject(explain(text, id, error.without_snippet())))
}

fn explain(text: &str, id: SourceId, error: &Error) -> Diagnostic {
    if let Some(conflict) = syntax::conflicting(text) {
        let place = Span::new(id, conflict.start, conflict.end);
        return Diagnostic::new(Code::YamlSyntax, "a merge conflict is not resolved")
            .at(place, "")
            .help("take one side whole; regen brings it up to date when it writes it again");
    }
    let place = error.location().map_or(Span::new(id, 0, 0), |location| {
        let at = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok());
        let start = at(location.span().byte_offset())
            .unwrap_or(0)
            .min(text.len());
        let length = at(location.span().byte_len()).unwrap_or(0);
        let written = text.get(start..start + length).unwrap_or("");
        Span::new(id, start, start + written.trim_end().len())
    });
    let (code, message) = match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => (
            Code::DuplicateKey,
            format!("the key `{}` stands twice in one mapping", brief(key)),
        ),
        Error::DuplicateMappingKey { .. } => (
            Code::DuplicateKey,
            "a key stands twice in one mapping".to_owned(),
        ),
        Error::Budget { .. } => (
            Code::YamlBomb,
            "the file nests or repeats beyond what regen writes".to_owned(),
        ),
        Error::SerdeUnknownField { field, .. } => (
            Code::UnknownField,
            format!("unknown field `{}`", brief(field)),
        ),
        Error::SerdeMissingField { field, .. } => (
            Code::MissingField,
            format!("the field `{field}` is missing"),
        ),
        Error::InvalidScalar { .. }
        | Error::NullIntoString { .. }
        | Error::SerdeInvalidType { .. }
        | Error::SerdeInvalidValue { .. }
        | Error::SerdeInvalidLength { .. }
        | Error::SerdeUnknownVariant { .. }
        | Error::Message { .. } => {
            let written = text.get(place.start as usize..place.end as usize);
            let written = written.and_then(|w| w.lines().next()).unwrap_or("");
            let message = match written.is_empty() {
                true => "regen would write another kind of value here".to_owned(),
                false => format!("`{}` cannot stand here", brief(written)),
            };
            (Code::InvalidValue, message)
        }
        _ => (
            Code::YamlSyntax,
            "the text is not YAML as regen writes it".to_owned(),
        ),
    };
    Diagnostic::new(code, message)
        .at(place, "")
        .help("regen writes this file: restore it from version control")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        version: u32,
        #[serde(default)]
        services: BTreeMap<String, Vec<String>>,
    }

    fn read(text: &str) -> Result<File, String> {
        let mut sources = Sources::new();
        let id = sources.add("regen.lock", text);
        let mut sink = Sink::new();
        read_strict(&sources, id, &mut sink).map_err(|_| {
            let fault = &sink.diagnostics()[0];
            let place = sources.locate(fault.place().expect("located"));
            format!("{place} {} {}", fault.code.name(), fault.message)
        })
    }

    #[test]
    fn what_regen_wrote_comes_back() {
        let file = read("version: 1\nservices:\n  \"no\":\n  - eu-west-1\n").expect("valid");
        assert_eq!(file.services["no"], ["eu-west-1"]);
    }

    #[test]
    fn what_regen_would_not_write_is_refused_with_its_place() {
        for (text, expected) in [
            ("version: 1\nversion: 2\n", "regen.lock:2:1 duplicate-key"),
            (
                "version: 1\nservices: {a: [x], a: [y]}\n",
                "regen.lock:2:20 duplicate-key",
            ),
            (
                "version: 1\nother: 2\n",
                "regen.lock:2:1 unknown-field unknown field `other`",
            ),
            ("services: {}\n", "regen.lock:1:1 missing-field"),
            ("version: x\n", "regen.lock:1:10 "),
            (
                "version: 1\nservices: {a: &x [b], c: *x}\n",
                "regen.lock:2:18 yaml-bomb",
            ),
            ("version: 1\nservices: [\n", "regen.lock:2:11 yaml-syntax"),
            ("", "regen.lock:1:1 "),
            ("<<<<<<< ours\nversion: 1\n", "regen.lock:1:1 yaml-syntax"),
        ] {
            let fault = read(text).expect_err(text);
            assert!(fault.starts_with(expected), "{text:?}: {fault}");
        }
        for deep in ["[".repeat(100_000), "{a: ".repeat(100_000)] {
            assert!(read(&deep).is_err());
        }
    }
}
