//! The URLs in answers: of the host and the stage that were called, or of the deployment's own origin.

use serde_json::json;

use crate::support::{Answer, Function, HOST, NOW, event, factors_path, reply_as};

#[tokio::test]
async fn a_rest_api_works_too_and_its_stage_is_in_the_url() {
    let function = Function::start().await;
    let event = event("create-totp-factor-rest-api.json");
    let reply = reply_as(&function.app, &event, NOW, "a request").await;
    let mut fields: Vec<&str> = reply.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "body",
            "headers",
            "isBase64Encoded",
            "multiValueHeaders",
            "statusCode"
        ]
    );
    let answer = Answer::new(&reply);
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.text("url"),
        format!("{HOST}/prod{}/{}", factors_path(), answer.text("sid"))
    );
}

#[tokio::test]
async fn a_stage_in_the_path_of_an_http_api_is_in_the_url() {
    let function = Function::start().await;
    let mut event = event("create-totp-factor.json");
    event["rawPath"] = json!(format!("/prod{}", factors_path()));
    event["requestContext"]["stage"] = json!("prod");
    let answer = function.invoke(&event).await;
    assert_eq!(
        answer.text("url"),
        format!("{HOST}/prod{}/{}", factors_path(), answer.text("sid"))
    );
}

#[tokio::test]
async fn a_base_url_replaces_the_host_and_the_stage() {
    let function = Function::start_with(&[("BASE_URL", "https://verify.example.com")]).await;
    let answer = function.invoke(&event("create-totp-factor-rest-api.json")).await;
    assert_eq!(
        answer.text("url"),
        format!(
            "https://verify.example.com{}/{}",
            factors_path(),
            answer.text("sid")
        )
    );
}
