//! Items, attribute by attribute: how values are written, and how they are read back or told not to be ours.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::aws::Failure;
use crate::parameters::Rule;

/// The attributes of an item, by name.
pub type Item = HashMap<String, AttributeValue>;

/// A string attribute.
pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute.
pub(crate) fn n(number: impl Into<u64>) -> AttributeValue {
    AttributeValue::N(number.into().to_string())
}

/// A number attribute below zero, to be added.
pub(crate) fn minus(number: impl Into<u64>) -> AttributeValue {
    AttributeValue::N(format!("-{}", number.into()))
}

/// A binary attribute.
pub(crate) fn b(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// A map of attributes.
pub(crate) fn m<const N: usize>(attributes: [(&str, AttributeValue); N]) -> AttributeValue {
    AttributeValue::M(item(attributes))
}

/// An item of these attributes.
pub(crate) fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// An item or a map in one, being read: what is missing or invalid is an error that names the attribute.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    what: &'static str,
    item: &'a Item,
}

impl<'a> Stored<'a> {
    /// An item that is said to be a `what`.
    pub(crate) fn new(what: &'static str, item: &'a Item) -> Self {
        Self { what, item }
    }

    /// An attribute that has to be there.
    pub(crate) fn required<T>(
        self,
        attribute: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Rule>,
    ) -> Result<T, Failure> {
        self.optional(attribute, parse)?
            .ok_or_else(|| self.not_ours(attribute))
    }

    /// An attribute that may be absent.
    pub(crate) fn optional<T>(
        self,
        attribute: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Rule>,
    ) -> Result<Option<T>, Failure> {
        match self.item.get(attribute) {
            None => Ok(None),
            Some(AttributeValue::S(text) | AttributeValue::N(text)) => {
                parse(text).map(Some).map_err(|_| self.not_ours(attribute))
            }
            Some(_) => Err(self.not_ours(attribute)),
        }
    }

    /// A binary attribute that may be absent.
    pub(crate) fn optional_bytes(self, attribute: &'static str) -> Result<Option<&'a [u8]>, Failure> {
        match self.item.get(attribute) {
            None => Ok(None),
            Some(AttributeValue::B(bytes)) => Ok(Some(bytes.as_ref())),
            Some(_) => Err(self.not_ours(attribute)),
        }
    }

    /// A binary attribute that has to be there.
    pub(crate) fn bytes(self, attribute: &'static str) -> Result<&'a [u8], Failure> {
        self.optional_bytes(attribute)?
            .ok_or_else(|| self.not_ours(attribute))
    }

    /// A map.
    pub(crate) fn map(self, attribute: &'static str) -> Result<Self, Failure> {
        match self.item.get(attribute) {
            Some(AttributeValue::M(item)) => Ok(Self { item, ..self }),
            _ => Err(self.not_ours(attribute)),
        }
    }

    /// A map that may be absent.
    pub(crate) fn optional_map(self, attribute: &'static str) -> Result<Option<Self>, Failure> {
        match self.item.get(attribute) {
            None => Ok(None),
            Some(_) => self.map(attribute).map(Some),
        }
    }

    /// A list of maps.
    pub(crate) fn maps(self, attribute: &'static str) -> Result<impl Iterator<Item = Self>, Failure> {
        let Some(AttributeValue::L(list)) = self.item.get(attribute) else {
            return Err(self.not_ours(attribute));
        };
        let map = |value: &'a AttributeValue| match value {
            AttributeValue::M(item) => Ok(Self { item, ..self }),
            _ => Err(self.not_ours(attribute)),
        };
        Ok(list.iter().map(map).collect::<Result<Vec<_>, _>>()?.into_iter())
    }

    /// Whether it has no other attributes than these.
    pub(crate) fn has_only(self, attributes: &[&str]) -> bool {
        self.item.keys().all(|name| attributes.contains(&name.as_str()))
    }

    /// The error that an attribute is not as this software writes it.
    pub(crate) fn not_ours(self, attribute: &'static str) -> Failure {
        Failure::Fault(format!("a stored {} has no valid attribute {attribute}", self.what).into())
    }
}
