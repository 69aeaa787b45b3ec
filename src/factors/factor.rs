//! Factors: what makes one valid, and how one comes to be.

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::new::NewKind;
use super::{Binding, IdempotencyKey, Metadata, NewFactor, PushConfig, TotpConfig};
use crate::entities::{Counted, EntityKey};
use crate::parameters::{Rule, length, not_blank};
use crate::randomness::Randomness;
use crate::revision::Revision;
use crate::sealing::{DataKey, Nonce, NotOpened, SealedBinding, Seat};
use crate::services::Service;
use crate::sid::{AccountSid, EntitySid, FactorSid, Identity, ServiceSid};
use crate::time::Timestamp;

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

/// The random bytes that one Factor can need. The seed is wiped when it is dropped.
pub struct Entropy {
    sid: [u8; 16],
    pub(super) seed: Zeroizing<[u8; 64]>,
    nonce: Nonce,
}

impl Entropy {
    /// Draws 16 bytes for a SID, 64 for the longest seed, and a nonce.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn draw(randomness: &Randomness) -> Result<Self, getrandom::Error> {
        let mut entropy = Self {
            sid: randomness.bytes()?,
            seed: Zeroizing::new([0; 64]),
            nonce: Nonce::default(),
        };
        randomness.fill(&mut *entropy.seed)?;
        randomness.fill(&mut entropy.nonce)?;
        Ok(entropy)
    }
}

/// A Factor. Only valid parts go in, and no Factor mixes the parts of two types.
#[derive(Clone, Debug)]
pub struct Factor {
    pub(crate) sid: FactorSid,
    pub(crate) account_sid: AccountSid,
    pub(crate) service_sid: ServiceSid,
    pub(crate) entity_sid: EntitySid,
    pub(crate) identity: Identity,
    pub(crate) friendly_name: FriendlyName,
    pub(crate) status: Status,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) config: Config,
    /// What is shown once and never again.
    pub(crate) binding: SealedBinding,
    pub(crate) date_created: Timestamp,
    pub(crate) date_updated: Timestamp,
    pub(crate) revision: Revision,
}

/// What a Factor goes by, by its type.
#[derive(Clone, Debug)]
pub enum Config {
    /// A push Factor's.
    Push(PushConfig),
    /// A totp Factor's.
    Totp(TotpConfig),
}

impl Factor {
    /// Makes a Factor of a Service: the Service's settings where the request says nothing, then chance. Its binding comes
    /// beside it, as it is the last time that anybody sees it.
    ///
    /// With an `Idempotency-Key` the SID follows from the key, so that the same request makes the same Factor.
    #[must_use]
    pub fn create(
        new: NewFactor,
        service: &Service,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
        entropy: &Entropy,
        data_key: &DataKey,
    ) -> (Self, Binding) {
        let (account_sid, service_sid) = (service.account_sid, service.sid);
        let sid = match key {
            Some(key) => key.factor_sid(account_sid, service_sid, &new.identity),
            None => FactorSid::from_bytes(entropy.sid),
        };
        let (config, binding) = match new.kind {
            NewKind::Push(push) => (Config::Push(push.config), Binding::Push(push.public_key)),
            NewKind::Totp(totp) => {
                let totp = totp.with(service, entropy);
                (Config::Totp(totp.config.clone()), Binding::Totp(totp))
            }
        };
        let pk = new.identity.partition(service_sid);
        let seat = seat(&pk, &sid, config.factor_type());
        let factor = Self {
            binding: data_key.seal(seat, entropy.nonce, binding.expose()),
            sid,
            account_sid,
            service_sid,
            entity_sid: EntitySid::of(account_sid, service_sid, &new.identity),
            identity: new.identity,
            friendly_name: new.friendly_name,
            status: Status::Unverified,
            metadata: new.metadata,
            config,
            date_created: now,
            date_updated: now,
            revision: Revision::FIRST,
        };
        (factor, binding)
    }

    /// Opens the binding with the data key that it was sealed with.
    ///
    /// # Errors
    /// If it was changed, or is another Factor's.
    pub(crate) fn open(&self, data_key: &DataKey) -> Result<Binding, NotOpened> {
        let pk = self.identity.partition(self.service_sid);
        let seat = seat(&pk, &self.sid, self.factor_type());
        let opened = data_key.open(seat, &self.binding)?;
        Binding::read(&self.config, &opened).ok_or(NotOpened)
    }

    /// The binding, sealed with another data key.
    ///
    /// # Errors
    /// If it doesn't open.
    pub(crate) fn reseal(
        &self,
        old: &DataKey,
        new: &DataKey,
        nonce: Nonce,
    ) -> Result<SealedBinding, NotOpened> {
        let binding = self.open(old)?;
        let pk = self.identity.partition(self.service_sid);
        let seat = seat(&pk, &self.sid, self.factor_type());
        Ok(new.seal(seat, nonce, binding.expose()))
    }

    /// The type.
    #[must_use]
    pub fn factor_type(&self) -> FactorType {
        self.config.factor_type()
    }

    /// Whose it is.
    pub(crate) fn entity(&self) -> EntityKey<'_> {
        EntityKey {
            service_sid: self.service_sid,
            identity: &self.identity,
            sid: self.entity_sid,
        }
    }
}

/// What the binding of a Factor is bound to.
fn seat<'a>(pk: &'a str, sid: &'a FactorSid, factor_type: FactorType) -> Seat<'a> {
    Seat {
        pk,
        sk: sid.as_str(),
        factor_type: factor_type.name(),
    }
}

impl Config {
    fn factor_type(&self) -> FactorType {
        match self {
            Self::Push(_) => FactorType::Push,
            Self::Totp(_) => FactorType::Totp,
        }
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
