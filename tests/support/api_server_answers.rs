//! What the server has to say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Fault, On, Request, Resource, State};

pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) headers: String,
    pub(super) kind: &'static str,
    pub(super) body: String,
}

fn answer(code: u16, body: &Value) -> Answer {
    Answer {
        code,
        headers: String::new(),
        kind: "application/json",
        body: body.to_string(),
    }
}

fn hash(text: &str) -> String {
    regen::model::digest::Digest::of(text.as_bytes()).to_string()
}

pub(super) fn status(code: u16, reason: &str, message: &str) -> Answer {
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code});
    answer(code, &body)
}

impl State {
    pub(super) fn fault(&mut self, request: &Request) -> Option<Fault> {
        let next = request.query.contains_key("continue");
        let rule = self.rules.iter_mut().find(|rule| {
            rule.times > 0
                && rule.path == request.path
                && (rule.on == On::Any || (rule.on == On::Next) == next)
        })?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }

    /// The answer, or that it is what the question says to know already.
    pub(super) fn answer(&self, request: &Request) -> Answer {
        let answer = self.whole(request);
        let tagged = ["/api", "/apis", "/openapi/v3"].contains(&request.path.as_str());
        if !tagged || self.plain || answer.code != 200 {
            return answer;
        }
        let tag = format!("\"{}\"", hash(&answer.body));
        let known = request.headers.get("if-none-match") == Some(&tag);
        Answer {
            code: if known { 304 } else { 200 },
            body: if known { String::new() } else { answer.body },
            headers: format!("ETag: {tag}\r\n"),
            ..answer
        }
    }

    fn whole(&self, request: &Request) -> Answer {
        if request.method != "GET" {
            return status(405, "MethodNotAllowed", "this server is only read");
        }
        let aggregated = !self.plain
            && request
                .headers
                .get("accept")
                .is_some_and(|a| a.contains("apidiscovery"));
        let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        match path.as_slice() {
            ["api"] if aggregated => self.aggregated(true),
            ["apis"] if aggregated => self.aggregated(false),
            ["api"] => answer(200, &json!({"kind": "APIVersions", "versions": ["v1"]})),
            ["apis"] => self.groups(),
            ["api", version] => self.plain_version("", version),
            ["apis", group, version] => self.plain_version(group, version),
            ["openapi", "v3"] => {
                let paths: BTreeMap<String, Value> = self
                    .documents
                    .iter()
                    .map(|(gv, document)| {
                        (
                            format!("apis/{gv}"),
                            json!({"serverRelativeURL": format!("/openapi/v3/apis/{gv}?hash={}", hash(&document.to_string()))}),
                        )
                    })
                    .collect();
                // The real one calls it text, too.
                Answer {
                    kind: "text/plain; charset=utf-8",
                    ..answer(200, &json!({"paths": paths}))
                }
            }
            ["openapi", "v3", "apis", group, version] => {
                match self.documents.get(&format!("{group}/{version}")) {
                    Some(document) => answer(200, document),
                    None => not_found(),
                }
            }
            ["api", version, rest @ ..] => self.objects("", version, rest, request),
            ["apis", group, version, rest @ ..] => self.objects(group, version, rest, request),
            _ => not_found(),
        }
    }

    fn group_versions(&self, group: &str) -> Vec<String> {
        let mut versions = Vec::new();
        for resource in self.resources.iter().filter(|r| r.group == group) {
            if !versions.contains(&resource.version) {
                versions.push(resource.version.clone());
            }
        }
        let stale = self.stale.iter().filter_map(|gv| gv.split_once('/'));
        for (_, version) in stale.filter(|(g, _)| *g == group) {
            if !versions.contains(&version.to_owned()) {
                versions.push(version.to_owned());
            }
        }
        versions
    }

    fn group_names(&self) -> Vec<String> {
        let of_stale = self
            .stale
            .iter()
            .filter_map(|gv| gv.split_once('/'))
            .map(|(g, _)| g.to_owned());
        let mut names: Vec<String> = self
            .resources
            .iter()
            .map(|r| r.group.clone())
            .chain(of_stale)
            .collect();
        names.sort();
        names.dedup();
        names
    }

    fn aggregated(&self, core: bool) -> Answer {
        let groups = self
            .group_names()
            .into_iter()
            .filter(|name| name.is_empty() == core);
        let items: Vec<Value> = groups
            .map(|group| {
                let versions: Vec<Value> = self
                    .group_versions(&group)
                    .into_iter()
                    .map(|version| {
                        let stale = self.stale.contains(&format!("{group}/{version}"));
                        let of = self.resources.iter().filter(|r| r.group == group && r.version == version && !stale);
                        let resources: Vec<Value> = of
                            .map(|r| {
                                json!({"resource": r.plural, "scope": if r.namespaced {"Namespaced"} else {"Cluster"},
                                    "responseKind": {"group": "", "version": "", "kind": r.kind},
                                    "verbs": ["get", "list", "patch"],
                                    "subresources": [{"subresource": "status", "verbs": ["get"]}]})
                            })
                            .collect();
                        json!({"version": version, "resources": resources, "freshness": if stale {"Stale"} else {"Current"}})
                    })
                    .collect();
                json!({"metadata": {"name": group}, "versions": versions})
            })
            .collect();
        answer(
            200,
            &json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}),
        )
    }

    fn groups(&self) -> Answer {
        let groups = self
            .group_names()
            .into_iter()
            .filter(|name| !name.is_empty());
        let groups: Vec<Value> = groups
            .map(|group| {
                let versions = self.group_versions(&group);
                let of = |v: &String| json!({"groupVersion": format!("{group}/{v}"), "version": v});
                json!({"name": group, "versions": versions.iter().map(of).collect::<Vec<_>>(), "preferredVersion": of(&versions[0])})
            })
            .collect();
        answer(
            200,
            &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}),
        )
    }

    fn plain_version(&self, group: &str, version: &str) -> Answer {
        if self.stale.contains(&format!("{group}/{version}")) {
            return Answer {
                kind: "text/plain",
                body: "service unavailable\n".to_owned(),
                ..status(503, "ServiceUnavailable", "")
            };
        }
        let of = self
            .resources
            .iter()
            .filter(|r| r.group == group && r.version == version);
        let resources: Vec<Value> = of
            .flat_map(|r| {
                [
                    json!({"name": r.plural, "kind": r.kind, "namespaced": r.namespaced, "verbs": ["get", "list"]}),
                    json!({"name": format!("{}/status", r.plural), "kind": r.kind, "namespaced": r.namespaced, "verbs": ["get"]}),
                ]
            })
            .collect();
        if resources.is_empty() {
            return not_found();
        }
        answer(
            200,
            &json!({"kind": "APIResourceList", "groupVersion": version, "resources": resources}),
        )
    }

    fn objects(&self, group: &str, version: &str, rest: &[&str], request: &Request) -> Answer {
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
            rest => (None, rest),
        };
        let Some(plural) = rest.first() else {
            return not_found();
        };
        let of = |r: &&Resource| r.group == group && r.version == version && r.plural == *plural;
        let Some(resource) = self.resources.iter().find(of) else {
            return not_found();
        };
        let here =
            |o: &&Value| namespace.is_none_or(|ns| o["metadata"]["namespace"].as_str() == Some(ns));
        let objects: Vec<&Value> = resource.objects.iter().filter(here).collect();
        let api_version = if group.is_empty() {
            version.to_owned()
        } else {
            format!("{group}/{version}")
        };
        if let Some(name) = rest.get(1) {
            return match objects
                .iter()
                .find(|o| o["metadata"]["name"].as_str() == Some(name))
            {
                Some(object) => {
                    let mut object = (*object).clone();
                    object["apiVersion"] = api_version.into();
                    object["kind"] = resource.kind.clone().into();
                    answer(200, &object)
                }
                None => status(404, "NotFound", "not found"),
            };
        }
        let number = |key: &str| request.query.get(key).and_then(|v| v.parse::<usize>().ok());
        let start = request
            .query
            .get("continue")
            .and_then(|t| t.strip_prefix("at+/=")?.parse().ok())
            .unwrap_or(0);
        let end = objects
            .len()
            .min(start + number("limit").unwrap_or(usize::MAX));
        let next = if end < objects.len() {
            format!("at+/={end}")
        } else {
            String::new()
        };
        answer(
            200,
            &json!({"kind": format!("{}List", resource.kind), "apiVersion": api_version,
            "metadata": {"resourceVersion": "7", "continue": next}, "items": objects[start..end]}),
        )
    }
}

fn not_found() -> Answer {
    Answer {
        code: 404,
        headers: String::new(),
        kind: "text/plain; charset=utf-8",
        body: "404 page not found\n".to_owned(),
    }
}
