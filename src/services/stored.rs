use std::fmt::Write as _;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, ReturnValue, TransactWriteItem};
use time::OffsetDateTime;

use super::item::{self, Item};
use super::transaction::Transaction;
use super::{Table, TableError, s};
use crate::rules::{PageRequest, PageToken, Service, ServiceSid, ServiceUpdate, Timestamp};

/// A page of the list of Services.
pub struct Page {
    /// The Services, in the order of their SIDs.
    pub services: Vec<Service>,
    /// Whether there are Services before the first one here.
    pub has_previous: bool,
    /// Whether there are Services after the last one here.
    pub has_next: bool,
}

/// Services that the first read brings along: most deployments have fewer.
const FIRST_SERVICES: i32 = 10;

impl Table {
    /// The Service, from memory if it was read in the last
    /// [`SERVICE_CACHE_TIME`](super::SERVICE_CACHE_TIME), else from the table.
    ///
    /// # Errors
    /// When DynamoDB cannot be asked, or throttles.
    pub async fn service(&self, sid: ServiceSid, now: OffsetDateTime) -> Result<Option<Service>, TableError> {
        if let Some(service) = self.services.get(sid, now) {
            return Ok(Some(service));
        }
        let service = self.read_service(sid).await?;
        if let Some(service) = &service {
            self.services.put(service.clone(), now);
        }
        Ok(service)
    }

    /// The Service as it is in the table now.
    ///
    /// # Errors
    /// When DynamoDB cannot be asked, or throttles.
    pub async fn read_service(&self, sid: ServiceSid) -> Result<Option<Service>, TableError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(self.service_key(sid)))
            // A Service that was created a moment ago has to be there.
            .consistent_read(true)
            .send()
            .await?;
        output.item.as_ref().map(item::to_service).transpose()
    }

    /// Writes a new Service, never over another.
    ///
    /// # Errors
    /// When DynamoDB cannot be asked, or throttles.
    pub async fn create_service(&self, service: &Service) -> Result<(), TableError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item::of_service(service)))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|error| TableError::Fault(error.into()))?;
        // A transaction of one, as its token makes the SDK's retries safe.
        match self
            .transact(&[TransactWriteItem::builder().put(put).build()])
            .await?
        {
            // A SID of 128 random bits is taken by one Service only: this one, written by a call whose answer was lost.
            Transaction::Committed | Transaction::Cancelled(_) => Ok(()),
        }
    }

    /// Changes what an update names and nothing else; `None` if there is no such Service.
    ///
    /// # Errors
    /// When DynamoDB cannot be asked, or throttles.
    pub async fn update_service(
        &self,
        sid: ServiceSid,
        update: &ServiceUpdate,
        now: OffsetDateTime,
    ) -> Result<Option<Service>, TableError> {
        // Whatever comes of it, what was read before may be out of date.
        self.services.forget(sid);
        let mut request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.service_key(sid)))
            .condition_expression("attribute_exists(pk)")
            .return_values(ReturnValue::AllNew);
        let mut expression = "SET date_updated = :now".to_owned();
        request = request.expression_attribute_values(":now", s(Timestamp::at(now).to_string()));
        let name = update
            .friendly_name
            .as_ref()
            .map(|name| ("friendly_name", s(name.as_str())));
        for (attribute, value) in name.into_iter().chain(item::of_settings(&update.settings)) {
            let _ = write!(expression, ", {attribute} = :{attribute}");
            request = request.expression_attribute_values(format!(":{attribute}"), value);
        }
        match request.update_expression(expression).send().await {
            Ok(output) => {
                let service = output.attributes.as_ref().map(item::to_service).transpose()?;
                if let Some(service) = &service {
                    self.services.put(service.clone(), now);
                }
                Ok(service)
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(error.into()),
            },
        }
    }

    /// Deletes a Service; false if there is none. Its Factors stay in the table, where no route leads to them.
    ///
    /// # Errors
    /// When DynamoDB cannot be asked, or throttles.
    pub async fn delete_service(&self, sid: ServiceSid) -> Result<bool, TableError> {
        self.services.forget(sid);
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(self.service_key(sid)))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(|error| TableError::Fault(error.into()))?;
        // A transaction of one, as its token makes the SDK's retries safe: a repeated delete would find nothing.
        match self
            .transact(&[TransactWriteItem::builder().delete(delete).build()])
            .await?
        {
            Transaction::Committed => Ok(true),
            Transaction::Cancelled(_) => Ok(false),
        }
    }

    /// A page of the account's Services, by a query of their partition.
    ///
    /// # Errors
    /// When DynamoDB cannot be asked, or throttles.
    pub async fn list_services(&self, page: PageRequest) -> Result<Page, TableError> {
        let wanted = usize::from(page.size);
        let forward = !matches!(page.token, Some(PageToken::Before(_)));
        let mut start = page
            .token
            .map(|(PageToken::After(sid) | PageToken::Before(sid))| self.service_key(sid));
        let mut items: Vec<Item> = Vec::new();
        // One more than wanted tells whether there are more. A query ends early at 1 MB.
        loop {
            let missing = wanted + 1 - items.len();
            let output = self
                .services_query()
                .scan_index_forward(forward)
                .limit(i32::try_from(missing).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await?;
            items.extend(output.items.unwrap_or_default());
            start = output.last_evaluated_key;
            if items.len() > wanted || start.is_none() {
                break;
            }
        }
        let more = items.len() > wanted;
        items.truncate(wanted);
        if !forward {
            items.reverse();
        }
        let services = items.iter().map(item::to_service).collect::<Result<_, _>>()?;
        // A token comes from a page on its other side.
        let (has_previous, has_next) = if forward {
            (page.token.is_some(), more)
        } else {
            (more, true)
        };
        Ok(Page {
            services,
            has_previous,
            has_next,
        })
    }

    /// The first Services of the account.
    pub(super) async fn read_first_services(&self) -> Result<Vec<Service>, TableError> {
        let output = self.services_query().limit(FIRST_SERVICES).send().await?;
        output.items().iter().map(item::to_service).collect()
    }

    fn services_query(&self) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :account")
            .expression_attribute_values(":account", AttributeValue::S(self.account_sid.to_string()))
            .consistent_read(true)
    }

    fn service_key(&self, sid: ServiceSid) -> Item {
        item::key(self.account_sid.as_str(), sid.as_str())
    }
}
