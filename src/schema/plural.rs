//! A kind to the name that its resources have in paths and roles.

use serde_json::Value;

use super::Schemas;

/// Kinds whose resources are not called as the rest are: by group, or by group and kind.
const SAME: &[(&str, &str)] = &[
    ("chaos-mesh.org", "NetworkChaos"),
    ("chaos-mesh.org", "PodChaos"),
    ("mongodb.com", "MongoDBMultiCluster"),
];

impl Schemas {
    /// The plural of a kind, in lower case: as its CustomResourceDefinition has it, else as
    /// Kubernetes' own tools make it.
    pub fn plural(&self, group: &str, kind: &str) -> String {
        let known = self.plurals.get(&(group.into(), kind.into()));
        if let Some(plural) = known {
            return plural.to_string();
        }
        let name = kind.to_ascii_lowercase();
        if SAME.contains(&(group, kind)) {
            return name;
        }
        let vowel = |c: char| "aeiou".contains(c);
        match name.strip_suffix('y') {
            Some(stem) if !stem.ends_with(vowel) => format!("{stem}ies"),
            _ if ["s", "x", "ch", "sh"].iter().any(|end| name.ends_with(end)) => {
                format!("{name}es")
            }
            _ => format!("{name}s"),
        }
    }

    /// Notes what a CustomResourceDefinition calls its resources.
    pub(super) fn note_plural(&mut self, group: &str, kind: &str, crd: &Value) {
        if let Some(plural) = crd.pointer("/spec/names/plural").and_then(Value::as_str) {
            self.plurals
                .insert((group.into(), kind.into()), plural.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn resources_are_called_as_api_servers_call_them() {
        let schemas = Schemas::built_in();
        for (group, kind, plural) in [
            ("apps", "Deployment", "deployments"),
            ("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
            ("networking.k8s.io", "Ingress", "ingresses"),
            ("storage.k8s.io", "StorageClass", "storageclasses"),
            ("gateway.networking.k8s.io", "Gateway", "gateways"),
            (
                "kafka.strimzi.io",
                "KafkaMirrorMaker2",
                "kafkamirrormaker2s",
            ),
            ("chaos-mesh.org", "PodChaos", "podchaos"),
            ("k8gb.io", "Gslb", "gslbs"),
        ] {
            assert_eq!(schemas.plural(group, kind), plural);
        }
        let crd =
            json!({"spec": {"group": "shop.example", "names": {"kind": "Ox", "plural": "oxen"}}});
        let schemas = schemas.clone().with_crd(&crd);
        assert_eq!(schemas.plural("shop.example", "Ox"), "oxen");
        assert_eq!(schemas.plural("farm.example", "Ox"), "oxes");
    }
}
