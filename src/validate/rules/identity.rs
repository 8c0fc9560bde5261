//! Users and groups that an API server would know.

use super::lookup::{fault, unknown};
use crate::diag::{Code, Sink, Spanned};
use crate::model::name::RegionName;
use crate::model::raw::Principals;
use crate::model::world::Principal;
use crate::validate::Facts;

/// Whoever may do something is a user or a group, in a region that exists.
pub(super) fn principals(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(identity) = facts.raw.fleet.identity.as_ref().map(|i| &i.value) else {
        return;
    };
    let regions = identity.regions.iter();
    let more = regions.flat_map(|(_, r)| [&r.admins, &r.viewers]);
    let lists = [&identity.admins, &identity.viewers]
        .into_iter()
        .chain(more);
    let all = lists.flatten().flat_map(|list: &Principals| &list.0);
    for written in all.chain(&identity.owners) {
        if Principal::parse(&written.value).is_none() {
            sink.emit(
                fault(
                    Code::InvalidValue,
                    format!("`{}` is no user and no group", written.value),
                    written.span,
                )
                .help(remedy(&written.value)),
            );
        }
    }
    let named = |o: &&Spanned<String>| !o.value.contains("{team}");
    if let Some(owners) = identity.owners.as_ref().filter(named) {
        sink.emit(
            fault(
                Code::InvalidValue,
                format!("`{}` would own the services of every team", owners.value),
                owners.span,
            )
            .help("write `group:{team}`, where `{team}` is the service's `owner.team`"),
        );
    }
    for (region, _) in &identity.regions {
        if !facts.world.regions.contains_key(region.value.as_str()) {
            let names = facts.world.regions.keys().map(RegionName::as_str);
            let name = &region.value;
            sink.emit(unknown(
                Code::UnknownRegion,
                "region",
                name,
                region.span,
                names,
            ));
        }
    }
}

fn remedy(written: &str) -> String {
    let name = written.rsplit(':').next().unwrap_or(written).trim();
    let name = if name.is_empty() { "platform" } else { name };
    format!("write `group:{name}` or `user:{name}`")
}
