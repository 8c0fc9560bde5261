//! The text of a fleet file to its documents, fault by fault.

use granit_parser::{ErrorKind, Parser, ScanError, options};

use super::bounds::Full;
use super::node::Node;
use super::syntax;
use super::tree::Builder;
use crate::diag::{Code, Diagnostic, Rejected, Sink, SourceId, Sources, Span};

/// The largest fleet file that is read, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// How deep lists and mappings of a fleet file may nest, aliases expanded.
pub const MAX_DEPTH: usize = 64;
/// How many values one fleet file may hold, aliases expanded.
pub const MAX_NODES: usize = 200_000;

/// Reads all documents of a fleet file; scalars stay as they were written.
///
/// A text that is no YAML is rejected, after as many of its faults were emitted as can be told
/// apart. Faults that leave a tree (a repeated key, a tag, an unknown alias) are emitted and the
/// tree is returned all the same, so that the stage can look for more: it ends with
/// [`Sink::since`]. Anchors, aliases and merge keys (`<<`) are applied, within [`MAX_DEPTH`] and
/// [`MAX_NODES`].
pub fn parse(sources: &Sources, id: SourceId, sink: &mut Sink) -> Result<Vec<Node>, Rejected> {
    let text = sources.get(id).text();
    if text.len() > MAX_BYTES {
        let message = format!(
            "the file has {} bytes; a fleet file may have {MAX_BYTES}",
            text.len()
        );
        return Err(sink.reject(
            Diagnostic::new(Code::YamlBomb, message)
                .at(Span::new(id, 0, 0), "")
                .help("split it into several files"),
        ));
    }
    let options = options! {
        disallow_directives: true,
        emit_comments: false,
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder::new(text, id, sink);
    let mut rejected = None;
    loop {
        match parser.next_event() {
            None => break,
            Some(Ok((event, span))) => {
                if let Err(full) = builder.event(event, span) {
                    return Err(bomb(id, sink, full));
                }
            }
            Some(Err(error)) => {
                rejected = Some(refuse(text, id, builder.sink(), &error));
                builder.abandon();
                if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
                    break;
                }
                match parser.proceed_next_document() {
                    Ok(true) => {}
                    Ok(false) | Err(_) => break,
                }
            }
        }
    }
    let documents = builder.finish();
    match rejected {
        Some(rejected) => Err(rejected),
        None => Ok(documents),
    }
}

fn refuse(text: &str, id: SourceId, sink: &mut Sink, error: &ScanError) -> Rejected {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return bomb(id, sink, Full::depth(Span::new(id, at, at)));
    }
    sink.reject(syntax::explain(text, id, at, error.kind()))
}

fn bomb(id: SourceId, sink: &mut Sink, full: Full) -> Rejected {
    debug_assert_eq!(full.span.source, id);
    sink.reject(
        Diagnostic::new(Code::YamlBomb, full.message)
            .at(full.span, "")
            .help(full.help),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Style, Value};

    fn read(text: &str) -> (Result<Vec<Node>, Rejected>, Vec<String>) {
        let mut sources = Sources::new();
        let id = sources.add("f.yaml", text);
        let mut sink = Sink::new();
        let result = parse(&sources, id, &mut sink);
        let lines = sink
            .into_sorted()
            .into_iter()
            .map(|d| {
                let at = d.place().map(|p| sources.line_col(p));
                let (line, column) = at.map_or((0, 0), |p| (p.line, p.column));
                format!(
                    "{}:{line}:{column}: {} ({})",
                    d.code.name(),
                    d.message,
                    d.help.join("; ")
                )
            })
            .collect();
        (result, lines)
    }

    /// A document as one line: `k=plain`, `k="quoted"`, `k=|block`, `[…]`, `{…}`.
    fn show(node: &Node) -> String {
        match &node.value {
            Value::Scalar(text, Style::Plain) => text.clone(),
            Value::Scalar(text, Style::Quoted) => format!("{text:?}"),
            Value::Scalar(text, Style::Block) => format!("|{text:?}"),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(show).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(k, v)| format!("{}={}", k.value, show(v)))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
        }
    }

    #[test]
    fn documents_are_read_as_written() {
        for (name, text, expected) in [
            ("nothing", "", ""),
            ("only a comment", "# hello\n", ""),
            ("an empty document", "---\n", ""),
            (
                "words stay words",
                "country: NO\nport: 0777\nv: 1.10\n",
                "{country=NO, port=0777, v=1.10}",
            ),
            (
                "null as written",
                "a:\nb: ~\nc: null\n",
                "{a=, b=~, c=null}",
            ),
            (
                "styles",
                "a: 'x'\nb: \"y\"\nc: |\n  z\n",
                "{a=\"x\", b=\"y\", c=|\"z\\n\"}",
            ),
            (
                "text by its tag",
                "a: !!str 12\nb: ! 12\nc: !!str\n",
                "{a=\"12\", b=\"12\", c=\"\"}",
            ),
            (
                "several documents",
                "a: 1\n---\n- b\n...\n---\nc\n",
                "{a=1} [b] c",
            ),
            ("alias", "a: &x {k: [1]}\nb: *x\n", "{a={k=[1]}, b={k=[1]}}"),
            ("alias in a key", "a: &x name\n*x : b\n", "{a=name, name=b}"),
            (
                "merge, own members win",
                "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n",
                "{a={k=1, l=2}, b={k=3, l=2}}",
            ),
            (
                "merge a list, earlier wins",
                "a: &x {k: 1}\nb: &y {k: 2, l: 2}\nc: {<<: [*x, *y]}\n",
                "{a={k=1}, b={k=2, l=2}, c={k=1, l=2}}",
            ),
            ("quoted `<<` is a key", "\"<<\": a\n", "{<<=a}"),
            ("crlf", "a: b\r\nc:\r\n  - d\r\n", "{a=b, c=[d]}"),
            ("byte-order mark", "\u{feff}a: b\n", "{a=b}"),
            (
                "tilde in quotes and plain",
                "a: '~'\nb: ~x\n",
                "{a=\"~\", b=~x}",
            ),
        ] {
            let (result, faults) = read(text);
            assert_eq!(faults, Vec::<String>::new(), "{name}");
            let shown: Vec<String> = result.expect(name).iter().map(show).collect();
            assert_eq!(shown.join(" "), expected, "{name}");
        }
    }

    #[test]
    fn spans_are_bytes_of_the_text() {
        let text = "\u{feff}é:  zü # c\nlist:\n- x\n- {k: 'v'}\nt: |\n  line\n\nu: &a y\nw: *a\n";
        let mut sources = Sources::new();
        let id = sources.add("f.yaml", text);
        let mut sink = Sink::new();
        let documents = parse(&sources, id, &mut sink).expect("valid");
        let root = &documents[0];
        let slice = |key: &str| sources.slice(root.get(key).expect(key).span).to_owned();
        assert_eq!(slice("é"), "zü");
        assert_eq!(slice("list"), "x\n- {k: 'v'}");
        assert_eq!(slice("t"), "line");
        assert_eq!(slice("w"), "y", "an alias points to what it repeats");
        let Value::Map(members) = &root.value else {
            panic!("a mapping");
        };
        assert_eq!(sources.slice(members[0].0.span), "é");
    }
}
