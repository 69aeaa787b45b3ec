use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode;

use super::{InvalidParameter, Rule};

/// A decoded `application/x-www-form-urlencoded` text: a form body or a query string.
///
/// Unknown parameters are kept and never read. The values can be secrets, so `Debug` shows none.
pub struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    /// Decodes a form.
    ///
    /// `serde_urlencoded` follows the URL standard and turns bytes that are not UTF-8 into U+FFFD; here they are
    /// refused, naming the parameter if it is one of `known`, else [`Form::BODY`].
    ///
    /// # Errors
    /// [`Rule::Utf8`] for each parameter that is not UTF-8 once it is percent-decoded.
    pub fn decode(text: &'a [u8], known: &[&'static str]) -> Result<Self, Vec<InvalidParameter>> {
        let mut invalid = Vec::new();
        for pair in text.split(|&byte| byte == b'&') {
            if percent_decode(pair).decode_utf8().is_err() {
                let name = pair.split(|&byte| byte == b'=').next().unwrap_or_default();
                let name = percent_decode(name).decode_utf8_lossy();
                let parameter = known.iter().find(|known| **known == name).unwrap_or(&Self::BODY);
                invalid.push(Rule::Utf8.broken_by(parameter));
            }
        }
        // A sequence of pairs is what every byte string decodes to; an error would be about the body as a whole.
        let pairs = serde_urlencoded::from_bytes(text).map_err(|_| vec![Rule::Utf8.broken_by(Self::BODY)])?;
        if invalid.is_empty() {
            Ok(Self(pairs))
        } else {
            Err(invalid)
        }
    }

    /// What a refusal names when it is about no parameter of the API.
    pub const BODY: &'static str = "body";

    /// The value of a parameter; `None` when it is absent or empty.
    ///
    /// # Errors
    /// [`Rule::GivenOnce`] when it was given twice: to pick one would be a silent choice.
    pub fn value(&self, parameter: &'static str) -> Result<Option<&str>, InvalidParameter> {
        let mut values = self
            .0
            .iter()
            .filter(|(name, _)| name == parameter)
            .map(|(_, value)| value.as_ref());
        match (values.next(), values.next()) {
            (first, None) => Ok(first.filter(|value| !value.is_empty())),
            (_, Some(_)) => Err(Rule::GivenOnce.broken_by(parameter)),
        }
    }

    /// The value of a parameter that has to be there.
    ///
    /// # Errors
    /// [`Rule::Required`] when it is absent or empty, [`Rule::GivenOnce`] when it was given twice.
    pub fn required(&self, parameter: &'static str) -> Result<&str, InvalidParameter> {
        self.value(parameter)?.ok_or(Rule::Required.broken_by(parameter))
    }

    /// The value of a parameter, parsed if it is there.
    ///
    /// # Errors
    /// What `parse` refuses, or [`Rule::GivenOnce`].
    pub fn optional<T>(
        &self,
        parameter: &'static str,
        parse: impl FnOnce(&'static str, &str) -> Result<T, InvalidParameter>,
    ) -> Result<Option<T>, InvalidParameter> {
        self.value(parameter)?
            .map(|value| parse(parameter, value))
            .transpose()
    }
}

impl fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({} parameters)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["FriendlyName", "Config.Skew"];

    fn decode(text: &str) -> Form<'_> {
        Form::decode(text.as_bytes(), KNOWN).unwrap()
    }

    #[test]
    fn values_are_percent_decoded_and_plus_is_a_space() {
        let form = decode("FriendlyName=J%C3%BCrgen%27s+phone&Config.Skew=1");
        assert_eq!(form.value("FriendlyName"), Ok(Some("Jürgen's phone")));
        assert_eq!(form.value("Config.Skew"), Ok(Some("1")));
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let form = decode("FriendlyName=&Config.Skew");
        assert_eq!(form.value("FriendlyName"), Ok(None));
        assert_eq!(form.value("Config.Skew"), Ok(None));
        assert_eq!(
            form.required("FriendlyName"),
            Err(Rule::Required.broken_by("FriendlyName"))
        );
    }

    #[test]
    fn a_parameter_given_twice_is_refused_even_if_one_is_empty_or_both_are_equal() {
        for text in [
            "FriendlyName=a&FriendlyName=b",
            "FriendlyName=a&FriendlyName=",
            "FriendlyName=a&Friendly%4eame=a",
        ] {
            assert_eq!(
                decode(text).value("FriendlyName"),
                Err(Rule::GivenOnce.broken_by("FriendlyName"))
            );
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_by_name() {
        for (text, parameter) in [
            ("FriendlyName=%FF", "FriendlyName"),
            ("FriendlyName=%C3&Config.Skew=%28", "FriendlyName"),
            ("Unknown=%FF", "body"),
            ("%FF=1", "body"),
        ] {
            assert_eq!(
                Form::decode(text.as_bytes(), KNOWN).unwrap_err(),
                [Rule::Utf8.broken_by(parameter)],
                "{text}"
            );
        }
        let raw = Form::decode(b"Config.Skew=\xff&FriendlyName=\xed\xa0\x80", KNOWN).unwrap_err();
        assert_eq!(
            raw,
            [
                Rule::Utf8.broken_by("Config.Skew"),
                Rule::Utf8.broken_by("FriendlyName")
            ]
        );
    }

    #[test]
    fn a_replacement_character_that_was_really_sent_is_kept() {
        assert_eq!(
            decode("FriendlyName=%EF%BF%BD").value("FriendlyName"),
            Ok(Some("\u{FFFD}"))
        );
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(
            format!("{:?}", decode("Binding.Secret=JBSWY3DP")),
            "Form(1 parameters)"
        );
    }
}
