//! `regen init`: a fleet that works at once.

use std::path::Path;

use clap::Args;

use crate::io;

use super::{Exit, Stop, Terminal};

/// Make a small fleet that works at once, to be changed into yours
///
/// Writes regen.yaml, two regions and one service into the directory given by -C; never
/// overwrites a file.
#[derive(Debug, Args)]
#[command(after_help = "Example: regen -C fleet init && regen -C fleet render --commit")]
pub(super) struct Init {
    /// The fleet's name; default: the directory's
    #[arg(long)]
    name: Option<String>,
}

const FILES: [(&str, &str); 5] = [
    (
        "regen.yaml",
        "\
# The fleet: see `regen schema fleet` for every field.
fleet: NAME
waves: [canary, world]
# With `url:`, where controllers pull from, `delivery: argocd` or `flux` makes their entry points.
gitops: {repository: ./gitops, branch: main, delivery: none}
audience: {europe: 70%, north-america: 30%}
defaults:
  workload:
    scale: {min: 2, max: 6, cpu: 70%}
",
    ),
    (
        "regions/eu-west-1.yaml",
        "\
# A region: country, coordinates and zones of known cloud regions come from the atlas.
region: eu-west-1
provider: aws
wave: world
clusters:
  - name: euw1-a
",
    ),
    (
        "regions/us-east-1.yaml",
        "\
region: us-east-1
provider: aws
wave: canary
clusters:
  - name: use1-a
",
    ),
    (
        "services/hello.yaml",
        "\
# A service: see `regen schema service` for every field.
service: hello
namespace: hello
owner: {team: platform}
workload:
  image: registry.k8s.io/e2e-test-images/agnhost:2.53
  args: [netexec, --http-port=8080]
  ports: {http: 8080}
  resources: {cpu: 50m, memory: 64Mi}
placement: {regions: all}
",
    ),
    (".gitignore", "/gitops/\n"),
];

impl Init {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => io::files::directory_name(root)?,
        };
        let name = as_label(&name);
        if name.is_empty() {
            return Err(
                terminal.refuse("the directory's name makes no fleet name: give one with --name")
            );
        }
        let standing: Vec<&str> = FILES
            .iter()
            .map(|(path, _)| *path)
            .filter(|path| *path != ".gitignore" && io::files::exists(&root.join(path)))
            .collect();
        if !standing.is_empty() {
            let standing = standing.join(", ");
            return Err(terminal.refuse(&format!("{standing} already there; nothing was written")));
        }
        let mut told = String::new();
        for (path, text) in FILES {
            let text = text.replace("NAME", &name);
            if io::files::write_new(&root.join(path), text.as_bytes())? {
                told.push_str(&format!("wrote {path}\n"));
            } else {
                told.push_str(&format!("{path} is already there: add `/gitops/` to it\n"));
            }
        }
        told.push_str("\nnext: regen check, then regen render --commit\n");
        terminal.print(&told);
        Ok(Exit::Clean)
    }
}

/// The nearest RFC 1123 label: lower case, other characters as `-`.
fn as_label(name: &str) -> String {
    let label: String = name
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                '-'
            }
        })
        .take(50)
        .collect();
    label.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_names_become_labels() {
        for (name, label) in [
            ("Shop", "shop"),
            ("my fleet_2", "my-fleet-2"),
            ("..", ""),
            ("Ünï", "n"),
        ] {
            assert_eq!(as_label(name), label, "{name}");
        }
    }
}
