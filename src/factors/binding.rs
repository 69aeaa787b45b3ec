//! Bindings: what a Factor is a proof of having. It is sealed in the table, and opened where it is needed, for as long as that.

use super::factor::seat;
use super::{Config, FactorType, PublicKey, Seed, Totp, TotpConfig};
use crate::sealing::{DataKey, Nonce, NotOpened, SealedBinding};
use crate::sid::FactorSid;

/// What a Factor is a proof of having, by its type.
#[derive(Debug)]
pub enum Binding {
    /// The device's key.
    Push(PublicKey),
    /// The shared secret, with how codes come from it.
    Totp(Totp),
}

impl Binding {
    /// The bytes, to be sealed.
    pub(super) fn expose(&self) -> &[u8] {
        match self {
            Self::Push(public_key) => public_key.expose().as_bytes(),
            Self::Totp(totp) => totp.seed.expose(),
        }
    }

    /// Reads the bytes that were sealed, of a Factor whose method this is.
    fn read(method: &Method, bytes: &[u8]) -> Option<Self> {
        match method {
            Method::Push => {
                let text = std::str::from_utf8(bytes).ok()?;
                PublicKey::parse(text).ok().map(Self::Push)
            }
            Method::Totp(config) => Some(Self::Totp(Totp {
                seed: Seed::from_bytes(bytes)?,
                config: config.clone(),
            })),
        }
    }
}

/// How what a Factor's user proves is checked.
#[derive(Clone, Debug)]
pub(crate) enum Method {
    /// By a signature.
    Push,
    /// By a code that comes from these.
    Totp(TotpConfig),
}

impl Method {
    /// The type of Factor that has it.
    pub(crate) fn factor_type(&self) -> FactorType {
        match self {
            Self::Push => FactorType::Push,
            Self::Totp(_) => FactorType::Totp,
        }
    }
}

impl Config {
    /// What of it a proof is checked by.
    pub(super) fn method(&self) -> Method {
        match self {
            Self::Push(_) => Method::Push,
            Self::Totp(config) => Method::Totp(config.clone()),
        }
    }
}

/// A sealed binding, whose it is, and what it is a proof of.
pub(super) struct Sealed<'a> {
    /// The partition of the Factor.
    pub(super) pk: &'a str,
    pub(super) sid: FactorSid,
    pub(super) method: &'a Method,
    pub(super) binding: &'a SealedBinding,
}

impl Sealed<'_> {
    /// Opens it with the data key that it was sealed with.
    ///
    /// # Errors
    /// If it was changed, or is another Factor's.
    pub(super) fn open(&self, data_key: &DataKey) -> Result<Binding, NotOpened> {
        let seat = seat(self.pk, &self.sid, self.method.factor_type());
        let opened = data_key.open(seat, self.binding)?;
        Binding::read(self.method, &opened).ok_or(NotOpened)
    }

    /// The same, sealed with another data key.
    ///
    /// # Errors
    /// If it doesn't open.
    pub(super) fn reseal(
        &self,
        old: &DataKey,
        new: &DataKey,
        nonce: Nonce,
    ) -> Result<SealedBinding, NotOpened> {
        let binding = self.open(old)?;
        let seat = seat(self.pk, &self.sid, self.method.factor_type());
        Ok(new.seal(seat, nonce, binding.expose()))
    }
}
