//! Sealing: what a Factor holds is kept so that who reads the table learns nothing of it, and who writes the table cannot put in
//! anything of theirs.
//!
//! `sealed` is the cryptography, pure; `data_keys` has the keys for it, from the table (`stored`) and unwrapped by `kms`.

mod data_keys;
mod kms;
mod sealed;
mod stored;

pub use data_keys::DataKeys;
pub use sealed::{DataKey, Nonce, NotOpened, SealedBinding, Seat};
