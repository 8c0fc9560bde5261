//! Great-circle distance that is the same to the metre on every machine.
//!
//! Uses only the operations that IEEE 754 rounds correctly (`+ - * /` and the square root), in a
//! fixed order: the sine and arc tangent of a platform's library may differ in the last bit.

use crate::model::place::Coordinates;

/// Mean radius of the earth in metres (IUGG).
const RADIUS_M: f64 = 6_371_008.8;
const HALF_PI: f64 = std::f64::consts::FRAC_PI_2;

/// The great-circle distance in whole metres (haversine formula).
pub fn distance_m(a: Coordinates, b: Coordinates) -> u64 {
    let lat = i64::from(a.lat) - i64::from(b.lat);
    let lon = (i64::from(a.lon) - i64::from(b.lon)).abs() % 360_000_000;
    let lon = lon.min(360_000_000 - lon);
    let s = sine(radians(lat) / 2.0);
    let t = sine(radians(lon) / 2.0);
    let cosines = cosine(radians(i64::from(a.lat))) * cosine(radians(i64::from(b.lat)));
    let h = (s * s + cosines * (t * t)).clamp(0.0, 1.0);
    let angle = 2.0 * arc_tangent(h.sqrt(), (1.0 - h).sqrt());
    // At most half the circumference: the conversion cannot overflow.
    (RADIUS_M * angle + 0.5) as u64
}

fn radians(millionths: i64) -> f64 {
    millionths as f64 * (std::f64::consts::PI / 180_000_000.0)
}

/// Sine by its Taylor series, for an argument within a quarter turn.
fn sine(x: f64) -> f64 {
    let square = x * x;
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while n < 23.0 {
        term = -(term * square) / ((n + 1.0) * (n + 2.0));
        sum += term;
        n += 2.0;
    }
    sum
}

/// Cosine, for a latitude: within a quarter turn.
fn cosine(x: f64) -> f64 {
    sine(HALF_PI - x.abs())
}

/// The angle whose tangent is `y / x`, both non-negative and not both zero.
fn arc_tangent(y: f64, x: f64) -> f64 {
    if y > x {
        return HALF_PI - arc_tangent(x, y);
    }
    // Halve the angle three times, then the series converges fast.
    let mut t = y / x;
    for _ in 0..3 {
        t /= 1.0 + (1.0 + t * t).sqrt();
    }
    let square = t * t;
    let (mut power, mut sum, mut n) = (t, t, 1.0);
    while n < 25.0 {
        power = -(power * square);
        n += 2.0;
        sum += power / n;
    }
    8.0 * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: i32, lon: i32) -> Coordinates {
        Coordinates { lat, lon }
    }

    #[test]
    fn distances_match_the_library_and_known_places() {
        let dublin = at(53_349_800, -6_260_300);
        let virginia = at(39_045_800, -77_487_400);
        for (name, a, b, km) in [
            ("the same place", dublin, dublin, 0),
            ("Dublin to Virginia", dublin, virginia, 5_461),
            (
                "pole to pole",
                at(90_000_000, 0),
                at(-90_000_000, 0),
                20_015,
            ),
            (
                "antipodes on the equator",
                at(0, 0),
                at(0, 180_000_000),
                20_015,
            ),
            (
                "over the date line",
                at(0, 179_000_000),
                at(0, -179_000_000),
                222,
            ),
            ("a quarter turn", at(0, 0), at(0, 90_000_000), 10_008),
        ] {
            let metres = distance_m(a, b);
            assert_eq!((metres + 500) / 1000, km, "{name}: {metres} m");
            assert_eq!(metres, distance_m(b, a), "{name} backwards");
        }
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_the_standard_library_to_a_metre(
            lat in -90_000_000..=90_000_000_i32, lon in -180_000_000..=180_000_000_i32,
            lat2 in -90_000_000..=90_000_000_i32, lon2 in -180_000_000..=180_000_000_i32,
        ) {
            let rad = |m: i32| f64::from(m) / 1e6 * std::f64::consts::PI / 180.0;
            let h = ((rad(lat2) - rad(lat)) / 2.0).sin().powi(2)
                + rad(lat).cos() * rad(lat2).cos() * ((rad(lon2) - rad(lon)) / 2.0).sin().powi(2);
            let expected = 2.0 * RADIUS_M * h.sqrt().atan2((1.0 - h).max(0.0).sqrt());
            let found = distance_m(at(lat, lon), at(lat2, lon2)) as f64;
            proptest::prop_assert!((found - expected).abs() < 1.5, "{found} {expected}");
        }
    }
}
