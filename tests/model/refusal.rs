//! Refusals, as the contract's table of errors has them.

use crate::parameters::Wrong;

/// What the refusals of a request have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refusal {
    pub status: u64,
    pub code: u64,
    pub retry_after: Option<i64>,
    /// The parameters that are wrong, each with its code; which of them comes first is open.
    pub wrong: Wrong,
}

impl Refusal {
    pub fn new(status: u64, code: u64) -> Self {
        Self {
            status,
            code,
            ..Self::default()
        }
    }

    /// The same, to be tried again after so many seconds.
    pub fn for_seconds(self, seconds: i64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// Refuses the parameters that are wrong, if any are.
    pub fn parameters(wrong: Wrong) -> Result<(), Self> {
        match wrong.first() {
            None => Ok(()),
            Some(&(_, code)) => Err(Self {
                wrong,
                ..Self::new(400, code)
            }),
        }
    }
}

/// Who is nobody, or has no business here.
pub fn nobody() -> Refusal {
    Refusal::new(401, 20003)
}

pub fn not_found() -> Refusal {
    Refusal::new(404, 20404)
}
