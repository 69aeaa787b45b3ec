//! Factors: what makes one valid, and how one comes to be.

use super::binding::Sealed;
use super::guesses::Guesses;
use super::new::NewKind;
use super::retry::{KEY_SECONDS, Retry};
use super::windows::Windows;
use super::{
    Binding, Entropy, FactorType, FriendlyName, Metadata, NewFactor, Provenance, PushConfig, Status, Step,
    TotpConfig,
};
use crate::entities::{EntityKey, Made};
use crate::revision::{AsRead, Revision};
use crate::sealing::{DataKey, Nonce, NotOpened, SealedBinding, Seat};
use crate::services::Service;
use crate::settings::UnverifiedFactorHours;
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
    /// From when it is gone unless it is verified; `None` where it stays.
    pub(crate) unverified_until: Option<Timestamp>,
    pub(crate) guesses: Guesses,
    pub(crate) windows: Windows,
    /// The time step of the code that verified it.
    pub(crate) verified_by: Option<Step>,
    /// The time step of the last code that was accepted: none of it or before it is again (RFC 6238, section 5.2).
    pub(crate) last_step: Option<Step>,
    pub(crate) provenance: Provenance,
    pub(crate) date_created: Timestamp,
    pub(crate) date_updated: Timestamp,
    pub(crate) revision: Revision,
}

/// What a Factor goes by, by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Config {
    /// A push Factor's.
    Push(PushConfig),
    /// A totp Factor's.
    Totp(TotpConfig),
}

impl Config {
    /// The type.
    pub(crate) fn factor_type(&self) -> FactorType {
        match self {
            Self::Push(_) => FactorType::Push,
            Self::Totp(_) => FactorType::Totp,
        }
    }
}

/// How a Factor comes to be, besides what was asked for.
#[derive(Clone, Copy)]
pub struct Creation<'a> {
    /// When.
    pub now: Timestamp,
    /// How long it can wait to be verified; `None` for good.
    pub unverified_factor_hours: Option<UnverifiedFactorHours>,
    /// By which request.
    pub request_id: &'a str,
    /// What makes that one that can be retried.
    pub retry: Option<&'a Retry>,
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
        creation: Creation<'_>,
        entropy: &Entropy,
        data_key: &DataKey,
    ) -> (Self, Binding) {
        let Creation { now, retry, .. } = creation;
        let (account_sid, service_sid) = (service.account_sid, service.sid);
        let sid = match retry {
            Some(retry) => retry.key.factor_sid(account_sid, service_sid, &new.identity),
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
        let unverified_until = creation
            .unverified_factor_hours
            .map(|hours| now.after(u32::from(hours.get()) * 3600));
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
            unverified_until,
            guesses: Guesses::default(),
            windows: Windows::default(),
            verified_by: None,
            last_step: None,
            provenance: Provenance::of(creation.request_id, retry, data_key),
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
        self.sealed(|sealed| sealed.open(data_key))
    }

    /// Whether nobody verified it in time: by the clock, whenever DynamoDB gets round to deleting it.
    #[must_use]
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.unverified_until.is_some_and(|until| until <= now)
    }

    /// The Factor, unless it is expired, which is as if it weren't there.
    pub(crate) fn if_there(self, now: Timestamp) -> Option<Self> {
        (!self.is_expired(now)).then_some(self)
    }

    /// From when it can be deleted: not before its `Idempotency-Key` counts for nothing any more, be it gone or not.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        let key = self.date_created.after(KEY_SECONDS);
        self.unverified_until.map(|until| until.max(key))
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
        self.sealed(|sealed| sealed.reseal(old, new, nonce))
    }

    fn sealed<T>(&self, with: impl FnOnce(Sealed<'_>) -> T) -> T {
        with(Sealed {
            pk: &self.identity.partition(self.service_sid),
            sid: self.sid,
            method: &self.config.method(),
            binding: &self.binding,
        })
    }

    /// The type.
    #[must_use]
    pub fn factor_type(&self) -> FactorType {
        self.config.factor_type()
    }

    /// Which write of it this is.
    pub(crate) fn as_read(&self) -> AsRead<'_> {
        AsRead {
            revision: self.revision,
            request_id: self.provenance.request_id(),
        }
    }

    /// How the Entity comes to be, if this is its first Factor.
    pub(crate) fn made(&self) -> Made<'_> {
        Made {
            account_sid: self.account_sid,
            now: self.date_created,
            request_id: self.provenance.request_id(),
        }
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
pub(super) fn seat<'a>(pk: &'a str, sid: &'a FactorSid, factor_type: FactorType) -> Seat<'a> {
    Seat {
        pk,
        sk: sid.as_str(),
        factor_type: factor_type.name(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::parameters::Fields;
    use crate::randomness::Randomness;
    use crate::services::NewService;
    use secrecy::zeroize::Zeroizing;

    /// A creation at the first second of 2026 by the request `creation`, of a Factor that is there for good.
    pub(in crate::factors) fn creation() -> Creation<'static> {
        Creation {
            now: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
            unverified_factor_hours: None,
            request_id: "creation",
            retry: None,
        }
    }

    /// A totp Factor with these parameters besides.
    pub(in crate::factors) fn totp_factor(parameters: &str, creation: Creation<'_>) -> (Factor, Binding) {
        factor(
            &format!(
                "FriendlyName=Laptop&FactorType=totp&Binding.Secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&{parameters}"
            ),
            creation,
        )
    }

    /// A Factor with these parameters.
    pub(in crate::factors) fn factor(parameters: &str, creation: Creation<'_>) -> (Factor, Binding) {
        let new = NewFactor::parse("identity", &mut Fields::decode(parameters.as_bytes())).unwrap();
        let service = NewService::parse(&mut Fields::decode(b"FriendlyName=Owl")).unwrap();
        let (account, sid) = (AccountSid::from_bytes([1; 16]), ServiceSid::from_bytes([2; 16]));
        let service = Service::create(service, account, sid, creation.now);
        let randomness = Randomness::new(|bytes| {
            bytes.fill(3);
            Ok(())
        });
        let data_key = DataKey::new(1, Zeroizing::new([4; 32]));
        Factor::create(
            new,
            &service,
            creation,
            &Entropy::draw(&randomness).unwrap(),
            &data_key,
        )
    }

    #[test]
    fn an_unverified_factor_is_gone_after_its_hours_to_the_second() {
        for hours in 1..=24 {
            let creation = Creation {
                unverified_factor_hours: UnverifiedFactorHours::parse(&hours.to_string()).ok(),
                ..creation()
            };
            let (factor, _) = totp_factor("", creation);
            let last = hours * 3600 - 1;
            for (second, gone) in [(0, false), (last, false), (last + 1, true), (last + 2, true)] {
                assert_eq!(
                    factor.is_expired(creation.now.after(second)),
                    gone,
                    "{hours} h, {second} s"
                );
            }
        }
        let (factor, _) = totp_factor("", creation());
        assert!(!factor.is_expired(Timestamp::parse("9999-12-31T23:59:59Z").unwrap()));
    }
}
