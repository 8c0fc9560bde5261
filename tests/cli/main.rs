//! The command line as a person or a pipeline meets it: every command's help, reports and faults,
//! and what is left when a run is killed.
//!
//! What is printed is compared with `tests/cli/expect/`; `REGEN_BLESS=1 cargo test --test cli`
//! accepts what is printed now.

mod expect;
mod explain;
mod faults;
mod forms;
mod help;
mod killed;
mod measured;
mod reports;
mod schema;
mod simulate;
mod terminal;

#[path = "../support/mod.rs"]
mod support;

/// Every command.
const COMMANDS: [&str; 12] = [
    "init",
    "check",
    "plan",
    "render",
    "drift",
    "explain",
    "simulate",
    "engines",
    "templates",
    "codes",
    "schema",
    "completions",
];
