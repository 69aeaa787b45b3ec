use secrecy::zeroize::Zeroizing;

use super::{
    AccountSid, EntitySid, FactorSid, Fingerprint, FriendlyName, IdempotencyKey, Identity, Metadata, NewTotp,
    Push, Service, ServiceSid, Timestamp, Totp,
};
use crate::parameters::{Form, InvalidParameter, Rule, noting};

/// The type of a Factor (API page, `FactorType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorType {
    /// A key on a device that answers push notifications.
    Push,
    /// Time-based one-time passwords (RFC 6238).
    Totp,
}

impl FactorType {
    /// The type by its API name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Push, Self::Totp]
            .into_iter()
            .find(|factor_type| factor_type.name() == name)
    }

    /// The name in the API: `push`, `totp`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Totp => "totp",
        }
    }

    /// Most Factors of this type that one Entity can have (contract, error 60315).
    #[must_use]
    pub const fn limit(self) -> u8 {
        match self {
            Self::Push => 20,
            Self::Totp => 100,
        }
    }
}

/// The random bytes that one Factor can need. The seed is wiped when it is dropped.
pub struct Entropy {
    sid: [u8; 16],
    seed: Zeroizing<[u8; 64]>,
}

impl Entropy {
    /// Draws 16 bytes for a SID and 64 for the longest seed.
    ///
    /// # Errors
    /// What `fill` says when it has no randomness.
    pub fn draw<E>(mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut entropy = Self {
            sid: [0; 16],
            seed: Zeroizing::new([0; 64]),
        };
        fill(&mut entropy.sid)?;
        fill(&mut *entropy.seed)?;
        Ok(entropy)
    }

    pub(super) fn seed(&self) -> &[u8] {
        &*self.seed
    }
}

/// The valid parameters of a request for a Factor.
#[derive(Clone, Debug)]
pub struct NewFactor {
    identity: Identity,
    friendly_name: FriendlyName,
    metadata: Option<Metadata>,
    binding: NewBinding,
}

#[derive(Clone, Debug)]
enum NewBinding {
    Push(Push),
    Totp(NewTotp),
}

impl NewFactor {
    const FACTOR_TYPE: &'static str = "FactorType";
    /// The parameters of every Factor.
    const PARAMETERS: [&'static str; 3] = [FriendlyName::PARAMETER, Self::FACTOR_TYPE, Metadata::PARAMETER];

    /// Every parameter of the form.
    #[must_use]
    pub fn parameters() -> Vec<&'static str> {
        [
            Self::PARAMETERS.as_slice(),
            &Push::PARAMETERS,
            &NewTotp::PARAMETERS,
        ]
        .concat()
    }

    /// Reads the parameters of a Factor. Those of the other type are ignored.
    ///
    /// # Errors
    /// Every parameter that is invalid, in the order of the contract's table.
    pub fn parse(identity: &str, form: &Form<'_>) -> Result<Self, Vec<InvalidParameter>> {
        form.read(|invalid| Self::parse_noting(identity, form, invalid))
    }

    fn parse_noting(identity: &str, form: &Form<'_>, invalid: &mut Vec<InvalidParameter>) -> Option<Self> {
        let identity = noting(invalid, Identity::parse(identity));
        let friendly_name = noting(
            invalid,
            form.required(FriendlyName::PARAMETER)
                .and_then(FriendlyName::parse),
        );
        let factor_type = noting(
            invalid,
            form.required(Self::FACTOR_TYPE).and_then(|name| {
                FactorType::from_name(name).ok_or(Rule::FactorType.broken_by(Self::FACTOR_TYPE))
            }),
        );
        let metadata = noting(
            invalid,
            form.optional(Metadata::PARAMETER, |_, text| Metadata::parse(text)),
        );
        let binding = match factor_type? {
            FactorType::Push => Push::parse(form, invalid).map(NewBinding::Push),
            FactorType::Totp => NewTotp::parse(form, invalid).map(NewBinding::Totp),
        };
        Some(Self {
            identity: identity?,
            friendly_name: friendly_name?,
            metadata: metadata?,
            binding: binding?,
        })
    }

    /// Whose Factor it is to be.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What tells a retry of this request, which was read from `form`, from another request.
    #[must_use]
    pub fn fingerprint(&self, form: &Form<'_>) -> Fingerprint {
        let parameters = match self.binding {
            NewBinding::Push(_) => Push::PARAMETERS.as_slice(),
            NewBinding::Totp(_) => &NewTotp::PARAMETERS,
        };
        Fingerprint::of(form, Self::PARAMETERS.iter().chain(parameters))
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
    pub(crate) metadata: Option<Metadata>,
    pub(crate) binding: Binding,
    pub(crate) date_created: Timestamp,
    pub(crate) date_updated: Timestamp,
}

/// What a Factor is made of, by its type.
#[derive(Clone, Debug)]
pub enum Binding {
    /// A push Factor's.
    Push(Push),
    /// A totp Factor's.
    Totp(Totp),
}

impl Factor {
    /// Every new Factor's status: nobody has answered a Challenge yet (API page, `status`).
    pub(crate) const STATUS: &'static str = "unverified";

    /// Makes a Factor of a Service: the Service's settings where the request says nothing, then chance.
    ///
    /// With an `Idempotency-Key` the SID follows from the key, so that the same request makes the same Factor.
    #[must_use]
    pub fn create(
        new: NewFactor,
        service: &Service,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Self {
        let (account_sid, service_sid) = (service.account_sid, service.sid);
        let binding = match new.binding {
            NewBinding::Push(push) => Binding::Push(push),
            NewBinding::Totp(totp) => Binding::Totp(Totp::new(
                totp,
                service.totp_settings(),
                service.issuer(),
                entropy,
            )),
        };
        Self {
            sid: key.map_or_else(
                || FactorSid::from_bytes(entropy.sid),
                |key| FactorSid::of(account_sid, service_sid, &new.identity, key),
            ),
            account_sid,
            service_sid,
            entity_sid: EntitySid::of(account_sid, service_sid, &new.identity),
            identity: new.identity,
            friendly_name: new.friendly_name,
            metadata: new.metadata,
            binding,
            date_created: now,
            date_updated: now,
        }
    }

    /// The type.
    #[must_use]
    pub fn factor_type(&self) -> FactorType {
        match self.binding {
            Binding::Push(_) => FactorType::Push,
            Binding::Totp(_) => FactorType::Totp,
        }
    }
}
