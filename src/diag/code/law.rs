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

            /// The service that replaces fields by tokens sees them in the clear, and may run where the data
            /// may not be. Bind it by a store of the same class, or by the regions that it may run in.
            TokenizeUnbound = "tokenize-unbound", Error;
            /// Data of the class is processed only on confidential nodes, and regen does not tell the pods of
            /// this engine to stand there. Do so by an overlay, or in clusters in which all nodes are.
            ConfidentialEngine = "confidential-engine", Warning;
            /// A data class says how long its data may be kept, and nothing deletes what a store has held
            /// for longer. Declare the service's own command as `purge`.
            RetentionUnmet = "retention-unmet", Note;

            // ---- days: the door -------------------------------------------------------------------
            /// The last day by which a data class, an overlay (`reviewBy`) or an accepted difference
            /// (`until`) was to be looked at again has passed. Look at it, and write the next day or
            /// remove it. An error with `--strict-reviews` or `reviews: error` in regen.yaml.
            ReviewDue = "review-due", Warning;
        }
    };
}
