//! The rules of the engine, and the objects of a small fleet.

mod components;
mod fleet;
mod policies;
mod rules;
mod stores;
mod users;
