//! Bodies: their media types, sizes and bytes, before any parameter in them matters.

use harness::local;
use serde_json::{Value, json};

use crate::support::{Function, event, factors_path, form_of, request};

#[tokio::test]
async fn media_types_of_forms_are_accepted_and_others_are_not() {
    let function = Function::start().await;
    for (media_type, status) in [
        ("application/x-www-form-urlencoded; charset=UTF-8", 201),
        ("Application/X-WWW-Form-URLencoded", 201),
        ("application/json", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
        ("text/plain", 415),
    ] {
        let headers = [("content-type", media_type)];
        let event = request(
            "POST",
            &factors_path(),
            &headers,
            "FactorType=totp&FriendlyName=a",
        );
        assert_eq!(function.invoke(&event).await.status, status, "{media_type}");
    }
}

#[tokio::test]
async fn a_body_of_16_kib_is_read_and_one_more_byte_is_not() {
    let function = Function::start().await;
    let form = format!("FactorType=totp&FriendlyName=a&Unknown={}", "x".repeat(16_345));
    assert_eq!(form.len(), 16_384);
    assert_eq!(function.create_factor(&form).await.status, 201);
    assert_eq!(
        function.create_factor(&format!("{form}x")).await.error(),
        (413, 60306)
    );
}

#[tokio::test]
async fn a_body_of_16_kib_of_anything_is_answered_and_writes_nothing() {
    let function = Function::start().await;
    let repeated = |text: &[u8]| -> Vec<u8> { text.iter().copied().cycle().take(16_384).collect() };
    let mut random = fastrand::Rng::with_seed(7);
    let mut bodies: Vec<Vec<u8>> = [
        b"\xff".as_slice(),
        b"&",
        b"=",
        b"%",
        b"\0",
        b"+",
        b"a=b&",
        b"FriendlyName=a&",
        b"%F0%9F%93%B1",
        b"{\"a\":",
    ]
    .map(repeated)
    .into();
    bodies.extend((0..32).map(|_| (0..16_384).map(|_| random.u8(..)).collect()));
    for body in bodies {
        let mut event = request("POST", &factors_path(), &[], "x");
        event["body"] = json!(data_encoding::BASE64.encode(&body));
        let answer = function.invoke(&event).await;
        assert_eq!(answer.status, 400, "{:?}", &body[..16]);
        assert!([20001, 60306].contains(&answer.error().1) && !answer.invalid().is_empty());
    }
    assert_eq!(function.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn bytes_that_are_not_utf8_hide_no_other_refusal() {
    let function = Function::start().await;
    let form = "FriendlyName=%FF&FriendlyName%FF=1&FactorType=totp&Config.Skew=3&Config.AppId=%C3%28&Config.AppId=%FE";
    let answer = function.create_factor(form).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.invalid(),
        ["FriendlyName", "Config.Skew", "Config.AppId", "body"].map(|name| (name.to_owned(), 60306))
    );
    assert_eq!(function.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_is_wrong_with_the_form_comes_before_what_is_wrong_with_a_header() {
    let function = Function::start().await;
    let headers = [("idempotency-key", "\u{e9}")];
    let form = "FriendlyName=a&FactorType=totp&Unknown=%FF&Config.Skew=9";
    let answer = function
        .invoke(&request("POST", &factors_path(), &headers, form))
        .await;
    assert_eq!(
        answer.invalid(),
        ["Config.Skew", "body", "Idempotency-Key"].map(|name| (name.to_owned(), 60306))
    );
}

#[tokio::test]
async fn a_form_that_comes_as_text_and_an_encoded_path_work_as_local_tools_send_them() {
    let function = Function::start().await;
    let mut event = event("create-totp-factor.json");
    event["body"] = json!(form_of(&event));
    event["isBase64Encoded"] = json!(false);
    event["rawPath"] = json!(factors_path().replace("ff483d", "%66%66483d"));
    let answer = function.invoke(&event).await;
    assert_eq!(
        (answer.status, answer.text("identity")),
        (201, local::IDENTITY.to_owned())
    );
}
