//! Who may do what in clusters.

use std::collections::BTreeMap;

use crate::model::name::RegionName;

/// Who may do what in clusters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// In every cluster.
    pub everywhere: Roles,
    /// Besides, in the clusters of a region.
    pub regions: BTreeMap<RegionName, Roles>,
    /// The owners of a service, with `{team}` for their team; absent: nobody.
    pub owners: Option<Principal>,
}

/// Who has which role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Who administers.
    pub admins: Vec<Principal>,
    /// Who looks.
    pub viewers: Vec<Principal>,
}

/// Somebody whom the API server knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// All of a group.
    Group(String),
    /// One person.
    User(String),
}

impl Principal {
    /// Reads `group:platform` or `user:ada@shop.example`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let make = match kind {
            "group" => Self::Group,
            "user" => Self::User,
            _ => return None,
        };
        (!name.trim().is_empty()).then(|| make(name.to_owned()))
    }
}
