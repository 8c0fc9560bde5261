//! Who may do what, as subjects of role bindings.

use std::collections::BTreeSet;

use crate::model::name::ServiceKey;
use crate::model::origin::Subject;
use crate::model::world::{Cluster, Principal, Roles};

use super::super::fact::Item;
use super::{Facts, Here, Of};

impl Facts<'_> {
    /// `identity`: who may do what in a cluster; nothing where nobody is named.
    pub(super) fn identity(&self, cluster: &Cluster) -> Item {
        let identity = &self.world.fleet.identity;
        let of = Of(&Subject::Fleet);
        let region = &cluster.region;
        let here = identity.regions.get(region);
        let all = |role: &str, of_role: fn(&Roles) -> &Vec<Principal>| {
            let global = of_role(&identity.everywhere).iter();
            let global = global.map(|p| (format!("identity.{role}"), p));
            let here = here.into_iter().flat_map(of_role);
            let here = here.map(|p| (format!("identity.regions.{region}.{role}"), p));
            let mut seen: Vec<&Principal> = Vec::new();
            let mut subjects: Vec<Item> = Vec::new();
            for (path, principal) in global.chain(here) {
                if !seen.contains(&principal) {
                    seen.push(principal);
                    subjects.push(subject(principal, |name| of.at(&path, name)));
                }
            }
            Item::list(subjects).or_nothing()
        };
        let owners = identity.owners.is_some();
        let members = [
            ("admins", all("admins", |r| &r.admins)),
            ("viewers", all("viewers", |r| &r.viewers)),
            ("owners", Item::new(owners)),
        ];
        let nobody = members[..2]
            .iter()
            .all(|(_, m)| m.fact == Item::nothing().fact);
        if nobody && !owners {
            return Item::nothing();
        }
        Item::map(members)
    }

    /// Who owns services of a namespace, by the group of their team.
    pub(super) fn owners(&self, services: &[(&ServiceKey, Here)]) -> Item {
        let Some(pattern) = &self.world.fleet.identity.owners else {
            return Item::nothing();
        };
        let of_services = services
            .iter()
            .filter_map(|(key, _)| Some((*key, self.world.services.get(*key)?.owner.as_ref()?)));
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut subjects: Vec<(&str, Item)> = Vec::new();
        for (key, owner) in of_services {
            if !seen.insert(&owner.team) {
                continue;
            }
            let of_service = Subject::Service(key.clone());
            let of = Of(&of_service);
            let named = |name: &str| of.at("owner.team", name.replace("{team}", &owner.team));
            subjects.push((&owner.team, subject(pattern, named)));
        }
        subjects.sort_by_key(|(team, _)| *team);
        Item::list(subjects.into_iter().map(|(_, s)| s)).or_nothing()
    }
}

fn subject(principal: &Principal, named: impl Fn(&str) -> Item) -> Item {
    let (kind, name) = match principal {
        Principal::Group(name) => ("Group", name),
        Principal::User(name) => ("User", name),
    };
    Item::map([
        ("apiGroup", Item::new("rbac.authorization.k8s.io")),
        ("kind", Item::new(kind)),
        ("name", named(name)),
    ])
}
