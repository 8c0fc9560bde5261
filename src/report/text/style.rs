//! The few colours that reports use.

use anstyle::{AnsiColor, Effects};

/// Whether to colour, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// No escape codes at all.
    pub const PLAIN: Self = Self { colour: false };
    /// Colours and weights.
    pub const COLOUR: Self = Self { colour: true };

    /// Whether escape codes are written.
    pub fn is_coloured(self) -> bool {
        self.colour
    }

    fn paint(self, style: anstyle::Style, text: &str) -> String {
        if self.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// Headings and names.
    pub fn strong(self, text: &str) -> String {
        self.paint(anstyle::Style::new().effects(Effects::BOLD), text)
    }

    /// What can be skipped.
    pub fn faint(self, text: &str) -> String {
        self.paint(anstyle::Style::new().effects(Effects::DIMMED), text)
    }

    /// Gone, or wrong.
    pub fn red(self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default(), text)
    }

    /// New, or right.
    pub fn green(self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// Changed, or doubtful.
    pub fn yellow(self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }
}
