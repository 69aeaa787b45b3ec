//! Pages: the one loop by which any list is read.

use super::{Item, PK, SK, Table, key, s};
use crate::aws::Failure;
use crate::parameters::{Page, PageRequest, PageToken};

impl Table {
    /// A page of the items in a partition whose sort keys begin with `prefix`, by a query and never by a scan.
    pub(crate) async fn query_page<K: AsRef<str>>(
        &self,
        partition: &str,
        prefix: &str,
        request: &PageRequest<K>,
    ) -> Result<Page<Item>, Failure> {
        let wanted = usize::from(request.size);
        let forward = !matches!(request.token, Some(PageToken::Before(_)));
        let token = request.token.as_ref();
        let mut start = token.map(|token| key(partition, token.key().as_ref()));
        let mut items: Vec<Item> = Vec::new();
        // One more than wanted tells whether there are more. A query ends early at 1 MB.
        loop {
            let missing = wanted + 1 - items.len();
            let (found, next) = self.query(partition, prefix, forward, missing, start).await?;
            items.extend(found);
            start = next;
            if items.len() > wanted || start.is_none() {
                break;
            }
        }
        let more = items.len() > wanted;
        items.truncate(wanted);
        if !forward {
            items.reverse();
        }
        // A token comes from a page on its other side.
        let (has_previous, has_next) = if forward {
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

    /// The items of one query, as they are now, and where the next begins.
    pub(crate) async fn query(
        &self,
        partition: &str,
        prefix: &str,
        forward: bool,
        limit: usize,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), Failure> {
        let output = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :prefix)"))
            .expression_attribute_values(":pk", s(partition))
            .expression_attribute_values(":prefix", s(prefix))
            .scan_index_forward(forward)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .send()
            .await?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }
}
