//! `regen init`: a fleet that works at once.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::adopt::Adoption;
use crate::diag::{Sink, Sources};
use crate::io;
use crate::pipeline;
use crate::report::text;

use super::{Exit, Stop, Terminal};

/// Make a small fleet that works at once, to be changed into yours
///
/// Writes regen.yaml, two regions and one service into the directory given by -C; never
/// overwrites a file. With --from the services are those of existing manifests, in one region;
/// what could not be carried over is listed, field by field.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  regen -C fleet init && regen -C fleet render --commit\n  \
    kubectl get deploy,sts,cronjob,svc,hpa,cm -o yaml > live.yaml && regen -C fleet init --from live.yaml"
)]
pub(super) struct Init {
    /// The fleet's name; default: the directory's
    #[arg(long)]
    name: Option<String>,

    /// Make services of these manifests: a file, or a directory with all below it
    #[arg(long, value_name = "FILE|DIR")]
    from: Option<PathBuf>,
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

/// What stands around services that were made of manifests.
const AROUND: [(&str, &str); 3] = [
    (
        "regen.yaml",
        "\
# The fleet: see `regen schema fleet` for every field.
fleet: NAME
# With `url:`, where controllers pull from, `delivery: argocd` or `flux` makes their entry points.
gitops: {repository: ./gitops, branch: main, delivery: none}
",
    ),
    (
        "regions/eu-west-1.yaml",
        "\
# A region: country, coordinates and zones of known cloud regions come from the atlas. A second one
# is another file like this; services then run in both, each with its own scale.
region: eu-west-1
provider: aws
clusters:
  - name: euw1-a
",
    ),
    (GITIGNORE, "/gitops/\n"),
];

const GITIGNORE: &str = ".gitignore";

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
        let adoption = match &self.from {
            None => None,
            Some(from) => Some(adopt(from, terminal)?),
        };
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), text.replace("NAME", &name));
        let files: Vec<(String, String)> = match &adoption {
            None => FILES.iter().map(owned).collect(),
            Some(adoption) => {
                let around = AROUND.iter().map(owned);
                around.chain(adoption.services.clone()).collect()
            }
        };
        let standing: Vec<&str> = files
            .iter()
            .map(|(path, _)| path.as_str())
            .filter(|path| *path != GITIGNORE && io::files::exists(&root.join(path)))
            .collect();
        if !standing.is_empty() {
            let standing = standing.join(", ");
            return Err(terminal.refuse(&format!("{standing} already there; nothing was written")));
        }
        let mut told = String::new();
        for (path, text) in files {
            if io::files::write_new(&root.join(&path), text.as_bytes())? {
                told.push_str(&format!("wrote {path}\n"));
            } else {
                told.push_str(&format!("{path} is already there: add `/gitops/` to it\n"));
            }
        }
        told.push_str(&adoption.as_ref().map(left_behind).unwrap_or_default());
        told.push_str("\nnext: regen check, then regen render --commit\n");
        terminal.print(&told);
        Ok(Exit::Clean)
    }
}

/// Reads manifests and makes services of them; shows what is wrong with the manifests.
fn adopt(from: &Path, terminal: &Terminal) -> Result<Adoption, Stop> {
    let texts = io::snapshot::manifests(from).map_err(|e| terminal.unreadable(&e))?;
    let mut sources = Sources::new();
    for (path, manifest) in texts {
        sources.add(path.display().to_string(), manifest);
    }
    let mut sink = Sink::new();
    pipeline::adopt(&sources, &mut sink).map_err(|_| {
        let all = sink.into_sorted();
        let drawn = text::diagnostics(&all, &sources, terminal.err);
        terminal.say(drawn.trim_end_matches('\n'));
        terminal.say(&terminal.err.red("nothing was written"));
        Stop::Rejected
    })
}

/// What could not be carried over, by object, and what was guessed.
fn left_behind(adoption: &Adoption) -> String {
    let mut told = String::new();
    if !adoption.left.is_empty() {
        told.push_str("\nnot carried over, or otherwise than it was:\n");
    }
    let mut object = "";
    for left in &adoption.left {
        if left.path.is_empty() {
            told.push_str(&format!(
                "  {}: {}\n",
                text::inert(&left.object),
                text::inert(&left.why)
            ));
            continue;
        }
        if left.object != object {
            told.push_str(&format!("  {}\n", text::inert(&left.object)));
            object = &left.object;
        }
        told.push_str(&format!(
            "    {}: {}\n",
            text::inert(&left.path),
            text::inert(&left.why)
        ));
    }
    if adoption.guesses > 0 {
        let n = text::count(adoption.guesses, "call");
        told.push_str(&format!(
            "\n{n} guessed from variables; look at each, since what `calls` lacks is blocked\n"
        ));
    }
    told
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
