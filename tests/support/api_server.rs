//! An API server in this process: discovery, paged LIST and GET over real HTTP, with faults on
//! request and a log of what it was asked.

#[path = "api_server_answers.rs"]
mod answers;
#[path = "api_server_wire.rs"]
mod wire;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

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
                    let _ = wire::connection(stream, &state, &stop, &open, &most);
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
