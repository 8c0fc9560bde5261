//! The README's walk is true: every command in a `console` block is run, and prints what stands
//! there. `REGEN_BLESS=1 cargo test --test readme` writes what they print into the README.

mod support;

use std::fmt::Write as _;
use std::path::Path;

use support::{command, copy};

/// Git knows who walks.
const PERSON: [&str; 2] = ["AUTHOR", "COMMITTER"];

/// A command and the lines that it prints.
struct Step {
    command: String,
    printed: String,
}

/// The README as text between the blocks, and the steps of each block.
fn blocks(readme: &str) -> Vec<(&str, Vec<Step>)> {
    let mut parts = Vec::new();
    let mut rest = readme;
    while let Some(start) = rest.find("```console\n") {
        let start = start + "```console\n".len();
        let end = start + rest[start..].find("```").expect("the block is closed");
        let mut steps: Vec<Step> = Vec::new();
        for line in rest[start..end].split_inclusive('\n') {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step {
                    command: command.trim_end().to_owned(),
                    printed: String::new(),
                }),
                (None, Some(step)) => step.printed.push_str(line),
                (None, None) => panic!("a block starts with a command: {line}"),
            }
        }
        parts.push((&rest[..start], steps));
        rest = &rest[end..];
    }
    parts.push((rest, Vec::new()));
    parts
}

/// Ids of commits differ every time.
fn without_ids(text: &str) -> String {
    let words = text.split_inclusive(' ').map(|word| {
        let id = word.trim_end().trim_end_matches(',');
        let hexadecimal = id.len() == 10 && id.bytes().all(|b| b.is_ascii_hexdigit());
        if hexadecimal { "<id> " } else { word }
    });
    words.collect()
}

fn run(dir: &Path, line: &str) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_regen"));
    let path = std::env::var("PATH").unwrap_or_default();
    let bin = bin.parent().expect("a directory").display();
    let output = command("sh", dir)
        .args(["-c", &format!("{{ {line}\n}} 2>&1")])
        .env("PATH", format!("{bin}:{path}"))
        .envs(PERSON.map(|what| (format!("GIT_{what}_NAME"), "Ann")))
        .envs(PERSON.map(|what| (format!("GIT_{what}_EMAIL"), "ann@shop.example")))
        .envs(PERSON.map(|what| (format!("GIT_{what}_DATE"), "2026-11-17T09:30:00Z")))
        .output()
        .expect("sh starts");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_walk_prints_what_the_readme_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("readable");
    let dir = tempfile::tempdir().expect("a directory");
    let example = dir.path().join("examples/online-boutique");
    copy(&support::example(), &example);
    copy(&support::example().join("live"), &example.join("live"));
    // As in a clone: what the walk changes can be put back.
    std::fs::write(dir.path().join(".gitignore"), "gitops/\n").expect("written");
    for line in ["git init -q", "git add -A", "git commit -qm example"] {
        assert_eq!(run(dir.path(), line), "", "{line}");
    }

    let mut walked = String::new();
    let mut differences = String::new();
    for (before, steps) in blocks(&readme) {
        walked.push_str(before);
        for step in steps {
            let printed = run(dir.path(), &step.command);
            let _ = write!(walked, "$ {}\n{printed}", step.command);
            if without_ids(&printed) != without_ids(&step.printed) {
                let _ = write!(
                    differences,
                    "$ {}\n--- it says\n{}--- it prints\n{printed}",
                    step.command, step.printed
                );
            }
        }
    }
    if std::env::var_os("REGEN_BLESS").is_some() {
        std::fs::write(root.join("README.md"), walked).expect("written");
        return;
    }
    assert_eq!(differences, "");
}

#[test]
fn the_readme_names_files_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("readable");
    let links = readme
        .split("](")
        .skip(1)
        .filter_map(|l| l.split(')').next());
    let mut local = 0;
    for link in links.filter(|l| !l.starts_with("http")) {
        assert!(root.join(link).exists(), "{link}");
        local += 1;
    }
    assert!(local > 3, "the README links to what can be copied");
}
