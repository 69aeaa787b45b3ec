//! Challenges: what one is, and how one comes to be.

use super::details::Details;
use super::expiration_date::ExpirationDate;
use super::new::NewChallenge;
use crate::entities::EntityKey;
use crate::factors::{Authenticator, Binding, Compared, Factor, FactorType, Metadata, Status, Stopped};
use crate::parameters::{InvalidParameter, Rule};
use crate::revision::{AsRead, Revision};
use crate::sealing::NotOpened;
use crate::sid::{AccountSid, ChallengeSid, EntitySid, FactorSid, Identity, ServiceSid};
use crate::time::Timestamp;

/// A Challenge.
#[derive(Clone, Debug)]
pub(super) struct Challenge {
    pub(super) sid: ChallengeSid,
    pub(super) account_sid: AccountSid,
    pub(super) service_sid: ServiceSid,
    pub(super) entity_sid: EntitySid,
    pub(super) identity: Identity,
    pub(super) factor_sid: FactorSid,
    pub(super) factor_type: FactorType,
    /// When the Factor was created: a key can bring back the SID of one that was deleted with its Entity.
    pub(super) factor_created: Timestamp,
    pub(super) details: Option<Details>,
    pub(super) hidden_details: Option<Metadata>,
    pub(super) metadata: Option<Metadata>,
    pub(super) date_created: Timestamp,
    pub(super) date_updated: Timestamp,
    pub(super) expiration_date: ExpirationDate,
    pub(super) state: State,
    /// Codes that were wrong.
    pub(super) wrong: u8,
    pub(super) revision: Revision,
    /// Which request wrote it last.
    pub(super) request_id: String,
}

/// Whether a Challenge was answered.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// It waits, or nobody answered it in time. An answer is checked by what its Factor was when the Challenge was written; where that
    /// was taken out, as by the operator, by the Factor itself.
    Waiting(Option<Box<Authenticator>>),
    /// It was answered.
    Answered {
        /// With what.
        response: Response,
        /// When.
        date: Timestamp,
    },
}

/// How a Challenge was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Response {
    /// With a yes.
    Approved,
    /// With a no, which only a phone says.
    Denied,
}

/// What a Challenge is, by the clock (API page, `status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChallengeStatus {
    /// It waits for its answer.
    Pending,
    /// It was answered with a yes.
    Approved,
    /// It was answered with a no.
    Denied,
    /// Nobody answered it in time.
    Expired,
}

impl Response {
    /// Reads a response by its API name.
    ///
    /// # Errors
    /// [`Rule::OneOf`].
    pub(super) fn parse(name: &str) -> Result<Self, Rule> {
        match name {
            "approved" => Ok(Self::Approved),
            "denied" => Ok(Self::Denied),
            _ => Err(Rule::OneOf(&["approved", "denied"])),
        }
    }

    /// The name in the API: `approved`, `denied`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }
}

impl ChallengeStatus {
    /// Reads a status by its API name.
    ///
    /// # Errors
    /// [`Rule::OneOf`].
    pub(super) fn parse(name: &str) -> Result<Self, Rule> {
        match name {
            "pending" => Ok(Self::Pending),
            "approved" => Ok(Self::Approved),
            "denied" => Ok(Self::Denied),
            "expired" => Ok(Self::Expired),
            _ => Err(Rule::OneOf(&["pending", "approved", "denied", "expired"])),
        }
    }

    /// The name in the API: `pending`, `approved`, `denied`, `expired`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }
}

/// What a Challenge comes to be with, besides what was asked for.
#[derive(Clone, Copy)]
pub(super) struct Creation<'a> {
    pub(super) sid: ChallengeSid,
    pub(super) now: Timestamp,
    pub(super) request_id: &'a str,
}

/// A Challenge that comes to be, and what becomes of its Factor by that.
#[derive(Debug)]
pub(super) struct Created {
    pub(super) challenge: Challenge,
    pub(super) authenticator: Authenticator,
    /// What came of the code that came along.
    pub(super) compared: Option<Compared>,
}

/// Why a Challenge doesn't come to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotCreated {
    /// Nobody proved to have the Factor.
    Unverified,
    /// Parameters that a Challenge of this Factor cannot have.
    Invalid(Vec<InvalidParameter>),
    /// There were too many Challenges; one more can be after so many seconds.
    TooMany(u64),
    /// There were too many wrong codes for another to be compared.
    Stopped(Stopped),
    /// What its codes come from doesn't open.
    NotOpened(NotOpened),
}

impl NotCreated {
    /// The outcome in the log, where a code came along.
    pub(super) const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Unverified => Some("unverified"),
            Self::Stopped(Stopped::Disabled) => Some("disabled"),
            Self::Stopped(Stopped::UsedUp | Stopped::Wait(_)) => Some("limited"),
            Self::Invalid(_) | Self::TooMany(_) | Self::NotOpened(_) => None,
        }
    }
}

/// Seconds for which a Challenge is kept: 30 days.
pub(super) const KEPT: u32 = 30 * 24 * 3600;

impl Challenge {
    /// Makes a Challenge of a Factor, and approves it where the right code comes along. Only where there is a code to be compared is
    /// the binding of the Factor opened, by `open`.
    pub(super) fn create(
        new: &NewChallenge,
        factor: &Factor,
        open: impl FnOnce() -> Result<Binding, NotOpened>,
        Creation { sid, now, request_id }: Creation<'_>,
    ) -> Result<Created, NotCreated> {
        let code = new.code(factor.factor_type()).map_err(NotCreated::Invalid)?;
        if factor.status != Status::Verified {
            return Err(NotCreated::Unverified);
        }
        let authenticator = factor.authenticator();
        authenticator.may_be_asked().map_err(NotCreated::Stopped)?;
        let challenged = authenticator.challenged(now).map_err(NotCreated::TooMany)?;
        let (authenticator, compared) = match code {
            None => (challenged, None),
            Some(code) => {
                let Binding::Totp(totp) = open().map_err(NotCreated::NotOpened)? else {
                    return Err(NotCreated::NotOpened(NotOpened));
                };
                let (after, compared) = challenged
                    .compare(code, &totp, now)
                    .map_err(NotCreated::Stopped)?;
                (after, Some(compared))
            }
        };
        let authenticator = authenticator.written_by(request_id);
        let challenge = Self {
            sid,
            account_sid: factor.account_sid,
            service_sid: factor.service_sid,
            entity_sid: factor.entity_sid,
            identity: factor.identity.clone(),
            factor_sid: factor.sid,
            factor_type: factor.factor_type(),
            factor_created: factor.date_created,
            details: new.details.clone(),
            hidden_details: new.hidden_details.clone(),
            metadata: None,
            date_created: now,
            date_updated: now,
            expiration_date: new.expiration_date,
            state: match compared {
                Some(Compared::Right) => State::Answered {
                    response: Response::Approved,
                    date: now,
                },
                Some(Compared::Wrong { .. }) | None => State::Waiting(Some(Box::new(authenticator.clone()))),
            },
            wrong: u8::from(matches!(compared, Some(Compared::Wrong { .. }))),
            revision: Revision::FIRST,
            request_id: request_id.to_owned(),
        };
        Ok(Created {
            challenge,
            authenticator,
            compared,
        })
    }

    /// What it is at `now`.
    pub(super) fn status(&self, now: Timestamp) -> ChallengeStatus {
        match self.state {
            State::Answered { response, .. } => match response {
                Response::Approved => ChallengeStatus::Approved,
                Response::Denied => ChallengeStatus::Denied,
            },
            State::Waiting(_) if self.expiration_date.get() <= now => ChallengeStatus::Expired,
            State::Waiting(_) => ChallengeStatus::Pending,
        }
    }

    /// The Challenge, unless it is not kept any more, which is as if it weren't there.
    pub(super) fn if_there(self, now: Timestamp) -> Option<Self> {
        (now < self.expires()).then_some(self)
    }

    /// Whether this is the Factor that it was created of, and not one that came to have its SID. None but a verified one is.
    pub(super) fn is_of(&self, factor: &Factor) -> bool {
        factor.status == Status::Verified
            && factor.sid == self.factor_sid
            && factor.factor_type() == self.factor_type
            && factor.date_created == self.factor_created
    }

    /// From when it is not kept any more.
    pub(super) fn expires(&self) -> Timestamp {
        self.date_created.after(KEPT)
    }

    /// Which write of it this is.
    pub(super) fn as_read(&self) -> AsRead<'_> {
        AsRead {
            revision: self.revision,
            request_id: &self.request_id,
        }
    }

    /// Whose it is.
    pub(super) fn entity(&self) -> EntityKey<'_> {
        EntityKey {
            service_sid: self.service_sid,
            identity: &self.identity,
            sid: self.entity_sid,
        }
    }
}
