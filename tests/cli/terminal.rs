//! Colour and progress only where a person looks on; pipes that close and disks that are full.

use std::io::Read as _;
use std::process::Stdio;

use crate::support::{Ran, command, example_copy, regen, skipped};

const REGEN: &str = env!("CARGO_BIN_EXE_regen");

fn is_coloured(ran: &Ran) -> bool {
    ran.text().contains('\x1b')
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let fleet = example_copy();
    let plain = regen(fleet.path(), &["check", "--notes"]).exits(0);
    assert!(!is_coloured(&plain));
    let always = regen(fleet.path(), &["check", "--notes", "--color", "always"]).exits(0);
    assert!(is_coloured(&always), "asked for, whatever NO_COLOR says");
    let _ = regen(fleet.path(), &["check", "--color", "sometimes"]).exits(2);

    // Without NO_COLOR: still no terminal.
    let output = command(REGEN, fleet.path())
        .env_remove("NO_COLOR")
        .args(["check", "--notes"])
        .output()
        .expect("starts");
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
}

#[test]
fn colour_changes_no_word() {
    let fleet = example_copy();
    for args in [
        &["plan"][..],
        &["check", "--notes"],
        &["engines"],
        &["templates"],
        &["codes"],
        &["explain", "frontend"],
        &["render", "--commit", "--dry-run"],
    ] {
        let plain = regen(fleet.path(), args);
        let coloured = regen(fleet.path(), &[args, &["--color", "always"]].concat());
        assert_eq!(without_escapes(&coloured.stdout), plain.stdout, "{args:?}");
    }
}

fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        out + part.split_once('m').map_or("", |(_, rest)| rest)
    })
}

#[test]
fn progress_is_for_terminals() {
    let fleet = example_copy();
    let ran = regen(fleet.path(), &["render", "--commit", "--dry-run"]).exits(0);
    assert!(!ran.stderr.contains('\r') && !ran.stderr.contains("rendering"));

    // script(1) gives it a terminal.
    let line = format!("{REGEN} render --commit --dry-run");
    let output = command("script", fleet.path())
        .args(["-qec", &line, "/dev/null"])
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(text.contains("\r\x1b[2Krendering"), "{text}");
        }
        _ => skipped("no script(1) gives it a terminal"),
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let fleet = example_copy();
    for args in [
        &["plan"][..],
        &["codes"],
        &["--help"],
        &["completions", "bash"],
    ] {
        let mut child = command(REGEN, fleet.path())
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        drop(child.stdout.take());
        let mut told = String::new();
        let mut stderr = child.stderr.take().expect("piped");
        stderr.read_to_string(&mut told).expect("UTF-8");
        let status = child.wait().expect("ends");
        assert_eq!((status.code(), told.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_told() {
    let fleet = example_copy();
    for args in [&["plan"][..], &["codes"], &["check", "--format", "json"]] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("opens");
        let output = command(REGEN, fleet.path())
            .args(args)
            .stdout(full)
            .output()
            .expect("starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {told}");
        assert!(told.contains("cannot write the report"), "{told}");
    }
}
