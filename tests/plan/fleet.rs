//! Fleets written as people write them, read by the rooms before `plan`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use regen::diag::{Diagnostic, Sink, Sources};
use regen::latency;
use regen::load::load;
use regen::model::input::{Content, InputFile};
use regen::model::lock::Lock;
use regen::model::plan::Plan;
use regen::model::simulation;
use regen::pipeline::{self, Input};
use regen::plan::Options;
use regen::validate::validate;

/// Files by path.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fleet(pub(crate) BTreeMap<String, String>);

/// What planning a fleet led to.
pub(crate) struct Outcome {
    pub(crate) plan: Option<Plan>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) sources: Sources,
}

impl Outcome {
    /// The plan of a fleet that has one.
    pub(crate) fn plan(self) -> Plan {
        let said = self.said();
        self.plan.unwrap_or_else(|| panic!("no plan: {said}"))
    }

    /// The diagnostics, a line each, with notes and remedies.
    pub(crate) fn said(&self) -> String {
        let mut text = String::new();
        for d in &self.diagnostics {
            let place = d.place().map_or("-".to_owned(), |p| self.sources.locate(p));
            let (severity, code) = (d.effective_severity().name(), d.code.name());
            writeln!(text, "{severity}[{code}] {place}: {}", d.message).expect("a string takes it");
            for label in d.labels.iter().filter(|l| !l.primary) {
                writeln!(
                    text,
                    "  see {}: {}",
                    self.sources.locate(label.span),
                    label.text
                )
                .expect("a string takes it");
            }
            d.notes
                .iter()
                .for_each(|n| writeln!(text, "  note: {n}").expect("a string takes it"));
            d.help
                .iter()
                .for_each(|h| writeln!(text, "  help: {h}").expect("a string takes it"));
        }
        text
    }
}

impl Fleet {
    /// A fleet with more lines in its `regen.yaml`.
    pub(crate) fn new(settings: &str) -> Self {
        let platform = "platform: {capabilities: [cloudnative-pg, external-dns]}\n";
        let text = if settings.contains("platform:") {
            format!("fleet: test\n{settings}")
        } else {
            format!("fleet: test\n{platform}{settings}")
        };
        Self(BTreeMap::from([("regen.yaml".to_owned(), text)]))
    }

    /// Adds lines to `regen.yaml`.
    pub(crate) fn fleet(mut self, settings: &str) -> Self {
        if let Some(text) = self.0.get_mut("regen.yaml") {
            text.push_str(&format!("\n{settings}"));
        }
        self
    }

    /// Adds a file.
    pub(crate) fn file(mut self, path: &str, text: impl Into<String>) -> Self {
        self.0.insert(path.to_owned(), text.into());
        self
    }

    /// Adds AWS regions with one cluster each.
    pub(crate) fn aws<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        names
            .into_iter()
            .fold(self, |fleet, name| fleet.region(name, ""))
    }

    /// Adds an AWS region with one cluster, which has more fields.
    pub(crate) fn region(self, name: &str, cluster: &str) -> Self {
        let wave = if self.0["regen.yaml"].contains("waves:") {
            "wave: world\n"
        } else {
            ""
        };
        self.file(
            &format!("regions/{name}.yaml"),
            format!("region: {name}\nprovider: aws\n{wave}clusters:\n  - {{name: {name}-a, {cluster}}}\n"),
        )
    }

    /// Adds a service with more fields.
    pub(crate) fn service(self, name: &str, fields: &str) -> Self {
        let path = format!("services/{name}.yaml");
        let workload = "workload: {image: registry.example/it:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, ports: {http: 8080}, resources: {cpu: 100m, memory: 64Mi}, scale: {min: 2, max: 6}}\n";
        let workload = if fields.contains("workload:") {
            ""
        } else {
            workload
        };
        self.file(&path, format!("service: {name}\n{workload}{fields}\n"))
    }

    /// The plan beside a lock, with what a rebalance would do.
    pub(crate) fn proposals(&self, lock: &Lock) -> Plan {
        self.run(Some(lock), false, true).plan()
    }

    /// What is left of the plan after a loss, in the words of `--lose`.
    pub(crate) fn lose(&self, lost: &[&str]) -> simulation::Outcome {
        let mut sources = Sources::new();
        let files = self.0.iter().map(|(path, text)| InputFile {
            path: path.clone(),
            content: Content::Text(sources.add(path.as_str(), text.as_str())),
        });
        let files = files.collect();
        let input = Input {
            files,
            sources,
            round_trips: None,
            crds: Vec::new(),
        };
        let planned = pipeline::plan(&input, &Options::default(), &mut Sink::new());
        let planned = planned.expect("a plan");
        let lost: Vec<_> = lost
            .iter()
            .map(|word| pipeline::simulate::lost(&planned.world, word).expect("a part"))
            .collect();
        planned.lose(&lost).outcomes.remove(0)
    }

    /// Reads and plans.
    pub(crate) fn plan(&self, lock: Option<&Lock>, rebalance: bool) -> Outcome {
        self.run(lock, rebalance, false)
    }

    fn run(&self, lock: Option<&Lock>, rebalance: bool, propose: bool) -> Outcome {
        let mut sources = Sources::new();
        let mut sink = Sink::new();
        let files = self.0.iter();
        let inputs: Vec<_> = files
            .map(|(path, text)| InputFile {
                path: path.clone(),
                content: Content::Text(sources.add(path.as_str(), text.as_str())),
            })
            .collect();
        let plan = load(&inputs, &sources, &mut sink).and_then(|raw| {
            let rtt = raw.rtt_file;
            let world = validate(raw, &sources, &mut sink)?;
            let csv = rtt.map(|id| (id, &sources));
            let settings = &world.fleet.network;
            let rtt = latency::round_trips(&world.regions, settings, csv, &mut sink)?;
            let mut plan =
                regen::plan::plan(&world, &rtt, lock, &Options { rebalance }, &mut sink)?;
            if propose {
                regen::plan::propose(&world, &rtt, &mut plan);
            }
            Ok(plan)
        });
        assert_eq!(
            plan.is_err(),
            sink.errors() > 0,
            "no plan if and only if an error was emitted"
        );
        Outcome {
            plan: plan.ok(),
            diagnostics: sink.into_sorted(),
            sources,
        }
    }
}
