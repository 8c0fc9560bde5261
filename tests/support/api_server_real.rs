//! A real kube-apiserver with its etcd, from `$KUBEBUILDER_ASSETS`, on free ports and in a
//! temporary directory.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kube::api::{DynamicObject, Patch, PatchParams, ValidationDirective};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::discovery::Scope;
use kube::{Api, Client, Config};
use serde_json::Value;

/// A user with every right.
pub(crate) const ADMIN: &str = "admin-token";
/// A user without any.
pub(crate) const PLAIN: &str = "plain-token";
/// The field manager of an applier.
pub(crate) const APPLIER: &str = "argocd-controller";

/// The server and what is needed to write to it; regen itself never does.
pub(crate) struct RealServer {
    directory: tempfile::TempDir,
    children: Vec<Child>,
    port: u16,
    runtime: tokio::runtime::Runtime,
    client: Option<Client>,
}

impl RealServer {
    /// Starts both, and waits until they are ready; `None`, said on stderr, where there are none.
    pub(crate) fn start(test: &str) -> Option<Self> {
        let Some(assets) = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from) else {
            // Not `eprintln`: the harness would swallow it.
            let mut out = std::io::stderr();
            let _ = writeln!(
                out,
                "SKIPPED {test}: KUBEBUILDER_ASSETS names no directory with etcd and kube-apiserver"
            );
            return None;
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let [etcd, peer, port] = free_ports();
        let mut server = Self {
            directory: tempfile::tempdir().unwrap(),
            children: Vec::new(),
            port,
            runtime,
            client: None,
        };
        let dir = server.directory.path().to_owned();
        let tokens = format!("{ADMIN},admin,admin,\"system:masters\"\n{PLAIN},plain,plain\n");
        std::fs::write(dir.join("tokens.csv"), tokens).unwrap();
        let etcd = format!("http://127.0.0.1:{etcd}");
        let peer = format!("http://127.0.0.1:{peer}");
        let at = |name: &str| dir.join(name).display().to_string();
        server.run(
            &assets,
            "etcd",
            &[
                format!("--data-dir={}", at("etcd")),
                "--unsafe-no-fsync".to_owned(),
                format!("--listen-client-urls={etcd}"),
                format!("--advertise-client-urls={etcd}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster=default={peer}"),
            ],
        );
        server.run(
            &assets,
            "kube-apiserver",
            &[
                format!("--etcd-servers={etcd}"),
                "--bind-address=127.0.0.1".to_owned(),
                "--advertise-address=127.0.0.1".to_owned(),
                format!("--secure-port={port}"),
                format!("--cert-dir={}", at("certificates")),
                "--endpoint-reconciler-type=none".to_owned(),
                format!("--token-auth-file={}", at("tokens.csv")),
                "--authorization-mode=RBAC".to_owned(),
                "--allow-privileged=true".to_owned(),
                format!("--service-account-issuer=https://127.0.0.1:{port}/"),
                format!(
                    "--service-account-key-file={}",
                    at("certificates/apiserver.crt")
                ),
                format!(
                    "--service-account-signing-key-file={}",
                    at("certificates/apiserver.key")
                ),
                "--service-cluster-ip-range=10.0.0.0/16".to_owned(),
                // Nothing here makes the `default` ServiceAccounts that this one asks for.
                "--disable-admission-plugins=ServiceAccount".to_owned(),
            ],
        );
        server.wait();
        Some(server)
    }

    fn run(&mut self, assets: &Path, program: &str, arguments: &[String]) {
        let log = File::create(self.directory.path().join(format!("{program}.log"))).unwrap();
        let child = Command::new(assets.join(program))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let child = child
            .unwrap_or_else(|error| panic!("starting {program} of {}: {error}", assets.display()));
        self.children.push(child);
    }

    fn wait(&mut self) {
        let end = Instant::now() + Duration::from_secs(120);
        let mut last = "no answer yet".to_owned();
        while Instant::now() < end {
            for child in &mut self.children {
                if let Some(status) = child.try_wait().unwrap() {
                    panic!("a server exited ({status}):\n{}", self.logs());
                }
            }
            match self.ready() {
                Ok(client) => {
                    self.client = Some(client);
                    return;
                }
                Err(why) => last = why,
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!(
            "the API server did not become ready: {last}\n{}",
            self.logs()
        );
    }

    fn ready(&self) -> Result<Client, String> {
        // The certificate is written while the server starts.
        let kubeconfig = self.kubeconfig("ready", ADMIN, true);
        self.runtime.block_on(async {
            let kubeconfig = Kubeconfig::read_from(kubeconfig).map_err(|e| e.to_string())?;
            let options = KubeConfigOptions::default();
            let config = Config::from_custom_kubeconfig(kubeconfig, &options)
                .await
                .map_err(|e| e.to_string())?;
            let client = Client::try_from(config).map_err(|e| e.to_string())?;
            let request = http::Request::get("/readyz")
                .body(Vec::new())
                .map_err(|e| e.to_string())?;
            let answer =
                tokio::time::timeout(Duration::from_secs(5), client.request_text(request)).await;
            match answer {
                Ok(Ok(text)) if text == "ok" => Ok(client.clone()),
                other => Err(format!("{other:?}")),
            }
        })
    }

    fn logs(&self) -> String {
        let mut text = String::new();
        for program in ["etcd", "kube-apiserver"] {
            let log = std::fs::read_to_string(self.directory.path().join(format!("{program}.log")));
            let log = log.unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            writeln!(
                text,
                "--- {program}\n{}",
                lines[lines.len().saturating_sub(20)..].join("\n")
            )
            .unwrap();
        }
        text
    }

    /// A kubeconfig with one context, `real`; without the authority the server is not trusted.
    pub(crate) fn kubeconfig(&self, name: &str, token: &str, authority: bool) -> PathBuf {
        let authority = if authority {
            let file = self.directory.path().join("certificates/apiserver.crt");
            format!(", certificate-authority: \"{}\"", file.display())
        } else {
            String::new()
        };
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: real\n\
             clusters: [{{name: real, cluster: {{server: \"https://127.0.0.1:{}\"{authority}}}}}]\n\
             contexts: [{{name: real, context: {{cluster: real, user: real}}}}]\n\
             users: [{{name: real, user: {{token: \"{token}\"}}}}]\n",
            self.port
        );
        let path = self.directory.path().join(format!("{name}.kubeconfig"));
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Applies an object as a GitOps controller does: server-side, forced, unknown fields refused.
    pub(crate) fn apply(&self, object: &Value) -> Result<Value, String> {
        self.apply_as(APPLIER, object)
    }

    /// The same by another field manager.
    pub(crate) fn apply_as(&self, manager: &str, object: &Value) -> Result<Value, String> {
        let object: DynamicObject =
            serde_json::from_value(object.clone()).map_err(|e| e.to_string())?;
        let name = object.metadata.name.clone().unwrap_or_default();
        let parameters = PatchParams {
            field_validation: Some(ValidationDirective::Strict),
            ..PatchParams::apply(manager).force()
        };
        self.runtime.block_on(async {
            let api = self.api(&object).await?;
            let applied = api
                .patch(&name, &parameters, &Patch::Apply(&object))
                .await
                .map_err(|e| e.to_string())?;
            serde_json::to_value(applied).map_err(|e| e.to_string())
        })
    }

    /// Applies an object of a new kind, which is served when the server has got round to it.
    pub(crate) fn apply_soon(&self, object: &Value) {
        let end = Instant::now() + Duration::from_secs(30);
        while let Err(error) = self.apply(object) {
            assert!(Instant::now() < end, "{error}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Changes an object as a person does with `kubectl edit`.
    pub(crate) fn edit(&self, manager: &str, object: &Value, patch: &Value) {
        let object: DynamicObject = serde_json::from_value(object.clone()).unwrap();
        let name = object.metadata.name.clone().unwrap();
        let parameters = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        self.runtime.block_on(async {
            let api = self.api(&object).await.unwrap();
            api.patch(&name, &parameters, &Patch::Merge(patch))
                .await
                .unwrap();
        });
    }

    /// Posts to a path what is no object to keep, such as a review.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let request = http::Request::post(path)
            .header("Content-Type", "application/json")
            .body(body.to_string().into_bytes())
            .unwrap();
        let client = self.client.clone().unwrap();
        self.runtime
            .block_on(async { client.request(request).await })
            .unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// What the server answers to a GET.
    pub(crate) fn get(&self, path: &str) -> String {
        let request = http::Request::get(path).body(Vec::new()).unwrap();
        let client = self.client.clone().unwrap();
        self.runtime
            .block_on(async { client.request_text(request).await })
            .unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    async fn api(&self, object: &DynamicObject) -> Result<Api<DynamicObject>, String> {
        let types = object.types.clone().ok_or("no apiVersion")?;
        let gvk = GroupVersionKind::try_from(&types).map_err(|e| e.to_string())?;
        let client = self.client.clone().ok_or("not started")?;
        let found = kube::discovery::pinned_kind(&client, &gvk)
            .await
            .map_err(|e| e.to_string())?;
        let (resource, capabilities) = found;
        Ok(match (capabilities.scope, &object.metadata.namespace) {
            (Scope::Namespaced, Some(namespace)) => {
                Api::namespaced_with(client, namespace, &resource)
            }
            _ => Api::all_with(client, &resource),
        })
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        // The API server before its store.
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
