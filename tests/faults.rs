//! Faults between the function and `DynamoDB`, injected at the network: nothing is lost, nothing is made twice.

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::Value;
use support::phone::Phone;
use support::{Answer, Function, NOW, form_of, invoke_at, request};
use verify_factors::App;

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

#[tokio::test]
async fn each_fault_once_at_each_call_is_survived() {
    let mut tests = tokio::task::JoinSet::new();
    for fault in Fault::ALL {
        for place in 0..2 {
            tests.spawn(async move {
                let faulty = Faulty::start().await;
                let mut script = vec![Fault::None; place];
                script.push(fault);
                faulty.proxy.script(&script, Fault::None);
                let keyed = create(local::IDENTITY, Some("key-of-a-retry"));
                let mut answer = faulty.invoke(&keyed).await;
                if fault.is_unreadable() {
                    assert_eq!(answer.status, 503, "{fault:?} at call {place}");
                    answer = faulty.invoke(&keyed).await;
                }
                assert_eq!(answer.status, 201, "{fault:?} at call {place}: {}", answer.text);
                assert_eq!(
                    faulty.factors(local::IDENTITY).await,
                    BTreeSet::from([answer.text("sid")]),
                    "{fault:?} at call {place}"
                );
            });
        }
    }
    tests.join_all().await;
}

#[tokio::test]
async fn each_fault_that_lasts_is_answered_in_time_and_found_again_with_its_key() {
    let mut tests = tokio::task::JoinSet::new();
    for fault in Fault::ALL {
        for place in 0..2 {
            tests.spawn(async move {
                let faulty = Faulty::start().await;
                faulty.proxy.script(&vec![Fault::None; place], fault);
                let keyed = create(local::IDENTITY, Some("key-of-a-retry"));
                let answer = faulty.invoke(&keyed).await;
                // Reads don't conflict, so only the write fails then.
                assert_eq!(
                    answer.status,
                    lasting(fault),
                    "{fault:?} from call {place}: {}",
                    answer.text
                );
                assert!(is_promised(&answer));
                let there = faulty.factors(local::IDENTITY).await;
                assert!(there.len() <= 1);
                faulty.proxy.script(&[], Fault::None);
                let retried = faulty.invoke(&keyed).await;
                assert_eq!(retried.status, 201, "{fault:?}");
                assert_eq!(
                    !retried.header("idempotent-replayed").is_empty(),
                    !there.is_empty()
                );
                assert_eq!(
                    faulty.factors(local::IDENTITY).await,
                    BTreeSet::from([retried.text("sid")])
                );
            });
        }
    }
    tests.join_all().await;
}

#[tokio::test]
async fn a_refused_connection_is_answered_in_time() {
    let function = Function::start().await;
    // Nothing listens on the discard port of a machine that runs tests.
    let app = function.instance_by_way_of("http://127.0.0.1:9");
    let answer = invoke_at(&app, &create(local::IDENTITY, None), NOW).await;
    assert_eq!(answer.error(), (503, 20503));
}

#[tokio::test]
async fn each_fault_of_the_services_is_answered_as_promised() {
    let mut tests = tokio::task::JoinSet::new();
    for fault in Fault::ALL {
        for lasts in [false, true] {
            tests.spawn(async move {
                let faulty = Faulty::start().await;
                let path = format!("/v2/Services/{}", local::SERVICE_SID);
                for (method, target, form, good) in [
                    ("POST", "/v2/Services", "FriendlyName=Nest", 201),
                    ("GET", "/v2/Services", "", 200),
                    ("GET", path.as_str(), "", 200),
                    ("POST", path.as_str(), "Totp.Skew=2", 200),
                    ("DELETE", path.as_str(), "", 204),
                ] {
                    faulty
                        .proxy
                        .script(&[fault], if lasts { fault } else { Fault::None });
                    let answer = faulty.invoke(&request(method, target, &[], form)).await;
                    if lasts {
                        assert!(
                            is_promised(&answer) || answer.status == good,
                            "{fault:?} {method} {target}"
                        );
                    } else {
                        let status = if fault.is_unreadable() { 503 } else { good };
                        assert_eq!(
                            answer.status, status,
                            "{fault:?} {method} {target}: {}",
                            answer.text
                        );
                    }
                    faulty.proxy.script(&[], Fault::None);
                }
                if !lasts && !fault.is_unreadable() {
                    let list = faulty.function.request("GET", "/v2/Services", "").await.json();
                    let services = list["services"].as_array().unwrap();
                    assert_eq!(
                        services.len(),
                        1,
                        "{fault:?}: one was created once and one was deleted"
                    );
                }
            });
        }
    }
    tests.join_all().await;
}

/// A phone, its verified Factor, and a Challenge of it.
async fn device(function: &Function) -> (Phone, Value, Value) {
    let phone = Phone::number(1);
    let factor = phone.verified(function, &support::factors_path()).await;
    let sid = factor["sid"].as_str().unwrap();
    let form = format!("FactorSid={sid}&Details.Message=a");
    let challenge = function
        .request("POST", &support::challenges_path(), &form)
        .await
        .json();
    (phone, factor, challenge)
}

#[tokio::test]
async fn each_fault_of_a_batch_and_of_an_answer_by_a_device_is_answered_as_promised() {
    let mut tests = tokio::task::JoinSet::new();
    for fault in Fault::ALL {
        for (place, lasts) in [(0, false), (1, false), (0, true)] {
            tests.spawn(async move {
                let faulty = Faulty::start().await;
                faulty.app.warm_up(NOW).await;
                let (phone, factor, challenge) = device(&faulty.function).await;
                let sid = challenge["sid"].as_str().unwrap();
                let path = format!("{}/{sid}", support::challenges_path());
                let yes = phone.answer(&challenge, "approved");
                let call = |method, form: &str| {
                    let event = request(method, &path, &[], form);
                    support::by(&event, &phone.authorization(&factor, NOW))
                };
                for (event, status) in [(call("GET", ""), "pending"), (call("POST", &yes), "approved")] {
                    let mut script = vec![Fault::None; place];
                    script.push(fault);
                    let then = if lasts { fault } else { Fault::None };
                    faulty.proxy.script(&script, then);
                    let answer = faulty.invoke(&event).await;
                    let context = format!("{fault:?} at {place}, lasting: {lasts}: {}", answer.text);
                    if answer.status != 200 {
                        assert!(
                            is_promised(&answer) && (lasts || fault.is_unreadable()),
                            "{context}"
                        );
                        let throttled = matches!(fault, Fault::Unprocessed);
                        assert!(!throttled || answer.status == 429, "{context}");
                    }
                    faulty.proxy.script(&[], Fault::None);
                    let again = faulty.invoke(&event).await;
                    assert_eq!(
                        (again.status, again.text("status").as_str()),
                        (200, status),
                        "{context}"
                    );
                }
            });
        }
    }
    tests.join_all().await;
}

/// What KMS is asked for: the first data key, or one that is there.
const KMS_CALLS: [&str; 2] = ["GenerateDataKey", "Decrypt"];

/// A function whose KMS is behind a proxy, on a table where this call is the first.
async fn before(call: &str) -> (Function, FaultProxy, App) {
    let function = Function::start().await;
    if call == "Decrypt" {
        // A request, as a start gives up after a second.
        let made = invoke_at(
            &function.another_instance(),
            &create("another-identity", None),
            NOW,
        )
        .await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    let proxy = FaultProxy::start(&function.kms.endpoint).await.unwrap();
    let app = function.instance_by_way_of_kms(&proxy.endpoint());
    (function, proxy, app)
}

#[tokio::test]
async fn each_fault_of_kms_is_answered_as_promised_and_nothing_is_written_that_cannot_be_opened() {
    let mut tests = tokio::task::JoinSet::new();
    for (fault, call) in Fault::ALL
        .into_iter()
        .flat_map(|fault| KMS_CALLS.map(|call| (fault, call)))
    {
        for lasts in [false, true] {
            tests.spawn(async move {
                let (function, proxy, app) = before(call).await;
                proxy.script(&[fault], if lasts { fault } else { Fault::None });
                let keyed = create(local::IDENTITY, Some("key-of-a-retry"));
                let started = Instant::now();
                let answer = invoke_at(&app, &keyed, NOW).await;
                let context = format!("{fault:?} at {call}, lasting: {lasts}: {}", answer.text);
                assert!(started.elapsed() < LONGEST_ANSWER, "{context}");
                let status = match fault {
                    // KMS has no transactions and no batches.
                    Fault::Delay
                    | Fault::Unprocessed
                    | Fault::TransactionConflict
                    | Fault::TransactionInProgress => 201,
                    Fault::Throttling if lasts => 429,
                    _ if lasts || fault.is_unreadable() => 503,
                    _ => 201,
                };
                assert_eq!(answer.status, status, "{context}");
                assert!(is_promised(&answer), "{context}");
                assert_eq!(proxy.calls().first().map(String::as_str), Some(call), "{context}");

                proxy.script(&[], Fault::None);
                let again = invoke_at(&app, &keyed, NOW).await;
                assert_eq!(again.status, 201, "{context}");
                let elsewhere = invoke_at(&function.another_instance(), &keyed, NOW).await;
                assert_eq!(
                    (elsewhere.status, &elsewhere.text),
                    (201, &again.text),
                    "{context}"
                );
            });
        }
    }
    tests.join_all().await;
}

#[tokio::test]
async fn a_kms_that_hangs_delays_the_start_by_a_second() {
    let (_function, proxy, app) = before("Decrypt").await;
    proxy.script(&[], Fault::HangBefore);
    let started = Instant::now();
    app.warm_up(NOW).await;
    assert!((1..3).contains(&started.elapsed().as_secs()));
    proxy.script(&[], Fault::None);
    let answer = invoke_at(&app, &create(local::IDENTITY, None), NOW).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

#[tokio::test]
async fn a_delete_that_dynamodb_is_still_at_is_the_same_delete_when_it_is_tried_again() {
    let faulty = Faulty::start().await;
    // More often than the SDK tries.
    faulty
        .proxy
        .script(&[Fault::TransactionInProgress; 4], Fault::None);
    let path = format!("/v2/Services/{}", local::SERVICE_SID);
    let answer = faulty.invoke(&request("DELETE", &path, &[], "")).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

#[tokio::test]
async fn writers_that_keep_colliding_are_let_through_within_the_request() {
    let faulty = Faulty::start().await;
    faulty.proxy.script(
        &[&[Fault::None], [Fault::TransactionConflict; 8].as_slice()].concat(),
        Fault::None,
    );
    let answer = faulty.invoke(&create(local::IDENTITY, None)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(faulty.factors(local::IDENTITY).await.len(), 1);
}

#[tokio::test]
async fn a_replay_survives_each_fault_too() {
    for fault in Fault::ALL
        .into_iter()
        .filter(|fault| !fault.is_slow() && !fault.is_unreadable())
    {
        let faulty = Faulty::start().await;
        let keyed = create(local::IDENTITY, Some("key-of-a-replay"));
        let first = faulty.invoke(&keyed).await;
        faulty.proxy.script(&[fault], Fault::None);
        let second = faulty.invoke(&keyed).await;
        assert_eq!(
            (second.status, second.header("idempotent-replayed")),
            (201, "true"),
            "{fault:?}"
        );
        assert_eq!(first.text, second.text);
    }
}

#[tokio::test]
async fn a_limit_is_a_limit_under_faults() {
    let faulty = Faulty::start().await;
    let push = form_of(&support::event("create-push-factor.json"));
    let event = request("POST", &support::factors_path(), &[], &push);
    for number in 0..20 {
        faulty.proxy.script(
            &[if number % 2 == 0 {
                Fault::CutAfter
            } else {
                Fault::CutBefore
            }],
            Fault::None,
        );
        let answer = faulty.invoke(&event).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    for fault in [
        Fault::CutAfter,
        Fault::CutBefore,
        Fault::TransactionConflict,
        Fault::InternalServerError,
    ] {
        faulty.proxy.script(&[fault], Fault::None);
        assert_eq!(faulty.invoke(&event).await.error(), (400, 60315), "{fault:?}");
    }
    assert_eq!(faulty.factors(local::IDENTITY).await.len(), 20);
}

/// How many random sequences a run has; `FAULT_SEQUENCES` sets another number.
const SEQUENCES: u64 = 2_000;

/// Sequences that are under way at once.
const WORKERS: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn random_sequences_of_faults_lose_nothing_and_make_nothing_twice() {
    let number = |variable: &str| {
        std::env::var(variable)
            .ok()
            .and_then(|number| number.parse::<u64>().ok())
    };
    let seed = number("FAULT_SEED").unwrap_or_else(|| fastrand::u64(..));
    let sequences = number("FAULT_SEQUENCES").unwrap_or(SEQUENCES);
    println!("FAULT_SEED={seed} FAULT_SEQUENCES={sequences}");
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..WORKERS as u64 {
        workers.spawn(async move {
            let mut faulty = Faulty::start().await;
            for sequence in (worker..sequences).step_by(WORKERS) {
                // Retries are paid from a budget that faults use up; a new function has a new one.
                faulty.app = faulty.function.instance_by_way_of(&faulty.proxy.endpoint());
                random_sequence(
                    &faulty,
                    fastrand::Rng::with_seed(seed ^ sequence),
                    &format!("sequence-{sequence}"),
                )
                .await;
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        assert!(
            worker.is_ok(),
            "to see it again: FAULT_SEED={seed} FAULT_SEQUENCES={sequences}"
        );
    }
}

async fn random_sequence(faulty: &Faulty, mut random: fastrand::Rng, identity: &str) {
    let mut answered = BTreeSet::new();
    let (mut unknowable, mut unanswered) = (0, Vec::new());
    for step in 0..random.usize(1..=3) {
        let script = support::random_faults(&mut random);
        let key = random.bool().then(|| format!("{identity}-step-{step}"));
        let event = create(identity, key.as_deref());
        faulty.proxy.script(&script, Fault::None);
        let answer = faulty.invoke(&event).await;
        assert!(is_promised(&answer), "{identity} {script:?}: {answer:?}");
        match (answer.status, key) {
            (201, _) => assert!(
                answered.insert(answer.text("sid")),
                "{identity}: a Factor was answered twice"
            ),
            (_, Some(_)) => unanswered.push(event),
            (_, None) => unknowable += 1,
        }
    }
    faulty.proxy.script(&[], Fault::None);
    for event in unanswered {
        let answer = faulty.invoke(&event).await;
        assert_eq!(answer.status, 201, "{identity}");
        answered.insert(answer.text("sid"));
    }
    let there = faulty.factors(identity).await;
    assert!(
        there.is_superset(&answered),
        "{identity}: a Factor that was answered is lost"
    );
    assert!(
        there.len() <= answered.len() + unknowable,
        "{identity}: a Factor that nobody was told of"
    );
}
