//! Pages: the one loop by which any list is read.

use super::{ENTITIES, ENTITIES_OF, Item, PK, SK, Table, s};
use crate::aws::Failure;
use crate::parameters::{Order, Page, PageRequest, PageToken};

/// Items that lie one after another.
#[derive(Clone, Copy)]
pub(crate) enum Range<'a> {
    /// In a partition, those whose sort keys begin with a prefix, as they are now.
    Partition {
        /// The partition key.
        pk: &'a str,
        /// What the sort keys begin with; empty for all.
        prefix: &'static str,
    },
    /// In a partition, those whose sort keys are in a range, as they are now.
    Between {
        /// The partition key.
        pk: &'a str,
        /// The first sort key there can be.
        first: &'a str,
        /// The last one.
        last: &'a str,
    },
    /// The Entities of a Service, as they were a moment ago.
    Entities {
        /// The Service SID.
        of: &'a str,
    },
}

impl Table {
    /// A page of a range, by queries and never by a scan, each of which looks at `at_least` so many items: more than are wanted pays
    /// where some are none of the list. `key` says where an item is that has this key, and `read` what an item
    /// is, or that it is none of the list.
    pub(crate) async fn query_page<K, T>(
        &self,
        range: Range<'_>,
        request: &PageRequest<K>,
        at_least: usize,
        key: impl Fn(&K) -> Item,
        read: impl Fn(&Item) -> Result<Option<T>, Failure>,
    ) -> Result<Page<T>, Failure> {
        let wanted = usize::from(request.size);
        let onward = !matches!(request.token, Some(PageToken::Before(_)));
        let forward = onward == (request.order == Order::Ascending);
        let mut start = request.token.as_ref().map(|token| key(token.key()));
        let mut items: Vec<T> = Vec::new();
        // One more than wanted tells whether there are more. A query ends early at 1 MB.
        loop {
            let missing = wanted + 1 - items.len();
            let (found, next) = self.query(range, forward, missing.max(at_least), start).await?;
            for item in &found {
                items.extend(read(item)?);
            }
            start = next;
            if items.len() > wanted || start.is_none() {
                break;
            }
        }
        let more = items.len() > wanted;
        items.truncate(wanted);
        if !onward {
            items.reverse();
        }
        // A token comes from a page on its other side.
        let (has_previous, has_next) = if onward {
            (request.token.is_some(), more)
        } else {
            (more, true)
        };
        Ok(Page {
            items,
            has_previous,
            has_next,
        })
    }

    /// The items of one query, and where the next begins.
    pub(crate) async fn query(
        &self,
        range: Range<'_>,
        forward: bool,
        limit: usize,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), Failure> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .scan_index_forward(forward)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start);
        let query = match range {
            Range::Partition { pk, prefix: "" } => query
                .key_condition_expression(format!("{PK} = :pk"))
                .expression_attribute_values(":pk", s(pk))
                .consistent_read(true),
            Range::Partition { pk, prefix } => query
                .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :prefix)"))
                .expression_attribute_values(":pk", s(pk))
                .expression_attribute_values(":prefix", s(prefix))
                .consistent_read(true),
            Range::Between { pk, first, last } => query
                .key_condition_expression(format!("{PK} = :pk AND {SK} BETWEEN :first AND :last"))
                .expression_attribute_values(":pk", s(pk))
                .expression_attribute_values(":first", s(first))
                .expression_attribute_values(":last", s(last))
                .consistent_read(true),
            // An index has no consistent reads.
            Range::Entities { of } => query
                .index_name(ENTITIES)
                .key_condition_expression(format!("{ENTITIES_OF} = :of"))
                .expression_attribute_values(":of", s(of)),
        };
        let output = query.send().await?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }
}
