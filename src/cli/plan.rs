//! `regen plan`: every decision, its reason, and whether the lock agrees.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::pipeline::{self, LockChange, Planned};
use crate::plan;
use crate::report::{Format, json, text};

use super::session::Session;
use super::{Exit, Stop, Terminal};

/// Decide where everything runs, and say why
///
/// Compares the decisions with regen.lock: exit code 1 when they differ. Leaders and other
/// decisions that carry data stay as the lock has them until they become illegal. With --measured,
/// holds the plan against what monitoring measured: exit code 1 when a promise is at risk.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  regen plan\n  regen plan --format json | jq '.services.frontend.failover'\n  \
                        regen plan --rebalance --write\n  regen plan --rtt elsewhere.csv\n  \
                        curl -s \"$PROMETHEUS/api/v1/query\" --data-urlencode query=\"$QUERY\" >answer.json && regen plan --measured answer.json"
)]
pub(super) struct Plan {
    /// Move leaders and regions where that is better, instead of keeping what regen.lock says
    #[arg(long)]
    rebalance: bool,

    /// Write the decisions to regen.lock
    #[arg(long)]
    write: bool,

    /// Try these measured round trips (from,to,p50_ms[,p99_ms]) instead of the fleet's, and say
    /// what moves and why
    #[arg(long, value_name = "FILE")]
    rtt: Option<PathBuf>,

    /// Hold the plan against measurements, and say which budgets, objectives and bounds are at risk,
    /// and what would be better
    ///
    /// A CSV file with the columns from, to and any of p50_ms, p99_ms, jitter_ms, success (0 to 1, or
    /// a percentage) and lag_s; or the answer of Prometheus' HTTP API to a query (vector or matrix).
    /// There the labels from and to (or source_region and target_region) name the regions, words of
    /// the metric's name what is measured (jitter; lag; success or availability; anything else is a
    /// round trip, with the label quantile 0.5 or 0.99), and its last word the unit (seconds, ms, us,
    /// percent); without one it is milliseconds, seconds for lag. NaN was not measured.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["write", "rebalance"])]
    measured: Option<PathBuf>,

    /// How to write the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Exit with 0 also when the plan differs from the lock, or something is at risk
    #[arg(long)]
    exit_zero: bool,
}

impl Plan {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
        let mut session = Session::open(root, self.format, terminal)?;
        if let Some(path) = &self.rtt {
            session.replace_round_trips(path)?;
        }
        let options = plan::Options {
            rebalance: self.rebalance,
        };
        let mut planned = session.plan(&options)?;
        if let Some(path) = &self.measured {
            return self.hold(path, &planned, session, terminal);
        }
        if !self.rebalance {
            planned.propose();
        }
        session.show_warnings();
        let trial = self
            .rtt
            .as_ref()
            .map(|_| pipeline::trial(&session.input, &planned, &options));
        terminal.print(&match self.format {
            Format::Text => {
                let locked = planned.lock.is_some();
                let tried = trial.map(|t| text::trial(&t, locked, terminal.out) + "\n");
                let plan = text::plan(&planned.world, &planned.plan, terminal.out);
                tried.unwrap_or_default() + &plan
            }
            Format::Json => json::tried_plan(&planned.plan, trial.as_ref()),
        });
        let differs = planned.lock_change() == LockChange::Changed;
        if self.write {
            session.write_lock(&planned)?;
            terminal.say(&format!("wrote {}", pipeline::LOCK));
            return Ok(Exit::Clean);
        }
        if differs && self.format == Format::Text {
            terminal.say("the plan differs from regen.lock; `regen plan --write` accepts it");
        }
        Ok(if differs && !self.exit_zero {
            Exit::Differences
        } else {
            Exit::Clean
        })
    }
    /// Holds a plan against the measurements of a file.
    fn hold(
        &self,
        path: &Path,
        planned: &Planned,
        mut session: Session<'_>,
        terminal: &Terminal,
    ) -> Result<Exit, Stop> {
        let file = session.add_text(path)?;
        let found = session.stage(|input, sink| pipeline::measured(input, file, planned, sink))?;
        session.show_warnings();
        let sources = &session.input.sources;
        terminal.print(&match self.format {
            Format::Text => text::measured(&found, sources, terminal.out),
            Format::Json => json::measured(&found, sources),
        });
        Ok(if found.risks.is_empty() || self.exit_zero {
            Exit::Clean
        } else {
            Exit::Differences
        })
    }
}
