//! An object against the schema of its kind, as its cluster's version serves it.

use crate::diag::Code;
use crate::schema::{Schemas, What};

use super::{Fault, Object};

pub(super) fn check(types: &Schemas, object: Object<'_>, faults: &mut Vec<Fault>) {
    let (version, kind) = (object.api_version, &object.id.kind);
    let Some(found) = types.check(version, kind, object.body, object.minor) else {
        let served = types.versions(&object.id.group, kind);
        if !served.is_empty() {
            let message = format!("a {kind} is not served as `{version}`");
            faults.push(
                Fault::new(Code::ObjectVersion, "/apiVersion", message)
                    .help(format!("write `apiVersion: {}`", served.join("` or `"))),
            );
        }
        return;
    };
    for violation in found {
        let at = match violation.pointer.as_str() {
            "" => "/",
            pointer => pointer,
        };
        let message = format!("`{at}` of a {kind}: {}", violation.what);
        faults.push(match (&violation.what, object.minor) {
            (What::OtherVersion { name, .. }, Some(minor)) => {
                let message = format!("{message}, and the cluster runs 1.{minor}");
                let remedy = match name {
                    None => format!(
                        "put `cluster.minor` into the template's condition, or correct `kubernetes: \"1.{minor}\"` of the cluster"
                    ),
                    Some(name) => format!(
                        "leave `{name}` out for older clusters (`{{% if cluster.minor >= … %}}`), or correct `kubernetes: \"1.{minor}\"` of the cluster"
                    ),
                };
                Fault::new(Code::ObjectVersion, violation.pointer, message).help(remedy)
            }
            _ => {
                let remedy = remedy(&violation.what, kind);
                Fault::new(Code::ObjectSchema, violation.pointer, message).help(remedy)
            }
        });
    }
}

fn remedy(what: &What, kind: &str) -> String {
    match what {
        What::Unknown {
            similar: Some(similar),
            ..
        } => format!("write `{similar}`, or remove the field"),
        What::Unknown { name, .. } => {
            format!("remove `{name}`: `kubectl explain` lists the fields of a {kind}")
        }
        What::Missing { name } => format!("add `{name}`"),
        What::Type { expected } => format!("give it {expected}"),
        What::NotAllowed { .. } => "write one of these".to_owned(),
        What::DuplicateKey => "remove one of the two, or give it another name".to_owned(),
        What::Rule(_) => format!("give it a value that the definition of {kind} allows"),
        What::OtherVersion { .. } => "leave it out".to_owned(),
        What::TooDeep => "make it flatter".to_owned(),
    }
}
