//! Durations as people write them: `250ms`, `5s`, `10m`, `12h`, `90d`, `1h30m`.

use std::fmt;

/// A length of time in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Duration {
    /// From milliseconds.
    pub const fn millis(millis: u64) -> Self {
        Self(millis)
    }

    /// In milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Reads one or more numbers with a unit each, largest unit first: `d`, `h`, `m`, `s`, `ms`.
    pub fn parse(text: &str) -> Option<Self> {
        const UNITS: [(&str, u64); 5] = [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1000),
            ("ms", 1),
        ];
        let mut rest = text;
        let mut total = 0_u64;
        let mut next = 0;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let letters = rest[digits..]
                .bytes()
                .take_while(u8::is_ascii_alphabetic)
                .count();
            let unit = &rest[digits..digits + letters];
            let index = UNITS.iter().position(|(u, _)| *u == unit)?;
            if digits == 0 || index < next {
                return None;
            }
            let value = rest[..digits]
                .parse::<u64>()
                .ok()?
                .checked_mul(UNITS[index].1)?;
            total = total.checked_add(value)?;
            next = index + 1;
            rest = &rest[digits + letters..];
        }
        (next > 0).then_some(Self(total))
    }
}

impl fmt::Display for Duration {
    /// The shortest exact form with one unit: `90s`, `250ms`, `400d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0 {
            0 => (0, "s"),
            n if n % 86_400_000 == 0 => (n / 86_400_000, "d"),
            n if n % 3_600_000 == 0 => (n / 3_600_000, "h"),
            n if n % 60_000 == 0 => (n / 60_000, "m"),
            n if n % 1000 == 0 => (n / 1000, "s"),
            n => (n, "ms"),
        };
        f.pad(&format!("{value}{unit}"))
    }
}

impl serde::Serialize for Duration {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_a_unit_or_not_at_all() {
        for (text, ms) in [
            ("250ms", 250),
            ("5s", 5000),
            ("90d", 7_776_000_000),
            ("1h30m", 5_400_000),
            ("0s", 0),
        ] {
            assert_eq!(Duration::parse(text), Some(Duration::millis(ms)), "{text}");
        }
        for bad in [
            "",
            "5",
            "s",
            "5 s",
            "-5s",
            "1.5s",
            "30m1h",
            "1s1s",
            "5S",
            "5é",
            "99999999999999999999d",
            "999999999999999d",
        ] {
            assert_eq!(Duration::parse(bad), None, "{bad}");
        }
    }
}
