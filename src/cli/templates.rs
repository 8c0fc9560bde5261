//! `regen templates`: what renders what, and when.

use std::fmt::Write as _;
use std::path::Path;

use clap::Args;

use crate::pipeline;
use crate::render::Templates as Shelf;
use crate::report::Format;

use super::session::Session;
use super::{Exit, Stop, Terminal};

/// List the templates: component, scope, and the condition under which each applies
///
/// In a fleet's directory, with the fleet's own templates in their places.
#[derive(Debug, Args)]
#[command(after_help = "Example: regen templates")]
pub(super) struct Templates {}

impl Templates {
    pub(super) fn run(&self, root: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
        let shelf = if crate::io::files::find_fleet(root).is_ok() {
            Session::open(root, Format::Text, terminal)?.stage(pipeline::templates)?
        } else {
            Shelf::built_in()
        };
        let mut out = String::new();
        for template in shelf.list() {
            let whose = if template.user {
                "   (this fleet's)"
            } else {
                ""
            };
            let when = template.when.as_deref().unwrap_or("always");
            let _ = writeln!(
                out,
                "{} per {:<10} {}{whose}",
                terminal.out.strong(&format!("{:<44}", template.path)),
                template.scope.name(),
                terminal.out.faint(when),
            );
        }
        terminal.print(&out);
        Ok(Exit::Clean)
    }
}
