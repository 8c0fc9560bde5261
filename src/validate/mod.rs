//! Raw values to the valid world.
