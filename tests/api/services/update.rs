//! Changing Services: what was sent changes and nothing else, also when many change one at once.

use harness::local;
use serde_json::json;
use time::Duration;

use super::{create, resource, service_path};
use crate::support::{Function, NOW, invoke_at, item_json, request};

#[tokio::test]
async fn an_update_changes_what_was_sent_and_nothing_else() {
    let function = Function::start().await;
    let sid = create(&function, "FriendlyName=Nest&Totp.Skew=2&Totp.Issuer=Owl")
        .await
        .text("sid");
    let later = NOW + Duration::HOUR;
    let event = request("POST", &service_path(&sid), &[], "Totp.TimeStep=60&FriendlyName=");
    let answer = invoke_at(&function.app, &event, later).await;
    let mut expected = resource(&sid, "Nest");
    expected["totp"] = json!({"issuer": "Owl", "time_step": 60, "code_length": 6, "skew": 2});
    expected["date_updated"] = json!("2026-01-02T04:04:05Z");
    assert_eq!((answer.status, answer.json()), (200, expected.clone()));
    let item = function.dynamo.item(&local::account_sid(), &sid).await.unwrap();
    assert_eq!(item_json(&item)["revision"], 2);
    assert_eq!(
        function.request("GET", &service_path(&sid), "").await.json(),
        expected
    );
}

#[tokio::test]
async fn updates_at_once_lose_nothing_of_each_other() {
    let function = Function::start().await;
    let sid = create(&function, "FriendlyName=Nest").await.text("sid");
    let path = service_path(&sid);
    for round in 0..10 {
        let (name, issuer) = (format!("FriendlyName=n{round}"), format!("Totp.Issuer=i{round}"));
        let (skew, step) = (
            format!("Totp.Skew={}", round % 3),
            format!("Totp.TimeStep={}", 20 + round),
        );
        let answers = tokio::join!(
            function.request("POST", &path, &name),
            function.request("POST", &path, &issuer),
            function.request("POST", &path, &skew),
            function.request("POST", &path, &step),
        );
        assert_eq!(
            [
                answers.0.status,
                answers.1.status,
                answers.2.status,
                answers.3.status
            ],
            [200; 4]
        );
        let service = function.request("GET", &path, "").await.json();
        assert_eq!(service["friendly_name"], format!("n{round}"));
        let totp = json!({"issuer": format!("i{round}"), "time_step": 20 + round, "code_length": 6, "skew": round % 3});
        assert_eq!(service["totp"], totp);
    }
}

#[tokio::test]
async fn an_update_does_not_bring_a_deleted_service_back() {
    let function = Function::start().await;
    let path = service_path(local::SERVICE_SID);
    assert_eq!(function.request("DELETE", &path, "").await.status, 204);
    assert_eq!(
        function.request("POST", &path, "FriendlyName=a").await.status,
        404
    );
    assert_eq!(function.dynamo.items().await.len(), 0);
}
