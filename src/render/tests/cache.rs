//! The cache before a service: what answers say of themselves, Varnish, and what is served while a callee fails.

use serde_json::json;

use super::components::{body, set};
use super::fleet::Made;
use super::traffic::{EU, at, has, shop, spec};
use crate::model::duration::Duration;
use crate::model::quantity::Quantity;
use crate::model::world::*;

fn cached(tier: CacheTier) -> Made {
    shop(|other, s| {
        let exposure = s.exposure.as_mut().unwrap();
        exposure.health = Some("/readyz".into());
        exposure.timeout = Some(at(other, Duration::millis(1500)));
        exposure.cache = Some(Cache {
            span: other.span(),
            max_age: 30,
            stale_while_revalidate: Some(60),
            stale_if_error: Some(600),
            tier: at(other, tier),
            memory: Quantity::parse("256Mi").unwrap(),
            image: at(other, "docker.io/library/varnish:7.7".to_owned()),
        });
    })
}

#[test]
fn answers_say_how_long_they_may_be_kept() {
    let made = cached(CacheTier::Headers);
    let rules = &spec(&made, &format!("{EU}/shop/web/httproute-web.yaml"))["rules"];
    let headers = |rule: usize| &rules[rule]["filters"][0]["responseHeaderModifier"]["set"];
    let served = json!({"name": "X-Served-Region", "value": "eu-west-1"});
    let kept = "public, max-age=30, stale-while-revalidate=60, stale-if-error=600";
    assert_eq!(
        headers(0),
        &json!([{"name": "Cache-Control", "value": kept}, served])
    );
    assert_eq!(headers(1), &json!([served]));
    assert!(!has(&made, "deployment-web-cache.yaml"));

    let made = cached(CacheTier::Cdn);
    let record = &spec(&made, &format!("{EU}/shop/web/dnsendpoint-web.yaml"))["endpoints"][0];
    assert_eq!(
        record["providerSpecific"][1],
        json!({"name": "external-dns.kubernetes.io/cloudflare-proxied", "value": "true"})
    );
}

const VCL: &str = r#"vcl 4.1;

import std;

backend default {
  .host = "web";
  .port = "80";
  .connect_timeout = 1s;
  .first_byte_timeout = 1.500s;
  .probe = {
    .url = "/readyz";
    .interval = 5s;
    .timeout = 1s;
    .window = 5;
    .threshold = 3;
  }
}

sub vcl_recv {
  if (std.healthy(req.backend_hint)) {
    set req.grace = 60s;
  }
}

sub vcl_backend_response {
  if (beresp.status >= 500 && bereq.is_bgfetch) {
    return (abandon);
  }
  if (beresp.status < 400) {
    set beresp.ttl = 30s;
    set beresp.grace = 600s;
  }
}
"#;

#[test]
fn varnish_stands_between_the_gateway_and_reads() {
    let made = cached(CacheTier::Varnish);
    let set = set(&made).unwrap();
    let at = |name: &str| body(&set, &format!("{EU}/shop/web/{name}.yaml"));
    let rules = &at("httproute-web")["spec"]["rules"];
    assert_eq!(
        (&rules[0]["backendRefs"], &rules[1]["backendRefs"]),
        (
            &json!([{"group": "", "kind": "Service", "name": "web-cache", "port": 80, "weight": 1}]),
            &json!([{"group": "", "kind": "Service", "name": "web", "port": 80, "weight": 1}])
        )
    );
    assert_eq!(
        at("configmap-web-cache")["data"],
        json!({"default.vcl": VCL})
    );
    let container = &at("deployment-web-cache")["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        container["args"],
        json!([
            "-F",
            "-f",
            "/etc/varnish/default.vcl",
            "-a",
            "http=:8080,HTTP",
            "-n",
            "/var/lib/varnish",
            "-s",
            "malloc,192M"
        ])
    );
    let pods =
        |name: &str| json!({"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}});
    let ports = json!([{"port": 8080, "protocol": "TCP"}]);
    let own = &at("networkpolicy-web-cache")["spec"];
    assert_eq!(
        own["egress"],
        json!([{"to": [pods("web")], "ports": ports}])
    );
    assert_eq!(own["ingress"][0]["from"].as_array().unwrap().len(), 2);
    let ingress = &at("networkpolicy-web-ingress")["spec"]["ingress"][0]["from"];
    assert_eq!(ingress[2], pods("web-cache"));
    // Two pods of 256Mi beside two of 64Mi, and a quarter for rolling updates.
    let quota = body(
        &set,
        &format!("{EU}/shop/_namespace/resourcequota-services.yaml"),
    );
    assert_eq!(
        quota["spec"]["hard"],
        json!({"pods": "5", "requests.cpu": "500m", "requests.memory": "800Mi"})
    );
}

#[test]
fn a_service_is_told_what_to_serve_while_a_callee_fails() {
    let made = shop(|other, s| {
        s.resilience.degrade_to = Some(at(other, "cached-prices".to_owned()));
    });
    let spec = spec(&made, &format!("{EU}/shop/web/deployment-web.yaml"));
    assert_eq!(
        spec["template"]["spec"]["containers"][0]["env"],
        json!([{"name": "DEGRADE_TO", "value": "cached-prices"}])
    );
}
