//! Countries, continents and blocs of countries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::diag::nearest;
use crate::model::place::{Coordinates, Country};

use super::coordinates;
use super::table::Table;

/// The continents, as an audience may name them.
pub const CONTINENTS: [&str; 6] = [
    "africa",
    "asia",
    "europe",
    "north-america",
    "oceania",
    "south-america",
];

/// What is known of one country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountryFacts {
    /// Its code.
    pub code: Country,
    /// Its English name.
    pub name: &'static str,
    /// One of [`CONTINENTS`], or `antarctica`.
    pub continent: &'static str,
    /// Inhabitants: how the audience of a bloc or continent is split over its countries.
    pub population: u64,
    /// Where its people live on average.
    pub coordinates: Coordinates,
}

static COUNTRIES: LazyLock<BTreeMap<Country, CountryFacts>> = LazyLock::new(|| {
    Table::parse(include_str!("../../regions/countries.csv"))
        .rows()
        .filter_map(|row| {
            let code = Country::parse(row.get("code"))?;
            let facts = CountryFacts {
                code,
                name: row.get("name"),
                continent: row.get("continent"),
                population: row.get("population").parse().ok()?,
                coordinates: coordinates(row.get("lat"), row.get("lon"))?,
            };
            Some((code, facts))
        })
        .collect()
});

static BY_CONTINENT: LazyLock<BTreeMap<&'static str, BTreeSet<Country>>> = LazyLock::new(|| {
    let mut map: BTreeMap<&str, BTreeSet<Country>> = BTreeMap::new();
    for facts in COUNTRIES.values() {
        map.entry(facts.continent).or_default().insert(facts.code);
    }
    map.remove("antarctica");
    map
});

static BLOCS: LazyLock<BTreeMap<&'static str, BTreeSet<Country>>> = LazyLock::new(|| {
    let mut listed: BTreeMap<&str, BTreeSet<Country>> = BTreeMap::new();
    let mut unconditional = BTreeSet::new();
    for row in Table::parse(include_str!("../../regions/blocs.csv")).rows() {
        let Some(country) = Country::parse(row.get("country")) else {
            continue;
        };
        listed.entry(row.get("bloc")).or_default().insert(country);
        if row.get("bloc") == ADEQUACY && row.get("limited").is_empty() {
            unconditional.insert(country);
        }
    }
    // Data under EU rules may rest where the rules hold or where an adequacy decision says so.
    let eea = listed.get("EEA").cloned().unwrap_or_default();
    listed.insert("EU-adequacy-unconditional", &unconditional | &eea);
    if let Some(adequate) = listed.get_mut(ADEQUACY) {
        adequate.extend(&eea);
    }
    if let Some(adequate) = listed.get_mut("UK-adequacy") {
        adequate.extend(Country::parse("GB"));
    }
    listed.insert("UK", Country::parse("GB").into_iter().collect());
    listed
});

/// The bloc of the EEA and all countries with an adequacy decision of the European Commission,
/// also those whose decision has a condition (`regions/blocs.csv` names it).
pub const ADEQUACY: &str = "EU-adequacy";

/// The countries of a bloc: `EU`, `EEA`, `UK`, `EU-adequacy` (EEA and adequate countries),
/// `EU-adequacy-unconditional` (without those whose decision covers only some organisations, such
/// as US), `UK-adequacy`.
pub fn bloc(name: &str) -> Option<&'static BTreeSet<Country>> {
    BLOCS.get(name)
}

/// The names of all blocs.
pub fn bloc_names() -> impl Iterator<Item = &'static str> {
    BLOCS.keys().copied()
}

/// The countries of a continent, by one of the names in [`CONTINENTS`].
pub fn continent(name: &str) -> Option<&'static BTreeSet<Country>> {
    BY_CONTINENT.get(name)
}

/// What is known of a country.
pub fn country(code: Country) -> Option<&'static CountryFacts> {
    COUNTRIES.get(&code)
}

/// Whether a code is one of ISO 3166-1 (`UK` and `EL` are not: write `GB` and `GR`).
pub fn is_country(code: Country) -> bool {
    COUNTRIES.contains_key(&code)
}

/// The population-weighted centre of a country.
pub fn country_coordinates(code: Country) -> Option<Coordinates> {
    country(code).map(|c| c.coordinates)
}

/// The bloc or continent that is most like a written name, for "did you mean".
pub fn nearest_area(written: &str) -> Option<&'static str> {
    if written == "EL" {
        return Some("GR");
    }
    nearest(written, bloc_names().chain(CONTINENTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(set: Option<&BTreeSet<Country>>, code: &str) -> bool {
        set.expect("known")
            .contains(&Country::parse(code).expect("two letters"))
    }

    #[test]
    fn every_country_is_read_and_lies_on_a_continent() {
        let rows = include_str!("../../regions/countries.csv")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .count();
        assert_eq!(COUNTRIES.len(), rows - 1);
        let placed: usize = CONTINENTS
            .iter()
            .filter_map(|c| continent(c))
            .map(BTreeSet::len)
            .sum();
        let antarctic = COUNTRIES
            .values()
            .filter(|c| c.continent == "antarctica")
            .count();
        assert_eq!(placed + antarctic, COUNTRIES.len());
        assert!(COUNTRIES.values().all(|c| {
            c.coordinates.lat.abs() <= 90_000_000 && c.coordinates.lon.abs() <= 180_000_000
        }));
    }

    #[test]
    fn blocs_have_their_members_and_not_their_neighbours() {
        for (name, size) in [("EU", 27), ("EEA", 30), ("UK", 1)] {
            assert_eq!(bloc(name).map(BTreeSet::len), Some(size), "{name}");
        }
        for (name, inside, outside) in [
            ("EU", ["IE", "GR"], ["NO", "CH"]),
            ("EEA", ["NO", "IS"], ["CH", "GB"]),
            (ADEQUACY, ["GB", "US"], ["IN", "CN"]),
            ("EU-adequacy-unconditional", ["CH", "JP"], ["US", "CA"]),
            ("UK-adequacy", ["GB", "DE"], ["IN", "BR"]),
        ] {
            for code in inside {
                assert!(has(bloc(name), code), "{code} in {name}");
            }
            for code in outside {
                assert!(!has(bloc(name), code), "{code} not in {name}");
            }
        }
        assert!(
            bloc_names()
                .filter_map(bloc)
                .flatten()
                .all(|c| is_country(*c))
        );
        assert_eq!(bloc("eu"), None);
        assert!(has(continent("north-america"), "MX") && !has(continent("south-america"), "MX"));
        assert_eq!(nearest_area("europa"), Some("europe"));
        assert!(!is_country(Country::parse("UK").expect("two letters")));
    }
}
