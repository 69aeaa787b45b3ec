//! The log line of a request: what it says, and what it never does.

use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::json;

use crate::support::phone::{Phone, device};
use crate::support::{Function, NOW, basic, by, event, factors_path, invoke_at, logs, request, service_item};

#[tokio::test]
async fn a_request_logs_one_line_that_tells_what_happened_and_to_whom() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-factor-replay.json")).await;
    let created = answer.json();
    let lines = logs::of(&answer);
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    let mut line = line.clone();
    assert!(
        line["duration_ms"]
            .as_f64()
            .is_some_and(|duration| duration > 0.0)
    );
    assert!(
        line["timestamp"]
            .as_str()
            .is_some_and(|timestamp| timestamp.ends_with('Z'))
    );
    for field in ["duration_ms", "timestamp"] {
        line.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(
        line,
        json!({
            "level": "INFO",
            "message": "request",
            "request_id": answer.header("x-request-id"),
            "caller": "account",
            "operation": "CreateFactor",
            "status": 201,
            "service_sid": created["service_sid"],
            "entity_sid": created["entity_sid"],
            "factor_sid": created["sid"],
            "replayed": false,
        })
    );
    let replayed = function.invoke(&event("create-factor-replay.json")).await;
    assert_eq!(logs::of(&replayed)[0]["replayed"], true);
}

#[tokio::test]
async fn a_refusal_logs_which_parameters_were_wrong_at_info() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-factor-refused.json")).await;
    let line = &logs::of(&answer)[0];
    assert_eq!(line["level"], "INFO");
    assert_eq!((&line["status"], &line["code"]), (&json!(400), &json!(20001)));
    assert_eq!(
        line["parameters"],
        "FriendlyName, Binding.Secret, Config.TimeStep, Config.Skew"
    );
}

#[tokio::test]
async fn who_is_nobody_is_logged_with_what_was_asked_and_as_whom() {
    let function = Function::start().await;
    let tokens = format!("/v2/Services/{}/AccessTokens", local::SERVICE_SID);
    let form = "Identity=somebody-else&FactorType=push";
    let token = function.request("POST", &tokens, form).await;
    let own = Phone::number(1);
    let factor = own.verified(&function, &factors_path()).await;
    for (authorization, claimed) in [
        ("", None),
        (&basic("AC00000000000000000000000000000000:wrong"), None),
        (
            &basic(&format!("{}:wrong", local::account_sid())),
            Some("account"),
        ),
        (&device("garbage"), Some("device")),
        // Of a phone, which may not create a Factor, and of one that may create another.
        (&own.authorization(&factor, NOW), Some("device")),
        (&device(&token.text("token")), Some("token")),
    ] {
        let event = by(&request("POST", &factors_path(), &[], ""), authorization);
        let mut line = logs::of(&function.invoke(&event).await)[0].clone();
        for field in ["duration_ms", "timestamp", "request_id"] {
            line.as_object_mut().unwrap().remove(field);
        }
        let mut expected = json!({
            "level": "INFO",
            "message": "request",
            "operation": "CreateFactor",
            "status": 401,
            "code": 20003,
            "service_sid": local::SERVICE_SID,
            "replayed": false,
        });
        if let Some(claimed) = claimed {
            expected["claimed"] = json!(claimed);
        }
        assert_eq!(line, expected);
    }
}

#[tokio::test]
async fn who_is_somebody_and_asks_for_what_is_not_theirs_is_logged_as_the_caller() {
    let function = Function::start().await;
    let tokens = format!("/v2/Services/{}/AccessTokens", local::SERVICE_SID);
    let form = format!("Identity={}&FactorType=push", local::IDENTITY);
    let token = function.request("POST", &tokens, &form).await;
    let create = request("POST", &factors_path(), &[], "FactorType=totp");
    let answer = function.invoke(&by(&create, &device(&token.text("token")))).await;
    let line = &logs::of(&answer)[0];
    assert_eq!((&line["status"], &line["caller"]), (&json!(401), &json!("token")));
    assert_eq!(line["access_token_sid"], token.text("sid"));
    assert_eq!(line.get("claimed"), None);
}

#[tokio::test]
async fn a_fault_logs_its_causes_at_error() {
    let function = Function::start().await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    proxy.script(&[], Fault::CutBefore);
    let answer = invoke_at(&app, &event("create-push-factor.json"), NOW).await;
    assert_eq!(answer.status, 503);
    let line = &logs::of(&answer)[0];
    assert_eq!((&line["level"], &line["code"]), (&json!("ERROR"), &json!(20503)));
    assert!(
        line["cause"]
            .as_str()
            .unwrap()
            .starts_with("DynamoDB cannot be reached: dispatch failure: "),
        "{line}"
    );
}

#[tokio::test]
async fn a_fault_in_the_table_is_told_to_the_log_alone() {
    let function = Function::start().await;
    let mut broken = service_item(&[]);
    broken.remove("friendly_name");
    function.dynamo.put(broken).await;
    let answer = function.invoke(&event("create-push-factor.json")).await;
    let line = &logs::of(&answer)[0];
    assert_eq!(
        line["cause"],
        "a stored Service has no valid attribute friendly_name"
    );
    assert!(!answer.text.contains("friendly_name"));
}

#[tokio::test]
async fn no_secret_is_in_the_log_whatever_happens() {
    // Each of these looks into the log, at the most verbose level, after its request.
    let mut tests = tokio::task::JoinSet::new();
    for name in [
        "create-totp-factor.json",
        "create-totp-factor-with-migrated-seed.json",
        "create-push-factor.json",
        "create-totp-factor-rest-api.json",
        "create-factor-refused.json",
        "create-factor-replay.json",
        "create-service.json",
    ] {
        tests.spawn(async move {
            let function = Function::start().await;
            let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
            let event = event(name);
            function.invoke(&event).await;
            for fault in Fault::ALL.into_iter().filter(|fault| !fault.is_slow()) {
                let app = function.instance_by_way_of(&proxy.endpoint());
                proxy.script(&[], fault);
                invoke_at(&app, &event, NOW).await;
            }
        });
    }
    tests.join_all().await;
}
