//! Who takes over after a loss and what that takes, how DNS answers, and when what is changed.

use crate::model::name::RegionName;
use crate::model::plan::Replicas;
use crate::model::story::AfterLoss;
use crate::report::told::Told;

use super::super::plan::count;
use super::super::simulation::words::filled_cluster;
use super::super::simulation::{one_service, one_store};
use super::Page;

pub(super) fn failover(page: &mut Page, told: &Told<'_>) {
    page.heading("when a region is lost", "");
    for loss in &told.story.losses {
        let title = page.style.strong(&format!("without {}", loss.lost));
        match told.decided.failover.get(&loss.lost) {
            Some(chain) => {
                let takers: Vec<String> = loss.takers.iter().map(taker).collect();
                let who = match takers.as_slice() {
                    [] => "nobody takes over".to_owned(),
                    takers => format!("{} takes over", takers.join(", else ")),
                };
                page.line(&format!("{title}: {who}"));
                page.because(&chain.because);
            }
            None => page.line(&format!("{title}: it does not serve there")),
        }
        if let Some(service) = &loss.service {
            page.out.push_str(&one_service(service));
        }
        for (cluster, load) in &loss.clusters {
            let load = filled_cluster(load, page.style);
            page.line(&format!("  {cluster}, with all services on it: {load}"));
        }
        stores(page, loss, None);
    }
    page.line("what else breaks then: `regen simulate --lose REGION`");
}

/// `eu-west-1 (5 of at most 6 pods)`.
fn taker((region, pods): &(RegionName, Replicas)) -> String {
    format!(
        "{region} ({} of at most {})",
        pods.min,
        count(pods.max as usize, "pod")
    )
}

/// Of one store only.
pub(super) fn store_losses(page: &mut Page, told: &Told<'_>, store: &str) {
    page.heading("when a region is lost", "");
    for loss in &told.story.losses {
        let title = page.style.strong(&format!("without {}", loss.lost));
        page.line(&title);
        stores(page, loss, Some(store));
    }
}

fn stores(page: &mut Page, loss: &AfterLoss, only: Option<&str>) {
    let mut any = false;
    for (key, outcome) in &loss.stores {
        let name = key.store.as_str();
        let whole = name.split('/').next().unwrap_or(name);
        if only.is_some_and(|asked| asked != whole) {
            continue;
        }
        any = true;
        let title = page.style.strong(&format!("store {name}"));
        page.line(&format!("  {title}"));
        one_store(&mut page.out, outcome, page.style);
    }
    if only.is_some() && !any {
        page.below("it does not notice");
    }
}

pub(super) fn dns(page: &mut Page, told: &Told<'_>) {
    let (Some(dns), Some(exposure)) = (&told.decided.dns, &told.service.exposure) else {
        return;
    };
    page.heading("how DNS answers", &told.locate(exposure.host.span));
    let records: Vec<String> = dns
        .records
        .iter()
        .map(|(region, weight)| match weight {
            Some(weight) => format!("{region} ({weight})"),
            None => region.to_string(),
        })
        .collect();
    page.line(&format!(
        "{}: {} to {}",
        super::inert(&exposure.host.value),
        dns.policy.name(),
        records.join(", ")
    ));
    page.because(&dns.because);
    let Some(switch) = &told.story.switch else {
        return;
    };
    let alias = match &switch.alias {
        Some(host) => format!(", that of an alias to {host}"),
        None => String::new(),
    };
    page.line(&super::inert(&format!(
        "RTO by DNS: {} = {} to notice + a TTL of {}{alias}",
        switch.takes, switch.detection, switch.ttl
    )));
    if let Some((promised, span)) = switch.promised {
        let holds = match switch.takes <= promised {
            true => page.style.green("it holds"),
            false => page.style.red("it does not hold"),
        };
        page.line(&format!(
            "promised: {promised} ({}), {holds}",
            told.locate(span)
        ));
    }
}

pub(super) fn waves(page: &mut Page, told: &Told<'_>) {
    page.heading("when it is rolled out", "");
    let of = told.plan.waves.len();
    for (number, wave) in told.waves() {
        let steps = wave.steps.len();
        page.line(&format!("wave {number} of {of}, {}", wave.name));
        page.because(&wave.because);
        for (i, step) in wave.steps.iter().enumerate() {
            let own = told.own_clusters(step);
            let own: Vec<&str> = own.iter().map(|c| c.as_str()).collect();
            if own.is_empty() {
                continue;
            }
            let others = step.clusters.len() - own.len();
            let others = match others {
                0 => String::new(),
                1 => ", with a cluster that does not run it".to_owned(),
                n => format!(", with {n} clusters that do not run it"),
            };
            page.line(&format!(
                "  step {} of {steps}: {}{others}",
                i + 1,
                own.join(", ")
            ));
            page.because(&step.because);
        }
    }
}
