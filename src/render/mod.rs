//! World, plan and templates to manifests: every object of every cluster, in the file it stands in.
//!
//! ```text
//! facts       World + Plan  -> what templates see, each value with its origin
//! engine      template + facts -> text with placeholders, and the values aside
//! shape       text with placeholders -> a tree, parsed once; tree + values -> object
//! object      identity, marks of ownership, origins;   overlay: last-resort patches
//! check       the schemas of built-in kinds;           place: the file each stands in
//! ```

mod built_in;
mod check;
mod cook;
mod engine;
mod fact;
mod facts;
mod gather;
mod header;
mod late;
mod object;
mod overlay;
mod paper;
mod place;
mod plain;
mod run;
mod seen;
mod shape;
mod silence;
mod syntax;
mod templates;

pub use built_in::BUILT_IN;
pub use header::Scope;
pub use run::render;
pub use templates::{TemplateInfo, Templates};

/// Names as people list them: `` `a`, `b` and `c` ``.
fn said(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests;
