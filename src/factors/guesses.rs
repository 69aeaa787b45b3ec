//! Guesses: how often a code can be wrong (contract, section 7; NIST SP 800-63B-4, 3.2.2).

use crate::services::CodeLength;
use crate::time::Timestamp;

/// The wrong codes on a Factor so far. What is not counted is not compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Guesses {
    /// While it was being verified.
    pub(super) verification: u8,
    /// Since the last right one, wherever they were sent.
    pub(super) in_a_row: u8,
    /// No further one is compared before; `None` while none has to wait.
    pub(super) wait_until: Option<Timestamp>,
}

/// Why a code is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// There were too many while the Factor was being verified.
    UsedUp,
    /// There were too many in a row: the next is compared after so many seconds.
    Wait(u64),
    /// There were too many in a row for any further one.
    Disabled,
}

/// Wrong codes on a Factor that is being verified, at the most (error 60310).
const MAX_WRONG_AT_VERIFICATION: u8 = 5;
/// Wrong codes in a row after which the next has to wait.
const WRONG_IN_A_ROW_BEFORE_A_WAIT: u8 = 10;
/// What the first has to wait; each further one waits twice as long.
const FIRST_WAIT_SECONDS: u32 = 30;
/// What one has to wait, at the most.
const LONGEST_WAIT_SECONDS: u32 = 3600;

/// Wrong codes in a row that disable a Factor: 100 (NIST SP 800-63B-4, 3.2.2), and fewer where there are fewer codes to guess.
const fn disabling(code_length: u8) -> u8 {
    match code_length {
        ..=4 => 10,
        5 => 20,
        _ => 100,
    }
}

impl Guesses {
    /// Whether a code may be compared at `now`, on a Factor that is being verified or was.
    pub(super) fn may_try(
        &self,
        is_verified: bool,
        code_length: CodeLength,
        now: Timestamp,
    ) -> Result<(), Stopped> {
        if !is_verified && self.verification >= MAX_WRONG_AT_VERIFICATION {
            return Err(Stopped::UsedUp);
        }
        if self.are_too_many(code_length) {
            return Err(Stopped::Disabled);
        }
        match self.wait_until {
            Some(until) if now < until => Err(Stopped::Wait(until.unix() - now.unix())),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether there were too many in a row for any further one.
    pub(super) fn are_too_many(&self, code_length: CodeLength) -> bool {
        self.in_a_row >= disabling(code_length.get())
    }

    /// One more that was wrong at `now`.
    #[must_use]
    pub(super) fn wrong(self, is_verified: bool, now: Timestamp) -> Self {
        let in_a_row = self.in_a_row.saturating_add(1);
        let wait = in_a_row.checked_sub(WRONG_IN_A_ROW_BEFORE_A_WAIT).map(|further| {
            let doubled =
                FIRST_WAIT_SECONDS.saturating_mul(1_u32.checked_shl(further.into()).unwrap_or(u32::MAX));
            doubled.min(LONGEST_WAIT_SECONDS)
        });
        Self {
            verification: self.verification.saturating_add(u8::from(!is_verified)),
            in_a_row,
            wait_until: wait.map(|seconds| now.after(seconds)),
        }
    }

    /// After one that was right: those in a row start anew, and nothing else.
    #[must_use]
    pub(super) fn right(self) -> Self {
        Self {
            verification: self.verification,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::parse_unix(&(1_700_000_000 + second).to_string()).unwrap()
    }

    fn digits(length: u8) -> CodeLength {
        CodeLength::parse(&length.to_string()).unwrap()
    }

    #[test]
    fn five_wrong_codes_end_a_verification_for_good() {
        let mut guesses = Guesses::default();
        for number in 0..5 {
            assert_eq!(guesses.may_try(false, digits(6), at(0)), Ok(()), "after {number}");
            guesses = guesses.wrong(false, at(0));
        }
        for later in [0, 30, 86_400, 1_000_000_000] {
            assert_eq!(guesses.may_try(false, digits(6), at(later)), Err(Stopped::UsedUp));
        }
    }

    #[test]
    fn from_ten_in_a_row_each_waits_30_seconds_then_twice_as_long_up_to_an_hour_until_a_hundred() {
        let (mut guesses, mut now) = (Guesses::default(), 0);
        for number in 1..=100_u32 {
            assert_eq!(
                guesses.may_try(true, digits(6), at(now)),
                Ok(()),
                "before {number}"
            );
            guesses = guesses.wrong(true, at(now));
            let wait = match number {
                ..10 => 0,
                10 => 30,
                11 => 60,
                12 => 120,
                13 => 240,
                14 => 480,
                15 => 960,
                16 => 1920,
                17..100 => 3600,
                100.. => break,
            };
            for passed in [0, 1, wait / 2, wait - u64::from(wait > 0)] {
                if passed < wait {
                    let told = guesses.may_try(true, digits(6), at(now + passed));
                    assert_eq!(
                        told,
                        Err(Stopped::Wait(wait - passed)),
                        "{passed} s after {number}"
                    );
                }
            }
            now += wait;
        }
        for later in [0, 3600, 1_000_000_000] {
            let told = guesses.may_try(true, digits(6), at(now + later));
            assert_eq!(told, Err(Stopped::Disabled));
        }
    }

    #[test]
    fn short_codes_disable_a_factor_sooner() {
        for (length, limit) in [(3, 10), (4, 10), (5, 20), (6, 100), (7, 100), (8, 100)] {
            for in_a_row in 0..=limit {
                let guesses = Guesses {
                    in_a_row,
                    ..Guesses::default()
                };
                let expected = if in_a_row < limit {
                    Ok(())
                } else {
                    Err(Stopped::Disabled)
                };
                assert_eq!(
                    guesses.may_try(true, digits(length), at(0)),
                    expected,
                    "{length}, {in_a_row}"
                );
            }
        }
    }

    #[test]
    fn a_right_code_starts_those_in_a_row_anew_and_not_those_of_the_verification() {
        let guesses = (0..4).fold(Guesses::default(), |guesses, _| guesses.wrong(false, at(0)));
        let guesses = (0..8).fold(guesses, |guesses, _| guesses.wrong(true, at(0)));
        assert_eq!((guesses.verification, guesses.in_a_row), (4, 12));
        assert_eq!(guesses.may_try(true, digits(6), at(0)), Err(Stopped::Wait(120)));
        let guesses = guesses.right();
        assert_eq!(
            (guesses.verification, guesses.in_a_row, guesses.wait_until),
            (4, 0, None)
        );
        assert_eq!(guesses.may_try(true, digits(6), at(0)), Ok(()));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_a_wait_longer_and_never_shorter() {
        let guesses = (0..10).fold(Guesses::default(), |guesses, _| guesses.wrong(true, at(1000)));
        assert_eq!(guesses.may_try(true, digits(6), at(0)), Err(Stopped::Wait(1030)));
    }
}
