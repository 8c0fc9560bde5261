//! Journeys: the hops of a path by hand, and what a budget over all of them says.

use proptest::prelude::*;

use regen::model::plan::{JourneyPlan, Quantile};

use crate::fleet::{Fleet, Outcome};

const RTT: &str = "from,to,p50_ms,p99_ms\neu,us,70,80\nus,eu,70,80\neu,ap,160,170\nap,eu,160,170\nus,ap,220,230\nap,us,220,230\n";

/// A shop over three regions: EU-US 70, EU-AP 160, US-AP 220 ms; nothing inside.
fn shop(journey: &str) -> Outcome {
    shop_with(journey, "placement: {regions: [eu]}")
}

/// The same, with the placement of the cart.
fn shop_with(journey: &str, cart: &str) -> Outcome {
    let settings = format!(
        "platform: {{capabilities: [cloudnative-pg, multicluster-services]}}\naudience: {{eu: 3, ap: 1}}\njourneys: [{{name: buy, {journey}}}]\n"
    );
    let fleet = [("eu", "DE"), ("us", "US"), ("ap", "SG")].iter().fold(
        Fleet::new(&settings),
        |fleet, (name, country)| {
            let text =
                format!("region: {name}\ncountry: {country}\nclusters: [{{name: {name}-a}}]\n");
            fleet.file(&format!("regions/{name}.yaml"), text)
        },
    );
    let orders = "stores: [{name: orders, engine: cloudnative-pg, leader: us, synchronous: 1}]";
    let fleet = fleet
        .file("network/rtt.csv", RTT)
        .service("frontend", "calls: [cart, currency, checkout]")
        .service("cart", &format!("{cart}\nfailover: none"))
        .service("currency", "placement: {regions: [us]}\nfailover: none")
        .service(
            "checkout",
            &format!(
                "calls: [payment]\nplacement: {{regions: [eu, us]}}\nfailover: none\n{orders}"
            ),
        )
        .service("payment", "placement: {regions: [us]}\nfailover: none");
    fleet.plan(None, false)
}

fn journey(steps: &str) -> JourneyPlan {
    let mut plan = shop(&format!("steps: [{steps}]")).plan();
    plan.journeys.pop_first().expect("one journey").1
}

#[test]
fn hops_are_summed_from_where_the_caller_runs() {
    for (steps, mean, worst, hops) in [
        ("frontend", 0, 0, 1),
        ("cart", 40, 160, 1),
        // Both are called by the frontend, where the user is.
        ("frontend, cart, currency", 147, 380, 3),
        ("frontend, {parallel: [cart, currency]}", 107, 220, 2),
        // The frontend calls the checkout, the checkout in eu the payment in us.
        ("frontend, checkout, payment", 110, 230, 3),
        // Nobody declares a call to the cart from the payment: it is called from the step before.
        ("payment, cart", 177, 290, 2),
        (
            "frontend, {parallel: [{sequence: [checkout, payment]}, currency]}",
            110,
            230,
            3,
        ),
        ("{service: checkout, reads: orders}", 110, 230, 2),
        ("{service: checkout, writes: orders}", 180, 300, 3),
        (
            "frontend, {parallel: [cart, currency]}, {service: checkout, writes: orders}, payment",
            357,
            590,
            6,
        ),
    ] {
        let told = journey(steps);
        let p50 = told.forecast.at(Quantile::P50);
        let ms = |ns: Option<u64>| ns.map(|ns| ns / 1_000_000);
        let found = (ms(p50.weighted_ns), ms(p50.worst.ns), p50.worst.terms.len());
        assert_eq!(
            found,
            (Some(mean), Some(worst), hops),
            "{steps}: {:?}",
            p50.worst.terms
        );
        let place = if worst == 0 { "eu" } else { "ap" };
        assert_eq!(
            p50.worst.place, place,
            "{steps}: of equal ones that with most users"
        );
        // Each hop that crosses has a tail 10 ms longer.
        let crossing = p50.worst.terms.iter().filter(|t| t.ns > Some(0)).count() as u64;
        let tail = p50.worst.ns.map(|ns| ns + crossing * 10_000_000);
        assert_eq!(told.forecast.at(Quantile::P99).worst.ns, tail, "{steps}");
    }
}

#[test]
fn a_budget_over_the_whole_path_names_what_binds_it() {
    let path = "steps: [frontend, cart, {service: checkout, writes: orders}]";
    for (budget, told) in [
        (
            "{p50: 400ms, enforce: true}",
            &[
                "error[budget]",
                "journey `buy` takes 460.0 ms at p50, over its budget of 400ms",
                "binding: to `cart` in eu (160.0 ms)",
                "raise the budget to 460ms, or let `cart` serve in `ap` too",
            ][..],
        ),
        (
            "{p99: 400ms}",
            &[
                "warning[budget]",
                "takes 500.0 ms at p99",
                "a sum of 99th percentiles, which is an approximation",
            ],
        ),
        ("{p50: 460ms, p99: 500ms, enforce: true}", &[]),
    ] {
        let outcome = shop(&format!("{path}, budget: {budget}"));
        let said = outcome.said();
        assert_eq!(said.contains("journey `buy`"), !told.is_empty(), "{said}");
        for part in told {
            assert!(said.contains(part), "{part}\n{said}");
        }
        assert_eq!(outcome.plan.is_none(), budget.contains("400ms, enforce"));
    }
}

#[test]
fn a_region_that_may_not_be_chosen_is_no_remedy() {
    let path = "steps: [frontend, cart], budget: {p50: 100ms}";
    for (cart, remedy) in [
        (
            "placement: {regions: [eu]}",
            "  help: raise the budget to 160ms, or let `cart` serve in `ap` too\n",
        ),
        (
            "placement: {from: [eu]}",
            "  help: raise the budget to 160ms\n",
        ),
        (
            "placement: {mode: active-passive, regions: [eu, us]}",
            "  help: raise the budget to 160ms\n",
        ),
    ] {
        let said = shop_with(path, cart).said();
        assert!(said.contains(remedy), "{cart}: {said}");
    }
}

#[test]
fn a_journey_may_have_users_of_its_own() {
    let mut plan = shop("audience: {us: 1}, steps: [frontend, cart]").plan();
    let told = plan.journeys.pop_first().expect("one").1;
    assert_eq!(told.forecast.p50.worst.ns, Some(70_000_000));
    assert_eq!(told.forecast.p50.worst.place, "us");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn at_once_is_never_slower_than_one_after_another(
        picked in proptest::collection::vec(0..3_usize, 2..5),
    ) {
        let names = ["cart", "currency", "checkout"];
        let steps: Vec<&str> = picked.iter().map(|&i| names[i]).collect();
        let steps = steps.join(", ");
        let worst = |told: &JourneyPlan| told.forecast.p50.worst.ns;
        // Each is called by the frontend alone, whatever came before.
        let parallel = journey(&format!("frontend, {{parallel: [{steps}]}}"));
        let sequence = journey(&format!("frontend, {steps}"));
        prop_assert!(worst(&parallel).is_some());
        prop_assert!(worst(&parallel) <= worst(&sequence), "{steps}");
    }
}
