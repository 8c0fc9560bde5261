//! `identity` of `regen.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::entries::Entries;
use super::forms::one_or_list;
use crate::diag::Spanned;

/// Who may do what, by the groups of the identity provider that all clusters share.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// Who administers every cluster, such as `group:platform`.
    pub admins: Option<Principals>,
    /// Who may look at everything in every cluster but Secrets.
    pub viewers: Option<Principals>,
    /// The group of a service's owners, with `{team}` for `owner.team`, such as `group:{team}`; it
    /// may look into the service's namespace, and restart and enter pods there. Default: nobody.
    pub owners: Option<Spanned<String>>,
    /// Who more may do so in the clusters of a region.
    #[serde(default)]
    pub regions: Entries<RegionIdentity>,
}

/// Who more may do what in the clusters of a region.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegionIdentity {
    /// Who administers them.
    pub admins: Option<Principals>,
    /// Who may look at everything in them but Secrets.
    pub viewers: Option<Principals>,
}

/// One user or group, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principals(pub Vec<Spanned<String>>);

one_or_list!(Principals, String, "a user or group, or a list of them");
