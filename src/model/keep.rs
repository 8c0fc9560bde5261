//! What is wanted to what is kept of each object, while clusters and dumps are read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::live::{GroupKind, Want};

/// What is kept of an object.
#[derive(Clone, Copy, Debug)]
pub enum Keep<'k> {
    /// Nothing.
    Nothing,
    /// All of it.
    Whole,
    /// These fields, besides what tells which object it is.
    Fields(&'k BTreeSet<String>),
}

/// What is asked of a dump.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The kinds that will be compared.
    pub kinds: BTreeSet<GroupKind>,
    /// What is kept of kinds.
    pub wants: BTreeSet<Want>,
    /// Keep all there is.
    pub all: bool,
}

impl Want {
    /// What is kept of an object of the kind. `elsewhere` are objects that another version of it is
    /// read for.
    pub fn keep(
        &self,
        (namespace, name): (&str, &str),
        object: &Value,
        namespaced: bool,
        elsewhere: &BTreeSet<(String, String)>,
    ) -> Keep<'_> {
        let among = |objects: &BTreeSet<(String, String)>| {
            objects.contains(&(namespace.to_owned(), name.to_owned()))
                || objects.contains(&(String::new(), name.to_owned()))
                // The server ignores a namespace that stands on a cluster-scoped object.
                || (!namespaced && objects.iter().any(|(_, n)| n == name))
        };
        if among(&self.objects) {
            return Keep::Whole;
        }
        let alone = self.seek.as_ref().is_some_and(|seek| seek.alone);
        if !alone && (self.keep_all || marked(object)) && !among(elsewhere) {
            return Keep::Whole;
        }
        match &self.seek {
            Some(seek) if seek.mentions(object) && !among(elsewhere) => Keep::Fields(&seek.fields),
            _ => Keep::Nothing,
        }
    }
}

impl Asked {
    /// All objects of a dump, of which these kinds will be compared.
    pub fn everything(kinds: BTreeSet<GroupKind>) -> Self {
        Self {
            kinds,
            all: true,
            ..Self::default()
        }
    }

    /// What is kept of an object of a dump.
    pub fn keep(&self, kind: &GroupKind, namespace: &str, name: &str, object: &Value) -> Keep<'_> {
        let schema =
            kind.kind == "CustomResourceDefinition" && kind.group == "apiextensions.k8s.io";
        if self.all || schema {
            return Keep::Whole;
        }
        let mut wanted = false;
        let mut found = Keep::Nothing;
        for want in self.wants.iter().filter(|w| w.kind == *kind) {
            wanted = true;
            // Its versions are views of the same objects; which one a dump has is not ours to say.
            match want.keep(
                (namespace, name),
                object,
                !namespace.is_empty(),
                &BTreeSet::new(),
            ) {
                Keep::Whole => return Keep::Whole,
                Keep::Fields(fields) => found = Keep::Fields(fields),
                Keep::Nothing => {}
            }
        }
        // It may be an orphan of a kind that nothing is left of.
        match wanted || !marked(object) {
            true => found,
            false => Keep::Whole,
        }
    }
}

/// Labels and annotations by which appliers mark what is theirs; with a value, only that one.
/// Whether the mark names a unit of ours is for the comparison to say.
const MARKS: &[(&str, &str, Option<&str>)] = &[
    ("labels", "app.kubernetes.io/managed-by", Some("regen")),
    ("labels", "app.kubernetes.io/managed-by", Some("Helm")),
    ("labels", "app.kubernetes.io/instance", None),
    ("labels", "applyset.kubernetes.io/part-of", None),
    ("labels", "argocd.argoproj.io/instance", None),
    ("labels", "helm.toolkit.fluxcd.io/name", None),
    ("labels", "kluctl.io/discriminator", None),
    ("labels", "kustomize.toolkit.fluxcd.io/name", None),
    ("labels", "objectset.rio.cattle.io/hash", None),
    ("annotations", "argocd.argoproj.io/tracking-id", None),
    ("annotations", "meta.helm.sh/release-name", None),
    ("annotations", "regen.dev/id", None),
];

/// Whether a label is known as a mark of ownership, whatever its value.
pub fn is_mark(label: &str) -> bool {
    let any = |(place, key, value): &(&str, &str, Option<&str>)| {
        *place == "labels" && *key == label && value.is_none()
    };
    MARKS.iter().any(any)
}

/// Whether an object carries a mark of ownership.
pub fn marked(object: &Value) -> bool {
    let metadata = &object["metadata"];
    MARKS.iter().any(|(place, key, value)| {
        let found = metadata[*place][*key].as_str();
        found.is_some_and(|found| value.is_none_or(|value| value == found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_seen() {
        let object = |place: &str, key: &str, value: &str| serde_json::json!({"metadata": {place: {key: value}}});
        assert!(marked(&object(
            "labels",
            "app.kubernetes.io/managed-by",
            "regen"
        )));
        assert!(marked(&object(
            "annotations",
            "argocd.argoproj.io/tracking-id",
            "x"
        )));
        assert!(!marked(&object(
            "labels",
            "app.kubernetes.io/managed-by",
            "kubelet"
        )));
        assert!(!marked(&object("labels", "app", "regen")));
        assert!(!marked(&serde_json::json!({"metadata": {"labels": null}})));
    }
}
