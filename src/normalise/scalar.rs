//! Scalars that are written in more than one way: instants, bytes, durations, numbers.

use serde_json::Number;

/// An instant in RFC 3339, in nanoseconds since 1970.
pub fn instant(text: &str) -> Option<i128> {
    let date = text.as_bytes();
    // jiff takes more forms than a server does.
    if date.len() < 20 || date[4] != b'-' || !matches!(date[10], b'T' | b't') {
        return None;
    }
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(|t| t.as_nanosecond())
}

/// The bytes of standard base64; line ends inside it do not count (Go `encoding/base64`).
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held, mut digits, mut padding) = (0u32, 0u32, 0usize, 0usize);
    for c in text.bytes() {
        let digit = match c {
            b'\r' | b'\n' => continue,
            b'=' => {
                padding += 1;
                continue;
            }
            _ if padding > 0 => return None,
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(digit);
        held += 6;
        digits += 1;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    let whole = (digits + padding).is_multiple_of(4) && padding <= 2 && digits % 4 != 1;
    whole.then_some(bytes)
}

/// Standard base64 of bytes, as the server writes a Secret's `stringData`.
pub fn to_base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .enumerate()
            .fold(0u32, |word, (i, b)| word | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            text.push(match i <= chunk.len() {
                true => char::from(DIGITS[(word >> (18 - 6 * i)) as usize & 63]),
                false => '=',
            });
        }
    }
    text
}

/// A Go duration (`1h30m`, `2160h0m0s`, `1.5s`), in nanoseconds.
pub fn go_duration(text: &str) -> Option<i128> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() > 15 || fraction.len() > 15 || whole.len() + fraction.len() == 0 {
            return None;
        }
        let digits = |d: &str| {
            if d.is_empty() {
                Some(0)
            } else {
                d.parse::<i128>().ok()
            }
        };
        total += digits(whole)? * unit;
        total += digits(fraction)? * unit / 10i128.pow(fraction.len() as u32);
        rest = tail;
    }
    Some(if negative { -total } else { total })
}

/// Whether two numbers are the same number (`1.0` is `1`).
pub fn same_number(a: &Number, b: &Number) -> bool {
    if a == b {
        return true;
    }
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a == b,
        // An integer that a float cannot hold exactly is not the float nearest to it.
        (Some(whole), None) => b
            .as_f64()
            .is_some_and(|f| whole as f64 == f && f as i128 == whole),
        (None, Some(whole)) => a
            .as_f64()
            .is_some_and(|f| whole as f64 == f && f as i128 == whole),
        (None, None) => a.as_f64() == b.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_compared_by_time() {
        let same = [
            ("2026-11-23T01:04:03Z", "2026-11-23T01:04:03.000000Z"),
            ("2026-11-23T01:04:03Z", "2026-11-23T03:04:03+02:00"),
        ];
        for (a, b) in same {
            assert!(instant(a).is_some(), "{a}");
            assert_eq!(instant(a), instant(b), "{a} {b}");
        }
        for text in [
            "",
            "2026-11-23",
            "20261123T010403Z",
            "tomorrow at the latest",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn base64_is_what_go_takes() {
        let cases: [(&str, Option<&[u8]>); 9] = [
            ("", Some(b"")),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm\r\n9v\n", Some(b"foo")),
            ("Zg", None),
            ("Zg=", None),
            ("Z===", None),
            ("Zm-v", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(base64(text).as_deref(), bytes, "{text:?}");
        }
        for bytes in [&b""[..], b"f", b"fo", b"foo", b"\0\xff\x80a"] {
            assert_eq!(base64(&to_base64(bytes)).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn durations_are_compared_by_length() {
        for (a, b) in [
            ("2160h", "2160h0m0s"),
            ("90m", "1h30m"),
            ("1.5s", "1500ms"),
            ("0", "0s"),
        ] {
            assert!(go_duration(a).is_some(), "{a}");
            assert_eq!(go_duration(a), go_duration(b), "{a} {b}");
        }
        for text in ["", "1", "h", "1d", "-", ".s", "1h 2m"] {
            assert_eq!(go_duration(text), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        for (a, b, same) in [
            ("1", "1.0", true),
            ("1000", "1e3", true),
            ("9007199254740993", "9007199254740992.0", false),
            ("1", "2", false),
            ("0.1", "0.10", true),
            ("-0.0", "0", true),
        ] {
            assert_eq!(same_number(&number(a), &number(b)), same, "{a} {b}");
        }
    }
}
