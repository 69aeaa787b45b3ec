//! Access Tokens in the table: the calls to DynamoDB.

use super::access_token::AccessToken;
use super::item;
use crate::aws::Failure;
use crate::sid::{AccessTokenSid, ServiceSid};
use crate::table::{Table, Transaction};

impl Table {
    /// Writes a new Access Token, never over another.
    pub(super) async fn create_access_token(&self, token: &AccessToken) -> Result<(), Failure> {
        // A transaction of one, as its token makes the SDK's retries safe.
        let write = || Ok(vec![self.put_new(item::of_access_token(token))?]);
        match self.transact(write).await? {
            // A SID of 128 random bits is taken by one alone: this one, written by a call whose answer was lost.
            Transaction::Committed | Transaction::Cancelled(_) => Ok(()),
        }
    }

    /// An Access Token as it is in the table now, past its time or not, used up or not.
    pub(crate) async fn read_access_token(
        &self,
        service_sid: ServiceSid,
        sid: AccessTokenSid,
    ) -> Result<Option<AccessToken>, Failure> {
        let item = self.read(item::key(service_sid, sid)).await?;
        item.as_ref().map(item::to_access_token).transpose()
    }
}
