//! A decoded `application/x-www-form-urlencoded` text: a form body or a query string.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use secrecy::zeroize::Zeroizing;

use super::Rule;

/// The pairs of a form. Their values can be secrets: they are wiped when the form is dropped.
pub(super) struct Form<'a>(Vec<Pair<'a>>);

struct Pair<'a> {
    name: Cow<'a, str>,
    value: Zeroizing<String>,
    is_utf8: bool,
}

impl<'a> Form<'a> {
    /// Decodes a form.
    ///
    /// `serde_urlencoded` follows the URL standard and turns bytes that are not UTF-8 into U+FFFD; here they are noted.
    pub(super) fn decode(text: &'a [u8]) -> Self {
        // A sequence of pairs is what every byte string decodes to.
        let pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> = serde_urlencoded::from_bytes(text).unwrap_or_default();
        // The standard skips empty ones.
        let encoded = text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
        let pair = |((name, value), encoded): ((_, Cow<'_, str>), _)| Pair {
            name,
            value: Zeroizing::new(value.into_owned()),
            is_utf8: percent_decode(encoded).decode_utf8().is_ok(),
        };
        Self(pairs.into_iter().zip(encoded).map(pair).collect())
    }

    /// The value of a parameter; `None` when it is absent or empty.
    pub(super) fn value(&self, parameter: &str) -> Result<Option<&str>, Rule> {
        let mut pairs = self.0.iter().filter(|pair| pair.name == parameter);
        match (pairs.next(), pairs.next()) {
            (None, _) => Ok(None),
            // To pick one would be a silent choice.
            (Some(_), Some(_)) => Err(Rule::GivenOnce),
            (Some(pair), None) if !pair.is_utf8 => Err(Rule::Utf8),
            (Some(pair), None) => Ok(Some(pair.value.as_str()).filter(|value| !value.is_empty())),
        }
    }

    /// The values of a parameter that may be repeated, in their order; empty ones count as absent.
    pub(super) fn values(&self, parameter: &str) -> impl Iterator<Item = Result<&str, Rule>> {
        let pairs = self.0.iter().filter(move |pair| pair.name == parameter);
        pairs
            .filter(|pair| !pair.is_utf8 || !pair.value.is_empty())
            .map(|pair| {
                if pair.is_utf8 {
                    Ok(pair.value.as_str())
                } else {
                    Err(Rule::Utf8)
                }
            })
    }

    /// The names of what is not UTF-8, as far as they can be read.
    pub(super) fn not_utf8(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|pair| !pair.is_utf8)
            .map(|pair| pair.name.as_ref())
    }

    /// How many pairs there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
