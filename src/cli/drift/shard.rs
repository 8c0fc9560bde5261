//! A share of the clusters, for several runs beside each other: `2/5`.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::model::name::ClusterName;

/// One of several shares of equal size, give or take a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    /// From 0, as Kubernetes counts the pods of an Indexed Job.
    index: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text
            .split_once('/')
            .and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((index, of)) if index < of => Ok(Self { index, of }),
            _ => Err("write it as `0/4` to `3/4`".to_owned()),
        }
    }
}

impl Shard {
    /// Every so-manieth of them by name, so that each is in exactly one share.
    pub(super) fn of(self, clusters: BTreeSet<ClusterName>) -> BTreeSet<ClusterName> {
        let all = clusters.into_iter().enumerate();
        all.filter(|(i, _)| i % self.of == self.index)
            .map(|(_, name)| name)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cluster_is_in_one_shard() {
        let all: BTreeSet<ClusterName> = ["a", "b", "c", "d", "e", "f", "g"]
            .into_iter()
            .map(ClusterName::from)
            .collect();
        let mut seen = Vec::new();
        for index in 0..3 {
            let shard: Shard = format!("{index}/3").parse().expect("a shard");
            let part = shard.of(all.clone());
            assert!((2..=3).contains(&part.len()));
            seen.extend(part);
        }
        seen.sort();
        assert_eq!(seen, all.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for wrong in ["", "1", "/", "1/", "4/4", "0/0", "-1/2", "a/b", "1/2/3"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
        assert!("0/1".parse::<Shard>().is_ok());
    }
}
