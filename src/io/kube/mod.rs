//! What is wanted of live clusters, asked of their API servers, becomes what each of them runs.
//!
//! The home of the kube crate and of everything asynchronous. Read-only: `get` and `list`, nothing
//! else. A fault of one cluster, kind or object never touches another; whatever could not be read
//! is in the result as such. Nothing is printed, and no credential gets into a text.

mod cache;
mod cluster;
mod connect;
mod discovery;
mod fault;
mod kind;
mod list;
mod page;
mod proxy;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;

use crate::model::live::{LiveState, Want};
use crate::model::name::ClusterName;

/// One cluster to read and what to read of it.
#[derive(Clone, Debug)]
pub struct Target {
    /// The cluster, by the name that the result carries.
    pub cluster: ClusterName,
    /// Context of the kubeconfig. Absent: the current one, or the service account of the pod when
    /// there is no kubeconfig. `in-cluster` is that account as well, unless a context is called so.
    pub context: Option<String>,
    /// A kubeconfig to use instead of `$KUBECONFIG` and `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// Where what it serves is remembered between runs; nowhere, when absent.
    pub cache: Option<PathBuf>,
    /// The kinds that are wanted.
    pub wants: BTreeSet<Want>,
}

/// How much may be asked of a cluster, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For everything that one cluster is asked.
    pub budget: Duration,
    /// For one request with its answer.
    pub request: Duration,
    /// For a connection to come up.
    pub connect: Duration,
    /// Clusters that are read at the same time.
    pub clusters: usize,
    /// Requests in flight per cluster.
    pub in_flight: usize,
    /// Objects per page of a LIST.
    pub page: u32,
    /// Namespaces up to which a kind is listed namespace by namespace.
    pub namespaces: usize,
    /// Objects up to which a kind that may not be listed is asked for object by object.
    pub gets: usize,
    /// Bytes of one answer; a page that is larger is asked for in smaller ones.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(60),
            request: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            clusters: 8,
            in_flight: 8,
            page: 500,
            namespaces: 3,
            gets: 20,
            body: 32 << 20,
        }
    }
}

/// Reads several clusters concurrently. Every target is in the result, read or unreadable.
///
/// # Errors
///
/// Only when the process cannot start threads; what goes wrong with a cluster is in its state.
pub fn read(
    targets: Vec<Target>,
    limits: &Limits,
) -> anyhow::Result<BTreeMap<ClusterName, LiveState>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("regen-kube")
        .enable_all()
        .build()
        .context("starting threads to read the clusters with")?;
    let states = runtime.block_on(
        futures::stream::iter(targets)
            .map(|target| async move {
                let state = cluster::read(&target, limits).await;
                (target.cluster, state)
            })
            .buffer_unordered(limits.clusters.max(1))
            .collect::<Vec<_>>(),
    );
    // A credential plugin that hangs must not keep the process.
    runtime.shutdown_background();
    Ok(states.into_iter().collect())
}
