//! What is wrong with a text that is no YAML, in words a person can act on.

use granit_parser::ErrorKind;

use crate::diag::{Code, Diagnostic, SourceId, Span};

/// Explains a fault that the parser met at a byte offset.
pub(super) fn explain(text: &str, id: SourceId, at: usize, kind: &ErrorKind) -> Diagnostic {
    let cause = cause(text, at, kind);
    let fault = Diagnostic::new(Code::YamlSyntax, cause.message)
        .at(Span::new(id, cause.range.start, cause.range.end), "");
    cause.help.into_iter().fold(fault, Diagnostic::help)
}

/// The same without a source: the byte offset to look at, the message and the remedy.
pub(super) fn describe(text: &str, at: usize, kind: &ErrorKind) -> (usize, String, Option<String>) {
    let cause = cause(text, at, kind);
    (cause.range.start, cause.message, cause.help)
}

fn cause(text: &str, at: usize, kind: &ErrorKind) -> Cause {
    conflict(text)
        .or_else(|| by_kind(text, at, kind))
        .or_else(|| structure(text, &Lines::around(text, at), kind))
        .unwrap_or_else(|| {
            // What no case above knows, in words of our own: the parser's are for who writes parsers.
            Cause::new(at..at, "the text is not YAML from here on")
                .help("compare the line with its neighbours: indentation, `: ` after keys, quotes and brackets")
        })
}

struct Cause {
    range: std::ops::Range<usize>,
    message: String,
    help: Option<String>,
}

impl Cause {
    fn new(range: std::ops::Range<usize>, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The line of a fault and the last line before it that says anything.
struct Lines<'t> {
    at: usize,
    start: usize,
    line: &'t str,
    before: Option<(usize, &'t str)>,
}

impl<'t> Lines<'t> {
    fn around(text: &'t str, at: usize) -> Self {
        let at = (0..=at.min(text.len()))
            .rev()
            .find(|i| text.is_char_boundary(*i))
            .unwrap_or(0);
        let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
        let line = text[start..].split('\n').next().unwrap_or("");
        let mut before = None;
        let mut end = start;
        while end > 0 {
            let from = text[..end - 1].rfind('\n').map_or(0, |i| i + 1);
            let candidate = &text[from..end - 1];
            let content = candidate.trim_start();
            if !content.is_empty() && !content.starts_with('#') {
                before = Some((from, candidate));
                break;
            }
            end = from;
        }
        Self {
            at,
            start,
            line,
            before,
        }
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn conflict(text: &str) -> Option<Cause> {
    conflicting(text).map(|range| {
        Cause::new(range, "a merge conflict is not resolved")
            .help("keep one side and remove the conflict markers")
    })
}

/// The first line that git left where two edits met.
pub(super) fn conflicting(text: &str) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
            return Some(start..start + line.trim_end().len());
        }
        start += line.len();
    }
    None
}

fn by_kind(text: &str, at: usize, kind: &ErrorKind) -> Option<Cause> {
    let first = text.get(at..).and_then(|t| t.chars().next());
    let one = at..at + first.map_or(0, char::len_utf8);
    Some(match kind {
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            let start = text.get(..at)?.rfind('\n').map_or(0, |i| i + 1);
            let tab = text[start..].find('\t').map_or(at, |i| start + i);
            Cause::new(tab..(tab + 1).min(text.len()), "a tab stands where only spaces may")
                .help("indent with spaces")
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            let quote = if first == Some('\'') { '\'' } else { '"' };
            Cause::new(one, "the quote is never closed")
                .help(format!("close it with `{quote}` at the end of the text"))
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            let cause = Cause::new(one, "text follows the closing quote");
            match (first, kind) {
                (Some(','), _) => cause.help("remove the comma: a mapping over several lines has none"),
                (_, ErrorKind::InvalidTrailingSingleQuotedScalar) => {
                    cause.help("inside single quotes write `''` for `'`, or use double quotes")
                }
                _ => cause.help("inside double quotes write `\\\"` for `\"`, or use single quotes"),
            }
        }
        ErrorKind::DirectiveDisallowed
        | ErrorKind::UnsupportedYamlMajorVersion
        | ErrorKind::MissingDocumentEndBeforeDirective => {
            let end = at + text.get(at..)?.lines().next().map_or(0, str::len);
            Cause::new(at..end, "a directive has no place here").help("remove the line")
        }
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => Cause::new(
            one,
            format!("the control character U+{:04X} may not stand in YAML", u32::from(*character)),
        )
        .help(format!("remove it, or write it in double quotes as `\\u{:04X}`", u32::from(*character))),
        ErrorKind::UnexpectedCharacter { character } => Cause::new(
            one,
            format!("a plain value may not start with `{character}`"),
        )
        .help("quote the value"),
        ErrorKind::MissingAnchorOrAliasName => {
            Cause::new(one, "`*` and `&` at the start of a value stand for an alias and an anchor, and the name is missing")
                .help("quote the value if text was meant")
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            Cause::new(one, "the double-quoted text holds an unknown escape")
                .help("write a backslash as `\\\\`, or use single quotes")
        }
        ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => {
            Cause::new(one, "the double-quoted text holds an escape that is no character")
                .help("write the character itself, or a backslash as `\\\\`")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            Cause::new(one, format!("`{open}` is never closed")).help(format!("close it with `{}`", closer(*open)))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            Cause::new(one, format!("`{open}` is closed by `{close}`"))
                .help(format!("close it with `{}`", closer(*open)))
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            Cause::new(one, "a bracket is closed that was never opened")
                .help("remove it, or quote the value if text was meant")
        }
        ErrorKind::InvalidColonPlacement
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence => {
            let open = last_open(text.get(..at)?);
            let cause = Cause::new(one, "a `,` or a closing bracket is missing before this");
            match open {
                Some((_, bracket)) => cause.help(format!(
                    "close the `{bracket}` above with `{}`, or separate its entries with `,`",
                    closer(bracket)
                )),
                None => cause.help("separate entries with `,` and close each bracket"),
            }
        }
        ErrorKind::ExpectedBlockSequenceEntry => {
            Cause::new(one, "a key stands where the next `- ` of a list is expected")
                .help("put `- ` before it, or indent it below its own key")
        }
        ErrorKind::BlockSequenceEntryNotAllowed => {
            Cause::new(one, "a list may not start here")
                .help("start it on the line below its key, or quote the value if text was meant")
        }
        ErrorKind::BomInsideDocument => {
            Cause::new(one, "an invisible byte-order mark stands inside the text").help("remove it")
        }
        ErrorKind::ExpectedDocumentStart | ErrorKind::InvalidDocumentEnd => {
            Cause::new(one, "the document has ended before this")
                .help("align it with the first line of the document, or put `---` on a line between two")
        }
        ErrorKind::CommentInterceptedScalar => {
            Cause::new(one, "a comment stands inside a text of several lines")
                .help("put the comment elsewhere, or align what follows it with the other keys")
        }
        ErrorKind::UnknownAnchor => Cause::new(one, "no anchor of this name stands before this alias")
            .help("quote the value if text was meant"),
        ErrorKind::CommentNotSeparated => {
            Cause::new(one, "a comment follows without a space").help("put a space before `#`")
        }
        _ => return None,
    })
}

fn closer(open: char) -> char {
    if open == '[' { ']' } else { '}' }
}

/// The last bracket before a place that looks open; quotes are not told apart, for it is a hint.
fn last_open(before: &str) -> Option<(usize, char)> {
    let mut open = Vec::new();
    for (at, c) in before.char_indices() {
        match c {
            '[' | '{' => open.push((at, c)),
            ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// Faults of structure, where the parser knows only that something is missing.
fn structure(text: &str, lines: &Lines<'_>, kind: &ErrorKind) -> Option<Cause> {
    if !matches!(
        kind,
        ErrorKind::MappingValueNotAllowed
            | ErrorKind::MappingKeyNotAllowed
            | ErrorKind::SimpleKeyExpected
            | ErrorKind::InvalidSimpleKey
            | ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::InvalidIndentation
    ) {
        return None;
    }
    let here = (lines.start, lines.line);
    let glued = |(start, line): (usize, &str)| tight_colon(line).map(|i| start + i);
    if let Some(colon) = glued(here).or_else(|| lines.before.and_then(glued)) {
        return Some(
            Cause::new(colon..colon + 1, "a space is missing after `:`")
                .help("write `key: value`, or quote the text if it is no key"),
        );
    }
    let one = lines.at..(lines.at + 1).min(text.len());
    let column = lines.at - lines.start;
    if matches!(kind, ErrorKind::MappingValueNotAllowed)
        && lines.line.get(..column).is_some_and(|l| l.contains(": "))
    {
        return Some(Cause::new(one, "a `: ` stands inside a plain value").help("quote the value"));
    }
    let start = lines.start + indent(lines.line);
    let end = lines.start + lines.line.trim_end().len();
    let range = start..end.max(start);
    if let Some((_, before)) = lines.before {
        let deeper = indent(lines.line) > indent(before);
        let has_value = before.contains(": ") && !before.trim_end().ends_with(':');
        if deeper && has_value && lines.line.contains(':') {
            return Some(
                Cause::new(
                    range,
                    "this is indented below a line that already has a value",
                )
                .help("align it with the line above, or remove that line's value"),
            );
        }
    }
    if lines.line.trim_start().starts_with("- ") {
        return Some(
            Cause::new(range, "a list item stands where a key is expected")
                .help("indent it below its key, or remove the `- `"),
        );
    }
    if !lines.line.contains(':') {
        return Some(
            Cause::new(range, "a `key: value` is expected here")
                .help("add the `:`, or indent the line if it continues the value above"),
        );
    }
    Some(
        Cause::new(range, "the indentation of this line fits no line above")
            .help("align it with the lines of the mapping it belongs to"),
    )
}

/// The `:` of a line that looks like `key:value`.
fn tight_colon(line: &str) -> Option<usize> {
    let content = line.trim_start().trim_start_matches("- ").trim_start();
    let offset = line.len() - content.len();
    let key = content
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        .count();
    let mut rest = content.get(key..)?.chars();
    let tight = key > 0
        && rest.next() == Some(':')
        && rest
            .next()
            .is_some_and(|c| !c.is_whitespace() && c != ':' && c != '/');
    tight.then_some(offset + key)
}

#[cfg(test)]
mod tests;
