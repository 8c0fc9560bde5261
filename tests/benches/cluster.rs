//! A live cluster beside raw LISTs of the same kinds, and beside `kubectl diff`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::api_server_real::{ADMIN, RealServer};
use super::{cost, median, objects, regen, timed, write};

/// Where the ten kinds are listed.
const LISTS: [&str; 10] = [
    "/api/v1/serviceaccounts",
    "/api/v1/configmaps",
    "/api/v1/services",
    "/apis/apps/v1/deployments",
    "/apis/autoscaling/v2/horizontalpodautoscalers",
    "/apis/policy/v1/poddisruptionbudgets",
    "/apis/networking.k8s.io/v1/networkpolicies",
    "/apis/networking.k8s.io/v1/ingresses",
    "/apis/rbac.authorization.k8s.io/v1/roles",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
];

/// A server, where there is one to start.
pub(crate) fn start() -> Option<RealServer> {
    println!();
    RealServer::start("a live cluster")
}

/// Applies the objects and compares.
pub(crate) fn measure(server: &RealServer, dir: &Path, applications: usize, runs: usize) {
    let desired = objects::desired(applications);
    for i in 0..objects::NAMESPACES {
        let name = objects::namespace(i);
        server
            .apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
            .unwrap();
    }
    for object in &desired {
        server.apply(object).unwrap();
    }
    let repository = write(&dir.join("repository"), &desired);
    let kubeconfig = server.kubeconfig("bench", ADMIN, true);
    let command = regen(
        &repository,
        &["--kubeconfig", &kubeconfig.display().to_string()],
    );

    let (mut lists, mut drift, mut costs) = (vec![], vec![], vec![]);
    let mut bytes = 0;
    for _ in 0..runs {
        lists.push(timed(|| {
            bytes = LISTS.iter().map(|path| server.get(path).len()).sum()
        }));
        drift.push(timed(|| costs.extend(cost::run(&command, dir))));
    }
    let (lists, drift) = (median(lists), median(drift));
    println!(
        "a live cluster with {} objects of ten kinds, wall, median of {runs}:",
        desired.len()
    );
    println!(
        "  ten raw LISTs of {bytes} bytes  {:>9.1} ms",
        milliseconds(lists)
    );
    println!(
        "  regen drift             {:>9.1} ms {:>7.2} : 1, {:.0} objects a second",
        milliseconds(drift),
        drift.as_secs_f64() / lists.as_secs_f64(),
        desired.len() as f64 / drift.as_secs_f64()
    );
    cost::shown("its cpu s, wall s, peak MiB", costs);
    let each = drift.as_secs_f64() / desired.len() as f64;
    if let Some(kubectl) = kubectl() {
        let some = &desired[..500.min(desired.len())];
        let repository = write(&dir.join("some"), some);
        for more in [&["--server-side", "--force-conflicts"][..], &[]] {
            let mut diff = Command::new(&kubectl);
            diff.arg("diff").args(more);
            diff.arg("-f")
                .arg(&repository)
                .arg("--kubeconfig")
                .arg(&kubeconfig);
            diff.stdout(Stdio::null()).stderr(Stdio::null());
            // It exits with 1 where it sees differences.
            let took = timed(|| assert!(diff.status().unwrap().code() <= Some(1)));
            println!(
                "  kubectl diff {:<32} {:>9.1} ms for {} objects; regen is {:.0} times as fast",
                more.join(" "),
                milliseconds(took),
                some.len(),
                took.as_secs_f64() / some.len() as f64 / each
            );
        }
    }
}

/// The `kubectl` that stands beside the server.
fn kubectl() -> Option<PathBuf> {
    let kubectl = PathBuf::from(std::env::var_os("KUBEBUILDER_ASSETS")?).join("kubectl");
    kubectl.exists().then_some(kubectl)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
