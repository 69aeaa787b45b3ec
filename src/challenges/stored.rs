//! Challenges in the table: the calls to DynamoDB.

use aws_sdk_dynamodb::types::CancellationReason;

use super::challenge::{Challenge, ChallengeStatus, Created, KEPT};
use super::item::{self, AUTHENTICATOR};
use super::response::{FactorPart, Write};
use super::retry::Note;
use crate::aws::Failure;
use crate::entities::EntityKey;
use crate::factors::Factor;
use crate::parameters::{Page, PageRequest, PageToken};
use crate::revision::{AsRead, Revision};
use crate::sid::{ChallengeSid, FactorSid, RetrySid};
use crate::table::{CONDITION_FAILED, Item, Range, Table, Transaction, key};
use crate::time::Timestamp;

/// How the write of a Challenge ended.
pub(super) enum ChallengeWrite {
    /// It is in the table now.
    Written,
    /// A request with this key was there before.
    KeyUsed,
    /// Somebody else wrote something of it meanwhile.
    Meanwhile,
}

/// How the write of what became of a Challenge ended.
pub(super) enum AnswerWrite {
    /// It is in the table now.
    Written,
    /// Somebody else wrote something of it meanwhile; the Challenge that is there now.
    Meanwhile(Option<Box<Challenge>>),
}

/// A Challenge that has what an answer is checked by, as far as the operator looks at it.
pub(crate) struct Copied {
    pub(super) pk: String,
    pub(super) sid: ChallengeSid,
    pub(super) revision: Revision,
    pub(super) request_id: String,
    /// The version of the data key that the copy is sealed with.
    pub(crate) version: u32,
}

/// Which Challenges are listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter<'a> {
    pub(super) factor_sid: Option<FactorSid>,
    pub(super) status: Option<ChallengeStatus>,
    /// The Factor whose device asks.
    pub(super) factor: Option<&'a Factor>,
}

impl Table {
    /// Writes a new Challenge and what becomes of its Factor, `read` being what the Factor was: all of it or nothing. A key is noted
    /// with it.
    pub(super) async fn create_challenge(
        &self,
        created: &Created,
        read: AsRead<'_>,
        note: Option<(RetrySid, &Note)>,
    ) -> Result<ChallengeWrite, Failure> {
        let Created {
            challenge,
            authenticator,
            ..
        } = created;
        let entity = challenge.entity();
        let writes = || {
            let mut writes = vec![
                self.put_new(item::of_challenge(challenge))?,
                self.write_authenticator(entity, read, authenticator)?,
            ];
            if let Some((sk, note)) = note {
                writes.push(self.put_new(item::of_note(&entity.partition(), sk, note, challenge))?);
            }
            Ok(writes)
        };
        let reasons = match self.transact(writes).await? {
            Transaction::Committed => return Ok(ChallengeWrite::Written),
            Transaction::Cancelled(reasons) => reasons,
        };
        // What was written under this SID is this request's own, of which the answer was lost.
        if self.read_challenge(entity, challenge.sid).await?.is_some() {
            return Ok(ChallengeWrite::Written);
        }
        let note = reasons.get(2).and_then(CancellationReason::code);
        if note == Some(CONDITION_FAILED) {
            Ok(ChallengeWrite::KeyUsed)
        } else {
            Ok(ChallengeWrite::Meanwhile)
        }
    }

    /// Writes what became of a Challenge that was read, and of its Factor's part, if nobody changed either meanwhile.
    pub(super) async fn write_challenge(
        &self,
        read: AsRead<'_>,
        write: &Write,
    ) -> Result<AnswerWrite, Failure> {
        let written = &write.challenge;
        let entity = written.entity();
        let writes = || {
            let mut writes = vec![self.put_over(item::of_challenge(written), read)?];
            match &write.factor {
                FactorPart::NotAsked => {}
                FactorPart::There => {
                    writes.push(self.check_factor(entity, written.factor_sid, written.factor_created)?);
                }
                FactorPart::Changed { read, written } => {
                    writes.push(self.write_authenticator(entity, read.as_read(), written)?);
                }
            }
            Ok(writes)
        };
        if let Transaction::Committed = self.transact(writes).await? {
            return Ok(AnswerWrite::Written);
        }
        let there = self.read_challenge(entity, written.sid).await?;
        // This request's own write, of which the answer was lost.
        if there
            .as_ref()
            .is_some_and(|there| there.request_id == written.request_id)
        {
            return Ok(AnswerWrite::Written);
        }
        Ok(AnswerWrite::Meanwhile(there.map(Box::new)))
    }

    /// A Challenge as it is in the table now.
    pub(super) async fn read_challenge(
        &self,
        entity: EntityKey<'_>,
        sid: ChallengeSid,
    ) -> Result<Option<Challenge>, Failure> {
        let item = self.read(key(&entity.partition(), sid.as_str())).await?;
        item.as_ref().map(item::to_challenge).transpose()
    }

    /// Some of all Challenges there are that have what an answer is checked by, and where the next begin. For the operator alone: it
    /// reads the whole table.
    pub(crate) async fn scan_copies(
        &self,
        start: Option<Item>,
    ) -> Result<(Vec<Result<Copied, Failure>>, Option<Item>), Failure> {
        let filter = format!("attribute_exists({AUTHENTICATOR})");
        let (items, next) = self.scan(filter, None, start).await?;
        let copies = items.iter().filter_map(|item| item::to_copied(item).transpose());
        Ok((copies.collect(), next))
    }

    /// Takes out of a Challenge what it has of its Factor, unless it was written meanwhile; whether it did. An answer asks the Factor
    /// then.
    pub(crate) async fn drop_copy(&self, copied: &Copied) -> Result<bool, Failure> {
        let key = key(&copied.pk, copied.sid.as_str());
        let read = AsRead {
            revision: copied.revision,
            request_id: &copied.request_id,
        };
        self.change(key, read, &format!("REMOVE {AUTHENTICATOR}"), Item::new())
            .await
    }

    /// What a request with this key made.
    pub(super) async fn read_note(
        &self,
        entity: EntityKey<'_>,
        sk: RetrySid,
    ) -> Result<Option<Note>, Failure> {
        let item = self.read(key(&entity.partition(), sk.as_str())).await?;
        item.as_ref().map(item::to_note).transpose()
    }

    /// A page of an Entity's Challenges, in the order of their creation or the other way round.
    pub(super) async fn list_challenges(
        &self,
        entity: EntityKey<'_>,
        filter: Filter<'_>,
        request: &PageRequest<ChallengeSid>,
        now: Timestamp,
    ) -> Result<Page<Challenge>, Failure> {
        let pk = entity.partition();
        // Those that aren't kept any more come first, and DynamoDB may not have deleted them yet: a list begins after them. Only where a
        // token is of one of them it doesn't, as a query starts within its range, and not at its end either.
        let oldest = ChallengeSid::first_at(now.unix().saturating_sub(KEPT.into()) * 1000);
        let token = request.token.as_ref().map(PageToken::key);
        let is_old = token.is_some_and(|sid| sid.as_str() <= oldest.as_str());
        let range = Range::Between {
            pk: &pk,
            first: if is_old {
                ChallengeSid::PREFIX
            } else {
                oldest.as_str()
            },
            // Digits end with f.
            last: "YCg",
        };
        // As many as a query holds, where most can be none of the list.
        let at_least = if filter.keeps_all() && !is_old {
            0
        } else {
            usize::MAX
        };
        let place = |sid: &ChallengeSid| key(&pk, sid.as_str());
        let read = |item: &Item| {
            let challenge = item::to_challenge(item)?;
            Ok(challenge
                .if_there(now)
                .filter(|challenge| filter.has(challenge, now)))
        };
        self.query_page(range, request, at_least, place, read).await
    }
}

impl Filter<'_> {
    fn keeps_all(self) -> bool {
        self.factor_sid.is_none() && self.status.is_none() && self.factor.is_none()
    }

    fn has(self, challenge: &Challenge, now: Timestamp) -> bool {
        self.factor_sid.is_none_or(|sid| sid == challenge.factor_sid)
            && self.status.is_none_or(|status| status == challenge.status(now))
            && self.factor.is_none_or(|factor| challenge.is_of(factor))
    }
}
