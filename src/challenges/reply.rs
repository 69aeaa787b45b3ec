//! Replies: the parameters of a request that answers a Challenge, as it was sent and before it is looked at.

use secrecy::SecretString;

use crate::factors::{AUTH_PAYLOAD, Metadata};
use crate::parameters::Fields;
use crate::sid::Identity;

/// The valid parameters of a request that answers a Challenge, or says something about it.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) identity: Identity,
    /// A code or a signed text, by the type of the Factor.
    pub(super) payload: Option<SecretString>,
    pub(super) metadata: Option<Metadata>,
}

impl Reply {
    /// Reads the parameters of an answer, `identity` being the path's.
    pub(super) fn parse(identity: &str, fields: &mut Fields<'_>) -> Option<Self> {
        let identity = fields.elsewhere("Identity", Identity::parse(identity));
        let payload = fields.optional(AUTH_PAYLOAD, |text| Ok(text.into()));
        let metadata = fields.optional("Metadata", Metadata::parse);
        Some(Self {
            identity: identity?,
            payload: payload?,
            metadata: metadata?,
        })
    }
}
