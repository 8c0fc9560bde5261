//! A reader after the YAML 1.1 type repository (<https://yaml.org/type/>), for tests: independent
//! of the rule by which the emitter quotes.

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value, json};

/// Reads one document; what YAML 1.1 takes for neither text, number, boolean nor null is a fault.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    // To YAML 1.1 these end a line or may not stand in a text at all, which the 1.2 parser below
    // would not notice.
    let foreign = |c: &char| {
        matches!(
            c,
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{7f}'..='\u{9f}'
        ) || (c.is_control() && *c != '\n' && *c != '\t')
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if let Some(c) = text.chars().find(foreign) {
        return Err(format!("U+{:04X} stands in the text", u32::from(c)));
    }
    let mut stack: Vec<(Value, Option<String>)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|e| e.to_string())?;
        let value = match event {
            Event::SequenceStart(..) => {
                stack.push((json!([]), None));
                continue;
            }
            Event::MappingStart(..) => {
                stack.push((json!({}), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => stack.pop().ok_or("unbalanced")?.0,
            Event::Scalar(text, ScalarStyle::Plain, _, None) => resolve(&text)?,
            Event::Scalar(text, _, _, None) => json!(text),
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::DocumentEnd => continue,
            other => return Err(format!("{other:?}")),
        };
        match stack.last_mut() {
            None => return Ok(value),
            Some((Value::Array(items), _)) => items.push(value),
            Some((Value::Object(map), key)) => match key.take() {
                Some(key) => insert(map, key, value)?,
                None => match value {
                    Value::String(text) => *key = Some(text),
                    other => return Err(format!("{other} as a key")),
                },
            },
            Some(_) => return Err("a scalar with members".to_owned()),
        }
    }
    Err("no document".to_owned())
}

fn insert(map: &mut Map<String, Value>, key: String, value: Value) -> Result<(), String> {
    match map.insert(key.clone(), value) {
        None => Ok(()),
        Some(_) => Err(format!("{key:?} stands twice")),
    }
}

fn resolve(text: &str) -> Result<Value, String> {
    const TRUE: &[&str] = &[
        "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
    ];
    const FALSE: &[&str] = &[
        "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
    ];
    if ["~", "null", "Null", "NULL", ""].contains(&text) {
        return Ok(Value::Null);
    }
    if TRUE.contains(&text) {
        return Ok(json!(true));
    }
    if FALSE.contains(&text) {
        return Ok(json!(false));
    }
    if text == "<<" || text == "=" {
        return Err(format!("`{text}` is a merge or value key"));
    }
    if is_timestamp(text) {
        return Err(format!("`{text}` is a timestamp"));
    }
    if let Some(int) = int(text) {
        return Ok(int);
    }
    if let Some(float) = float(text) {
        return Ok(float);
    }
    Ok(json!(text))
}

fn unsigned(text: &str) -> (i128, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn made_of(text: &str, set: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| set.contains(c))
}

fn int(text: &str) -> Option<Value> {
    let (sign, rest) = unsigned(text);
    let number = |digits: &str, radix| {
        let digits = digits.replace('_', "");
        Some(
            i128::from_str_radix(if digits.is_empty() { "0" } else { &digits }, radix).map_or_else(
                |_| json!("an integer beyond 128 bits"),
                |n| {
                    i64::try_from(sign * n)
                        .map_or_else(|_| json!("an integer beyond 64 bits"), |n| json!(n))
                },
            ),
        )
    };
    if let Some(bits) = rest.strip_prefix("0b")
        && made_of(bits, "01_")
    {
        return number(bits, 2);
    }
    if let Some(digits) = rest.strip_prefix("0x")
        && made_of(digits, "0123456789abcdefABCDEF_")
    {
        return number(digits, 16);
    }
    if let Some(digits) = rest.strip_prefix('0')
        && made_of(digits, "01234567_")
    {
        return number(digits, 8);
    }
    if rest == "0"
        || (made_of(rest, "0123456789_") && rest.starts_with(|c| ('1'..='9').contains(&c)))
    {
        return number(rest, 10);
    }
    is_sexagesimal(rest).then(|| json!(12345))
}

/// `[1-9][0-9_]*(:[0-5]?[0-9])+`
fn is_sexagesimal(text: &str) -> bool {
    let mut parts = text.split(':');
    let head = parts.next().unwrap_or("");
    let rest: Vec<&str> = parts.collect();
    made_of(head, "0123456789_")
        && head.starts_with(|c: char| c.is_ascii_digit())
        && !rest.is_empty()
        && rest.iter().all(|p| {
            made_of(p, "0123456789") && p.len() <= 2 && (p.len() == 1 || p.as_bytes()[0] <= b'5')
        })
}

fn float(text: &str) -> Option<Value> {
    let (_, rest) = unsigned(text);
    if [".inf", ".Inf", ".INF"].contains(&rest) || [".nan", ".NaN", ".NAN"].contains(&text) {
        return Some(json!("not finite"));
    }
    if let Some((head, tail)) = rest.rsplit_once('.')
        && is_sexagesimal(head)
        && (tail.is_empty() || made_of(tail, "0123456789_"))
    {
        return Some(json!(12345.5));
    }
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    let exponent_fits = exponent.is_none_or(|e| {
        e.strip_prefix(['+', '-'])
            .is_some_and(|digits| made_of(digits, "0123456789"))
    });
    let fits = (whole.is_empty() || made_of(whole, "0123456789_") && !whole.starts_with('_'))
        && (fraction.is_empty() || made_of(fraction, "0123456789_."))
        && !(whole.is_empty() && fraction.is_empty())
        && exponent_fits;
    fits.then(|| {
        text.replace('_', "")
            .parse::<f64>()
            .map_or(json!("a float"), |f| json!(f))
    })
}

fn is_timestamp(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day = rest.bytes().take_while(u8::is_ascii_digit).count();
    let digits = |s: &str| made_of(s, "0123456789");
    let after = &rest[day..];
    year.len() == 4
        && digits(year)
        && digits(month)
        && month.len() <= 2
        && (1..=2).contains(&day)
        && (after.is_empty() || after.starts_with(['T', 't', ' ', '\t']))
}
