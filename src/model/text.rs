//! The bytes of a file, in parts that files share where they are the same.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A text in parts; equal texts are equal however they are parted.
#[derive(Clone, Default)]
pub struct Text(Vec<Arc<str>>);

impl Text {
    /// A text of these parts.
    pub fn of(parts: Vec<Arc<str>>) -> Self {
        Self(parts)
    }

    /// Appends another text.
    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// The parts in order.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|part| &**part)
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.parts().map(str::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All parts as one.
    pub fn whole(&self) -> Cow<'_, str> {
        match self.0.as_slice() {
            [] => Cow::Borrowed(""),
            [one] => Cow::Borrowed(one),
            parts => Cow::Owned(parts.concat()),
        }
    }
}

impl<T: Into<Arc<str>>> From<T> for Text {
    fn from(text: T) -> Self {
        Self(vec![text.into()])
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        let mut rest = other;
        let starts = |part: &str| match rest.strip_prefix(part) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        };
        self.parts().all(starts) && rest.is_empty()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && *self == *other.whole()
    }
}

impl Eq for Text {}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().try_for_each(|part| f.write_str(part))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.whole().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_text_is_parted_does_not_matter() {
        let whole = Text::from("abc");
        for parts in [&["abc"][..], &["a", "bc"], &["", "ab", "", "c"]] {
            let text = Text::of(parts.iter().map(|p| Arc::from(*p)).collect());
            assert_eq!((&text, text.len()), (&whole, 3));
            assert_eq!(
                (text.whole(), text.to_string()),
                ("abc".into(), "abc".to_owned())
            );
            for other in ["", "ab", "abcd", "abd", "bc"] {
                assert!(text != *other, "{other}");
                assert_ne!(text, Text::from(other));
            }
        }
        assert_eq!(Text::default(), Text::from(""));
        assert!(Text::default().is_empty());
    }
}
