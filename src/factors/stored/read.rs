//! Factors as they are in the table.

use crate::aws::Failure;
use crate::entities::EntityKey;
use crate::factors::{Factor, item};
use crate::parameters::{Page, PageRequest};
use crate::sid::FactorSid;
use crate::table::{Item, Range, SK, Table, key, s};
use crate::time::Timestamp;

/// Items that a list looks at in one query: an Entity has 120 Factors at the most, and what is left of some that are gone.
const SOME_GONE: usize = 1000;

impl Table {
    /// A Factor as it is in the table now, be it [expired](Factor::if_there) or not; `None` if it is not there.
    pub(crate) async fn read_factor(
        &self,
        entity: EntityKey<'_>,
        sid: FactorSid,
    ) -> Result<Option<Factor>, Failure> {
        let item = self.read(factor_key(entity, sid)).await?;
        item.as_ref().map_or(Ok(None), item::to_factor)
    }

    /// A Factor as [`read_factor`](Self::read_factor) has it, and another item of the Entity, in one call.
    pub(crate) async fn read_factor_beside(
        &self,
        entity: EntityKey<'_>,
        sid: FactorSid,
        sk: &str,
    ) -> Result<(Option<Factor>, Option<Item>), Failure> {
        let [factor, other] = self.read_both(&entity.partition(), [sid.as_str(), sk]).await?;
        let factor = factor.as_ref().map_or(Ok(None), item::to_factor)?;
        Ok((factor, other))
    }

    /// A page of an Entity's Factors, in the order of their SIDs.
    pub(in crate::factors) async fn list_factors(
        &self,
        entity: EntityKey<'_>,
        request: &PageRequest<FactorSid>,
        now: Timestamp,
    ) -> Result<Page<Factor>, Failure> {
        let pk = entity.partition();
        let range = Range::Partition {
            pk: &pk,
            prefix: FactorSid::PREFIX,
        };
        let read = |item: &Item| Ok(item::to_factor(item)?.filter(|factor| !factor.is_expired(now)));
        let place = |sid: &FactorSid| key(&pk, sid.as_str());
        self.query_page(range, request, SOME_GONE, place, read).await
    }

    /// All of an Entity's Factors, those that are gone by the clock alone too.
    pub(super) async fn read_factors(&self, entity: EntityKey<'_>) -> Result<Vec<Factor>, Failure> {
        let pk = entity.partition();
        let range = Range::Partition {
            pk: &pk,
            prefix: FactorSid::PREFIX,
        };
        let (mut factors, mut start) = (Vec::new(), None);
        loop {
            let (items, next) = self.query(range, true, usize::MAX, start).await?;
            for item in &items {
                factors.extend(item::to_factor(item)?);
            }
            start = next;
            if start.is_none() {
                return Ok(factors);
            }
        }
    }

    /// Some of all Factors there are, each as far as it can be read, and where the next begin. For the operator alone: it reads
    /// the whole table.
    pub(crate) async fn scan_factors(
        &self,
        start: Option<Item>,
    ) -> Result<(Vec<Result<Factor, Failure>>, Option<Item>), Failure> {
        let filter = format!("begins_with({SK}, :prefix)");
        let values = Item::from([(":prefix".to_owned(), s(FactorSid::PREFIX))]);
        let (items, next) = self.scan(filter, Some(values), start).await?;
        let factors = items.iter().filter_map(|item| item::to_factor(item).transpose());
        Ok((factors.collect(), next))
    }
}

pub(super) fn factor_key(entity: EntityKey<'_>, sid: FactorSid) -> Item {
    key(&entity.partition(), sid.as_str())
}
