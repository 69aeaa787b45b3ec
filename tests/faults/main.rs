//! Faults between the function and DynamoDB or KMS, injected at the network: nothing is lost, nothing is made twice.
//!
//! `calls` has each fault at each call, `devices` the same of what a phone calls, `kms` of KMS, and `sequences` many at random.

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod devices;
mod kms;
mod sequences;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::Value;
use verify_factors::App;

use support::{Answer, Function, NOW, invoke_at, request};

/// An answer comes within the function's own limit for a request, 6 s, and what a busy machine adds to it; Lambda's limit
/// is 10 s.
const LONGEST_ANSWER: Duration = Duration::from_secs(8);

/// A function that reaches its `DynamoDB` by way of a proxy.
struct Faulty {
    function: Function,
    proxy: FaultProxy,
    app: App,
}

impl Faulty {
    async fn start() -> Self {
        let function = Function::start().await;
        let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
        let app = function.instance_by_way_of(&proxy.endpoint());
        Self { function, proxy, app }
    }

    async fn invoke(&self, event: &Value) -> Answer {
        let started = Instant::now();
        let answer = invoke_at(&self.app, event, NOW).await;
        assert!(
            started.elapsed() < LONGEST_ANSWER,
            "an answer after {:?}",
            started.elapsed()
        );
        answer
    }

    /// The Factors of an Entity; its count of them has to be right.
    async fn factors(&self, identity: &str) -> BTreeSet<String> {
        let partition = format!("{}/{identity}", local::SERVICE_SID);
        let items = self.function.dynamo.partition(&partition).await;
        let items: Vec<Value> = items.iter().map(support::item_json).collect();
        let sids: BTreeSet<String> = items
            .iter()
            .filter_map(|item| item["sk"].as_str())
            .filter(|sk| sk.starts_with("YF"))
            .map(str::to_owned)
            .collect();
        let counted: u64 = items
            .iter()
            .filter(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with("YE")))
            .flat_map(|item| ["push_factors", "totp_factors"].map(|name| item[name].as_u64().unwrap_or(0)))
            .sum();
        assert_eq!(
            counted,
            sids.len() as u64,
            "the Entity's count is that of its Factors"
        );
        sids
    }
}

fn create(identity: &str, key: Option<&str>) -> Value {
    let path = format!("/v2/Services/{}/Entities/{identity}/Factors", local::SERVICE_SID);
    let headers: Vec<(&str, &str)> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
    request(
        "POST",
        &path,
        &headers,
        "FriendlyName=Faulty+Laptop&FactorType=totp",
    )
}

/// The statuses that a create may end with, whatever `DynamoDB` does.
fn is_promised(answer: &Answer) -> bool {
    let retry_after = answer.header("retry-after");
    match answer.status {
        201 => true,
        429 => answer.error() == (429, 20429) && retry_after == "1",
        503 => answer.error() == (503, 20503) && retry_after == "1",
        _ => false,
    }
}

/// The status when a fault never ends.
fn lasting(fault: Fault) -> u64 {
    match fault {
        Fault::ProvisionedThroughputExceeded
        | Fault::Throttling
        | Fault::TransactionConflict
        | Fault::TransactionInProgress => 429,
        Fault::Delay | Fault::Unprocessed => 201,
        _ => 503,
    }
}
