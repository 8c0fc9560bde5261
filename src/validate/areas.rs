//! Names of legal areas and of places with users, to countries.

use std::collections::{BTreeMap, BTreeSet};

use crate::atlas;
use crate::diag::{Code, Diagnostic, Sink, Span, nearest};
use crate::model::name::{JurisdictionName, RegionName};
use crate::model::place::Country;
use crate::model::raw;
use crate::model::world::{Audience, AudiencePlace, AudienceShare, GeoArea, Jurisdiction};

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
