//! Publishing into real repositories: commits, work trees, crashes and remotes.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests set the world up"
)]

mod commits;
mod crashes;
mod gitops;
mod remotes;

const WEB: (&str, &str) = (
    "clusters/eu/euw1-a/shop/web/deployment-web.yaml",
    "kind: Deployment\n",
);
const API: (&str, &str) = (
    "clusters/us/use1-a/shop/api/service-api.yaml",
    "kind: Service\n",
);
const HUB: (&str, &str) = ("hub/dns.yaml", "kind: DNSEndpoint\n");
