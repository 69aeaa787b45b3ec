//! Bindings: what a Factor is a proof of having. It is sealed in the table, and opened where it is needed, for as long as that.

use super::{Config, PublicKey, Seed, Totp};

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

    /// Reads the bytes that were sealed, of a Factor that goes by `config`.
    pub(super) fn read(config: &Config, bytes: &[u8]) -> Option<Self> {
        match config {
            Config::Push(_) => {
                let text = std::str::from_utf8(bytes).ok()?;
                PublicKey::parse(text).ok().map(Self::Push)
            }
            Config::Totp(config) => Some(Self::Totp(Totp {
                seed: Seed::from_bytes(bytes)?,
                config: config.clone(),
            })),
        }
    }
}
