//! What is recorded of a cluster to Grafana's dashboards: one of its region, and one of the fleet.
//!
//! Panels show series that the rules of this component record, and none that nobody records here.

use serde_json::{Value, json};

use crate::model::digest::Digest;
use crate::model::engine::Engine;
use crate::model::name::ServiceKey;
use crate::model::world::{Cluster, Service};

use super::super::fact::Item;
use super::Facts;

/// The form of dashboards that Grafana 10.3 and later read as it is.
const SCHEMA: u32 = 39;
/// The longest uid that Grafana takes.
const UID: usize = 40;

/// What a panel shows.
struct Panel {
    title: &'static str,
    unit: &'static str,
    /// Series, with the labels that tell them apart; `REGION` is what narrows them to a region.
    series: &'static [(&'static str, &'static str)],
}

const OBJECTIVES: &[Panel] = &[
    Panel {
        title: "Requests that miss their objective, 1 hour",
        unit: "percentunit",
        series: &[(
            "max by (service, slo, region) (regen:slo_errors:ratio_rate1h{REGION})",
            "{{service}} {{slo}} {{region}}",
        )],
    },
    Panel {
        title: "Requests that miss their objective, 3 days",
        unit: "percentunit",
        series: &[(
            "max by (service, slo, region) (regen:slo_errors:ratio_rate3d{REGION})",
            "{{service}} {{slo}} {{region}}",
        )],
    },
];
const REPLICATION: &[Panel] = &[Panel {
    title: "Replicas behind their leader",
    unit: "s",
    series: &[(
        "max by (service, store, region) (regen:replication_lag_seconds{REGION})",
        "{{service}}/{{store}} {{region}}",
    )],
}];
const ROUND_TRIPS: &[Panel] = &[
    Panel {
        title: "Round trips to other regions",
        unit: "s",
        series: &[
            (
                "max by (from_region, to_region) (regen:region_round_trip_seconds:p50_5m{FROM})",
                "{{from_region}} to {{to_region}}, median",
            ),
            (
                "max by (from_region, to_region) (regen:region_round_trip_seconds:p99_1h{FROM})",
                "{{from_region}} to {{to_region}}, 99 of 100",
            ),
        ],
    },
    Panel {
        title: "Jitter of round trips",
        unit: "s",
        series: &[(
            "max by (from_region, to_region) (regen:region_round_trip_seconds:jitter_5m{FROM})",
            "{{from_region}} to {{to_region}}",
        )],
    },
    Panel {
        title: "Probes that were answered",
        unit: "percentunit",
        series: &[(
            "min by (from_region, to_region) (regen:region_round_trip:success_5m{FROM})",
            "{{from_region}} to {{to_region}}",
        )],
    },
];

impl Facts<'_> {
    /// `dashboards` of a cluster: files by name; nothing where nothing is recorded.
    pub(super) fn dashboards(&self, cluster: &Cluster) -> Item {
        let of = |cluster: &Cluster| {
            let here = |key: &ServiceKey| {
                let places = self.places.get(key);
                places.is_some_and(|places| places.contains_key(&cluster.name.value))
            };
            let services = self.world.services.iter();
            let services: Vec<_> = services.filter(|(key, _)| here(key)).collect();
            let mut panels: Vec<&Panel> = Vec::new();
            if services.iter().any(|(_, service)| is_held(service)) {
                panels.extend(OBJECTIVES);
            }
            if services.iter().any(|(key, s)| self.follows(key, s)) {
                panels.extend(REPLICATION);
            }
            if self.entered(cluster).next().is_some() {
                panels.extend(ROUND_TRIPS);
            }
            panels
        };
        let regional = of(cluster);
        if regional.is_empty() {
            return Item::nothing();
        }
        let fleet = &self.world.fleet.name.value;
        let region = cluster.region.as_str();
        let mut files = vec![(
            format!("{fleet}-{region}.json"),
            dashboard(&format!("{fleet}: {region}"), Some(region), &regional),
        )];
        // One place sees all regions: the hub's Grafana, or each where there is no hub.
        let hub = self.world.fleet.hub.as_ref();
        if hub.is_none_or(|hub| *hub == cluster.name.value) {
            let mut all: Vec<&Panel> = Vec::new();
            for panel in self.world.clusters.values().flat_map(of) {
                if !all.iter().any(|p| p.title == panel.title) {
                    all.push(panel);
                }
            }
            let text = dashboard(&format!("{fleet}: all regions"), None, &all);
            files.push((format!("{fleet}.json"), text));
        }
        Item::map(
            files
                .into_iter()
                .map(|(name, text)| (name, Item::new(text))),
        )
    }

    /// Whether a service has a store whose replicas are watched.
    fn follows(&self, key: &ServiceKey, service: &Service) -> bool {
        service.stores.iter().any(|store| {
            use Engine::{CloudnativePg, CockroachDb, StrimziKafka, YugabyteDb};
            let engine = store.engine.value;
            let plan = self.plan.stores.get(&key.store(&store.name.value));
            matches!(
                engine,
                CloudnativePg | CockroachDb | StrimziKafka | YugabyteDb
            ) && (store.staleness.is_some() || engine == CloudnativePg)
                && plan.is_some_and(|plan| plan.clusters.len() > 1)
        })
    }
}

/// Whether objectives of a service are recorded.
fn is_held(service: &Service) -> bool {
    let recovery = &service.recovery;
    service.workload.metrics.is_some()
        && (recovery.availability.is_some() || recovery.latency.is_some())
}

fn dashboard(title: &str, region: Option<&str>, panels: &[&Panel]) -> String {
    let source = json!({"type": "prometheus", "uid": "${datasource}"});
    let narrow = |expr: &str| {
        let label = |name: &str| region.map_or(String::new(), |r| format!("{name}=\"{r}\""));
        expr.replace("REGION", &label("region"))
            .replace("FROM", &label("from_region"))
    };
    let target = |(i, (expr, legend)): (usize, &(&str, &str))| {
        let name = char::from(b'A' + u8::try_from(i).unwrap_or(0));
        json!({"datasource": source, "expr": narrow(expr), "legendFormat": legend, "refId": name.to_string()})
    };
    let panels = panels.iter().enumerate().map(|(i, panel)| {
        let targets: Vec<Value> = panel.series.iter().enumerate().map(target).collect();
        json!({
            "id": i + 1,
            "type": "timeseries",
            "title": panel.title,
            "datasource": source,
            "gridPos": {"h": 9, "w": 12, "x": 12 * (i % 2), "y": 9 * (i / 2)},
            "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
            "options": {
                "legend": {"displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": ["lastNotNull", "max"]},
                "tooltip": {"mode": "multi", "sort": "desc"},
            },
            "targets": targets,
        })
    });
    let panels: Vec<Value> = panels.collect();
    let dashboard = json!({
        "uid": uid(title),
        "title": title,
        "tags": ["regen"],
        "schemaVersion": SCHEMA,
        "editable": false,
        "timezone": "utc",
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    });
    let text = serde_json::to_string_pretty(&dashboard);
    text.map_or_else(|_| dashboard.to_string(), |text| text + "\n")
}

/// The title as Grafana takes it in an address; a long one ends in its digest.
fn uid(title: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let mut uid: String = title.chars().map(plain).collect();
    if uid.len() > UID {
        let digest = Digest::of(title.as_bytes()).to_string();
        uid.truncate(UID - 9);
        uid.push('-');
        uid.push_str(&digest[..8]);
    }
    uid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_told_apart_in_forty_characters() {
        assert_eq!(uid("shop: eu-west-1"), "shop--eu-west-1");
        let long = |end: &str| uid(&format!("{}: {end}", "a".repeat(60)));
        assert_eq!(long("x").len(), UID);
        assert_ne!(long("x"), long("y"));
    }

    #[test]
    fn a_dashboard_is_narrowed_to_its_region() {
        let all: Vec<&Panel> = OBJECTIVES
            .iter()
            .chain(REPLICATION)
            .chain(ROUND_TRIPS)
            .collect();
        let of = |region| -> Value {
            serde_json::from_str(&dashboard("shop", region, &all)).unwrap_or_default()
        };
        let expressions = |dashboard: &Value| -> Vec<String> {
            let panels = dashboard["panels"].as_array().into_iter().flatten();
            let targets = panels.flat_map(|p| p["targets"].as_array().into_iter().flatten());
            targets
                .map(|t| t["expr"].as_str().unwrap_or_default().to_owned())
                .collect()
        };
        let (region, fleet) = (expressions(&of(Some("eu"))), expressions(&of(None)));
        assert_eq!(region.len(), 7);
        assert!(region.iter().all(|e| e.contains("=\"eu\"")), "{region:?}");
        assert!(fleet.iter().all(|e| e.contains("{})")), "{fleet:?}");
    }
}
