//! Cron fields, as Kubernetes (robfig/cron v3) reads them.

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    words: &'static [&'static str],
}

const FIELDS: [Field; 6] = [
    Field {
        name: "second",
        least: 0,
        most: 59,
        words: &[],
    },
    Field {
        name: "minute",
        least: 0,
        most: 59,
        words: &[],
    },
    Field {
        name: "hour",
        least: 0,
        most: 23,
        words: &[],
    },
    Field {
        name: "day of month",
        least: 1,
        most: 31,
        words: &[],
    },
    Field {
        name: "month",
        least: 1,
        most: 12,
        words: &MONTHS,
    },
    Field {
        name: "day of week",
        least: 0,
        most: 6,
        words: &DAYS,
    },
];

/// Why a text is no schedule of five fields, or six with seconds first.
pub(super) fn fault_of(text: &str, seconds: bool) -> Option<String> {
    if let Some(word) = text.strip_prefix('@') {
        let known = [
            "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly",
        ];
        return (!known.contains(&word)).then(|| "is no known word".to_owned());
    }
    let fields = if seconds { &FIELDS[..] } else { &FIELDS[1..] };
    let written: Vec<&str> = text.split_ascii_whitespace().collect();
    if written.len() != fields.len() {
        return Some(format!(
            "has {} fields, not {}",
            written.len(),
            fields.len()
        ));
    }
    let bad = fields
        .iter()
        .zip(written)
        .find(|(field, text)| !field.accepts(text));
    bad.map(|(field, text)| format!("has no {} `{text}`", field.name))
}

impl Field {
    fn accepts(&self, text: &str) -> bool {
        text.split(',').all(|part| {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step)),
                None => (part, None),
            };
            let step_fits = step.is_none_or(|s| number(s).is_some_and(|n| n > 0 && n <= self.most));
            step_fits && self.range(range)
        })
    }

    fn range(&self, text: &str) -> bool {
        match text.split_once('-') {
            _ if matches!(text, "*" | "?") => true,
            Some((a, b)) => match (self.value(a), self.value(b)) {
                (Some(a), Some(b)) => a <= b,
                _ => false,
            },
            None => self.value(text).is_some(),
        }
    }

    fn value(&self, text: &str) -> Option<u32> {
        let upper = text.to_ascii_uppercase();
        let word = self.words.iter().position(|w| *w == upper);
        let value = match word {
            Some(index) => index as u32 + self.least,
            None => number(text)?,
        };
        (self.least..=self.most).contains(&value).then_some(value)
    }
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_what_the_controller_takes() {
        for good in [
            "0 3 * * *",
            "*/5 * * * *",
            "0 0 1,15 * MON-FRI",
            "@daily",
            "5/10 0-6 ? jan 0",
        ] {
            assert_eq!(fault_of(good, false), None, "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "0 24 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "@never",
            "-1 * * * *",
        ] {
            assert!(fault_of(bad, false).is_some(), "{bad}");
        }
        assert_eq!(fault_of("0 0 3 * * *", true), None);
        assert!(fault_of("0 3 * * *", true).is_some());
    }
}
