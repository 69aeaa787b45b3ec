//! What a Factor can be: its types and its statuses.

use crate::entities::Counted;
use crate::parameters::Rule;

/// The type of a Factor (API page, `FactorType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorType {
    /// A key on a device that answers push notifications.
    Push,
    /// Time-based one-time passwords (RFC 6238).
    Totp,
}

impl FactorType {
    /// What another type is refused for, with a code of its own.
    pub const RULE: Rule = Rule::Own {
        code: 60369,
        text: "must be push or totp",
    };

    /// Reads a type by its API name.
    ///
    /// # Errors
    /// [`FactorType::RULE`].
    pub fn parse(name: &str) -> Result<Self, Rule> {
        match name {
            "push" => Ok(Self::Push),
            "totp" => Ok(Self::Totp),
            _ => Err(Self::RULE),
        }
    }

    /// The name in the API: `push`, `totp`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Totp => "totp",
        }
    }

    /// How Factors of this type are counted on their Entity, and the most that it can have (contract, error 60315).
    pub(crate) const fn counted(self) -> Counted {
        match self {
            Self::Push => Counted {
                attribute: "push_factors",
                limit: 20,
            },
            Self::Totp => Counted {
                attribute: "totp_factors",
                limit: 100,
            },
        }
    }
}

/// Whether somebody proved to have what the Factor stands for (API page, `status`). It never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody did yet.
    Unverified,
    /// Somebody did.
    Verified,
}

impl Status {
    /// Reads a status by its API name.
    ///
    /// # Errors
    /// [`Rule::OneOf`].
    pub fn parse(name: &str) -> Result<Self, Rule> {
        match name {
            "unverified" => Ok(Self::Unverified),
            "verified" => Ok(Self::Verified),
            _ => Err(Rule::OneOf(&["unverified", "verified"])),
        }
    }

    /// The name in the API: `unverified`, `verified`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified => "verified",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_statuses_are_read_by_their_names_and_no_other() {
        for factor_type in [FactorType::Push, FactorType::Totp] {
            assert_eq!(FactorType::parse(factor_type.name()), Ok(factor_type));
        }
        for status in [Status::Unverified, Status::Verified] {
            assert_eq!(Status::parse(status.name()), Ok(status));
        }
        for name in ["", "TOTP", "Verified", "sms"] {
            assert!(FactorType::parse(name).is_err() && Status::parse(name).is_err());
        }
    }
}
