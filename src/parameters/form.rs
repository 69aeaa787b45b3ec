use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode;
use secrecy::zeroize::Zeroizing;

use super::{InvalidParameter, Rule};

/// A decoded `application/x-www-form-urlencoded` text: a form body or a query string.
///
/// Unknown parameters are kept and never read. The values can be secrets: they are wiped when the form is dropped, and
/// `Debug` shows none.
pub struct Form<'a> {
    values: Vec<(Cow<'a, str>, Zeroizing<String>)>,
    /// The parameters with a value or a name that is not UTF-8, each once.
    not_utf8: Vec<&'static str>,
}

impl<'a> Form<'a> {
    /// Decodes a form.
    ///
    /// `serde_urlencoded` follows the URL standard and turns bytes that are not UTF-8 into U+FFFD; here they are
    /// refused when the form is read, naming the parameter if it is one of `known`, else [`Form::BODY`].
    #[must_use]
    pub fn decode(text: &'a [u8], known: &[&'static str]) -> Self {
        let mut not_utf8 = Vec::new();
        for pair in text.split(|&byte| byte == b'&') {
            if percent_decode(pair).decode_utf8().is_err() {
                let name = pair.split(|&byte| byte == b'=').next().unwrap_or_default();
                let name = percent_decode(name).decode_utf8_lossy();
                not_utf8.push(*known.iter().find(|known| **known == name).unwrap_or(&Self::BODY));
            }
        }
        // A sequence of pairs is what every byte string decodes to; an error would be about the body as a whole.
        let pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> =
            serde_urlencoded::from_bytes(text).unwrap_or_else(|_| {
                not_utf8.push(Self::BODY);
                Vec::new()
            });
        not_utf8.sort_unstable();
        not_utf8.dedup();
        let secret = |(name, value): (_, Cow<'_, str>)| (name, Zeroizing::new(value.into_owned()));
        Self {
            values: pairs.into_iter().map(secret).collect(),
            not_utf8,
        }
    }

    /// Reads a request from the form: what `parse` makes of it, or everything that it notes as invalid and everything
    /// that is not UTF-8.
    ///
    /// # Errors
    /// Every parameter that is invalid, in the order in which they are read.
    pub fn read<T>(
        &self,
        parse: impl FnOnce(&mut Vec<InvalidParameter>) -> Option<T>,
    ) -> Result<T, Vec<InvalidParameter>> {
        let mut invalid = Vec::new();
        let parsed = parse(&mut invalid);
        // What nobody read because it is unknown here.
        for parameter in &self.not_utf8 {
            if invalid.iter().all(|refusal| refusal.parameter != *parameter) {
                invalid.push(Rule::Utf8.broken_by(parameter));
            }
        }
        parsed.filter(|_| invalid.is_empty()).ok_or(invalid)
    }

    /// What a refusal names when it is about no parameter of the API.
    pub const BODY: &'static str = "body";

    /// The value of a parameter; `None` when it is absent or empty.
    ///
    /// # Errors
    /// [`Rule::GivenOnce`] when it was given twice: to pick one would be a silent choice. [`Rule::Utf8`].
    pub fn value(&self, parameter: &'static str) -> Result<Option<&str>, InvalidParameter> {
        let mut values = self
            .values
            .iter()
            .filter(|(name, _)| name == parameter)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Rule::GivenOnce.broken_by(parameter)),
            (Some(_), None) if self.not_utf8.contains(&parameter) => Err(Rule::Utf8.broken_by(parameter)),
            (first, None) => Ok(first.filter(|value| !value.is_empty())),
        }
    }

    /// The value of a parameter that has to be there.
    ///
    /// # Errors
    /// [`Rule::Required`] when it is absent or empty, and those of [`Form::value`].
    pub fn required(&self, parameter: &'static str) -> Result<&str, InvalidParameter> {
        self.value(parameter)?.ok_or(Rule::Required.broken_by(parameter))
    }

    /// The value of a parameter, parsed if it is there.
    ///
    /// # Errors
    /// What `parse` refuses, and those of [`Form::value`].
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
        write!(f, "Form({} parameters)", self.values.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::noting;

    const KNOWN: &[&str] = &["FriendlyName", "Config.Skew"];

    fn decode(text: &str) -> Form<'_> {
        Form::decode(text.as_bytes(), KNOWN)
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

    /// What is refused of a form of which only `Config.Skew` is read.
    fn refused(text: &[u8]) -> Vec<InvalidParameter> {
        let form = Form::decode(text, KNOWN);
        let read = form.read(|invalid| noting(invalid, form.value("Config.Skew").map(|_| ())));
        read.err().unwrap_or_default()
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_by_name_whether_they_are_read_or_not() {
        for (text, parameters) in [
            ("Config.Skew=%EF%BF%BD", [].as_slice()),
            ("Config.Skew=%FF", &["Config.Skew"]),
            ("FriendlyName=%FF", &["FriendlyName"]),
            ("FriendlyName=%FF&FriendlyName=%FE", &["FriendlyName"]),
            ("FriendlyName=%C3&Config.Skew=%28", &["FriendlyName"]),
            (
                "FriendlyName=%FF&Unknown=%FF&Config.Skew=%FF",
                &["Config.Skew", "FriendlyName", "body"],
            ),
            ("Unknown=%FF&%FF=1", &["body"]),
        ] {
            let expected: Vec<_> = parameters.iter().map(|name| Rule::Utf8.broken_by(name)).collect();
            assert_eq!(refused(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(
            refused(b"Config.Skew=\xff&FriendlyName=\xed\xa0\x80"),
            [
                Rule::Utf8.broken_by("Config.Skew"),
                Rule::Utf8.broken_by("FriendlyName")
            ]
        );
    }

    #[test]
    fn given_twice_comes_before_not_utf8() {
        assert_eq!(
            refused(b"Config.Skew=%FF&Config.Skew=1"),
            [Rule::GivenOnce.broken_by("Config.Skew")]
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
