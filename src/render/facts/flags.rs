//! Feature flags of a service to what they are in one cluster: the share of users that its region,
//! else its wave, says; off where neither is named.

use crate::model::name::ServiceKey;
use crate::model::origin::{FieldRef, Subject};
use crate::model::ratio::Share;
use crate::model::world::{Cluster, Flag, Service, WorkloadKind};

use super::super::fact::Item;
use super::Facts;

impl Facts<'_> {
    /// `flags` of a service in a cluster; nothing where it has none, or nobody evaluates them.
    pub(super) fn flags(&self, cluster: &Cluster, key: &ServiceKey, service: &Service) -> Item {
        let finishes = matches!(
            service.workload.kind,
            WorkloadKind::CronJob | WorkloadKind::Job
        );
        if finishes || service.flags.is_empty() || !cluster.capabilities.contains("open-feature") {
            return Item::nothing();
        }
        let name = key.service.as_str();
        let flags = service.flags.iter().enumerate().map(|(index, flag)| {
            let (place, share) = self.share(cluster, flag);
            let path = match place {
                Some(place) => format!("flags[{index}].rollout.{place}"),
                None => format!("flags[{index}].name"),
            };
            let field = FieldRef {
                subject: Subject::Service(key.clone()),
                path,
            };
            (
                flag.name.value.clone(),
                definition(share).made_of(vec![field]),
            )
        });
        Item::map([
            ("definitions", Item::map(flags)),
            ("source", Item::new(format!("{}/{name}", service.namespace))),
        ])
    }

    /// The share of users that see a flag here, and the region or wave that says so.
    fn share<'f>(&self, cluster: &Cluster, flag: &'f Flag) -> (Option<&'f str>, Share) {
        let wave = self
            .plan
            .waves
            .iter()
            .find(|w| w.clusters.contains(&cluster.name.value));
        let names = [Some(cluster.region.as_str()), wave.map(|w| w.name.as_str())];
        let said = names
            .into_iter()
            .flatten()
            .find_map(|name| flag.rollout.get_key_value(name));
        match said {
            Some((place, share)) => (Some(place), share.value),
            None => (None, Share::ppm(0)),
        }
    }
}

/// A flag as flagd reads it. A user is on one side by a hash of the targeting key, and stays there
/// while the share grows (flagd, docs/reference/custom-operations/fractional-operation.md).
fn definition(share: Share) -> Item {
    let text = |text: &str| Item::new(text);
    let variants = Item::map([("on", Item::new(true)), ("off", Item::new(false))]);
    let (on, all) = (share.as_ppm(), Share::ONE.as_ppm());
    let default = if on == all { "on" } else { "off" };
    let targeting = (on > 0 && on < all).then(|| {
        let whole = greatest_common_divisor(on, all);
        let side = |name: &str, weight: u32| Item::list([text(name), Item::new(weight / whole)]);
        let var = |name: &str| Item::map([("var", text(name))]);
        let by = Item::map([(
            "cat",
            Item::list([var("$flagd.flagKey"), var("targetingKey")]),
        )]);
        Item::map([(
            "fractional",
            Item::list([by, side("on", on), side("off", all - on)]),
        )])
    });
    Item::sparse([
        ("state", text("ENABLED")),
        ("variants", variants),
        ("defaultVariant", text(default)),
        ("targeting", targeting.unwrap_or(Item::nothing())),
    ])
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}
