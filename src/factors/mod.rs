//! Factors: the ways in which an Entity can prove who it is.
//!
//! In the order in which data walks: `factor_type`, `friendly_name` and `metadata` are values of any Factor, and `entropy` what
//! is chance. `new` is what a request asks for, with the parameters of `totp` (and its `seed`) and `push` (and its
//! `public_key`); `retry` knows it again, and `import` is one that the operator makes. `factor` is what comes of it, and `binding` what of that is sealed. `change` is what
//! becomes of it later: a `code` or a `signature` verifies it, `guesses` are how often a code can be wrong, and `room` is what expired
//! ones leave. `authenticator` is what Challenges take of it, with `windows`, how many of them there can be, and `jws` (of `unique_json`), what a device signs.
//! `item` and `stored` are the table, `json` and `key_uri` what is shown. The verbs are the operations.

mod authenticator;
mod binding;
mod change;
mod code;
mod create;
mod delete;
mod entropy;
mod factor;
mod factor_type;
mod fetch;
mod friendly_name;
mod guesses;
mod import;
mod item;
mod json;
mod jws;
mod key_uri;
mod list;
mod metadata;
mod new;
mod public_key;
mod push;
mod retry;
mod room;
mod seed;
mod signature;
mod stored;
mod totp;
mod unique_json;
mod update;
mod windows;

pub(crate) use authenticator::{Authenticator, Compared};
pub use binding::Binding;
pub(crate) use binding::Method;
pub(crate) use change::AUTH_PAYLOAD;
pub use code::{Code, Step};
pub(crate) use create::create;
pub(crate) use delete::delete;
pub use entropy::Entropy;
pub use factor::{Config, Creation, Factor};
pub use factor_type::{FactorType, Status};
pub(crate) use fetch::fetch;
pub use friendly_name::FriendlyName;
pub(crate) use guesses::Stopped;
pub use import::Import;
pub use item::of_factor;
pub(crate) use item::{counted, of_authenticator, to_authenticator};
pub(crate) use json::RawJson;
pub use json::{CreatedFactorJson, FactorJson};
pub use jws::Jws;
pub(crate) use list::list;
pub use metadata::Metadata;
pub use new::NewFactor;
pub use public_key::PublicKey;
pub use push::{AppId, NotificationPlatform, NotificationToken, PushConfig, SdkVersion};
pub(crate) use retry::KEY_SECONDS;
pub use retry::{Fingerprint, IdempotencyKey, Provenance, Retry};
pub use seed::Seed;
pub(crate) use stored::{Change, ChangeWrite, FactorWrite};
pub use totp::{Totp, TotpAlgorithm, TotpConfig};
pub(crate) use unique_json::unique;
pub(crate) use update::update;
