//! The codes of what the law and a service ask of places that are not decided: buckets, collectors,
//! clusters.

/// Adds these codes, and after them those of output, to all others.
macro_rules! with_law {
    ($($others:tt)*) => {
        with_output! {
            $($others)*

            // ---- places: validate -----------------------------------------------------------------
            /// The bucket of a store's backups stands where its data may not be. Name one inside of the
            /// jurisdiction, or leave its place out: each cluster then writes to one of its own region.
            ResidencyBackup = "residency-backup", Error;
            /// Metrics, traces and logs of a service leave the jurisdiction of its data, wherever it may be.
            /// Export them inside of it, or list the data class's `attributes`, which are deleted before they
            /// leave.
            ResidencyTelemetry = "residency-telemetry", Error;
            /// No cluster that a service may run in meets what it `requires`. Upgrade a cluster, give it the
            /// capability, or require less.
            RequiresUnmet = "requires-unmet", Error;
        }
    };
}
