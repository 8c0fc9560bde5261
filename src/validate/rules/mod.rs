//! Every rule of the fleet's files, in one list.

mod audience;
mod calls;
mod cron;
mod drift;
mod effects;
mod exposure;
mod identity;
mod images;
mod journeys;
mod lookup;
mod names;
mod network;
mod overlays;
mod placement;
mod ports;
mod probes;
mod quantities;
mod references;
mod replicas;
mod requires;
mod residency;
mod resilience;
mod rollouts;
mod routes;
mod sensitive;
mod stores;
mod suffixes;
mod traffic;
mod ttl;
mod workloads;

use crate::diag::Sink;

use super::Facts;

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What must hold, in a few words.
    pub about: &'static str,
    /// Emits a diagnostic for each place where it does not.
    pub check: fn(&Facts<'_>, &mut Sink),
}

macro_rules! rules {
    ($($about:literal => $check:path;)+) => {
        /// Every rule, in the order in which they are applied.
        pub const RULES: &[Rule] = &[$(Rule { about: $about, check: $check },)+];
    };
}

rules! {
    "names are names that Kubernetes takes" => names::legal;
    "names are unique where they are referred to" => names::unique;
    "drift reports have a schedule, a repository and a place" => drift::reports;
    "names still fit after what is appended to them" => suffixes::fit;
    "namespaces are not Kubernetes' own" => names::namespaces;
    "owners fit into labels" => names::owners;
    "waves, regions, services, data classes and clusters that are named exist" => references::exist;
    "every region has a wave and every wave a region" => references::waves;
    "every service has a cluster in its environment" => references::environments;
    "capabilities are spelt as regen knows them" => references::capabilities;
    "flags roll out to waves and regions that exist" => references::flags;
    "Kubernetes versions are supported" => references::versions;
    "address ranges are whole and do not overlap" => network::ranges;
    "a cluster has one way in" => network::ingress;
    "whoever may do something is a user or a group" => identity::principals;
    "images are pinned" => images::pinned;
    "images are from the fleet's registries" => images::registries;
    "environment variables have names, and no secrets" => workloads::environment;
    "files stand at absolute paths" => workloads::files;
    "volumes fit the kind of workload" => workloads::volumes;
    "containers do not run as root" => workloads::users;
    "a CronJob has a schedule, and only a CronJob" => workloads::schedules;
    "new versions come in by steps that lead to the whole" => rollouts::rollouts;
    "ports have names and one meaning each" => ports::ports;
    "metrics come from a port that exists, and hold objectives" => ports::metrics;
    "probes ask one thing of a port that exists" => probes::probes;
    "quantities are positive, and limits not below requests" => quantities::quantities;
    "scales are ranges" => quantities::scales;
    "audiences weigh something" => audience::weights;
    "callees exist, and synchronous calls have no cycle" => calls::calls;
    "journeys go through services and stores that exist" => journeys::journeys;
    "tries end before callers give up" => resilience::retries;
    "placements can be met" => placement::placement;
    "what is required is met somewhere" => requires::met;
    "hosts are host names under the fleet's domain" => exposure::hosts;
    "exposed services have a way in, and health checks to fail over by" => routes::routes;
    "the gateway can do what it is asked" => traffic::asked;
    "circuit breakers count something" => traffic::breakers;
    "no time to live is written that is overridden" => ttl::aliases;
    "stores have an engine that can give what they ask" => stores::stores;
    "stores have voters, standbys and an access that can be" => replicas::replicas;
    "bound data has a legal region, and so have its backups and telemetry" => residency::residency;
    "what sees data in the clear is bound as the data is" => sensitive::tokenization;
    "confidential data is processed on confidential nodes" => sensitive::confidential;
    "what may not be kept is deleted" => sensitive::purges;
    "overlays patch something that can exist" => overlays::overlays;
    "fields that nothing is made of yet are said so" => effects::unused;
}
