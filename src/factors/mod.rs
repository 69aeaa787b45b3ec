//! Factors: the ways in which an Entity can prove who it is.
//!
//! In the order in which data walks: `factor_type`, `friendly_name` and `metadata` are values of any Factor, and `entropy` what
//! is chance. `new` is what a request asks for, with the parameters of `totp` (and its `seed`) and `push` (and its
//! `public_key`); `retry` knows it again. `factor` is what comes of it, and `binding` what of that is sealed; `item` and `stored`
//! are the table, `json` and `key_uri` what is shown. The verb is the operation.

mod binding;
mod create;
mod entropy;
mod factor;
mod factor_type;
mod friendly_name;
mod item;
mod json;
mod key_uri;
mod metadata;
mod new;
mod public_key;
mod push;
mod retry;
mod seed;
mod stored;
mod totp;

pub use binding::Binding;
pub(crate) use create::create;
pub use entropy::Entropy;
pub use factor::{Config, Factor};
pub use factor_type::{FactorType, Status};
pub use friendly_name::FriendlyName;
pub use item::of_factor;
pub use json::{CreatedFactorJson, FactorJson};
pub use metadata::Metadata;
pub use new::NewFactor;
pub use public_key::PublicKey;
pub use push::{AppId, NotificationPlatform, NotificationToken, PushConfig, SdkVersion};
pub use retry::{Fingerprint, IdempotencyKey, Provenance};
pub use seed::Seed;
pub use totp::{Totp, TotpAlgorithm, TotpConfig};
