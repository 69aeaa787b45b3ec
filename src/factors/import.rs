//! Imports: Factors of seeds that users have in their apps already, from elsewhere.

use super::retry::IdempotencyKey;
use super::{Creation, Entropy, Factor, NewFactor, Retry};
use crate::parameters::{Fields, InvalidParameter};
use crate::sealing::DataKey;
use crate::services::Service;
use crate::sid::{AccountSid, FactorSid, ServiceSid};

/// A Factor that is to be imported: what a request for it says, and its `Idempotency-Key`, from which its SID follows. So whoever
/// imports it, by a request or past the API, and however often, there is one.
pub struct Import {
    new: NewFactor,
    retry: Retry,
}

impl Import {
    /// Reads what a request for the Factor would send, by the rules of one.
    ///
    /// # Errors
    /// Every parameter that is invalid.
    pub fn parse(identity: &str, form: &[u8], key: &str) -> Result<Self, Vec<InvalidParameter>> {
        let mut fields = Fields::decode(form);
        let new = NewFactor::parse(identity, &mut fields);
        let mut fields = fields.close();
        let retry = Retry::parse(Ok(Some(key)), &mut fields).flatten();
        let read = new.zip(retry).map(|(new, retry)| Self { new, retry });
        fields.finish(read)
    }

    /// The SID that the Factor has, or would have.
    #[must_use]
    pub fn factor_sid(&self, account: AccountSid, service: ServiceSid) -> FactorSid {
        let key: &IdempotencyKey = &self.retry.key;
        key.factor_sid(account, service, &self.new.identity)
    }

    /// The Factor as a request would make it, but that its user is said to have the seed already.
    pub(crate) fn verified(
        &self,
        service: &Service,
        by: Creation<'_>,
        entropy: &Entropy,
        data_key: &DataKey,
    ) -> Factor {
        let creation = Creation {
            retry: Some(&self.retry),
            ..by
        };
        let (factor, _) = Factor::create(self.new.clone(), service, creation, entropy, data_key);
        factor.verified()
    }
}
