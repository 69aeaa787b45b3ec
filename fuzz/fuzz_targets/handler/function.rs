//! The function, its DynamoDB, its KMS and its log.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use harness::dynamo::{Dynamo, Item, http_client, sdk_config};
use harness::kms::Kms;
use harness::{gateway, local};
use lambda_http::{Context, LambdaEvent};
use time::{Duration, OffsetDateTime};
use tokio::runtime::{Builder, Runtime};
use verify_factors::aws::{self, Clients, Connections};
use verify_factors::gateway::Event;
use verify_factors::settings::Settings;
use verify_factors::{App, Randomness, logging};

use crate::answer::Answer;
use crate::request::Request;
use crate::state::{InTable, State};

/// The origins that a function with named origins knows.
pub const ORIGINS: [&str; 2] = ["https://app.example.com", "https://other.example.com"];

/// Inputs that one DynamoDB is for. It remembers the token of each transaction for ten minutes, and looks through all of them at the
/// next one.
const INPUTS: usize = 1000;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

pub struct Function {
    runtime: Runtime,
    dynamo: Dynamo,
    clients: Clients,
    /// Those that were checked so far.
    inputs: usize,
    /// Whether the Service is all that is in the table.
    table_is_ready: bool,
}

impl Function {
    pub fn start() -> Self {
        tracing::subscriber::set_global_default(logging::subscriber(Some("TRACE"), || LogWriter))
            .expect("the first subscriber");
        Self::on_new_table()
    }

    fn on_new_table() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let dynamo = runtime.block_on(Dynamo::start());
        let kms = runtime.block_on(Kms::start());
        let connections = Connections::new(http_client);
        let clients = Clients {
            dynamodb: aws::dynamodb(&sdk_config(&dynamo.endpoint), &connections),
            kms: aws::kms(&sdk_config(&kms.endpoint), &connections),
        };
        Self {
            runtime,
            dynamo,
            clients,
            inputs: 0,
            table_is_ready: false,
        }
    }

    /// Sends requests to a new function on a table with one Service, and checks what comes of it.
    pub fn check(&mut self, requests: &[Request]) {
        if self.inputs == INPUTS {
            // With the runtime ends what was served by it.
            *self = Self::on_new_table();
        }
        self.inputs += 1;
        let named_origins = requests.first().is_some_and(|request| request.named_origins);
        let settings = Settings::from_env(|variable| match variable {
            "TABLE_NAME" => Some(self.dynamo.table_name.clone()),
            "ALLOWED_ORIGINS" => named_origins.then(|| ORIGINS.join(",")),
            _ => local::variable(variable),
        });
        let randomness = Randomness::new(getrandom::fill);
        let app = App::build(settings.expect("good settings"), self.clients.clone(), randomness);
        let mut written = false;
        self.runtime.block_on(async {
            let mut state = State::new();
            if !self.table_is_ready {
                self.dynamo.put(local::service_item()).await;
            }
            let mut later = Duration::ZERO;
            for request in requests {
                later += std::time::Duration::from_secs(request.pause);
                let now = OffsetDateTime::now_utc() + later;
                let second = now.unix_timestamp().try_into().expect("after 1970");
                let request = &request.about(|word| state.stands_for(word, second), second);
                let call = state.call(request, second);
                let answer = invoke(&app, request, now).await;
                answer.check(request, &call, named_origins);
                state.check(request, &call, &answer, second);
                written |= answer.wrote(request);
            }
            if written {
                self.check_and_clear_table(&state).await;
            } else {
                assert_eq!(state.in_table(), InTable::default());
            }
        });
        self.table_is_ready = !written;
    }

    /// The table has the Entities, Factors, Challenges and Access Tokens that are there and no others, each Factor counted on its
    /// Entity, and each token used up for the one that it was for.
    async fn check_and_clear_table(&self, state: &State) {
        let items = self.dynamo.items().await;
        let (mut found, mut counted) = (InTable::default(), 0);
        for item in &items {
            let sid = text(item, "sk");
            // What is left of a deleted Factor is its key alone.
            if sid.starts_with("YF") && item.contains_key("binding") {
                found.factors.insert(sid);
            } else if sid.starts_with("YC") {
                found.challenges.insert(sid);
            } else if sid.starts_with("YK") {
                let used_for = item.contains_key("used_for").then(|| text(item, "used_for"));
                found.access_tokens.insert(sid, used_for);
            } else if sid.starts_with("YE") {
                found.entities.insert(text(item, "pk").to_owned());
                counted += number(item, "totp_factors") + number(item, "push_factors");
            }
        }
        assert_eq!(counted, found.factors.len(), "the count of Factors");
        assert_eq!(found, state.in_table(), "what is in the table");
        let deletes: Vec<WriteRequest> = items.iter().map(delete).collect();
        // As many as one call takes.
        for deletes in deletes.chunks(25) {
            self.dynamo
                .client
                .batch_write_item()
                .request_items(&self.dynamo.table_name, deletes.to_vec())
                .send()
                .await
                .expect("deletes");
        }
    }
}

fn delete(item: &Item) -> WriteRequest {
    let key = |name: &str| AttributeValue::S(text(item, name).to_owned());
    let request = DeleteRequest::builder().key("pk", key("pk")).key("sk", key("sk"));
    WriteRequest::builder()
        .delete_request(request.build().expect("a key"))
        .build()
}

async fn invoke(app: &App, request: &Request, now: OffsetDateTime) -> Answer {
    let mut context = Context::default();
    context.request_id = gateway::request_id();
    let request_id = context.request_id.clone();
    // As text, which is how it comes from Lambda.
    let event = request.event().to_string();
    let payload: Event = serde_json::from_str(&event).unwrap_or_else(|error| panic!("{error}: {event}"));
    log().clear();
    let Ok(reply) = app.invoke(LambdaEvent { payload, context }, now).await;
    let reply = serde_json::to_value(reply).expect("a reply is JSON");
    let log = String::from_utf8(std::mem::take(&mut *log())).expect("logs are UTF-8");
    Answer::new(&reply, request_id, log)
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().expect("a string")
}

fn number(item: &Item, name: &str) -> usize {
    item.get(name).map_or(0, |value| {
        value.as_n().expect("a number").parse().expect("a count")
    })
}

fn log() -> std::sync::MutexGuard<'static, Vec<u8>> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        log().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
