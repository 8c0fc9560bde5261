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
            /// An objective of a service is held against nothing: it has no metrics. Say where they are
            /// (`workload.metrics`), as OpenTelemetry names them, or leave the objective out.
            SloUnmeasured = "slo-unmeasured", Warning;
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
            /// A service has an `rto` and is in no other region that could take over, or DNS would go on
            /// to answer with the lost one. Place it in another region, or leave out the promise.
            RtoNobody = "rto-nobody", Warning;
            /// An `rto` is shorter than DNS takes: 30 s until a health check of Route 53 has failed (3
            /// requests, 10 s apart) and the TTL until resolvers ask again, which is 300 s for aliases.
            /// Lower `exposure.ttl`, or promise less.
            RtoDns = "rto-dns", Warning;
            /// An `rto` is shorter than it takes a person to promote a replica (15 min are assumed).
            /// Promise less, or choose an engine that elects its leader by itself.
            RtoByHand = "rto-by-hand", Warning;
            /// An `rpo` is shorter than a store's replicas lag behind, or its data is in one region.
            /// Let writes wait for a standby (`synchronous`), promise less, or place the service in a
            /// second region.
            RpoLoss = "rpo-loss", Warning;
            /// A strong store of voters is in several regions, and one of them holds a majority of the
            /// voters (of two regions one always does): its loss stops the store as if it were in one
            /// region. Write `survive: region` and place its service in three regions, or say that
            /// `survive: zone` is enough.
            MajorityInRegion = "majority-in-region", Warning;
            /// A store's writes wait for as many standbys as there are, so that the loss of any one of
            /// them stops all writes. Place its service in one more region.
            StandbyStopsWrites = "standby-stops-writes", Warning;
            /// A service is active-active, and DNS answers with some of its regions only (a failover policy
            /// with its primary, a weight of 0 never): pods run for nobody, and the latency that is
            /// predicted is not what users get. Choose another `routing`, or `mode: active-passive`.
            DnsIdle = "dns-idle", Warning;
            /// A wave changes regions together of which one takes over for the other, has the copy of its
            /// store, or (a warning) takes part in the same writes. Put one of them into another wave, or roll the wave
            /// out in the steps that the plan gives.
            WaveTogether = "wave-together", Note;
            /// A record is an alias of Route 53 (its ingress is a load balancer of AWS), which is
            /// answered with the TTL of its target, 60 s for a load balancer: `exposure.ttl` has no
            /// effect. Leave it out, or give the load balancer a name of your own.
            AliasTtl = "alias-ttl", Warning;
        }
    };
}
