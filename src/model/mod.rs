//! The nouns: names, quantities, the valid world, the plan, manifests and findings.
//!
//! Types only, with the arithmetic that belongs to them. Imports `diag` and nothing else of ours.

pub mod change;
pub mod date;
pub mod digest;
pub mod duration;
pub mod engine;
pub mod finding;
pub mod input;
pub mod keep;
pub mod live;
pub mod lock;
pub mod manifest;
pub mod measured;
pub mod moves;
pub mod name;
pub mod origin;
pub mod place;
pub mod plan;
pub mod predicted;
pub mod quantity;
pub mod ratio;
pub mod raw;
pub mod rtt;
pub mod simulation;
pub mod story;
pub mod text;
pub mod trial;
pub mod world;
