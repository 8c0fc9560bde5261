//! Every rule of the fleet's files, in one list.

use crate::diag::Sink;

use super::Facts;

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What must hold, in a few words.
    pub about: &'static str,
    /// Emits a diagnostic for each place where it does not.
    pub check: fn(&Facts<'_>, &mut Sink),
}

/// Every rule, in the order in which they are applied.
pub const RULES: &[Rule] = &[];
