//! The places that ignore rules name: JSON pointers and a subset of jq.

use serde_json::Value;

/// One step of a rule's place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// A member, or an element by key or index.
    Name(String),
    /// Any one step.
    Any,
    /// Any element.
    Each,
    /// Stays, where the value has this at that place.
    Select(Vec<String>, Value),
}

/// Reads a JSON pointer in which `*` stands for one step.
pub(super) fn pointer(text: &str) -> Option<Vec<Part>> {
    let rest = text.strip_prefix('/')?;
    Some(
        rest.split('/')
            .map(|step| match step {
                "*" => Part::Any,
                step if step.starts_with('[') => Part::Name(step.to_owned()),
                step => Part::Name(step.replace("~1", "/").replace("~0", "~")),
            })
            .collect(),
    )
}

/// Reads the subset `.a.b[] | select(.k == "v") | .c`, `.a[]?.b`, `.a[0]`, `."a/b"`.
pub(super) fn jq(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for stage in stages(text)? {
        let stage = stage.trim();
        if let Some(test) = stage
            .strip_prefix("select(")
            .and_then(|s| s.strip_suffix(')'))
        {
            let (path, value) = test.split_once("==")?;
            let names = jq_path(path.trim())?
                .into_iter()
                .map(|part| match part {
                    Part::Name(name) => Some(name),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()?;
            let value: Value = serde_json::from_str(value.trim()).ok()?;
            if value.is_array() || value.is_object() {
                return None;
            }
            parts.push(Part::Select(names, value));
        } else {
            parts.extend(jq_path(stage)?);
        }
    }
    (!parts.is_empty()).then_some(parts)
}

/// Splits at `|` outside of quotes.
fn stages(text: &str) -> Option<Vec<&str>> {
    let (mut start, mut quoted, mut stages) = (0, false, Vec::new());
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '\\' => return None,
            '|' if !quoted => {
                stages.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    stages.push(&text[start..]);
    (!quoted).then_some(stages)
}

fn jq_path(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix("[]").or_else(|| rest.strip_prefix(".[]")) {
            parts.push(Part::Each);
            rest = tail.strip_prefix('?').unwrap_or(tail);
        } else if let Some(tail) = rest
            .strip_prefix("[\"")
            .or_else(|| rest.strip_prefix(".[\""))
        {
            let (name, tail) = tail.split_once("\"]")?;
            parts.push(Part::Name(name.to_owned()));
            rest = tail.strip_prefix('?').unwrap_or(tail);
        } else if let Some(tail) = rest.strip_prefix('[') {
            let (index, tail) = tail.split_once(']')?;
            index.parse::<usize>().ok()?;
            parts.push(Part::Name(index.to_owned()));
            rest = tail.strip_prefix('?').unwrap_or(tail);
        } else if let Some(tail) = rest.strip_prefix(".\"") {
            let (name, tail) = tail.split_once('"')?;
            parts.push(Part::Name(name.to_owned()));
            rest = tail.strip_prefix('?').unwrap_or(tail);
        } else {
            let tail = rest.strip_prefix('.')?;
            let end = tail
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(tail.len());
            if end == 0 {
                return None;
            }
            parts.push(Part::Name(tail[..end].to_owned()));
            rest = tail[end..].strip_prefix('?').unwrap_or(&tail[end..]);
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_forms_of_jq_are_read() {
        for (text, sound) in [
            (
                ".spec.template.spec.initContainers[] | select(.name == \"istio-init\")",
                true,
            ),
            (".spec.rules[]?.host", true),
            (".metadata.annotations.\"a.b/c\"", true),
            (".metadata.annotations[\"a|b\"]", true),
            (".spec.webhooks[0].clientConfig.caBundle", true),
            (".a[] | select(.k == 1) | .c", true),
            ("", false),
            (".", false),
            ("..", false),
            (".a | length", false),
            (".a[] | select(.k | test(\"x\"))", false),
            (".a[1:2]", false),
            ("del(.a)", false),
        ] {
            assert_eq!(jq(text).is_some(), sound, "{text}");
        }
    }
}
