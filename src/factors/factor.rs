//! Factors: what makes one valid, and how one comes to be.

use super::new::NewKind;
use super::{
    Binding, Entropy, FactorType, FriendlyName, IdempotencyKey, Metadata, NewFactor, PushConfig, Status,
    TotpConfig,
};
use crate::entities::EntityKey;
use crate::revision::Revision;
use crate::sealing::{DataKey, Nonce, NotOpened, SealedBinding, Seat};
use crate::services::Service;
use crate::sid::{AccountSid, EntitySid, FactorSid, Identity, ServiceSid};
use crate::time::Timestamp;

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
