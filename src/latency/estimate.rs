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
/// absolute error over the AWS matrix of the atlas (the best for all three of its matrices, 8 ms and
/// 1.55, is 0.3 ms nearer on average). Against these, without their diagonals:
///
/// | matrix | pairs | mean error | median error | worst 10 % from | measured / estimated: 5 %, half, 95 % |
/// |---|---|---|---|---|---|
/// | AWS | 992 | 29 ms | 16 ms | 73 ms | 0.76, 1.00, 1.74 |
/// | Azure | 2,862 | 22 ms | 14 ms | 53 ms | 0.73, 0.95, 1.51 |
/// | Google Cloud | 380 | 42 ms | 23 ms | 112 ms | 0.66, 0.91, 2.01 |
///
/// It is too high by 4 ms within 1,000 km (mean error 5 ms), where the floor dominates, and too low
/// by 18 ms between 5,000 and 10,000 km (mean error 32 ms): cables from Africa, South America and
/// the Gulf take detours that no great circle knows. So an estimate is marked wherever it counts.
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

    /// Absolute errors in microseconds, and measured over estimated in hundredths; both sorted.
    fn errors(provider: Provider) -> (Vec<u64>, Vec<u64>) {
        let (mut errors, mut ratios) = (Vec::new(), Vec::new());
        for a in atlas::regions(provider) {
            for b in atlas::regions(provider).filter(|b| b.code != a.code) {
                let Some(measured) = atlas::round_trip(provider, a.code, b.code) else {
                    continue;
                };
                let guess = estimate(a.coordinates, b.coordinates).as_micros();
                errors.push(guess.abs_diff(measured.as_micros()));
                ratios.push(measured.as_micros() * 100 / guess);
            }
        }
        errors.sort_unstable();
        ratios.sort_unstable();
        (errors, ratios)
    }

    #[test]
    fn the_estimate_is_as_near_to_the_measured_matrices_as_is_documented() {
        for (provider, pairs, mean, median, worst, quantiles) in [
            (Provider::Aws, 32 * 31, 29, 16, 73, [75, 100, 173]),
            (Provider::Azure, 54 * 53, 22, 14, 53, [72, 94, 150]),
            (Provider::Gcp, 20 * 19, 42, 23, 112, [65, 90, 201]),
        ] {
            let (errors, ratios) = errors(provider);
            let name = provider.name();
            assert_eq!(errors.len(), pairs, "{name}");
            let of = |sorted: &[u64], part: usize| sorted[(sorted.len() - 1) * part / 100];
            let sum: u64 = errors.iter().sum();
            let found = (
                sum / pairs as u64 / 1000,
                of(&errors, 50) / 1000,
                of(&errors, 90) / 1000,
            );
            assert_eq!(found, (mean, median, worst), "{name}");
            let found = [5, 50, 95].map(|part| of(&ratios, part));
            for (found, told) in found.into_iter().zip(quantiles) {
                assert!(found.abs_diff(told) <= 1, "{name}: {found} is not {told}");
            }
        }
    }
}
