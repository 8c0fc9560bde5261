//! Values that go into objects as they are: scalars read as Kubernetes reads them.

use serde_json::Value as Json;

use crate::diag::Span;
use crate::yaml::kubernetes::plain;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Sink, Sources};
    use crate::yaml::parse;

    #[test]
    fn unquoted_scalars_are_what_kubectl_would_make_of_them() {
        let mut sources = Sources::new();
        let text = "{a: NO, b: 0777, c: 1e3, d: \"NO\", e: 12:30, f: ~, g: [on, 1.10]}";
        let id = sources.add("x.yaml", text);
        let nodes = parse(&sources, id, &mut Sink::new()).expect("YAML");
        let expected = serde_json::json!({
            "a": false, "b": 511, "c": 1000, "d": "NO", "e": "12:30", "f": null, "g": [true, 1.1],
        });
        assert_eq!(to_kubernetes(&nodes[0]), Ok(expected));
    }

    #[test]
    fn a_number_that_json_cannot_hold_is_refused_where_it_stands() {
        let mut sources = Sources::new();
        let id = sources.add("x.yaml", "a: .inf");
        let nodes = parse(&sources, id, &mut Sink::new()).expect("YAML");
        let (span, _) = to_kubernetes(&nodes[0]).expect_err("no JSON");
        assert_eq!(sources.slice(span), ".inf");
    }
}
