//! The whole function against a `DynamoDB` of its own, called with API Gateway events.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

pub mod commands;
pub mod logs;
pub mod phone;
pub mod role;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use harness::dynamo::{Dynamo, Item, sdk_config};
use harness::faults::Fault;
use harness::kms::Kms;
use harness::{gateway, local};
use lambda_http::{Context, LambdaEvent};
use role::Role;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::datetime;
use verify_factors::aws::{self, Clients, Connections};
use verify_factors::settings::Settings;
use verify_factors::{App, Randomness};

use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};

/// The host that the events came to.
pub const HOST: &str = "https://abcdef1234.execute-api.eu-central-1.amazonaws.com";

/// When everything happens, unless a test says otherwise.
pub const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05.678 UTC);

/// The path of the Factors that the events create.
pub fn factors_path() -> String {
    format!(
        "/v2/Services/{}/Entities/{}/Factors",
        local::SERVICE_SID,
        local::IDENTITY
    )
}

/// The path of the Challenges of that Entity.
pub fn challenges_path() -> String {
    factors_path().replace("Factors", "Challenges")
}

/// The partition of the Entity that the events create Factors for.
pub fn entity_partition() -> String {
    format!("{}/{}", local::SERVICE_SID, local::IDENTITY)
}

/// The function, and the `DynamoDB` and the KMS behind it.
pub struct Function {
    pub app: App,
    pub dynamo: Dynamo,
    pub kms: Kms,
}

impl Function {
    /// The function with the local settings and the Service that the events name.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The function with other settings.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let (dynamo, kms) = tokio::join!(Dynamo::start(), Kms::start());
        dynamo.put(service_item(&[])).await;
        let app = Ways::to(&dynamo, &kms).build(settings);
        Self { app, dynamo, kms }
    }

    /// Another instance of the function on the same table, as Lambda starts them.
    pub fn another_instance(&self) -> App {
        self.ways().build(&[])
    }

    /// Another instance with other settings.
    pub fn another_instance_of(&self, settings: &[(&str, &str)]) -> App {
        self.ways().build(settings)
    }

    /// An instance that reaches its `DynamoDB` by way of a proxy.
    pub fn instance_by_way_of(&self, dynamodb: &str) -> App {
        Ways {
            dynamodb: dynamodb.to_owned(),
            ..self.ways()
        }
        .build(&[])
    }

    /// An instance that reaches KMS by way of a proxy.
    pub fn instance_by_way_of_kms(&self, kms: &str) -> App {
        Ways {
            kms: kms.to_owned(),
            ..self.ways()
        }
        .build(&[])
    }

    /// An instance with randomness of the test's choice.
    pub fn instance_with(&self, randomness: Randomness) -> App {
        self.ways().build_with(&[], randomness)
    }

    fn ways(&self) -> Ways {
        Ways::to(&self.dynamo, &self.kms)
    }

    /// The answer to an event.
    pub async fn invoke(&self, event: &Value) -> Answer {
        invoke_at(&self.app, event, NOW).await
    }

    /// The answer to a request with the local credentials; a body is a form.
    pub async fn request(&self, method: &str, target: &str, form: &str) -> Answer {
        self.invoke(&request(method, target, &[], form)).await
    }

    /// The answer to a request for a Factor with this form.
    pub async fn create_factor(&self, form: &str) -> Answer {
        self.request("POST", &factors_path(), form).await
    }

    /// Writes items as they are.
    pub async fn put_all(&self, items: &[Item]) {
        for batch in items.chunks(25) {
            let puts = batch.iter().map(|item| {
                let put = PutRequest::builder().set_item(Some(item.clone()));
                WriteRequest::builder().put_request(put.build().unwrap()).build()
            });
            let write = self.dynamo.client.batch_write_item();
            let write = write.request_items(&self.dynamo.table_name, puts.collect());
            let written = write.send().await.unwrap();
            assert!(written.unprocessed_items.is_none_or(|left| left.is_empty()));
        }
    }

    /// The items of the table, Services and data keys left out.
    pub async fn items(&self) -> Vec<Value> {
        let items = self.dynamo.items().await;
        let mut items: Vec<Value> = items.iter().map(item_json).collect();
        items.retain(|item| {
            let sk = item["sk"].as_str().unwrap_or_default();
            !sk.starts_with("VA") && !sk.starts_with("DK")
        });
        items.sort_by_key(|item| item["sk"].to_string());
        items
    }
}

/// How many functions there were in this process.
static FUNCTIONS: AtomicU32 = AtomicU32::new(0);

/// Randomness that everybody knows: the bytes 0, 1, 2 and so on, for all that a Factor draws. Then the operating system's,
/// as two transactions with one token are one.
pub fn counting() -> Randomness {
    const OF_A_FACTOR: u8 = 16 + 64 + 12;
    let next = AtomicU8::new(0);
    Randomness::new(move |bytes| {
        if next.load(Ordering::Relaxed) >= OF_A_FACTOR {
            return getrandom::fill(bytes);
        }
        bytes.fill_with(|| next.fetch_add(1, Ordering::Relaxed));
        Ok(())
    })
}

/// How an instance reaches what is behind it.
struct Ways {
    table_name: String,
    dynamodb: String,
    key_arn: String,
    kms: String,
}

impl Ways {
    fn to(dynamo: &Dynamo, kms: &Kms) -> Self {
        Self {
            table_name: dynamo.table_name.clone(),
            dynamodb: dynamo.endpoint.clone(),
            key_arn: kms.key_arn.clone(),
            kms: kms.endpoint.clone(),
        }
    }

    fn role(&self) -> Role {
        Role {
            table_name: self.table_name.clone(),
            key_arn: self.key_arn.clone(),
        }
    }

    fn build(&self, settings: &[(&str, &str)]) -> App {
        self.build_with(settings, Randomness::new(getrandom::fill))
    }

    fn build_with(&self, settings: &[(&str, &str)], randomness: Randomness) -> App {
        let settings = Settings::from_env(|variable| {
            let given = settings.iter().find(|(name, _)| *name == variable);
            match variable {
                "TABLE_NAME" => Some(self.table_name.clone()),
                "SEALING_KEY_ARN" => Some(self.key_arn.clone()),
                _ => given
                    .map(|(_, value)| (*value).to_owned())
                    .or_else(|| local::variable(variable)),
            }
        });
        // The SDK's budget of retries is one for the whole process; each function here has its own, as each Lambda has.
        let number = FUNCTIONS.fetch_add(1, Ordering::Relaxed);
        let partition = RetryPartition::new(format!("function {number}"));
        let connections = Connections::new(harness::dynamo::http_client);
        let dynamodb = aws::dynamodb(&sdk_config(&self.dynamodb), &connections);
        let kms = aws::kms(&sdk_config(&self.kms), &connections);
        let dynamodb = dynamodb
            .config()
            .to_builder()
            .retry_partition(partition.clone())
            .interceptor(self.role())
            .build();
        let kms = kms.config().to_builder().retry_partition(partition);
        let kms = kms.interceptor(self.role()).build();
        let clients = Clients {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            kms: aws_sdk_kms::Client::from_conf(kms),
        };
        App::build(settings.unwrap(), clients, randomness)
    }
}

/// The answer of an instance to an event.
pub async fn invoke_at(app: &App, event: &Value, now: OffsetDateTime) -> Answer {
    invoke_as(app, event, now, &gateway::request_id()).await
}

/// The answer of an instance to an event whose request has this ID.
pub async fn invoke_as(app: &App, event: &Value, now: OffsetDateTime, request_id: &str) -> Answer {
    Answer::new(&reply_as(app, event, now, request_id).await)
}

/// The reply of an instance as API Gateway gets it, after a look into the log.
pub async fn reply_as(app: &App, event: &Value, now: OffsetDateTime, request_id: &str) -> Value {
    let mut context = Context::default();
    context.request_id = request_id.to_owned();
    let payload = serde_json::from_value(event.clone()).unwrap();
    logs::capture();
    let Ok(reply) = Box::pin(app.invoke(LambdaEvent { payload, context }, now)).await;
    let reply = serde_json::to_value(reply).unwrap();
    logs::assert_silent_about(event, &Answer::new(&reply));
    reply
}

/// What all futures come to, polled on this task until each is done.
pub async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

/// The answer to a client that tries again for as long as it is told that others are in its way.
pub async fn persistently(app: &App, event: &Value, now: OffsetDateTime) -> Answer {
    for _ in 0..100 {
        let answer = invoke_at(app, event, now).await;
        if answer.status != 429 || answer.error() != (429, 20429) {
            return answer;
        }
        assert_eq!(answer.header("retry-after"), "1");
        // Shorter than a client's second, which nothing here hangs on.
        tokio::time::sleep(std::time::Duration::from_millis(fastrand::u64(20..200))).await;
    }
    panic!("it never came through: {event}");
}

/// The code that an authenticator app shows at a moment, `created` being the Factor as it was answered.
pub fn code_at(created: &Value, at: OffsetDateTime) -> String {
    let uri = created["binding"]["uri"].as_str().unwrap();
    let length = created["config"]["code_length"].as_u64().unwrap();
    // That app has no codes of fewer than 6 digits: they are the last ones of the longer (RFC 4226, section 5.3).
    let uri = uri.replace(&format!("digits={length}"), "digits=8");
    let app = totp_rs::Totp::from_url(uri).unwrap();
    let code = app.generate(at.unix_timestamp().try_into().unwrap()).to_string();
    code[8 - usize::try_from(length).unwrap()..].to_owned()
}

/// A code that is none of those around a moment.
pub fn wrong_code_at(created: &Value, at: OffsetDateTime) -> String {
    let window: Vec<String> = (-4..=4)
        .map(|step| code_at(created, at + time::Duration::seconds(step * 20)))
        .collect();
    let wrong = [
        "000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777", "888888", "999999",
    ];
    let mut wrong = wrong.iter().map(|code| (*code).to_owned());
    wrong.find(|code| !window.contains(code)).unwrap()
}

/// A random sequence of faults, none of which lasts until a client loses its patience.
pub fn random_faults(random: &mut fastrand::Rng) -> Vec<Fault> {
    (0..random.usize(0..=4))
        .map(|_| {
            loop {
                let fault = random.choice(Fault::ALL).unwrap_or(Fault::None);
                if !fault.is_slow() {
                    break fault;
                }
            }
        })
        .collect()
}

/// A moment as the API writes it.
pub fn rfc3339(moment: OffsetDateTime) -> String {
    let format = time::format_description::well_known::Rfc3339;
    moment.truncate_to_second().format(&format).unwrap()
}

/// An event of `events/`.
pub fn event(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(name);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

/// The form in an event of an HTTP API, as text.
pub fn form_of(event: &Value) -> String {
    let bytes = data_encoding::BASE64
        .decode(event["body"].as_str().unwrap().as_bytes())
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

/// An event with the local credentials and a form.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], form: &str) -> Value {
    let authorization = local::authorization();
    let mut all = vec![
        ("host", "verify.example.com"),
        ("x-forwarded-proto", "https"),
        ("authorization", authorization.as_str()),
    ];
    if method == "POST" {
        all.push(("content-type", "application/x-www-form-urlencoded"));
    }
    // A header that the test names replaces the usual one.
    all.retain(|(name, _)| !headers.iter().any(|(other, _)| other == name));
    all.extend_from_slice(headers);
    all.retain(|(_, value)| !value.is_empty());
    gateway::event(method, target, &all, form.as_bytes())
}

/// An `Authorization` header with these credentials (RFC 7617).
pub fn basic(credentials: &str) -> String {
    format!("Basic {}", data_encoding::BASE64.encode(credentials.as_bytes()))
}

/// The same request by another caller.
pub fn by(event: &Value, authorization: &str) -> Value {
    let mut event = event.clone();
    event["headers"]["authorization"] = authorization.into();
    event
}

/// The stored Service that the events name, with more attributes.
pub fn service_item(more: &[(&str, AttributeValue)]) -> Item {
    let more = more
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    local::service_item().into_iter().chain(more).collect()
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    pub status: u64,
    pub headers: BTreeMap<String, String>,
    pub text: String,
}

impl Answer {
    pub fn new(reply: &Value) -> Self {
        let empty = Map::new();
        let headers = reply["headers"].as_object().unwrap_or(&empty);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            status: reply["statusCode"].as_u64().unwrap(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_lowercase(), text(value)))
                .collect(),
            text: reply["body"].as_str().unwrap_or_default().to_owned(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// A field of the JSON, as text.
    pub fn text(&self, field: &str) -> String {
        self.json()[field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {}", self.text))
            .to_owned()
    }

    /// Status and code of an error.
    pub fn error(&self) -> (u64, u64) {
        (self.status, self.json()["code"].as_u64().unwrap())
    }

    /// Panics unless this is what everybody is told who is nobody, `what`ever is wrong.
    pub fn assert_nobody(&self, what: &str) {
        let expected = json!({
            "code": 20003, "message": "Authenticate",
            "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401,
        });
        assert_eq!((self.status, self.json()), (401, expected), "{what}");
        assert_eq!(self.header("allow"), "", "{what}");
    }

    /// The parameters that a refusal names, with their codes.
    pub fn invalid(&self) -> Vec<(String, u64)> {
        let json = self.json();
        let list = json["details"]["parameters"].as_array().unwrap();
        list.iter()
            .map(|detail| {
                (
                    detail["parameter"].as_str().unwrap().to_owned(),
                    detail["code"].as_u64().unwrap(),
                )
            })
            .collect()
    }
}

/// An item in plain JSON: strings, numbers, lists and maps; bytes as their length.
pub fn item_json(item: &Item) -> Value {
    Value::Object(
        item.iter()
            .map(|(name, attribute)| (name.clone(), attribute_json(attribute)))
            .collect(),
    )
}

fn attribute_json(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => Value::from(text.as_str()),
        AttributeValue::N(number) => Value::from(number.parse::<i64>().unwrap()),
        AttributeValue::L(list) => list.iter().map(attribute_json).collect(),
        AttributeValue::M(map) => item_json(map),
        AttributeValue::B(bytes) => Value::from(format!("{} bytes", bytes.as_ref().len())),
        other => panic!("an attribute that nothing here writes: {other:?}"),
    }
}
