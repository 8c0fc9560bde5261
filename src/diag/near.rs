//! "Did you mean": the known name that is nearest to a mistyped one.

/// The nearest of the known names, if it is near enough to be what was meant; ties go to the name
/// that comes first.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed_lower = typed.to_lowercase();
    let allowed = (typed.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&typed_lower, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let known = ["region", "regions", "provider", "wave"];
        for (typed, meant) in [
            ("regoin", Some("region")),
            ("Regions", Some("regions")),
            ("wvae", Some("wave")),
            ("clusters", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }
}
