//! Desired and live objects to findings.
