//! Which pods are selected; and disruption budgets that protect none.

use std::collections::BTreeMap;

use crate::diag::Code;
use crate::model::manifest::ObjectId;

use super::Fault;
use super::links::{Links, Pods, Selects};

/// A workload and its pods.
type Workload<'a> = (&'a ObjectId, &'a Pods);

/// The workloads of a cluster, found by the labels of their pods.
pub(super) struct Workloads<'a> {
    /// By namespace and one label.
    by_label: BTreeMap<(&'a str, &'a str, &'a str), Vec<Workload<'a>>>,
    /// The keys of labels that any pod has; others are put on pods by operators.
    keys: std::collections::BTreeSet<&'a str>,
}

impl<'a> Workloads<'a> {
    pub(super) fn new(objects: &[(&'a ObjectId, &'a Links)]) -> Self {
        let mut workloads = Self {
            by_label: BTreeMap::new(),
            keys: Default::default(),
        };
        for (id, links) in objects {
            let Some(pods) = &links.pods else { continue };
            for (key, value) in &pods.labels {
                workloads.keys.insert(key);
                workloads
                    .by_label
                    .entry((&id.namespace, key, value))
                    .or_default()
                    .push((*id, pods));
            }
        }
        workloads
    }

    /// The workloads whose pods are selected; nothing where that cannot be known, since the
    /// selector is empty or asks for labels that only operators give.
    pub(super) fn selected(&self, namespace: &str, selects: &Selects) -> Option<Vec<Workload<'a>>> {
        let labels = &selects.labels;
        if labels.is_empty() || labels.keys().any(|k| !self.keys.contains(&**k)) {
            return None;
        }
        // The rarest label leaves the fewest to look at.
        let some = labels
            .iter()
            .map(|(k, v)| {
                let found = self.by_label.get(&(namespace, &**k, &**v));
                found.map_or(&[][..], Vec::as_slice)
            })
            .min_by_key(|found| found.len())?;
        let all = |pods: &Pods| labels.iter().all(|(k, v)| pods.labels.get(k) == Some(v));
        Some(some.iter().copied().filter(|(_, p)| all(p)).collect())
    }
}

pub(super) fn check(
    objects: &[(&ObjectId, &Links)],
    workloads: &Workloads<'_>,
    faults: &mut Vec<(usize, Fault)>,
) {
    for (index, (id, links)) in objects.iter().enumerate() {
        let Some(selects) = &links.selects else {
            continue;
        };
        let found = workloads.selected(&id.namespace, selects);
        if found.is_none_or(|found| !found.is_empty()) {
            continue;
        }
        let labels: Vec<String> = selects
            .labels
            .iter()
            .map(|(k, v)| format!("{k}: {v}"))
            .collect();
        let message = format!(
            "the {} `{}` selects no pods: nothing in namespace `{}` is labelled `{}`",
            id.kind,
            id.name,
            id.namespace,
            labels.join(", ")
        );
        faults.push((
            index,
            Fault::new(Code::MissingTarget, selects.at, message)
                .help("select labels that the template of a workload's pods has, or remove it"),
        ));
    }
}
