//! Fetching Services: what is shown is what is in the table now.

use harness::local;

use super::{resource, service_path};
use crate::support::{Function, NOW, factors_path, invoke_at, request};

#[tokio::test]
async fn a_service_is_shown_as_it_is_now_though_another_instance_has_it_in_memory() {
    let function = Function::start().await;
    let elsewhere = function.another_instance();
    let create = request("POST", &factors_path(), &[], "FriendlyName=a&FactorType=totp");
    assert_eq!(invoke_at(&elsewhere, &create, NOW).await.status, 201);
    let path = service_path(local::SERVICE_SID);
    let changed = function.request("POST", &path, "FriendlyName=Nest").await;
    let fetched = invoke_at(&elsewhere, &request("GET", &path, &[], ""), NOW).await;
    assert_eq!((fetched.status, &fetched.text), (200, &changed.text));
    let mut expected = resource(local::SERVICE_SID, "Nest");
    expected["date_created"] = "2025-01-01T00:00:00Z".into();
    assert_eq!(fetched.text, expected.to_string());
}

#[tokio::test]
async fn a_service_that_is_not_there_is_not_found() {
    let function = Function::start().await;
    let path = service_path("VA00000000000000000000000000000000");
    let answer = function.request("GET", &path, "").await;
    assert_eq!(answer.error(), (404, 20404));
    assert_eq!(
        answer.text("message"),
        "The requested resource /v2/Services/{ServiceSid} was not found"
    );
}
