//! What an exposure, and the calls behind it, say of time to how long a gateway waits.

use crate::model::duration::Duration;
use crate::model::world::{Exposure, Service};

use super::super::fact::Item;
use super::Of;

/// How long a gateway waits.
pub(super) struct Patience {
    /// For one try, with the field that says so.
    pub(super) one_try: Option<(Duration, &'static str)>,
    pub(super) retries: u32,
}

impl Patience {
    /// As the exposure says; else as long as the service itself may wait for a callee with all its
    /// tries, since giving up earlier would waste them.
    pub(super) fn of(service: &Service, exposure: &Exposure) -> Self {
        let own = service.resilience.timeout.map(|t| t.value);
        let tries = service.resilience.retries.map_or(0, |r| r.value);
        let waits = service.calls.iter().filter_map(|call| {
            let one = call.timeout.map(|t| t.value).or(own)?;
            Some(times(one, tries))
        });
        let written = exposure.timeout.map(|t| (t.value, "exposure.timeout"));
        let derived = waits.max().or(own).map(|d| (d, "resilience.timeout"));
        Self {
            one_try: written.or(derived),
            retries: exposure.retries.map_or(0, |r| r.value),
        }
    }

    /// For one try.
    pub(super) fn one_try(&self) -> Option<Duration> {
        self.one_try.map(|(one, _)| one)
    }

    /// All tries, with the longest pauses between them.
    pub(super) fn all(&self) -> Option<Duration> {
        let (one, _) = self.one_try?;
        Some(all(one, self.retries))
    }

    pub(super) fn timeouts(&self, of: &Of<'_>, read: bool) -> Item {
        let (Some((one, path)), Some(all)) = (self.one_try, self.all()) else {
            return Item::nothing();
        };
        let one_try = || of.at(path, text(one));
        if !read || self.retries == 0 {
            return Item::map([("request", one_try())]);
        }
        let all = of.at("exposure.retries", text(all));
        Item::map([("request", all), ("backendRequest", one_try())])
    }
}

/// The first pause between tries, and the longest; doubled from try to try, and any part of it.
pub(super) const PAUSES: (u64, u64) = (50, 500);

fn longest_pause(retry: u32) -> u64 {
    let doubled = 1_u64.checked_shl(retry).unwrap_or(u64::MAX);
    PAUSES.0.saturating_mul(doubled - 1).min(PAUSES.1)
}

/// All tries, with the longest pauses between them.
pub(super) fn all(one: Duration, retries: u32) -> Duration {
    let pauses: u64 = (1..=retries).map(longest_pause).sum();
    Duration::millis(times(one, retries).as_millis() + pauses)
}

fn times(one: Duration, retries: u32) -> Duration {
    Duration::millis(one.as_millis().saturating_mul(u64::from(retries) + 1))
}

/// A duration as the Gateway API reads it (GEP-2257): at most five digits before each unit.
pub(super) fn text(duration: Duration) -> String {
    let millis = duration.as_millis();
    let parts = [
        (millis / 3_600_000, "h"),
        (millis / 60_000 % 60, "m"),
        (millis / 1000 % 60, "s"),
        (millis % 1000, "ms"),
    ];
    match millis {
        0 => "0s".to_owned(),
        n if n < 100_000 && n % 1000 != 0 => format!("{n}ms"),
        n if n < 100_000_000 && n % 1000 == 0 => format!("{}s", n / 1000),
        _ => parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, unit)| format!("{n}{unit}"))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fit_the_pattern_of_the_gateway_api() {
        for (millis, expected) in [
            (0, "0s"),
            (800, "800ms"),
            (2000, "2s"),
            (6350, "6350ms"),
            (99_999_000, "99999s"),
            (100_001, "1m40s1ms"),
            (360_000_000, "100h"),
        ] {
            assert_eq!(text(Duration::millis(millis)), expected);
        }
    }

    #[test]
    fn all_tries_and_the_longest_pauses_fit() {
        for (retries, expected) in [(0, 2000), (1, 4050), (2, 6200), (5, 12_000 + 1550)] {
            let patience = Patience {
                one_try: Some((Duration::millis(2000), "exposure.timeout")),
                retries,
            };
            let all = patience.all().map(Duration::as_millis);
            assert_eq!(all, Some(expected), "{retries}");
        }
    }
}
