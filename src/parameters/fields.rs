//! Fields: the parameters of a request, each named once, where it is read.

use std::fmt;

use super::form::Form;
use super::{InvalidParameter, Rule};

/// The parameters of a request while they are read.
///
/// It remembers the names that were read and gathers what is wrong, so that one answer names all of it. Unknown
/// parameters are kept and never read.
pub struct Fields<'a> {
    form: Form<'a>,
    /// The names that were read, in their order.
    read: Vec<&'static str>,
    /// The names of those that may be repeated.
    repeated: Vec<&'static str>,
    /// The names that a request of another type would have read.
    known: Vec<&'static str>,
    invalid: Vec<InvalidParameter>,
}

impl<'a> Fields<'a> {
    /// What a refusal names when it is about no parameter of the API.
    pub const BODY: &'static str = "body";

    /// Decodes a form body or a query string.
    #[must_use]
    pub fn decode(text: &'a [u8]) -> Self {
        Self {
            form: Form::decode(text),
            read: Vec::new(),
            repeated: Vec::new(),
            known: Vec::new(),
            invalid: Vec::new(),
        }
    }

    /// Reads a parameter that has to be there; `None` with the refusal noted where it isn't or `parse` refuses it.
    pub fn required<T>(
        &mut self,
        parameter: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Rule>,
    ) -> Option<T> {
        self.optional(parameter, parse)?
            .or_else(|| self.refuse(parameter, Rule::Required))
    }

    /// Reads a parameter that has to be there, where `rule` is what is told whether it isn't or `parse` refuses it.
    pub(crate) fn required_by<T>(
        &mut self,
        rule: Rule,
        parameter: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Rule>,
    ) -> Option<T> {
        self.optional(parameter, |text| parse(text).map_err(|_| rule))?
            .or_else(|| self.refuse(parameter, rule))
    }

    /// Reads a parameter that may be absent, which it also is when it is empty; `None` with the refusal noted where
    /// `parse` refuses it, it was given twice, or isn't UTF-8.
    pub fn optional<T>(
        &mut self,
        parameter: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Rule>,
    ) -> Option<Option<T>> {
        self.read.push(parameter);
        let value = self.form.value(parameter);
        match value.and_then(|value| value.map(parse).transpose()) {
            Ok(parsed) => Some(parsed),
            Err(rule) => self.refuse(parameter, rule),
        }
    }

    /// Reads a parameter that may be repeated, up to `most` times; `None` with the refusal noted where `parse` refuses a value, one
    /// isn't UTF-8, or there are more.
    pub fn repeated<T>(
        &mut self,
        parameter: &'static str,
        most: usize,
        parse: impl Fn(&str) -> Result<T, Rule>,
    ) -> Option<Vec<T>> {
        self.repeated.push(parameter);
        let values = self.form.values(parameter).map(|value| value.and_then(&parse));
        match values.collect::<Result<Vec<T>, Rule>>() {
            Ok(values) if values.len() <= most => Some(values),
            Ok(_) => self.refuse(parameter, Rule::AtMost(most)),
            Err(rule) => self.refuse(parameter, rule),
        }
    }

    /// Takes in a parameter that was in the path or a header, with what is wrong with it.
    pub fn elsewhere<T>(&mut self, parameter: &'static str, parsed: Result<T, Rule>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(rule) => self.refuse(parameter, rule),
        }
    }

    /// Learns the names of parameters that are ignored in this request, so that one that isn't UTF-8 is named all the
    /// same: those that `read` reads.
    pub fn ignore(&mut self, read: impl FnOnce(&mut Fields<'_>)) {
        // Hardly ever: everything is UTF-8.
        if self.form.not_utf8().next().is_some() {
            let mut others = Fields::decode(b"");
            read(&mut others);
            self.known = others.read;
        }
    }

    /// Ends the reading: everything that isn't UTF-8, and that nobody read, is refused.
    #[must_use]
    pub(crate) fn close(mut self) -> ReadFields<'a> {
        let name = |name: &str| {
            let all = self.read.iter().chain(&self.repeated).chain(&self.known);
            let known = all.into_iter().find(|known| **known == name);
            known.copied().unwrap_or(Self::BODY)
        };
        let mut not_utf8: Vec<&'static str> = self.form.not_utf8().map(name).collect();
        not_utf8.sort_unstable();
        not_utf8.dedup();
        for parameter in not_utf8 {
            if self.invalid.iter().all(|refused| refused.parameter != parameter) {
                self.invalid.push(Rule::Utf8.broken_by(parameter));
            }
        }
        ReadFields(self)
    }

    /// What came of reading, if nothing is wrong.
    ///
    /// # Errors
    /// Every parameter that is invalid, in the order in which they were read, and everything else that isn't UTF-8.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<InvalidParameter>> {
        self.close().finish(value)
    }

    fn refuse<T>(&mut self, parameter: &'static str, rule: Rule) -> Option<T> {
        self.invalid.push(rule.broken_by(parameter));
        None
    }
}

/// The parameters of a request once all were read: no more can be.
pub(crate) struct ReadFields<'a>(Fields<'a>);

impl ReadFields<'_> {
    /// Takes in a parameter that was in a header, with what is wrong with it.
    pub(crate) fn elsewhere<T>(&mut self, parameter: &'static str, parsed: Result<T, Rule>) -> Option<T> {
        self.0.elsewhere(parameter, parsed)
    }

    /// What was read, with its values: all that the request says, however it was written.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Fields {
            form, read, repeated, ..
        } = &self.0;
        let once = read
            .iter()
            .filter_map(|name| Some((*name, form.value(name).ok().flatten()?)));
        let more = repeated
            .iter()
            .flat_map(|name| form.values(name).filter_map(|value| Some((*name, value.ok()?))));
        once.chain(more)
    }

    /// What came of reading, if nothing is wrong.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<InvalidParameter>> {
        let invalid = self.0.invalid;
        value.filter(|_| invalid.is_empty()).ok_or(invalid)
    }
}

/// No value, as they can be secrets.
impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({} parameters)", self.form.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Result<Option<String>, Vec<InvalidParameter>>;

    /// What is read of the one parameter `name`.
    fn read(text: &str, name: &'static str) -> Read {
        let mut fields = Fields::decode(text.as_bytes());
        let value = fields.optional(name, |text| Ok(text.to_owned()));
        fields.finish(value)
    }

    #[test]
    fn values_are_percent_decoded_and_plus_is_a_space() {
        let form = "FriendlyName=J%C3%BCrgen%27s+phone&&Config.Skew=1";
        assert_eq!(read(form, "FriendlyName"), Ok(Some("Jürgen's phone".to_owned())));
        assert_eq!(read(form, "Config.Skew"), Ok(Some("1".to_owned())));
    }

    #[test]
    fn a_pair_is_split_at_its_first_equals_sign() {
        assert_eq!(
            read("AuthPayload=MEU==&b=", "AuthPayload"),
            Ok(Some("MEU==".to_owned()))
        );
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        for name in ["FriendlyName", "Config.Skew", "Unknown"] {
            let form = "FriendlyName=&Config.Skew";
            assert_eq!(read(form, name), Ok(None));
            let mut fields = Fields::decode(form.as_bytes());
            let missing = fields.required(name, |text| Ok(text.to_owned()));
            assert_eq!(fields.finish(missing), Err(vec![Rule::Required.broken_by(name)]));
        }
    }

    #[test]
    fn what_may_be_repeated_is_read_in_its_order() {
        let list = |text: &str| {
            let mut fields = Fields::decode(text.as_bytes());
            let values = fields.repeated("A", 2, |text| {
                if text == "x" {
                    Err(Rule::NotBlank)
                } else {
                    Ok(text.to_owned())
                }
            });
            fields.finish(values)
        };
        assert_eq!(list(""), Ok(vec![]));
        assert_eq!(list("A=&A"), Ok(vec![]), "empty ones count as absent");
        assert_eq!(list("A=2&B=3&A=&A=1"), Ok(vec!["2".to_owned(), "1".to_owned()]));
        for (text, rule) in [
            ("A=1&A=2&A=3", Rule::AtMost(2)),
            ("A=1&A=x", Rule::NotBlank),
            ("A=1&A=%FF", Rule::Utf8),
        ] {
            assert_eq!(list(text), Err(vec![rule.broken_by("A")]), "{text}");
        }
    }

    #[test]
    fn a_parameter_given_twice_is_refused_even_if_one_is_empty_or_both_are_equal() {
        for text in [
            "FriendlyName=a&FriendlyName=b",
            "FriendlyName=a&FriendlyName=",
            "FriendlyName=a&Friendly%4eame=a",
        ] {
            assert_eq!(
                read(text, "FriendlyName"),
                Err(vec![Rule::GivenOnce.broken_by("FriendlyName")])
            );
        }
    }

    /// What is refused of a form of which only `Config.Skew` is read and `FriendlyName` is known.
    fn refused(text: &[u8]) -> Vec<InvalidParameter> {
        let mut fields = Fields::decode(text);
        let value = fields.optional("Config.Skew", |_| Ok(()));
        fields.ignore(|others| _ = others.optional("FriendlyName", |_| Ok(())));
        fields.finish(value).err().unwrap_or_default()
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_by_name_whether_they_are_read_or_not() {
        for (text, parameters) in [
            ("Config.Skew=%EF%BF%BD", [].as_slice()),
            ("Config.Skew=%FF", &["Config.Skew"]),
            ("&&Config.Skew=%FF", &["Config.Skew"]),
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
            read("FriendlyName=%EF%BF%BD", "FriendlyName"),
            Ok(Some("\u{FFFD}".to_owned()))
        );
    }

    #[test]
    fn every_parameter_that_is_wrong_is_refused_in_the_order_of_reading() {
        let mut fields = Fields::decode(b"A=1&B=2");
        let _: Option<()> = fields.elsewhere("Identity", Err(Rule::NotBlank));
        let _: Option<()> = fields.required("B", |_| Err(Rule::Utf8));
        let _ = fields.optional("A", |_| Ok(()));
        let _ = fields.required("C", |_| Ok(()));
        let refused = [
            Rule::NotBlank.broken_by("Identity"),
            Rule::Utf8.broken_by("B"),
            Rule::Required.broken_by("C"),
        ];
        assert_eq!(fields.finish(Some(())), Err(refused.to_vec()));
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(
            format!("{:?}", Fields::decode(b"Binding.Secret=JBSWY3DP")),
            "Fields(1 parameters)"
        );
    }
}
