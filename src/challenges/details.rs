//! `Details`: what the user sees of a Challenge.

use serde::Deserialize;

use crate::parameters::{Fields, Rule, Text};

/// What the user is asked (API page, `Details.Message`).
pub(super) type Message = Text<1, 256>;
/// What a field is called (API page, `Details.Fields`).
pub(super) type Label = Text<0, 36>;
/// What it says.
pub(super) type FieldValue = Text<0, 128>;

/// What the user sees of a Challenge: a message, fields, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Details {
    pub(super) message: Option<Message>,
    pub(super) fields: Vec<Field>,
}

/// A line of what the user sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) label: Label,
    pub(super) value: FieldValue,
}

impl Details {
    /// The parameter of the message.
    pub(super) const MESSAGE: &str = "Details.Message";
    /// Fields, at the most.
    const MOST_FIELDS: usize = 20;

    /// Reads the details of a request; `Some(None)` where it has none.
    #[expect(
        clippy::option_option,
        reason = "as fields are read: refused, absent or there"
    )]
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Option<Self>> {
        let message = fields.optional(Self::MESSAGE, Message::parse);
        let lines = fields.repeated("Details.Fields", Self::MOST_FIELDS, Field::parse);
        let (message, fields) = (message?, lines?);
        let nothing = message.is_none() && fields.is_empty();
        Some((!nothing).then_some(Self { message, fields }))
    }
}

impl Field {
    /// What other JSON, or none, is refused for.
    const OBJECT: Rule = Rule::own("must be a JSON object with a label and a value, both strings");
    /// What is too long is refused for.
    const LENGTH: Rule = Rule::own("must have a label of at most 36 characters and a value of at most 128");

    /// Reads a field: a JSON object, whose further members are dropped.
    ///
    /// # Errors
    /// [`Field::OBJECT`], [`Field::LENGTH`].
    fn parse(text: &str) -> Result<Self, Rule> {
        #[derive(Deserialize)]
        struct Sent {
            label: String,
            value: String,
        }
        // A list would do for a struct as well.
        if !text.trim_start().starts_with('{') {
            return Err(Self::OBJECT);
        }
        let Sent { label, value } = serde_json::from_str(text).map_err(|_| Self::OBJECT)?;
        Ok(Self {
            label: Label::parse(&label).map_err(|_| Self::LENGTH)?,
            value: FieldValue::parse(&value).map_err(|_| Self::LENGTH)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(label: &str, value: &str) -> Field {
        Field {
            label: Label::parse(label).unwrap(),
            value: FieldValue::parse(value).unwrap(),
        }
    }

    #[test]
    fn a_field_is_a_label_and_a_value_and_further_members_are_dropped() {
        for (text, label, value) in [
            (r#"{"label":"Amount","value":"5 €"}"#, "Amount", "5 €"),
            (r#" {"value":"","label":"","more":{"label":1}} "#, "", ""),
            (r#"{"label":"\u0041","value":"\/"}"#, "A", "/"),
        ] {
            assert_eq!(Field::parse(text), Ok(field(label, value)), "{text}");
        }
        for text in [
            "",
            "Amount",
            "[]",
            r#"["Amount","5"]"#,
            r#"{"label":"Amount"}"#,
            r#"{"label":null,"value":"5"}"#,
            r#"{"label":"Amount","value":5}"#,
            r#"{"label":"a","label":"a","value":"5"}"#,
            r#"[{"label":"a","value":"5"}]"#,
            r#"{"label":"a","value":"5"} x"#,
        ] {
            assert_eq!(Field::parse(text), Err(Field::OBJECT), "{text}");
        }
    }

    #[test]
    fn labels_have_at_most_36_and_values_128_characters() {
        let text = |label: usize, value: usize| {
            format!(
                r#"{{"label":"{}","value":"{}"}}"#,
                "é".repeat(label),
                "é".repeat(value)
            )
        };
        assert!(Field::parse(&text(36, 128)).is_ok());
        assert_eq!(Field::parse(&text(37, 128)), Err(Field::LENGTH));
        assert_eq!(Field::parse(&text(36, 129)), Err(Field::LENGTH));
    }

    #[test]
    fn there_are_up_to_20_fields_and_a_message_or_no_details_at_all() {
        let read = |text: &str| {
            let mut fields = Fields::decode(text.as_bytes());
            let details = Details::parse(&mut fields);
            fields.finish(details)
        };
        let line = "&Details.Fields=%7B%22label%22%3A%22a%22%2C%22value%22%3A%22b%22%7D";
        assert_eq!(read("Details.Message="), Ok(None));
        let alone = read(line).unwrap().unwrap();
        assert_eq!((alone.message, alone.fields), (None, vec![field("a", "b")]));
        assert_eq!(read(&line.repeat(20)).unwrap().unwrap().fields.len(), 20);
        assert_eq!(
            read(&line.repeat(21)),
            Err(vec![Rule::AtMost(20).broken_by("Details.Fields")])
        );
        let long = format!("Details.Message={}", "a".repeat(257));
        assert_eq!(
            read(&long),
            Err(vec![
                Rule::Length { min: 1, max: 256 }.broken_by("Details.Message")
            ])
        );
        let fits = format!("Details.Message={}", "%C3%A9".repeat(256));
        assert!(read(&fits).unwrap().unwrap().fields.is_empty());
    }
}
