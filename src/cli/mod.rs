//! The door: arguments in, an exit code out. One command, one file.
//!
//! Reads the environment, prints, and joins the pipes to the pipeline; decides nothing about
//! fleets.

mod check;
mod codes;
mod completions;
mod drift;
mod engines;
mod exit;
mod explain;
mod format;
mod init;
mod plan;
mod render;
mod repository;
mod schema;
mod session;
mod simulate;
mod templates;
mod terminal;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub use exit::Exit;

use exit::Stop;

use terminal::Terminal;

/// Where help shows the options of every command.
const EVERYWHERE: &str = "Options of every command";

/// Plans, renders, publishes and watches the manifests of a multi-region Kubernetes fleet
#[derive(Debug, Parser)]
#[command(
    name = "regen",
    version,
    max_term_width = 100,
    subcommand_required = true
)]
#[command(
    after_help = "Exit codes: 0 clean · 1 differences · 2 input rejected or bad usage · \
                        3 no difference found, but incomplete\n\n\
                        Start with: regen -C examples/online-boutique render --commit"
)]
pub struct Args {
    /// The fleet's directory: the one that holds regen.yaml
    #[arg(
        short = 'C',
        long = "fleet",
        global = true,
        help_heading = EVERYWHERE,
        value_name = "DIR",
        default_value = "."
    )]
    fleet: PathBuf,

    /// When to use colour
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_enum,
        default_value_t = Colour::Auto,
        value_name = "WHEN"
    )]
    color: Colour,

    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Into files and pipes too
    Always,
    /// Not even on a terminal
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Check(check::Check),
    Plan(plan::Plan),
    Render(render::Render),
    Drift(Box<drift::Drift>),
    Explain(explain::Explain),
    Simulate(simulate::Simulate),
    Engines(engines::Engines),
    Templates(templates::Templates),
    Codes(codes::Codes),
    Schema(schema::Schema),
    Completions(completions::Completions),
}

/// Runs a command line to its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => {
            let failed = error.use_stderr();
            // A closed pipe is no reason to fail a request for help.
            let _ = error.print();
            return if failed { Exit::Rejected } else { Exit::Clean };
        }
    };
    let terminal = Terminal::new(args.color);
    let outcome = match &args.command {
        Command::Init(command) => command.run(&args.fleet, &terminal),
        Command::Check(command) => command.run(&args.fleet, &terminal),
        Command::Plan(command) => command.run(&args.fleet, &terminal),
        Command::Render(command) => command.run(&args.fleet, &terminal),
        Command::Drift(command) => command.run(&args.fleet, &terminal),
        Command::Explain(command) => command.run(&args.fleet, &terminal),
        Command::Simulate(command) => command.run(&args.fleet, &terminal),
        Command::Engines(command) => command.run(&terminal),
        Command::Templates(command) => command.run(&args.fleet, &terminal),
        Command::Codes(command) => command.run(&terminal),
        Command::Schema(command) => command.run(&terminal),
        Command::Completions(command) => command.run(&terminal),
    };
    terminal.conclude(outcome)
}

/// The command line as clap knows it, for completions.
fn command() -> clap::Command {
    <Args as clap::CommandFactory>::command()
}

/// The day, in UTC, as `2026-01-31`.
#[expect(clippy::disallowed_methods, reason = "the door reads the clock")]
fn today() -> String {
    let now = jiff::Timestamp::now();
    jiff::tz::TimeZone::UTC.to_datetime(now).date().to_string()
}
