//! The role of the function in `template.yaml`, to which every call in tests is held as IAM would hold it: what the role doesn't allow ends
//! the test.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use aws_sdk_dynamodb::config::{ConfigBag, Intercept};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::scan::ScanInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_kms::operation::decrypt::DecryptInput;
use aws_sdk_kms::operation::generate_data_key::GenerateDataKeyInput;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use serde_yaml_ng::Value;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// The policies about what the function itself calls; in the others is what Lambda does for it.
const POLICIES: [&str; 2] = ["Table", "Sealing"];

/// An action, and what it is done to, as `template.yaml` names it.
pub type Right = (String, String);

/// What the role allows.
pub static ALLOWED: LazyLock<BTreeSet<Right>> = LazyLock::new(allowed);

/// What was done in this process.
static SEEN: Mutex<BTreeSet<Right>> = Mutex::new(BTreeSet::new());

/// All that was done in this process so far.
pub fn seen() -> BTreeSet<Right> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Holds the calls of one function to the role.
#[derive(Debug)]
pub struct Role {
    pub table_name: String,
    pub key_arn: String,
}

impl Intercept for Role {
    fn name(&self) -> &'static str {
        "Role"
    }

    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input();
        let table = |name: &Option<String>| {
            assert_eq!(name.as_deref(), Some(self.table_name.as_str()), "another table");
            "Table".to_owned()
        };
        let key = |arn: &Option<String>| {
            assert_eq!(arn.as_deref(), Some(self.key_arn.as_str()), "another key");
            "SealingKey".to_owned()
        };
        let rights = if let Some(get) = input.downcast_ref::<GetItemInput>() {
            vec![("dynamodb:GetItem", table(&get.table_name))]
        } else if let Some(get) = input.downcast_ref::<BatchGetItemInput>() {
            let tables = get.request_items.iter().flatten();
            let right = |(name, _): (&String, _)| ("dynamodb:BatchGetItem", table(&Some(name.clone())));
            tables.map(right).collect()
        } else if let Some(query) = input.downcast_ref::<QueryInput>() {
            let index = query.index_name.iter().map(|index| format!("/index/{index}"));
            vec![(
                "dynamodb:Query",
                table(&query.table_name) + &index.collect::<String>(),
            )]
        } else if let Some(update) = input.downcast_ref::<UpdateItemInput>() {
            vec![("dynamodb:UpdateItem", table(&update.table_name))]
        } else if let Some(transaction) = input.downcast_ref::<TransactWriteItemsInput>() {
            let writes = transaction.transact_items.iter().flatten();
            writes.flat_map(|write| of_write(write, &table)).collect()
        } else if let Some(make) = input.downcast_ref::<GenerateDataKeyInput>() {
            vec![("kms:GenerateDataKey", key(&make.key_id))]
        } else if let Some(unwrap) = input.downcast_ref::<DecryptInput>() {
            vec![("kms:Decrypt", key(&unwrap.key_id))]
        } else if input.downcast_ref::<ScanInput>().is_some() {
            // What the operator does by hand, with credentials of their own.
            vec![]
        } else {
            panic!("a call of which nobody knows what right it takes: {input:?}");
        };
        for (action, resource) in rights {
            let right = (action.to_owned(), resource);
            assert!(ALLOWED.contains(&right), "the role doesn't allow {right:?}");
            SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(right);
        }
        Ok(())
    }
}

/// Each write of a transaction is authorized by itself.
fn of_write(
    write: &TransactWriteItem,
    table: &impl Fn(&Option<String>) -> String,
) -> Vec<(&'static str, String)> {
    let named = |name: &str| table(&Some(name.to_owned()));
    let rights = [
        write
            .put()
            .map(|put| ("dynamodb:PutItem", named(put.table_name()))),
        write
            .update()
            .map(|update| ("dynamodb:UpdateItem", named(update.table_name()))),
        write
            .delete()
            .map(|delete| ("dynamodb:DeleteItem", named(delete.table_name()))),
        write
            .condition_check()
            .map(|check| ("dynamodb:ConditionCheckItem", named(check.table_name()))),
    ];
    rights.into_iter().flatten().collect()
}

fn allowed() -> BTreeSet<Right> {
    let template: Value = serde_yaml_ng::from_str(TEMPLATE).expect("template.yaml is YAML");
    let policies = template["Resources"]["FunctionRole"]["Properties"]["Policies"].as_sequence();
    let policies = policies.expect("the role has policies").iter();
    let is_ours = |policy: &&Value| {
        policy["PolicyName"]
            .as_str()
            .is_some_and(|name| POLICIES.contains(&name))
    };
    let statements = policies.filter(is_ours).flat_map(|policy| {
        policy["PolicyDocument"]["Statement"]
            .as_sequence()
            .into_iter()
            .flatten()
    });
    let mut allowed = BTreeSet::new();
    // What is there under a condition is a right that DynamoDB uses, and not the function.
    for statement in statements.filter(|statement| !matches!(statement, Value::Tagged(_))) {
        let resource = resource(&statement["Resource"]);
        let actions = match &statement["Action"] {
            Value::String(action) => vec![action.clone()],
            actions => actions
                .as_sequence()
                .expect("actions")
                .iter()
                .filter_map(|action| action.as_str().map(str::to_owned))
                .collect(),
        };
        allowed.extend(actions.into_iter().map(|action| (action, resource.clone())));
    }
    allowed
}

/// The name of a resource, by which it is meant whether the stack makes it or not.
fn resource(value: &Value) -> String {
    let Value::Tagged(tagged) = value else {
        panic!("a resource without a tag: {value:?}")
    };
    match (tagged.tag.to_string().as_str(), &tagged.value) {
        ("!GetAtt", Value::String(name)) => name.trim_end_matches(".Arn").to_owned(),
        ("!Sub", Value::String(text)) => text.replace("${Table.Arn}", "Table"),
        ("!If", Value::Sequence(parts)) => resource(&parts[1]),
        other => panic!("a resource of another kind: {other:?}"),
    }
}
