//! Texts and numbers of which nothing is asked but a length or a range.

use std::ops::RangeInclusive;

use secrecy::{ExposeSecret, SecretString};

use super::Rule;

/// A text of `MIN` to `MAX` characters (Unicode scalar values) that stays out of logs.
#[derive(Clone, Debug)]
pub struct Text<const MIN: usize, const MAX: usize>(SecretString);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// Reads a text.
    ///
    /// # Errors
    /// [`Rule::Length`] with the range.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        length(text, &(MIN..=MAX))?;
        Ok(Self(text.into()))
    }

    /// The text, for the table and the answer.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Whether it says the same, which is no secret between what was sent and what is there.
impl<const MIN: usize, const MAX: usize> PartialEq for Text<MIN, MAX> {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl<const MIN: usize, const MAX: usize> Eq for Text<MIN, MAX> {}

/// A number in the range `MIN` to `MAX`, `DEFAULT` where nobody set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounded<const MIN: u8, const MAX: u8, const DEFAULT: u8>(u8);

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> Bounded<MIN, MAX, DEFAULT> {
    /// Reads a whole decimal number: ASCII digits and nothing else.
    ///
    /// # Errors
    /// [`Rule::Integer`] with the range.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        integer(text, &(MIN..=MAX)).map(Self)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> Default for Bounded<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

/// Checks a length in characters (Unicode scalar values).
pub(crate) fn length(text: &str, range: &RangeInclusive<usize>) -> Result<(), Rule> {
    // A character is at most four bytes: a text that is far too long is refused without a walk through it.
    if text.len() <= range.end() * 4 && range.contains(&text.chars().count()) {
        return Ok(());
    }
    let (min, max) = (*range.start(), *range.end());
    Err(Rule::Length { min, max })
}

/// Refuses a text that is all white space.
pub(crate) fn not_blank(text: &str) -> Result<(), Rule> {
    if text.chars().all(char::is_whitespace) {
        Err(Rule::NotBlank)
    } else {
        Ok(())
    }
}

/// Reads a whole decimal number in a range: ASCII digits and nothing else.
pub(crate) fn integer<T>(text: &str, range: &RangeInclusive<T>) -> Result<T, Rule>
where
    T: std::str::FromStr + PartialOrd + Copy + Into<u32>,
{
    let number = if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    };
    let (min, max) = ((*range.start()).into(), (*range.end()).into());
    number
        .filter(|number| range.contains(number))
        .ok_or(Rule::Integer { min, max })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_ascii_digits_in_range() {
        for (text, number) in [("20", Some(20)), ("60", Some(60)), ("030", Some(30))] {
            assert_eq!(integer(text, &(20_u8..=60)).ok(), number);
        }
        for text in [
            "19",
            "61",
            "-30",
            "+30",
            "30.0",
            " 30",
            "3e1",
            "０",
            "30s",
            "300",
            "99999999999999999999",
        ] {
            let refused = integer(text, &(20_u8..=60));
            assert_eq!(refused, Err(Rule::Integer { min: 20, max: 60 }), "{text}");
        }
    }

    #[test]
    fn numbers_are_bounded() {
        for number in 0..=255 {
            let parsed = Bounded::<20, 60, 30>::parse(&number.to_string());
            assert_eq!(
                parsed.ok().map(Bounded::get),
                (20..=60).contains(&number).then_some(number)
            );
        }
        assert_eq!(Bounded::<20, 60, 30>::default().get(), 30);
    }

    #[test]
    fn lengths_are_counted_in_characters_not_bytes() {
        for (text, good) in [
            (String::new(), false),
            ("é".to_owned(), false),
            ("é".repeat(2), true),
            ("📱".repeat(4), true),
            ("📱".repeat(5), false),
            ("a".repeat(5), false),
        ] {
            let parsed = Text::<2, 4>::parse(&text);
            match parsed {
                Ok(parsed) => assert!(good && parsed.expose() == text),
                Err(rule) => assert!(!good && rule == Rule::Length { min: 2, max: 4 }),
            }
        }
    }
}
