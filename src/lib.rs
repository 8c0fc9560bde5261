//! `regen` turns one region inventory and one service catalog into the manifests of every cluster
//! of a multi-region Kubernetes fleet, commits them to a GitOps repository, and compares that
//! repository with what the clusters really run.
//!
//! # The house
//!
//! ```text
//! 5 DOOR     main.rs  cli/*              argv -> Args -> (floors 3, 2, 4) -> Exit.   prints, exits
//! 4 WINDOWS  report/*                    Diagnostics | Plan | TreeChange | DriftReport -> bytes
//! 3 PIPES    io/files  io/git  io/kube  io/snapshot    the only effects; each names what it attempted
//! ======= above: effects · below: results depend on arguments alone, the same bytes every time =======
//! 2 ROOMS    load -> validate -> plan -> render        publish        drift
//! 1½ SHELF   yaml  schema  emit  normalise  engine  latency      pure knowledge that rooms share
//! 1 FLOOR    model/*                     nouns: names, World, Plan, Manifest, ObjectId, Finding, …
//! 0 GROUND   diag/*                      Sources, Span, Spanned<T>, Code, Diagnostic, Sink
//! ```

pub mod atlas;
pub mod cli;
pub mod diag;
pub mod drift;
pub mod emit;
pub mod engine;
pub mod io;
pub mod latency;
pub mod load;
pub mod model;
pub mod normalise;
pub mod pipeline;
pub mod plan;
pub mod publish;
pub mod render;
pub mod report;
pub mod schema;
pub mod validate;
pub mod yaml;
