//! Which proxy a cluster is reached through, by the rules of Go's `httpproxy`, which `kubectl`
//! follows.
//!
//! The client crate matches `NO_PROXY` against the proxy itself, and sends what goes to the
//! loopback through it, so that this is decided here.

use std::net::IpAddr;

use http::Uri;

/// The proxy for a server: `explicit` is that of the kubeconfig and always holds; else the
/// environment decides.
///
/// # Errors
///
/// When what names the proxy is no URL.
pub(super) fn proxy(
    server: &Uri,
    explicit: Option<&str>,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Option<Uri>, http::uri::InvalidUri> {
    if let Some(explicit) = explicit.filter(|p| !p.is_empty()) {
        return explicit.parse().map(Some);
    }
    let env = |upper: &str| {
        let set = |name: &str| env(name).filter(|value| !value.trim().is_empty());
        set(upper).or_else(|| set(&upper.to_lowercase()))
    };
    let name = if server.scheme_str() == Some("http") {
        "HTTP_PROXY"
    } else {
        "HTTPS_PROXY"
    };
    let Some(proxy) = env(name) else {
        return Ok(None);
    };
    let host = server
        .host()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_lowercase();
    let port = server
        .port_u16()
        .unwrap_or(if name == "HTTP_PROXY" { 80 } else { 443 });
    let address: Option<IpAddr> = host.parse().ok();
    let local = host == "localhost" || address.is_some_and(|a| a.is_loopback());
    if local || env("NO_PROXY").is_some_and(|list| excluded(&list, &host, address, port)) {
        return Ok(None);
    }
    let proxy = proxy.trim();
    if proxy.contains("://") {
        proxy.parse().map(Some)
    } else {
        format!("http://{proxy}").parse().map(Some)
    }
}

fn excluded(list: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    list.split(',')
        .map(|entry| entry.trim().to_lowercase())
        .any(|entry| match entry.as_str() {
            "" => false,
            "*" => true,
            entry => {
                if let Some(found) = entry
                    .split_once('/')
                    .and_then(|(net, bits)| within(net, bits, address?))
                {
                    return found;
                }
                let (name, only) = match entry.rsplit_once(':') {
                    Some((name, only)) if !name.contains(':') || name.ends_with(']') => {
                        (name, only.parse().ok())
                    }
                    _ => (entry, None),
                };
                if only.is_some_and(|only: u16| only != port) {
                    return false;
                }
                if let (Some(address), Ok(excluded)) =
                    (address, name.trim_matches(['[', ']']).parse::<IpAddr>())
                {
                    return address == excluded;
                }
                let name = name.strip_prefix('*').unwrap_or(name);
                match name.strip_prefix('.') {
                    Some(_) => host.ends_with(name),
                    None => {
                        host == name
                            || host
                                .strip_suffix(name)
                                .is_some_and(|rest| rest.ends_with('.'))
                    }
                }
            }
        })
}

/// Whether an address is in a network; nothing when it is no network.
fn within(net: &str, bits: &str, address: IpAddr) -> Option<bool> {
    let (net, bits): (IpAddr, u32) = (net.parse().ok()?, bits.parse().ok()?);
    let number = |a: IpAddr| match a {
        IpAddr::V4(a) => (u128::from(u32::from(a)) << 96, 32),
        IpAddr::V6(a) => (u128::from(a), 128),
    };
    let ((net, width), (address, other)) = (number(net), number(address));
    let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
    (bits <= width).then_some(width == other && net & mask == address & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_read_as_kubectl_reads_it() {
        let through = Some("http://proxy.corp:3128/");
        let cases: [(&str, &str, Option<&str>); 22] = [
            ("https://api.example:6443", "", through),
            ("https://api.example:6443", "proxy.corp", through),
            ("https://api.example:6443", "api.example", None),
            ("https://api.example:6443", "example", None),
            ("https://api.example:6443", ".example", None),
            ("https://api.example:6443", "*.example", None),
            ("https://example:6443", ".example", through),
            ("https://badexample:6443", "example", through),
            ("https://api.example:6443", "api.example:6443", None),
            ("https://api.example:6443", "api.example:443", through),
            ("https://api.example", "api.example:443", None),
            ("https://API.example", "api.EXAMPLE", None),
            ("https://api.example:6443", "other, ,api.example,", None),
            ("https://api.example:6443", "*", None),
            ("https://10.1.2.3:6443", "10.0.0.0/8", None),
            ("https://11.1.2.3:6443", "10.0.0.0/8", through),
            ("https://10.1.2.3:6443", "10.1.2.3", None),
            ("https://10.1.2.3:6443", "0.0.0.0/0", None),
            ("https://10.1.2.3:6443", "10.0.0.0/99", through),
            ("https://[fd00::1]:6443", "fd00::/8", None),
            ("https://127.0.0.1:6443", "", None),
            ("https://localhost:6443", "", None),
        ];
        for (server, no_proxy, expected) in cases {
            let env = |name: &str| match name {
                "https_proxy" => Some("proxy.corp:3128".to_owned()),
                "NO_PROXY" => Some(no_proxy.to_owned()),
                _ => None,
            };
            let found = proxy(&server.parse().unwrap(), None, env).unwrap();
            assert_eq!(
                found.map(|p| p.to_string()).as_deref(),
                expected,
                "{server} with {no_proxy}"
            );
        }
    }

    #[test]
    fn the_kubeconfig_goes_first_and_http_has_its_own() {
        let env = |name: &str| (name == "HTTPS_PROXY").then(|| "http://env:1".to_owned());
        let of = |server: &str, explicit| {
            proxy(&server.parse().unwrap(), explicit, env)
                .unwrap()
                .map(|p| p.to_string())
        };
        assert_eq!(
            of("https://a", Some("http://file:2")).as_deref(),
            Some("http://file:2/")
        );
        assert_eq!(
            of("https://localhost", Some("http://file:2")).as_deref(),
            Some("http://file:2/")
        );
        assert_eq!(of("https://a", Some("")).as_deref(), Some("http://env:1/"));
        assert_eq!(of("http://a", None), None);
    }
}
