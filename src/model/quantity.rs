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
mod tests;
