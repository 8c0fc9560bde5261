//! The pods of Varnish between the gateway and a service that asks for them.

use std::fmt::Write as _;

use crate::model::digest::Digest;
use crate::model::name::ServiceKey;
use crate::model::origin::Subject;
use crate::model::world::{Cache, CacheTier, Mesh, Service};

use super::super::fact::Item;
use super::edges::{pod_port, pods, policy_port};
use super::patience::Patience;
use super::{Facts, Of};

/// How many pods keep answers in a cluster.
pub(super) const PODS: u32 = 2;
/// The CPU that each asks for.
pub(super) const CPU: &str = "100m";
/// Billionths of a byte in a mebibyte.
const MEBI: i128 = (1 << 20) * 1_000_000_000;

/// The cache of a service, where it asks for pods of its own.
pub(super) fn tier(service: &Service) -> Option<&Cache> {
    let cache = service.exposure.as_ref()?.cache.as_ref()?;
    (cache.tier.value == CacheTier::Varnish).then_some(cache)
}

impl Facts<'_> {
    /// `cache`: nothing where no pods keep answers.
    pub(super) fn cache(&self, key: &ServiceKey, service: &Service) -> Item {
        let gateway = self.world.fleet.platform.gateway.is_some();
        let (Some(cache), Some(exposure)) = (tier(service), &service.exposure) else {
            return Item::nothing();
        };
        let Some(port) = service
            .workload
            .ports
            .get(&exposure.port)
            .filter(|_| gateway)
        else {
            return Item::nothing();
        };
        let subject = Subject::Service(key.clone());
        let of = Of(&subject);
        let name = service.name.value.as_str();
        // A quarter is for Varnish itself.
        let store = cache.memory.as_nano() / MEBI * 3 / 4;
        let to = Item::list([pods(name, &service.namespace, &service.namespace)]);
        let vcl = self.vcl(service, cache);
        let digest = Digest::of_pairs([("default.vcl", vcl.as_bytes())]).to_string();
        Item::map([
            ("name", Item::new(format!("{name}-cache"))),
            ("pods", Item::new(PODS)),
            ("cpu", Item::new(CPU)),
            ("image", of.at("exposure.cache.image", &cache.image.value)),
            (
                "memory",
                of.at("exposure.cache.memory", cache.memory.to_string()),
            ),
            (
                "store",
                of.at("exposure.cache.memory", format!("malloc,{store}M")),
            ),
            ("vcl", of.at("exposure.cache", vcl.as_str())),
            ("digest", of.at("exposure.cache", &digest[..16])),
            ("from", Item::list(self.front())),
            ("to", to),
            ("ports", Item::list([policy_port(pod_port(port))])),
        ])
    }

    /// What Varnish keeps, and for how long. What may not be kept for others stays out of it by
    /// Varnish's own rules: requests with cookies, answers that set some or are private.
    fn vcl(&self, service: &Service, cache: &Cache) -> String {
        let name = service.name.value.as_str();
        let exposure = service.exposure.as_ref();
        let port = exposure.and_then(|e| service.workload.ports.get(&e.port));
        let health = exposure.and_then(|e| e.health.as_deref());
        let patience = exposure.and_then(|e| Patience::of(service, e).one_try());
        let mut out = String::from("vcl 4.1;\n\nimport std;\n\nbackend default {\n");
        let mut line = |text: String| {
            let _ = writeln!(out, "{text}");
        };
        line(format!("  .host = \"{name}\";"));
        line(format!("  .port = \"{}\";", port.map_or(80, |p| p.port)));
        line("  .connect_timeout = 1s;".into());
        if let Some(patience) = patience {
            let millis = patience.as_millis();
            line(format!(
                "  .first_byte_timeout = {}.{:03}s;",
                millis / 1000,
                millis % 1000
            ));
        }
        if let Some(path) = health {
            line("  .probe = {".into());
            line(format!("    .url = \"{}\";", encoded(path)));
            for text in [
                "interval = 5s",
                "timeout = 1s",
                "window = 5",
                "threshold = 3",
            ] {
                line(format!("    .{text};"));
            }
            line("  }".into());
        }
        line("}\n\nsub vcl_recv {".into());
        let fresh = cache.stale_while_revalidate.unwrap_or(0);
        let stale = cache.stale_if_error.unwrap_or(0).max(fresh);
        if health.is_some() && fresh < stale {
            line("  if (std.healthy(req.backend_hint)) {".into());
            line(format!("    set req.grace = {fresh}s;\n  }}"));
        }
        line("}\n".into());
        if self.world.fleet.platform.mesh.map(|m| m.value) == Some(Mesh::Istio) {
            // A sidecar finds its way by the host.
            line("sub vcl_backend_fetch {".into());
            line("  set bereq.http.X-Forwarded-Host = bereq.http.Host;".into());
            line(format!("  set bereq.http.Host = \"{name}\";\n}}\n"));
        }
        line("sub vcl_backend_response {".into());
        line("  if (beresp.status >= 500 && bereq.is_bgfetch) {".into());
        line("    return (abandon);\n  }".into());
        line("  if (beresp.status < 400) {".into());
        line(format!("    set beresp.ttl = {}s;", cache.max_age));
        line(format!("    set beresp.grace = {stale}s;\n  }}\n}}"));
        out
    }
}

/// A path as it may stand in a request, and between quotes.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'!' | b'#'..=b';' | b'=' | b'?'..=b'Z' | b'_' | b'a'..=b'z' | b'~' => {
                out.push(char::from(byte));
            }
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_its_quotes() {
        assert_eq!(encoded("/ready?x=1&y=%20"), "/ready?x=1&y=%20");
        assert_eq!(encoded("/a\"; }\n\\<ü"), "/a%22;%20%7D%0A%5C%3C%C3%BC");
    }
}
