//! What an unquoted scalar of a template means: only what YAML 1.2 and Kubernetes' YAML 1.1 reader
//! agree on; where they do not, the author has to quote.

use serde_json::{Number, Value};

/// The meaning of an unquoted scalar, or what Kubernetes would make of it (`a boolean`, …).
pub(crate) fn read(text: &str) -> Result<Value, &'static str> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "-.inf" | "-.Inf" | "-.INF" | ".nan" | ".NaN"
        | ".NAN" => return Err("a number that JSON does not have"),
        _ => {}
    }
    let word = text.to_ascii_lowercase();
    if ["y", "n", "yes", "no", "on", "off"].contains(&word.as_str()) {
        return Err("a boolean");
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Ok(Value::String(text.to_owned()));
    }
    let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    if plain(digits) && !zero && !text.starts_with('+') {
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Value::Number(number.into()));
        }
        return Err("a number of limited precision");
    }
    if let Some((whole, fraction)) = digits.split_once('.')
        && plain(whole)
        && plain(fraction)
        && !zero
        && !text.starts_with('+')
        && let Some(number) = text.parse::<f64>().ok().and_then(Number::from_f64)
    {
        return Ok(Value::Number(number));
    }
    let body = digits.to_ascii_lowercase().replace('_', "");
    let based = ["0x", "0o", "0b"].iter().any(|p| {
        body.strip_prefix(p)
            .is_some_and(|r| !r.is_empty() && r.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    let float = body.parse::<f64>().is_ok() && !body.contains("inf") && !body.contains("nan");
    if based || float {
        return Err("a number, in a form that readers disagree about");
    }
    Ok(Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_mean_what_all_readers_agree_on() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("true", json!(true)),
            ("FALSE", json!(false)),
            ("tRuE", json!("tRuE")),
            ("0", json!(0)),
            ("-5", json!(-5)),
            ("8080", json!(8080)),
            ("0.5", json!(0.5)),
            ("1.2.3", json!("1.2.3")),
            ("10.0.0.0/8", json!("10.0.0.0/8")),
            ("100m", json!("100m")),
            ("1Gi", json!("1Gi")),
            ("v1", json!("v1")),
            ("2026-11-22", json!("2026-11-22")),
            ("RuntimeDefault", json!("RuntimeDefault")),
        ] {
            assert_eq!(read(text), Ok(value), "{text}");
        }
        for text in [
            "NO",
            "on",
            "y",
            "Off",
            "0777",
            "08",
            "0o17",
            "0x1F",
            "0b11",
            "1_000",
            "1e3",
            "1.",
            ".5",
            "+1",
            ".inf",
            ".nan",
            "9223372036854775808",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
