//! Names as the API server takes them for each kind, and whether a kind stands in namespaces.

use crate::diag::Code;
use crate::schema::Schemas;

use super::{Fault, Object};

/// What a name may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// RFC 1123 subdomain: labels of lower case letters, digits and `-`, with dots.
    Subdomain,
    /// RFC 1123 label: the same without dots.
    Label,
    /// RFC 1035 label: a label that begins with a letter.
    Label1035,
    /// One segment of a path.
    Segment,
}

pub(super) fn check(types: &Schemas, object: Object<'_>, faults: &mut Vec<Fault>) {
    let id = object.id;
    let (form, most) = form(&id.group, &id.kind);
    if let Some(why) = fault(form, most, &id.name) {
        let message = format!("a {} cannot be named `{}`: {why}", id.kind, id.name);
        let remedy = match form {
            Form::Segment => "use a shorter name without `/` and `%`".to_owned(),
            _ => format!(
                "use at most {most} lower case letters, digits and `-`{}",
                if form == Form::Subdomain {
                    " or `.`"
                } else {
                    ""
                }
            ),
        };
        faults.push(Fault::new(Code::ObjectName, "/metadata/name", message).help(remedy));
    }
    if !id.namespace.is_empty()
        && let Some(why) = fault(Form::Label, 63, &id.namespace)
    {
        let message = format!("`{}` cannot be a namespace: {why}", id.namespace);
        faults.push(
            Fault::new(Code::ObjectName, "/metadata/namespace", message)
                .help("use at most 63 lower case letters, digits and `-`"),
        );
    }
    let namespaced = types.namespaced(object.api_version, &id.kind);
    match (namespaced, id.namespace.is_empty()) {
        (Some(true), true) => faults.push(
            Fault::new(
                Code::ObjectName,
                "/metadata",
                format!("the {} `{}` has no namespace", id.kind, id.name),
            )
            .help("add `metadata.namespace`: without it, it lands where the applier happens to be"),
        ),
        (Some(false), false) => faults.push(
            Fault::new(
                Code::ObjectName,
                "/metadata/namespace",
                format!("a {} stands in no namespace", id.kind),
            )
            .help("remove `metadata.namespace`"),
        ),
        _ => {}
    }
}

/// The form of a kind's names and how long they may be, in bytes.
fn form(group: &str, kind: &str) -> (Form, usize) {
    match (group, kind) {
        ("", "Namespace") => (Form::Label, 63),
        ("", "Service") => (Form::Label1035, 63),
        ("rbac.authorization.k8s.io", _) => (Form::Segment, 253),
        // The names of their Jobs end in eleven more characters.
        ("batch", "CronJob") => (Form::Subdomain, 52),
        // They are values of labels.
        ("batch", "Job") => (Form::Subdomain, 63),
        // The names of its pods, which are host names, end in `-<ordinal>`.
        ("apps", "StatefulSet") => (Form::Label, 61),
        ("postgresql.cnpg.io", "Cluster") => (Form::Label1035, 50),
        _ => (Form::Subdomain, 253),
    }
}

fn fault(form: Form, most: usize, name: &str) -> Option<String> {
    if name.len() > most {
        return Some(format!("it has {} characters of {most}", name.len()));
    }
    if form == Form::Segment {
        let wrong = name == "." || name == ".." || name.contains(['/', '%']);
        return wrong.then(|| "it is part of a path".to_owned());
    }
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let wrong = name
        .chars()
        .find(|c| !(c.is_ascii() && inside(*c as u8) || *c == '.' && form == Form::Subdomain));
    if let Some(wrong) = wrong {
        return Some(format!("it has `{}` in it", wrong.escape_default()));
    }
    let parts = match form {
        Form::Subdomain => name.split('.').collect(),
        _ => vec![name],
    };
    if parts
        .iter()
        .any(|p| p.is_empty() || p.starts_with('-') || p.ends_with('-'))
    {
        return Some("it does not begin and end with a letter or digit".to_owned());
    }
    if form == Form::Label1035 && name.starts_with(|c: char| c.is_ascii_digit()) {
        return Some("it begins with a digit".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_to_the_form_of_their_kind() {
        let long = |n: usize| "a".repeat(n);
        for (group, kind, name, right) in [
            ("apps", "Deployment", "web.v1".to_owned(), true),
            ("apps", "Deployment", "0-web".to_owned(), true),
            ("apps", "Deployment", "Web".to_owned(), false),
            ("apps", "Deployment", "web-".to_owned(), false),
            ("apps", "Deployment", "a..b".to_owned(), false),
            ("apps", "Deployment", "wäb".to_owned(), false),
            ("apps", "Deployment", long(253), true),
            ("apps", "Deployment", long(254), false),
            ("apps", "StatefulSet", long(62), false),
            ("", "Service", "web.v1".to_owned(), false),
            ("", "Service", "0web".to_owned(), false),
            ("", "Service", long(63), true),
            ("", "Service", long(64), false),
            ("", "Namespace", "0shop".to_owned(), true),
            ("", "Namespace", "a.b".to_owned(), false),
            ("batch", "CronJob", long(53), false),
            ("batch", "Job", long(64), false),
            (
                "rbac.authorization.k8s.io",
                "ClusterRole",
                "system:Reader".to_owned(),
                true,
            ),
            ("rbac.authorization.k8s.io", "Role", "a/b".to_owned(), false),
            ("shop.example", "Widget", "a_b".to_owned(), false),
        ] {
            let (form, most) = form(group, kind);
            assert_eq!(fault(form, most, &name).is_none(), right, "{kind} {name}");
        }
    }
}
