//! The formats of reports, as `--format` spells them.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::report::Format;

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
