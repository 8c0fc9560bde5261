//! Round trips that nobody measured, from the great-circle distance.

use std::collections::BTreeMap;

use crate::atlas;
use crate::model::name::RegionName;
use crate::model::place::{Coordinates, Country};
use crate::model::rtt::Rtt;
use crate::model::world::Region;

use super::distance::distance_m;

/// Metres of distance per microsecond of round trip in fibre, at two thirds of the speed of light.
const METRES_PER_MICRO: u64 = 100;
/// How much longer cables are than the great circle, in hundredths.
const PATH_FACTOR: u64 = 155;
/// What is added whatever the distance: access, routing.
const FLOOR_MICROS: u64 = 11_000;

/// Estimates the round trip between two places: 11 ms + 1.55 × distance / (100 km per ms).
///
/// Light in fibre covers a round trip over 100 km in 1 ms; both constants minimise the mean
/// absolute error over the AWS matrix of the atlas, which is 29 ms (half of the pairs lie within
/// 0.9 and 1.24 times the estimate).
pub fn estimate(a: Coordinates, b: Coordinates) -> Rtt {
    let straight = distance_m(a, b) / METRES_PER_MICRO;
    Rtt::micros(FLOOR_MICROS + straight * PATH_FACTOR / 100)
}

/// Where the users of a country enter the fleet's network: its nearest region by great circle
/// (then by name), and the estimated round trip from the country's population centre to it.
pub fn user_leg(
    country: Country,
    regions: &BTreeMap<RegionName, Region>,
) -> Option<(&RegionName, Rtt)> {
    let home = atlas::country_coordinates(country)?;
    let (_, name, region) = regions
        .iter()
        .map(|(name, region)| (distance_m(home, region.coordinates), name, region))
        .min_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)))?;
    Some((name, estimate(home, region.coordinates)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::place::Provider;

    #[test]
    fn the_estimate_stays_near_the_measured_matrix() {
        let mut error = 0;
        let mut pairs = 0;
        for a in atlas::regions(Provider::Aws) {
            for b in atlas::regions(Provider::Aws).filter(|b| b.code != a.code) {
                let Some(measured) = atlas::round_trip(Provider::Aws, a.code, b.code) else {
                    continue;
                };
                let guess = estimate(a.coordinates, b.coordinates).as_micros();
                error += guess.abs_diff(measured.as_micros());
                pairs += 1;
            }
        }
        assert_eq!(pairs, 32 * 31);
        assert_eq!(error / pairs / 1000, 29, "mean absolute error in ms");
    }
}
