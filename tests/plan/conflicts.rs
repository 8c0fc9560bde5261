//! What conflicts is told as a minimal set: infeasible by itself, and feasible without any one of
//! its members. Held against the planner with only these lines written, on random worlds.

use std::collections::BTreeSet;

use proptest::prelude::*;

use regen::diag::{Diagnostic, Severity};

use crate::fleet::{Fleet, Outcome};

const PLACES: [&str; 5] = ["a", "b", "c", "d", "e"];
const COUNTRIES: [&str; 5] = ["DE", "FR", "US", "US", "JP"];

/// The constraints of a service, each on a line of its own that can be left out.
#[derive(Clone, Debug)]
struct Asked {
    costs: Vec<u64>,
    audience: Vec<u64>,
    passive: bool,
    from: Vec<usize>,
    exactly: usize,
    read: u64,
    write: u64,
    leader: usize,
    synchronous: usize,
}

/// The lines that can be left out.
const LINES: [&str; 7] = [
    "from",
    "exactly",
    "read",
    "write",
    "leader",
    "synchronous",
    "data",
];

impl Asked {
    fn fleet(&self, lines: &BTreeSet<&str>) -> Fleet {
        let mut rtt = String::from("from,to,p50_ms\n");
        for (i, from) in PLACES.iter().enumerate() {
            for (j, to) in PLACES.iter().enumerate() {
                let ms = if i == j { 0 } else { self.costs[i * 5 + j] };
                rtt.push_str(&format!("{from},{to},{ms}\n"));
            }
        }
        let settings = "platform: {capabilities: [cloudnative-pg, multicluster-services]}\ndataClasses: {eu: {residency: EU}}\n";
        let fleet = Fleet::new(settings).file("network/rtt.csv", rtt);
        let fleet = PLACES
            .iter()
            .zip(COUNTRIES)
            .fold(fleet, |fleet, (name, country)| {
                let text =
                    format!("region: {name}\ncountry: {country}\nclusters: [{{name: {name}-k}}]\n");
                fleet.file(&format!("regions/{name}.yaml"), text)
            });
        let audience = PLACES.iter().zip(&self.audience).filter(|(_, w)| **w > 0);
        let audience: Vec<String> = audience.map(|(p, w)| format!("{p}: {w}")).collect();
        let from: Vec<&str> = self.from.iter().map(|&r| PLACES[r]).collect();
        let line = |name: &str, text: String| match lines.contains(name) {
            true => text,
            false => String::new(),
        };
        let mode = if self.passive {
            "active-passive"
        } else {
            "active-active"
        };
        let text = [
            format!("audience: {{{}}}\nfailover: none\n", audience.join(", ")),
            format!("placement:\n  mode: {mode}\n"),
            line("from", format!("  from: [{}]\n", from.join(", "))),
            line(
                "exactly",
                format!("  regions: {{exactly: {}}}\n", self.exactly),
            ),
            "budget:\n  enforce: true\n".to_owned(),
            line("read", format!("  read: {{p50: {}ms}}\n", self.read)),
            line("write", format!("  write: {{p50: {}ms}}\n", self.write)),
            "stores:\n  - name: db\n    engine: cloudnative-pg\n    consistency: eventual\n"
                .to_owned(),
            line("leader", format!("    leader: {}\n", PLACES[self.leader])),
            line(
                "synchronous",
                format!("    synchronous: {}\n", self.synchronous),
            ),
            line("data", "    data: eu\n".to_owned()),
        ];
        fleet.service("web", &text.concat())
    }

    fn plan(&self, lines: &BTreeSet<&str>) -> Outcome {
        self.fleet(lines).plan(None, false)
    }
}

/// What the planner says; the rest was told before anything was planned.
const PLANNED: [&str; 5] = [
    "budget",
    "leader-placement",
    "placement-infeasible",
    "store-infeasible",
    "synchronous-standbys",
];

/// The lines that each error names, by the field that stands there, those of several places first;
/// `None` where something else is wrong.
fn named(fleet: &Fleet, outcome: &Outcome) -> Option<Vec<BTreeSet<&'static str>>> {
    let text = &fleet.0["services/web.yaml"];
    let errors = outcome.diagnostics.iter();
    let errors = errors.filter(|d| d.effective_severity() == Severity::Error);
    if errors.clone().any(|d| !PLANNED.contains(&d.code.name())) {
        return None;
    }
    let fields = |told: &Diagnostic| {
        let fields = told.labels.iter().filter_map(|label| {
            let place = outcome.sources.locate(label.span);
            let line = place
                .strip_prefix("services/web.yaml:")?
                .split(':')
                .next()?;
            let line = text.lines().nth(line.parse::<usize>().ok()? - 1)?.trim();
            let field = match line.split(':').next()? {
                "regions" | "placement" => "exactly",
                field => field,
            };
            LINES.iter().copied().find(|l| *l == field)
        });
        fields.collect::<BTreeSet<_>>()
    };
    let mut sets: Vec<_> = errors.map(fields).collect();
    sets.sort_by_key(|set| std::cmp::Reverse(set.len()));
    Some(sets)
}

fn asked() -> impl Strategy<Value = Asked> {
    (
        proptest::collection::vec(prop_oneof![Just(10_u64), Just(40), Just(90)], 25),
        proptest::collection::vec(0..3_u64, 5),
        any::<bool>(),
        proptest::sample::subsequence(vec![0, 1, 2, 3, 4], 2..5),
        (1..4_usize, 0..3_usize),
        (
            prop_oneof![Just(5_u64), Just(20), Just(50)],
            prop_oneof![Just(20_u64), Just(50), Just(95)],
        ),
        0..2_usize,
    )
        .prop_map(
            |(
                costs,
                mut audience,
                passive,
                mut from,
                (exactly, synchronous),
                (read, write),
                leader,
            )| {
                audience[0] += 1;
                // A leader that may never lead is told before anything is planned.
                if !from.contains(&leader) {
                    from.push(leader);
                }
                Asked {
                    costs,
                    audience,
                    passive,
                    from,
                    exactly,
                    read,
                    write,
                    leader,
                    synchronous,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_conflict_is_one_and_no_part_of_it_can_be_spared(asked in asked()) {
        let all: BTreeSet<&str> = LINES.into();
        let outcome = asked.plan(&all);
        prop_assume!(outcome.plan.is_none());
        let sets = named(&asked.fleet(&all), &outcome);
        // What is wrong before anything is planned is no conflict of choices.
        prop_assume!(sets.is_some());
        let sets = sets.unwrap_or_default();
        let infeasible = |set: &BTreeSet<&'static str>| asked.plan(set).plan.is_none();
        let minimal = |set: &BTreeSet<&'static str>| {
            set.iter().all(|part| {
                let mut without = set.clone();
                without.remove(part);
                asked.plan(&without).plan.is_some()
            })
        };
        // A set of several is told as one; of lone ones, one is, and the others may follow from it.
        let told: Vec<_> = match sets.iter().any(|s| s.len() > 1) {
            true => sets.iter().filter(|s| s.len() > 1).collect(),
            false => {
                let lone = sets.iter().find(|s| infeasible(s));
                lone.or(sets.first()).into_iter().collect()
            }
        };
        prop_assert!(!told.is_empty(), "{}", outcome.said());
        for set in told {
            prop_assert!(infeasible(set), "{set:?} is enough: {}", outcome.said());
            prop_assert!(minimal(set), "all of {set:?} is needed: {}", outcome.said());
        }
    }
}

/// Two regions 80 ms apart, one cluster each.
fn two(capacity: &str) -> Fleet {
    let mut fleet = Fleet::new(
        "audience: {a: 1, b: 1}\nnetwork: {rtt: network/rtt.csv}\njourneys: [{name: buy, steps: [web, api], budget: {p50: 20ms, enforce: true}}]",
    )
    .file("network/rtt.csv", "from,to,p50_ms\na,a,1\na,b,80\nb,a,80\nb,b,1\n");
    for region in ["a", "b"] {
        let text =
            format!("region: {region}\ncountry: DE\nclusters: [{{name: {region}-1{capacity}}}]\n");
        fleet = fleet.file(&format!("regions/{region}.yaml"), text);
    }
    fleet
}

#[test]
fn what_pins_the_services_of_a_journey_is_shown_beside_its_budget() {
    let web = "workload: {image: registry.example/web:1.2.3, ports: {http: 80}}\ncalls: [api]";
    let api = "workload: {image: registry.example/api:1.2.3, ports: {http: 80}}";
    let pinned = two("")
        .service("web", &format!("{web}\nplacement: {{regions: [a]}}"))
        .service("api", api)
        .plan(None, false);
    assert!(pinned.plan.is_none());
    let said = pinned.said();
    assert!(said.contains("journey `buy` takes 80.0 ms"), "{said}");
    assert!(
        said.contains("see services/web.yaml:4:22: these regions"),
        "{said}"
    );
    let free = two("")
        .service("web", web)
        .service("api", api)
        .plan(None, false);
    assert!(free.plan.is_some(), "{}", free.said());
}

#[test]
fn as_many_regions_as_there_are_is_no_number_to_count_from() {
    let workload = "workload: {image: registry.example/web:1.2.3, ports: {http: 80}, resources: {cpu: 500m, memory: 1Gi}, scale: {min: 4, max: 8}}";
    let outcome = two(", capacity: {cpu: \"1\", memory: 64Gi}")
        .service(
            "web",
            &format!("{workload}\nplacement: {{regions: {{atLeast: 2}}}}"),
        )
        .service(
            "api",
            "workload: {image: registry.example/api:1.2.3, ports: {http: 80}}",
        )
        .plan(None, false);
    assert!(outcome.plan.is_none());
    assert!(
        outcome.said().contains("placement-infeasible"),
        "{}",
        outcome.said()
    );
}
