//! A number as people and Prometheus write it, to whole millionths.

/// What a cell or a sample says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// A value in millionths, not negative.
    Millionths(u64),
    /// Nothing was measured: `NaN`, or an infinity.
    Hole,
    /// No number, negative, or above a billion.
    Wrong,
}

/// Above this nothing is meant.
const LARGEST: f64 = 1e9;

/// Reads `0.0123`, `1.23e-05`, `NaN`, `+Inf`.
pub(super) fn read(text: &str) -> Number {
    let plain = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    if ["nan", "inf", "infinity"].contains(&plain.as_str()) {
        return Number::Hole;
    }
    let shaped = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    match text.parse::<f64>() {
        // Rounded once, and the same everywhere: IEEE 754 decides all three steps.
        Ok(value) if shaped && (0.0..=LARGEST).contains(&value) => {
            Number::Millionths((value * 1e6).round() as u64)
        }
        _ => Number::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_holes_and_everything_else() {
        for (text, expected) in [
            ("0.0123", Number::Millionths(12_300)),
            ("1.23e-05", Number::Millionths(12)),
            ("86.4", Number::Millionths(86_400_000)),
            ("0", Number::Millionths(0)),
            ("1e9", Number::Millionths(1_000_000_000_000_000)),
            ("NaN", Number::Hole),
            ("+Inf", Number::Hole),
            ("-Inf", Number::Hole),
            ("-1", Number::Wrong),
            ("1e10", Number::Wrong),
            ("1e999", Number::Wrong),
            ("", Number::Wrong),
            ("5ms", Number::Wrong),
            ("0x10", Number::Wrong),
            ("nanometre", Number::Wrong),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
