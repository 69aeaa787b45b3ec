use std::fmt;
use std::ops::RangeInclusive;

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::parameters::{InvalidParameter, Rule};

/// Checks a length in characters (Unicode scalar values).
pub(super) fn length(
    parameter: &'static str,
    text: &str,
    range: &RangeInclusive<usize>,
) -> Result<(), InvalidParameter> {
    // A character is at most four bytes: a text that is far too long is refused without a walk through it.
    if text.len() <= range.end() * 4 && range.contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(Rule::Length {
            min: *range.start(),
            max: *range.end(),
        }
        .broken_by(parameter))
    }
}

/// Reads a whole decimal number in a range: ASCII digits and nothing else.
pub(crate) fn integer<T>(
    parameter: &'static str,
    text: &str,
    range: &RangeInclusive<T>,
) -> Result<T, InvalidParameter>
where
    T: std::str::FromStr + PartialOrd + Copy + Into<u32>,
{
    let number = if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    };
    number.filter(|number| range.contains(number)).ok_or(
        Rule::Integer {
            min: (*range.start()).into(),
            max: (*range.end()).into(),
        }
        .broken_by(parameter),
    )
}

/// Who owns the Factor, in the customer's own system: a UUID or the like.
///
/// 8 to 64 of `A-Z a-z 0-9 -` ([API page](https://www.twilio.com/docs/verify/api/factor), `Identity`).
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(String);

impl Identity {
    /// The path parameter's name.
    pub const PARAMETER: &'static str = "Identity";
    /// Characters in an Identity.
    const LENGTH: RangeInclusive<usize> = 8..=64;

    /// Reads an Identity that is percent-decoded already.
    ///
    /// # Errors
    /// [`Rule::Identity`].
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if Self::LENGTH.contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Rule::Identity.broken_by(Self::PARAMETER))
        }
    }

    /// The Identity as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Identities should not be personal data, but often are.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity([REDACTED])")
    }
}

/// What people call a Factor: a device, or the account in an authenticator app.
///
/// 1 to 64 characters, not all blank ([API page](https://www.twilio.com/docs/verify/api/factor), `FriendlyName`).
#[derive(Clone, Debug)]
pub struct FriendlyName(SecretString);

impl FriendlyName {
    /// The parameter's name.
    pub const PARAMETER: &'static str = "FriendlyName";
    /// Characters in a Factor's friendly name.
    const LENGTH: RangeInclusive<usize> = 1..=64;

    /// Reads a friendly name.
    ///
    /// # Errors
    /// [`Rule::Length`], [`Rule::NotBlank`].
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        length(Self::PARAMETER, text, &Self::LENGTH)?;
        not_blank(Self::PARAMETER, text)?;
        Ok(Self(text.into()))
    }

    /// The name as text, for the table and the answer.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Refuses a text that is all white space.
pub(super) fn not_blank(parameter: &'static str, text: &str) -> Result<(), InvalidParameter> {
    if text.chars().all(char::is_whitespace) {
        Err(Rule::NotBlank.broken_by(parameter))
    } else {
        Ok(())
    }
}

/// A moment in UTC, to the second, written as in `2015-07-30T20:00:00Z` (RFC 3339).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The second that a moment is in.
    #[must_use]
    pub fn at(moment: OffsetDateTime) -> Self {
        Self(moment.to_offset(time::UtcOffset::UTC).truncate_to_second())
    }

    /// Reads a timestamp as it is written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        // RFC 3339 has the years 0 to 9999, in any offset; UTC's can be the one before or after.
        let moment = moment.checked_to_offset(time::UtcOffset::UTC)?;
        (0..=9999).contains(&moment.year()).then(|| Self::at(moment))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 3339 ends with the year 9999, and so does what this clock can say.
        f.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn identity_is_8_to_64_letters_digits_and_dashes() {
        for length in [0, 1, 7] {
            assert!(Identity::parse(&"a".repeat(length)).is_err(), "{length}");
        }
        for length in [8, 9, 63, 64] {
            assert!(Identity::parse(&"a".repeat(length)).is_ok(), "{length}");
        }
        for length in [65, 66, 1000] {
            assert!(Identity::parse(&"a".repeat(length)).is_err(), "{length}");
        }
        for character in (0..=0x17F_u32).filter_map(char::from_u32) {
            let allowed = matches!(character, 'a'..='z' | 'A'..='Z' | '0'..='9' | '-');
            assert_eq!(
                Identity::parse(&format!("identity{character}")).is_ok(),
                allowed,
                "{character:?}"
            );
        }
    }

    #[test]
    fn friendly_name_is_1_to_64_characters_not_bytes() {
        for name in ["a", "é", "📱", &"a".repeat(64), &"📱".repeat(64), " a ", "a\0b"] {
            assert_eq!(FriendlyName::parse(name).unwrap().expose(), name);
        }
        let too_long = Rule::Length { min: 1, max: 64 }.broken_by("FriendlyName");
        for name in ["a".repeat(65), "📱".repeat(65), "a".repeat(16_384)] {
            assert_eq!(FriendlyName::parse(&name).unwrap_err(), too_long);
        }
        for name in [" ", "\t\n", "\u{3000}\u{2003}"] {
            assert_eq!(
                FriendlyName::parse(name).unwrap_err(),
                Rule::NotBlank.broken_by("FriendlyName")
            );
        }
    }

    #[test]
    fn integers_are_ascii_digits_in_range() {
        for (text, number) in [("20", Some(20)), ("60", Some(60)), ("030", Some(30))] {
            assert_eq!(integer("N", text, &(20_u8..=60)).ok(), number);
        }
        for text in [
            "19",
            "61",
            "-30",
            "+30",
            "30.0",
            " 30",
            "3e1",
            "０",
            "30s",
            "300",
            "99999999999999999999",
        ] {
            assert_eq!(
                integer("N", text, &(20_u8..=60)).unwrap_err(),
                Rule::Integer { min: 20, max: 60 }.broken_by("N"),
                "{text}"
            );
        }
    }

    #[test]
    fn timestamps_are_utc_seconds() {
        let moment = Timestamp::at(datetime!(2015-07-30 22:00:00.999 +2));
        assert_eq!(moment.to_string(), "2015-07-30T20:00:00Z");
        assert_eq!(Timestamp::parse("2015-07-30T20:00:00Z"), Some(moment));
        for text in [
            "2015-07-30",
            "9999-12-31T23:59:59-23:59",
            "0000-01-01T00:00:00+23:59",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        for text in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
    }
}
