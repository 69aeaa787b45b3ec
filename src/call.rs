//! A call: what a request comes with besides itself, for as long as it is being answered.

use time::OffsetDateTime;

use crate::caller::{Caller, Device, Enrolment, Proven};
use crate::http::Request;
use crate::refusal::Refusal;
use crate::route::Route;
use crate::sid::{AccessTokenSid, ChallengeSid, EntitySid, FactorSid, ServiceSid};
use crate::time::Timestamp;

/// A request being answered.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request,
    /// By which the log knows it, and the table which request an item is from.
    pub(crate) request_id: &'a str,
    pub(crate) now: OffsetDateTime,
    /// The public origin, if the settings have one.
    pub(crate) base_url: Option<&'a str>,
    /// Who calls, once that is proved.
    pub(crate) caller: Option<Proven>,
    /// Who nobody said to be.
    pub(crate) claimed: Option<Caller>,
    /// What is called, be it allowed or not.
    pub(crate) route: Option<&'static Route>,
    /// What it is about.
    pub(crate) subject: Subject,
    /// What came of its `AuthPayload`, once one was looked at.
    pub(crate) attempt: Option<Attempt>,
}

/// An attempt to prove something with an `AuthPayload`, for the log.
#[derive(Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) factor_type: &'static str,
    pub(crate) outcome: &'static str,
}

/// What a request is about, for the log: the SIDs in its path, and those of what it makes, filled in by the operation before it writes.
#[derive(Default)]
#[expect(clippy::struct_field_names, reason = "they are the names in the log")]
pub(crate) struct Subject {
    pub(crate) service_sid: Option<ServiceSid>,
    pub(crate) entity_sid: Option<EntitySid>,
    pub(crate) factor_sid: Option<FactorSid>,
    pub(crate) challenge_sid: Option<ChallengeSid>,
    pub(crate) access_token_sid: Option<AccessTokenSid>,
}

impl Call<'_> {
    /// What comes before `/v2` in URLs.
    pub(crate) fn base(&self) -> String {
        match self.base_url {
            // A public origin of its own is mapped onto the stage, which its URLs then don't show.
            Some(base_url) => base_url.to_owned(),
            None => self.request.origin() + &self.request.mount,
        }
    }

    /// The second in which it came.
    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp::at(self.now)
    }

    /// The device that calls, if one does.
    pub(crate) fn device(&self) -> Option<&Device> {
        match &self.caller {
            Some(Proven::Device(device)) => Some(device),
            _ => None,
        }
    }

    /// What a device that enrols is allowed, if one calls.
    pub(crate) fn enrolment(&self) -> Option<&Enrolment> {
        match &self.caller {
            Some(Proven::Token(enrolment)) => Some(enrolment),
            _ => None,
        }
    }

    /// There is nothing where the path leads.
    pub(crate) fn not_found(&self) -> Refusal {
        Refusal::NotFound(self.route.map(|route| route.template))
    }
}
