//! The compiled binary, as Lambda starts it: environment in, Runtime API, logs out.

use std::path::Path;
use std::process::Command;

use harness::dynamo::Dynamo;
use harness::kms::Kms;
use harness::lambda::Environment;
use harness::{gateway, local};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_verify-factors");

#[tokio::test]
async fn the_binary_answers_events_through_the_runtime_api() {
    let dynamo = Dynamo::start().await;
    let kms = Kms::start().await;
    dynamo.put(local::service_item()).await;
    let variables = local::environment(&dynamo.table_name, &dynamo.endpoint, &kms.endpoint);
    let mut function = Environment::start(Path::new(BINARY), &variables).await.unwrap();
    assert!(function.ready().await);
    for name in [
        "create-totp-factor",
        "create-push-factor",
        "create-totp-factor-rest-api",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("events/{name}.json"));
        let event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let reply = function.reply(&event).await;
        assert_eq!(reply["statusCode"], 201, "{reply}");
        assert_eq!(reply["isBase64Encoded"], false);
        let factor: Value = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
        let partition = format!("{}/{}", local::SERVICE_SID, local::IDENTITY);
        assert!(
            dynamo
                .item(&partition, factor["sid"].as_str().unwrap())
                .await
                .is_some()
        );
    }
    let refused = function
        .reply(&gateway::event("POST", "/v2/Services", &[], b""))
        .await;
    assert_eq!(refused["statusCode"], 401);
}

#[tokio::test]
async fn an_event_of_another_service_is_an_error_and_the_next_one_is_answered() {
    let dynamo = Dynamo::start().await;
    let kms = Kms::start().await;
    let variables = local::environment(&dynamo.table_name, &dynamo.endpoint, &kms.endpoint);
    let mut function = Environment::start(Path::new(BINARY), &variables).await.unwrap();
    let answer = function
        .invoke(json!({"Records": []}).to_string().into_bytes())
        .await;
    assert!(
        matches!(answer, Some(harness::lambda::Answer::Error(_))),
        "{answer:?}"
    );
    let reply = function
        .reply(&gateway::event("GET", "/v2/Services", &[], b""))
        .await;
    assert_eq!(reply["statusCode"], 401);
}

#[tokio::test]
async fn a_dead_dynamodb_delays_the_start_by_little() {
    // Nothing listens on the discard port of a machine that runs tests.
    let variables = local::environment("verify-factors", "http://127.0.0.1:9", "http://127.0.0.1:9");
    let mut function = Environment::start(Path::new(BINARY), &variables).await.unwrap();
    let ready = tokio::time::timeout(std::time::Duration::from_secs(5), function.ready()).await;
    assert!(ready.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_from_many_processes_never_get_over_the_limit() {
    const PROCESSES: usize = 8;
    const REQUESTS: usize = 25;
    let form = |name: &str| -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("events/{name}.json"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    for (name, limit, count) in [
        ("create-push-factor", 20, "push_factors"),
        ("create-totp-factor", 100, "totp_factors"),
    ] {
        let dynamo = Dynamo::start().await;
        let kms = Kms::start().await;
        dynamo.put(local::service_item()).await;
        let variables = local::environment(&dynamo.table_name, &dynamo.endpoint, &kms.endpoint);
        let mut processes = tokio::task::JoinSet::new();
        for _ in 0..PROCESSES {
            let mut function = Environment::start(Path::new(BINARY), &variables).await.unwrap();
            let event = form(name);
            processes.spawn(async move {
                let mut statuses = Vec::new();
                for _ in 0..REQUESTS {
                    let reply = function.reply(&event).await;
                    let body: Value = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
                    statuses.push((reply["statusCode"].as_u64().unwrap(), body["code"].as_u64()));
                }
                statuses
            });
        }
        let answers: Vec<_> = processes.join_all().await.into_iter().flatten().collect();
        let created = answers.iter().filter(|answer| **answer == (201, None)).count();
        let refused = answers
            .iter()
            .filter(|answer| **answer == (400, Some(60315)))
            .count();
        assert_eq!((created, refused), (limit, PROCESSES * REQUESTS - limit));
        let items = dynamo.items().await;
        let is = |item: &harness::dynamo::Item, prefix: &str| {
            item["sk"].as_s().is_ok_and(|sk| sk.starts_with(prefix))
        };
        assert_eq!(items.iter().filter(|item| is(item, "YF")).count(), limit);
        let entity = items.iter().find(|item| is(item, "YE")).unwrap();
        assert_eq!(entity[count].as_n().unwrap(), &limit.to_string());
    }
}

/// What a start with these variables says before it fails.
fn failed_start(variables: &[(&str, String)]) -> Value {
    let output = Command::new(BINARY)
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    serde_json::from_str(&line).unwrap()
}

#[test]
fn a_missing_setting_stops_the_start_and_is_named() {
    let complete = local::environment("verify-factors", "http://127.0.0.1:9", "http://127.0.0.1:9");
    for missing in [
        "TABLE_NAME",
        "ACCOUNT_SID",
        "AUTH_TOKEN_SHA256",
        "SEALING_KEY_ARN",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ] {
        let rest: Vec<_> = complete
            .iter()
            .filter(|(name, _)| *name != missing)
            .cloned()
            .collect();
        let line = failed_start(&rest);
        assert_eq!(
            (&line["level"], &line["message"]),
            (&json!("ERROR"), &json!("the function stopped"))
        );
        assert!(line["cause"].as_str().unwrap().contains(missing), "{line}");
    }
}

#[test]
fn a_malformed_setting_stops_the_start_and_is_named_without_its_value() {
    let complete = local::environment("verify-factors", "http://127.0.0.1:9", "http://127.0.0.1:9");
    for malformed in [
        "TABLE_NAME",
        "ACCOUNT_SID",
        "AUTH_TOKEN_SHA256",
        "SEALING_KEY_ARN",
        "ALLOWED_ORIGINS",
        "BASE_URL",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_KMS",
    ] {
        let mut variables = complete.clone();
        variables.retain(|(name, _)| *name != malformed);
        variables.push((malformed, "(malformed value)".to_owned()));
        let line = failed_start(&variables);
        let cause = line["cause"].as_str().unwrap();
        assert!(
            cause.contains(malformed) && !cause.contains("(malformed value)"),
            "{line}"
        );
    }
}
