//! A hermetic command line: no home, no configuration, no colours, a fixed width.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a run printed and how it ended.
#[must_use = "assert the exit code or the text"]
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Asserts the exit code and hands the run on.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Standard output, then standard error, as one text for snapshots.
    pub(crate) fn text(&self) -> String {
        format!(
            "exit {}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

/// Runs `regen` in a directory with an environment of its own.
pub(crate) fn regen(dir: &Path, args: &[&str]) -> Ran {
    let output = command(env!("CARGO_BIN_EXE_regen"), dir)
        .args(args)
        .output()
        .expect("it starts");
    ran(&output)
}

/// Runs the system's git there.
pub(crate) fn git(dir: &Path, args: &[&str]) -> Ran {
    ran(&command("git", dir).args(args).output().expect("git starts"))
}

fn ran(output: &std::process::Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    Ran {
        code: output.status.code().expect("an exit code"),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// A command with nothing of this machine's configuration.
pub(crate) fn command(program: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1");
    command
}

/// Says that a test did not run here, past the runner's capture.
pub(crate) fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// The example fleet as it is shipped.
pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/online-boutique")
}

/// A copy of the example fleet, without what was rendered from it, in a temporary directory.
pub(crate) fn example_copy() -> tempfile::TempDir {
    let to = tempfile::tempdir().expect("a temporary directory");
    copy(&example(), to.path());
    to
}

/// Copies a directory, leaving out `gitops` and `live`.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from)
        .into_iter()
        .filter_entry(|e| e.depth() != 1 || (e.file_name() != "gitops" && e.file_name() != "live"))
    {
        let entry = entry.expect("readable");
        let target = to.join(entry.path().strip_prefix(from).expect("below"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&target).expect("created");
        } else {
            std::fs::copy(entry.path(), &target).expect("copied");
        }
    }
}

/// Replaces text in a file, which must hold it.
#[track_caller]
pub(crate) fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).expect("readable");
    assert!(
        text.contains(from),
        "{} does not hold {from:?}",
        path.display()
    );
    std::fs::write(path, text.replace(from, to)).expect("written");
}
