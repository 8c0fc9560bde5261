//! The codes of what is made of a plan: objects, the repository, and manifests that are adopted.

/// Adds the codes of output, and after them those of advice, to all others.
macro_rules! with_output {
    ($($others:tt)*) => {
        with_advice! {
            $($others)*

            // ---- templates and objects: render ----------------------------------------------------
            /// A template is wrong, or what it yields is no object: the header, the syntax, a name that is
            /// undefined, a value where it cannot stand. The message names the template and its line; correct it there, or remove a file
            /// below `templates/` to have the built-in template of the same path again.
            Template = "template", Error;
            /// Two templates yield an object of the same kind, namespace and name for one cluster. Give one of
            /// them another name or a condition (`when:`) that excludes the other.
            DuplicateObject = "duplicate-object", Error;
            /// An object is not what the schema of its kind allows: an unknown field, a missing one, another
            /// type, a value that is none of those allowed or breaks a rule of its CustomResourceDefinition.
            /// A server would refuse it, or drop the field without a word. Correct the template, or the
            /// field of the catalog that the value comes from.
            ObjectSchema = "object-schema", Error;
            /// A kind or a field is not served by the Kubernetes version of the cluster that it is for
            /// (`clusters[].kubernetes`). Render it for newer clusters alone (`when: cluster.minor >= 33`),
            /// use the API version that is served, or correct the cluster's version.
            ObjectVersion = "object-version", Error;
            /// A name or namespace is not what the API server takes for the kind: most are RFC 1123
            /// subdomains, a Service is an RFC 1035 label, a CronJob has at most 52 characters; or the kind
            /// stands in a namespace and the object does not, or the other way round. Correct the template,
            /// or shorten the name of the service.
            ObjectName = "object-name", Error;
            /// A label or an annotation is not what the API server takes: at most 63 characters of a name
            /// and of a label's value, at most 256 KiB of annotations. Correct the template or the field
            /// that the text comes from.
            ObjectMetadata = "object-metadata", Error;
            /// The selector of a workload asks for a label that its own pods do not have, so that the server
            /// refuses it. Write the same labels in both places.
            SelectorLabels = "selector-labels", Error;
            /// A container mounts a volume that its pod does not have, or a probe names a port that its
            /// container does not have. Add the volume or the port, or correct the name.
            PodReference = "pod-reference", Error;
            /// A Service leads to a port that no container of the pods behind it has, or a route to a port
            /// that the Service does not have: callers would wait for nobody. Correct one of the two.
            ServicePort = "service-port", Error;
            /// An autoscaler has no workload to scale, or a Service or disruption budget selects no pods of
            /// its namespace. Correct the name or the labels, or render it under the condition of what it is
            /// for.
            MissingTarget = "missing-target", Error;
            /// An object refers to another that is not rendered for the same cluster: a ConfigMap, a Secret
            /// (also one that an ExternalSecret, a Certificate or an operator makes), a ServiceAccount, a
            /// Service, a claim, a store of secrets, an issuer, a role, … Pods would not start. Render it, or
            /// say in `platform.existing` of regen.yaml that it is made outside of regen: `Secret/shop/db`,
            /// `Secret/*/pull` for every namespace.
            MissingReference = "missing-reference", Error;
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
            /// A template renders Secrets, and the role of the drift report may not read any: each of its
            /// runs would end incomplete. Set `secrets: true` in `drift.report`, or let External Secrets
            /// bring them.
            DriftUnread = "drift-unread", Warning;
            /// External Secrets is to bring the Secrets of a cluster, and nobody says from where, which only
            /// AWS's Secrets Manager of the region can be guessed for. Write the cluster's `secretStore`.
            SecretStore = "secret-store", Warning;
            /// A data class asks for encryption at rest by a key management service (`encryption: {atRest:
            /// kms}`), and a store of it sits in a cluster without a `kmsKey`, its own or its region's, or
            /// in a region without a `provider`. Give the region its key; or name a `storageClass` of the
            /// store whose disks are encrypted.
            DiskKey = "disk-key", Warning;
            /// Services ask to have a region cut off on purpose, and there is none whose loss they all
            /// survive: each is without a failover, or holds a leader or a quorum. Nothing is cut off.
            /// Leave `chaos.region` out, or place the services so that they survive.
            ChaosRefused = "chaos-refused", Warning;
            /// A service calls another that does not run in the same cluster, and the address ranges of the
            /// clusters it runs in are unknown: the default-deny policy will block the call. Give those
            /// clusters a `network`, or place the services together.
            CallNotRouted = "call-not-routed", Warning;

            /// The leader of a CloudNativePG store is another than the lock's, whose region still holds it: one
            /// commit would demote the old primary and promote the new one without the token of the
            /// demotion, after which the old one has to be made anew. For a planned switch demote first,
            /// by an overlay, and promote with the token (the runbook has the steps). Where the old
            /// region is lost, `regen plan --write` says that the promotion is meant.
            LeaderSwitch = "leader-switch", Error;

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
