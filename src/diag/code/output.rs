//! The codes of what is made of a plan: objects, the repository, and manifests that are adopted.

/// Adds the codes of output, and after them those of advice, to all others.
macro_rules! with_output {
    ($($others:tt)*) => {
        with_advice! {
            $($others)*

            // ---- templates and objects: render ----------------------------------------------------
            /// A template is wrong, or what it yields is no object that a cluster would take: the header, the
            /// syntax, a name that is undefined, a value where it cannot stand, a field that the kind does
            /// not have. The message names the template and its line; correct it there, or remove a file
            /// below `templates/` to have the built-in template of the same path again.
            Template = "template", Error;
            /// Two templates yield an object of the same kind, namespace and name for one cluster. Give one of
            /// them another name or a condition (`when:`) that excludes the other.
            DuplicateObject = "duplicate-object", Error;
            /// An overlay matches no rendered object, cannot be applied, or changes what identifies an
            /// object. Overlays are looked up by kind and name among the objects of their cluster, region
            /// or service; look at the object with `regen explain --object`, and correct the overlay or
            /// remove it.
            Overlay = "overlay", Error;
            /// Argo CD or Flux is to apply the manifests, but the repository has no address that a cluster
            /// could pull from, so no entry points are rendered. Set `gitops.url`.
            DeliveryWithoutUrl = "delivery-without-url", Warning;
            /// Nothing is rendered for a store: something is missing that its engine needs (the message
            /// says what), or no template is for it. The plan holds: bring what is missing, or deploy the
            /// store as planned in the clusters that are named, or write a template of scope `store` for it
            /// below `templates/`.
            StoreNotRendered = "store-not-rendered", Warning;
            /// External Secrets is to bring the Secrets of a cluster, and nobody says from where, which only
            /// AWS's Secrets Manager of the region can be guessed for. Write the cluster's `secretStore`.
            SecretStore = "secret-store", Warning;
            /// A data class asks for encryption at rest by a key management service (`encryption: {atRest:
            /// kms}`), and a store of it sits in a cluster without a `kmsKey`, its own or its region's, or
            /// in a region without a `provider`. Give the region its key; or name a `storageClass` of the
            /// store whose disks are encrypted.
            DiskKey = "disk-key", Warning;
            /// A service calls another that does not run in the same cluster, and the address ranges of the
            /// clusters it runs in are unknown: the default-deny policy will block the call. Give those
            /// clusters a `network`, or place the services together.
            CallNotRouted = "call-not-routed", Warning;

            // ---- the repository: publish ----------------------------------------------------------
            /// The ledger of the GitOps repository (`.regen/ledger`) cannot be read, so regen cannot know
            /// what it owns there and touches nothing. Restore the file from the repository's history.
            LedgerInvalid = "ledger-invalid", Error;
            /// The ledger of the GitOps repository was written by a newer regen in a form that this one
            /// does not know. Use the newer version.
            LedgerNewer = "ledger-newer", Error;
            /// A file that regen owns was edited, deleted or replaced by hand in the GitOps repository.
            /// Bring the edit into the fleet's files (or an overlay), or give `--overwrite` to lose it.
            EditedByHand = "edited-by-hand", Error;
            /// Something stands where a file would be rendered, and regen does not own it. Move it away,
            /// or rename what is rendered; regen never overwrites what it did not write.
            NotOwned = "not-owned", Error;
            /// Two paths of the GitOps repository cannot both exist, at least not on a file system that
            /// ignores case (macOS, Windows), or a rendered path is reserved for regen itself. Rename one of the two.
            PathCollision = "path-collision", Error;
            /// The change would remove more files than `--max-deletes` allows, as happens when a region or
            /// a directory of services got lost by mistake. Give a higher number if it is meant.
            TooManyDeletes = "too-many-deletes", Error;

            // ---- existing manifests: adopt --------------------------------------------------------
            /// No manifest given to `init --from` is a Deployment, a StatefulSet or a CronJob, so there is
            /// nothing to make services of. Give the files that hold them, lists included.
            NothingToAdopt = "nothing-to-adopt", Error;
        }
    };
}
