//! The rules: what makes a Factor and a Service. Pure: no I/O; the clock and randomness are arguments.
//!
//! A value of any type here is valid: its fields are private and `parse` is the way in. What parsing refuses is an
//! [`InvalidParameter`](crate::parameters::InvalidParameter).

#[path = "../factors/factor.rs"]
mod factor;
#[path = "../parameters/text.rs"]
mod fields;
#[path = "../factors/retry.rs"]
mod idempotency;
#[path = "../factors/metadata.rs"]
mod metadata;
#[path = "../factors/push.rs"]
mod push;
#[path = "../services/service.rs"]
mod service;
#[path = "../sid.rs"]
mod sid;
#[path = "../factors/totp.rs"]
mod totp;

pub use factor::{Binding, Entropy, Factor, FactorType, NewFactor};
pub use fields::{FriendlyName, Identity, Timestamp};
pub use idempotency::{Fingerprint, IdempotencyKey};
pub use metadata::Metadata;
pub(crate) use push::PublicKey;
pub use push::{NotificationPlatform, Push};
pub(crate) use service::SERVICE_PARAMETERS;
pub use service::{NewService, PageRequest, PageToken, Service, ServiceName, ServiceSettings, ServiceUpdate};
pub use sid::{AccountSid, CredentialSid, EntitySid, FactorSid, ServiceSid, Sid};
pub use totp::{
    Bounded, CodeLength, Issuer, NewTotp, Seed, Skew, TimeStep, Totp, TotpAlgorithm, TotpSettings,
};
