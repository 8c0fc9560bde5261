//! The data flow in one screen.
