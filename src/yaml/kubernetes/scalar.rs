//! What an unquoted scalar means to Kubernetes: the rules of go-yaml v2, `resolve.go`.

/// What a scalar means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// Above the largest `Int`.
    Uint(u64),
    Float(f64),
    /// The text itself.
    Text,
}

/// Resolves a plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Scalar {
    let Some(first) = text.bytes().next() else {
        return Scalar::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
            _ => float(text).map_or(Scalar::Text, Scalar::Float),
        },
        b'0'..=b'9' | b'+' | b'-' => number(text),
        _ => Scalar::Text,
    }
}

fn word(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => Scalar::Text,
    }
}

fn number(text: &str) -> Scalar {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        stripped.as_str()
    } else {
        text
    };
    if let Some(int) = int(plain) {
        return int;
    }
    if let Some(float) = float(plain) {
        return Scalar::Float(float);
    }
    // go-yaml reads what follows `0b` by a routine that takes a sign: `0b-1` is -1.
    let binary = if let Some(digits) = plain.strip_prefix("0b") {
        i64::from_str_radix(digits, 2).ok()
    } else {
        None
    };
    binary.map_or(Scalar::Text, Scalar::Int)
}

/// Go's `ParseInt` with base 0: `0x`, `0o`, `0b`, and a leading `0` for octal.
fn int(text: &str) -> Option<Scalar> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let bytes = unsigned.as_bytes();
    let (radix, digits) = match bytes {
        [b'0', b'x' | b'X', _, ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &unsigned[2..]),
        [b'0'] => (10, unsigned),
        [b'0', ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(magnitude)) {
        (false, Ok(value)) => Some(Scalar::Int(value)),
        (true, Ok(value)) => Some(Scalar::Int(-value)),
        (true, Err(_)) => (magnitude == 1 << 63).then_some(Scalar::Int(i64::MIN)),
        (false, Err(_)) => (unsigned.len() == text.len()).then_some(Scalar::Uint(magnitude)),
    }
}

/// A decimal number in the form that go-yaml calls a float, if an `f64` can hold it.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if let Some(exponent) = exponent {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if exponent.is_empty() || !digits(exponent) {
            return None;
        }
    }
    text.parse::<f64>().ok().filter(|f| f.is_finite())
}

/// A float as a key: Go's `FormatFloat(f, 'g', -1, 32)`, with YAML's words for the infinite.
pub(super) fn float_key(value: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "sigs.k8s.io/yaml itself narrows float keys to 32 bits"
    )]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        format!("{value}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_mean_what_kubectl_makes_of_them() {
        use Scalar::{Bool, Float, Int, Null, Text, Uint};
        for (text, expected) in [
            ("NO", Bool(false)),
            ("off", Bool(false)),
            ("n", Bool(false)),
            ("N", Bool(false)),
            ("on", Bool(true)),
            ("y", Bool(true)),
            ("Yes", Bool(true)),
            ("tRuE", Text),
            ("yEs", Text),
            ("0777", Int(511)),
            ("007", Int(7)),
            ("08", Float(8.0)),
            ("0o17", Int(15)),
            ("0O17", Int(15)),
            ("0b11", Int(3)),
            ("0b-1", Int(-1)),
            ("-0b11", Int(-3)),
            ("0x1F", Int(31)),
            ("-0X1f", Int(-31)),
            ("0x", Text),
            ("0x+1", Text),
            ("0", Int(0)),
            ("-0", Int(0)),
            ("1_000", Int(1000)),
            ("0_", Int(0)),
            ("0x_1F", Int(31)),
            ("_1", Text),
            ("1_000.5", Float(1000.5)),
            ("1e3", Float(1000.0)),
            ("1.e3", Float(1000.0)),
            ("1E+3", Float(1000.0)),
            ("1e", Text),
            ("1.10", Float(1.1)),
            (".5", Float(0.5)),
            (".", Text),
            ("._5", Text),
            ("10.", Float(10.0)),
            ("+1", Int(1)),
            ("+", Text),
            ("-", Text),
            ("--1", Text),
            ("12:30:45", Text),
            ("2026-11-22", Text),
            ("~", Null),
            ("", Null),
            ("Null", Null),
            ("nULL", Text),
            (".inf", Float(f64::INFINITY)),
            ("-.INF", Float(f64::NEG_INFINITY)),
            ("inf", Text),
            ("9223372036854775808", Uint(1 << 63)),
            ("-9223372036854775808", Int(i64::MIN)),
            ("+9223372036854775808", Float(9_223_372_036_854_775_808.0)),
            ("1e400", Text),
            ("=", Text),
            ("<<", Text),
            ("1 000", Text),
            ("１", Text),
        ] {
            assert_eq!(resolve(text), expected, "{text}");
        }
    }

    #[test]
    fn float_keys_are_written_as_go_does() {
        for (value, text) in [
            (1.5, "1.5"),
            (1.0, "1"),
            (1e5, "100000"),
            (1e6, "1e+06"),
            (1.1e-5, "1.1e-05"),
            (0.0001, "0.0001"),
            (1e300, ".inf"),
            (-2.5e20, "-2.5e+20"),
        ] {
            assert_eq!(float_key(value), text);
        }
    }
}
