//! Who may do what.

use crate::model::name::RegionName;
use crate::model::raw;
use crate::model::world::{Identity, Principal, Roles};

/// Who may do what; whoever cannot be read is left for a rule to say.
pub(super) fn identity(written: &raw::Fleet) -> Identity {
    let Some(identity) = written.identity.as_ref().map(|i| &i.value) else {
        return Identity::default();
    };
    Identity {
        everywhere: roles(identity.admins.as_ref(), identity.viewers.as_ref()),
        regions: identity
            .regions
            .iter()
            .map(|(region, more)| {
                let roles = roles(more.admins.as_ref(), more.viewers.as_ref());
                (RegionName::new(region.value.as_str()), roles)
            })
            .collect(),
        owners: identity
            .owners
            .as_ref()
            .and_then(|o| Principal::parse(&o.value)),
    }
}

fn roles(admins: Option<&raw::Principals>, viewers: Option<&raw::Principals>) -> Roles {
    let read = |written: Option<&raw::Principals>| {
        let all = written.into_iter().flat_map(|p| &p.0);
        all.filter_map(|p| Principal::parse(&p.value)).collect()
    };
    Roles {
        admins: read(admins),
        viewers: read(viewers),
    }
}
