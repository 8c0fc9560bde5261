//! Draws diagnostics: code, file:line:col, the line itself and the remedy.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diag::{Diagnostic, Severity, Sources, Span};

use super::Style;
use super::inert::inert;

/// All diagnostics, one after the other, each followed by an empty line.
pub fn diagnostics(all: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let renderer = if style.is_coloured() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for diagnostic in all {
        out.push_str(&draw(diagnostic, sources, &renderer));
        out.push_str("\n\n");
    }
    out
}

fn draw(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.effective_severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = inert(&diagnostic.message);
    let mut group = Group::with_title(
        level
            .primary_title(message.as_ref())
            .id(diagnostic.code.name()),
    );

    // Labels of one text share a snippet; texts stand in the order in which they are first named,
    // the one with the place to change first.
    let mut order: Vec<Span> = diagnostic.place().into_iter().collect();
    order.extend(diagnostic.labels.iter().map(|l| l.span));
    let mut drawn = Vec::new();
    for span in order {
        if drawn.contains(&span.source) {
            continue;
        }
        drawn.push(span.source);
        let source = sources.get(span.source);
        if source.text().trim().is_empty() {
            group = group.element(Origin::path(source.path()).line(1).char_column(1));
            continue;
        }
        let mut snippet = Snippet::source(source.text()).path(source.path());
        for label in diagnostic
            .labels
            .iter()
            .filter(|l| l.span.source == span.source)
        {
            let kind = if label.primary {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let mut annotation = kind.span(visible(source.text(), label.span));
            if !label.text.is_empty() {
                annotation = annotation.label(inert(&label.text).into_owned());
            }
            snippet = snippet.annotation(annotation);
        }
        group = group.element(snippet);
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(inert(note).into_owned()));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(inert(help).into_owned()));
    }
    renderer.render(&[group])
}

/// The byte range to underline: inside the text, on character boundaries, and of one line only,
/// since an underlined block of fifty lines shows nothing.
fn visible(text: &str, span: Span) -> std::ops::Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start as usize);
    let end = floor(span.end as usize).max(start);
    let line_end = text[start..end].find('\n').map_or(end, |i| start + i);
    start..line_end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;

    #[test]
    fn a_diagnostic_shows_place_line_and_remedy() {
        let mut sources = Sources::new();
        let fleet = sources.add("regen.yaml", "fleet: shop\nwaves: [a]\n");
        let id = sources.add(
            "services/checkout.yaml",
            "service: checkout\ndata: personal\n",
        );
        let diagnostic = Diagnostic::new(Code::InvalidValue, "`personal` is \u{1b}[31mbound")
            .at(Span::new(id, 24, 32), "bound here")
            .see(Span::new(fleet, 12, 17), "because of this")
            .help("add a region");
        insta::assert_snapshot!(diagnostics(&[diagnostic], &sources, Style::PLAIN), @r"
        error[invalid-value]: `personal` is \u{1b}[31mbound
         --> services/checkout.yaml:2:7
          |
        2 | data: personal
          |       ^^^^^^^^ bound here
          |
         ::: regen.yaml:2:1
          |
        2 | waves: [a]
          | ----- because of this
          |
          = help: add a region
        ");
    }

    #[test]
    fn spans_that_do_not_fit_the_text_are_drawn_anyway() {
        let mut sources = Sources::new();
        let empty = sources.add("empty.yaml", "");
        let id = sources.add("a.yaml", "ü: 1\nb: 2\n");
        for span in [
            Span::new(empty, 0, 9),
            Span::new(id, 1, 3),
            Span::new(id, 0, 999),
        ] {
            let diagnostic = Diagnostic::new(Code::WrongType, "wrong").at(span, "here");
            let text = diagnostics(&[diagnostic], &sources, Style::PLAIN);
            assert!(text.contains(".yaml:1:1"), "{text}");
        }
    }
}
