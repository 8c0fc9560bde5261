//! The templates that come with regen: path below `templates/`, text.

macro_rules! built_in {
    ($($path:literal,)+) => {
        /// All of them, by path.
        pub const BUILT_IN: &[(&str, &str)] =
            &[$(($path, include_str!(concat!("../../templates/", $path))),)+];
    };
}

built_in! {
    "bootstrap/audit-policy.yaml.j2",
    "bootstrap/encryption.yaml.j2",
    "chaos/latency.yaml.j2",
    "chaos/pods.yaml.j2",
    "chaos/region.yaml.j2",
    "data/chart-argocd-cluster.yaml.j2",
    "data/chart-argocd-hub.yaml.j2",
    "data/chart-flux.yaml.j2",
    "data/cnpg-cluster.yaml.j2",
    "data/cnpg-objectstore.yaml.j2",
    "data/cnpg-podmonitor.yaml.j2",
    "data/cnpg-scheduledbackup.yaml.j2",
    "data/hub-namespace.yaml.j2",
    "data/k8ssandra-hub.yaml.j2",
    "data/mongodb-hub.yaml.j2",
    "data/networkpolicy.yaml.j2",
    "data/purge.yaml.j2",
    "data/redis-activeactive.yaml.j2",
    "data/serviceexport.yaml.j2",
    "data/setup.yaml.j2",
    "data/storageclass.yaml.j2",
    "data/valkey.yaml.j2",
    "delivery/argocd-cluster.yaml.j2",
    "delivery/argocd-hub.yaml.j2",
    "delivery/flux.yaml.j2",
    "delivery/kinds.j2",
    "dns/dnsendpoint.yaml.j2",
    "dns/gslb.yaml.j2",
    "drift/alerts.yaml.j2",
    "drift/cronjob.yaml.j2",
    "drift/externalsecret.yaml.j2",
    "drift/namespace.yaml.j2",
    "drift/role.yaml.j2",
    "flags/featureflag.yaml.j2",
    "mesh/alias.yaml.j2",
    "mesh/authorization.yaml.j2",
    "mesh/destinationrule.yaml.j2",
    "mesh/peerauthentication.yaml.j2",
    "mesh/serviceexport.yaml.j2",
    "mesh/virtualservice.yaml.j2",
    "messaging/kafka-mirror.yaml.j2",
    "messaging/kafka-podmonitor.yaml.j2",
    "messaging/kafka-topics.yaml.j2",
    "messaging/kafka.yaml.j2",
    "messaging/nats.yaml.j2",
    "namespace/limitrange.yaml.j2",
    "namespace/namespace.yaml.j2",
    "namespace/networkpolicy.yaml.j2",
    "namespace/resourcequota.yaml.j2",
    "network/networkpolicy.yaml.j2",
    "observability/collector.yaml.j2",
    "observability/dashboards.yaml.j2",
    "observability/delivery.yaml.j2",
    "observability/instrumentation.yaml.j2",
    "observability/probes.yaml.j2",
    "observability/replication.yaml.j2",
    "observability/servicemonitor.yaml.j2",
    "observability/slo.yaml.j2",
    "policy/bound.j2",
    "policy/facts.yaml.j2",
    "policy/images.yaml.j2",
    "policy/kyverno.yaml.j2",
    "policy/pods.j2",
    "policy/residency.yaml.j2",
    "runbooks/service.md.j2",
    "secrets/clustersecretstore.yaml.j2",
    "secrets/externalsecret.yaml.j2",
    "tenancy/cluster.yaml.j2",
    "tenancy/namespace.yaml.j2",
    "traffic/backendtrafficpolicy.yaml.j2",
    "traffic/cache.yaml.j2",
    "traffic/certificate.yaml.j2",
    "traffic/gateway.yaml.j2",
    "traffic/grpcroute.yaml.j2",
    "traffic/httproute.yaml.j2",
    "traffic/write.yaml.j2",
    "workload/analysis.yaml.j2",
    "workload/configmap.yaml.j2",
    "workload/cronjob.yaml.j2",
    "workload/deployment.yaml.j2",
    "workload/horizontalpodautoscaler.yaml.j2",
    "workload/job.yaml.j2",
    "workload/pod.j2",
    "workload/poddisruptionbudget.yaml.j2",
    "workload/preview.yaml.j2",
    "workload/rollout.yaml.j2",
    "workload/service.yaml.j2",
    "workload/serviceaccount.yaml.j2",
    "workload/statefulset.yaml.j2",
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_template_file_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut found: Vec<String> = walkdir::WalkDir::new(&root)
            .into_iter()
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                entry
                    .path()
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        found.sort();
        let listed: Vec<&str> = BUILT_IN.iter().map(|(path, _)| *path).collect();
        assert_eq!(listed, found);
    }
}
