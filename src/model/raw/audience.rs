//! Where users are.

use super::entries::Entries;
use super::scalar::millionths;
use crate::diag::Spanned;

/// A weight in millionths of the written unit; `55%` weighs as much as `55`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// In millionths.
    pub micro: u64,
    /// Whether it was written with a percent sign.
    pub percent: bool,
}

impl Weight {
    /// Reads `60`, `0.5` or `55%`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('%').unwrap_or(text);
        if number.starts_with(['+', '-']) {
            return None;
        }
        Some(Self {
            micro: millionths(number)?.try_into().ok()?,
            percent: text.ends_with('%'),
        })
    }
}

/// Weights or percentages by region, ISO country, bloc, jurisdiction or continent.
pub type Audience = Entries<Spanned<Weight>>;
