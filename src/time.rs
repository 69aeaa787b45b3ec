//! Moments as the API writes them.

use std::fmt;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::parameters::Rule;

/// A moment in UTC, to the second, written as in `2015-07-30T20:00:00Z` (RFC 3339).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The second that a moment is in.
    #[must_use]
    pub fn at(moment: OffsetDateTime) -> Self {
        Self(moment.to_offset(time::UtcOffset::UTC).truncate_to_second())
    }

    /// So many seconds later, as far as the clock goes.
    #[must_use]
    pub(crate) fn after(self, seconds: u32) -> Self {
        let later = self.0.checked_add(time::Duration::seconds(seconds.into()));
        Self(later.unwrap_or(self.0))
    }

    /// Seconds since 1970 (Unix time), as TTL and TOTP count.
    #[must_use]
    pub(crate) fn unix(self) -> u64 {
        // Before 1970 there was none of this.
        self.0.unix_timestamp().try_into().unwrap_or_default()
    }

    /// Reads seconds since 1970.
    ///
    /// # Errors
    /// If it isn't a whole number, or one of after the year 9999.
    pub(crate) fn parse_unix(text: &str) -> Result<Self, Rule> {
        const RULE: Rule = Rule::own("must be a number of seconds since 1970");
        let seconds: u64 = text.parse().map_err(|_| RULE)?;
        let seconds = i64::try_from(seconds).map_err(|_| RULE)?;
        OffsetDateTime::from_unix_timestamp(seconds)
            .map(Self)
            .map_err(|_| RULE)
    }

    /// Reads a timestamp as it is written.
    ///
    /// # Errors
    /// If it isn't RFC 3339, or isn't in the years 0 to 9999 of UTC.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        const RULE: Rule = Rule::own("must be a date and time as in RFC 3339");
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| RULE)?;
        // RFC 3339 has the years 0 to 9999, in any offset; UTC's can be the one before or after.
        match moment.checked_to_offset(time::UtcOffset::UTC) {
            Some(moment) if (0..=9999).contains(&moment.year()) => Ok(Self::at(moment)),
            _ => Err(RULE),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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
    fn seconds_since_1970_are_read_as_they_are_written_up_to_the_year_9999() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2106-02-07T06:28:16Z",
            "9999-12-31T23:59:59Z",
        ] {
            let moment = Timestamp::parse(text).unwrap();
            assert_eq!(
                Timestamp::parse_unix(&moment.unix().to_string()),
                Ok(moment),
                "{text}"
            );
        }
        for text in ["", "-1", "1.5", "253402300800", "18446744073709551615"] {
            assert!(Timestamp::parse_unix(text).is_err(), "{text}");
        }
    }

    #[test]
    fn timestamps_are_utc_seconds() {
        let moment = Timestamp::at(datetime!(2015-07-30 22:00:00.999 +2));
        assert_eq!(moment.to_string(), "2015-07-30T20:00:00Z");
        assert_eq!(Timestamp::parse("2015-07-30T20:00:00Z"), Ok(moment));
        for text in [
            "2015-07-30",
            "9999-12-31T23:59:59-23:59",
            "0000-01-01T00:00:00+23:59",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
        for text in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
    }
}
