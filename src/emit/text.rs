//! Which form a text can stand in, so that YAML 1.1, YAML 1.2 and Kubernetes read that very text.

use std::fmt::Write as _;

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// In double quotes, escaped as in JSON.
    Quoted,
    /// As a literal block, `|`.
    Block,
}

/// The plainest form that every reader takes for this text.
///
/// Plain: a letter or `/`, then letters, digits and `._/()$@+=:-`, not ending in `:`, and no word
/// that any reader takes for a boolean or null. Block: several clean lines, of which the first
/// starts with neither blank nor line feed. Else quoted.
pub(super) fn form(text: &str) -> Form {
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else {
        return Form::Quoted;
    };
    if (first.is_ascii_alphabetic() || *first == b'/')
        && bytes.iter().all(|b| PLAIN[usize::from(*b)])
        && bytes.last() != Some(&b':')
        && !is_word(text)
    {
        return Form::Plain;
    }
    if bytes.contains(&b'\n') && is_clean(text) {
        Form::Block
    } else {
        Form::Quoted
    }
}

const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 128 {
        table[b] = (b as u8).is_ascii_alphanumeric();
        b += 1;
    }
    let others = b"._/()$@+=:-";
    let mut i = 0;
    while i < others.len() {
        table[others[i] as usize] = true;
        i += 1;
    }
    table
};

/// A boolean or null of YAML 1.1 or 1.2, in any case.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "on", "no", "off", "yes", "true", "null", "false"];
    text.len() <= 5 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a text can stand in a literal block: no line starts the text with a blank, none ends
/// with one, and nothing needs an escape.
fn is_clean(text: &str) -> bool {
    !text.starts_with([' ', '\t', '\n'])
        && text.split('\n').all(|line| !line.ends_with([' ', '\t']))
        && !text
            .chars()
            .any(|c| c != '\n' && c != '\t' && needs_escape(c))
}

/// Whether a character cannot stand as itself between double quotes for every reader, or could
/// not be seen there.
fn needs_escape(c: char) -> bool {
    match c {
        '"' | '\\' => false,
        ' '..='~' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => {
            true
        }
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => true,
        c => u32::from(c) & 0xfffe == 0xfffe,
    }
}

/// Appends a text in double quotes.
pub(super) fn quote(out: &mut String, text: &str) {
    out.push('"');
    let mut done = 0;
    for (at, c) in text.char_indices() {
        if !matches!(c, '"' | '\\') && !needs_escape(c) {
            continue;
        }
        out.push_str(&text[done..at]);
        done = at + c.len_utf8();
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Pairs of `\u` for one character are JSON's way: not every YAML reader joins them.
            c => {
                let code = u32::from(c);
                let _ = if code > 0xffff {
                    write!(out, "\\U{code:08x}")
                } else {
                    write!(out, "\\u{code:04x}")
                };
            }
        }
    }
    out.push_str(&text[done..]);
    out.push('"');
}
