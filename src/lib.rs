//! `regen` turns one region inventory and one service catalog into the manifests of every cluster
//! of a multi-region Kubernetes fleet, commits them to a GitOps repository, and compares that
//! repository with what the clusters really run.
//!
//! ```text
//! regions/ + services/ + regen.yaml                                    one source of truth, written by people
//!     └─ load ─▶ validate ─▶ plan ─▶ render ─▶ publish                 a pure function from files to files
//!                                                └─▶ GitOps repository ─▶ Argo CD / Flux ─▶ clusters
//!                                                           └─────── drift ◀──────────────────┘
//! ```
//!
//! # The house
//!
//! ```text
//! 5 DOOR     main.rs  cli/*              argv -> Args -> (floors 3, 2, 4) -> Exit.   prints, exits
//! 4 WINDOWS  report/*                    Diagnostics | Plan | TreeChange | DriftReport -> bytes
//! 3 PIPES    io/files  io/git  io/kube  io/snapshot    the only effects; each names what it attempted
//! ======= above: effects · below: results depend on arguments alone, the same bytes every time =======
//! 2 ROOMS    load -> validate -> plan -> render        publish        drift        adopt
//! 1½ SHELF   yaml  schema  emit  normalise  engine  latency  atlas     pure knowledge that rooms share
//! 1 FLOOR    model/*                     nouns: names, World, Plan, Manifest, ObjectId, Finding, …
//! 0 GROUND   diag/*  parallel            Sources, Span, Spanned<T>, Code, Diagnostic, Sink
//! ```
//!
//! * Imports point down. Rooms never import each other; [`pipeline`] alone joins them.
//! * Rooms do no I/O: no file system, clock, environment, randomness, git2, kube, tokio, printing,
//!   and nothing iterates over a hash map.
//! * Each outside crate has one home, so that it can be replaced: the YAML crates in [`yaml`],
//!   minijinja in `render/engine`, git2 in `io/git`, kube in [`io::kube`], similar and
//!   annotate-snippets in [`report::text`], clap in [`cli`].
//! * Clippy's lists of disallowed methods and types, and the test `walls`, hold this up.
//!
//! # Faults
//!
//! A fault is the user's (a [`diag::Diagnostic`] with a code, a place, the line and a remedy), the
//! world's (an error chain that names what was attempted on which path, remote or cluster), or ours
//! (a panic that says so). A [`diag::Rejected`] is proof that a diagnostic was emitted, so no stage
//! fails silently; each stage gathers all its errors before it stops. [`diag::Code`] has one entry
//! per rule; `regen codes` prints them.
//!
//! # Where things go
//!
//! | to add | write | and one line in |
//! |---|---|---|
//! | a resource | a file below `templates/` | the list of built-in templates in `render` |
//! | a rule | a function below `validate/` | [`diag::Code`] and the list of rules |
//! | a store engine | a file below `engine/`, and its templates | the list in [`engine`], after its name in [`model::engine::Engine`] |
//! | a report format | a file below `report/` | [`report::Format`] |
//! | a command | a file below `cli/` | the enum of commands |
//! | facts of a cloud | a file below `regions/` | [`atlas`] |

#![deny(clippy::disallowed_methods)] // .clippy.toml lists them with reasons

pub mod adopt;
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
pub mod parallel;
pub mod pipeline;
pub mod plan;
pub mod publish;
pub mod render;
pub mod report;
pub mod schema;
pub mod validate;
pub mod yaml;
