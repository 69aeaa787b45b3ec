//! JSON in which nothing is there twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads JSON; `None` if it isn't, or if an object in it has a member twice, however that is spelled: JSON leaves open which of two
/// counts (RFC 8259, section 4).
pub(crate) fn unique(text: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Unique>(text).ok().map(|unique| unique.0)
}

struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with no member twice")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = sequence.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Unique(value))) = map.next_entry::<String, Unique>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,0.5,true,null,"\u00e9\/",{}],"b":{"a":"","A":""}}"#;
        assert_eq!(unique(text.as_bytes()), serde_json::from_str(text).ok());
        for text in ["", "{", "{}{}", "{'a':1}", "\u{feff}{}", "[1,]"] {
            assert_eq!(unique(text.as_bytes()), None, "{text}");
        }
        assert_eq!(unique(b"\"\xff\""), None);
    }

    #[test]
    fn no_object_has_a_member_twice_however_deep_and_however_spelled() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":{"a":1,"b":1,"a":2}}"#,
            r#"[[{"":0,"":0}]]"#,
        ] {
            assert_eq!(unique(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_is_nested_without_end_is_refused() {
        let text = "[".repeat(16_000);
        assert_eq!(unique(text.as_bytes()), None);
    }
}
