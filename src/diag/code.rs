//! Every code that a diagnostic can carry: its name, its severity and its documentation.
//!
//! A new rule is one row here and one emission; a test demands the smallest wrong input of each.

#[macro_use]
mod advice;
#[macro_use]
mod output;
#[macro_use]
mod law;

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Note,
    /// Suspicious; does not stop a run.
    Warning,
    /// Stops the run: exit code 2.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $severity:ident;)+) => {
        /// The kind of a fault; `regen codes` lists them all.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// All codes, in the order in which they are documented.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as printed, in kebab case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Whether it stops a run.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What it means and what to do, as `regen codes` prints it.
            pub fn documentation(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc, "\n"),+),)+ }
            }
        }
    };
}

with_law! {
    // ---- text and shape: load -------------------------------------------------------------
    /// The text is not valid YAML. The message says what the reader met first; correct that line,
    /// and run again: later faults of the same document only show then.
    YamlSyntax = "yaml-syntax", Error;
    /// The file is not valid UTF-8. Save it as UTF-8; the place is the first byte that is not.
    NotUtf8 = "not-utf8", Error;
    /// The file nests, repeats or grows beyond what a fleet can need (aliases, depth, size). Split
    /// it, or write out what the aliases repeat.
    YamlBomb = "yaml-bomb", Error;
    /// A key stands twice in one mapping; the second would silently win. Keep one.
    DuplicateKey = "duplicate-key", Error;
    /// A field is unknown. Take the nearest known name where one is offered, else one of the known
    /// ones; `regen schema` prints them all.
    UnknownField = "unknown-field", Error;
    /// A required field, or the file that would hold it, is missing. Add it where the message
    /// points, or in a layer that the service inherits from (`defaults`, its profile).
    MissingField = "missing-field", Error;
    /// A value is of the wrong kind (a list where a mapping is expected, …). Write it as the remedy
    /// shows.
    WrongType = "wrong-type", Error;
    /// A value is of the right kind but cannot be read (a duration, quantity, percentage, one of
    /// several words, …). Write it in the form that the remedy shows.
    InvalidValue = "invalid-value", Error;
    /// A file's name does not fit its content or its place: a region stands in
    /// `regions/<region>.yaml`, a service in `services/<service>.yaml`. Rename one of the two.
    FileName = "file-name", Error;
    /// A file of the fleet is a symbolic link. Links are never followed, so that the same commit is
    /// the same fleet everywhere; put a copy in its place.
    Symlink = "symlink", Error;
    /// A file stands where a person would expect it to be read, and is not. Move or rename it.
    UnreadFile = "unread-file", Warning;
    /// A file that `regen.yaml` names does not exist. Correct its path, which is relative to
    /// `regen.yaml`, or leave the field out.
    MissingFile = "missing-file", Error;
    /// A service asks for a profile that `regen.yaml` does not define. Correct the name, or add the
    /// profile under `profiles`.
    UnknownProfile = "unknown-profile", Error;
    /// A field is understood and nothing is planned or rendered from it yet. It may stay: a later
    /// version will use it.
    NoEffect = "no-effect", Note;

    // ---- rules: validate ------------------------------------------------------------------
    /// Two things have the same name, so that a reference to it would be ambiguous. Rename one.
    DuplicateName = "duplicate-name", Error;
    /// A country, bloc, jurisdiction or continent is not known. Countries are two upper-case
    /// letters of ISO 3166-1 (`GB`, not `UK`); blocs are `EU`, `EEA` and those of `jurisdictions`.
    /// Correct the name, or define the jurisdiction.
    UnknownArea = "unknown-area", Error;
    /// A jurisdiction has no country: nothing could ever be placed in it. Give it `countries` or a
    /// `bloc`, or remove it.
    EmptyArea = "empty-area", Error;
    /// A region is named that does not exist: neither in the fleet's `regions/` nor, for a region of
    /// a cloud, in the atlas. Correct the name, or write its country and coordinates.
    UnknownRegion = "unknown-region", Error;
    /// The fleet says of a cloud's region what the atlas knows otherwise. Leave the field out, or
    /// name the region differently if it is another place.
    AtlasDisagrees = "atlas-disagrees", Warning;
    /// A region has a country and no coordinates, so that it is taken to stand at the centre of the
    /// country's population. It counts only where round trips are estimated, and for users by
    /// country; write `coordinates` to be exact.
    CountryCentre = "country-centre", Note;
    /// A name is not one that Kubernetes takes: RFC 1123 labels have 1 to 63 lower-case letters,
    /// digits and `-`; services and stores begin with a letter (RFC 1035). Write it so.
    InvalidName = "invalid-name", Error;
    /// A name fits, and what is appended to it in the cluster does not. Choose a shorter one.
    NameTooLong = "name-too-long", Error;
    /// The namespace belongs to Kubernetes itself (`default`, `kube-…`). Choose another.
    ReservedNamespace = "reserved-namespace", Error;
    /// A team does not fit into the value of a label. Write it with at most 63 letters, digits,
    /// `-`, `_` and `.`, beginning and ending with a letter or digit.
    InvalidLabel = "invalid-label", Error;
    /// A region is in a wave that `regen.yaml` does not list under `waves`. Correct the name, or
    /// list the wave.
    UnknownWave = "unknown-wave", Error;
    /// A cluster is named (as `hub`, or by an overlay) that no region has. Correct the name, or add
    /// the cluster to its region's file.
    UnknownCluster = "unknown-cluster", Error;
    /// A service is called, or patched by an overlay, that has no file in `services/`, or not in
    /// the environment of its caller. Correct the name, or add the service or its environment.
    UnknownService = "unknown-service", Error;
    /// A journey reads or writes a store that the service of the step does not have. Correct the
    /// name, or add the store to the service.
    UnknownStore = "unknown-store", Error;
    /// A port is named that the workload does not have, or one is needed and there is none. Name
    /// one of `workload.ports`, or add it there.
    UnknownPort = "unknown-port", Error;
    /// A store's data is of a class that `regen.yaml` does not define under `dataClasses`. Correct
    /// the name, or define the class.
    UnknownDataClass = "unknown-data-class", Error;
    /// A capability is spelt almost like one that regen asks for, and would silently be missing.
    /// Take the spelling that is offered.
    UnknownCapability = "unknown-capability", Warning;
    /// No region is in a wave, so that it rolls out nothing. Put a region into it, or remove it
    /// from `waves`.
    EmptyWave = "empty-wave", Warning;
    /// A region names no wave while the fleet has several; it goes with the last. Add `wave` to its
    /// file.
    RegionWithoutWave = "region-without-wave", Warning;
    /// A service has no cluster in its environment, or none in the regions that it may run in. Add
    /// a cluster, or widen `placement`.
    NoCluster = "no-cluster", Error;
    /// The cluster's Kubernetes version is outside of the range that manifests are rendered for.
    /// Correct it, or use a regen that knows the version.
    KubernetesVersion = "kubernetes-version", Error;
    /// An address range does not start at its first address. Write the form that is offered.
    InvalidRange = "invalid-range", Error;
    /// The pods of two clusters share addresses, so that traffic between them could not be told
    /// apart. Correct the range that is written wrongly, or give one cluster a range of its own.
    OverlappingRanges = "overlapping-ranges", Error;
    /// A cluster's ingress is given twice or not at all. Write one of `hostname` and `addresses`.
    InvalidIngress = "invalid-ingress", Error;
    /// The image has no tag, the tag `latest`, or is no image name: what runs would change by
    /// itself. Name a version, best with its digest.
    ImageTag = "image-tag", Error;
    /// Images are named by tag, which can be moved. Name them by digest (`image:tag@sha256:…`),
    /// which cannot.
    ImageDigest = "image-digest", Note;
    /// The image is from none of `platform.registries`. Name the registry there, or push it to one.
    ImageRegistry = "image-registry", Error;
    /// The name of an environment variable has other characters than letters, digits and `_`, or
    /// begins with a digit. Rename it.
    EnvName = "env-name", Error;
    /// An environment variable takes its value from nowhere, or from two places. Keep one: a text,
    /// `{secret, key}` or `{field}`.
    EnvSource = "env-source", Error;
    /// An environment variable looks like a secret and stands in plain text in the catalog. Keep it in
    /// a Secret and refer to it by `{secret: <name>, key: <key>}`.
    PlainSecret = "plain-secret", Error;
    /// A path in the container is not absolute, is not plain, or is used twice. Write it from `/`,
    /// without `.` and `..`, once.
    FilePath = "file-path", Error;
    /// A volume asks for what its workload cannot keep. Give a persistent one `kind: StatefulSet`
    /// and a size, or leave `persistent` out.
    InvalidVolume = "invalid-volume", Error;
    /// A container would run as root, which the namespace's pod security refuses. Give
    /// `security.user` another number than 0, and use an image that can run so.
    RootUser = "root-user", Error;
    /// A schedule is not one that Kubernetes reads. Write five cron fields, or, for backups, six
    /// with the seconds first.
    InvalidSchedule = "invalid-schedule", Error;
    /// A CronJob has no schedule or is exposed, or something else has a schedule. Change `kind`, or
    /// move the other field to a service that it fits.
    ScheduleMismatch = "schedule-mismatch", Error;
    /// How new versions of a Rollout come in makes no sense: steps that do not grow, that are no whole
    /// percent, or of something else than a canary. Let each step take more pods than the one before.
    RolloutSteps = "rollout-steps", Error;
    /// The name of a port is longer than 15 characters or has others than lower-case letters,
    /// digits and `-` (RFC 6335). Choose a shorter or plainer one.
    PortName = "port-name", Error;
    /// Two ports have the same number. Change one, or remove it.
    DuplicatePort = "duplicate-port", Error;
    /// A probe asks nothing, several things, or a port that the workload does not have, or its
    /// timings are no whole seconds. Give it one of `http`, `grpc` and `tcp`, on a port of the
    /// workload.
    InvalidProbe = "invalid-probe", Error;
    /// A quantity is zero or negative, or a limit is below what is asked for. Raise it, or lower
    /// what is asked for.
    QuantityRange = "quantity-range", Error;
    /// A number of pods or instances is no range, or nothing. Let `max` be at least `min`, and
    /// `min` at least 1.
    ScaleRange = "scale-range", Error;
    /// A weight is nothing, weights and percentages are mixed, or percentages are more than a
    /// whole. Use one of the two throughout, up to `100%`.
    AudienceWeight = "audience-weight", Error;
    /// Services wait for each other in a circle, so that each needs the others to be up first.
    /// Break it with `onFailure: degrade` on a call that need not be waited for.
    CallCycle = "call-cycle", Error;
    /// A step of a journey is not one service, one `parallel` or one `sequence`, or is empty. Write
    /// one of them, with `reads` and `writes` only beside `service`.
    JourneyStep = "journey-step", Error;
    /// The number of regions is no range, or more than could be used. Lower it, or let the service
    /// run in more regions.
    RegionCount = "region-count", Error;
    /// A host is not a name of RFC 1123. Write lower-case labels joined by dots, without scheme and
    /// path.
    InvalidHost = "invalid-host", Error;
    /// A host is not under the fleet's `domain`, so its records may be written to a zone of someone
    /// else. Correct the one that is wrong.
    ForeignHost = "foreign-host", Warning;
    /// A DNS policy cannot say what the placement does: `simple` knows one region, `failover` two.
    /// Choose another `routing`, or place the service accordingly.
    RoutingRegions = "routing-regions", Error;
    /// A DNS policy is one that the provider does not have: latency routing names regions of AWS,
    /// k8gb knows no latencies, and external-dns has policies at Route 53 alone. Choose another policy,
    /// leave the region out, or let `platform.dns: k8gb` answer.
    RoutingProvider = "routing-provider", Error;
    /// k8gb answers with what a route of the gateway leads to, and the platform has no gateway. Name
    /// one as `platform.gateway`, or let external-dns write the records.
    RoutingGateway = "routing-gateway", Error;
    /// A field of `exposure` asks of the gateway what it cannot do, or there is none. Choose a
    /// `platform.gateway` that can, or leave the field out.
    GatewayField = "gateway-field", Error;
    /// Answers of a service whose data is bound would be kept in a network that spans the world. Keep
    /// them in pods beside the service (`tier: varnish`), or not at all.
    CacheResidency = "cache-residency", Error;
    /// A cluster lacks what is asked of it. Give it the capability, or leave it out.
    MissingCapability = "missing-capability", Error;
    /// A service is exposed and a cluster that may serve it has no `ingress`. Add one to the
    /// cluster, or leave its region out with `placement.from`.
    MissingIngress = "missing-ingress", Error;
    /// A DNS policy fails over without a health check: a lost region would keep its record, because
    /// the external-dns that could remove it is lost too. Create the check at the DNS provider and
    /// name it under the cluster's `healthChecks`.
    MissingHealthCheck = "missing-health-check", Error;
    /// The engine cannot give the consistency class. Choose one of the engines that are named, or a
    /// weaker class.
    EngineClass = "engine-class", Error;
    /// The engine gives the class in other ways than the one that is named. Write one of those, or
    /// leave `setting` out.
    EngineSetting = "engine-setting", Error;
    /// A leader is named for an engine in which every region takes writes. Leave `leader` out, or
    /// choose an engine that has one.
    EngineLeader = "engine-leader", Error;
    /// Writes are to wait for standbys, and the engine has none. Leave `synchronous` out, or choose
    /// an engine that has some.
    EngineStandbys = "engine-standbys", Error;
    /// Voters are asked of an engine without a quorum. Leave them out, or choose an engine that has
    /// some.
    EngineVoters = "engine-voters", Error;
    /// The engine cannot have so many instances per region. Write one of the numbers that are
    /// named.
    EngineInstances = "engine-instances", Error;
    /// The engine does not survive what is asked, not without losing acknowledged writes, or not
    /// with so few voters, standbys or instances. Raise those, name another way or engine, or leave
    /// `survive` out.
    EngineSurvival = "engine-survival", Error;
    /// A store is to survive a region and there are too few regions that it may be in: a majority
    /// would be lost with one of them. Add a region, or ask for less.
    SurviveRegions = "survive-regions", Error;
    /// A region has so few instances of a store that losing one of them stops it there. Raise
    /// `instances`.
    FewInstances = "few-instances", Warning;
    /// The engine cannot keep parts of its data with their users, or one leader is named for all
    /// parts. Choose an engine that can, or leave out one of the two.
    EngineShards = "engine-shards", Error;
    /// A store of bounded staleness has no bound. Add `staleness`.
    MissingBound = "missing-bound", Error;
    /// The leader of a store stands where its service or its engine cannot run. Name another
    /// region, or write `auto`.
    LeaderRegion = "leader-region", Error;
    /// Bound data has no legal region, or would be written outside of its jurisdiction. Add a
    /// region inside, or correct the class or the placement.
    ResidencyImpossible = "residency-impossible", Error;
    /// An overlay is not for one object with one well-formed patch. Write `kind`, `name` and one of
    /// `merge` (RFC 7386) and `patch` (RFC 6902); several patches are several documents.
    InvalidOverlay = "invalid-overlay", Error;
    /// A rule under `drift.ignore` is not one: a member is unknown or of the wrong type, a pointer
    /// or jq path cannot be read, or `until` is no date. A rule that hides nothing would hide its
    /// fault; correct or remove it.
    InvalidIgnoreRule = "invalid-ignore-rule", Error;
    /// Settings of the drift report say something that is none: a member is unknown or of the wrong
    /// type. Known are `appliers`, `interactive`, `namespace`, `unknownManagers`, `ignore`,
    /// `tracking` and `orphans`.
    InvalidDriftSettings = "invalid-drift-settings", Error;

    // ---- decisions: plan ------------------------------------------------------------------
    /// `regen.lock` was written by a newer regen. Use that one.
    LockNewer = "lock-newer", Error;
    /// `network/rtt.csv` is not a table of `from,to,p50_ms[,p99_ms]` (nor the file of `--measured` one
    /// of its columns): a column is missing, unknown or repeated, or a line has the wrong number of
    /// cells. Start it with the header that is offered.
    RoundTripTable = "round-trip-table", Error;
    /// A value of `network/rtt.csv` is not a round trip: negative, not a number, above a minute, or
    /// a 99th percentile below its median. Write decimal milliseconds.
    RoundTripValue = "round-trip-value", Error;
    /// An end of a row of `network/rtt.csv` is misspelt: almost a region of the fleet, which lacks
    /// just this row; no zone that the region lists; or a zone where the other end is a region.
    /// Write two regions, or two zones as `region/zone`.
    RoundTripRegion = "round-trip-region", Error;
    /// `network/rtt.csv` holds places that are no regions of the fleet; their rows are left out.
    /// Nothing needs to be done where more is measured than the fleet uses.
    RoundTripUnused = "round-trip-unused", Note;
    /// `network/rtt.csv` states the same directed pair twice. Keep one.
    RoundTripDuplicate = "round-trip-duplicate", Error;
    /// A decision would have to compare a round trip that nobody measured, and `network.estimate`
    /// refuses to guess. Measure the pairs named into `network/rtt.csv`, take the regions out of the
    /// service's `placement` or audience, or allow the estimate.
    RoundTripMissing = "round-trip-missing", Error;
    /// A pair of regions is not measured; its round trip is estimated from the distance, and
    /// everything that depends on it is marked so. Measure it into `network/rtt.csv`.
    RoundTripEstimated = "round-trip-estimated", Warning;
    /// The file of `--measured` is neither a CSV file nor Prometheus' answer to a query, or lacks the
    /// labels that say from where to where something was measured. Correct the place shown.
    MeasuredFormat = "measured-format", Error;
    /// A value of the file of `--measured` is not what its column or metric means: negative, too
    /// large, or no number. Correct it, or leave it empty where nothing was measured.
    MeasuredValue = "measured-value", Error;
    /// Values of the file of `--measured` stand for nothing measured (`NaN`, infinities), or are of
    /// quantiles that no budget is for; they are left out.
    MeasuredHoles = "measured-holes", Note;
    /// Fewer requests between two regions succeed than the service's `slo.availability` promises.
    /// Look at the path between them, or place the service where its users do not need it.
    MeasuredSuccess = "measured-success", Warning;
    /// A replica is further behind than the store's `staleness` or the service's `slo.rpo` allows.
    /// Look at the replica and the path to it, or raise the bound.
    MeasuredLag = "measured-lag", Warning;
    /// A service asks for more regions than the constraints on it leave. The constraints shown
    /// conflict: dropping any one of them would leave enough regions. Relax one, or ask for fewer.
    PlacementInfeasible = "placement-infeasible", Error;
    /// A service names a region that it may not be placed in: no cluster of its environment, a
    /// capability that is missing, the residency of its data, or no room for its pods.
    PlacementRegion = "placement-region", Error;
    /// A store's `leader` is a region that its service does not serve in. Place the service there,
    /// name another region, or write `auto`.
    LeaderPlacement = "leader-placement", Error;
    /// A store's writes would wait for more standbys than it has in other regions, so that none
    /// would ever complete. Lower `synchronous`, or place the service in more regions.
    SynchronousStandbys = "synchronous-standbys", Error;
    /// A store cannot be decided inside the regions of its service: its voters, what keeps them
    /// apart, what they survive or its leader conflict. Place the service in more regions, or relax
    /// one of what is shown.
    StoreInfeasible = "store-infeasible", Error;
    /// A strong store replicates asynchronously: what was acknowledged in the leader's region just
    /// before its loss is lost. Set `synchronous`.
    StrongLosesWrites = "strong-loses-writes", Warning;
    /// A bound on staleness is shorter than the engine can be set to, or than the way to the
    /// farthest replica takes. Raise `staleness`, choose another engine, or leave the farthest region
    /// out.
    StalenessFloor = "staleness-floor", Error;
    /// A store's data is bound to a jurisdiction, and a region that serves it has no other one
    /// inside to fail over to. Add a region, or set `failover: none` and accept an RTO.
    Residency = "residency", Error;
    /// A serving region has no target that the fleet's `failover.residency` allows. Add a region
    /// that it allows, or set `failover: none` for the service.
    FailoverMissing = "failover-missing", Warning;
    /// No legal target has room for the load of a lost region, with the headroom kept free. Add
    /// capacity there, lower `failover.headroom`, or place the service in more regions.
    FailoverCapacity = "failover-capacity", Error;
    /// DNS routes by failover, and there is no region to be the secondary. Place the service in two
    /// regions, or choose another `routing`.
    DnsSecondary = "dns-secondary", Error;
    /// A predicted latency is over its budget; an error where the service has `enforce: true`.
    /// Allow a region that is nearer, or raise the budget to what the remedy names.
    Budget = "budget", Warning;
    /// A service has a budget for its users' reads or writes, and nobody says where they are, so that
    /// it can neither hold nor break. Add an `audience` to the service or to `regen.yaml`.
    BudgetUnchecked = "budget-unchecked", Warning;
    /// The first wave holds a data leader or the busiest region, or a later one a leader before the
    /// copies of its store, so that a bad change meets early what matters most. Begin `waves` with a
    /// region with little traffic and no leader, and let leaders go last.
    WaveOrder = "wave-order", Warning;

    /// `--locked` was given and the plan is not the one that `regen.lock` holds: a pipeline never
    /// moves data or services by itself. Run `regen plan --write`, look at the moves, and commit.
    LockDiffers = "lock-differs", Error;
}
