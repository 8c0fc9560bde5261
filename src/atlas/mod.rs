//! Public facts of cloud regions, countries and blocs, and measured round trips between regions.
//!
//! The tables stand in `regions/` as CSV, each with its source and date, and are embedded. They
//! are parsed once, on first use; a test reads every row.

mod aliases;
mod countries;
mod duties;
mod regions;
mod round_trips;
mod table;

pub use aliases::alias_seconds;
pub use countries::{
    ADEQUACY, CONTINENTS, CountryFacts, bloc, bloc_names, continent, country, country_coordinates,
    is_country, nearest_area,
};
pub use duties::{Duty, duties};
pub use regions::{AtlasRegion, find, nearest_region, region, regions};
pub use round_trips::round_trip;

use crate::model::place::Coordinates;

/// The tables by name, as they are embedded.
pub const TEXTS: &[(&str, &str)] = &[
    ("regions/aws.csv", include_str!("../../regions/aws.csv")),
    ("regions/gcp.csv", include_str!("../../regions/gcp.csv")),
    ("regions/azure.csv", include_str!("../../regions/azure.csv")),
    (
        "regions/rtt-aws.csv",
        include_str!("../../regions/rtt-aws.csv"),
    ),
    (
        "regions/rtt-gcp.csv",
        include_str!("../../regions/rtt-gcp.csv"),
    ),
    (
        "regions/rtt-azure.csv",
        include_str!("../../regions/rtt-azure.csv"),
    ),
    (
        "regions/countries.csv",
        include_str!("../../regions/countries.csv"),
    ),
    ("regions/blocs.csv", include_str!("../../regions/blocs.csv")),
    (
        "regions/duties.csv",
        include_str!("../../regions/duties.csv"),
    ),
];

/// Reads decimal degrees into millionths.
fn degrees(text: &str) -> Option<i32> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.len() > 6 {
        return None;
    }
    let micro =
        whole.parse::<i32>().ok()? * 1_000_000 + format!("{fraction:0<6}").parse::<i32>().ok()?;
    Some(if negative { -micro } else { micro })
}

fn coordinates(lat: &str, lon: &str) -> Option<Coordinates> {
    Some(Coordinates {
        lat: degrees(lat)?,
        lon: degrees(lon)?,
    })
}
