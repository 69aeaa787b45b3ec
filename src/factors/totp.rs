//! totp Factors: what a request asks for, and what comes of it with the Service's settings and some chance (RFC 6238).

use super::{Entropy, Seed};
use crate::parameters::{Fields, InvalidParameter, Rule};
use crate::services::{CodeLength, Issuer, Service, Skew, TimeStep};

/// The hash function of the HMAC (API page, `Config.Alg`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TotpAlgorithm {
    /// HMAC-SHA-1, which every authenticator app knows.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl TotpAlgorithm {
    /// Reads an algorithm by its API name.
    ///
    /// # Errors
    /// [`Rule::OneOf`].
    pub fn parse(name: &str) -> Result<Self, Rule> {
        match name {
            "sha1" => Ok(Self::Sha1),
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            _ => Err(Rule::OneOf(&["sha1", "sha256", "sha512"])),
        }
    }

    /// The name in the API: `sha1`, `sha256`, `sha512`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The name in an `otpauth` URI.
    pub(super) const fn uri_name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// Bytes in a generated seed: as many as the HMAC puts out (RFC 4226, section 4, R6; RFC 6238, appendix A).
    pub(super) const fn seed_length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

const ALG: &str = "Config.Alg";
const TIME_STEP: &str = "Config.TimeStep";
const SKEW: &str = "Config.Skew";
const CODE_LENGTH: &str = "Config.CodeLength";

/// The totp parameters of a request; what is absent is decided by the Service and by chance.
#[derive(Clone, Debug)]
pub(super) struct NewTotp {
    seed: Option<Seed>,
    algorithm: TotpAlgorithm,
    time_step: Option<TimeStep>,
    skew: Option<Skew>,
    code_length: Option<CodeLength>,
}

impl NewTotp {
    /// Reads the totp parameters of a request.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let seed = fields.optional("Binding.Secret", Seed::parse);
        let algorithm = fields.optional(ALG, TotpAlgorithm::parse);
        let time_step = fields.optional(TIME_STEP, TimeStep::parse);
        let skew = fields.optional(SKEW, Skew::parse);
        let code_length = fields.optional(CODE_LENGTH, CodeLength::parse);
        Some(Self {
            seed: seed?,
            algorithm: algorithm?.unwrap_or_default(),
            time_step: time_step?,
            skew: skew?,
            code_length: code_length?,
        })
    }
}

/// A seed with how codes come from it: enough to check them (RFC 6238) and to tell an authenticator app about it.
#[derive(Clone, Debug)]
pub struct Totp {
    /// The shared secret.
    pub seed: Seed,
    /// The rest, which is no secret.
    pub config: TotpConfig,
}

/// How codes come from a seed (RFC 6238), and how an authenticator app shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpConfig {
    /// `config.alg`
    pub algorithm: TotpAlgorithm,
    /// `config.time_step`
    pub time_step: TimeStep,
    /// `config.skew`
    pub skew: Skew,
    /// `config.code_length`
    pub code_length: CodeLength,
    /// The issuer in the URI.
    pub issuer: Issuer,
}

impl NewTotp {
    /// What the request says, then the Service, then chance.
    pub(super) fn with(self, service: &Service, entropy: &Entropy) -> Totp {
        let defaults = service.totp_settings();
        Totp {
            seed: self
                .seed
                .unwrap_or_else(|| Seed::generate(self.algorithm, entropy)),
            config: TotpConfig {
                algorithm: self.algorithm,
                time_step: self.time_step.unwrap_or(defaults.time_step),
                skew: self.skew.unwrap_or(defaults.skew),
                code_length: self.code_length.unwrap_or(defaults.code_length),
                issuer: service.issuer(),
            },
        }
    }
}

/// The totp parameters of a request that changes a Factor: what is absent stays as it is.
#[derive(Clone, Debug)]
pub(super) struct TotpUpdate {
    algorithm: Option<TotpAlgorithm>,
    time_step: Option<TimeStep>,
    skew: Option<Skew>,
    code_length: Option<CodeLength>,
}

impl TotpUpdate {
    /// Reads them.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let algorithm = fields.optional(ALG, TotpAlgorithm::parse);
        let time_step = fields.optional(TIME_STEP, TimeStep::parse);
        let skew = fields.optional(SKEW, Skew::parse);
        let code_length = fields.optional(CODE_LENGTH, CodeLength::parse);
        Some(Self {
            algorithm: algorithm?,
            time_step: time_step?,
            skew: skew?,
            code_length: code_length?,
        })
    }

    /// What becomes of a Factor's configuration, of which only the skew is free where an app's codes are `settled`.
    ///
    /// # Errors
    /// Everything else that would change: the app would go on showing the codes of before.
    pub(super) fn applied_to(
        &self,
        config: &TotpConfig,
        settled: bool,
    ) -> Result<TotpConfig, Vec<InvalidParameter>> {
        const SETTLED: Rule =
            Rule::own("cannot be changed together with AuthPayload, or once the Factor is verified");
        let updated = TotpConfig {
            algorithm: self.algorithm.unwrap_or(config.algorithm),
            time_step: self.time_step.unwrap_or(config.time_step),
            skew: self.skew.unwrap_or(config.skew),
            code_length: self.code_length.unwrap_or(config.code_length),
            issuer: config.issuer.clone(),
        };
        let changed: Vec<InvalidParameter> = [
            (ALG, updated.algorithm != config.algorithm),
            (TIME_STEP, updated.time_step != config.time_step),
            (CODE_LENGTH, updated.code_length != config.code_length),
        ]
        .into_iter()
        .filter(|(_, changed)| settled && *changed)
        .map(|(parameter, _)| SETTLED.broken_by(parameter))
        .collect();
        if changed.is_empty() {
            Ok(updated)
        } else {
            Err(changed)
        }
    }
}
