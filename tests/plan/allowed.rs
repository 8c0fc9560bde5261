//! Enforced budgets and what stores ask for steer the choice of regions, and are never traded.

use crate::fleet::{Fleet, Outcome};

/// Five places: a and b are 100 ms apart, c is 50 ms from both, d and e are 80 ms from all.
fn planned(service: &str) -> Outcome {
    let places = ["a", "b", "c", "d", "e"];
    let mut rtt = String::from("from,to,p50_ms,p99_ms\n");
    for from in places {
        for to in places {
            let ms = match (from, to) {
                (from, to) if from == to => 0,
                ("a", "b") | ("b", "a") => 100,
                ("c", "a" | "b") | ("a" | "b", "c") => 50,
                _ => 80,
            };
            rtt.push_str(&format!("{from},{to},{ms},{ms}\n"));
        }
    }
    let settings =
        "platform: {capabilities: [yugabytedb, cloudnative-pg, multicluster-services]}\n";
    let fleet = Fleet::new(settings).file("network/rtt.csv", rtt);
    let fleet = places.iter().fold(fleet, |fleet, name| {
        let text = format!("region: {name}\ncountry: DE\nclusters: [{{name: {name}-a}}]\n");
        fleet.file(&format!("regions/{name}.yaml"), text)
    });
    fleet.service("web", service).plan(None, false)
}

#[test]
fn the_nearest_regions_are_the_nearest_of_those_that_keep_what_is_asked() {
    let ledger = "{name: ledger, engine: yugabytedb, consistency: strong, voters: {count: 3}}";
    let orders = "{name: orders, engine: cloudnative-pg, consistency: eventual}";
    for (why, service, expected) in [
        (
            "a budget that is not enforced",
            "audience: {a: 100, b: 1}\nplacement: {regions: {exactly: 1}}\nbudget: {read: {p50: 60ms}}".to_owned(),
            vec!["a"],
        ),
        (
            "every user within the budget for reads",
            "audience: {a: 100, b: 1}\nplacement: {regions: {exactly: 1}}\nbudget: {read: {p50: 60ms}, enforce: true}".to_owned(),
            vec!["c"],
        ),
        (
            "the 99th percentile counts too",
            "audience: {a: 100, b: 1}\nplacement: {regions: {exactly: 1}}\nbudget: {read: {p99: 60ms}, enforce: true}".to_owned(),
            vec!["c"],
        ),
        (
            "as many regions as there are voters",
            format!("audience: {{a: 1}}\nplacement: {{regions: {{atLeast: 1, atMost: 4}}}}\nstores: [{ledger}]"),
            vec!["a", "b", "c"],
        ),
        (
            "a leader that every user reaches in time",
            format!("audience: {{a: 1, b: 1}}\nplacement: {{regions: {{exactly: 2}}}}\nstores: [{orders}]\nbudget: {{write: {{p50: 60ms}}, enforce: true}}"),
            vec!["a", "c"],
        ),
        (
            "one that serves while others stand by",
            "audience: {a: 100, b: 1}\nplacement: {mode: active-passive, regions: {exactly: 2}}\nbudget: {read: {p50: 60ms}, enforce: true}".to_owned(),
            vec!["c", "a"],
        ),
    ] {
        let plan = planned(&format!("{service}\nfailover: none")).plan();
        let web = plan.services.values().next().expect("one service");
        let regions: Vec<&str> = web.regions.iter().map(|p| p.region.as_str()).collect();
        assert_eq!(regions, expected, "{why}: {}", web.because);
    }
}

#[test]
fn a_store_that_is_read_at_its_leader_is_led_where_every_user_may_read() {
    let leader = |service: &str, store: &str| {
        let text =
            format!("audience: {{a: 100, b: 1}}\n{service}\nfailover: none\nstores: [{store}]");
        let plan = planned(&text).plan();
        let orders = plan.stores.values().next().expect("one store");
        orders.leader.as_ref().map(ToString::to_string)
    };
    let enforced = "budget: {read: {p50: 60ms}, enforce: true}";
    for store in [
        "{name: orders, engine: cloudnative-pg, consistency: strong, synchronous: 1}",
        "{name: orders, engine: yugabytedb, consistency: strong}",
    ] {
        for (why, service, expected) in [
            ("nothing asks", "placement: {regions: all}".to_owned(), "a"),
            (
                "a budget",
                format!("placement: {{regions: all}}\n{enforced}"),
                "c",
            ),
            (
                "a budget, and regions to choose",
                format!("placement: {{regions: {{atLeast: 3, atMost: 4}}}}\n{enforced}"),
                "c",
            ),
        ] {
            assert_eq!(
                leader(&service, store).as_deref(),
                Some(expected),
                "{why}: {store}"
            );
        }
    }
    // Read at the nearest replica, it may be led from afar.
    let near = "{name: orders, engine: cloudnative-pg, consistency: eventual}";
    let service = format!("placement: {{regions: all}}\n{enforced}");
    assert_eq!(leader(&service, near).as_deref(), Some("a"));
}

#[test]
fn what_would_be_nearer_is_told_and_what_no_choice_keeps_is_an_error() {
    let read = |limit: &str| {
        planned(&format!(
            "audience: {{a: 100, b: 1}}\nplacement: {{regions: {{exactly: 1}}}}\nfailover: none\nbudget: {{read: {{p50: {limit}}}, enforce: true}}"
        ))
    };
    let kept = read("60ms").plan();
    let because = kept
        .services
        .values()
        .next()
        .expect("one")
        .because
        .to_string();
    assert!(
        because.contains("a would lower it to 1.0 ms, and break an enforced budget"),
        "{because}"
    );
    let passive = planned("audience: {a: 100, b: 1}\nplacement: {mode: active-passive, regions: {exactly: 2}}\nfailover: none\nbudget: {read: {p50: 60ms}, enforce: true}").plan();
    let because = passive
        .services
        .values()
        .next()
        .expect("one")
        .because
        .to_string();
    assert!(
        because.contains("c serves at 50.0 ms; a would at 1.0 ms, and break an enforced budget"),
        "{because}"
    );
    let broken = read("40ms");
    assert!(broken.plan.is_none());
    assert!(broken.said().contains("error[budget]"), "{}", broken.said());
    let never = planned(
        "audience: {a: 1}\nplacement: {regions: {exactly: 2}}\nfailover: none\nstores: [{name: ledger, engine: yugabytedb, consistency: strong, voters: {count: 3}}]",
    );
    assert!(never.plan.is_none());
    assert!(
        never.said().contains("error[store-infeasible]"),
        "{}",
        never.said()
    );
}

#[test]
fn the_remedy_names_the_smallest_limit_that_can_be_kept_and_a_region_that_would_help() {
    let asked = |regions: &str, audience: &str, limit: &str| {
        planned(&format!(
            "audience: {{{audience}}}\nplacement: {{{regions}}}\nfailover: none\nbudget: {{read: {limit}, enforce: true}}"
        ))
    };
    let both = "a: 100, b: 1";
    for (regions, audience, limit, least, remedy, widened) in [
        (
            "regions: {exactly: 1}",
            both,
            "{p50: 40ms}",
            "50ms",
            "raise the budget to 50ms, or allow a region that is nearer",
            None,
        ),
        (
            "regions: {exactly: 1}, from: [a, d]",
            both,
            "{p50: 60ms}",
            "80ms",
            "raise the budget to 80ms, or allow `c` in `placement.from`",
            Some("regions: {exactly: 1}, from: [a, d, c]"),
        ),
        (
            "from: [a, d]",
            "b: 1",
            "{p99: 60ms}",
            "80ms",
            "raise the budget to 80ms, or allow `b` in `placement.from`",
            Some("from: [a, d, b]"),
        ),
        (
            "regions: [a]",
            "a: 1, e: 1",
            "{p50: 10ms}",
            "80ms",
            "raise the budget to 80ms, or allow `e` in `placement.regions`",
            Some("regions: [a, e]"),
        ),
        (
            "mode: active-passive, regions: [d, e]",
            "a: 1",
            "{p50: 10ms}",
            "80ms",
            "raise the budget to 80ms, or allow `a` in `placement.regions`",
            Some("mode: active-passive, regions: [a, d, e]"),
        ),
    ] {
        let said = asked(regions, audience, limit).said();
        assert!(
            said.contains("error[budget]") && said.contains(remedy),
            "{regions}: {said}"
        );
        if let Some(widened) = widened {
            let again = asked(widened, audience, limit);
            assert!(again.plan.is_some(), "{widened}: {}", again.said());
        }
        // What is offered works, and one less does not.
        let offered: u32 = least.trim_end_matches("ms").parse().expect("a number");
        for (ms, works) in [(offered, true), (offered - 1, false)] {
            let key = if limit.contains("p50") { "p50" } else { "p99" };
            let again = asked(regions, audience, &format!("{{{key}: {ms}ms}}"));
            assert_eq!(
                again.plan.is_some(),
                works,
                "{regions} at {ms}: {}",
                again.said()
            );
        }
    }
}

#[test]
fn the_remedy_of_a_budget_for_writes_is_the_smallest_that_works() {
    let db = "{name: db, engine: cloudnative-pg, consistency: eventual}";
    let sync = "{name: db, engine: cloudnative-pg, consistency: eventual, synchronous: 1}";
    let ledger = "{name: db, engine: yugabytedb, consistency: strong, voters: {count: 3}}";
    for (regions, audience, store, key, least) in [
        // a and b are nearer to some, and the leader has to be reached from both.
        ("regions: {exactly: 2}", "a: 100, b: 1", db, "p50", 50),
        ("regions: {exactly: 1}", "a: 100, b: 1", db, "p99", 50),
        ("regions: {exactly: 2}", "a: 100, b: 1", sync, "p50", 100),
        ("regions: {exactly: 3}", "a: 1", ledger, "p50", 50),
        (
            "regions: {exactly: 3}, from: [a, b, d, e]",
            "a: 1",
            ledger,
            "p99",
            80,
        ),
        (
            "mode: active-passive, regions: {exactly: 2}",
            "a: 9, b: 1",
            db,
            "p50",
            50,
        ),
    ] {
        let asked = |ms: u64| {
            planned(&format!(
                "audience: {{{audience}}}\nplacement: {{{regions}}}\nfailover: none\nstores: [{store}]\nbudget: {{write: {{{key}: {ms}ms}}, enforce: true}}"
            ))
        };
        let said = asked(10).said();
        let remedy = format!("raise the budget to {least}ms");
        assert!(said.contains(&remedy), "{regions} {store}: {said}");
        let enough = asked(least);
        assert!(
            enough.plan.is_some(),
            "{regions} {store}: {}",
            enough.said()
        );
        let less = asked(least - 1);
        assert!(
            less.plan.is_none(),
            "{regions} {store}: {least} is not the least"
        );
        assert!(less.said().contains(&remedy), "{}", less.said());
    }
}

/// Sixty places in a row, five to a country, two milliseconds from one to the next.
fn row(service: &str) -> Outcome {
    let countries = [
        "DE", "FR", "US", "JP", "BR", "IN", "SE", "ES", "IT", "AU", "CA", "SG",
    ];
    let name = |i: usize| format!("r{i:02}");
    let mut rtt = String::from("from,to,p50_ms,p99_ms\n");
    for from in 0..60 {
        for to in 0..60 {
            let ms = 2 * from.max(to) - 2 * from.min(to);
            rtt.push_str(&format!("{},{},{ms},{ms}\n", name(from), name(to)));
        }
    }
    let settings =
        "platform: {capabilities: [yugabytedb, cloudnative-pg, multicluster-services]}\n";
    let fleet = Fleet::new(settings).file("network/rtt.csv", rtt);
    let fleet = (0..60).fold(fleet, |fleet, i| {
        let (name, country) = (name(i), countries[i / 5]);
        let text = format!("region: {name}\ncountry: {country}\nclusters: [{{name: {name}-a}}]\n");
        fleet.file(&format!("regions/{name}.yaml"), text)
    });
    fleet.service("web", service).plan(None, false)
}

#[test]
fn among_sixty_regions_what_stores_ask_for_is_decided_exactly() {
    let asked = |audience: &str, ms: u64| {
        row(&format!(
            "audience: {{{audience}}}\nplacement: {{regions: {{exactly: 5}}}}\nfailover: none\nstores: [{{name: db, engine: yugabytedb, consistency: strong, voters: {{count: 5, distinct: country}}}}]\nbudget: {{write: {{p50: {ms}ms}}, enforce: true}}"
        ))
    };
    // All users are in one country, and five countries have to be near.
    let near = "r00: 5, r01: 4, r02: 3, r03: 2, r04: 1";
    for (audience, ms, works) in [(near, 30, true), (near, 15, false)] {
        let outcome = asked(audience, ms);
        let said = outcome.said();
        assert_eq!(outcome.plan.is_some(), works, "{ms}: {said}");
        assert!(!said.contains("a search was given up"), "{ms}: {said}");
        if let Some(plan) = outcome.plan {
            let because = plan
                .services
                .values()
                .next()
                .expect("one")
                .because
                .to_string();
            assert!(!because.contains("not proven"), "{ms}: {because}");
        }
    }
}
