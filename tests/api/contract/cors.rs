//! What browsers need: the headers of every response, preflights, and the origins that may send credentials.

use crate::support::{Function, event, factors_path, request};

#[tokio::test]
async fn every_response_has_the_five_cors_headers_no_store_and_a_request_id() {
    let function = Function::start().await;
    let refused = request("POST", &factors_path(), &[("authorization", "")], "");
    for (event, methods) in [
        (event("create-totp-factor.json"), "GET, POST, OPTIONS"),
        (event("create-factor-refused.json"), "GET, POST, OPTIONS"),
        (event("preflight.json"), "GET, POST, OPTIONS"),
        (refused, "GET, POST, OPTIONS"),
        (request("GET", "/v2/Services", &[], ""), "GET, POST, OPTIONS"),
        (request("GET", "/nowhere", &[], ""), "OPTIONS"),
    ] {
        let answer = function.invoke(&event).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-credentials"), "false");
        assert_eq!(answer.header("access-control-allow-methods"), methods);
        assert_eq!(
            answer.header("access-control-allow-headers"),
            "Authorization, Content-Type, Idempotency-Key"
        );
        assert_eq!(
            answer.header("access-control-expose-headers"),
            "Idempotent-Replayed, Retry-After, Twilio-Verify-Signature-Fields, X-Request-Id"
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-request-id").len(), 36);
    }
}

#[tokio::test]
async fn a_preflight_needs_no_credentials() {
    let function = Function::start().await;
    let answer = function.invoke(&event("preflight.json")).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(answer.header("access-control-max-age"), "7200");
    let nowhere = request("OPTIONS", "/v2/nowhere", &[("authorization", "")], "");
    assert_eq!(function.invoke(&nowhere).await.error(), (404, 20404));
}

#[tokio::test]
async fn only_a_named_origin_is_answered_with_credentials() {
    let origins = "https://app.example.com,http://localhost:3000";
    let function = Function::start_with(&[("ALLOWED_ORIGINS", origins)]).await;
    for (origin, allowed, credentials) in [
        ("https://app.example.com", "https://app.example.com", "true"),
        ("http://localhost:3000", "http://localhost:3000", "true"),
        ("https://evil.example.com", "https://app.example.com", "false"),
        (
            "https://app.example.com.evil.example",
            "https://app.example.com",
            "false",
        ),
        ("HTTPS://APP.EXAMPLE.COM", "https://app.example.com", "false"),
        ("", "https://app.example.com", "false"),
    ] {
        let headers = [("origin", origin)];
        let answer = function
            .invoke(&request("OPTIONS", &factors_path(), &headers, ""))
            .await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            credentials,
            "{origin}"
        );
        assert_eq!(answer.header("vary"), "Origin");
    }
}
