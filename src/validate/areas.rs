//! Names of legal areas and of places with users, to countries.

use std::collections::{BTreeMap, BTreeSet};

use crate::atlas;
use crate::diag::{Code, Diagnostic, Sink, Span, Spanned, nearest};
use crate::model::name::{JurisdictionName, RegionName};
use crate::model::place::Country;
use crate::model::raw;
use crate::model::world::{
    Audience, AudiencePlace, AudienceShare, GeoArea, Jurisdiction, Telemetry, Whereabouts,
};

/// The jurisdictions of the fleet and all built-in blocs, by name.
pub(super) fn jurisdictions(
    fleet: &raw::Fleet,
    sink: &mut Sink,
) -> BTreeMap<JurisdictionName, Jurisdiction> {
    let mut all: BTreeMap<JurisdictionName, Jurisdiction> = atlas::bloc_names()
        .filter_map(|name| {
            let countries = atlas::bloc(name)?.clone();
            Some((
                JurisdictionName::from(name),
                Jurisdiction {
                    countries,
                    span: None,
                },
            ))
        })
        .collect();
    for (name, area) in &fleet.jurisdictions {
        let mut countries: BTreeSet<Country> = BTreeSet::new();
        if let Some(bloc) = &area.bloc {
            match atlas::bloc(&bloc.value) {
                Some(members) => countries.extend(members),
                None => sink.emit(unknown_area(
                    "bloc",
                    &bloc.value,
                    bloc.span,
                    atlas::bloc_names(),
                )),
            }
        }
        for country in &area.countries {
            if !atlas::is_country(country.value) {
                sink.emit(unknown_country(country.value, country.span));
            }
            countries.insert(country.value);
        }
        if countries.is_empty() && area.bloc.is_none() {
            sink.emit(
                Diagnostic::new(
                    Code::EmptyArea,
                    format!("jurisdiction `{name}` has no country", name = name.value),
                )
                .at(name.span, "")
                .help("add `countries: [CH]` or `bloc: EU`"),
            );
        }
        let area = Jurisdiction {
            countries,
            span: Some(name.span),
        };
        all.insert(JurisdictionName::new(name.value.as_str()), area);
    }
    all
}

/// The jurisdiction of a name: the fleet's, a bloc, or a country that stands for itself.
pub(super) fn jurisdiction(
    name: &str,
    known: &BTreeMap<JurisdictionName, Jurisdiction>,
) -> Option<Jurisdiction> {
    known.get(name).cloned().or_else(|| {
        let country = country(name)?;
        Some(Jurisdiction {
            countries: BTreeSet::from([country]),
            span: None,
        })
    })
}

/// A country, bloc, jurisdiction or continent as the places that DNS answers by.
pub(super) fn geo(
    name: &str,
    known: &BTreeMap<JurisdictionName, Jurisdiction>,
) -> Option<Vec<GeoArea>> {
    if let Some(area) = jurisdiction(name, known) {
        return Some(area.countries.into_iter().map(GeoArea::Country).collect());
    }
    let code = match name {
        "africa" => "AF",
        "asia" => "AS",
        "europe" => "EU",
        "north-america" => "NA",
        "oceania" => "OC",
        "south-america" => "SA",
        _ => return None,
    };
    Some(vec![GeoArea::Continent(code)])
}

/// What the names of places stand for.
pub(super) struct Places<'a> {
    /// The countries of the fleet's regions.
    countries: BTreeMap<&'a str, Country>,
    areas: &'a BTreeMap<JurisdictionName, Jurisdiction>,
}

impl<'a> Places<'a> {
    pub(super) fn of(
        regions: &'a [raw::Region],
        areas: &'a BTreeMap<JurisdictionName, Jurisdiction>,
    ) -> Self {
        let country = |region: &'a raw::Region| {
            let name = region.region.value.as_str();
            let known = || atlas::region(region.provider.as_ref()?.value, name);
            let written = region.country.as_ref().map(|c| c.value);
            Some((name, written.or_else(|| Some(known()?.country))?))
        };
        Self {
            countries: regions.iter().filter_map(country).collect(),
            areas,
        }
    }

    /// Where something stands that says its region or its area; `None` where it says neither, or
    /// an error was emitted.
    pub(super) fn whereabouts(
        &self,
        region: Option<&Spanned<RegionName>>,
        area: Option<&Spanned<JurisdictionName>>,
        sink: &mut Sink,
    ) -> Option<Whereabouts> {
        if let (Some(region), Some(area)) = (region, area) {
            let twice = "a place is written as a region and as a jurisdiction";
            sink.emit(
                Diagnostic::new(Code::InvalidValue, twice)
                    .at(area.span, "")
                    .see(region.span, "")
                    .help("keep the region, which says more"),
            );
        }
        if let Some(region) = region {
            let name = region.value.as_str();
            let country = self.countries.get(name).copied();
            let country = country.or_else(|| Some(atlas::find(name)?.country));
            let Some(country) = country else {
                let known = self.countries.keys().copied();
                let fault = Diagnostic::new(
                    Code::UnknownRegion,
                    format!("there is no region `{name}`, neither in the fleet nor of a cloud"),
                )
                .at(region.span, "");
                sink.emit(match nearest(name, known) {
                    Some(near) => fault.help(format!("did you mean `{near}`?")),
                    None => fault.help("write the name of a cloud's region, or `jurisdiction`"),
                });
                return None;
            };
            return Some(Whereabouts {
                name: name.to_owned(),
                countries: BTreeSet::from([country]),
                span: region.span,
            });
        }
        let area = area?;
        let Some(found) = jurisdiction(area.value.as_str(), self.areas) else {
            let known = self.areas.keys().map(JurisdictionName::as_str);
            sink.emit(unknown_area(
                "jurisdiction",
                area.value.as_str(),
                area.span,
                known,
            ));
            return None;
        };
        Some(Whereabouts {
            name: area.value.to_string(),
            countries: found.countries,
            span: area.span,
        })
    }

    /// Where telemetry goes; it must say where that is.
    pub(super) fn telemetry(
        &self,
        written: &Spanned<raw::Telemetry>,
        sink: &mut Sink,
    ) -> Option<Telemetry> {
        let raw = &written.value;
        if raw.region.is_none() && raw.jurisdiction.is_none() {
            sink.emit(
                Diagnostic::new(Code::MissingField, "nobody says where telemetry goes")
                    .at(written.span, "")
                    .help(
                        "add `region: eu-west-1` or `jurisdiction: EU`, where its collector stands",
                    ),
            );
        }
        let place = self.whereabouts(raw.region.as_ref(), raw.jurisdiction.as_ref(), sink)?;
        Some(Telemetry {
            endpoint: raw.endpoint.clone(),
            place,
        })
    }
}

/// The country of an upper-case ISO code.
fn country(name: &str) -> Option<Country> {
    Country::parse(name).filter(|c| c.as_str() == name && atlas::is_country(*c))
}

/// An audience with its places looked up.
pub(super) fn audience(
    written: &raw::Audience,
    regions: &BTreeSet<RegionName>,
    known: &BTreeMap<JurisdictionName, Jurisdiction>,
    sink: &mut Sink,
) -> Audience {
    let mut shares = Vec::new();
    for (name, weight) in written {
        let text = name.value.as_str();
        let countries = || {
            let area = jurisdiction(text, known).map(|j| j.countries);
            area.or_else(|| atlas::continent(text).cloned())
        };
        let place = if regions.contains(text) {
            Some(AudiencePlace::Region(RegionName::from(text)))
        } else {
            countries().map(|countries| AudiencePlace::Countries {
                name: text.to_owned(),
                countries,
            })
        };
        match place {
            Some(place) => shares.push(AudienceShare {
                place,
                weight: weight.value.micro,
                span: name.span.to(weight.span),
            }),
            None => {
                let names = regions
                    .iter()
                    .map(RegionName::as_str)
                    .chain(known.keys().map(JurisdictionName::as_str))
                    .chain(atlas::CONTINENTS);
                sink.emit(unknown_area(
                    "region, country, bloc or continent",
                    text,
                    name.span,
                    names,
                ));
            }
        }
    }
    Audience { shares }
}

/// A name that is no area of the kind that was asked for.
pub(super) fn unknown_area<'a>(
    kind: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'a str>,
) -> Diagnostic {
    let known: Vec<&str> = known.collect();
    let fault = Diagnostic::new(
        Code::UnknownArea,
        format!("`{name}` is no {kind} that is known"),
    )
    .at(span, "");
    let upper = name.to_ascii_uppercase();
    match (name, nearest(name, known.iter().copied())) {
        ("UK", _) if !known.contains(&"UK") => fault.help("write `GB`"),
        ("EL", _) => fault.help("write `GR`"),
        _ if upper != name && country(&upper).is_some() => fault.help(format!("write `{upper}`")),
        (_, Some(near)) => fault.help(format!("did you mean `{near}`?")),
        _ => {
            let names: Vec<String> = known.iter().map(|n| format!("`{n}`")).collect();
            fault.help(format!(
                "one of {}, or a country of ISO 3166-1",
                names.join(", ")
            ))
        }
    }
}

/// Two letters that are no country.
pub(super) fn unknown_country(country: Country, span: Span) -> Diagnostic {
    let fault = Diagnostic::new(
        Code::UnknownArea,
        format!("`{country}` is no country of ISO 3166-1"),
    )
    .at(span, "");
    match country.as_str() {
        "UK" => fault.help("write `GB`"),
        "EL" => fault.help("write `GR`"),
        _ => fault.help("write the two letters of ISO 3166-1, such as `IE`"),
    }
}
