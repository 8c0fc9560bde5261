//! One kind of one cluster: where to list it, and what to make of a refusal.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use http::StatusCode;
use serde_json::Value;

use super::discovery::Resource;
use super::fault::Fault;
use super::list::{self, Listed};
use super::session::Session;
use crate::io::item::Item;
use crate::model::live::{View, Want};
use crate::model::manifest::ObjectId;

/// What could be read of one kind.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) items: Vec<Item>,
    pub(super) view: View,
    pub(super) absent: BTreeSet<ObjectId>,
    /// The path of the kind was not found: the kind may have just been removed.
    pub(super) gone: bool,
}

/// Reads a kind. `elsewhere` are objects that another version of it is read for.
pub(super) async fn read(
    session: &Session<'_>,
    want: &Want,
    resource: &Resource,
    elsewhere: &BTreeSet<(String, String)>,
) -> Reading {
    let namespaces: BTreeSet<&str> = want.objects.iter().map(|(ns, _)| ns.as_str()).collect();
    let known =
        resource.namespaced && !namespaces.is_empty() && namespaces.iter().all(|ns| is_segment(ns));
    let reader = Reader {
        session,
        want,
        resource,
        elsewhere,
    };
    if !resource.listable {
        let fault = Fault::new("NotListable", format!("`{}` cannot be listed", want.kind));
        return reader.by_name(fault, &want.objects, Reading::empty()).await;
    }
    if known && !want.everywhere && namespaces.len() <= session.limits.namespaces {
        return reader.by_namespace(&namespaces).await;
    }
    let listed = reader.list(None).await;
    match &listed.fault {
        Some(fault) if fault.is(StatusCode::FORBIDDEN) && !listed.any => {
            if known {
                reader.by_namespace(&namespaces).await
            } else {
                reader
                    .by_name(fault.clone(), &want.objects, Reading::empty())
                    .await
            }
        }
        _ => Reading::of(listed),
    }
}

impl Reading {
    fn empty() -> Self {
        Self {
            items: Vec::new(),
            view: View::Complete,
            absent: BTreeSet::new(),
            gone: false,
        }
    }

    fn of(listed: Listed) -> Self {
        let gone = listed
            .fault
            .as_ref()
            .is_some_and(|f| f.is(StatusCode::NOT_FOUND));
        let view = match listed.fault {
            None => View::Complete,
            Some(fault) if listed.any => View::Partial(fault.unreadable()),
            Some(fault) => View::Unreadable(fault.unreadable()),
        };
        Self {
            items: listed.items,
            view,
            gone,
            ..Self::empty()
        }
    }
}

struct Reader<'a> {
    session: &'a Session<'a>,
    want: &'a Want,
    resource: &'a Resource,
    elsewhere: &'a BTreeSet<(String, String)>,
}

impl Reader<'_> {
    async fn list(&self, namespace: Option<&str>) -> Listed {
        let keep = |ns: &str, name: &str, object: &Value| {
            self.want
                .keep((ns, name), object, self.resource.namespaced, self.elsewhere)
        };
        list::list(self.session, self.resource, namespace, &keep).await
    }

    /// Namespace by namespace; one that refuses is asked object by object.
    async fn by_namespace(&self, namespaces: &BTreeSet<&str>) -> Reading {
        let lists = futures::stream::iter(namespaces.iter().copied())
            .map(|ns| async move { (ns, self.list(Some(ns)).await) })
            .buffered(self.session.limits.in_flight.max(1))
            .collect::<Vec<_>>()
            .await;
        let mut reading = Reading::empty();
        let mut forbidden = None;
        let mut failed = None;
        let mut refused = BTreeSet::new();
        let mut complete = BTreeSet::new();
        for (namespace, listed) in lists {
            let wanted = self.want.objects.iter().filter(|(ns, _)| ns == namespace);
            match listed.fault {
                None => {
                    let there: BTreeSet<&str> = listed.items.iter().filter_map(name_of).collect();
                    let missing = wanted.filter(|(_, name)| !there.contains(name.as_str()));
                    reading.absent.extend(missing.map(|object| self.id(object)));
                    complete.insert(namespace.to_owned());
                }
                Some(fault) if fault.is(StatusCode::FORBIDDEN) && !listed.any => {
                    refused.extend(wanted.cloned());
                    forbidden.get_or_insert(fault);
                }
                Some(fault) => {
                    reading.gone |= fault.is(StatusCode::NOT_FOUND);
                    failed.get_or_insert(fault);
                }
            }
            reading.items.extend(listed.items);
        }
        if let Some(fault) = failed {
            reading.view = if complete.is_empty() && reading.items.is_empty() {
                View::Unreadable(fault.unreadable())
            } else {
                View::Partial(fault.unreadable())
            };
        }
        match forbidden {
            Some(fault) => self.by_name(fault, &refused, reading).await,
            None => {
                if reading.view == View::Complete {
                    reading.view = View::Namespaces(complete);
                    reading.absent.clear();
                }
                reading
            }
        }
    }

    /// Object by object, where a role names what may be read (RBAC `resourceNames`).
    async fn by_name(
        &self,
        fault: Fault,
        objects: &BTreeSet<(String, String)>,
        mut reading: Reading,
    ) -> Reading {
        let mut fault = fault;
        let mut answered = false;
        // The namespace of a namespaced object must be known to ask for it.
        let askable = objects
            .iter()
            .all(|(ns, name)| is_segment(name) && (!self.resource.namespaced || is_segment(ns)));
        if askable && !objects.is_empty() && self.want.objects.len() <= self.session.limits.gets {
            let answers = futures::stream::iter(objects)
                .map(|object| async move {
                    let namespace = self.resource.namespaced.then_some(object.0.as_str());
                    (
                        object,
                        list::get(self.session, self.resource, namespace, &object.1).await,
                    )
                })
                .buffered(self.session.limits.in_flight.max(1))
                .collect::<Vec<_>>()
                .await;
            for (object, answer) in answers {
                match answer {
                    Ok(Some(item)) => reading.items.push(item),
                    Ok(None) => {
                        reading.absent.insert(self.id(object));
                    }
                    Err(error) => {
                        // A refusal repeats what the LIST said; anything else is news.
                        if !error.is(StatusCode::FORBIDDEN) {
                            fault = error;
                        }
                        continue;
                    }
                }
                answered = true;
            }
        }
        reading.view = match reading.view {
            View::Complete
                if !answered && reading.items.is_empty() && reading.absent.is_empty() =>
            {
                View::Unreadable(fault.unreadable())
            }
            View::Unreadable(why) if answered => View::Partial(why),
            View::Complete => View::Partial(fault.unreadable()),
            view => view,
        };
        reading
    }

    fn id(&self, (namespace, name): &(String, String)) -> ObjectId {
        ObjectId {
            group: self.want.kind.group.clone(),
            kind: self.want.kind.kind.clone(),
            namespace: if self.resource.namespaced {
                namespace.clone()
            } else {
                String::new()
            },
            name: name.clone(),
        }
    }
}

fn name_of(item: &Item) -> Option<&str> {
    item.body["metadata"]["name"].as_str()
}

/// Whether a name can stand in a path at all; one that cannot is no object's.
fn is_segment(text: &str) -> bool {
    !text.is_empty() && text != "." && text != ".." && !text.contains(['/', '%'])
}
