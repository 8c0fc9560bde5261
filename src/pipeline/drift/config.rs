//! A file of drift settings, in the form of the `drift:` block, to settings; faults with their place.

use serde_json::{Map, Value};

use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources, Span};
use crate::drift::{Settings, SettingsFault};
use crate::yaml::{self, Node, Style, kubernetes};

/// Reads settings from a file: the members of the `drift:` block, or that block with its key.
///
/// # Errors
///
/// When the text is no YAML, holds more than one document, or says something that is no setting.
pub fn config(source: SourceId, sources: &Sources, sink: &mut Sink) -> Result<Settings, Rejected> {
    let before = sink.errors();
    let documents = yaml::parse(sources, source, sink)?;
    if let Some(second) = documents.get(1) {
        let told = Diagnostic::new(Code::InvalidDriftSettings, "a second document")
            .at(second.span, "starts here")
            .help("write one mapping with `appliers`, `ignore` and so on");
        return Err(sink.reject(told));
    }
    sink.since(before)?;
    let Some(document) = documents.first() else {
        return Ok(Settings::default());
    };
    let block = match &document.value {
        yaml::Value::Map(members) if members.len() == 1 => document.get("drift"),
        _ => None,
    };
    let block = block.unwrap_or(document);
    Settings::read(&plain(block)).map_err(|faults| {
        let told = faults.into_iter().map(|fault| located(fault, block));
        let mut rejected = None;
        for told in told {
            rejected = Some(sink.reject(told));
        }
        rejected.unwrap_or_else(|| unreachable!("settings are refused for a fault"))
    })
}

/// The values of a tree; unquoted scalars as Kubernetes reads them.
fn plain(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Scalar(text, Style::Plain) => {
            kubernetes::plain(text).unwrap_or_else(|_| text.clone().into())
        }
        yaml::Value::Scalar(text, _) => text.clone().into(),
        yaml::Value::List(items) => items.iter().map(plain).collect(),
        yaml::Value::Map(members) => members
            .iter()
            .map(|(key, value)| (key.value.clone(), plain(value)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn located(fault: SettingsFault, block: &Node) -> Diagnostic {
    let code = match fault.pointer.starts_with("/ignore") {
        true => Code::InvalidIgnoreRule,
        false => Code::InvalidDriftSettings,
    };
    let shown = fault.pointer.trim_start_matches('/').replace('/', ".");
    let message = match shown.is_empty() {
        true => fault.message,
        false => format!("`{shown}`: {}", fault.message),
    };
    let mut told = Diagnostic::new(code, message).at(place(&fault.pointer, block), "");
    told.help.extend(fault.help);
    told
}

/// Where a pointer leads, as far as the tree has it. A member is shown by its key.
fn place(pointer: &str, block: &Node) -> Span {
    let (mut at, mut span) = (block, block.span);
    for step in pointer.split('/').skip(1) {
        let next = match &at.value {
            yaml::Value::Map(members) => members
                .iter()
                .find(|(key, _)| key.value == step)
                .map(|(key, value)| (value, key.span)),
            yaml::Value::List(items) => step
                .parse()
                .ok()
                .and_then(|i: usize| items.get(i))
                .map(|item| (item, item.span)),
            yaml::Value::Scalar(..) => None,
        };
        let Some(next) = next else {
            break;
        };
        (at, span) = next;
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, Vec<String>> {
        let (mut sources, mut sink) = (Sources::new(), Sink::new());
        let source = sources.add("drift.yaml", text);
        config(source, &sources, &mut sink).map_err(|_| {
            let told = sink.into_sorted();
            let line =
                |d: &Diagnostic| format!("{} {}", sources.locate(d.labels[0].span), d.message);
            told.iter().map(line).collect()
        })
    }

    #[test]
    fn the_block_is_read_with_and_without_its_key() {
        let body = "appliers: [flux]\nunknownManagers: drift\nignore:\n- {kind: '*', managers: ['vpa-*'], until: 2027-01-31}\n";
        let settings = read(body).expect("sound");
        assert_eq!(settings.appliers, ["flux"]);
        assert_eq!(settings.ignore[0].until.as_deref(), Some("2027-01-31"));
        let nested = format!(
            "drift:\n{}",
            body.lines().map(|l| format!("  {l}\n")).collect::<String>()
        );
        assert_eq!(read(&nested).expect("sound").appliers, ["flux"]);
        assert_eq!(read("").expect("sound").ignore.len(), 0);
    }

    #[test]
    fn faults_have_their_place() {
        let told = |text: &str| read(text).expect_err("faults");
        assert_eq!(
            told("aplier: [x]\nignore:\n- {kind: a}\n- {jsonPointers: [spec]}\n"),
            [
                "drift.yaml:1:1 `aplier`: unknown field `aplier`",
                "drift.yaml:3:3 `ignore.0`: the rule says nothing to ignore",
                "drift.yaml:4:19 `ignore.1.jsonPointers.0`: `spec` is not a JSON pointer",
            ]
        );
        assert_eq!(told("[a]\n"), ["drift.yaml:1:1 expected a mapping"]);
        assert_eq!(told("a: 1\n---\nb: 2\n").len(), 1);
        assert_eq!(told("a: [\n").len(), 1);
    }
}
