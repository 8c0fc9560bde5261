//! How users reach a service: host names, the paths of health checks, times to live.

use super::lookup::fault;
use super::names::is_label;
use crate::diag::{Code, Sink, Span};
use crate::validate::Facts;

/// Whether a text is a host name (RFC 1123).
pub(super) fn is_host(host: &str) -> bool {
    let labels = host.split('.').all(|label| is_label(label, false));
    host.len() <= 253 && labels && host.parse::<std::net::IpAddr>().is_err()
}

/// Refuses what is no host name.
pub(super) fn host_name(host: &str, span: Span, sink: &mut Sink) {
    if !is_host(host) {
        let lower = host.trim_end_matches('.').to_ascii_lowercase();
        let lower = lower.rsplit("://").next().unwrap_or("").to_owned();
        let fault = fault(Code::InvalidHost, format!("`{host}` is no host name"), span);
        sink.emit(
            match lower.split('.').all(|label| is_label(label, false)) && lower != host {
                true => fault.help(format!("write `{lower}`")),
                false => fault.help(
                    "write labels of lower-case letters, digits and `-`, such as `shop.example`",
                ),
            },
        );
    }
}

/// Hosts are host names, under the fleet's domain where there is one.
pub(super) fn hosts(facts: &Facts<'_>, sink: &mut Sink) {
    let domain = facts.raw.fleet.domain.as_ref();
    if let Some(domain) = domain {
        host_name(&domain.value, domain.span, sink);
    }
    for entry in &facts.raw.services {
        let Some(exposure) = &entry.service.exposure else {
            continue;
        };
        let host = &exposure.value.host;
        host_name(&host.value, host.span, sink);
        if let Some(domain) = domain {
            let under = host.value.strip_suffix(domain.value.as_str());
            if !under.is_some_and(|rest| rest.is_empty() || rest.ends_with('.')) {
                sink.emit(
                    fault(
                        Code::ForeignHost,
                        format!("`{}` is not under the fleet's domain", host.value),
                        host.span,
                    )
                    .see(domain.span, "the domain")
                    .help(format!(
                        "write a host under `{}`, if that is meant",
                        domain.value
                    )),
                );
            }
        }
        if let Some(health) = exposure
            .value
            .health
            .as_ref()
            .filter(|h| !h.value.starts_with('/'))
        {
            sink.emit(
                fault(
                    Code::InvalidProbe,
                    format!("the path `{}` does not start with `/`", health.value),
                    health.span,
                )
                .help(format!("write `/{}`", health.value)),
            );
        }
        if let Some(ttl) = exposure.value.ttl {
            let seconds = ttl.value.as_millis() / 1000;
            if !(1..=86_400).contains(&seconds) || ttl.value.as_millis() % 1000 != 0 {
                sink.emit(
                    fault(
                        Code::InvalidValue,
                        format!("resolvers cannot keep an answer for `{}`", ttl.value),
                        ttl.span,
                    )
                    .help("write whole seconds from `1s` to `1d`, such as `60s`"),
                );
            }
        }
    }
    for cluster in facts.raw.regions.iter().flat_map(|r| &r.clusters) {
        for (host, _) in &cluster.health_checks {
            host_name(&host.value, host.span, sink);
        }
    }
}
