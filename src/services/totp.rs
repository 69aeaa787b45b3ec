//! What a Service says about its totp Factors.

use std::fmt;
use std::ops::RangeInclusive;

use crate::parameters::{Bounded, Rule, length, not_blank};

/// How long a code counts, in seconds: 20 to 60, by default 30 (API page, `Config.TimeStep`; X in RFC 6238).
pub type TimeStep = Bounded<20, 60, 30>;
/// How many time steps before and after the present one count too: 0 to 2, by default 1 (API page, `Config.Skew`).
pub type Skew = Bounded<0, 2, 1>;
/// Digits in a code: 3 to 8, by default 6 (API page, `Config.CodeLength`; Digit in RFC 4226).
pub type CodeLength = Bounded<3, 8, 6>;

/// What a Service says about its totp Factors, each taken where a Factor's own parameter is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TotpSettings {
    /// `totp.time_step`
    pub time_step: TimeStep,
    /// `totp.skew`
    pub skew: Skew,
    /// `totp.code_length`
    pub code_length: CodeLength,
}

/// Who a seed is for, as authenticator apps show it above the account.
///
/// Not blank and without a colon, which would end it early in the label of the
/// [key URI](https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// Characters in an issuer. The API states no limit; this one keeps the URI within what a QR code holds.
    const LENGTH: RangeInclusive<usize> = 1..=64;

    /// Reads an issuer.
    ///
    /// # Errors
    /// [`Rule::Length`], [`Rule::NotBlank`]; a colon.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        const NO_COLON: Rule = Rule::own("must not contain a colon");
        length(text, &Self::LENGTH)?;
        not_blank(text)?;
        if text.contains(':') {
            Err(NO_COLON)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The issuer of a Service that has none set: its friendly name, in which a colon may be and becomes a dash.
    pub(super) fn of_service_named(friendly_name: &str) -> Self {
        Self(friendly_name.replace(':', "-"))
    }

    /// The issuer as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// It can be a Service's friendly name.
impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issuer([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_has_no_colon_and_is_not_blank() {
        assert_eq!(Issuer::parse("Owl & Co").unwrap().as_str(), "Owl & Co");
        assert_eq!(
            Issuer::parse("Owl: Bank").unwrap_err(),
            Rule::own("must not contain a colon")
        );
        assert_eq!(Issuer::parse(" ").unwrap_err(), Rule::NotBlank);
        assert!(Issuer::parse(&"é".repeat(64)).is_ok());
        assert_eq!(
            Issuer::parse(&"é".repeat(65)).unwrap_err(),
            Rule::Length { min: 1, max: 64 }
        );
        assert_eq!(Issuer::of_service_named("Owl: Bank").as_str(), "Owl- Bank");
    }

    #[test]
    fn the_defaults_are_30_seconds_one_step_and_six_digits() {
        let TotpSettings {
            time_step,
            skew,
            code_length,
        } = TotpSettings::default();
        assert_eq!((time_step.get(), skew.get(), code_length.get()), (30, 1, 6));
    }
}
