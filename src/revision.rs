//! Revisions: which write of an item one has read.

use crate::parameters::Rule;

/// How often an item was written. Every write counts it up, and one that depends on what was read goes through only where it is
/// still the one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Revision(u64);

/// Which write of an item was read: its revision, and the request that left it. The revision alone would do for one life of an item;
/// one that was deleted and made again counts from 1 again, by another request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AsRead<'a> {
    pub(crate) revision: Revision,
    pub(crate) request_id: &'a str,
}

impl Revision {
    /// The revision of an item that was just made.
    pub(crate) const FIRST: Self = Self(1);

    /// Reads a revision.
    ///
    /// # Errors
    /// If it isn't a whole number.
    pub(crate) fn parse(text: &str) -> Result<Self, Rule> {
        const RULE: Rule = Rule::own("must be a whole number");
        text.parse().map(Self).map_err(|_| RULE)
    }

    /// The revision after this one.
    pub(crate) fn next(self) -> Self {
        // Nobody writes an item so often.
        Self(self.0.saturating_add(1))
    }

    /// The number.
    #[must_use]
    pub(crate) fn get(self) -> u64 {
        self.0
    }
}
