//! One canonical form of objects, so that equal ones compare equal.
