//! Changing a Factor.

use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::{Value, json};
use time::Duration;

use crate::support::phone::Phone;
use crate::support::{Function, NOW, code_at, event, factors_path, invoke_at, join_all, request};

const LATER: Duration = Duration::seconds(3);

/// A Factor of this form; as it was answered, and its path.
async fn created(function: &Function, form: &str) -> (Value, String) {
    let created = function.create_factor(form).await.json();
    let path = format!("{}/{}", factors_path(), created["sid"].as_str().unwrap());
    (created, path)
}

/// The Factor as it is shown once its binding isn't.
fn shown(created: &Value) -> Value {
    let mut shown = created.clone();
    shown.as_object_mut().unwrap().remove("binding");
    shown
}

const TOTP: &str = "FriendlyName=Laptop&FactorType=totp";

#[tokio::test]
async fn what_is_named_is_changed_and_the_rest_stays() {
    let function = Function::start().await;
    let (created, path) = created(&function, TOTP).await;
    let form = "FriendlyName=New+name&Config.Alg=sha512&Config.TimeStep=60&Config.Skew=0&Config.CodeLength=8";
    let updated = invoke_at(&function.app, &request("POST", &path, &[], form), NOW + LATER).await;
    let mut expected = shown(&created);
    expected["friendly_name"] = json!("New name");
    expected["config"] = json!({"alg": "sha512", "skew": 0, "code_length": 8, "time_step": 60});
    expected["date_updated"] = json!("2026-01-02T03:04:08Z");
    assert_eq!((updated.status, updated.json()), (200, expected.clone()));
    assert_eq!(function.request("GET", &path, "").await.json(), expected);
    let item = &function.items().await[1];
    assert_eq!(
        item["config"],
        json!({"alg": "sha512", "skew": 0, "code_length": 8, "time_step": 60, "issuer": "Owl Bank"})
    );
    assert_eq!(
        (&item["revision"], &item["request_id"]),
        (&json!(2), &json!(updated.header("x-request-id")))
    );
}

#[tokio::test]
async fn a_push_factor_is_reached_by_another_token() {
    let function = Function::start().await;
    let (created, path) = created(&function, &Phone::number(1).form()).await;
    let token = "t".repeat(32);
    let needs_token = function
        .request("POST", &path, "Config.NotificationPlatform=apn")
        .await;
    assert_eq!(needs_token.error(), (400, 20001));
    assert_eq!(
        needs_token.invalid(),
        [("Config.NotificationToken".to_owned(), 20001)]
    );
    let form = format!(
        "Config.NotificationPlatform=fcm&Config.NotificationToken={token}&Config.SdkVersion=2.0.0&Config.AppId=other"
    );
    let updated = function.request("POST", &path, &form).await;
    let mut expected = shown(&created);
    expected["config"]["notification_platform"] = json!("fcm");
    expected["config"]["notification_token"] = json!(token);
    expected["config"]["sdk_version"] = json!("2.0.0");
    assert_eq!(
        (updated.status, updated.json()),
        (200, expected.clone()),
        "an AppId stays as it was"
    );
    let updated = function
        .request("POST", &path, "Config.NotificationPlatform=none")
        .await;
    expected["config"]["notification_platform"] = json!("none");
    assert_eq!(updated.json(), expected, "the token stays, to be used again");
}

#[tokio::test]
async fn one_that_changes_nothing_writes_nothing() {
    let function = Function::start().await;
    let (totp, totp_path) = created(&function, TOTP).await;
    let (push, push_path) = created(&function, &Phone::number(1).form()).await;
    let items = function.items().await;
    for (factor, path, form) in [
        (&totp, &totp_path, ""),
        (
            &totp,
            &totp_path,
            "FriendlyName=Laptop&Config.Alg=sha1&Config.TimeStep=30&Config.Skew=1&Config.CodeLength=6",
        ),
        (
            &totp,
            &totp_path,
            "FriendlyName=&Metadata=%7B%7D&Unknown=1&FactorType=push&Binding.Secret=x",
        ),
        (
            &totp,
            &totp_path,
            "Config.NotificationPlatform=smoke&Config.SdkVersion=2",
        ),
        (
            &push,
            &push_path,
            "FriendlyName=Phone&Config.SdkVersion=1.0.0&Config.NotificationPlatform=none",
        ),
        (&push, &push_path, "Config.TimeStep=5&Config.Skew=9"),
    ] {
        let answer = invoke_at(&function.app, &request("POST", path, &[], form), NOW + LATER).await;
        assert_eq!((answer.status, answer.json()), (200, shown(factor)), "{form}");
    }
    assert_eq!(function.items().await, items);
}

#[tokio::test]
async fn what_is_wrong_is_named_all_at_once_and_changes_nothing() {
    let function = Function::start().await;
    let (_, totp) = created(&function, TOTP).await;
    let (_, push) = created(&function, &Phone::number(1).form()).await;
    let items = function.items().await;
    let long = "t".repeat(256);
    for (path, form, names) in [
        (
            &totp,
            "FriendlyName=+&AuthPayload=1&Config.Skew=3",
            vec!["FriendlyName"],
        ),
        (
            &totp,
            "Config.Alg=md5&Config.TimeStep=19&Config.Skew=3&Config.CodeLength=9&AuthPayload=x",
            vec![
                "Config.Alg",
                "Config.TimeStep",
                "Config.Skew",
                "Config.CodeLength",
                "AuthPayload",
            ],
        ),
        (&totp, "Config.Skew=1&Config.Skew=1", vec!["Config.Skew"]),
        (
            &totp,
            "Config.SdkVersion=%FF&Config.Alg=%FF",
            vec!["Config.Alg", "Config.SdkVersion"],
        ),
        (
            &push,
            &format!(
                "Config.NotificationPlatform=smoke&Config.NotificationToken={long}&Config.SdkVersion={long}"
            ),
            vec![
                "Config.NotificationPlatform",
                "Config.NotificationToken",
                "Config.SdkVersion",
            ],
        ),
    ] {
        let answer = function.request("POST", path, form).await;
        assert_eq!(answer.error(), (400, 60306), "{form}");
        let named: Vec<String> = answer.invalid().into_iter().map(|(name, _)| name).collect();
        assert_eq!(named, names, "{form}");
    }
    assert_eq!(function.items().await, items);
}

#[tokio::test]
async fn what_holds_for_any_factor_is_told_before_one_is_looked_for_and_the_rest_after() {
    let function = Function::start().await;
    let path = format!("{}/YF00000000000000000000000000000000", factors_path());
    for (form, error) in [
        ("FriendlyName=+&Config.Skew=9", (400, 60306)),
        ("AuthPayload=1&AuthPayload=2", (400, 60306)),
        ("Config.Skew=9&AuthPayload=x", (404, 20404)),
    ] {
        assert_eq!(
            function.request("POST", &path, form).await.error(),
            error,
            "{form}"
        );
    }
}

#[tokio::test]
async fn a_verified_totp_factor_goes_on_showing_the_codes_it_does() {
    let function = Function::start().await;
    let (factor, path) = created(&function, TOTP).await;
    let right = format!("AuthPayload={}", code_at(&factor, NOW));
    // Neither with the code that verifies it nor after that.
    for verified in [false, true] {
        for (parameter, other) in [
            ("Config.Alg", "sha256"),
            ("Config.TimeStep", "60"),
            ("Config.CodeLength", "8"),
        ] {
            let forms = [
                format!("{right}&{parameter}={other}"),
                format!("{parameter}={other}"),
            ];
            let with_code = if verified { 2 } else { 1 };
            for form in forms.iter().take(with_code) {
                let answer = function.request("POST", &path, form).await;
                assert_eq!(answer.error(), (400, 60306), "{form}");
                assert_eq!(answer.invalid(), [(parameter.to_owned(), 60306)]);
                assert_eq!(
                    answer.text("message"),
                    format!(
                        "Invalid parameter {parameter}: cannot be changed together with AuthPayload, or once the Factor is verified"
                    )
                );
            }
        }
        if !verified {
            let form = format!("{right}&Config.Alg=sha1&FriendlyName=Verified&Config.Skew=2");
            let answer = function.request("POST", &path, &form).await;
            assert_eq!(
                (answer.text("status"), answer.text("friendly_name")),
                ("verified".to_owned(), "Verified".to_owned())
            );
            assert_eq!(answer.json()["config"]["skew"], 2);
        }
    }
    let answer = function
        .request("POST", &path, "Config.Skew=0&FriendlyName=b&Config.TimeStep=30")
        .await;
    assert_eq!(
        (answer.status, &answer.json()["config"]["skew"]),
        (200, &json!(0))
    );
    assert_eq!(answer.text("status"), "verified");
}

#[tokio::test]
async fn a_code_is_compared_by_what_the_factor_was_before() {
    let function = Function::start().await;
    let (factor, path) = created(&function, TOTP).await;
    let two_steps_ago = code_at(&factor, NOW - Duration::seconds(60));
    let form = format!("AuthPayload={two_steps_ago}&Config.Skew=2");
    let answer = function.request("POST", &path, &form).await;
    assert_eq!(
        (answer.text("status"), &answer.json()["config"]["skew"]),
        ("unverified".to_owned(), &json!(1))
    );
}

#[tokio::test]
async fn updates_at_once_lose_nothing_of_each_other() {
    let function = Function::start().await;
    let (_, path) = created(&function, TOTP).await;
    let forms = [
        "FriendlyName=b",
        "Config.Skew=2",
        "Config.TimeStep=45",
        "Config.CodeLength=8",
        "Config.Alg=sha256",
    ];
    let answers = join_all(
        forms
            .iter()
            .map(|form| function.request("POST", &path, form))
            .collect(),
    )
    .await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let fetched = function.request("GET", &path, "").await;
    assert_eq!(
        (fetched.text("friendly_name").as_str(), &fetched.json()["config"]),
        (
            "b",
            &json!({"alg": "sha256", "skew": 2, "code_length": 8, "time_step": 45})
        )
    );
    assert_eq!(function.items().await[1]["revision"], 6);
}

#[tokio::test]
async fn a_binding_stays_sealed_and_is_sealed_anew_when_the_factor_is_written() {
    let function = Function::start().await;
    let (factor, path) = created(&function, TOTP).await;
    let version = async || {
        let items = function.dynamo.items().await;
        let binding = items
            .iter()
            .find_map(|item| item.get("binding"))
            .unwrap()
            .as_b()
            .unwrap()
            .clone();
        binding.as_ref()[4]
    };
    assert_eq!(version().await, 1);
    function.app.rotate_data_key(NOW).await.unwrap();
    let app = function.another_instance();
    let update = request("POST", &path, &[], "FriendlyName=b");
    assert_eq!(invoke_at(&app, &update, NOW).await.status, 200);
    assert_eq!(version().await, 2);
    let form = format!("AuthPayload={}", code_at(&factor, NOW));
    let verified = invoke_at(&app, &request("POST", &path, &[], &form), NOW).await;
    assert_eq!(verified.text("status"), "verified");
}

#[tokio::test]
async fn fetching_and_listing_is_one_call_and_updating_two() {
    let function = Function::start().await;
    function.invoke(&event("create-factor-replay.json")).await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    for (name, calls) in [
        ("fetch-factor.json", ["GetItem"].as_slice()),
        ("list-factors.json", &["Query"]),
        ("update-factor.json", &["GetItem", "TransactWriteItems"]),
        ("update-factor.json", &["GetItem"]),
    ] {
        proxy.script(&[], Fault::None);
        assert_eq!(invoke_at(&app, &event(name), NOW).await.status, 200);
        assert_eq!(proxy.calls(), calls, "{name}");
    }
    assert_eq!(function.items().await[1]["sk"], local::FACTOR_SID);
}
