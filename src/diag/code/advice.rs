//! The codes of advice: what is legal, and what an architect would still ask about.

/// Adds the codes of advice to all others.
macro_rules! with_advice {
    ($($others:tt)*) => {
        codes! {
            $($others)*

            // ---- advice: validate and plan ----------------------------------------------------
            /// A service may still be trying a callee again when its own caller has given up: all
            /// tries together (`timeout` × (1 + `retries`)) take longer than the caller waits, so
            /// that the last ones are work for nobody. Lower the timeout or the retries to what the
            /// remedy names, or let the caller wait longer.
            RetryTimeout = "retry-timeout", Warning;
            /// A call times out before its answer could have come back over the network from the
            /// nearest region of the callee. Raise the timeout, or place the callee nearer.
            CallTimeout = "call-timeout", Warning;
            /// A read that users wait for (its service is critical or has a budget for reads) must see
            /// the last write, and so goes to a leader in another region. Read at a replica, with a
            /// bound on how far it may lag behind; or serve from the leader's region alone. A note
            /// where the budget holds all the same.
            CrossRegionRead = "cross-region-read", Warning;
            /// A store's leader is named, kept from the lock or the only one possible, and is far from
            /// where the store is written: for its audience another region that may hold it is less
            /// than half as far, and nearer by 20 ms at least. Let the leader move there.
            LeaderFar = "leader-far", Warning;
            /// A chain of calls that are waited for leaves an area (a country, the EU or EEA, or one of
            /// the fleet's `jurisdictions`) and later leaves another, often to come back. Place the
            /// service in between where the chain begins, or let a call degrade.
            BorderTwice = "border-twice", Warning;
        }
    };
}
