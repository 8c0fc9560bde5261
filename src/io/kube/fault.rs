//! Errors of the client and answers of the server, in words that are stable and give nothing away.

use std::error::Error as StdError;

use http::StatusCode;
use kube::client::AuthError;
use kube::config::KubeconfigError;

use crate::model::live::Unreadable;

/// Why a request gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The word for machines.
    pub(super) reason: &'static str,
    /// The sentence for people.
    pub(super) detail: String,
    /// The status, when the server answered.
    pub(super) status: Option<u16>,
    /// Whether the connection broke, so that the same request may well succeed.
    pub(super) broken: bool,
}

impl Fault {
    pub(super) fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            status: None,
            broken: false,
        }
    }

    pub(super) fn unreadable(&self) -> Unreadable {
        Unreadable {
            reason: self.reason.to_owned(),
            detail: self.detail.clone(),
        }
    }

    pub(super) fn is(&self, status: StatusCode) -> bool {
        self.status == Some(status.as_u16())
    }

    /// An answer that is not a success. `message` is what the server's `Status` says.
    pub(super) fn answered(what: &str, status: StatusCode, message: Option<&str>) -> Self {
        let reason = match status.as_u16() {
            401 => "Unauthorized",
            403 => "Forbidden",
            410 => "ContinueExpired",
            429 => "TooManyRequests",
            500..=599 => "ServerError",
            _ => "BadAnswer",
        };
        let mut detail = format!("{what}: the server answered {status}");
        if let Some(message) = message {
            detail.push_str(": ");
            detail.push_str(&one_line(message));
        }
        Self {
            status: Some(status.as_u16()),
            ..Self::new(reason, detail)
        }
    }
}

/// A failed request, by what broke it.
pub(super) fn of_request(what: &str, error: &(dyn StdError + 'static)) -> Fault {
    let mut chain = Vec::new();
    let mut io_kind = None;
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(auth) = error.downcast_ref::<AuthError>() {
            return Fault::new("CredentialPlugin", format!("{what}: {}", of_auth(auth)));
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            io_kind = Some(io.kind());
        }
        let text = one_line(&error.to_string());
        // Wrappers repeat what they wrap.
        if let Some(last) = chain.last_mut() {
            let last: &mut String = last;
            if let Some(cut) = last.strip_suffix(text.as_str()) {
                *last = cut.trim_end_matches(": ").to_owned();
            }
        }
        chain.push(text);
        next = error.source();
    }
    chain.retain(|text| !matches!(text.as_str(), "" | "ServiceError" | "HyperError"));
    chain.dedup();
    let text = chain.join(": ");
    let lower = text.to_lowercase();
    let timed_out =
        io_kind == Some(std::io::ErrorKind::TimedOut) || lower.contains("deadline has elapsed");
    Fault {
        broken: !lower.contains("(connect)"),
        ..Fault::new(
            if timed_out { "Timeout" } else { "Unreachable" },
            format!("{what}: {text}"),
        )
    }
}

/// A kubeconfig that cannot be used. Parse errors quote the file, which holds keys: they are cut
/// to their place.
pub(super) fn of_kubeconfig(error: &KubeconfigError) -> Fault {
    let bad =
        |detail: String| Fault::new("BadKubeconfig", format!("reading the kubeconfig: {detail}"));
    match error {
        KubeconfigError::CurrentContextNotSet => {
            Fault::new("NoContext", "the kubeconfig sets no current context")
        }
        KubeconfigError::LoadContext(name) => Fault::new(
            "NoContext",
            format!("the kubeconfig has no context `{name}`"),
        ),
        KubeconfigError::LoadClusterOfContext(name) => Fault::new(
            "NoContext",
            format!("the kubeconfig has no cluster `{name}`"),
        ),
        KubeconfigError::FindPath => {
            Fault::new("NoContext", "there is no kubeconfig and no home directory")
        }
        KubeconfigError::ReadConfig(error, path) => bad(format!("`{}`: {error}", path.display())),
        KubeconfigError::Parse(error) => bad(match error.location() {
            Some(at) => format!(
                "it is not a kubeconfig (line {}, column {})",
                at.line(),
                at.column()
            ),
            None => "it is not a kubeconfig".to_owned(),
        }),
        KubeconfigError::KindMismatch | KubeconfigError::ApiVersionMismatch => {
            bad("its files differ in kind or version".to_owned())
        }
        KubeconfigError::MissingClusterUrl => bad("the cluster has no `server`".to_owned()),
        KubeconfigError::ParseClusterUrl(_) => {
            bad("the cluster's `server` is not a URL".to_owned())
        }
        KubeconfigError::ParseProxyUrl(_) => bad("the proxy is not a URL".to_owned()),
        KubeconfigError::ParseNoProxy(_) => bad("`NO_PROXY` cannot be read".to_owned()),
        KubeconfigError::LoadCertificateAuthority(_) => {
            bad("the certificate authority cannot be loaded".to_owned())
        }
        KubeconfigError::LoadClientCertificate(_) => {
            bad("the client certificate cannot be loaded".to_owned())
        }
        KubeconfigError::LoadClientKey(_) => bad("the client key cannot be loaded".to_owned()),
        KubeconfigError::ParseCertificates(_) => bad("a certificate is not PEM".to_owned()),
    }
}

/// A client that cannot be made of a kubeconfig.
pub(super) fn of_client(error: &kube::Error) -> Fault {
    match error {
        kube::Error::Auth(auth) => Fault::new("CredentialPlugin", of_auth(auth)),
        kube::Error::InferKubeconfig(error) => of_kubeconfig(error),
        kube::Error::ProxyProtocolUnsupported { .. }
        | kube::Error::ProxyProtocolDisabled { .. } => Fault::new(
            "BadKubeconfig",
            "the proxy's protocol is not supported: use http or https",
        ),
        kube::Error::RustlsTls(_) => Fault::new(
            "BadKubeconfig",
            "the client certificate, its key, the authority or the TLS server name cannot be used",
        ),
        _ => Fault::new("BadKubeconfig", "no client can be made of the kubeconfig"),
    }
}

/// What went wrong with a credential, without what the plugin wrote: that may be the credential.
fn of_auth(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(error) => {
            format!("the credential plugin cannot be started: {}", error.kind())
        }
        AuthError::AuthExecRun { out, .. } => format!(
            "the credential plugin failed ({}); `kubectl` with the same context shows what it says",
            out.status
        ),
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
            "the credential plugin gave no credential that can be read".to_owned()
        }
        AuthError::MissingCommand => "the credential plugin has no `command`".to_owned(),
        AuthError::ReadTokenFile(error, path) => {
            format!("the token file `{}`: {}", path.display(), error.kind())
        }
        AuthError::InvalidBearerToken(_) | AuthError::InvalidBasicAuth(_) => {
            "the credential holds characters that no header may".to_owned()
        }
        _ => "the kubeconfig's credential cannot be used".to_owned(),
    }
}

/// The start of a text that someone else wrote, on one line.
pub(super) fn one_line(text: &str) -> String {
    const MOST: usize = 300;
    let mut line = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == MOST {
            line.push('…');
            break;
        }
        line.push(if c.is_control() { ' ' } else { c });
    }
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_stable_words() {
        let cases = [
            (401, "Unauthorized"),
            (403, "Forbidden"),
            (404, "BadAnswer"),
            (410, "ContinueExpired"),
            (429, "TooManyRequests"),
            (500, "ServerError"),
            (503, "ServerError"),
            (302, "BadAnswer"),
        ];
        for (status, reason) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(
                Fault::answered("GET /x", status, None).reason,
                reason,
                "{status}"
            );
        }
    }

    #[test]
    fn foreign_text_is_one_short_line() {
        assert_eq!(one_line(" a\nb\u{1b}[31m "), "a b [31m");
        assert_eq!(one_line(&"é".repeat(999)).chars().count(), 301);
    }
}
