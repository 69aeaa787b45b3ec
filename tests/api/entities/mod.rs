//! Entities: a file for each thing that can be done with them, `stored` and `expiry` for how many Factors they have and which of
//! those are gone, `races` for what happens at once, and `calls` for what all of it costs.

mod calls;
mod create;
mod delete;
mod expiry;
mod fetch;
mod list;
mod races;
mod stored;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::local;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use verify_factors::App;

use crate::factors::ENTITY_SID;
use crate::support::{
    Answer, Function, NOW, entity_partition, event, factors_path, form_of, invoke_at, item_json, request,
};

/// A totp Factor of which nothing is special.
const TOTP: &str = "FriendlyName=a&FactorType=totp";

/// A Service that nobody created.
const NO_SERVICE: &str = "VA00000000000000000000000000000000";

/// The form of a push Factor.
fn push() -> String {
    form_of(&event("create-push-factor-without-notifications.json"))
}

/// The path of the Entities that the events are about.
fn entities_path() -> String {
    format!("/v2/Services/{}/Entities", local::SERVICE_SID)
}

/// The path of the Entity that the events are about.
fn entity_path() -> String {
    format!("{}/{}", entities_path(), local::IDENTITY)
}

/// The events' Entity as the API shows it, made at [`NOW`](crate::support::NOW), under a host.
fn resource(host: &str) -> Value {
    let url = format!("{host}{}", entity_path());
    json!({
        "sid": ENTITY_SID,
        "identity": local::IDENTITY,
        "account_sid": local::account_sid(),
        "service_sid": local::SERVICE_SID,
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "url": url,
        "links": {
            "factors": format!("{url}/Factors"),
            "new_factors": format!("{url}/Factors"),
            "challenges": format!("{url}/Challenges"),
        },
    })
}

/// What is in the table of the events' Entity.
#[derive(Debug, Default, PartialEq, Eq)]
struct Own {
    /// Whether its own item is there.
    entity: bool,
    push: BTreeSet<String>,
    totp: BTreeSet<String>,
    /// What is left of Factors.
    tombstones: BTreeSet<String>,
}

/// What is in the table of the events' Entity, the counts of which have to be those of its Factors.
async fn own(function: &Function) -> Own {
    let items = function.dynamo.partition(&entity_partition()).await;
    let items: Vec<Value> = items.iter().map(item_json).collect();
    let mut own = Own::default();
    let mut counts = [0, 0];
    for item in &items {
        let sk = item["sk"].as_str().unwrap().to_owned();
        match item["factor_type"].as_str() {
            _ if sk.starts_with("YE") => {
                own.entity = true;
                counts = ["push_factors", "totp_factors"].map(|name| item[name].as_i64().unwrap_or_default());
            }
            Some("push") => drop(own.push.insert(sk)),
            Some("totp") => drop(own.totp.insert(sk)),
            _ => drop(own.tombstones.insert(sk)),
        }
    }
    let there = [own.push.len(), own.totp.len()].map(|count| i64::try_from(count).unwrap());
    assert_eq!(counts, there, "the counts are those of the Factors: {items:?}");
    assert!(
        own.entity || items.is_empty(),
        "what is an Entity's is not there without it: {items:?}"
    );
    own
}

/// The answer to a client that tries again for as long as it is told to and may: after a 503 what it asked for can have been done, and
/// only with a key does it not ask for another one.
async fn persistently(app: &App, event: &Value, now: OffsetDateTime) -> Answer {
    for _ in 0..100 {
        let answer = invoke_at(app, event, now).await;
        match answer.status {
            429 => assert_eq!(answer.error(), (429, 20429)),
            503 if event["headers"].get("idempotency-key").is_some() => {}
            _ => return answer,
        }
        assert_eq!(answer.header("retry-after"), "1");
        // Shorter than a client's second, which nothing here hangs on.
        tokio::time::sleep(Duration::from_millis(fastrand::u64(20..200))).await;
    }
    panic!("it never came through: {event}");
}

/// A request for a Factor of the events' Entity.
fn create_factor(form: &str) -> Value {
    request("POST", &factors_path(), &[], form)
}

/// Creates so many Factors of the events' Entity; what was answered.
async fn created(function: &Function, form: &str, count: usize) -> Vec<Value> {
    let mut factors = Vec::new();
    for number in 1..=count {
        let answer = function.create_factor(form).await;
        assert_eq!(answer.status, 201, "{number} of {count}: {}", answer.text);
        factors.push(answer.json());
    }
    factors
}

/// The path of a Factor that was created.
fn factor_path(created: &Value) -> String {
    format!("{}/{}", factors_path(), created["sid"].as_str().unwrap())
}

/// How many instances of the function there are.
const INSTANCES: usize = 16;

/// Instances that have started, and have each one request at a time, as Lambda's do.
async fn instances(function: &Function) -> Vec<Arc<Mutex<App>>> {
    let mut instances = Vec::new();
    for _ in 0..INSTANCES {
        let app = function.another_instance();
        app.warm_up(NOW).await;
        instances.push(Arc::new(Mutex::new(app)));
    }
    instances
}

/// A request, and when it was under way.
#[derive(Debug)]
struct Timed {
    answer: Answer,
    begun: Instant,
    done: Instant,
}

/// All requests at once, as far as the instances go, each by a client that tries again; the answers in the order of the requests.
async fn at_once(instances: &[Arc<Mutex<App>>], events: Vec<Value>, now: OffsetDateTime) -> Vec<Timed> {
    let mut requests = JoinSet::new();
    for (number, event) in events.into_iter().enumerate() {
        let app = Arc::clone(&instances[number % instances.len()]);
        requests.spawn(async move {
            let app = app.lock().await;
            let begun = Instant::now();
            let answer = persistently(&app, &event, now).await;
            let done = Instant::now();
            (number, Timed { answer, begun, done })
        });
    }
    let mut answers = requests.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, timed)| timed).collect()
}
