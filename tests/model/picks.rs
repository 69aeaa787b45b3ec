//! Which of the Factors that there are, or were.

use crate::contract::Place;
use crate::factor::Factor;
use crate::history::{FULL, Which};
use crate::run::Run;

impl Run<'_> {
    /// A Factor that is there, or is or was there; where there is none, one that never was.
    pub fn pick(&self, which: Which) -> (Place, String) {
        let is_there = |(place, sid): &&(Place, String)| match self.contract.factor(*place, sid) {
            Err(_) => false,
            Ok(_) if self.contract.service(*place).is_err() => false,
            Ok(factor) => match which {
                Which::There(_) | Which::Any(_) => true,
                Which::Verified(_) => factor.verified,
                Which::Unverified(_) => !factor.verified,
                Which::Phone(_) => factor.phone().is_some(),
                Which::UnverifiedPhone(_) => factor.phone().is_some() && !factor.verified,
            },
        };
        let picked = match which {
            Which::Any(back) => nth_from_last(&self.known, back),
            Which::There(back)
            | Which::Verified(back)
            | Which::Unverified(back)
            | Which::Phone(back)
            | Which::UnverifiedPhone(back) => {
                let there: Vec<&(Place, String)> = self.known.iter().filter(is_there).collect();
                nth_from_last(&there, back).copied()
            }
        };
        let nothing = || (FULL, format!("YF{}", "0".repeat(32)));
        picked.cloned().unwrap_or_else(nothing)
    }

    /// What the contract knows of a Factor, unless it is gone.
    pub fn factor(&self, which: Which) -> Option<&Factor> {
        let (place, sid) = self.pick(which);
        self.contract.factor(place, &sid).ok()
    }
}

/// From the last one back, around the ends.
pub fn nth_from_last<T>(list: &[T], nth: usize) -> Option<&T> {
    list.iter().rev().cycle().nth(nth)
}
