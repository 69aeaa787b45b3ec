use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use super::fields::length;
use crate::parameters::{InvalidParameter, Rule};

/// What a device or SDK says about itself: a JSON object whose values are all strings, kept as it was sent.
///
/// The text is at most 1024 characters ([API page](https://www.twilio.com/docs/verify/api/factor), `Metadata`).
#[derive(Clone, Debug)]
pub struct Metadata(SecretString);

impl Metadata {
    /// The parameter's name.
    pub const PARAMETER: &'static str = "Metadata";
    /// Characters in the JSON text.
    const LENGTH: RangeInclusive<usize> = 1..=1024;

    /// Reads a JSON object.
    ///
    /// # Errors
    /// [`Rule::Length`]; [`Rule::JsonObjectOfStrings`]; [`Rule::JsonKeyOnce`], as JSON leaves open which of two
    /// values counts (RFC 8259, section 4).
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        length(Self::PARAMETER, text, &Self::LENGTH)?;
        serde_json::from_str::<ObjectOfStrings>(text)
            .map(|_| Self(text.trim_matches([' ', '\t', '\r', '\n']).into()))
            .map_err(|error| {
                let repeated = error.to_string().starts_with(KEY_TWICE);
                let rule = if repeated {
                    Rule::JsonKeyOnce
                } else {
                    Rule::JsonObjectOfStrings
                };
                rule.broken_by(Self::PARAMETER)
            })
    }

    /// The JSON text, for the table and the answer.
    #[must_use]
    pub fn expose_json(&self) -> &str {
        self.0.expose_secret()
    }
}

/// How [`ObjectOfStrings`] says that a key is there twice; serde's errors are texts.
const KEY_TWICE: &str = "a key is there twice";

/// Accepts a JSON object of strings with distinct keys and keeps nothing.
struct ObjectOfStrings;

impl<'de> Deserialize<'de> for ObjectOfStrings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectOfStringsVisitor)
    }
}

struct ObjectOfStringsVisitor;

impl<'de> Visitor<'de> for ObjectOfStringsVisitor {
    type Value = ObjectOfStrings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose values are all strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some((key, _)) = map.next_entry::<String, String>()? {
            if !keys.insert(key) {
                return Err(A::Error::custom(KEY_TWICE));
            }
        }
        Ok(ObjectOfStrings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_strings_are_kept_as_sent() {
        for text in [
            r"{}",
            r#"{"os": "Android"}"#,
            r#"{"b":"1","a":"\u00e9\ud83d\udcf1","":""}"#,
        ] {
            assert_eq!(Metadata::parse(text).unwrap().expose_json(), text);
        }
        assert_eq!(
            Metadata::parse(" {\"a\":\"b\"}\n").unwrap().expose_json(),
            r#"{"a":"b"}"#
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "null",
            "[]",
            "\"os\"",
            "1",
            "os",
            "{",
            "{}{}",
            "{} x",
            r#"{"a":1}"#,
            r#"{"a":null}"#,
            r#"{"a":{}}"#,
            r#"{"a":["b"]}"#,
            r#"{"a":true}"#,
            r#"{a:"b"}"#,
            r#"{"a":"b",}"#,
            r#"{"a":"\ud800"}"#,
            " ",
        ] {
            assert_eq!(
                Metadata::parse(text).unwrap_err(),
                Rule::JsonObjectOfStrings.broken_by("Metadata"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused_however_it_is_spelled() {
        for text in [r#"{"a":"1","a":"1"}"#, r#"{"a":"1","b":"2","\u0061":"3"}"#] {
            assert_eq!(
                Metadata::parse(text).unwrap_err(),
                Rule::JsonKeyOnce.broken_by("Metadata"),
                "{text}"
            );
        }
    }

    #[test]
    fn the_text_has_at_most_1024_characters() {
        let of_length = |length: usize| format!(r#"{{"a":"{}"}}"#, "é".repeat(length - 8));
        assert!(Metadata::parse(&of_length(1024)).is_ok());
        assert_eq!(
            Metadata::parse(&of_length(1025)).unwrap_err(),
            Rule::Length { min: 1, max: 1024 }.broken_by("Metadata")
        );
    }
}
