//! `ExpirationDate`: until when a Challenge can be answered.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::parameters::Rule;
use crate::time::Timestamp;

/// The second from which a Challenge cannot be answered any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ExpirationDate(Timestamp);

impl ExpirationDate {
    /// The parameter.
    pub(super) const PARAMETER: &str = "ExpirationDate";
    /// What isn't a date is refused for.
    const DATE: Rule = Rule::own("must be a date and time as in RFC 3339");
    /// What is too early or too late is refused for.
    pub(super) const RANGE: Rule = Rule::own("must be later than now, and at most 60 minutes from now");
    /// Seconds until then, at the most (API page, `ExpirationDate`).
    const LONGEST: u32 = 60 * 60;
    /// Seconds that a caller's clock may be ahead.
    const CLOCK: u32 = 30;
    /// Seconds until then, where a request says nothing.
    const DEFAULT: u32 = 5 * 60;

    /// Reads a date, to the second that it is in or else the next one.
    ///
    /// # Errors
    /// [`Self::DATE`], [`Self::RANGE`].
    pub(super) fn parse(text: &str, now: Timestamp) -> Result<Self, Rule> {
        // The parser takes any character between date and time; RFC 3339, section 5.6, has T, and speaks of a space.
        let (day, time) = text.split_at_checked(10).ok_or(Self::DATE)?;
        if !time.starts_with(['T', 't', ' ']) {
            return Err(Self::DATE);
        }
        // A later space was the sign of an offset that was not percent-encoded.
        let time = time.get(1..).unwrap_or_default().replacen(' ', "+", 1);
        let date = OffsetDateTime::parse(&format!("{day}T{time}"), &Rfc3339).map_err(|_| Self::DATE)?;
        let last = now.after(Self::LONGEST + Self::CLOCK);
        // RFC 3339 has the years 0 to 9999, in any offset; UTC's can be the one before or after.
        let date = date.checked_to_offset(UtcOffset::UTC).ok_or(Self::RANGE)?;
        let second = Timestamp::at(date);
        let whole = if date.nanosecond() == 0 {
            second
        } else {
            second.after(1)
        };
        if whole > now && whole <= last {
            Ok(Self(whole))
        } else {
            Err(Self::RANGE)
        }
    }

    /// The date of a Challenge that says nothing.
    pub(super) fn default_at(now: Timestamp) -> Self {
        Self(now.after(Self::DEFAULT))
    }

    /// Reads a date from the table.
    pub(super) fn stored(text: &str) -> Result<Self, Rule> {
        Timestamp::parse(text).map(Self)
    }

    /// The second.
    pub(super) fn get(self) -> Timestamp {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, Rule> {
        let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        ExpirationDate::parse(text, now).map(|date| date.get().to_string())
    }

    #[test]
    fn it_is_later_than_now_and_at_most_60_minutes_and_the_callers_clock() {
        for (text, date) in [
            ("2026-01-02T03:04:06Z", "2026-01-02T03:04:06Z"),
            ("2026-01-02T03:04:05.001Z", "2026-01-02T03:04:06Z"),
            ("2026-01-02T03:09:05.999999999+00:00", "2026-01-02T03:09:06Z"),
            ("2026-01-02T04:04:35Z", "2026-01-02T04:04:35Z"),
            ("2026-01-02T05:04:05+01:30", "2026-01-02T03:34:05Z"),
            ("2026-01-01T21:34:05-06:00", "2026-01-02T03:34:05Z"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(date), "{text}");
        }
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:04.999Z",
            "2026-01-02T04:04:36Z",
            "2026-01-02T04:04:35.001Z",
            "2026-01-02T05:04:36+01:00",
            "1970-01-01T00:00:00Z",
            "9999-12-31T23:59:59-23:59",
        ] {
            assert_eq!(parse(text), Err(ExpirationDate::RANGE), "{text}");
        }
        for text in [
            "tomorrow",
            "2026-01-02",
            "2026-01-02T03:14:05",
            "1767323345",
            "2026-01-02503:34:05Z",
            "2026-01-02+03:34:05Z",
            "2026-13-02T03:14:05Z",
        ] {
            assert_eq!(parse(text), Err(ExpirationDate::DATE), "{text}");
        }
    }

    #[test]
    fn the_sign_of_an_offset_that_became_a_space_is_read_as_one() {
        assert_eq!(
            parse("2026-01-02T05:04:05 01:30").as_deref(),
            Ok("2026-01-02T03:34:05Z")
        );
    }
}
