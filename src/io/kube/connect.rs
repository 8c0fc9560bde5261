//! A kubeconfig context becomes a client.

use std::io::IsTerminal as _;

use kube::client::{Body, ClientBuilder};
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use super::fault::{self, Fault};
use super::proxy;
use super::{Limits, Target};

/// The service account of the pod that regen runs in.
const IN_CLUSTER: &str = "in-cluster";

/// A client, the server it talks to, and the credentials that no text may hold.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) server: String,
    pub(super) secrets: Vec<String>,
}

/// Makes a client; a credential plugin runs here, a request does not.
pub(super) async fn connect(target: &Target, limits: &Limits) -> Result<Connection, Fault> {
    let mut config = config(target).await?;
    config.connect_timeout = Some(limits.connect);
    // `session` decides what is tried again, and when.
    config.default_retry = false;
    if let Some(exec) = &mut config.auth_info.exec
        && !std::io::stdin().is_terminal()
        && exec.interactive_mode != Some(ExecInteractiveMode::Always)
    {
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    let secrets = secrets(&config);
    let server = config.cluster_url.to_string();
    let made = tokio::task::spawn_blocking(move || {
        ClientBuilder::try_from(config).map(|b| b.build::<Box<_>>())
    });
    match made.await {
        Ok(Ok(client)) => Ok(Connection {
            client,
            server,
            secrets,
        }),
        Ok(Err(error)) => Err(fault::of_client(&error)),
        Err(_) => Err(Fault::new(
            "BadKubeconfig",
            "no client can be made of the kubeconfig",
        )),
    }
}

async fn config(target: &Target) -> Result<Config, Fault> {
    let read = match &target.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let in_cluster = || {
        Config::incluster().map_err(|_| {
            Fault::new(
                "NoContext",
                "there is neither a kubeconfig nor a service account of a pod to use",
            )
        })
    };
    let kubeconfig = match read {
        Ok(kubeconfig) => kubeconfig,
        Err(error) => {
            let implied = target.kubeconfig.is_none()
                && target.context.as_deref().is_none_or(|c| c == IN_CLUSTER);
            let none = match &error {
                KubeconfigError::FindPath => true,
                KubeconfigError::ReadConfig(error, _) => {
                    error.kind() == std::io::ErrorKind::NotFound
                }
                _ => false,
            };
            return if implied && none {
                in_cluster()
            } else {
                Err(fault::of_kubeconfig(&error))
            };
        }
    };
    if target.context.as_deref() == Some(IN_CLUSTER)
        && !kubeconfig.contexts.iter().any(|c| c.name == IN_CLUSTER)
    {
        return in_cluster();
    }
    let explicit = proxy_of(&kubeconfig, target.context.as_deref());
    let options = KubeConfigOptions {
        context: target.context.clone(),
        ..KubeConfigOptions::default()
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = config.map_err(|error| fault::of_kubeconfig(&error))?;
    let proxy = proxy::proxy(&config.cluster_url, explicit.as_deref(), |name| {
        std::env::var(name).ok()
    });
    config.proxy_url =
        proxy.map_err(|error| fault::of_kubeconfig(&KubeconfigError::ParseProxyUrl(error)))?;
    Ok(config)
}

/// The proxy that the kubeconfig itself sets for a context.
fn proxy_of(kubeconfig: &Kubeconfig, context: Option<&str>) -> Option<String> {
    let name = context.or(kubeconfig.current_context.as_deref())?;
    let context = kubeconfig
        .contexts
        .iter()
        .find(|c| c.name == name)?
        .context
        .as_ref()?;
    let cluster = kubeconfig
        .clusters
        .iter()
        .find(|c| c.name == context.cluster)?;
    cluster.cluster.as_ref()?.proxy_url.clone()
}

/// Every credential of a configuration.
fn secrets(config: &Config) -> Vec<String> {
    let mut secrets = Vec::new();
    if let Ok(auth) = serde_json::to_value(&config.auth_info) {
        for key in ["token", "password", "client-key-data"] {
            secrets.extend(auth[key].as_str().map(str::to_owned));
        }
        let provider = auth["auth-provider"]["config"].as_object();
        let of_provider = provider
            .into_iter()
            .flatten()
            .filter(|(key, _)| key.contains("token") || key.contains("secret"));
        secrets.extend(
            of_provider
                .filter_map(|(_, v)| v.as_str())
                .map(str::to_owned),
        );
        let env = auth["exec"]["env"].as_array();
        secrets.extend(
            env.into_iter()
                .flatten()
                .filter_map(|e| e["value"].as_str())
                .map(str::to_owned),
        );
    }
    if let Some(userinfo) = config.proxy_url.as_ref().and_then(|u| u.authority()) {
        secrets.extend(
            userinfo
                .as_str()
                .rsplit_once('@')
                .map(|(user, _)| user.to_owned()),
        );
    }
    // A short one would blacken innocent text, and is no secret.
    secrets.retain(|s| s.len() >= 6);
    secrets
}

/// A request for a path of the API server, for what is not known by `tag` already.
pub(super) fn request(
    path: &str,
    accept: &str,
    tag: Option<&str>,
) -> Result<http::Request<Body>, http::Error> {
    let mut request = http::Request::get(path)
        .header(http::header::ACCEPT, accept)
        .header(
            http::header::USER_AGENT,
            concat!("regen/", env!("CARGO_PKG_VERSION")),
        );
    if let Some(tag) = tag {
        request = request.header(http::header::IF_NONE_MATCH, tag);
    }
    request.body(Body::empty())
}
