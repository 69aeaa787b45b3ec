//! `Metadata`: what a device or SDK says about itself.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use crate::parameters::{Rule, length};

/// What a device or SDK says about itself: a JSON object whose values are all strings, kept as it was sent.
///
/// The text is at most 1024 characters ([API page](https://www.twilio.com/docs/verify/api/factor), `Metadata`).
#[derive(Clone, Debug)]
pub struct Metadata(SecretString);

impl Metadata {
    /// What other JSON, or none, is refused for.
    pub const OBJECT_OF_STRINGS: Rule = Rule::own("must be a JSON object whose values are all strings");
    /// What an object with a key twice is refused for: JSON leaves open which of two values counts (RFC 8259, section 4).
    pub const KEY_ONCE: Rule = Rule::own("must not have a key twice");
    /// Characters in the JSON text.
    const LENGTH: RangeInclusive<usize> = 1..=1024;

    /// Reads a JSON object.
    ///
    /// # Errors
    /// [`Rule::Length`], [`Metadata::OBJECT_OF_STRINGS`], [`Metadata::KEY_ONCE`].
    pub fn parse(text: &str) -> Result<Self, Rule> {
        length(text, &Self::LENGTH)?;
        match serde_json::from_str::<ObjectOfStrings>(text) {
            Ok(_) => Ok(Self(text.trim_matches([' ', '\t', '\r', '\n']).into())),
            Err(error) if error.to_string().starts_with(KEY_TWICE) => Err(Self::KEY_ONCE),
            Err(_) => Err(Self::OBJECT_OF_STRINGS),
        }
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
                Metadata::OBJECT_OF_STRINGS,
                "{text}"
            );
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused_however_it_is_spelled() {
        for text in [r#"{"a":"1","a":"1"}"#, r#"{"a":"1","b":"2","\u0061":"3"}"#] {
            assert_eq!(Metadata::parse(text).unwrap_err(), Metadata::KEY_ONCE, "{text}");
        }
    }

    #[test]
    fn the_text_has_at_most_1024_characters() {
        let of_length = |length: usize| format!(r#"{{"a":"{}"}}"#, "é".repeat(length - 8));
        assert!(Metadata::parse(&of_length(1024)).is_ok());
        assert_eq!(
            Metadata::parse(&of_length(1025)).unwrap_err(),
            Rule::Length { min: 1, max: 1024 }
        );
    }
}
