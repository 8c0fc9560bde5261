//! The planner from the files that people write: scenarios with known answers, the smallest wrong
//! inputs, and the laws of stickiness.

mod allowed;
mod conflicts;
mod cuts;
mod decisions;
mod dns;
mod engines;
mod faults;
mod fleet;
mod joint;
mod journeys;
mod laws;
mod lints;
mod matrix;
mod places;
mod recovery;
mod room;
mod scenarios;
mod shards;
mod sticky;
mod sticky_steps;
mod survive;
mod together;
mod voters;
mod waves;
