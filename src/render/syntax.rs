//! What templates may not contain: blocks that would change placeholders, and placeholders.

use std::ops::Range;

use super::engine::slot;

/// Blocks that minijinja knows and that would pass placeholders through functions.
const REFUSED: [&str; 2] = ["filter", "autoescape"];

/// Looks for what is refused; returns a message and the bytes that it is about.
pub(crate) fn check(text: &str) -> Result<(), (String, Range<usize>)> {
    if let Some((at, c)) = text.char_indices().find(|(_, c)| slot(*c).is_some()) {
        let message = "characters U+F0000 to U+FFFFD may not stand in a template".to_owned();
        return Err((message, at..at + c.len_utf8()));
    }
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        let open = at + found;
        let rest = &text[open..];
        if let Some(comment) = rest.strip_prefix("{#") {
            at = open + 2 + comment.find("#}").map_or(comment.len(), |n| n + 2);
        } else if let Some(block) = rest.strip_prefix("{%") {
            let words = block.trim_start_matches(['-', '+']).trim_start();
            let start = text.len() - words.len();
            let word: String = words
                .chars()
                .take_while(char::is_ascii_alphabetic)
                .collect();
            if REFUSED.contains(&word.as_str()) {
                let message = format!("`{{% {word} %}}` may not stand in a template");
                return Err((message, start..start + word.len()));
            }
            at = open + 2;
        } else {
            at = open + 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_would_change_placeholders() {
        for (text, bad) in [
            ("a: {{ b }}", None),
            ("{# {% filter upper %} #}a", None),
            ("{% set filtered = 1 %}", None),
            ("x\n{%- filter upper %}a{% endfilter %}", Some("filter")),
            ("{%+autoescape false %}", Some("autoescape")),
            ("a: \u{F0000}", Some("\u{F0000}")),
            ("a: \u{FFFFD}", Some("\u{FFFFD}")),
            ("a: \u{E000}", None),
            ("{#", None),
        ] {
            let found = check(text).err().map(|(_, range)| &text[range]);
            assert_eq!(found, bad, "{text}");
        }
    }
}
