//! "Did you mean": the known name that is nearest to a mistyped one.

/// How few letters can be the beginning of a name that was shortened or made longer.
const BEGINNING: usize = 3;

/// The nearest of the known names, if it is near enough to be what was meant: one or two slips of
/// the hand, then a name that is the beginning of the other, then more slips; ties go to the name
/// that comes first.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let allowed = (typed.chars().count() / 3).clamp(1, 4);
    let rank = |name: &str| {
        let name = name.to_lowercase();
        let slips = strsim::damerau_levenshtein(&typed, &name);
        let begins = typed.starts_with(&name) || name.starts_with(&typed);
        let begins = begins && typed.len().min(name.len()) >= BEGINNING;
        match (slips <= allowed, begins) {
            (true, _) if slips <= 2 => Some((0, slips)),
            (_, true) => Some((1, slips)),
            (true, false) => Some((2, slips)),
            (false, false) => None,
        }
    };
    known
        .into_iter()
        .filter_map(|name| Some((rank(name)?, name)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let known = ["region", "regions", "provider", "wave", "adservice", "cart"];
        for (typed, meant) in [
            ("regoin", Some("region")),
            ("Regions", Some("regions")),
            ("wvae", Some("wave")),
            ("cartservice", Some("cart")),
            ("prov", Some("provider")),
            ("adservices", Some("adservice")),
            ("clusters", None),
            ("c", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }
}
