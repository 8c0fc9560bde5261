//! Countries to the duties of those who lose personal data there: who is told, and by when.

use std::sync::OnceLock;

use super::bloc;
use super::table::Table;
use crate::model::place::Country;

const TEXT: &str = include_str!("../../regions/duties.csv");

/// One duty to tell somebody of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    /// The country or bloc whose law it is.
    pub area: &'static str,
    /// The law and its article.
    pub law: &'static str,
    /// Who is told.
    pub whom: &'static str,
    /// By when.
    pub within: &'static str,
}

/// The duties where a country's law holds, in the order of the table.
pub fn duties(country: Country) -> impl Iterator<Item = &'static Duty> {
    all().iter().filter(move |duty| {
        duty.area == country.as_str() || bloc(duty.area).is_some_and(|b| b.contains(&country))
    })
}

fn all() -> &'static [Duty] {
    static ALL: OnceLock<Vec<Duty>> = OnceLock::new();
    ALL.get_or_init(|| {
        let table = Table::parse(TEXT);
        let row = |row: super::table::Row<'_, 'static>| Duty {
            area: row.get("area"),
            law: row.get("law"),
            whom: row.get("whom"),
            within: row.get("within"),
        };
        table.rows().map(row).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_and_its_area_is_one() {
        assert!(all().len() > 15);
        for duty in all() {
            let country = Country::parse(duty.area).is_some_and(super::super::is_country);
            assert!(country || bloc(duty.area).is_some(), "{duty:?}");
            assert!(
                ![duty.law, duty.whom, duty.within].contains(&""),
                "{duty:?}"
            );
        }
    }

    #[test]
    fn members_of_a_bloc_have_its_duties() {
        let laws = |country: &str| -> Vec<&str> {
            let country = Country::parse(country).unwrap();
            duties(country).map(|d| d.area).collect()
        };
        assert_eq!(laws("IE"), ["EU", "EU", "EU"]);
        assert_eq!(laws("IN"), ["IN"]);
        assert_eq!(laws("AQ"), [""; 0]);
    }
}
