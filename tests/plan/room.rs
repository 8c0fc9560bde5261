//! Room, room after the loss of a region and calls between services are told as minimal sets too:
//! infeasible with nothing else written, feasible without any one of them. Held against the planner
//! on random worlds.

use std::collections::BTreeSet;

use regen::diag::{Diagnostic, Severity};

use crate::fleet::{Fleet, Outcome};

/// Numbers that are the same every time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `most`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }

    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

const PLACES: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Debug)]
struct Wanted {
    cpu: u64,
    min: u64,
    max: u64,
    exactly: usize,
    from: Vec<usize>,
    audience: Vec<u64>,
    read: Option<u64>,
    calls: Option<(usize, u64)>,
    failover: bool,
    critical: bool,
}

#[derive(Clone, Debug)]
struct World {
    costs: Vec<u64>,
    capacity: Vec<u64>,
    headroom: u64,
    services: Vec<Wanted>,
}

/// A line that can be left out: of a file, by its field.
type Line = (String, &'static str);

impl World {
    fn any(dice: &mut Dice) -> Self {
        let count = 2 + dice.below(2) as usize;
        let service = |dice: &mut Dice, index: usize| {
            let mut from: Vec<usize> = (0..4).filter(|_| dice.below(3) > 0).collect();
            if from.is_empty() {
                from.push(dice.below(4) as usize);
            }
            let min = 1 + dice.below(3);
            let mut audience: Vec<u64> = (0..4).map(|_| dice.below(3)).collect();
            audience[dice.below(4) as usize] += 1;
            let tight = index > 0 && dice.below(2) == 0;
            Wanted {
                cpu: 1 + dice.below(3),
                min,
                max: min + dice.below(4),
                exactly: 1 + dice.below(from.len().min(3) as u64) as usize,
                from,
                audience,
                read: (dice.below(4) == 0).then(|| dice.of(&[20, 50])),
                calls: tight.then(|| {
                    (
                        dice.below(index.max(1) as u64) as usize,
                        dice.of(&[5, 20, 50]),
                    )
                }),
                failover: dice.below(2) == 0,
                critical: dice.below(3) == 0,
            }
        };
        let services = (0..count).map(|i| service(dice, i)).collect();
        Self {
            costs: (0..16).map(|_| dice.of(&[10, 40, 90])).collect(),
            capacity: (0..4).map(|_| 250 + 100 * dice.below(10)).collect(),
            headroom: dice.of(&[0, 0, 10, 30]),
            services,
        }
    }

    fn lines(&self) -> BTreeSet<Line> {
        let mut lines = BTreeSet::from([("regen.yaml".to_owned(), "headroom")]);
        for name in PLACES {
            lines.insert((format!("regions/{name}.yaml"), "capacity"));
        }
        for i in 0..self.services.len() {
            for field in ["from", "regions", "read", "crossRegion", "pods", "max"] {
                lines.insert((format!("services/s{i}.yaml"), field));
            }
        }
        lines
    }

    fn fleet(&self, lines: &BTreeSet<Line>) -> Fleet {
        let has = |path: &str, field: &str| lines.iter().any(|(p, f)| p == path && *f == field);
        let mut rtt = String::from("from,to,p50_ms\n");
        for (i, from) in PLACES.iter().enumerate() {
            for (j, to) in PLACES.iter().enumerate() {
                let ms = if i == j { 0 } else { self.costs[i * 4 + j] };
                rtt.push_str(&format!("{from},{to},{ms}\n"));
            }
        }
        let headroom = match has("regen.yaml", "headroom") {
            true => format!("  headroom: {}%\n", self.headroom),
            false => "  headroom: 0%\n".to_owned(),
        };
        let settings =
            format!("platform: {{capabilities: [multicluster-services]}}\nfailover:\n{headroom}");
        let mut fleet = Fleet::new(&settings).file("network/rtt.csv", rtt);
        for (name, milli) in PLACES.iter().zip(&self.capacity) {
            let path = format!("regions/{name}.yaml");
            let capacity = match has(&path, "capacity") {
                true => format!("    capacity: {{cpu: {}m}}\n", milli),
                false => String::new(),
            };
            let text =
                format!("region: {name}\ncountry: DE\nclusters:\n  - name: {name}-k\n{capacity}");
            fleet = fleet.file(&path, text);
        }
        for (i, s) in self.services.iter().enumerate() {
            let path = format!("services/s{i}.yaml");
            let line = |field: &str, text: String| match has(&path, field) {
                true => text,
                false => String::new(),
            };
            // As good as nothing: no cluster has so little left.
            let cpu = match has(&path, "pods") {
                true => format!("{}m", s.cpu * 100),
                false => "1n".to_owned(),
            };
            let audience: Vec<_> = PLACES
                .iter()
                .zip(&s.audience)
                .filter(|(_, w)| **w > 0)
                .collect();
            let audience: Vec<_> = audience.iter().map(|(p, w)| format!("{p}: {w}")).collect();
            let from: Vec<_> = s.from.iter().map(|&r| PLACES[r]).collect();
            let read = s.read.map_or_else(String::new, |ms| {
                line("read", format!("  read: {{p50: {ms}ms}}\n"))
            });
            let calls = s
                .calls
                .map_or_else(String::new, |(to, _)| format!("calls: [s{to}]\n"));
            let far = s.calls.map_or_else(String::new, |(_, ms)| {
                line("crossRegion", format!("  crossRegion: {{p50: {ms}ms}}\n"))
            });
            let stays = !s.failover || !has(&path, "max");
            let text = [
                format!("service: s{i}\ntier: {}\n", if s.critical { "critical" } else { "standard" }),
                "workload:\n  image: registry.example/it:1.2.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n  ports: {http: 8080}\n".to_owned(),
                format!("  resources:\n    cpu: {cpu}\n    memory: 64Mi\n"),
                format!("  scale:\n    min: {}\n    max: {}\n", s.min, s.max),
                format!("audience: {{{}}}\n", audience.join(", ")),
                if stays { "failover: none\n" } else { "" }.to_owned(),
                "placement:\n  mode: active-active\n".to_owned(),
                line("from", format!("  from: [{}]\n", from.join(", "))),
                line("regions", format!("  regions: {{exactly: {}}}\n", s.exactly)),
                "budget:\n  enforce: true\n".to_owned(),
                read,
                far,
                calls,
            ];
            fleet = fleet.file(&path, text.concat());
        }
        fleet
    }

    fn plan(&self, lines: &BTreeSet<Line>) -> Outcome {
        self.fleet(lines).plan(None, false)
    }
}

impl World {
    /// The world with a remedy taken at its word, and with the smallest step less of it, where it
    /// has one; `None` for what is none.
    fn remedied(&self, about: usize, help: &str) -> Option<(World, Option<World>)> {
        let names: Vec<&str> = help.split('`').skip(1).step_by(2).collect();
        let service = |at: usize| match names.get(at) {
            Some(name) => name[1..].parse().expect("a service"),
            None => about,
        };
        let digits = |text: &str| {
            text.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        let number = |text: &str| digits(text).parse::<u64>().expect("a number");
        let last = help.split(" to ").last().unwrap_or_default();
        let with = |change: &dyn Fn(&mut World)| {
            let mut world = self.clone();
            change(&mut world);
            world
        };
        let both = |n: u64, less: Option<u64>, set: &dyn Fn(&mut World, u64)| {
            let changed = with(&|w| set(w, n));
            Some((changed, less.map(|n| with(&|w| set(w, n)))))
        };
        if help.starts_with("give `") {
            let region = PLACES.iter().position(|p| names[0] == format!("{p}-k"))?;
            let all = help.split(", ").last()?.split(' ').next()?;
            let milli = match all.strip_suffix('m') {
                Some(milli) => number(milli),
                None => number(all) * 1000,
            };
            return both(milli, Some(milli - 1), &|w, n| w.capacity[region] = n);
        }
        if help.starts_with("lower `scale.min`") {
            let (i, n) = (service(1), number(last));
            let less = Some(n + 1).filter(|n| *n < self.services[i].min);
            return both(n, less, &|w, n| w.services[i].min = n);
        }
        if help.starts_with("lower `scale.max`") {
            let (i, n) = (service(1), number(last));
            let less = Some(n + 1).filter(|n| *n < self.services[i].max);
            return both(n, less, &|w, n| w.services[i].max = n);
        }
        if help.starts_with("lower `failover.headroom`") {
            let less = Some(number(last) + 1).filter(|n| *n < self.headroom);
            return both(number(last), less, &|w, n| w.headroom = n);
        }
        if help.starts_with("ask for ") {
            let (i, n) = (service(0), number(help.split(' ').nth(2)?));
            return both(n, None, &|w, n| w.services[i].exactly = n as usize);
        }
        if help.starts_with("allow `") {
            let region = PLACES.iter().position(|p| *p == names[0])?;
            let i = service(2);
            return both(0, None, &|w, _| w.services[i].from.push(region));
        }
        if help.starts_with("raise the budget for reads") {
            let (i, n) = (service(0), number(last));
            return both(n, Some(n - 1), &|w, n| w.services[i].read = Some(n));
        }
        if help.starts_with("raise the budget for calls") {
            let (i, n) = (service(0), number(last));
            let to = self.services[i].calls?.0;
            return both(n, Some(n - 1), &|w, n| w.services[i].calls = Some((to, n)));
        }
        if help.starts_with("set `failover: none`") {
            let i = service(1);
            return both(0, None, &|w, _| w.services[i].failover = false);
        }
        None
    }
}

/// The lines that an error names.
fn named(fleet: &Fleet, outcome: &Outcome, told: &Diagnostic) -> BTreeSet<Line> {
    let lines = told.labels.iter().filter_map(|label| {
        let place = outcome.sources.locate(label.span);
        let mut parts = place.split(':');
        let (path, line) = (parts.next()?, parts.next()?);
        let text = fleet
            .0
            .get(path)?
            .lines()
            .nth(line.parse::<usize>().ok()? - 1)?;
        let field = match text.trim().split(':').next()? {
            "headroom" => "headroom",
            "capacity" => "capacity",
            "from" => "from",
            "regions" => "regions",
            "read" => "read",
            "crossRegion" => "crossRegion",
            "min" | "cpu" => "pods",
            "max" => "max",
            _ => return None,
        };
        Some((path.to_owned(), field))
    });
    lines.collect()
}

#[test]
fn room_and_calls_are_told_as_sets_of_which_no_part_can_be_spared() {
    let (mut told, mut rooms, mut losses, mut calls, mut several) = (0, 0, 0, 0, 0);
    let (mut helped, mut unhelped) = (0, 0);
    for seed in 0..if cfg!(debug_assertions) { 260 } else { 2000 } {
        let world = World::any(&mut Dice::new(seed + 1));
        let all = world.lines();
        let outcome = world.plan(&all);
        if outcome.plan.is_some() {
            continue;
        }
        let fleet = world.fleet(&all);
        let errors = outcome.diagnostics.iter();
        let errors = errors.filter(|d| d.effective_severity() == Severity::Error);
        if errors.clone().count() == 1 {
            let said = || format!("seed {seed}: {world:?}\n{}", outcome.said());
            for error in errors.clone() {
                let place = outcome.sources.locate(error.place().expect("a place"));
                let about = place
                    .strip_prefix("services/s")
                    .map(|p| p[..1].parse().expect("a service"));
                for help in &error.help {
                    let Some((enough, less)) = world.remedied(about.unwrap_or_default(), help)
                    else {
                        // Of one service alone what is told is held elsewhere.
                        if help.contains(", or ") {
                            continue;
                        }
                        assert!(help.starts_with("relax several"), "{help}: {}", said());
                        unhelped += 1;
                        continue;
                    };
                    let planned = enough.plan(&all);
                    assert!(
                        planned.plan.is_some(),
                        "{help} is not enough: {}\n{}",
                        said(),
                        planned.said()
                    );
                    if let Some(less) = less {
                        assert!(
                            less.plan(&all).plan.is_none(),
                            "{help}: less is enough: {}",
                            said()
                        );
                    }
                    helped += 1;
                }
            }
        }
        for error in errors {
            if error.notes.iter().any(|n| n.contains("this follows from")) {
                continue;
            }
            let set = named(&fleet, &outcome, error);
            let said = || format!("seed {seed}: {set:?}\n{}", outcome.said());
            assert!(world.plan(&set).plan.is_none(), "not enough: {}", said());
            for part in &set {
                let mut without = set.clone();
                without.remove(part);
                let planned = world.plan(&without);
                assert!(planned.plan.is_some(), "{part:?} is not needed: {}", said());
            }
            told += 1;
            let names = |field| usize::from(set.iter().any(|(_, f)| *f == field));
            rooms += names("capacity");
            losses += names("max");
            calls += names("crossRegion");
            let services: BTreeSet<_> = set
                .iter()
                .filter(|(p, _)| p.starts_with("services"))
                .map(|(p, _)| p)
                .collect();
            several += usize::from(services.len() > 1);
        }
    }
    assert!(helped > unhelped && helped > 50, "{helped} and {unhelped}");
    assert!(
        rooms * 2 > told && losses * 8 > told && calls * 12 > told && several * 5 > told,
        "{told} sets, {rooms} with room, {losses} after a loss, {calls} with calls, {several} of several services"
    );
}
