//! `regen simulate`: what breaks when a part of the fleet is lost.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::model::simulation::Survives;
use crate::pipeline::simulate::{self, Every};
use crate::plan;
use crate::report::{Format, json, text};

use super::session::Session;
use super::{Exit, Stop, Terminal};

/// Lose a part of the fleet, and say what breaks
///
/// Without --lose: every region, zone, cluster and way between two regions, one by one. Nothing is decided anew: services serve from where
/// they are placed, users follow the failover chains, stores recover as their engines do. For each
/// loss: who serves whom and how far away, what the remaining clusters hold, which budget breaks,
/// which quorum is lost, whether data stays where it must, and how much is lost for how long.
///
/// Exit code 1 when a promise breaks; 3 when none does, but something could not be checked.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  regen simulate\n  regen simulate --every region\n  regen simulate --lose eu-west-1\n  \
    regen simulate --lose eu-west-1/eu-west-1a --lose use1-a\n  \
    regen simulate --lose eu-west-1..us-east-1\n  regen simulate --pairs --format json"
)]
pub(super) struct Simulate {
    /// A region, a zone (region/zone), a cluster, or the way between two regions (from..to or
    /// from,to); several are lost together
    #[arg(long, value_name = "PART", conflicts_with_all = ["every", "pairs"])]
    lose: Vec<String>,

    /// Lose the parts of this kind only, one by one; several kinds are separated by commas
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "KIND",
        default_value = "region,zone,cluster,link"
    )]
    every: Vec<Kind>,

    /// Lose every pair of regions too
    #[arg(long)]
    pairs: bool,

    /// How to write the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Exit with 0 also when a promise breaks
    #[arg(long)]
    exit_zero: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Every region
    Region,
    /// Every zone of the regions that state their zones
    Zone,
    /// Every cluster
    Cluster,
    /// Every way between two regions
    Link,
}

impl From<Kind> for Every {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Region => Self::Region,
            Kind::Zone => Self::Zone,
            Kind::Cluster => Self::Cluster,
            Kind::Link => Self::Link,
        }
    }
}

impl Simulate {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
        let mut session = Session::open(root, self.format, terminal)?;
        let planned = session.plan(&plan::Options::default())?;
        let simulation = if self.lose.is_empty() {
            let mut kinds: Vec<Every> = Vec::new();
            let asked = self.every.iter().map(|k| (*k).into());
            for kind in asked.chain(self.pairs.then_some(Every::Pair)) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            planned.lose_every(&kinds)
        } else {
            let lost = self.lose.iter().map(|word| {
                simulate::lost(&planned.world, word).map_err(|unknown| {
                    let known = unknown.known.iter().map(String::as_str);
                    terminal.unknown(unknown.what, &unknown.name, known)
                })
            });
            let mut lost = lost.collect::<Result<Vec<_>, _>>()?;
            lost.sort();
            lost.dedup();
            planned.lose(&lost)
        };
        session.show_warnings();
        let sources = &session.input.sources;
        terminal.print(&match self.format {
            Format::Text => text::simulation(&planned.world, &simulation, sources, terminal.out),
            Format::Json => json::simulation(&simulation, sources),
        });
        Ok(match simulation.survives() {
            _ if self.exit_zero => Exit::Clean,
            Survives::Yes => Exit::Clean,
            Survives::Unknown => Exit::Incomplete,
            Survives::No => Exit::Differences,
        })
    }
}
