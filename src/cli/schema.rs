//! `regen schema`: the JSON Schemas of what people write and of what regen reports.

use clap::{Args, ValueEnum};

use crate::load;
use crate::report::json;

use super::{Exit, Stop, Terminal};

/// Print the JSON Schema of a kind of file or report
///
/// The first four are what people write; editors complete and check those files with them. The
/// others are what `--format json` prints.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: regen schema service > .schemas/service.json\n\n\
    and, as the first line of a service's file:\n  \
    # yaml-language-server: $schema=../.schemas/service.json"
)]
pub(super) struct Schema {
    /// Which one
    #[arg(value_enum)]
    of: Subject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// regen.yaml
    Fleet,
    /// regions/<name>.yaml
    Region,
    /// services/<name>.yaml
    Service,
    /// overlays/{clusters,regions,services}/<name>.yaml
    Overlay,
    /// regen plan --format json
    Plan,
    /// regen plan --measured --format json
    Measured,
    /// regen drift --format json
    Drift,
    /// Any command's --format json when its input is rejected
    Diagnostics,
    /// regen check --format json, regen render --format json
    Change,
    /// regen simulate --format json
    Simulation,
    /// regen codes --format json
    Codes,
    /// regen engines --format json
    Engines,
    /// regen explain --format json
    Explain,
}

impl Schema {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<Exit, Stop> {
        let schema = match self.of {
            Subject::Fleet => load::schema::fleet().clone(),
            Subject::Region => load::schema::region().clone(),
            Subject::Service => load::schema::service().clone(),
            Subject::Overlay => load::schema::overlay().clone(),
            Subject::Plan => json::schema::<json::PlanForm>(),
            Subject::Measured => json::schema::<json::MeasuredForm>(),
            Subject::Drift => json::schema::<json::DriftForm>(),
            Subject::Diagnostics => json::schema::<json::DiagnosticsForm>(),
            Subject::Change => json::schema::<json::ChangeForm>(),
            Subject::Simulation => json::schema::<json::SimulationForm>(),
            Subject::Codes => json::schema::<json::CodesForm>(),
            Subject::Engines => json::schema::<json::EnginesForm>(),
            Subject::Explain => json::schema::<json::ExplainForm>(),
        };
        terminal.print(&format!("{schema:#}\n"));
        Ok(Exit::Clean)
    }
}
