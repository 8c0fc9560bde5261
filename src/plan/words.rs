//! Numbers and lists as reasons say them.

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<_> = items.into_iter().collect();
    match items.as_slice() {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `61.2 ms` from microseconds, to a tenth.
pub(super) fn ms(micros: u64) -> String {
    let tenths = (micros + 50) / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

/// `61.2 ms` from nanoseconds, `an unknown time` from nothing.
pub(super) fn known(ns: Option<u64>) -> String {
    ns.map_or_else(|| "an unknown time".to_owned(), |ns| ms(ns / 1000))
}

/// The mean in nanoseconds of a sum of weights × microseconds, rounded to the nearest.
pub(super) fn mean_ns(sum: u128, total: u128) -> u64 {
    let mean = (sum.saturating_mul(1000) + total / 2) / total.max(1);
    u64::try_from(mean).unwrap_or(u64::MAX)
}

/// The mean of a sum of weights × microseconds, as `61.2 ms`.
pub(super) fn mean(sum: u128, total: u128) -> String {
    ms(mean_ns(sum, total) / 1000)
}

/// `55%`, `12.3%`: a part of a whole, to a tenth.
pub(super) fn percent(part: u128, whole: u128) -> String {
    let tenths = (part.saturating_mul(1000) + whole / 2) / whole.max(1);
    match (tenths / 10, tenths % 10) {
        (0, 0) if part > 0 => "under 0.1%".to_owned(),
        (units, 0) => format!("{units}%"),
        (units, tenth) => format!("{units}.{tenth}%"),
    }
}

/// `1 region`, `3 regions`.
pub(super) fn count(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_read_as_prose() {
        assert_eq!(list(["a"]), "a");
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        assert_eq!(ms(61_249), "61.2 ms");
        assert_eq!(ms(49), "0.0 ms");
        assert_eq!(mean_ns(10, 3), 3333);
        assert_eq!(percent(55, 100), "55%");
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(percent(1, 1_000_000), "under 0.1%");
    }
}
