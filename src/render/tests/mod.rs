//! The rules of the engine, and the objects of a small fleet.

mod cache;
mod components;
mod data;
mod engines;
mod fleet;
mod mesh;
mod names;
mod policies;
mod rules;
mod sensitive;
mod shared;
mod stores;
mod tenancy;
mod traffic;
mod users;
