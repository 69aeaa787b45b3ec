//! Codes: what a user reads off an authenticator app (RFC 6238), compared with what a seed gives.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::Zeroizing;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq as _};

use super::{Totp, TotpAlgorithm};
use crate::parameters::Rule;

/// A code as it was sent: 3 to 8 ASCII digits. `Debug` shows nothing of it.
pub struct Code {
    /// Its digits as a number.
    number: Zeroizing<u32>,
    length: u8,
}

/// A time step, named by the second in which it begins, since 1970: so steps compare across lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step(u64);

impl Code {
    /// What anything else is refused for (contract, section 3, "Verify").
    pub const RULE: Rule = Rule::own("must be 3 to 8 digits");

    /// Reads a code. Nothing is trimmed and no other digits are taken: what isn't a code is not compared, so it is no guess.
    ///
    /// # Errors
    /// [`Code::RULE`].
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let length = u8::try_from(text.len()).map_err(|_| Self::RULE)?;
        if !(3..=8).contains(&length) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Self::RULE);
        }
        let number = text.parse().map_err(|_| Self::RULE)?;
        Ok(Self {
            number: Zeroizing::new(number),
            length,
        })
    }
}

impl Step {
    /// Reads a step from the table.
    ///
    /// # Errors
    /// If it isn't a whole number.
    pub(super) fn parse(text: &str) -> Result<Self, Rule> {
        const RULE: Rule = Rule::own("must be a number of seconds since 1970");
        text.parse().map(Self).map_err(|_| RULE)
    }

    /// The second in which it begins, since 1970.
    #[must_use]
    pub fn begins(self) -> u64 {
        self.0
    }
}

impl Totp {
    /// The time steps that are open at `now`, seconds since 1970, and of which `code` is the code, in their order: the present
    /// one, and as many before and after it as the skew says (RFC 6238, section 5.2).
    ///
    /// Every open step is compared, each in constant time, whichever matches.
    #[must_use]
    pub fn steps_of(&self, code: &Code, now: u64) -> Vec<Step> {
        let (length, skew) = (
            u64::from(self.config.time_step.get()),
            u64::from(self.config.skew.get()),
        );
        let present = now / length;
        // There is no step before the first, which began with 1970.
        let open = present.saturating_sub(skew)..=present.saturating_add(skew);
        let compared: Vec<(Choice, Step)> = open
            .map(|step| (self.is_code_of(code, step), Step(step.saturating_mul(length))))
            .collect();
        let matching = compared.into_iter().filter(|(matches, _)| (*matches).into());
        matching.map(|(_, step)| step).collect()
    }

    /// Whether `code` is the code of a step, counted from 1970.
    fn is_code_of(&self, code: &Code, step: u64) -> Choice {
        let number = Zeroizing::new(self.number_at(step));
        number.ct_eq(&code.number) & self.config.code_length.get().ct_eq(&code.length)
    }

    /// The code of a step as a number (RFC 4226, section 5.3).
    fn number_at(&self, step: u64) -> u32 {
        let step = step.to_be_bytes();
        let seed = self.seed.expose();
        let truncated = match self.config.algorithm {
            TotpAlgorithm::Sha1 => truncated(&mac::<Hmac<Sha1>>(seed, step)),
            TotpAlgorithm::Sha256 => truncated(&mac::<Hmac<Sha256>>(seed, step)),
            TotpAlgorithm::Sha512 => truncated(&mac::<Hmac<Sha512>>(seed, step)),
        };
        truncated % 10_u32.pow(self.config.code_length.get().into())
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn mac<M: Mac + KeyInit>(seed: &[u8], step: [u8; 8]) -> Zeroizing<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(seed).expect("any key");
    mac.update(&step);
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}

/// Dynamic truncation: 31 bits from where the last four bits say (RFC 4226, section 5.3).
fn truncated(hmac: &[u8]) -> u32 {
    let offset = hmac.last().map_or(0, |last| usize::from(last & 0xF));
    // The shortest HMAC has 20 bytes, and the last offset is 15.
    let bytes = hmac.get(offset..).and_then(|rest| rest.first_chunk::<4>());
    u32::from_be_bytes(bytes.copied().unwrap_or_default()) & 0x7FFF_FFFF
}

/// No code is ever shown.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::{Seed, TotpConfig};
    use crate::services::{CodeLength, Issuer, Skew, TimeStep};

    fn totp(algorithm: TotpAlgorithm, seed: &[u8], step: u8, skew: u8, length: u8) -> Totp {
        Totp {
            seed: Seed::from_bytes(seed).unwrap(),
            config: TotpConfig {
                algorithm,
                time_step: TimeStep::parse(&step.to_string()).unwrap(),
                skew: Skew::parse(&skew.to_string()).unwrap(),
                code_length: CodeLength::parse(&length.to_string()).unwrap(),
                issuer: Issuer::parse("Owl Bank").unwrap(),
            },
        }
    }

    /// The code of the step that begins at a second.
    fn code_at(totp: &Totp, second: u64) -> String {
        let step = second / u64::from(totp.config.time_step.get());
        let width = usize::from(totp.config.code_length.get());
        format!("{:0width$}", totp.number_at(step))
    }

    fn begins(totp: &Totp, code: &str, now: u64) -> Vec<u64> {
        let steps = totp.steps_of(&Code::parse(code).unwrap(), now);
        steps.into_iter().map(Step::begins).collect()
    }

    /// RFC 6238, appendix B; the seeds are as long as the HMACs (erratum 2866).
    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        let digits = b"12345678901234567890123456789012345678901234567890\
                       12345678901234";
        let [sha1, sha256, sha512] = [
            (TotpAlgorithm::Sha1, 20),
            (TotpAlgorithm::Sha256, 32),
            (TotpAlgorithm::Sha512, 64),
        ]
        .map(|(algorithm, length)| totp(algorithm, &digits[..length], 30, 0, 8));
        for (second, codes) in [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ] {
            for (totp, code) in [&sha1, &sha256, &sha512].into_iter().zip(codes) {
                assert_eq!(
                    begins(totp, code, second),
                    [second / 30 * 30],
                    "{code} at {second}"
                );
            }
        }
    }

    #[test]
    fn a_code_counts_in_its_step_and_skew_steps_around_it_to_the_second() {
        for (step, skew, length) in (20..=60)
            .flat_map(|step| (0..=2).map(move |skew| (step, skew)))
            .flat_map(|(step, skew)| (3..=8).map(move |length| (step, skew, length)))
        {
            let totp = totp(TotpAlgorithm::Sha1, b"12345678901234567890", step, skew, length);
            let (step, skew) = (u64::from(step), u64::from(skew));
            let begin = 1_700_000_000 / step * step;
            let code = code_at(&totp, begin);
            // Short codes come again in other steps: it is this one that matters.
            let open = |now| begins(&totp, &code, now).contains(&begin);
            let (first, last) = (begin - skew * step, begin + (skew + 1) * step - 1);
            for (now, expected) in [
                (first - 1, false),
                (first, true),
                (begin - 1, skew > 0),
                (begin, true),
                (begin + step - 1, true),
                (begin + step, skew > 0),
                (last, true),
                (last + 1, false),
            ] {
                assert_eq!(
                    open(now),
                    expected,
                    "step {step}, skew {skew}, {length} digits, {now}"
                );
            }
        }
    }

    #[test]
    fn there_is_no_step_before_1970() {
        let totp = totp(TotpAlgorithm::Sha1, b"12345678901234567890", 30, 2, 8);
        assert_eq!(begins(&totp, &code_at(&totp, 0), 0), [0]);
        assert_eq!(begins(&totp, &code_at(&totp, 60), 0), [60]);
        assert_eq!(begins(&totp, &code_at(&totp, 90), 0), [0; 0]);
    }

    #[test]
    fn a_code_of_another_length_is_none() {
        for length in 3..=8 {
            let totp = totp(TotpAlgorithm::Sha1, b"12345678901234567890", 30, 1, length);
            let code = code_at(&totp, 59);
            assert_eq!(begins(&totp, &code, 59), [30]);
            for other in [format!("0{code}"), code[1..].to_owned()] {
                if Code::parse(&other).is_ok() {
                    assert_eq!(begins(&totp, &other, 59), [0; 0], "{other}");
                }
            }
        }
    }

    #[test]
    fn a_code_that_two_open_steps_share_is_both_in_their_order() {
        // 3 digits meet soon: in five open steps by chance about once in a hundred windows.
        let totp = totp(TotpAlgorithm::Sha1, b"12345678901234567890", 30, 2, 3);
        let window = |now: u64| (0..5).map(move |step| now - 60 + step * 30);
        let (now, first, last) = (2..10_000)
            .map(|step| step * 30)
            .find_map(|now| {
                let code = code_at(&totp, now - 60);
                let last = window(now)
                    .skip(1)
                    .find(|second| code_at(&totp, *second) == code)?;
                Some((now, now - 60, last))
            })
            .unwrap();
        let steps = begins(&totp, &code_at(&totp, first), now);
        assert!(
            steps.contains(&first) && steps.contains(&last) && steps.is_sorted(),
            "{steps:?}"
        );
    }

    #[test]
    fn a_code_is_3_to_8_ascii_digits_and_nothing_else() {
        for text in ["000", "12345678", "012345"] {
            assert!(Code::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "12",
            "123456789",
            "12345a",
            " 123456",
            "123456 ",
            "123 456",
            "123\u{a0}456",
            "+12345",
            "-12345",
            "12.345",
            "1e5",
            "0x1234",
            "\u{ff11}\u{ff12}\u{ff13}",
            "١٢٣",
            "123\n",
            "123\0",
            "１２３４５６",
        ] {
            assert_eq!(Code::parse(text).unwrap_err(), Code::RULE, "{text:?}");
        }
    }

    #[test]
    fn debug_shows_no_code() {
        assert_eq!(
            format!("{:?}", Code::parse("123456").unwrap()),
            "Code([REDACTED])"
        );
    }
}
