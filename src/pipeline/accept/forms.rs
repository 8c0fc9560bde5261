//! A value of a rendered object to what a field of the catalog says for it: the same, or a duration,
//! a percentage, the opposite, or the number of a whole region.

use serde_json::Value;

use crate::model::duration::Duration;
use crate::yaml::edit::Scalar;

/// What may stand in a field so that `live` is rendered, the likeliest first. `desired` is what is
/// rendered of `written` now.
pub(super) fn forms(desired: Option<&Value>, live: &Value, written: Option<&str>) -> Vec<Scalar> {
    let (Some(written), Some(desired)) = (written, desired) else {
        let unit = |unit| live.is_u64().then(|| Scalar::Text(format!("{live}{unit}")));
        return [as_is(live), unit("s"), unit("%")]
            .into_iter()
            .flatten()
            .collect();
    };
    let by_unit = || {
        let (was, is) = (desired.as_u64()?, live.as_u64()?);
        let unit = match Duration::parse(written) {
            Some(time) if time.as_millis().div_ceil(1000) == was => "s",
            Some(time) if time.as_millis() == was => "ms",
            _ if written == format!("{was}%") => "%",
            _ => return None,
        };
        Some(Scalar::Text(format!("{is}{unit}")))
    };
    let opposite = || {
        let (was, is) = (desired.as_bool()?, live.as_bool()?);
        (written == (!was).to_string()).then(|| Scalar::Bare((!is).to_string()))
    };
    // The plan splits a region's number over its clusters.
    let whole = || {
        let (was, is) = (desired.as_u64().filter(|n| *n > 0)?, live.as_u64()?);
        let all: u64 = written.parse().ok()?;
        let parts = all.div_ceil(was);
        (parts > 1).then(|| Scalar::Bare(is.checked_mul(parts).unwrap_or(is).to_string()))
    };
    // A part of a text that is put together.
    let part = || {
        let (was, is) = (desired.as_str()?, live.as_str()?);
        let (before, after) = was.split_once(written).filter(|_| was != written)?;
        let new = is.strip_prefix(before)?.strip_suffix(after)?;
        (!new.is_empty()).then(|| Scalar::Text(new.to_owned()))
    };
    by_unit()
        .or_else(opposite)
        .or_else(whole)
        .or_else(part)
        .or_else(|| as_is(live))
        .into_iter()
        .collect()
}

/// A scalar as it is.
fn as_is(value: &Value) -> Option<Scalar> {
    match value {
        Value::String(text) => Some(Scalar::Text(text.clone())),
        Value::Number(_) | Value::Bool(_) => Some(Scalar::Bare(value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_say_values_in_their_own_way() {
        for (desired, live, written, expected) in [
            (
                json!("r/a:1"),
                json!("r/a:2"),
                "r/a:1",
                Scalar::Text("r/a:2".into()),
            ),
            (json!(10), json!(20), "10s", Scalar::Text("20s".into())),
            (json!(60), json!(90), "1m", Scalar::Text("90s".into())),
            (
                json!(250),
                json!(300),
                "250ms",
                Scalar::Text("300ms".into()),
            ),
            (json!(70), json!(80), "70%", Scalar::Text("80%".into())),
            (
                json!(true),
                json!(false),
                "false",
                Scalar::Bare("true".into()),
            ),
            (json!(2), json!(5), "4", Scalar::Bare("10".into())),
            (json!(2), json!(5), "3", Scalar::Bare("10".into())),
            (json!(4), json!(5), "4", Scalar::Bare("5".into())),
            (
                json!("s3://a/orders/eu"),
                json!("s3://b/orders/eu"),
                "s3://a",
                Scalar::Text("s3://b".into()),
            ),
            (
                json!("7000"),
                json!("7001"),
                "7000",
                Scalar::Text("7001".into()),
            ),
        ] {
            assert_eq!(
                forms(Some(&desired), &live, Some(written)),
                [expected],
                "{written}"
            );
        }
        let unwritten = forms(None, &json!(5), None);
        assert_eq!(unwritten.len(), 3, "{unwritten:?}");
        assert_eq!(forms(None, &json!({"a": 1}), None), []);
    }
}
