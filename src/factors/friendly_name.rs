//! `FriendlyName`: what people call a Factor.

use secrecy::{ExposeSecret, SecretString};

use crate::parameters::{Rule, length, not_blank};

/// What people call a Factor: a device, or the account in an authenticator app.
///
/// 1 to 64 characters, not all blank ([API page](https://www.twilio.com/docs/verify/api/factor), `FriendlyName`).
#[derive(Clone, Debug)]
pub struct FriendlyName(SecretString);

impl FriendlyName {
    /// Reads a friendly name.
    ///
    /// # Errors
    /// [`Rule::Length`], [`Rule::NotBlank`].
    pub fn parse(text: &str) -> Result<Self, Rule> {
        length(text, &(1..=64))?;
        not_blank(text)?;
        Ok(Self(text.into()))
    }

    /// The name as text, for the table and the answer.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Whether it says the same, which is no secret between what was sent and what is there.
impl PartialEq for FriendlyName {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn friendly_name_is_1_to_64_characters_not_bytes() {
        for name in ["a", "é", "📱", &"a".repeat(64), &"📱".repeat(64), " a ", "a\0b"] {
            assert_eq!(FriendlyName::parse(name).unwrap().expose(), name);
        }
        for name in ["a".repeat(65), "📱".repeat(65), "a".repeat(16_384)] {
            let refused = FriendlyName::parse(&name).unwrap_err();
            assert_eq!(refused, Rule::Length { min: 1, max: 64 });
        }
        for name in [" ", "\t\n", "\u{3000}\u{2003}"] {
            assert_eq!(FriendlyName::parse(name).unwrap_err(), Rule::NotBlank);
        }
    }
}
