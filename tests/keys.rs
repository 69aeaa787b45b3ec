//! The operator's command, `examples/keys.rs`, as a process of its own beside a function that goes on answering.

mod support;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use aws_sdk_kms::primitives::Blob;
use harness::dynamo::Item;
use harness::local;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use verify_factors::factors::{Creation, Entropy, Factor, NewFactor, of_factor};
use verify_factors::parameters::Fields;
use verify_factors::sealing::{DataKey, SealedBinding, Seat};
use verify_factors::services::{NewService, Service};
use verify_factors::sid::{AccountSid, ServiceSid};
use verify_factors::time::Timestamp;
use verify_factors::{App, Randomness};

use support::commands::{Operator, example, text};
use support::{Function, invoke_at, request};

/// Factors that are there before the data key is rotated.
const FACTORS: u32 = 10_000;

/// Items that BatchWriteItem takes at once.
const BATCH: usize = 25;

/// How long instances may seal with an older data key.
const FRESH: Duration = Duration::minutes(5);

/// The public key of push Factors: the one in the public API description.
const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgsFl6xPQBwhtwUEyeJkeozFmi2jiJDzxFSMwVy3kVR1h/dPVYOfgkC0EkfBRJ0J/6xW47FD5vA==";

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_factors_are_sealed_anew_though_it_is_cut_and_factors_are_created_and_read_meanwhile() {
    let function = Function::start().await;
    let operator = Operator::of(&function, "keys");
    function.app.warm_up(OffsetDateTime::now_utc()).await;
    let factors = write_factors(&function, FACTORS).await;

    let traffic = Arc::new(Traffic::through(function.another_instance()));
    let flowing = tokio::spawn(Arc::clone(&traffic).flow());
    let created = traffic.creates_another(&flowing).await;
    let rotated = operator.succeeds(&["rotate"]);
    assert!(rotated.starts_with("Data key 2 "), "{rotated}");
    traffic.creates_another(&flowing).await;

    // `rotate` has the operator wait until every instance seals with the new key.
    traffic.waited.store(true, Ordering::SeqCst);
    let sealed_with_old = traffic.creates_another(&flowing).await;
    assert!(sealed_with_old > created);

    let lines = operator.is_cut_after_lines(&["reseal"], 2);
    let before = traffic.created();
    let counts = by_data_key(&operator);
    let after = traffic.created() + 1;
    let [(1, left), (2, done)] = counts
        .iter()
        .map(|(key, count)| (*key, *count))
        .collect::<Vec<_>>()[..]
    else {
        panic!("{counts:?} after {lines:?}");
    };
    let all = u64::from(FACTORS);
    assert!(
        (all + before..=all + after).contains(&(left + done)),
        "{counts:?}"
    );

    let resealed = operator.succeeds(&["reseal"]);
    let last = resealed.lines().last().unwrap();
    // Not one that was sealed anew before is so again.
    assert!(last.starts_with(&format!("{left} sealed anew, ")), "{last}");
    traffic.creates_another(&flowing).await;
    traffic.stopped.store(true, Ordering::SeqCst);
    flowing.await.unwrap();
    let all = u64::from(FACTORS) + traffic.created();
    assert_eq!(by_data_key(&operator), BTreeMap::from([(2, all)]));

    let data_key = data_key(&function, 2).await;
    let items = items_by_key(&function).await;
    for (key, text) in factors {
        let sealed = SealedBinding::parse(items[&key]["binding"].as_b().unwrap().as_ref()).unwrap();
        let factor_type = if is_push(&text) { "push" } else { "totp" };
        let (pk, sk) = (&key.0, &key.1);
        let seat = Seat { pk, sk, factor_type };
        assert_eq!(*data_key.open(seat, &sealed).unwrap(), text, "{key:?}");
    }
    let reader = function.another_instance();
    let created = traffic.answers.lock().unwrap().clone();
    for (event, text) in &created {
        let again = invoke_at(&reader, event, OffsetDateTime::now_utc()).await;
        assert_eq!(
            (again.status, again.header("idempotent-replayed"), &again.text),
            (201, "true", text)
        );
    }
}

#[test]
fn help_is_printed_and_an_unknown_command_fails() {
    let run = |arguments: &[&str]| {
        let output = Command::new(example("keys")).env_clear().args(arguments).output();
        let output = output.unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, help, complaint) = run(&["--help"]);
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    for command in ["rotate", "reseal", "check"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
    }
    assert_eq!(run(&["-h"]), (Some(0), help.clone(), String::new()));
    for arguments in [&[][..], &["rotated"], &["rotate", "reseal"], &["check", "--help"]] {
        assert_eq!(
            run(arguments),
            (Some(1), String::new(), format!("error: {help}")),
            "{arguments:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_there_is_a_progress_bar() {
    let function = Function::start().await;
    let operator = Operator::of(&function, "keys");
    function.app.warm_up(OffsetDateTime::now_utc()).await;
    write_factors(&function, 3).await;
    assert_eq!(by_data_key(&operator), BTreeMap::from([(1, 3)]));
    operator.succeeds(&["rotate"]);
    let Some(printed) = operator.succeeds_on_a_terminal("reseal") else {
        return;
    };
    let bar = "#".repeat(40);
    assert_eq!(printed, format!("\r[{bar}] 3 of 3, 3 sealed anew\r\n"));
}

/// The Factors by the data key that they are sealed with, as `check` counts them.
fn by_data_key(operator: &Operator) -> BTreeMap<u32, u64> {
    let printed = operator.succeeds(&["check"]);
    let counts = printed.lines().map(|line| {
        let (version, count) = line.strip_prefix("data key ")?.split_once(": ")?;
        let count = count.strip_suffix(" Factors")?;
        Some((version.parse().ok()?, count.parse().ok()?))
    });
    counts
        .collect::<Option<_>>()
        .unwrap_or_else(|| panic!("not a count: {printed}"))
}

/// Requests that go on while the operator is at work: Factors are created, and earlier ones replayed.
struct Traffic {
    app: App,
    /// Whether the time has passed in which instances may seal with an older data key.
    waited: AtomicBool,
    stopped: AtomicBool,
    /// The requests that created a Factor, and their answers.
    answers: Mutex<Vec<(Value, String)>>,
}

impl Traffic {
    fn through(app: App) -> Self {
        Self {
            app,
            waited: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            answers: Mutex::default(),
        }
    }

    async fn flow(self: Arc<Self>) {
        for number in 0.. {
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            let target = format!(
                "/v2/Services/{}/Entities/traffic-{number}/Factors",
                local::SERVICE_SID
            );
            let key = format!("key-{number}");
            let headers = [("idempotency-key", key.as_str())];
            let event = request("POST", &target, &headers, "FriendlyName=a&FactorType=totp");
            let created = invoke_at(&self.app, &event, self.now()).await;
            assert_eq!(
                (created.status, created.header("idempotent-replayed")),
                (201, ""),
                "{}",
                created.text
            );
            let (event, text) = {
                let mut answers = self.answers.lock().unwrap();
                answers.push((event, created.text));
                // Old and new ones alike, as the command gets at them at different times.
                answers[fastrand::usize(..answers.len())].clone()
            };
            let again = invoke_at(&self.app, &event, self.now()).await;
            assert_eq!(
                (again.status, again.header("idempotent-replayed"), &again.text),
                (201, "true", &text)
            );
            // The command is to have most of a processor.
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
    }

    fn now(&self) -> OffsetDateTime {
        let waited = self.waited.load(Ordering::SeqCst);
        OffsetDateTime::now_utc() + if waited { FRESH } else { Duration::ZERO }
    }

    fn created(&self) -> u64 {
        self.answers.lock().unwrap().len().try_into().unwrap()
    }

    /// Waits for a Factor that was asked for after this was called; how many there are then.
    async fn creates_another(&self, flowing: &tokio::task::JoinHandle<()>) -> u64 {
        // One may be on its way.
        let enough = self.created() + 2;
        while self.created() < enough {
            assert!(!flowing.is_finished(), "a request was not answered as it should");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        self.created()
    }
}

/// Writes Factors sealed with data key 1 past the function, which would take minutes; their keys, and what was sealed.
async fn write_factors(function: &Function, count: u32) -> Vec<((String, String), Vec<u8>)> {
    let data_key = data_key(function, 1).await;
    let now = Timestamp::at(OffsetDateTime::now_utc());
    let mut fields = Fields::decode(b"FriendlyName=Owl+Bank");
    let service = NewService::parse(&mut fields);
    let service = Service::create(
        fields.finish(service).unwrap(),
        AccountSid::parse(&local::account_sid()).unwrap(),
        ServiceSid::parse(local::SERVICE_SID).unwrap(),
        now,
    );
    let randomness = Randomness::new(getrandom::fill);
    let (mut factors, mut batch) = (Vec::new(), Vec::new());
    let mut writes = tokio::task::JoinSet::new();
    for number in 0..count {
        // Each is another one's: an Entity has 100 at the most.
        let identity = format!("identity-{number}");
        let (form, text) = form(number);
        let mut fields = Fields::decode(form.as_bytes());
        let new = NewFactor::parse(&identity, &mut fields);
        let new = fields.finish(new).unwrap();
        let entropy = Entropy::draw(&randomness).unwrap();
        let creation = Creation {
            now,
            unverified_factor_hours: None,
            request_id: &harness::gateway::request_id(),
            retry: None,
        };
        let (factor, _) = Factor::create(new, &service, creation, &entropy, &data_key);
        let item = of_factor(&factor);
        factors.push((key_of(&item), text));
        let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
        batch.push(WriteRequest::builder().put_request(put).build());
        if batch.len() == BATCH || number + 1 == count {
            let dynamo = &function.dynamo;
            let requests = std::mem::take(&mut batch);
            let write = dynamo.client.batch_write_item();
            let write = write.request_items(&dynamo.table_name, requests);
            writes.spawn(async move {
                let left = write.send().await.unwrap().unprocessed_items;
                assert!(left.is_none_or(|left| left.is_empty()));
            });
            // A few at once are as fast as all.
            if writes.len() >= 4 {
                writes.join_next().await.unwrap().unwrap();
            }
        }
    }
    writes.join_all().await;
    factors
}

/// The form that asks for the Factor of this number, and what is to be sealed of it.
fn form(number: u32) -> (String, Vec<u8>) {
    // Checking points on the curve takes long, so push Factors are few.
    if number.is_multiple_of(100) {
        let key = PUBLIC_KEY.replace('+', "%2B");
        let config =
            "Config.AppId=com.example.myapp&Config.SdkVersion=1.0.0&Config.NotificationPlatform=none";
        (
            format!("FriendlyName=a&FactorType=push&Binding.Alg=ES256&{config}&Binding.PublicKey={key}"),
            PUBLIC_KEY.into(),
        )
    } else {
        let seed = number.to_be_bytes().repeat(5);
        let base32 = data_encoding::BASE32_NOPAD.encode(&seed);
        (
            format!("FriendlyName=a&FactorType=totp&Binding.Secret={base32}"),
            seed,
        )
    }
}

/// A data key in the table, unwrapped by KMS.
async fn data_key(function: &Function, version: u32) -> DataKey {
    let sk = format!("DK{version:010}");
    let item = function.dynamo.item(&local::account_sid(), &sk).await.unwrap();
    let unwrapped = harness::kms::client(&function.kms.endpoint)
        .decrypt()
        .ciphertext_blob(Blob::new(item["wrapped"].as_b().unwrap().as_ref()))
        .encryption_context("verify-factors", "data key")
        .encryption_context("account_sid", local::account_sid())
        .encryption_context("version", version.to_string())
        .send()
        .await;
    let key = unwrapped.unwrap().plaintext.unwrap().into_inner();
    DataKey::new(version, <[u8; 32]>::try_from(key).unwrap().into())
}

async fn items_by_key(function: &Function) -> BTreeMap<(String, String), Item> {
    let items = function.dynamo.items().await;
    items.into_iter().map(|item| (key_of(&item), item)).collect()
}

fn key_of(item: &Item) -> (String, String) {
    let text = |name: &str| item[name].as_s().unwrap().clone();
    (text("pk"), text("sk"))
}

fn is_push(text: &[u8]) -> bool {
    text == PUBLIC_KEY.as_bytes()
}
