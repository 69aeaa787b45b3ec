//! Services in the table: the calls to DynamoDB.

use std::fmt::Write as _;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Delete, ReturnValue, TransactWriteItem};

use super::{Service, ServiceUpdate, item};
use crate::aws::Failure;
use crate::parameters::{Page, PageRequest};
use crate::sid::ServiceSid;
use crate::table::{Item, Range, Table, Transaction, key, n, s};
use crate::time::Timestamp;

/// Services that the first read brings along: most deployments have fewer.
const FIRST_SERVICES: usize = 10;

impl Table {
    /// The Service as it is in the table now.
    pub(super) async fn read_service(&self, sid: ServiceSid) -> Result<Option<Service>, Failure> {
        let item = self.read(self.service_key(sid)).await?;
        item.as_ref().map(item::to_service).transpose()
    }

    /// The first Services of the account.
    pub(super) async fn read_first_services(&self) -> Result<Vec<Service>, Failure> {
        let account = self.account_partition();
        let services = Range::Partition {
            pk: account,
            prefix: ServiceSid::PREFIX,
        };
        let (items, _) = self.query(services, true, FIRST_SERVICES, None).await?;
        items.iter().map(item::to_service).collect()
    }

    /// A page of the account's Services.
    pub(super) async fn list_services(
        &self,
        request: &PageRequest<ServiceSid>,
    ) -> Result<Page<Service>, Failure> {
        let services = Range::Partition {
            pk: self.account_partition(),
            prefix: ServiceSid::PREFIX,
        };
        let read = |item: &Item| item::to_service(item).map(Some);
        self.query_page(services, request, 0, |sid| self.service_key(*sid), read)
            .await
    }

    /// Writes a new Service, never over another.
    pub(super) async fn create_service(&self, service: &Service) -> Result<(), Failure> {
        // A transaction of one, as its token makes the SDK's retries safe.
        let write = || Ok(vec![self.put_new(item::of_service(service))?]);
        match self.transact(write).await? {
            // A SID of 128 random bits is taken by one Service only: this one, written by a call whose answer was lost.
            Transaction::Committed | Transaction::Cancelled(_) => Ok(()),
        }
    }

    /// Changes what an update names and nothing else; `None` if there is no such Service.
    pub(super) async fn update_service(
        &self,
        sid: ServiceSid,
        update: &ServiceUpdate,
        now: Timestamp,
    ) -> Result<Option<Service>, Failure> {
        let mut request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(self.service_key(sid)))
            .condition_expression("attribute_exists(pk)")
            .return_values(ReturnValue::AllNew)
            .expression_attribute_values(":one", n(1_u8))
            .expression_attribute_values(":now", s(now.to_string()));
        let mut expression = "ADD revision :one SET date_updated = :now".to_owned();
        let name = update
            .friendly_name
            .as_ref()
            .map(|name| ("friendly_name", s(name.as_str())));
        for (attribute, value) in name.into_iter().chain(item::of_settings(&update.settings)) {
            let _ = write!(expression, ", {attribute} = :{attribute}");
            request = request.expression_attribute_values(format!(":{attribute}"), value);
        }
        match request.update_expression(expression).send().await {
            Ok(output) => output.attributes.as_ref().map(item::to_service).transpose(),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(error.into()),
            },
        }
    }

    /// Deletes a Service; false if there is none.
    pub(super) async fn delete_service(&self, sid: ServiceSid) -> Result<bool, Failure> {
        let write = || {
            let delete = Delete::builder()
                .table_name(&self.name)
                .set_key(Some(self.service_key(sid)))
                .condition_expression("attribute_exists(pk)")
                .build()
                .map_err(|error| Failure::Fault(error.into()))?;
            Ok(vec![TransactWriteItem::builder().delete(delete).build()])
        };
        // A transaction of one, as its token makes the SDK's retries safe: a repeated delete would find nothing.
        match self.transact(write).await? {
            Transaction::Committed => Ok(true),
            Transaction::Cancelled(_) => Ok(false),
        }
    }

    fn service_key(&self, sid: ServiceSid) -> Item {
        key(self.account_partition(), sid.as_str())
    }
}
