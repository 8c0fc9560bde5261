//! Round trips and the latency formulas of replication schemes.
