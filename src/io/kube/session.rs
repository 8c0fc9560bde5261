//! Requests to one API server: a few at a time, each bounded, all inside one budget.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, DATE, ETAG, HeaderMap, IF_NONE_MATCH, RETRY_AFTER};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Limits;
use super::cache::{Cache, Kept};
use super::connect::{self, Connection};
use super::fault::{self, Fault};

/// The `Accept` of everything but discovery.
pub(super) const JSON: &str = "application/json";

/// One API server while it is being read.
pub(super) struct Session<'a> {
    connection: Connection,
    cache: Cache,
    pub(super) limits: &'a Limits,
    deadline: Instant,
    gate: Semaphore,
    requests: AtomicU64,
    now: Mutex<Option<i64>>,
}

/// A successful answer.
#[derive(Debug, Default)]
struct Answer {
    /// By what the server knows it.
    tag: Option<String>,
    /// Whether it is what the tag of the question stands for; there is no body then.
    same: bool,
    body: Vec<u8>,
}

/// What of a server's `Status` is of use.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    kind: String,
    message: String,
    reason: String,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        connection: Connection,
        cache: Option<&Path>,
        limits: &'a Limits,
        deadline: Instant,
    ) -> Self {
        Self {
            cache: Cache::new(cache, &connection.server),
            connection,
            limits,
            deadline,
            gate: Semaphore::new(limits.in_flight.max(1)),
            requests: AtomicU64::new(0),
            now: Mutex::new(None),
        }
    }

    /// Requests so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The server's clock, seconds since 1970, as its last answer told.
    pub(super) fn now(&self) -> Option<i64> {
        self.now.lock().map_or(None, |now| *now)
    }

    /// The body of a successful GET.
    pub(super) async fn get(&self, path: &str, accept: &str) -> Result<Vec<u8>, Fault> {
        self.ask(path, accept, None).await.map(|answer| answer.body)
    }

    /// [`Self::get`] of what changes seldom: where the server says that it has not, as it is
    /// remembered.
    pub(super) async fn get_seldom(&self, path: &str, accept: &str) -> Result<Vec<u8>, Fault> {
        let kept = self.cache.read(path);
        let tag = kept.as_ref().map(|kept| kept.tag.as_str());
        let answer = self.ask(path, accept, tag).await?;
        if let (Some(kept), true) = (kept, answer.same) {
            return Ok(kept.body);
        }
        if let Some(tag) = answer.tag {
            self.cache.write(path, &tag, &answer.body);
        }
        Ok(answer.body)
    }

    /// [`Self::get`] of what has its hash in its query: a new one is another address.
    pub(super) async fn get_hashed(&self, url: &str) -> Result<Vec<u8>, Fault> {
        let Some((path, hash)) = url.split_once('?').filter(|(_, h)| h.contains("hash=")) else {
            return self.get(url, JSON).await;
        };
        if let Some(Kept { tag, body }) = self.cache.read(path)
            && tag == hash
        {
            return Ok(body);
        }
        let body = self.get(url, JSON).await?;
        self.cache.write(path, hash, &body);
        Ok(body)
    }

    /// The answer to a GET. Refusals under load are waited out, a broken connection is
    /// tried once more; waits are not random, so that a run can be understood.
    async fn ask(&self, path: &str, accept: &str, tag: Option<&str>) -> Result<Answer, Fault> {
        let mut refused = 0u32;
        let mut broken = false;
        loop {
            let (fault, wait) = match self.once(path, accept, tag).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            if fault.broken && !broken {
                broken = true;
                continue;
            }
            let Some(wait) = wait else {
                return Err(self.redacted(fault));
            };
            let wait = wait.max(Duration::from_millis(250 << refused.min(5)));
            refused += 1;
            if Instant::now() + wait >= self.deadline {
                return Err(self.redacted(fault));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// One request; with the fault, how long the server asks to wait, if it does.
    async fn once(
        &self,
        path: &str,
        accept: &str,
        tag: Option<&str>,
    ) -> Result<Answer, (Fault, Option<Duration>)> {
        let what = format!(
            "GET {}",
            path.split_once('?').map_or(path, |(path, _)| path)
        );
        let out_of_time = |detail: String| (Fault::new("Timeout", detail), None);
        let in_all = self.limits.budget.as_millis();
        let Ok(Ok(_permit)) = tokio::time::timeout_at(self.deadline, self.gate.acquire()).await
        else {
            return Err(out_of_time(format!(
                "{what}: not asked, the {in_all} ms for this cluster are over"
            )));
        };
        let request = connect::request(path, accept, tag)
            .map_err(|_| (Fault::new("BadAnswer", format!("{what}: not a path")), None))?;
        let end = self.deadline.min(Instant::now() + self.limits.request);
        self.requests.fetch_add(1, Ordering::Relaxed);
        match tokio::time::timeout_at(end, self.exchange(&what, request)).await {
            Ok(result) => result,
            Err(_) if end == self.deadline => Err(out_of_time(format!(
                "{what}: no complete answer within the {in_all} ms for this cluster"
            ))),
            Err(_) => Err(out_of_time(format!(
                "{what}: no complete answer within {} ms",
                self.limits.request.as_millis()
            ))),
        }
    }

    async fn exchange(
        &self,
        what: &str,
        request: http::Request<kube::client::Body>,
    ) -> Result<Answer, (Fault, Option<Duration>)> {
        let asked_for_other = request.headers().contains_key(IF_NONE_MATCH);
        let answer = self.connection.client.send(request).await;
        let answer = answer.map_err(|error| (fault::of_request(what, &error), None))?;
        let (head, mut body) = answer.into_parts();
        self.look_at_clock(&head.headers);
        let most = if head.status.is_success() {
            self.limits.body
        } else {
            1 << 16
        };
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                // Bytes were lost on the way, wherever the error says it happened.
                let fault = fault::of_request(&format!("{what}: reading the answer"), &error);
                (
                    Fault {
                        broken: true,
                        ..fault
                    },
                    None,
                )
            })?;
            let Some(data) = frame.data_ref() else {
                continue;
            };
            if bytes.len() + data.len() > most {
                if head.status.is_success() {
                    let detail = format!("{what}: the answer is larger than {most} bytes");
                    return Err((Fault::new("TooLarge", detail), None));
                }
                break;
            }
            bytes.extend_from_slice(data);
        }
        if head.status == StatusCode::OK {
            let kind = head.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
            return match kind {
                // The index of schemas is JSON that calls itself text; a page is a proxy's.
                Some(kind) if kind.starts_with("text/html") => {
                    let detail = format!(
                        "{what}: the answer is `{}`, not JSON",
                        fault::one_line(kind)
                    );
                    Err((Fault::new("BadAnswer", detail), None))
                }
                _ => Ok(Answer {
                    tag: tag(&head.headers),
                    same: false,
                    body: bytes,
                }),
            };
        }
        if head.status == StatusCode::NOT_MODIFIED && asked_for_other {
            return Ok(Answer {
                same: true,
                ..Answer::default()
            });
        }
        let status: Option<Status> = serde_json::from_slice(&bytes)
            .ok()
            .filter(|s: &Status| s.kind == "Status");
        let mut fault = Fault::answered(
            what,
            head.status,
            status.as_ref().map(|s| s.message.as_str()),
        );
        if head.status == StatusCode::NOT_FOUND && status.is_some_and(|s| s.reason == "NotFound") {
            fault.reason = "NotFound";
        }
        let asked = head.headers.get(RETRY_AFTER).map(seconds);
        let wait = match head.status {
            StatusCode::TOO_MANY_REQUESTS => Some(asked.unwrap_or_default()),
            StatusCode::SERVICE_UNAVAILABLE => asked,
            _ => None,
        };
        Err((fault, wait))
    }

    fn look_at_clock(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|v| v.to_str().ok());
        let date = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
        if let (Some(date), Ok(mut now)) = (date, self.now.lock()) {
            *now = (*now).max(Some(date.timestamp().as_second()));
        }
    }

    /// Blackens credentials that a server or proxy may have sent back.
    pub(super) fn redacted(&self, mut fault: Fault) -> Fault {
        for secret in &self.connection.secrets {
            fault.detail = fault.detail.replace(secret, "<redacted>");
        }
        fault
    }
}

fn tag(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get(ETAG)?.to_str().ok()?;
    (!tag.is_empty()).then(|| tag.to_owned())
}

/// `Retry-After` in seconds; its date form is rare and counts as one second.
fn seconds(value: &http::HeaderValue) -> Duration {
    let seconds = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

/// Makes one segment of a URL path or the value of a query.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
