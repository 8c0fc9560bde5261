//! An API server in this process: discovery, paged LIST and GET over real HTTP, with faults on
//! request and a log of what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// What its `Date` header says: 2026-11-23T01:04:32Z.
pub(crate) const DATE: &str = "Mon, 23 Nov 2026 01:04:32 GMT";
/// [`DATE`] in seconds since 1970.
pub(crate) const NOW: i64 = 1_795_395_872;

/// What a matching request gets instead of its answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// A `Status` with this code, reason and message.
    Status(u16, &'static str, &'static str),
    /// The same with `Retry-After`.
    RetryAfter(u16, &'static str),
    /// A code with a body and its type.
    Raw(u16, &'static str, &'static str),
    /// The answer, except that the connection closes half way.
    Cut,
    /// Nothing, ever.
    Hang,
    /// The first half of the answer, and then nothing.
    Stall,
    /// The answer, late.
    Slow(Duration),
    /// The kind is removed, and the answer is what the server has to say without it.
    Withdraw(&'static str),
}

/// Which requests of a path a fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// All.
    Any,
    /// Those without a `continue` token.
    First,
    /// Those with one.
    Next,
}

#[derive(Debug)]
struct Rule {
    path: String,
    on: On,
    times: usize,
    fault: Fault,
}

/// One request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Resource {
    group: String,
    version: String,
    kind: String,
    plural: String,
    namespaced: bool,
    objects: Vec<Value>,
}

#[derive(Debug, Default)]
struct State {
    resources: Vec<Resource>,
    stale: Vec<String>,
    documents: BTreeMap<String, Value>,
    rules: Vec<Rule>,
    log: Vec<Request>,
    plain: bool,
}

/// The server; it stops when it is dropped.
pub(crate) struct ApiServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    open: Arc<AtomicUsize>,
    most_open: Arc<AtomicUsize>,
}

impl ApiServer {
    /// Starts on a free port of the loopback.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
            stop: Arc::default(),
            open: Arc::default(),
            most_open: Arc::default(),
        };
        let (state, stop) = (Arc::clone(&server.state), Arc::clone(&server.stop));
        let (open, most) = (Arc::clone(&server.open), Arc::clone(&server.most_open));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (state, stop, open, most) =
                    (state.clone(), stop.clone(), open.clone(), most.clone());
                std::thread::spawn(move || {
                    // A client that goes away ends a connection, not the server.
                    let _ = connection(stream, &state, &stop, &open, &most);
                });
            }
        });
        server
    }

    /// Serves a kind, without objects yet. `api_version` as in manifests.
    pub(crate) fn serve(&self, api_version: &str, kind: &str, plural: &str, namespaced: bool) {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.state.lock().unwrap().resources.push(Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced,
            objects: Vec::new(),
        });
    }

    /// Adds an object to every version of its kind.
    pub(crate) fn put(&self, kind: &str, object: Value) {
        let mut state = self.state.lock().unwrap();
        for resource in state.resources.iter_mut().filter(|r| r.kind == kind) {
            resource.objects.push(object.clone());
        }
    }

    /// Marks a group-version as stale, as an API service that is down is.
    pub(crate) fn stale(&self, api_version: &str) {
        self.state
            .lock()
            .unwrap()
            .stale
            .push(api_version.to_owned());
    }

    /// Gives an OpenAPI document for `acme.example/v1`.
    pub(crate) fn document(&self, api_version: &str, document: Value) {
        self.state
            .lock()
            .unwrap()
            .documents
            .insert(api_version.to_owned(), document);
    }

    /// Knows nothing of aggregated discovery, as servers before 1.27.
    pub(crate) fn plain_discovery(&self) {
        self.state.lock().unwrap().plain = true;
    }

    /// Answers the next `times` requests of a path with a fault.
    pub(crate) fn fail(&self, path: &str, on: On, times: usize, fault: Fault) {
        let path = path.to_owned();
        self.state.lock().unwrap().rules.push(Rule {
            path,
            on,
            times,
            fault,
        });
    }

    /// What it was asked so far.
    pub(crate) fn log(&self) -> Vec<Request> {
        self.state.lock().unwrap().log.clone()
    }

    /// How many requests it worked on at the same time, at most.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.most_open.load(Ordering::SeqCst)
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// Writes a kubeconfig: per context its server and the YAML flow mapping of its user.
pub(crate) fn kubeconfig(directory: &Path, contexts: &[(&str, &str, &str)]) -> PathBuf {
    let mut text = String::from("apiVersion: v1\nkind: Config\n");
    for (key, line) in [
        ("clusters", "{name: NAME, cluster: {server: \"SERVER\"}}"),
        (
            "contexts",
            "{name: NAME, context: {cluster: NAME, user: NAME}}",
        ),
        ("users", "{name: NAME, user: USER}"),
    ] {
        text.push_str(&format!("{key}:\n"));
        for (name, server, user) in contexts {
            let line = line
                .replace("NAME", name)
                .replace("SERVER", server)
                .replace("USER", user);
            text.push_str(&format!("- {line}\n"));
        }
    }
    let path = directory.join("kubeconfig");
    std::fs::write(&path, text).unwrap();
    path
}

fn connection(
    stream: TcpStream,
    state: &Mutex<State>,
    stop: &AtomicBool,
    open: &AtomicUsize,
    most: &AtomicUsize,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let Some(request) = read(&mut reader)? else {
            return Ok(());
        };
        most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let (answer, fault) = {
            let mut state = state.lock().unwrap();
            state.log.push(request.clone());
            let fault = state.fault(&request);
            if let Some(Fault::Withdraw(kind)) = fault {
                state.resources.retain(|r| r.kind != kind);
            }
            (state.answer(&request), fault)
        };
        let kept = reply(&mut stream, answer, fault, stop);
        open.fetch_sub(1, Ordering::SeqCst);
        if !kept? {
            return Ok(());
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = query.map(|(k, v)| (k.to_owned(), unescape(v))).collect();
    let path = unescape(path);
    Ok(Some(Request {
        method,
        path,
        query,
        headers,
    }))
}

fn unescape(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let hex: Vec<u8> = bytes.by_ref().take(2).collect();
            out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

struct Answer {
    code: u16,
    headers: String,
    kind: &'static str,
    body: String,
}

fn answer(code: u16, body: &Value) -> Answer {
    Answer {
        code,
        headers: String::new(),
        kind: "application/json",
        body: body.to_string(),
    }
}

fn status(code: u16, reason: &str, message: &str) -> Answer {
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code});
    answer(code, &body)
}

/// Whether the connection may be used again.
fn reply(
    stream: &mut TcpStream,
    usual: Answer,
    fault: Option<Fault>,
    stop: &AtomicBool,
) -> std::io::Result<bool> {
    let mut half = false;
    let mut hang = false;
    let answer = match fault {
        None | Some(Fault::Withdraw(_)) => usual,
        Some(Fault::Status(code, reason, message)) => status(code, reason, message),
        Some(Fault::RetryAfter(code, seconds)) => Answer {
            headers: format!("Retry-After: {seconds}\r\n"),
            ..status(code, "TooManyRequests", "please try again later")
        },
        Some(Fault::Raw(code, kind, body)) => Answer {
            code,
            headers: String::new(),
            kind,
            body: body.to_owned(),
        },
        Some(Fault::Cut) => {
            half = true;
            usual
        }
        Some(Fault::Stall) => {
            (half, hang) = (true, true);
            usual
        }
        Some(Fault::Hang) => {
            wait(stop, Duration::MAX);
            return Ok(false);
        }
        Some(Fault::Slow(time)) => {
            wait(stop, time);
            usual
        }
    };
    let head = format!(
        "HTTP/1.1 {} X\r\nDate: {DATE}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n",
        answer.code,
        answer.kind,
        answer.body.len(),
        answer.headers
    );
    stream.write_all(head.as_bytes())?;
    let end = if half {
        answer.body.len() / 2
    } else {
        answer.body.len()
    };
    stream.write_all(&answer.body.as_bytes()[..end])?;
    stream.flush()?;
    if hang {
        wait(stop, Duration::MAX);
    }
    Ok(!half)
}

fn wait(stop: &AtomicBool, time: Duration) {
    let step = Duration::from_millis(20);
    let mut left = time;
    while !stop.load(Ordering::SeqCst) && !left.is_zero() {
        std::thread::sleep(step.min(left));
        left = left.saturating_sub(step);
    }
}

impl State {
    fn fault(&mut self, request: &Request) -> Option<Fault> {
        let next = request.query.contains_key("continue");
        let rule = self.rules.iter_mut().find(|rule| {
            rule.times > 0
                && rule.path == request.path
                && (rule.on == On::Any || (rule.on == On::Next) == next)
        })?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }

    fn answer(&self, request: &Request) -> Answer {
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
                    .keys()
                    .map(|gv| {
                        (
                            format!("apis/{gv}"),
                            json!({"serverRelativeURL": format!("/openapi/v3/apis/{gv}?hash=1")}),
                        )
                    })
                    .collect();
                answer(200, &json!({"paths": paths}))
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
