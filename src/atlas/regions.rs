//! Regions of AWS, Google Cloud and Azure.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::diag::nearest;
use crate::model::name::ZoneName;
use crate::model::place::{Coordinates, Country, Provider};

use super::coordinates;
use super::table::Table;

/// What is known of one cloud region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtlasRegion {
    /// Its cloud.
    pub provider: Provider,
    /// The cloud's code, such as `eu-west-1`.
    pub code: &'static str,
    /// The metropolitan area.
    pub city: &'static str,
    /// Its country.
    pub country: Country,
    /// Coordinates of the metropolitan area.
    pub coordinates: Coordinates,
    /// Names of its zones; empty where no source lists them.
    pub zones: Vec<ZoneName>,
    /// How many zones it has, where a source says so.
    pub zone_count: Option<u8>,
}

type ByCode = BTreeMap<&'static str, AtlasRegion>;

static AWS: LazyLock<ByCode> =
    LazyLock::new(|| parse(Provider::Aws, include_str!("../../regions/aws.csv")));
static GCP: LazyLock<ByCode> =
    LazyLock::new(|| parse(Provider::Gcp, include_str!("../../regions/gcp.csv")));
static AZURE: LazyLock<ByCode> =
    LazyLock::new(|| parse(Provider::Azure, include_str!("../../regions/azure.csv")));

fn parse(provider: Provider, text: &'static str) -> ByCode {
    Table::parse(text)
        .rows()
        .filter_map(|row| {
            let code = row.get("code");
            let region = AtlasRegion {
                provider,
                code,
                city: row.get("city"),
                country: Country::parse(row.get("country"))?,
                coordinates: coordinates(row.get("lat"), row.get("lon"))?,
                zones: row
                    .get("zone_names")
                    .split_ascii_whitespace()
                    .map(ZoneName::from)
                    .collect(),
                zone_count: row.get("zones").parse().ok(),
            };
            Some((code, region))
        })
        .collect()
}

fn table(provider: Provider) -> &'static ByCode {
    match provider {
        Provider::Aws => &AWS,
        Provider::Gcp => &GCP,
        Provider::Azure => &AZURE,
    }
}

/// A cloud's region by its code.
pub fn region(provider: Provider, code: &str) -> Option<&'static AtlasRegion> {
    table(provider).get(code)
}

/// A region by its code in any cloud; no code is used by two of them (a test holds that).
pub fn find(code: &str) -> Option<&'static AtlasRegion> {
    [Provider::Aws, Provider::Gcp, Provider::Azure]
        .into_iter()
        .find_map(|provider| region(provider, code))
}

/// All regions of a cloud, by code.
pub fn regions(provider: Provider) -> impl Iterator<Item = &'static AtlasRegion> {
    table(provider).values()
}

/// The code of a cloud that is most like a written one, for "did you mean".
pub fn nearest_region(provider: Provider, written: &str) -> Option<&'static str> {
    nearest(written, table(provider).keys().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOUDS: [(Provider, &str); 3] = [
        (Provider::Aws, include_str!("../../regions/aws.csv")),
        (Provider::Gcp, include_str!("../../regions/gcp.csv")),
        (Provider::Azure, include_str!("../../regions/azure.csv")),
    ];

    #[test]
    fn every_row_of_every_cloud_is_read_and_no_code_stands_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for (provider, text) in CLOUDS {
            let rows = text.lines().filter(|l| !l.starts_with('#')).count() - 1;
            assert_eq!(regions(provider).count(), rows, "{}", provider.name());
            for region in regions(provider) {
                assert!(seen.insert(region.code), "{} stands twice", region.code);
                assert!(super::super::is_country(region.country), "{}", region.code);
                let named = region.zones.len();
                assert!(
                    named == 0 || region.zone_count == u8::try_from(named).ok(),
                    "{}: {named} zone names",
                    region.code
                );
            }
        }
    }

    #[test]
    fn a_known_region_has_its_facts_and_an_unknown_one_has_none() {
        let ireland = region(Provider::Aws, "eu-west-1").expect("known");
        assert_eq!(ireland.country.as_str(), "IE");
        assert_eq!(
            (ireland.coordinates.lat, ireland.coordinates.lon),
            (53_349_800, -6_260_300)
        );
        assert_eq!(ireland.zones[0].as_str(), "eu-west-1a");
        assert_eq!(
            find("westeurope").map(|r| r.provider),
            Some(Provider::Azure)
        );
        assert_eq!(region(Provider::Gcp, "eu-west-1"), None);
        assert_eq!(find("atlantis-1"), None);
        assert_eq!(
            nearest_region(Provider::Aws, "eu-wset-1"),
            Some("eu-west-1")
        );
        assert_eq!(nearest_region(Provider::Aws, "atlantis"), None);
    }
}
