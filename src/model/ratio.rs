//! Shares of a whole, in parts per million, so that they add up exactly.

use std::fmt;

/// A share in parts per million; `55%` is 550,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// The whole.
    pub const ONE: Self = Self(1_000_000);

    /// From parts per million.
    pub const fn ppm(ppm: u32) -> Self {
        Self(ppm)
    }

    /// In parts per million.
    pub const fn as_ppm(self) -> u32 {
        self.0
    }

    /// Reads `55%`, `99.95%` (at most four decimals, at most 100 %).
    pub fn parse_percent(text: &str) -> Option<Self> {
        let number = text.strip_suffix('%')?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 3 || fraction.len() > 4 || number.ends_with('.') {
            return None;
        }
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let fraction = format!("{fraction:0<4}").parse::<u32>().ok()?;
        let ppm = whole.parse::<u32>().ok()? * 10_000 + fraction;
        (ppm <= Self::ONE.0).then_some(Self(ppm))
    }
}

impl fmt::Display for Share {
    /// As a percentage: `55%`, `99.95%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 10_000, self.0 % 10_000);
        if rest == 0 {
            f.pad(&format!("{whole}%"))
        } else {
            let rest = format!("{rest:04}");
            f.pad(&format!("{whole}.{}%", rest.trim_end_matches('0')))
        }
    }
}

impl serde::Serialize for Share {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact_both_ways() {
        for text in ["0%", "55%", "99.95%", "100%", "0.0001%"] {
            assert_eq!(
                Share::parse_percent(text).map(|s| s.to_string()).as_deref(),
                Some(text)
            );
        }
        for bad in [
            "",
            "%",
            "55",
            "101%",
            "-1%",
            "1.%",
            ".5%",
            "0.00001%",
            "1e1%",
            "100.0001%",
        ] {
            assert_eq!(Share::parse_percent(bad), None, "{bad}");
        }
    }
}
