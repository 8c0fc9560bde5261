//! Values that go into objects as they are: scalars read as Kubernetes reads them.

use serde_json::Value as Json;

use crate::diag::Span;
use crate::yaml::{Node, Style, Value};

/// The JSON that Kubernetes' reader would make of a tree; numbers that JSON cannot hold are
/// refused with their place.
pub(super) fn to_kubernetes(node: &Node) -> Result<Json, (Span, String)> {
    Ok(match &node.value {
        Value::Scalar(text, Style::Plain) => plain(text).map_err(|m| (node.span, m))?,
        Value::Scalar(text, _) => Json::from(text.as_str()),
        Value::List(items) => {
            Json::Array(items.iter().map(to_kubernetes).collect::<Result<_, _>>()?)
        }
        Value::Map(members) => {
            let member = |(key, value): &(crate::diag::Spanned<String>, Node)| {
                Ok((key.value.clone(), to_kubernetes(value)?))
            };
            Json::Object(members.iter().map(member).collect::<Result<_, _>>()?)
        }
    })
}

fn plain(text: &str) -> Result<Json, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Json::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            Json::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            Json::Bool(false)
        }
        _ => text
            .parse::<i64>()
            .map_or_else(|_| Json::from(text), Json::from),
    })
}
