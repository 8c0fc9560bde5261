//! The home of regex: a pattern as Go's RE2 reads it.

use std::sync::OnceLock;

use regex::Regex;

/// A compiled pattern may take so much memory, in bytes: counted repetitions multiply.
const LIMIT: usize = 16 << 20;

/// A pattern, compiled when a value first meets it.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: Box<str>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            compiled: OnceLock::new(),
        }
    }

    /// The pattern as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches somewhere in a text; a pattern that no reader understands matches, since
    /// a server that took the definition understands it.
    pub(super) fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| {
            let mut builder = regex::RegexBuilder::new(&ascii_classes(&self.text));
            builder.size_limit(LIMIT).build().ok()
        });
        compiled.as_ref().is_none_or(|r| r.is_match(text))
    }
}

/// `\d`, `\w` and `\s` are of ASCII alone in RE2.
fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut inside = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let next = chars.next();
                let set = match next {
                    Some('d') => "0-9",
                    Some('w') => "0-9A-Za-z_",
                    Some('s') => r"\t\n\f\r ",
                    Some(other) => {
                        out.extend(['\\', other]);
                        continue;
                    }
                    None => {
                        out.push('\\');
                        continue;
                    }
                };
                match inside {
                    true => out.push_str(set),
                    false => out.extend(["[", set, "]"]),
                }
                continue;
            }
            '[' if inside && chars.peek() == Some(&':') => {
                // `[:alpha:]` within a class does not end it.
                out.push('[');
                for c in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
                continue;
            }
            // In RE2 it is itself there.
            '[' if inside => {
                out.push_str(r"\[");
                continue;
            }
            '[' => {
                inside = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    out.extend(chars.next());
                }
                // First in a class it does not end it.
                if chars.peek() == Some(&']') {
                    chars.next();
                    out.push_str(r"\]");
                }
                continue;
            }
            ']' => inside = false,
            // Operations on classes, which RE2 does not have.
            '&' | '~' | '-' if inside && chars.peek() == Some(&c) => {
                out.extend(['\\', c]);
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_to_go() {
        for (pattern, text, expected) in [
            ("^[a-z]+$", "abc", true),
            ("^[a-z]+$", "aBc", false),
            ("b", "abc", true),
            (r"^\d+$", "12", true),
            (r"^\d+$", "١٢", false),
            (r"^[\w.-]+$", "a_b.c-d", true),
            (r"^[\w.-]+$", "é", false),
            (r"^[[:alpha:]\s]+$", "a b", true),
            (r"^[[.]$", "[", true),
            (r"^[]a]$", "]", true),
            (r"^[^]a]$", "]", false),
            (r"^[a&&b]+$", "&", true),
            (r"^\[\\w\]$", r"[\w]", true),
            (r"^(?i)yes$", "YES", true),
            (r"^$|^[A-Z]{2}$", "", true),
            ("(", "not understood", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
