//! Measured round trips between regions of one cloud.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::place::Provider;
use crate::model::rtt::Rtt;

use super::table::Table;

type Matrix = BTreeMap<&'static str, BTreeMap<&'static str, Rtt>>;

static AWS: LazyLock<Matrix> = LazyLock::new(|| parse(include_str!("../../regions/rtt-aws.csv")));
static GCP: LazyLock<Matrix> = LazyLock::new(|| parse(include_str!("../../regions/rtt-gcp.csv")));
static AZURE: LazyLock<Matrix> =
    LazyLock::new(|| parse(include_str!("../../regions/rtt-azure.csv")));

fn parse(text: &'static str) -> Matrix {
    let table = Table::parse(text);
    table
        .rows()
        .map(|row| {
            let cells = table
                .columns()
                .filter(|(name, _)| *name != "from")
                .filter_map(|(name, index)| Some((name, Rtt::parse_ms(row.at(index))?)))
                .collect();
            (row.get("from"), cells)
        })
        .collect()
}

/// The measured median round trip from a region (client or leader) to another of the same cloud,
/// or inside one; `None` where nobody measured it.
pub fn round_trip(provider: Provider, from: &str, to: &str) -> Option<Rtt> {
    let matrix: &Matrix = match provider {
        Provider::Aws => &AWS,
        Provider::Gcp => &GCP,
        Provider::Azure => &AZURE,
    };
    matrix.get(from)?.get(to).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(matrix: &Matrix) -> usize {
        matrix.values().map(BTreeMap::len).sum()
    }

    #[test]
    fn matrices_are_as_complete_as_their_sources() {
        assert_eq!((AWS.len(), pairs(&AWS)), (32, 32 * 32));
        assert_eq!((GCP.len(), pairs(&GCP)), (20, 20 * 20));
        assert_eq!(
            (AZURE.len(), pairs(&AZURE)),
            (54, 54 * 53),
            "no diagonal is published"
        );
        for (provider, matrix) in [
            (Provider::Aws, &AWS),
            (Provider::Gcp, &GCP),
            (Provider::Azure, &AZURE),
        ] {
            for code in matrix.keys() {
                assert!(
                    super::super::region(provider, code).is_some(),
                    "{code} is in the atlas"
                );
            }
        }
    }

    #[test]
    fn direction_counts_and_the_diagonal_is_kept() {
        let ms = |from, to| round_trip(Provider::Aws, from, to).map(|r| r.to_string());
        assert_eq!(ms("af-south-1", "af-south-1").as_deref(), Some("4.537 ms"));
        assert_eq!(ms("af-south-1", "ap-east-1").as_deref(), Some("350.17 ms"));
        assert_ne!(ms("ap-east-1", "af-south-1"), ms("af-south-1", "ap-east-1"));
        assert_eq!(ms("af-south-1", "westeurope"), None);
        assert_eq!(
            round_trip(Provider::Azure, "westeurope", "westeurope"),
            None
        );
    }
}
