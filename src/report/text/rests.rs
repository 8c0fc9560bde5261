//! The round trips that decisions rest on, in words.

use crate::model::plan::RestsOn;

/// `992 round trips are compared: 12 from network/rtt.csv, 980 from the atlas`.
pub(super) fn all(rests: RestsOn, file: &str) -> Option<String> {
    if rests.total() == 0 {
        return None;
    }
    let parts: Vec<String> = [
        (rests.fleet, format!("from {file}")),
        (rests.atlas, "from the atlas".to_owned()),
        (rests.estimated, "estimated".to_owned()),
        (
            rests.inside,
            "inside a region and unmeasured, as 0".to_owned(),
        ),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!("{n} {what}"))
    .collect();
    let trips = match rests.total() {
        1 => "1 round trip is compared".to_owned(),
        n => format!("{n} round trips are compared"),
    };
    Some(format!("{trips}: {}", parts.join(", ")))
}

/// `rests on estimates: 4 of 12 round trips compared`, for decisions that do.
pub(super) fn estimates(rests: RestsOn) -> Option<String> {
    (rests.estimated > 0).then(|| {
        format!(
            "rests on estimates: {} of the {} round trips compared",
            rests.estimated,
            rests.total()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_where_there_is_any() {
        let mut rests = RestsOn::default();
        assert_eq!((all(rests, "f"), estimates(rests)), (None, None));
        rests.fleet = 1;
        assert_eq!(
            all(rests, "f").unwrap(),
            "1 round trip is compared: 1 from f"
        );
        (rests.atlas, rests.estimated) = (2, 3);
        assert_eq!(
            all(rests, "f").unwrap(),
            "6 round trips are compared: 1 from f, 2 from the atlas, 3 estimated"
        );
        assert_eq!(
            estimates(rests).unwrap(),
            "rests on estimates: 3 of the 6 round trips compared"
        );
    }
}
