//! Seeds from elsewhere, whose users have them already.

use data_encoding::HEXLOWER;
use time::OffsetDateTime;

use crate::app::App;
use crate::aws::Failure;
use crate::factors::{Change, ChangeWrite, Creation, Entropy, Factor, FactorWrite, Import, Status};
use crate::sid::ServiceSid;
use crate::table::Patience;
use crate::time::Timestamp;

/// What came of importing a Factor as verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It is there now.
    Created,
    /// It was there, unverified, and is verified now.
    Verified,
    /// It was there, verified.
    There,
    /// It was there once, and was deleted: that stands.
    Deleted,
    /// The Entity has as many Factors of the type as it can.
    Full,
    /// There is no such Service.
    NoService,
}

impl App {
    /// Whether there is such a Service.
    ///
    /// # Errors
    /// When DynamoDB cannot be asked.
    pub async fn has_service(&self, sid: ServiceSid, now: OffsetDateTime) -> Result<bool, Failure> {
        Ok(self.services.service(&self.table, sid, now).await?.is_some())
    }

    /// Writes a Factor of a Service that is verified from the start, as the operator says that its user has the seed already: sealed,
    /// counted and limited as any other, and once, however often it is imported.
    ///
    /// # Errors
    /// When DynamoDB or KMS cannot be asked.
    pub async fn import(
        &self,
        service_sid: ServiceSid,
        import: &Import,
        now: OffsetDateTime,
    ) -> Result<Imported, Failure> {
        let Some(service) = self.services.service(&self.table, service_sid, now).await? else {
            return Ok(Imported::NoService);
        };
        let data_key = self.data_keys.newest(&self.table, now).await?;
        let entropy = Entropy::draw(&self.randomness)?;
        let request_id = format!("import {}", HEXLOWER.encode(&self.randomness.bytes::<16>()?));
        let by = (request_id.as_str(), Timestamp::at(now));
        let creation = Creation {
            now: by.1,
            unverified_factor_hours: None,
            request_id: by.0,
            retry: None,
        };
        let factor = import.verified(&service, creation, &entropy, &data_key);
        match self.table.enrol(&factor, None, by).await? {
            FactorWrite::Written => Ok(Imported::Created),
            FactorWrite::There(there) => self.have_verified(*there, by).await,
            // Nothing here comes by a token.
            FactorWrite::Tombstone | FactorWrite::TokenUsed => Ok(Imported::Deleted),
            FactorWrite::LimitReached => Ok(Imported::Full),
        }
    }

    /// Has a Factor verified that was imported before. One that nobody verified in time, and DynamoDB did not delete yet, is there
    /// again.
    async fn have_verified(
        &self,
        mut there: Factor,
        (request_id, now): (&str, Timestamp),
    ) -> Result<Imported, Failure> {
        let mut patience = Patience::begin();
        loop {
            if there.status == Status::Verified {
                // By this very write, if its answer was lost.
                let created = there.as_read().request_id == request_id;
                return Ok(if created {
                    Imported::Created
                } else {
                    Imported::There
                });
            }
            let verified = Factor {
                date_updated: now,
                ..there.verified()
            };
            let change = Change::To(Box::new(verified.written_by(request_id)));
            let written = self
                .table
                .change_factor(&there, &change, (request_id, now), &mut patience);
            match written.await? {
                ChangeWrite::Written => return Ok(Imported::Verified),
                ChangeWrite::Meanwhile(Some(factor)) => there = *factor,
                ChangeWrite::Meanwhile(None) => return Ok(Imported::Deleted),
            }
        }
    }
}
