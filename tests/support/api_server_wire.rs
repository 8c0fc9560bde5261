//! HTTP/1.1 as far as a client of an API server speaks it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::answers::{Answer, status};
use super::{DATE, Fault, Request, State};

pub(super) fn connection(
    stream: TcpStream,
    state: &Mutex<State>,
    stop: &AtomicBool,
    open: &AtomicUsize,
    most: &AtomicUsize,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let Some(request) = read(&mut reader)? else {
            return Ok(());
        };
        most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let (answer, fault) = {
            let mut state = state.lock().unwrap();
            state.log.push(request.clone());
            let fault = state.fault(&request);
            if let Some(Fault::Withdraw(kind)) = fault {
                state.resources.retain(|r| r.kind != kind);
            }
            (state.answer(&request), fault)
        };
        let kept = reply(&mut stream, answer, fault, stop);
        open.fetch_sub(1, Ordering::SeqCst);
        if !kept? {
            return Ok(());
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = query.map(|(k, v)| (k.to_owned(), unescape(v))).collect();
    let path = unescape(path);
    Ok(Some(Request {
        method,
        path,
        query,
        headers,
    }))
}

fn unescape(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let hex: Vec<u8> = bytes.by_ref().take(2).collect();
            out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

/// Whether the connection may be used again.
fn reply(
    stream: &mut TcpStream,
    usual: Answer,
    fault: Option<Fault>,
    stop: &AtomicBool,
) -> std::io::Result<bool> {
    let mut half = false;
    let mut hang = false;
    let answer = match fault {
        None | Some(Fault::Withdraw(_)) => usual,
        Some(Fault::Status(code, reason, message)) => status(code, reason, message),
        Some(Fault::RetryAfter(code, seconds)) => Answer {
            headers: format!("Retry-After: {seconds}\r\n"),
            ..status(code, "TooManyRequests", "please try again later")
        },
        Some(Fault::Raw(code, kind, body)) => Answer {
            code,
            headers: String::new(),
            kind,
            body: body.to_owned(),
        },
        Some(Fault::Cut) => {
            half = true;
            usual
        }
        Some(Fault::Stall) => {
            (half, hang) = (true, true);
            usual
        }
        Some(Fault::Hang) => {
            wait(stop, Duration::MAX);
            return Ok(false);
        }
        Some(Fault::Slow(time)) => {
            wait(stop, time);
            usual
        }
    };
    let head = format!(
        "HTTP/1.1 {} X\r\nDate: {DATE}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n",
        answer.code,
        answer.kind,
        answer.body.len(),
        answer.headers
    );
    stream.write_all(head.as_bytes())?;
    let end = if half {
        answer.body.len() / 2
    } else {
        answer.body.len()
    };
    stream.write_all(&answer.body.as_bytes()[..end])?;
    stream.flush()?;
    if hang {
        wait(stop, Duration::MAX);
    }
    Ok(!half)
}

fn wait(stop: &AtomicBool, time: Duration) {
    let step = Duration::from_millis(20);
    let mut left = time;
    while !stop.load(Ordering::SeqCst) && !left.is_zero() {
        std::thread::sleep(step.min(left));
        left = left.saturating_sub(step);
    }
}
