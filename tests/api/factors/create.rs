//! Creating Factors: the whole function, from an API Gateway event to the items in `DynamoDB`.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::local;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{Function, NOW, entity_partition, event, factors_path, form_of, invoke_at, request};

/// The key in the events.
const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgsFl6xPQBwhtwUEyeJkeozFmi2jiJDzxFSMwVy3kVR1h/dPVYOfgkC0EkfBRJ0J/6xW47FD5vA==";

/// The SID of the events' Entity: it never changes, or Entities would lose their Factors.
const ENTITY_SID: &str = "YE384acd7bb9b0b83b04fadcb3d6e026ec";

const HOST: &str = "https://abcdef1234.execute-api.eu-central-1.amazonaws.com";

fn is_sid(text: &str, prefix: &str) -> bool {
    let digits = text.strip_prefix(prefix).unwrap_or_default();
    digits.len() == 32
        && digits
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[tokio::test]
async fn a_totp_factor_is_created_stored_and_counted() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-totp-factor.json")).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let created = answer.json();
    let (sid, secret) = (
        answer.text("sid"),
        created["binding"]["secret"].as_str().unwrap().to_owned(),
    );
    assert!(is_sid(&sid, "YF"));
    assert_eq!(secret.len(), 32, "20 bytes in Base32");
    let expected = json!({
        "sid": sid,
        "account_sid": local::account_sid(),
        "service_sid": local::SERVICE_SID,
        "entity_sid": ENTITY_SID,
        "identity": local::IDENTITY,
        "binding": {
            "secret": secret,
            "uri": format!("otpauth://totp/Owl%20Bank:John%27s%20Account%20Name?secret={secret}\
                            &issuer=Owl%20Bank&algorithm=SHA1&digits=6&period=30"),
        },
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "friendly_name": "John's Account Name",
        "status": "unverified",
        "factor_type": "totp",
        "config": {"alg": "sha1", "skew": 1, "code_length": 6, "time_step": 30},
        "metadata": null,
        "url": format!("{HOST}{}/{sid}", factors_path()),
    });
    // As text, which has the order of the fields too.
    assert_eq!(answer.text, expected.to_string());
    assert_eq!(
        function.items().await,
        [
            json!({"pk": entity_partition(), "sk": ENTITY_SID, "totp_factors": 1}),
            json!({
                "pk": entity_partition(),
                "sk": sid,
                "account_sid": local::account_sid(),
                "service_sid": local::SERVICE_SID,
                "entity_sid": ENTITY_SID,
                "identity": local::IDENTITY,
                "friendly_name": "John's Account Name",
                "factor_type": "totp",
                "status": "unverified",
                "binding": {"secret": secret, "issuer": "Owl Bank"},
                "config": {"alg": "sha1", "skew": 1, "code_length": 6, "time_step": 30},
                "date_created": "2026-01-02T03:04:05Z",
                "date_updated": "2026-01-02T03:04:05Z",
                "request_id": answer.header("x-request-id"),
            }),
        ]
    );
}

#[tokio::test]
async fn a_migrated_seed_and_explicit_parameters_are_kept() {
    let function = Function::start().await;
    let answer = function
        .invoke(&event("create-totp-factor-with-migrated-seed.json"))
        .await;
    let created = answer.json();
    assert_eq!(
        created["binding"],
        json!({
            "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "uri": "otpauth://totp/Owl%20Bank:John%27s%20Account%20Name?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                    &issuer=Owl%20Bank&algorithm=SHA256&digits=8&period=60",
        })
    );
    assert_eq!(
        created["config"],
        json!({"alg": "sha256", "skew": 2, "code_length": 8, "time_step": 60})
    );
    let item = &function.items().await[1];
    assert_eq!(item["binding"]["secret"], "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(item["config"], created["config"]);
}

#[tokio::test]
async fn a_push_factor_is_created_stored_and_counted() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-push-factor.json")).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let sid = answer.text("sid");
    let expected = json!({
        "sid": sid,
        "account_sid": local::account_sid(),
        "service_sid": local::SERVICE_SID,
        "entity_sid": ENTITY_SID,
        "identity": local::IDENTITY,
        "binding": {"alg": "ES256", "public_key": PUBLIC_KEY},
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "friendly_name": "John's Phone",
        "status": "unverified",
        "factor_type": "push",
        "config": {
            "sdk_version": "1.0.0",
            "app_id": "com.example.myapp",
            "notification_platform": "fcm",
            "notification_token": "d8aXmPl3-RegistrationToken:APA91bExample0123456789",
        },
        "metadata": {"os": "Android"},
        "url": format!("{HOST}{}/{sid}", factors_path()),
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(
        function.items().await,
        [
            json!({"pk": entity_partition(), "sk": ENTITY_SID, "push_factors": 1}),
            json!({
                "pk": entity_partition(),
                "sk": sid,
                "account_sid": local::account_sid(),
                "service_sid": local::SERVICE_SID,
                "entity_sid": ENTITY_SID,
                "identity": local::IDENTITY,
                "friendly_name": "John's Phone",
                "factor_type": "push",
                "status": "unverified",
                "binding": {"alg": "ES256", "public_key": PUBLIC_KEY},
                "config": expected["config"],
                "metadata": r#"{"os": "Android"}"#,
                "date_created": "2026-01-02T03:04:05Z",
                "date_updated": "2026-01-02T03:04:05Z",
                "request_id": answer.header("x-request-id"),
            }),
        ]
    );
}

#[tokio::test]
async fn without_notifications_there_is_no_token() {
    let function = Function::start().await;
    let answer = function
        .invoke(&event("create-push-factor-without-notifications.json"))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(
        answer.json()["config"],
        json!({
            "sdk_version": "1.0.0", "app_id": "com.example.myapp",
            "notification_platform": "none", "notification_token": null,
        })
    );
    assert_eq!(
        function.items().await[1]["config"].get("notification_token"),
        None
    );
}

#[tokio::test]
async fn a_rest_api_works_too_and_its_stage_is_in_the_url() {
    let function = Function::start().await;
    let event = event("create-totp-factor-rest-api.json");
    let reply = function
        .app
        .invoke_at(
            lambda_http::LambdaEvent {
                payload: serde_json::from_value(event.clone()).unwrap(),
                context: lambda_http::Context::default(),
            },
            NOW,
        )
        .await;
    let reply = serde_json::to_value(reply).unwrap();
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
    let answer = crate::support::Answer::new(&reply);
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

#[tokio::test]
async fn a_service_sets_the_defaults_and_explicit_parameters_win() {
    let function = Function::start().await;
    let number = |number: &str| AttributeValue::N(number.to_owned());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let settings = [
        ("totp_issuer", text("Nest & Co")),
        ("totp_time_step", number("45")),
        ("totp_skew", number("2")),
        ("totp_code_length", number("8")),
    ];
    function.dynamo.put(crate::support::service_item(&settings)).await;
    let answer = function.create_factor("FriendlyName=a&FactorType=totp").await;
    let created = answer.json();
    assert_eq!(
        created["config"],
        json!({"alg": "sha1", "skew": 2, "code_length": 8, "time_step": 45})
    );
    let uri = created["binding"]["uri"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/Nest%20%26%20Co:a?secret="),
        "{uri}"
    );
    assert!(
        uri.ends_with("&issuer=Nest%20%26%20Co&algorithm=SHA1&digits=8&period=45"),
        "{uri}"
    );
    let explicit = "FriendlyName=a&FactorType=totp&Config.Skew=0&Config.TimeStep=20&Config.CodeLength=3";
    assert_eq!(
        function.create_factor(explicit).await.json()["config"],
        json!({"alg": "sha1", "skew": 0, "code_length": 3, "time_step": 20})
    );
}

#[tokio::test]
async fn generated_seeds_have_the_length_of_the_hmac_and_differ() {
    let function = Function::start().await;
    let mut seeds = Vec::new();
    for (alg, bytes) in [("sha1", 20), ("sha256", 32), ("sha512", 64), ("sha512", 64)] {
        let answer = function
            .create_factor(&format!("FriendlyName=a&FactorType=totp&Config.Alg={alg}"))
            .await;
        let seed = answer.json()["binding"]["secret"].as_str().unwrap().to_owned();
        assert_eq!(
            data_encoding::BASE32_NOPAD.decode(seed.as_bytes()).unwrap().len(),
            bytes
        );
        seeds.push(seed);
    }
    seeds.sort();
    seeds.dedup();
    assert_eq!(seeds.len(), 4);
}

#[tokio::test]
async fn parameters_of_the_other_type_and_unknown_ones_are_ignored() {
    let function = Function::start().await;
    let answer = function
        .create_factor(
            "FriendlyName=a&FactorType=totp&Binding.PublicKey=nonsense&Config.AppId=&Config.SdkVersion=1\
             &Binding.Alg=RS256&Config.NotificationPlatform=pigeon&Unknown=1&Unknown=2",
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let push = form_of(&event("create-push-factor.json"));
    let answer = function
        .create_factor(&format!(
            "{push}&Binding.Secret=1&Config.TimeStep=1&Config.Alg=md5"
        ))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

#[tokio::test]
async fn a_refusal_names_every_parameter_that_is_wrong_and_echoes_none() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-factor-refused.json")).await;
    assert_eq!(
        answer.json(),
        json!({
            "code": 20001,
            "message": "Missing required parameter FriendlyName in the post body",
            "more_info": "https://www.twilio.com/docs/errors/20001",
            "status": 400,
            "details": {"parameters": [
                {"parameter": "FriendlyName", "code": 20001, "message": "Missing required parameter FriendlyName in the post body"},
                {"parameter": "Binding.Secret", "code": 60306, "message": "Invalid parameter Binding.Secret: must be Base32 (A-Z and 2-7, RFC 4648)"},
                {"parameter": "Config.TimeStep", "code": 60306, "message": "Invalid parameter Config.TimeStep: must be an integer from 20 to 60"},
                {"parameter": "Config.Skew", "code": 60306, "message": "Invalid parameter Config.Skew: must be an integer from 0 to 2"},
            ]},
        })
    );
    assert_eq!(function.items().await, [] as [Value; 0], "nothing is written");
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

/// Each rule of the parameters, broken alone: form, parameter, code.
fn broken_rules() -> Vec<(String, &'static str, u64)> {
    let totp = |more: &str| format!("FriendlyName=a&FactorType=totp&{more}");
    let push_form = form_of(&event("create-push-factor.json"));
    let push = |name: &str, value: Option<&str>| {
        let others = push_form
            .split('&')
            .filter(|pair| !pair.starts_with(&format!("{name}=")));
        let mut pairs: Vec<String> = others.map(str::to_owned).collect();
        pairs.extend(value.map(|value| format!("{name}={value}")));
        pairs.join("&")
    };
    let long = |length: usize| "x".repeat(length);
    let mut broken = vec![
        ("FactorType=totp".to_owned(), "FriendlyName", 20001),
        ("FactorType=totp&FriendlyName=".to_owned(), "FriendlyName", 20001),
        (
            format!("FactorType=totp&FriendlyName={}", long(65)),
            "FriendlyName",
            60306,
        ),
        (
            "FactorType=totp&FriendlyName=+%09".to_owned(),
            "FriendlyName",
            60306,
        ),
        (
            "FactorType=totp&FriendlyName=a&FriendlyName=b".to_owned(),
            "FriendlyName",
            60306,
        ),
        (
            "FactorType=totp&FriendlyName=%FF".to_owned(),
            "FriendlyName",
            60306,
        ),
        ("FriendlyName=a".to_owned(), "FactorType", 20001),
        ("FriendlyName=a&FactorType=TOTP".to_owned(), "FactorType", 60369),
        ("FriendlyName=a&FactorType=sms".to_owned(), "FactorType", 60369),
        (
            "FriendlyName=a&FactorType=totp&FactorType=totp".to_owned(),
            "FactorType",
            60306,
        ),
        (totp("Metadata=%7B%22a%22%3A1%7D"), "Metadata", 60306),
        (totp("Metadata=text"), "Metadata", 60306),
        (
            totp(&format!("Metadata=%7B%22a%22%3A%22{}%22%7D", long(1017))),
            "Metadata",
            60306,
        ),
        (totp("Binding.Secret=1"), "Binding.Secret", 60306),
        (totp("Binding.Secret=GEZDGNBVGY3TQ"), "Binding.Secret", 60306),
        (totp("Config.Alg=SHA1"), "Config.Alg", 60306),
        (totp("Config.TimeStep=19"), "Config.TimeStep", 60306),
        (totp("Config.TimeStep=61"), "Config.TimeStep", 60306),
        (totp("Config.TimeStep=30.0"), "Config.TimeStep", 60306),
        (totp("Config.Skew=-1"), "Config.Skew", 60306),
        (totp("Config.Skew=3"), "Config.Skew", 60306),
        (totp("Config.CodeLength=2"), "Config.CodeLength", 60306),
        (totp("Config.CodeLength=9"), "Config.CodeLength", 60306),
        (push("Binding.Alg", Some("RS256")), "Binding.Alg", 60314),
        (
            push("Binding.PublicKey", Some("AAAA")),
            "Binding.PublicKey",
            60314,
        ),
        (push("Binding.PublicKey", Some("a b")), "Binding.PublicKey", 60314),
        (push("Config.AppId", Some(&long(101))), "Config.AppId", 60306),
        (
            push("Config.NotificationPlatform", Some("gcm")),
            "Config.NotificationPlatform",
            60306,
        ),
        (
            push("Config.NotificationToken", Some(&long(31))),
            "Config.NotificationToken",
            60306,
        ),
        (
            push("Config.NotificationToken", Some(&long(256))),
            "Config.NotificationToken",
            60306,
        ),
        (
            push("Config.SdkVersion", Some(&long(65))),
            "Config.SdkVersion",
            60306,
        ),
    ];
    for parameter in [
        "Binding.PublicKey",
        "Config.AppId",
        "Config.NotificationPlatform",
        "Config.NotificationToken",
        "Config.SdkVersion",
    ] {
        broken.push((push(parameter, None), parameter, 20001));
    }
    broken
}

#[tokio::test]
async fn each_broken_rule_is_refused_by_name_and_code_and_writes_nothing() {
    let function = Function::start().await;
    for (form, parameter, code) in broken_rules() {
        let answer = function.create_factor(&form).await;
        assert_eq!(answer.status, 400, "{form}");
        assert_eq!(answer.invalid(), [(parameter.to_owned(), code)], "{form}");
        assert_eq!(answer.json()["code"], code);
        assert!(answer.text("message").contains(parameter));
    }
    assert_eq!(function.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn each_limit_itself_is_accepted() {
    let function = Function::start().await;
    let push = form_of(&event("create-push-factor.json"));
    let replace = |name: &str, value: &str| {
        let others = push
            .split('&')
            .filter(|pair| !pair.starts_with(&format!("{name}=")));
        others
            .map(str::to_owned)
            .chain([format!("{name}={value}")])
            .collect::<Vec<_>>()
            .join("&")
    };
    for form in [
        format!("FactorType=totp&FriendlyName={}", "%F0%9F%93%B1".repeat(64)),
        format!(
            "FactorType=totp&FriendlyName=a&Metadata=%7B%22a%22%3A%22{}%22%7D",
            "x".repeat(1016)
        ),
        "FactorType=totp&FriendlyName=a&Binding.Secret=GEZDGNBVGY3TQOJQ".to_owned(),
        "FactorType=totp&FriendlyName=a&Config.TimeStep=20&Config.Skew=0&Config.CodeLength=3".to_owned(),
        "FactorType=totp&FriendlyName=a&Config.TimeStep=60&Config.Skew=2&Config.CodeLength=8".to_owned(),
        replace("Config.AppId", &"x".repeat(100)),
        replace("Config.NotificationToken", &"x".repeat(32)),
        replace("Config.NotificationToken", &"x".repeat(255)),
        replace("Config.SdkVersion", &"x".repeat(64)),
        replace("Binding.Alg", ""),
        replace("Config.NotificationPlatform", "apn"),
    ] {
        let answer = function.create_factor(&form).await;
        assert_eq!(answer.status, 201, "{form}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_identity_that_breaks_its_rule_is_refused() {
    let function = Function::start().await;
    for identity in [
        "short",
        &"a".repeat(65),
        "with%20space",
        "under_score",
        "%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4",
        "",
        "dots.dots.dots",
    ] {
        let path = format!("/v2/Services/{}/Entities/{identity}/Factors", local::SERVICE_SID);
        let answer = function
            .request("POST", &path, "FactorType=totp&FriendlyName=a&Config.Skew=9")
            .await;
        assert_eq!(answer.error(), (400, 60366), "{identity}");
        assert_eq!(
            answer.invalid(),
            [("Identity".to_owned(), 60366), ("Config.Skew".to_owned(), 60306)],
            "{identity}"
        );
    }
}

#[tokio::test]
async fn an_unknown_or_malformed_service_is_not_found() {
    let function = Function::start().await;
    for service in [
        "VA00000000000000000000000000000000",
        "VA1",
        "YF0123456789abcdef0123456789abcdef",
        "%FF",
    ] {
        let path = format!("/v2/Services/{service}/Entities/{}/Factors", local::IDENTITY);
        let answer = function
            .request("POST", &path, "FactorType=totp&FriendlyName=a")
            .await;
        assert_eq!(answer.error(), (404, 20404), "{service}");
        let message = answer.text("message");
        assert!(message.starts_with("The requested resource /v2/") && message.ends_with(" was not found"));
        assert!(
            !answer.text.contains(service) && !answer.text.contains(local::IDENTITY),
            "{message}"
        );
    }
    assert_eq!(function.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn checks_run_in_the_order_of_the_contract() {
    let function = Function::start().await;
    let nowhere = "/v2/Nowhere";
    let unknown = factors_path().replace(local::SERVICE_SID, "VA00000000000000000000000000000000");
    let known = factors_path();
    let invalid = "FactorType=totp&FriendlyName=";
    let json = [("content-type", "application/json")];
    let anonymous = [("authorization", ""), ("content-type", "application/json")];
    let large = "x".repeat(16_385);
    for (event, error) in [
        (request("PUT", nowhere, &anonymous, invalid), (401, 20003)),
        (request("PUT", nowhere, &json, invalid), (404, 20404)),
        (request("PUT", &unknown, &json, invalid), (405, 20004)),
        (request("POST", &unknown, &json, invalid), (415, 60306)),
        (request("POST", &unknown, &[], &large), (413, 60306)),
        (request("POST", &unknown, &[], invalid), (400, 20001)),
        (
            request("POST", &unknown, &[], "FactorType=totp&FriendlyName=a"),
            (404, 20404),
        ),
    ] {
        assert_eq!(function.invoke(&event).await.error(), error, "{event}");
    }
    assert_eq!(
        function
            .invoke(&request("PUT", &known, &[], ""))
            .await
            .header("allow"),
        "POST, OPTIONS"
    );
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
async fn only_the_accounts_sid_with_its_token_lets_in() {
    let function = Function::start().await;
    let account = local::account_sid();
    let basic = |credentials: &str| format!("Basic {}", data_encoding::BASE64.encode(credentials.as_bytes()));
    let token = local::AUTH_TOKEN;
    for header in [
        String::new(),
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic !".to_owned(),
        format!("Bearer {token}"),
        basic(""),
        basic(":"),
        basic(&account),
        basic(&format!("{account}:")),
        basic(&format!("{account}:wrong")),
        basic(&format!("{account}:{token} ")),
        basic(&format!("AC00000000000000000000000000000000:{token}")),
        basic(&format!(":{token}")),
        basic(&format!("{}:{token}", account.to_uppercase())),
        basic(&format!("{token}:{account}")),
    ] {
        let event = request("POST", &factors_path(), &[("authorization", &header)], "");
        let answer = function.invoke(&event).await;
        assert_eq!(
            answer.json(),
            json!({
                "code": 20003, "message": "Authenticate",
                "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401,
            }),
            "{header}"
        );
        assert!(answer.header("www-authenticate").starts_with("Basic realm="));
    }
    let lower = basic(&format!("{account}:{token}")).replace("Basic", "basic");
    let event = request(
        "POST",
        &factors_path(),
        &[("authorization", &lower)],
        "FactorType=totp&FriendlyName=a",
    );
    assert_eq!(function.invoke(&event).await.status, 201);
}

#[tokio::test]
async fn both_tokens_are_good_while_they_are_rotated() {
    // SHA-256 of "new".
    let new = "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437";
    let old = local::variable("AUTH_TOKEN_SHA256").unwrap();
    let function = Function::start_with(&[("AUTH_TOKEN_SHA256", &format!("{new},{old}"))]).await;
    for (token, status) in [("new", 201), (local::AUTH_TOKEN, 201), ("other", 401)] {
        let credentials = format!("{}:{token}", local::account_sid());
        let header = format!("Basic {}", data_encoding::BASE64.encode(credentials.as_bytes()));
        let headers = [("authorization", header.as_str())];
        let event = request(
            "POST",
            &factors_path(),
            &headers,
            "FactorType=totp&FriendlyName=a",
        );
        assert_eq!(function.invoke(&event).await.status, status, "{token}");
    }
}

#[tokio::test]
async fn every_response_has_the_five_cors_headers_no_store_and_a_request_id() {
    let function = Function::start().await;
    let refused = request("POST", &factors_path(), &[("authorization", "")], "");
    for (event, methods) in [
        (event("create-totp-factor.json"), "POST, OPTIONS"),
        (event("create-factor-refused.json"), "POST, OPTIONS"),
        (event("preflight.json"), "POST, OPTIONS"),
        (refused, "POST, OPTIONS"),
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
            "Idempotent-Replayed, Retry-After, X-Request-Id"
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

#[tokio::test]
async fn an_entity_has_at_most_20_push_and_100_totp_factors() {
    let function = Function::start().await;
    let push = form_of(&event("create-push-factor.json"));
    let totp = "FriendlyName=a&FactorType=totp";
    for (form, limit, name) in [(push.as_str(), 20, "push"), (totp, 100, "totp")] {
        for number in 1..=limit {
            let answer = function.create_factor(form).await;
            assert_eq!(answer.status, 201, "{number} of {limit}: {}", answer.text);
        }
        let answer = function.create_factor(form).await;
        assert_eq!(answer.error(), (400, 60315));
        assert_eq!(
            answer.text("message"),
            format!("The Entity already has {limit} {name} Factors, the most it can have")
        );
    }
    let items = function.items().await;
    assert_eq!(items.len(), 121);
    assert_eq!(
        items[0],
        json!({"pk": entity_partition(), "sk": ENTITY_SID, "push_factors": 20, "totp_factors": 100})
    );
    let other = factors_path().replace(local::IDENTITY, "another-identity");
    assert_eq!(
        function.request("POST", &other, totp).await.status,
        201,
        "each Entity has its own limit"
    );
}

fn with_key(key: &str, form: &str) -> Value {
    request("POST", &factors_path(), &[("idempotency-key", key)], form)
}

#[tokio::test]
async fn the_same_key_with_the_same_parameters_gives_the_same_factor() {
    let function = Function::start().await;
    let event = event("create-factor-replay.json");
    let first = function.invoke(&event).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""));
    let later = invoke_at(&function.app, &event, NOW + Duration::DAY).await;
    assert_eq!((later.status, later.header("idempotent-replayed")), (201, "true"));
    assert_eq!(later.text, first.text, "binding and dates included");
    let elsewhere = invoke_at(&function.another_instance(), &event, NOW).await;
    assert_eq!(
        (elsewhere.header("idempotent-replayed"), &elsewhere.text),
        ("true", &first.text)
    );
    let items = function.items().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["totp_factors"], 1);
    assert_eq!(items[1]["request_fingerprint"], "32 bytes");
}

#[tokio::test]
async fn a_stored_fingerprint_that_is_none_is_a_fault_and_not_the_callers() {
    let function = Function::start().await;
    let event = event("create-factor-replay.json");
    assert_eq!(function.invoke(&event).await.status, 201);
    let items = function.dynamo.items().await;
    let mut factor = items
        .into_iter()
        .find(|item| item.contains_key("request_fingerprint"))
        .unwrap();
    factor.insert(
        "request_fingerprint".to_owned(),
        AttributeValue::S("32 bytes".to_owned()),
    );
    function.dynamo.put(factor).await;
    assert_eq!(function.invoke(&event).await.error(), (500, 20500));
}

#[tokio::test]
async fn a_push_factor_is_replayed_whole() {
    let function = Function::start().await;
    for name in [
        "create-push-factor.json",
        "create-push-factor-without-notifications.json",
    ] {
        let mut event = event(name);
        event["headers"]["idempotency-key"] = json!(name);
        let first = function.invoke(&event).await;
        let second = function.invoke(&event).await;
        assert_eq!(
            (first.status, second.status, second.header("idempotent-replayed")),
            (201, 201, "true")
        );
        assert_eq!(first.text, second.text);
    }
}

#[tokio::test]
async fn the_same_key_with_other_parameters_is_refused() {
    let function = Function::start().await;
    let form = "FriendlyName=a&FactorType=totp&Config.Skew=1";
    assert_eq!(function.invoke(&with_key("key", form)).await.status, 201);
    for other in [
        "FriendlyName=b&FactorType=totp&Config.Skew=1".to_owned(),
        "FriendlyName=a&FactorType=totp".to_owned(),
        "FriendlyName=a&FactorType=totp&Config.Skew=2".to_owned(),
        "FriendlyName=a&FactorType=totp&Config.Skew=1&Metadata=%7B%7D".to_owned(),
        form_of(&event("create-push-factor.json")),
    ] {
        let answer = function.invoke(&with_key("key", &other)).await;
        assert_eq!(answer.error(), (422, 20422), "{other}");
    }
    let reordered = "Config.Skew=1&FactorType=totp&FriendlyName=%61&Unknown=1";
    let answer = function.invoke(&with_key("key", reordered)).await;
    assert_eq!(
        (answer.status, answer.header("idempotent-replayed")),
        (201, "true")
    );
    assert_eq!(function.items().await.len(), 2);
}

#[tokio::test]
async fn a_request_id_that_comes_twice_shows_what_is_stored() {
    let function = Function::start().await;
    let invoke = async |event: &Value| {
        let mut context = lambda_http::Context::default();
        context.request_id = "the same".to_owned();
        let payload = serde_json::from_value(event.clone()).unwrap();
        let event = lambda_http::LambdaEvent { payload, context };
        crate::support::Answer::new(&serde_json::to_value(function.app.invoke_at(event, NOW).await).unwrap())
    };
    let form = "FriendlyName=a&FactorType=totp";
    let first = invoke(&with_key("key", form)).await;
    let second = invoke(&with_key("key", form)).await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(
        first.text, second.text,
        "a seed that is not stored would let nobody in"
    );
    let other = invoke(&with_key("key", "FriendlyName=b&FactorType=totp")).await;
    assert_eq!(other.error(), (422, 20422));
}

#[tokio::test]
async fn a_key_counts_for_one_entity() {
    let function = Function::start().await;
    let other = factors_path().replace(local::IDENTITY, "another-identity");
    let form = "FriendlyName=a&FactorType=totp";
    let first = function.invoke(&with_key("key", form)).await;
    let second = function
        .invoke(&request("POST", &other, &[("idempotency-key", "key")], form))
        .await;
    assert_eq!(
        (first.status, second.status, second.header("idempotent-replayed")),
        (201, 201, "")
    );
    assert_ne!(first.text("sid"), second.text("sid"));
}

#[tokio::test]
async fn a_replay_is_found_on_a_full_entity() {
    let function = Function::start().await;
    let push = form_of(&event("create-push-factor.json"));
    let first = function.invoke(&with_key("key", &push)).await;
    for _ in 0..19 {
        assert_eq!(function.create_factor(&push).await.status, 201);
    }
    let replayed = function.invoke(&with_key("key", &push)).await;
    assert_eq!(
        (replayed.status, replayed.header("idempotent-replayed")),
        (201, "true")
    );
    assert_eq!(replayed.text, first.text);
    assert_eq!(
        function.invoke(&with_key("other", &push)).await.error(),
        (400, 60315)
    );
}

#[tokio::test]
async fn a_key_that_breaks_its_rule_is_refused() {
    let function = Function::start().await;
    let form = "FriendlyName=a&FactorType=totp&Config.Skew=9";
    for key in ["é", &"k".repeat(256)] {
        let answer = function.invoke(&with_key(key, form)).await;
        assert_eq!(
            answer.invalid(),
            [
                ("Config.Skew".to_owned(), 60306),
                ("Idempotency-Key".to_owned(), 60306)
            ],
            "{key}"
        );
    }
    let mut empty = with_key("key", form);
    empty["headers"]["idempotency-key"] = json!("");
    assert_eq!(function.invoke(&empty).await.invalid().len(), 2);
}

#[tokio::test]
async fn two_writers_of_one_key_make_one_factor() {
    let function = Function::start().await;
    let event = with_key("key", "FriendlyName=a&FactorType=totp");
    let answers: Vec<_> = {
        let calls = (0..8).map(|_| function.invoke(&event));
        let mut answers = Vec::new();
        for call in calls {
            answers.push(call);
        }
        join_all(answers).await
    };
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 201 && answer.text == answers[0].text)
    );
    assert_eq!(
        answers
            .iter()
            .filter(|answer| answer.header("idempotent-replayed").is_empty())
            .count(),
        1
    );
    assert_eq!(function.items().await.len(), 2);
}

/// Polls all futures on this task until each is done.
async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[tokio::test]
async fn an_item_that_is_not_ours_is_a_fault_and_says_nothing_to_the_caller() {
    let function = Function::start().await;
    let mut broken = crate::support::service_item(&[]);
    broken.remove("friendly_name");
    function.dynamo.put(broken).await;
    let answer = function.create_factor("FriendlyName=a&FactorType=totp").await;
    assert_eq!(
        answer.json(),
        json!({
            "code": 20500, "message": "Internal server error",
            "more_info": "https://www.twilio.com/docs/errors/20500", "status": 500,
        })
    );
}

#[tokio::test]
async fn a_warm_create_is_one_call_and_its_cost_does_not_grow() {
    let function = Function::start().await;
    let proxy = harness::faults::FaultProxy::start(&function.dynamo.endpoint)
        .await
        .unwrap();
    let app = crate::support::build(&function.dynamo, &proxy.endpoint(), &[]);
    let event = event("create-totp-factor.json");
    proxy.script(&[], harness::faults::Fault::None);
    invoke_at(&app, &event, NOW).await;
    assert_eq!(proxy.calls(), ["GetItem", "TransactWriteItems"]);
    for _ in 0..98 {
        proxy.script(&[], harness::faults::Fault::None);
        assert_eq!(invoke_at(&app, &event, NOW).await.status, 201);
        assert_eq!(proxy.calls(), ["TransactWriteItems"]);
    }
}

#[tokio::test]
async fn the_warm_up_reads_the_services_so_that_the_first_create_is_one_call() {
    let function = Function::start().await;
    let proxy = harness::faults::FaultProxy::start(&function.dynamo.endpoint)
        .await
        .unwrap();
    let app = crate::support::build(&function.dynamo, &proxy.endpoint(), &[]);
    app.warm_up().await;
    assert_eq!(proxy.calls(), ["Query"]);
    let answer = invoke_at(
        &app,
        &event("create-totp-factor.json"),
        time::OffsetDateTime::now_utc(),
    )
    .await;
    assert_eq!(
        (answer.status, proxy.calls()),
        (201, vec!["Query".to_owned(), "TransactWriteItems".to_owned()])
    );
}
