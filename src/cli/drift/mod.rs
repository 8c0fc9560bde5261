//! `regen drift`: what the repository says, what the clusters run, and everything between.

mod accept;
mod fleet;
mod manifests;
mod selected;
mod shard;
mod states;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context as _;
use clap::Args;

use crate::diag::{Sink, Sources};
use crate::drift::{Baseline, Settings, idle, invariants};
use crate::io;
use crate::model::digest::Key;
use crate::model::finding::{DriftReport, Verdict};
use crate::model::live::LiveState;
use crate::model::name::ClusterName;
use crate::model::origin::{Blame, Origins};
use crate::pipeline::drift::{Repository, config};
use crate::report::{DriftFormat, Provenance, json, prometheus, text};

use super::{Exit, Stop, Terminal, terminal};
use shard::Shard;

/// Compare the repository with the clusters, and say who changed what
///
/// Compares the GitOps repository of the fleet, as committed, with the clusters that have a
/// `context` (get and list, nothing else), or with dumps of them. Exit code 1: drift; 3: no drift
/// found, but something could not be read, which is never called clean.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  regen drift                                   (the clusters of the fleet)\n  \
    regen drift --cluster euw1-a --context admin@euw1-a\n  \
    regen drift --live dumps/                     (dumps/<cluster>.yaml, from `kubectl get … -o yaml`)\n  \
    regen drift --desired manifests/ --live dump.yaml   (no fleet needed)\n  \
    regen drift -o json=report.json               (the text, and a file for machines)\n  \
    regen drift --baseline report.json            (only what is new since then counts)\n  \
    regen drift --accept da02ec61 --dry-run       (what the cluster has, as a change of the fleet's files)"
)]
pub(super) struct Drift {
    /// Only this cluster; may be given several times
    #[arg(long, value_name = "NAME")]
    cluster: Vec<String>,

    /// Only one share of the clusters, counted from 0, such as `2/5`: for runs beside each other
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    /// The kubeconfig context to reach the cluster by; needs one --cluster, or --desired
    #[arg(long, value_name = "NAME", conflicts_with = "live")]
    context: Option<String>,

    /// A kubeconfig to use instead of $KUBECONFIG and ~/.kube/config
    #[arg(long, value_name = "FILE", conflicts_with = "live")]
    kubeconfig: Option<PathBuf>,

    /// Compare with a dump instead of live clusters: a file, or DIR/<cluster>.yaml, DIR/<cluster>/
    #[arg(long, value_name = "PATH")]
    live: Option<PathBuf>,

    /// Compare these manifests, or a GitOps repository as regen wrote it, without the fleet; a
    /// cluster of such a repository is reached by the context of its name
    #[arg(long, value_name = "PATH")]
    desired: Option<PathBuf>,

    /// The discovery and OpenAPI of the cluster of a dump: discovery.json and openapi/*.json
    #[arg(long, value_name = "DIR", requires = "live")]
    cluster_facts: Option<PathBuf>,

    /// Settings in place of the fleet's `drift:` block, in its form; flags go before them
    #[arg(long, value_name = "FILE")]
    drift_config: Option<PathBuf>,

    /// An earlier report (`-o json=FILE`): what it holds and is still the same does not count
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// A field manager that applies the manifests; may be given several times
    #[arg(long, value_name = "MANAGER")]
    applier: Vec<String>,

    /// With --desired: the namespace of objects that name none [default: default]
    #[arg(long, value_name = "NAME", requires = "desired")]
    namespace: Option<String>,

    /// Where what each cluster serves is remembered by its hash [default: regen below
    /// $XDG_CACHE_HOME or ~/.cache]
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    cache_dir: Option<PathBuf>,

    /// Remember nothing of what clusters serve
    #[arg(long)]
    no_cache: bool,

    /// Seconds that may be spent on one cluster
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,

    /// Show information too: what controllers and autoscalers did, what rules hide
    #[arg(long, visible_alias = "show-ignored")]
    all: bool,

    /// End each finding with the rule under `ignore` that would accept it
    #[arg(long)]
    show_rules: bool,

    /// Tell length and keyed hash of values that are masked: equal ones within one report have equal
    /// hashes, and in all reports under the same key in $REGEN_SECRET_HINTS_KEY
    #[arg(long)]
    secret_hints: bool,

    /// Write what the cluster has at a finding into the fleet's files, by the id that the report
    /// gives it: at the narrowest level that explains it, and only where rendering proves it; may be
    /// given several times
    #[arg(long, value_name = "FINDING", conflicts_with_all = ["desired", "shard", "baseline", "format", "output"])]
    accept: Vec<String>,

    /// With --accept: show the change and write nothing
    #[arg(long, requires = "accept")]
    dry_run: bool,

    /// How to write the report
    #[arg(long, value_enum, default_value_t = DriftFormat::Text)]
    format: DriftFormat,

    /// Write the report into a file as well; may be given several times
    #[arg(short, long = "output", value_name = "FORMAT=FILE")]
    output: Vec<Output>,

    /// Exit with 0 also when something differs or is unknown
    #[arg(long)]
    exit_zero: bool,
}

/// What masked values are hashed with; else something random.
const HINTS_KEY: &str = "REGEN_SECRET_HINTS_KEY";

/// A report that goes into a file.
#[derive(Clone, Debug)]
struct Output {
    format: DriftFormat,
    path: PathBuf,
}

impl FromStr for Output {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or("write it as `json=report.json`")?;
        let format = <DriftFormat as clap::ValueEnum>::from_str(format, false)
            .map_err(|_| format!("`{format}` is no format: text, json, prometheus"))?;
        Ok(Self {
            format,
            path: path.into(),
        })
    }
}

/// A report, and the fleet that its origins point into.
struct Compared {
    report: DriftReport,
    fleet: Option<Fleet>,
}

/// What origins point into.
struct Fleet {
    origins: Origins,
    sources: Sources,
    root: PathBuf,
}

/// What one cluster should run, and how it is told from what it runs.
struct Side<'a> {
    repository: Repository<'a>,
    settings: Settings,
    context: Option<String>,
}

impl Drift {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
        if !self.accept.is_empty() {
            return self.accept(root, terminal);
        }
        let baseline = self.baseline(terminal)?;
        let mut compared = match &self.desired {
            Some(desired) => self.manifests(desired, terminal)?,
            None => self.fleet(root, terminal)?,
        };
        terminal.done();
        if let Some(baseline) = baseline {
            baseline.apply(&mut compared.report);
        }
        let blame = blame(&compared)?;
        for output in &self.output {
            let text = self.written(&compared, &blame, output.format, text::Style::PLAIN);
            io::files::write_atomic(&output.path, text.as_bytes())
                .with_context(|| format!("writing the report {}", output.path.display()))?;
        }
        terminal.print(&self.written(&compared, &blame, self.format, terminal.out));
        Ok(match compared.report.verdict() {
            _ if self.exit_zero => Exit::Clean,
            Verdict::Drift => Exit::Differences,
            Verdict::Unknown => Exit::Incomplete,
            Verdict::Known | Verdict::Clean => Exit::Clean,
        })
    }

    /// The settings of `--drift-config`, where it was given.
    fn config(&self, terminal: &Terminal) -> Result<Option<Settings>, Stop> {
        let Some(path) = &self.drift_config else {
            return Ok(None);
        };
        let text = io::files::read_text(path).map_err(|e| terminal.unreadable(&e))?;
        let (mut sink, mut sources) = (Sink::new(), Sources::new());
        let source = sources.add(path.to_string_lossy(), text);
        config(source, &sources, &mut sink).map(Some).map_err(|_| {
            let drawn = text::diagnostics(&sink.into_sorted(), &sources, terminal.err);
            terminal.done();
            terminal.say(drawn.trim_end_matches('\n'));
            Stop::Rejected
        })
    }

    /// The report of `--baseline`, where it was given.
    fn baseline(&self, terminal: &Terminal) -> Result<Option<Baseline>, Stop> {
        let Some(path) = &self.baseline else {
            return Ok(None);
        };
        let text = io::files::read_text(path).map_err(|e| terminal.unreadable(&e))?;
        match Baseline::read(&text) {
            Ok(baseline) => Ok(Some(baseline)),
            Err(why) => Err(terminal.refuse(&format!(
                "{} is no report to start from: {why}; write one with `regen drift -o json={}`",
                path.display(),
                path.display()
            ))),
        }
    }

    fn written(
        &self,
        compared: &Compared,
        blame: &Blame,
        format: DriftFormat,
        style: text::Style,
    ) -> String {
        let provenance = compared.provenance(blame);
        match format {
            DriftFormat::Json => json::drift(&compared.report, provenance.as_ref(), self.all),
            DriftFormat::Prometheus => prometheus::drift(&compared.report),
            DriftFormat::Text => text::drift(
                &compared.report,
                text::View {
                    provenance,
                    all: self.all,
                    rules: self.show_rules,
                    style,
                },
            ),
        }
    }

    /// Compares every side with its dump or its live cluster, and hands on what these run; a dump that
    /// cannot be read is rejected.
    fn compare(
        &self,
        sides: &BTreeMap<ClusterName, Side<'_>>,
        fleet: Option<invariants::Fleet<'_>>,
        terminal: &Terminal,
    ) -> Result<(DriftReport, BTreeMap<ClusterName, LiveState>), Stop> {
        let states = match &self.live {
            Some(path) => {
                terminal.progress(&format!("reading {}", path.display()));
                self.dumps(path, sides, fleet)
                    .map_err(|error| terminal.unreadable(&error))?
            }
            None => {
                terminal.progress(&format!("reading {}", text::count(sides.len(), "cluster")));
                self.clusters(sides, fleet)?
            }
        };
        let mut states = states;
        if let Some(dir) = &self.cluster_facts {
            let facts = io::facts::read(dir).map_err(|error| terminal.unreadable(&error))?;
            for state in states.values_mut() {
                facts.add_to(state);
            }
        }
        terminal.progress("comparing");
        let hints = self.hints()?;
        let unread = LiveState::default();
        let clusters = sides.iter().map(|(name, side)| {
            let live = states.get(name).unwrap_or(&unread);
            let settings = Settings {
                hints: hints.clone(),
                ..side.settings.clone()
            };
            (name.to_string(), side.repository.compare(live, &settings))
        });
        let mut report = DriftReport {
            clusters: clusters.collect(),
            ..DriftReport::default()
        };
        let Some(settings) = sides.values().next().map(|side| &side.settings) else {
            return Ok((report, states));
        };
        let seen = sides.iter().map(|(name, side)| {
            let live = states.get(name).unwrap_or(&unread);
            (name, side.repository.seen(live))
        });
        report.invariants = invariants::check(&invariants::Ground {
            clusters: seen.collect(),
            fleet,
            settings,
        });
        // Clusters that were left out may need the rules.
        if self.shard.is_none() && (self.cluster.is_empty() || self.of_directory_only(sides)) {
            report.idle_rules = idle(&settings.ignore, &report);
        }
        Ok((report, states))
    }

    /// With what masked values are hashed, where that was asked for.
    fn hints(&self) -> anyhow::Result<Option<Key>> {
        if !self.secret_hints {
            return Ok(None);
        }
        Ok(Some(match terminal::secret(HINTS_KEY) {
            Some(given) => Key::new(&given),
            None => Key::new(&io::random::key()?),
        }))
    }
}

impl Compared {
    fn provenance<'a>(&'a self, blame: &'a Blame) -> Option<Provenance<'a>> {
        let fleet = self.fleet.as_ref()?;
        Some(Provenance {
            origins: &fleet.origins,
            sources: &fleet.sources,
            blame,
        })
    }
}

/// Who wrote the lines that the findings point to, where the fleet is in a repository.
fn blame(compared: &Compared) -> anyhow::Result<Blame> {
    let nobody = Blame::default();
    match (compared.provenance(&nobody), &compared.fleet) {
        (Some(provenance), Some(fleet)) => {
            io::git::blame(&fleet.root, &provenance.lines(&compared.report))
        }
        _ => Ok(nobody),
    }
}
