//! `regen.yaml` to the fleet's settings.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Sink, Spanned};
use crate::model::duration::Duration;
use crate::model::name::{DataClassName, JurisdictionName, RegionName, WaveName};
use crate::model::ratio::Share;
use crate::model::raw;
use crate::model::world::{
    Audit, DataClass, Delivery, Estimate, Failover, Fleet, Gitops, Jurisdiction, NetworkSettings,
    Promotion, Residency,
};
use crate::validate::areas;

/// Until a health check of Route 53 has failed: 3 requests, 10 s apart.
const DETECTION: Duration = Duration::millis(30_000);
/// The field's documentation says what of.
const PROMOTION: Promotion = Promotion {
    takes: Duration::millis(15 * 60_000),
    told: None,
};

/// What somebody says that a promotion by hand takes.
pub(super) fn promotion(written: Option<Spanned<Duration>>) -> Option<Promotion> {
    let told = |w: Spanned<Duration>| Promotion {
        takes: w.value,
        told: Some(w.span),
    };
    written.map(told)
}

/// The settings of the fleet.
pub(super) fn fleet(
    written: &raw::Fleet,
    regions: &BTreeSet<RegionName>,
    sink: &mut Sink,
) -> Fleet {
    let mut jurisdictions = areas::jurisdictions(written, sink);
    let audience = areas::audience(&written.audience, regions, &jurisdictions, sink);
    let bound = written
        .data_classes
        .iter()
        .filter_map(|(_, class)| class.residency.as_ref())
        .flat_map(|r| &r.value.0)
        .chain(written.failover.iter().filter_map(|f| f.residency.as_ref()));
    // Countries stand for themselves; those that something is bound to are listed too, so that
    // every residency of the world can be looked up.
    let mut added = Vec::new();
    for name in bound {
        match areas::jurisdiction(name.value.as_str(), &jurisdictions) {
            Some(area) => added.push((name.value.clone(), area)),
            None => sink.emit(areas::unknown_area(
                "jurisdiction",
                name.value.as_str(),
                name.span,
                jurisdictions.keys().map(JurisdictionName::as_str),
            )),
        }
    }
    jurisdictions.extend(added);
    let data_classes = written
        .data_classes
        .iter()
        .map(|(name, class)| {
            (
                DataClassName::new(name.value.as_str()),
                data_class(name, class, &jurisdictions),
            )
        })
        .collect();
    let failover = written.failover.as_ref();
    let network = written.network.as_ref();
    Fleet {
        name: written.fleet.clone(),
        domain: written.domain.clone(),
        gitops: gitops(written),
        platform: super::platform::platform(written),
        identity: super::identity::identity(written),
        hub: written.hub.as_ref().map(|h| h.value.clone()),
        waves: waves(&written.waves, sink),
        audience,
        jurisdictions,
        data_classes,
        failover: Failover {
            residency: failover.and_then(|f| f.residency.clone()),
            headroom: failover
                .and_then(|f| f.headroom.as_ref())
                .map_or(Share::ppm(0), |h| h.value),
            detection: failover
                .and_then(|f| f.detection)
                .map_or(DETECTION, |d| d.value),
            detection_span: failover.and_then(|f| f.detection).map(|d| d.span),
            promotion: promotion(failover.and_then(|f| f.promotion)).unwrap_or(PROMOTION),
            headroom_span: failover.and_then(|f| f.headroom.as_ref()).map(|h| h.span),
        },
        network: NetworkSettings {
            rtt: network
                .and_then(|n| n.rtt.as_ref())
                .map_or("network/rtt.csv", |p| p.value.trim_start_matches("./"))
                .to_owned(),
            estimate: network.and_then(|n| n.estimate).unwrap_or(Estimate::Warn),
            p99_factor_milli: network.and_then(|n| n.p99_factor).map_or(1500, |f| f.0),
        },
        strict_reviews: written
            .reviews
            .is_some_and(|r| r.value == raw::Reviews::Error),
        drift: written
            .drift
            .as_ref()
            .map(super::drift::settings)
            .unwrap_or_default(),
    }
}

fn gitops(written: &raw::Fleet) -> Gitops {
    let gitops = written.gitops.as_ref();
    Gitops {
        repository: super::or_default(
            gitops.and_then(|g| g.repository.as_ref()),
            "./gitops".to_owned(),
            written.fleet.span,
        ),
        branch: gitops
            .and_then(|g| g.branch.as_ref())
            .map_or_else(|| "main".to_owned(), |b| b.value.clone()),
        url: gitops.and_then(|g| g.url.as_ref()).map(|u| u.value.clone()),
        delivery: gitops.and_then(|g| g.delivery).unwrap_or(Delivery::Argocd),
        file_per_service: gitops
            .and_then(|g| g.files)
            .is_some_and(|f| f.value == raw::Files::Service),
    }
}

fn waves(written: &[Spanned<WaveName>], sink: &mut Sink) -> Vec<WaveName> {
    let mut waves: Vec<WaveName> = Vec::new();
    for wave in written {
        if waves.contains(&wave.value) {
            sink.emit(
                Diagnostic::new(
                    Code::DuplicateName,
                    format!("wave `{}` stands twice", wave.value),
                )
                .at(wave.span, "")
                .help("keep the earlier one"),
            );
        } else {
            waves.push(wave.value.clone());
        }
    }
    waves
}

fn data_class(
    name: &Spanned<String>,
    class: &raw::DataClass,
    jurisdictions: &BTreeMap<JurisdictionName, Jurisdiction>,
) -> DataClass {
    let written = class.residency.as_ref();
    DataClass {
        span: name.span,
        residency: written
            .filter(|r| !r.value.0.is_empty())
            .map(|r| Residency {
                names: r.value.0.clone(),
                countries: r
                    .value
                    .0
                    .iter()
                    .filter_map(|name| jurisdictions.get(&name.value))
                    .flat_map(|area| area.countries.iter().copied())
                    .collect(),
                span: r.span,
            }),
        retention: class.retention.as_ref().map(|r| r.value),
        encryption_at_rest: class
            .encryption
            .as_ref()
            .and_then(|e| e.value.at_rest.as_ref())
            .map(|a| a.value.clone()),
        rotate: class
            .encryption
            .as_ref()
            .and_then(|e| e.value.rotate)
            .map(|r| r.value),
        attributes: class.attributes.clone(),
        audit: class.audit.map_or(Audit::None, |a| a.value),
        tokenize: class
            .tokenize
            .iter()
            .flat_map(|t| t.value.clone())
            .collect(),
        confidential: class.confidential.is_some_and(|c| c.value),
        review_by: class.review_by,
    }
}
