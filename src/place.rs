//! Where a path leads: the SIDs and the Identity in it, as each operation takes them.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::call::Subject;
use crate::parameters::InvalidParameter;
use crate::sid::{AccessTokenSid, ChallengeSid, FactorSid, Identity, ServiceSid};

/// Where an Entity is.
#[derive(Debug)]
pub(crate) struct EntityAt {
    pub(crate) service_sid: ServiceSid,
    /// The Identity, percent-decoded and otherwise as it came: what is wrong with it is told with the parameters.
    pub(crate) identity: String,
}

/// Where a Factor is.
#[derive(Debug)]
pub(crate) struct FactorAt {
    pub(crate) service_sid: ServiceSid,
    /// As in [`EntityAt`].
    pub(crate) identity: String,
    pub(crate) factor_sid: FactorSid,
}

/// Where a Challenge is.
#[derive(Debug)]
pub(crate) struct ChallengeAt {
    pub(crate) service_sid: ServiceSid,
    /// As in [`EntityAt`].
    pub(crate) identity: String,
    pub(crate) challenge_sid: ChallengeSid,
}

/// Where an Access Token is.
#[derive(Debug)]
pub(crate) struct AccessTokenAt {
    pub(crate) service_sid: ServiceSid,
    pub(crate) access_token_sid: AccessTokenSid,
}

impl EntityAt {
    /// The Identity, where no other parameter can be wrong.
    pub(crate) fn identity(&self) -> Result<Identity, Vec<InvalidParameter>> {
        identity(&self.identity)
    }
}

impl FactorAt {
    /// The Identity, where no other parameter can be wrong.
    pub(crate) fn identity(&self) -> Result<Identity, Vec<InvalidParameter>> {
        identity(&self.identity)
    }
}

impl ChallengeAt {
    /// The Identity, where no other parameter can be wrong.
    pub(crate) fn identity(&self) -> Result<Identity, Vec<InvalidParameter>> {
        identity(&self.identity)
    }
}

fn identity(text: &str) -> Result<Identity, Vec<InvalidParameter>> {
    Identity::parse(text).map_err(|rule| vec![rule.broken_by("Identity")])
}

/// Where a path leads.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) template: &'static str,
    pub(crate) service_sid: Option<ServiceSid>,
    identity: Option<String>,
    pub(crate) factor_sid: Option<FactorSid>,
    pub(crate) challenge_sid: Option<ChallengeSid>,
    access_token_sid: Option<AccessTokenSid>,
}

impl Place {
    /// Where a path of a template leads. One with a malformed SID is none.
    pub(crate) fn at(template: &'static str, path: &str) -> Option<Self> {
        let mut place = Self {
            template,
            service_sid: None,
            identity: None,
            factor_sid: None,
            challenge_sid: None,
            access_token_sid: None,
        };
        let (mut names, mut segments) = (template.split('/'), path.split('/'));
        loop {
            match (names.next(), segments.next()) {
                (Some("{ServiceSid}"), Some(segment)) => {
                    place.service_sid = Some(ServiceSid::parse(&decoded(segment)).ok()?);
                }
                (Some("{FactorSid}"), Some(segment)) => {
                    place.factor_sid = Some(FactorSid::parse(&decoded(segment)).ok()?);
                }
                (Some("{ChallengeSid}"), Some(segment)) => {
                    place.challenge_sid = Some(ChallengeSid::parse(&decoded(segment)).ok()?);
                }
                (Some("{AccessTokenSid}"), Some(segment)) => {
                    place.access_token_sid = Some(AccessTokenSid::parse(&decoded(segment)).ok()?);
                }
                (Some("{Identity}"), Some(segment)) => place.identity = Some(decoded(segment).into_owned()),
                (Some(name), Some(segment)) if name == segment => {}
                (None, None) => return Some(place),
                _ => return None,
            }
        }
    }

    /// What is in the path, for the log.
    pub(crate) fn subject(&self) -> Subject {
        Subject {
            service_sid: self.service_sid,
            factor_sid: self.factor_sid,
            challenge_sid: self.challenge_sid,
            access_token_sid: self.access_token_sid,
            ..Subject::default()
        }
    }

    /// Whose place it is, if it is an Entity's.
    pub(crate) fn whose(&self) -> Option<(ServiceSid, Identity)> {
        let identity = Identity::parse(self.identity.as_ref()?).ok()?;
        Some((self.service_sid?, identity))
    }

    pub(crate) fn access_token(self) -> Option<AccessTokenAt> {
        Some(AccessTokenAt {
            service_sid: self.service_sid?,
            access_token_sid: self.access_token_sid?,
        })
    }

    pub(crate) fn entity(self) -> Option<EntityAt> {
        Some(EntityAt {
            service_sid: self.service_sid?,
            identity: self.identity?,
        })
    }

    pub(crate) fn challenge(self) -> Option<ChallengeAt> {
        Some(ChallengeAt {
            service_sid: self.service_sid?,
            identity: self.identity?,
            challenge_sid: self.challenge_sid?,
        })
    }

    pub(crate) fn factor(self) -> Option<FactorAt> {
        Some(FactorAt {
            service_sid: self.service_sid?,
            identity: self.identity?,
            factor_sid: self.factor_sid?,
        })
    }
}

/// A segment of a path, percent-decoded: what isn't UTF-8 becomes U+FFFD, which nothing here has.
fn decoded(segment: &str) -> Cow<'_, str> {
    percent_decode_str(segment).decode_utf8_lossy()
}
