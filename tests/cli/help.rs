//! Help teaches, with an example each; completions are scripts that their shells accept.

use crate::COMMANDS;
use crate::expect::printed;
use crate::support::{command, regen, skipped};

#[test]
fn help_of_every_command_teaches_with_an_example() {
    let dir = tempfile::tempdir().expect("a directory");
    let top = regen(dir.path(), &["--help"]).exits(0);
    printed("help", &top);
    let listed: Vec<&str> = top
        .stdout
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert_eq!(listed, COMMANDS, "each command is tested here");
    for name in COMMANDS {
        let help = regen(dir.path(), &[name, "--help"]).exits(0);
        assert!(help.stdout.contains("Example"), "{name}");
        assert!(
            help.stdout.contains(&format!("regen {name}"))
                || help.stdout.contains(&format!("regen -C fleet {name}")),
            "{name}: the example runs it"
        );
        printed(&format!("help-{name}"), &help);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let dir = tempfile::tempdir().expect("a directory");
    let version = regen(dir.path(), &["--version"]).exits(0);
    assert_eq!(
        version.stdout,
        format!("regen {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn completions_are_scripts_that_their_shells_accept() {
    let dir = tempfile::tempdir().expect("a directory");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = regen(dir.path(), &["completions", shell]).exits(0);
        for name in COMMANDS {
            assert!(script.stdout.contains(name), "{shell}: {name}");
        }
        assert_eq!(script.stderr, "");
        let file = dir.path().join(shell);
        std::fs::write(&file, script.stdout).expect("written");
        if !["bash", "zsh", "fish"].contains(&shell) {
            continue;
        }
        let mut read = command(shell, dir.path());
        match read.arg("-n").arg(&file).output() {
            Ok(output) => assert!(
                output.status.success(),
                "{shell}: {}",
                String::from_utf8_lossy(&output.stderr)
            ),
            Err(error) => skipped(&format!("no {shell} reads its script ({error})")),
        }
    }
}

#[test]
fn bash_completes_commands_and_values() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = regen(dir.path(), &["completions", "bash"]).exits(0).stdout;
    std::fs::write(dir.path().join("regen.bash"), script).expect("written");
    for (words, wanted) in [
        ("regen che", "check"),
        ("regen check --rend", "--rendered"),
        ("regen check --format js", "json"),
        ("regen schema regi", "region"),
    ] {
        let split: Vec<&str> = words.split(' ').collect();
        let (last, before) = (split[split.len() - 1], split[split.len() - 2]);
        let ask = format!(
            "source ./regen.bash; COMP_WORDS=({words}); COMP_CWORD={}; \
             _regen regen {last} {before}; echo \"${{COMPREPLY[*]}}\"",
            split.len() - 1
        );
        let output = command("bash", dir.path()).args(["-c", &ask]).output();
        let Ok(output) = output else {
            skipped("there is no bash here");
            return;
        };
        let reply = String::from_utf8_lossy(&output.stdout);
        assert_eq!(reply.trim(), wanted, "{words}");
    }
}
