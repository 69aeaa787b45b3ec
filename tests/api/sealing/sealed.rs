//! What is stored says nothing, and nothing else opens in its place.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::local;
use serde_json::json;

use super::{sealed, stored, unwrapped, with_binding, with_key};
use crate::support::phone::Phone;
use crate::support::{Answer, Function, NOW, challenges_path, code_at, event, factors_path, logs, request};

/// A refusal that tells the caller nothing, and the log what is wrong.
fn is_refused(answer: &Answer) -> bool {
    answer.error() == (500, 20500)
        && logs::of(answer)[0]["cause"] == "a stored binding is not as it was sealed"
}

#[tokio::test]
async fn neither_a_seed_nor_a_key_is_in_the_table() {
    let function = Function::start().await;
    let mut secrets: Vec<Vec<u8>> = Vec::new();
    for name in [
        "create-totp-factor.json",
        "create-totp-factor-with-migrated-seed.json",
        "create-push-factor.json",
        "create-factor-replay.json",
    ] {
        let binding = function.invoke(&event(name)).await.json()["binding"].clone();
        for field in ["secret", "public_key"] {
            let Some(text) = binding[field].as_str() else {
                continue;
            };
            secrets.push(text.into());
            let encodings = [data_encoding::BASE32_NOPAD, data_encoding::BASE64];
            secrets.extend(
                encodings
                    .iter()
                    .filter_map(|encoding| encoding.decode(text.as_bytes()).ok()),
            );
        }
    }
    assert!(secrets.len() >= 8);
    let table = format!("{:?}", function.dynamo.items().await);
    let all: Vec<u8> = function
        .dynamo
        .items()
        .await
        .iter()
        .flat_map(|item| item.values())
        .filter_map(|value| value.as_b().ok())
        .flat_map(|bytes| bytes.as_ref().to_owned())
        .collect();
    for secret in secrets {
        assert!(!all.windows(secret.len()).any(|window| window == secret));
        assert!(!table.contains(&*String::from_utf8_lossy(&secret)));
    }
}

/// All that an attribute holds, however deep.
fn append(value: &AttributeValue, bytes: &mut Vec<u8>) {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => bytes.extend(text.as_bytes()),
        AttributeValue::B(blob) => bytes.extend(blob.as_ref()),
        AttributeValue::M(map) => map.values().for_each(|value| append(value, bytes)),
        AttributeValue::L(list) => list.iter().for_each(|value| append(value, bytes)),
        other => panic!("an attribute that nothing here writes: {other:?}"),
    }
    bytes.push(b'\n');
}

#[tokio::test]
async fn what_challenges_and_access_tokens_leave_in_the_table_has_no_secret_either() {
    let function = Function::start().await;
    let phone = Phone::number(1);
    let push = phone.verified(&function, &factors_path()).await;
    let totp = function
        .create_factor("FriendlyName=a&FactorType=totp")
        .await
        .json();
    let path = format!("{}/{}", factors_path(), totp["sid"].as_str().unwrap());
    let code = format!("AuthPayload={}", code_at(&totp, NOW));
    let verified = function.request("POST", &path, &code).await;
    assert_eq!(verified.text("status"), "verified");
    for factor in [&push, &totp] {
        let form = format!("FactorSid={}&Details.Message=a", factor["sid"].as_str().unwrap());
        let challenge = function.request("POST", &challenges_path(), &form).await;
        assert_eq!(challenge.text("status"), "pending");
    }
    let tokens = format!("/v2/Services/{}/AccessTokens", local::SERVICE_SID);
    let form = format!("Identity={}&FactorType=push", local::IDENTITY);
    let token = function.request("POST", &tokens, &form).await.text("token");

    let seed = totp["binding"]["secret"].as_str().unwrap();
    let digest = local::variable("AUTH_TOKEN_SHA256").unwrap();
    let token_code = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).unwrap()[35..].to_vec();
    let secrets = [
        phone.public_key(),
        data_encoding::BASE64.encode(&phone.public_key()).into(),
        data_encoding::BASE32_NOPAD.decode(seed.as_bytes()).unwrap(),
        seed.into(),
        token_code,
        token.into(),
        unwrapped(&function).await,
        local::AUTH_TOKEN.into(),
        data_encoding::HEXLOWER.decode(digest.as_bytes()).unwrap(),
        digest.into(),
    ];
    let (mut all, mut copies) = (Vec::new(), 0);
    for item in function.dynamo.items().await {
        copies += usize::from(item.contains_key("authenticator"));
        for value in item.values() {
            append(value, &mut all);
        }
    }
    let is_there = |what: &[u8]| all.windows(what.len()).any(|window| window == what);
    assert!(
        copies == 2 && is_there(local::IDENTITY.as_bytes()),
        "this finds what is there"
    );
    for secret in secrets {
        assert!(!is_there(&secret), "{}", String::from_utf8_lossy(&secret));
    }
}

#[tokio::test]
async fn the_same_seed_is_sealed_differently_each_time() {
    let function = Function::start().await;
    let [one, other] = [
        function.invoke(&with_key("one")).await,
        function.invoke(&with_key("other")).await,
    ];
    assert_eq!(one.json()["binding"]["secret"], other.json()["binding"]["secret"]);
    let [one, other] = [stored(&function, &one).await, stored(&function, &other).await];
    assert_ne!(sealed(&one)[17..], sealed(&other)[17..]);
}

#[tokio::test]
async fn every_flipped_bit_of_a_stored_binding_is_refused() {
    let function = Function::start().await;
    let answer = function.invoke(&with_key("key")).await;
    let item = stored(&function, &answer).await;
    let whole = sealed(&item);
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        function.dynamo.put(with_binding(&item, bytes)).await;
        let refused = function.invoke(&with_key("key")).await;
        assert_eq!(refused.error(), (500, 20500), "bit {bit}");
        let cause = logs::of(&refused)[0]["cause"].as_str().unwrap().to_owned();
        // The first byte is the format and the next four the data key's version.
        assert!(
            match bit / 8 {
                0 => cause == "a stored Factor has no valid attribute binding",
                1..5 => cause.starts_with("there is no data key of version "),
                _ => cause == "a stored binding is not as it was sealed",
            },
            "{cause}"
        );
    }
    function.dynamo.put(item).await;
    assert_eq!(function.invoke(&with_key("key")).await.text, answer.text);
}

#[tokio::test]
async fn a_binding_opens_for_no_other_factor_entity_service_or_type() {
    let function = Function::start().await;
    let created = function
        .request("POST", "/v2/Services", "FriendlyName=Other")
        .await;
    let form = "FriendlyName=a&FactorType=totp";
    let keyed = |path: &str, key: &str, form: &str| request("POST", path, &[("idempotency-key", key)], form);
    let path = factors_path();
    let mut push = event("create-push-factor.json");
    push["headers"]["idempotency-key"] = json!("push");
    let requests = [
        keyed(&path, "one", form),
        keyed(&path, "other", form),
        keyed(&path.replace(local::IDENTITY, "another-identity"), "one", form),
        keyed(
            &path.replace(local::SERVICE_SID, &created.text("sid")),
            "one",
            form,
        ),
        push,
    ];
    let mut items = Vec::new();
    for request in &requests {
        let answer = function.invoke(request).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        items.push(stored(&function, &answer).await);
    }
    for (here, item) in items.iter().enumerate() {
        for (there, other) in items.iter().enumerate() {
            function.dynamo.put(with_binding(item, sealed(other))).await;
            let answer = function.invoke(&requests[here]).await;
            assert_eq!(
                is_refused_or_own(&answer),
                here == there,
                "the binding of {there} at {here}: {}",
                answer.text
            );
        }
    }
}

fn is_refused_or_own(answer: &Answer) -> bool {
    assert!(answer.status == 201 || is_refused(answer), "{}", answer.text);
    answer.status == 201
}

#[tokio::test]
async fn a_factor_whose_type_was_changed_in_the_table_does_not_open() {
    let function = Function::start().await;
    let answer = function.invoke(&with_key("key")).await;
    let mut item = stored(&function, &answer).await;
    let mut push = event("create-push-factor.json");
    push["headers"]["idempotency-key"] = json!("push");
    let other = stored(&function, &function.invoke(&push).await).await;
    for attribute in ["factor_type", "config"] {
        item.insert(attribute.to_owned(), other[attribute].clone());
    }
    function.dynamo.put(item).await;
    assert!(is_refused(&function.invoke(&with_key("key")).await));
}

#[tokio::test]
async fn a_whole_item_that_was_moved_to_another_entity_is_none_of_ours() {
    let function = Function::start().await;
    let first = function.invoke(&with_key("key")).await;
    let mut item = stored(&function, &first).await;
    // Where a request with another key for another Entity looks.
    let elsewhere = request(
        "POST",
        &factors_path().replace(local::IDENTITY, "another-identity"),
        &[("idempotency-key", "key")],
        "FriendlyName=a&FactorType=totp",
    );
    let there = stored(&function, &function.invoke(&elsewhere).await).await;
    for attribute in ["pk", "sk"] {
        item.insert(attribute.to_owned(), there[attribute].clone());
    }
    function.dynamo.put(item).await;
    let refused = function.invoke(&elsewhere).await;
    assert_eq!(refused.error(), (500, 20500));
    assert_eq!(
        logs::of(&refused)[0]["cause"],
        "a stored Factor has no valid attribute pk"
    );
}

#[tokio::test]
async fn a_binding_of_another_deployment_is_refused_in_the_very_same_place() {
    let [here, there] = [Function::start().await, Function::start().await];
    let answer = here.invoke(&with_key("key")).await;
    let other = there.invoke(&with_key("key")).await;
    assert_eq!(
        answer.text("sid"),
        other.text("sid"),
        "both keys of the item are the same"
    );
    let (item, other) = (stored(&here, &answer).await, stored(&there, &other).await);
    here.dynamo.put(with_binding(&item, sealed(&other))).await;
    assert!(is_refused(&here.invoke(&with_key("key")).await));
}
