//! The formats of reports, as `--format` spells them.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::report::{DriftFormat, Format};

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(match self {
            Self::Text => "For people",
            Self::Json => "For machines; versioned, see `regen schema`",
        }))
    }
}

impl ValueEnum for DriftFormat {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(match self {
            Self::Text => "For people",
            Self::Json => "For machines; versioned, see `regen schema`",
            Self::Prometheus => {
                "Gauges of objects by verdict and of findings by kind, for Prometheus"
            }
        }))
    }
}
