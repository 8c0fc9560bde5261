//! One LIST, page by page.

use http::StatusCode;
use serde_json::Value;

use super::discovery::Resource;
use super::fault::Fault;
use super::page;
use super::session::{JSON, Session, escaped};
use crate::io::item::Item;
use crate::model::keep::Keep;

/// How often a LIST is started again when its token expired.
const RESTARTS: u32 = 2;

/// What a LIST gave.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The objects of one consistent snapshot that were kept.
    pub(super) items: Vec<Item>,
    /// Why there may be more.
    pub(super) fault: Option<Fault>,
    /// Whether a whole page came at all.
    pub(super) any: bool,
}

/// Lists a kind, everywhere or in one namespace. No `resourceVersion`: a stale answer would be
/// drift that is none.
pub(super) async fn list<'k>(
    session: &Session<'_>,
    resource: &Resource,
    namespace: Option<&str>,
    keep: &(dyn Fn(&str, &str, &Value) -> Keep<'k> + Sync),
) -> Listed {
    let path = resource.path(namespace);
    let mut restarts = 0;
    let mut listed = Listed::default();
    let mut token = String::new();
    let mut limit = session.limits.page;
    loop {
        let mut query = format!("{path}?limit={limit}");
        if !token.is_empty() {
            query.push_str("&continue=");
            query.push_str(&escaped(&token));
        }
        let fault = match session.get(&query, JSON).await {
            Ok(body) => match page::decode(&body, &|ns, name, item| keep(ns, name, item)) {
                Ok(page) if page.next.is_empty() || page.next != token => {
                    listed.any = true;
                    listed.items.extend(page.items);
                    if page.next.is_empty() {
                        return listed;
                    }
                    token = page.next;
                    continue;
                }
                Ok(_) => Fault::new(
                    "BadAnswer",
                    format!("GET {path}: the next page is the same page again"),
                ),
                Err(error) => Fault::new(
                    "BadAnswer",
                    format!(
                        "GET {path}: the answer cannot be read as a list (line {}, column {})",
                        error.line(),
                        error.column()
                    ),
                ),
            },
            Err(fault) if fault.reason == "TooLarge" && limit > 1 => {
                // A token goes with pages of any size.
                limit = (limit / 10).max(1);
                continue;
            }
            Err(fault)
                if fault.is(StatusCode::GONE) && !token.is_empty() && restarts < RESTARTS =>
            {
                // The token is dead, and so is the snapshot that the pages so far are of.
                restarts += 1;
                token.clear();
                listed = Listed::default();
                continue;
            }
            Err(fault)
                if fault.status.is_some_and(|s| s >= 500 || s == 410)
                    && !(fault.is(StatusCode::GONE) && restarts > 0) =>
            {
                Fault {
                    reason: "ListFailed",
                    ..fault
                }
            }
            Err(fault) => fault,
        };
        listed.fault = Some(fault);
        return listed;
    }
}

/// Gets one object; `None` when the server says that there is none.
pub(super) async fn get(
    session: &Session<'_>,
    resource: &Resource,
    namespace: Option<&str>,
    name: &str,
) -> Result<Option<Item>, Fault> {
    let path = format!("{}/{}", resource.path(namespace), escaped(name));
    match session.get(&path, JSON).await {
        Ok(body) => match serde_json::from_slice::<Item>(&body) {
            Ok(item) if item.body["metadata"]["name"].as_str() == Some(name) => Ok(Some(item)),
            _ => Err(Fault::new(
                "BadAnswer",
                format!("GET {path}: the answer is not the object"),
            )),
        },
        Err(fault) if fault.reason == "NotFound" => Ok(None),
        Err(fault) => Err(fault),
    }
}
