//! The contract's section on guesses: which code is right, and how often one may be wrong.

use crate::devices;
use crate::factor::Totp;
use crate::refusal::Refusal;

const TOO_MANY: Refusal = Refusal {
    status: 429,
    code: 60308,
    retry_after: None,
    wrong: Vec::new(),
};

/// What was guessed for a Factor.
#[derive(Clone, Default)]
pub struct Guesses {
    /// Wrong ones while it was being verified.
    on_verification: u32,
    /// Wrong ones one after another.
    in_a_row: u32,
    /// When the last wrong one was.
    last: i64,
    /// What verified it.
    pub verified_by: Option<VerifiedBy>,
    /// When the time step of the last code that was right began.
    pub accepted: Option<i64>,
}

/// The code that verified a Factor.
#[derive(Clone)]
pub struct VerifiedBy {
    pub code: String,
    /// When its time step began.
    begins: i64,
}

/// What an update does after its proof was looked at.
pub enum Attempt {
    /// It had none, or one that proved the same before.
    Good,
    Verifies,
    Wrong,
}

impl Totp {
    /// The seconds at which the time steps in the window begin, the latest first.
    pub fn window(&self, now: i64) -> Vec<i64> {
        let step = now / self.time_step;
        let steps = (step - self.skew..=step + self.skew).rev();
        steps.map(|step| step * self.time_step).collect()
    }

    /// How many wrong ones in a row disable it.
    fn disabled_at(&self) -> u32 {
        match self.code_length {
            3 | 4 => 10,
            5 => 20,
            _ => 100,
        }
    }

    fn is_disabled(&self) -> bool {
        self.guesses.in_a_row >= self.disabled_at()
    }

    fn is_used_up(&self, verified: bool) -> bool {
        !verified && self.guesses.on_verification >= 5
    }

    /// Whether no further code is compared.
    pub fn is_stopped(&self, verified: bool) -> bool {
        self.is_disabled() || self.is_used_up(verified)
    }

    /// When the next guess is compared.
    pub fn end_of_wait(&self) -> Option<i64> {
        let more = self.guesses.in_a_row.checked_sub(10)?;
        let wait = (0..more).fold(30, |wait: i64, _| (2 * wait).min(3600));
        Some(self.guesses.last + wait)
    }

    pub fn attempt(&mut self, verified: bool, code: &str, now: i64) -> Result<Attempt, Refusal> {
        if self.is_used_up(verified) {
            return Err(Refusal::new(429, 60310));
        }
        self.may_guess(now)?;
        if verified {
            if self.is_retry(code, now) {
                return Ok(Attempt::Good);
            }
            self.count(now);
            return Err(Refusal::new(403, 60311));
        }
        if !self.guess(code, now) {
            self.guesses.on_verification += 1;
            return Ok(Attempt::Wrong);
        }
        let by = self.guesses.accepted.map(|begins| VerifiedBy {
            code: code.to_owned(),
            begins,
        });
        self.guesses.verified_by = by;
        Ok(Attempt::Verifies)
    }

    /// Whether there are not too many wrong ones for any further Challenge.
    pub fn may_be_asked(&self) -> Result<(), Refusal> {
        if self.is_disabled() {
            return Err(TOO_MANY);
        }
        Ok(())
    }

    /// Whether a code is compared.
    pub fn may_guess(&self, now: i64) -> Result<(), Refusal> {
        self.may_be_asked()?;
        match self.end_of_wait().filter(|end| now < *end) {
            Some(end) => Err(TOO_MANY.for_seconds(end - now)),
            None => Ok(()),
        }
    }

    /// Compares a code, whose time step has to begin later than that of the last one that was right.
    pub fn guess(&mut self, code: &str, now: i64) -> bool {
        let is_new = |begins: &i64| self.guesses.accepted.is_none_or(|accepted| *begins > accepted);
        let mut window = self.window(now).into_iter().filter(is_new);
        // The latest of those that are equal, or it would be good once more.
        match window.find(|begins| devices::code(self, *begins) == code) {
            None => {
                self.count(now);
                false
            }
            right => {
                self.guesses.in_a_row = 0;
                self.guesses.accepted = right;
                true
            }
        }
    }

    fn count(&mut self, now: i64) {
        self.guesses.in_a_row += 1;
        self.guesses.last = now;
    }

    fn is_retry(&self, code: &str, now: i64) -> bool {
        let verified_by = self.guesses.verified_by.as_ref();
        verified_by.is_some_and(|by| by.code == code && self.window(now).contains(&by.begins))
    }

    /// A code that isn't right now, and didn't verify the Factor.
    pub fn wrong_code(&self, now: i64) -> String {
        let mut right: Vec<String> = self
            .window(now)
            .into_iter()
            .map(|second| devices::code(self, second))
            .collect();
        right.extend(self.guesses.verified_by.as_ref().map(|by| by.code.clone()));
        let mut codes = (0..).map(|number| format!("{number:0length$}", length = self.code_length));
        codes.find(|code| !right.contains(code)).unwrap_or_default()
    }
}
