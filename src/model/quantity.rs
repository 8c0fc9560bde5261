//! Kubernetes quantities, compared and written by value.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::ratio::Share;

const NANO: i128 = 1_000_000_000;
/// The largest value in billionths: the API server caps what is larger, and here it is none.
const MAX: i128 = i64::MAX as i128 * NANO;

/// A Kubernetes quantity: an exact number, such as `250m`, `1Gi` or `0.5`.
///
/// Two quantities are equal when their values are, however they were written (`1Gi` and
/// `1024Mi`). Held in billionths, at most 2⁶³-1 whole units either way.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource`.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    nano: i128,
    family: Family,
}

/// The suffixes that the canonical form prefers: those of the text it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// `n` `u` `m` `k` `M` `G` `T` `P` `E`, powers of ten.
    Decimal,
    /// `Ki` `Mi` `Gi` `Ti` `Pi` `Ei`, powers of 1024.
    Binary,
    /// `e3` and the like.
    Exponent,
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self {
        nano: 0,
        family: Family::Decimal,
    };

    /// Reads a quantity as the API server does; none for what is no quantity or beyond 2⁶³-1.
    ///
    /// What is finer than a billionth rounds away from zero. A text without a digit, which the
    /// API server takes for 0, is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, rest) = unsigned.split_at(digits(unsigned));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let (family, multiple, exponent) = suffix_value(suffix)?;
        let mut nano = billionths(whole, fraction, multiple, exponent)?;
        if negative {
            nano = -nano;
        }
        let family = if family == Family::Binary && nano > 0 && nano < NANO {
            Family::Decimal
        } else {
            family
        };
        Self::within(nano, family)
    }

    /// The exact value in billionths.
    pub const fn as_nano(self) -> i128 {
        self.nano
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.nano < 0
    }

    /// The sum, unless it is too large.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::within(self.nano.checked_add(other.nano)?, self.joined(other))
    }

    /// The difference, which may be negative, unless it is too large.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Self::within(self.nano.checked_sub(other.nano)?, self.joined(other))
    }

    /// So many times this, unless it is too large.
    pub fn times(self, count: u64) -> Option<Self> {
        Self::within(self.nano.checked_mul(i128::from(count))?, self.family)
    }

    /// A share of this; what is finer than a billionth rounds away from zero.
    pub fn scaled(self, share: Share) -> Option<Self> {
        let product = self.nano.checked_mul(i128::from(share.as_ppm()))?;
        let whole = i128::from(Share::ONE.as_ppm());
        Self::within(divided_away(product, whole), self.family)
    }

    /// Rounded away from zero to thousandths, as the API server rounds resources of containers.
    pub fn rounded_up_to_milli(self) -> Self {
        const MICRO: i128 = 1_000_000;
        Self {
            nano: divided_away(self.nano, MICRO) * MICRO,
            family: self.family,
        }
    }

    fn within(nano: i128, family: Family) -> Option<Self> {
        (-MAX..=MAX)
            .contains(&nano)
            .then_some(Self { nano, family })
    }

    /// The suffixes of a sum: those of the first part that is not zero.
    fn joined(self, other: Self) -> Family {
        if self.nano == 0 {
            other.family
        } else {
            self.family
        }
    }
}

/// A suffix as its family, a factor and a power of ten.
fn suffix_value(suffix: &str) -> Option<(Family, u128, i64)> {
    let decimal = |exponent| Some((Family::Decimal, 1, exponent));
    let binary = |bits: u32| Some((Family::Binary, 1 << bits, 0));
    match suffix {
        "" => decimal(0),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            (all && exponent.len() < 12)
                .then(|| exponent.parse().ok())
                .flatten()
                .map(|exponent| (Family::Exponent, 1, exponent))
        }
    }
}

/// `whole.fraction × multiple × 10^exponent` in billionths, rounded up; none for what is far
/// beyond [`MAX`]. Digit by digit, so that no length of text loses anything.
fn billionths(whole: &str, fraction: &str, multiple: u128, exponent: i64) -> Option<i128> {
    const LONGEST: i64 = 30;
    let mut digits = Vec::with_capacity(whole.len() + fraction.len() + 20);
    let mut carry = 0;
    for digit in fraction.bytes().rev().chain(whole.bytes().rev()) {
        carry += u128::from(digit - b'0') * multiple;
        digits.push(carry % 10);
        carry /= 10;
    }
    while carry > 0 {
        digits.push(carry % 10);
        carry /= 10;
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    let length = i64::try_from(digits.len()).ok()?;
    // How many zeros follow the digits; where negative, how many digits are finer than 10⁻⁹.
    let shift = exponent + 9 - i64::try_from(fraction.len()).ok()?;
    if length == 0 {
        return Some(0);
    }
    if length + shift > LONGEST {
        return None;
    }
    let cut = usize::try_from(-shift).unwrap_or(0).min(digits.len());
    let (fine, kept) = digits.split_at(cut);
    let mut value = kept.iter().rev().try_fold(0_i128, |value, digit| {
        value
            .checked_mul(10)?
            .checked_add(i128::try_from(*digit).ok()?)
    })?;
    for _ in 0..shift {
        value = value.checked_mul(10)?;
    }
    Some(value + i128::from(fine.iter().any(|digit| *digit != 0)))
}

/// The quotient, rounded away from zero.
fn divided_away(value: i128, divisor: i128) -> i128 {
    value / divisor + value.signum() * i128::from(value % divisor != 0)
}

impl fmt::Display for Quantity {
    /// The canonical form, as the API server writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return f.pad("0");
        }
        let whole = self.nano / NANO;
        let binary = self.family == Family::Binary
            && self.nano % NANO == 0
            && !(-1023..=1023).contains(&whole);
        if binary {
            let (mut value, mut steps) = (whole, 0);
            while value % 1024 == 0 && steps < 6 {
                value /= 1024;
                steps += 1;
            }
            let suffix = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][steps];
            return f.pad(&format!("{value}{suffix}"));
        }
        let (mut value, mut exponent) = (self.nano, -9);
        while value % 1000 == 0 {
            value /= 1000;
            exponent += 3;
        }
        let text = match (self.family, exponent) {
            (_, 0) => value.to_string(),
            (Family::Exponent, exponent) => format!("{value}e{exponent}"),
            (_, exponent) => {
                let suffix = match exponent {
                    -9 => "n",
                    -6 => "u",
                    -3 => "m",
                    3 => "k",
                    6 => "M",
                    9 => "G",
                    12 => "T",
                    15 => "P",
                    _ => "E",
                };
                format!("{value}{suffix}")
            }
        };
        f.pad(&text)
    }
}

impl serde::Serialize for Quantity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nano.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> Option<String> {
        Quantity::parse(text).map(|q| q.to_string())
    }

    #[test]
    fn the_canonical_form_is_the_api_servers() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("0Gi", "0"),
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1536Mi", "1536Mi"),
            ("0.5Gi", "512Mi"),
            ("0.5Ki", "512"),
            ("1.1Ki", "1126400m"),
            ("0.1Ki", "102400m"),
            ("1023", "1023"),
            ("1023Ki", "1023Ki"),
            ("1000Ki", "1000Ki"),
            ("100.5m", "100500u"),
            ("1500", "1500"),
            ("1000", "1k"),
            ("128974848000", "128974848k"),
            ("1e3", "1e3"),
            ("1E3", "1e3"),
            ("1E", "1E"),
            ("12e6", "12e6"),
            ("1e4", "10e3"),
            ("1e-1", "100e-3"),
            ("1.G", "1G"),
            (".5", "500m"),
            ("+1", "1"),
            ("-1.5Gi", "-1536Mi"),
            ("-0.5", "-500m"),
            ("0001", "1"),
            ("0.1n", "1n"),
            ("-0.1n", "-1n"),
            ("1.0000000001", "1000000001n"),
            ("9223372036854775807", "9223372036854775807"),
            ("7Ei", "7Ei"),
            ("100k", "100k"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_or_too_large_is_none() {
        let long = "9".repeat(100_000);
        for text in [
            "",
            "-",
            "+",
            ".",
            "-.",
            "Gi",
            "1K",
            "1gi",
            "1 Gi",
            " 1",
            "1Gi ",
            "1e",
            "1e+",
            "--1",
            "1.2.3",
            "1,5",
            "0x10",
            "NaN",
            "inf",
            "1iK",
            "١",
            "8Ei",
            "10E",
            "1e30",
            "1e99999999999",
            "9223372036854775808",
            &long,
        ] {
            assert_eq!(canonical(text), None, "{text:.40}");
        }
        let fine = format!("0.{}1", "0".repeat(100_000));
        assert_eq!(canonical(&fine).as_deref(), Some("1n"));
        assert_eq!(canonical("1e-9999999999").as_deref(), Some("1e-9"));
        assert_eq!(canonical("0e9999999999").as_deref(), Some("0"));
    }

    #[test]
    fn arithmetic_is_exact_or_refused() {
        let q = |text: &str| Quantity::parse(text).expect(text);
        let text = |q: Option<Quantity>| q.map(|q| q.to_string());
        assert_eq!(
            text(q("1Gi").checked_add(q("512Mi"))).as_deref(),
            Some("1536Mi")
        );
        assert_eq!(
            text(Quantity::ZERO.checked_add(q("1Gi"))).as_deref(),
            Some("1Gi")
        );
        assert_eq!(
            text(q("100m").checked_sub(q("1"))).as_deref(),
            Some("-900m")
        );
        assert!(q("-1n").is_negative());
        assert_eq!(text(q("200m").times(40)).as_deref(), Some("8"));
        assert_eq!(text(q("7Ei").times(2)), None);
        assert_eq!(text(q("1").times(u64::MAX)), None);
        assert_eq!(text(q("7Ei").checked_add(q("7Ei"))), None);
        assert_eq!(
            text(q("3").scaled(Share::ppm(200_000))).as_deref(),
            Some("600m")
        );
        assert_eq!(text(q("1n").scaled(Share::ppm(1))).as_deref(), Some("1n"));
        assert_eq!(q("100.5m").rounded_up_to_milli().to_string(), "101m");
        assert_eq!(q("-100.5m").rounded_up_to_milli().to_string(), "-101m");
        assert_eq!(q("1Gi"), q("1024Mi"));
        assert_ne!(q("1G"), q("1Gi"));
    }

    proptest! {
        #[test]
        fn display_reads_back_as_the_same(nano in -MAX..=MAX, family in 0..3) {
            let family = [Family::Decimal, Family::Binary, Family::Exponent][family as usize];
            let quantity = Quantity { nano, family };
            let text = quantity.to_string();
            let back = Quantity::parse(&text).expect("canonical");
            prop_assert_eq!(back, quantity);
            prop_assert_eq!(back.to_string(), text);
        }

        /// The oracle: numerator and denominator as integers, compared crosswise.
        #[test]
        fn order_agrees_with_rationals(
            a in (-999_999_i64..=999_999, 0_u32..=6, 0_usize..13),
            b in (-999_999_i64..=999_999, 0_u32..=6, 0_usize..13),
        ) {
            const SUFFIXES: [(&str, i128, i128); 13] = [
                ("", 1, 1), ("m", 1, 1000), ("u", 1, 1_000_000), ("k", 1000, 1),
                ("M", 1_000_000, 1), ("G", NANO, 1), ("T", 1_000_000_000_000, 1),
                ("Ki", 1 << 10, 1), ("Mi", 1 << 20, 1), ("Gi", 1 << 30, 1), ("Ti", 1 << 40, 1),
                ("e3", 1000, 1), ("e-2", 1, 100),
            ];
            let make = |(digits, point, suffix): (i64, u32, usize)| {
                let (name, over, under) = SUFFIXES[suffix];
                let scale = 10_i64.pow(point);
                let sign = if digits < 0 { "-" } else { "" };
                let (whole, rest) = (digits.abs() / scale, digits.abs() % scale);
                let text = if point == 0 {
                    format!("{digits}{name}")
                } else {
                    format!("{sign}{whole}.{rest:0width$}{name}", width = point as usize)
                };
                (text, i128::from(digits) * over, i128::from(scale) * under)
            };
            let ((a, an, ad), (b, bn, bd)) = (make(a), make(b));
            // What is finer than a billionth rounds, so only exact values are compared.
            prop_assume!((an * NANO) % ad == 0 && (bn * NANO) % bd == 0);
            let (qa, qb) = (Quantity::parse(&a).expect("valid"), Quantity::parse(&b).expect("valid"));
            prop_assert_eq!(qa.cmp(&qb), (an * bd).cmp(&(bn * ad)), "{} {}", a, b);
        }

        #[test]
        fn any_text_is_answered(text in "[-+]?[0-9.]{0,40}([eE][-+]?[0-9]{0,12})?[a-zA-Z]{0,2}") {
            let _ = Quantity::parse(&text);
        }
    }
}
