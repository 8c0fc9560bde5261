//! The selector of a workload against the labels of its own pods.

use crate::diag::Code;

use super::pods::Pod;
use super::{Fault, Object, below, texts};

const AT: &str = "/spec/selector/matchLabels";

pub(super) fn check(object: Object<'_>, pod: &Pod<'_>, faults: &mut Vec<Fault>) {
    let kind = &object.id.kind;
    for (key, wanted) in texts(object.body.pointer(AT)) {
        let found = pod.label(key);
        if found == Some(wanted) {
            continue;
        }
        let but = match found {
            None => "they have no such label".to_owned(),
            Some(other) => format!("there it is `{other}`"),
        };
        let message = format!(
            "the selector of a {kind} does not match its own pods: it asks for `{key}: {wanted}`, {but}"
        );
        let remedy = format!(
            "write `{key}: {wanted}` under `{}`",
            format!("{}/metadata/labels", pod.at)
                .trim_start_matches('/')
                .replace('/', ".")
        );
        faults.push(Fault::new(Code::SelectorLabels, below(AT, key), message).help(remedy));
    }
}
