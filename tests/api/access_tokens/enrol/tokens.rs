//! What a token is good for, and what is none.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::local;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::{assert_enrols, enrolment, form, send};
use crate::access_tokens::{created, creation, factors, stored, text};
use crate::sealing::unwrapped;
use crate::support::phone::device;
use crate::support::{Function, NOW, by, entity_partition, factors_path, invoke_at, request};

#[tokio::test]
async fn a_token_is_good_until_its_end() {
    let function = Function::start().await;
    for (seconds, good) in [(0, true), (59, true), (60, false), (61, false), (100_000, false)] {
        let token = created(&function, "").await;
        let at: OffsetDateTime = NOW.replace_nanosecond(0).unwrap() + Duration::seconds(seconds);
        let answer = invoke_at(&function.app, &enrolment(text(&token), &[], &form()), at).await;
        if good {
            assert_eq!(answer.status, 201, "{seconds}");
        } else {
            answer.assert_nobody(&format!("after {seconds} s"));
        }
    }
}

#[tokio::test]
async fn a_token_is_for_one_identity_of_one_service() {
    let function = Function::start().await;
    let service = function
        .request("POST", "/v2/Services", "FriendlyName=Other")
        .await;
    let token = created(&function, "").await;
    let here = factors_path();
    for path in [
        here.replace(local::IDENTITY, &local::IDENTITY.to_uppercase()),
        here.replace(local::IDENTITY, &format!("{}0", local::IDENTITY)),
        here.replace(local::IDENTITY, "short"),
        here.replace(local::SERVICE_SID, &service.text("sid")),
        here.replace(local::SERVICE_SID, "VA00000000000000000000000000000002"),
    ] {
        let event = by(&request("POST", &path, &[], &form()), &device(text(&token)));
        send(&function, &event).await.assert_nobody(&path);
    }
    assert_enrols(&function, text(&token)).await;
}

#[tokio::test]
async fn a_token_is_for_push_and_totp_is_nobodys() {
    let function = Function::start().await;
    let token = created(&function, "").await;
    for form in [
        "FriendlyName=a&FactorType=totp",
        "FactorType=totp&Config.Skew=9",
        "FactorType=totp&Metadata=%FF",
    ] {
        let answer = send(&function, &enrolment(text(&token), &[], form)).await;
        answer.assert_nobody(form);
    }
    // What is no type is a parameter like any other.
    for (form, code) in [
        ("", 20001),
        ("FactorType=sms", 20001),
        ("FriendlyName=a&FactorType=sms", 60369),
    ] {
        let answer = send(&function, &enrolment(text(&token), &[], form)).await;
        assert_eq!(answer.error(), (400, code), "{form}");
    }
    let text_of = request("POST", &factors_path(), &[("content-type", "text/plain")], "a");
    let answer = send(&function, &by(&text_of, &device(text(&token)))).await;
    assert_eq!(answer.error(), (415, 60306));
    assert_enrols(&function, text(&token)).await;
}

#[tokio::test]
async fn a_text_that_nobody_made_is_nobodys() {
    let function = Function::start().await;
    let token = created(&function, "FactorFriendlyName=Phone").await;
    let good = text(&token);
    let bytes = data_encoding::BASE64URL_NOPAD.decode(good.as_bytes()).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    };
    for text in [
        String::new(),
        "token".to_owned(),
        format!("{good}="),
        format!("{good}A"),
        good[1..].to_owned(),
        // The format; the SID; the code.
        with(&|bytes| bytes[0] = 2),
        with(&|bytes| bytes[20] = if bytes[20] == b'f' { b'0' } else { b'f' }),
        with(&|bytes| bytes[35] ^= 1),
        with(&|bytes| bytes[66] ^= 1),
        with(&|bytes| bytes.push(b'!')),
        with(&|bytes| bytes.truncate(bytes.len() - 1)),
    ] {
        send(&function, &enrolment(&text, &[], &form()))
            .await
            .assert_nobody(&text);
    }
    for user in ["Token", "", "tokens", &local::account_sid()] {
        let header = crate::support::basic(&format!("{user}:{good}"));
        let event = by(&request("POST", &factors_path(), &[], &form()), &header);
        send(&function, &event).await.assert_nobody(user);
    }
    assert_eq!(factors(&function).await, 0);
    assert_enrols(&function, good).await;
}

/// Who reads the table has the token's item, and all of the data key but what KMS keeps.
#[tokio::test]
async fn a_token_made_of_what_is_in_the_table_is_nobodys() {
    use hkdf::Hkdf;
    use sha2::{Digest as _, Sha256};

    let function = Function::start().await;
    let token = created(&function, "").await;
    let good = data_encoding::BASE64URL_NOPAD
        .decode(text(&token).as_bytes())
        .unwrap();
    let items = function.dynamo.items().await;
    let wrapped = items.iter().find(|item| item.contains_key("wrapped")).unwrap();
    let wrapped = wrapped["wrapped"].as_b().unwrap().as_ref().to_vec();
    let code = |key: &[u8], token: &Value| {
        let mut digest = Sha256::new();
        let expires = u64::try_from(NOW.unix_timestamp() + 60).unwrap();
        digest.update(expires.to_be_bytes());
        digest.update(token["sid"].as_str().unwrap());
        digest.update(local::SERVICE_SID);
        digest.update(local::IDENTITY);
        digest.update([0]);
        let mut code = [0; 32];
        let info = [b"verify-factors access token 1\0".as_slice(), &digest.finalize()];
        Hkdf::<Sha256>::new(None, key)
            .expand_multi_info(&info, &mut code)
            .unwrap();
        code
    };
    let key = unwrapped(&function).await;
    assert_eq!(code(&key, &token), good[35..], "this is how a token is made");
    let forged = |code: &[u8], token: &Value| {
        let sid = token["sid"].as_str().unwrap().as_bytes();
        let text = [[1].as_slice(), sid, code].concat();
        enrolment(&data_encoding::BASE64URL_NOPAD.encode(&text), &[], &form())
    };
    for key in [wrapped.as_slice(), &wrapped[..32.min(wrapped.len())], &[0; 32]] {
        let answer = send(&function, &forged(&code(key, &token), &token)).await;
        answer.assert_nobody("a key that isn't one");
    }
    // A data key that leaked makes no token when it is not the newest any more.
    function.app.rotate_data_key(NOW).await.unwrap();
    let later = invoke_at(&function.another_instance(), &creation(""), NOW)
        .await
        .json();
    let answer = send(&function, &forged(&code(&key, &later), &later)).await;
    answer.assert_nobody("an old data key");
    let values = items
        .iter()
        .flat_map(|item| item.values())
        .map(|value| format!("{value:?}"));
    let whole: String = values.collect();
    assert!(!whole.contains(text(&token)), "the table has no text of a token");
}

/// Who writes the table, and has its text.
#[tokio::test]
async fn a_used_token_whose_use_was_taken_out_of_the_table_is_good_again_until_its_end() {
    let function = Function::start().await;
    let token = created(&function, "").await;
    assert_enrols(&function, text(&token)).await;
    let mut item = stored(&function, &token).await;
    assert!(item.remove("used_for").is_some());
    function.dynamo.put(item).await;
    let late = NOW + Duration::seconds(60);
    let enrol = enrolment(text(&token), &[], &form());
    let answer = invoke_at(&function.app, &enrol, late).await;
    answer.assert_nobody("its time is over all the same");
    assert_enrols(&function, text(&token)).await;
    assert_eq!(factors(&function).await, 2);
}

#[tokio::test]
async fn an_item_that_was_changed_is_no_tokens() {
    let function = Function::start().await;
    let text_of = |value: &str| AttributeValue::S(value.to_owned());
    let later = (NOW + Duration::hours(1)).unix_timestamp().to_string();
    for (attribute, value) in [
        ("identity", text_of("somebody-else")),
        ("ttl", AttributeValue::N("300".to_owned())),
        ("date_created", text_of("2026-01-02T03:04:06Z")),
        ("factor_friendly_name", text_of("Another")),
    ] {
        let token = created(&function, "").await;
        let mut item = stored(&function, &token).await;
        item.insert(attribute.to_owned(), value);
        item.insert("expires".to_owned(), AttributeValue::N(later.clone()));
        function.dynamo.put(item).await;
        for identity in [local::IDENTITY, "somebody-else"] {
            let path = factors_path().replace(local::IDENTITY, identity);
            let event = by(&request("POST", &path, &[], &form()), &device(text(&token)));
            send(&function, &event).await.assert_nobody(attribute);
        }
    }
}

#[tokio::test]
async fn under_a_service_that_was_deleted_there_is_nothing_to_enrol_in() {
    let function = Function::start().await;
    let token = created(&function, "").await;
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    assert_eq!(function.request("DELETE", &service, "").await.status, 204);
    let answer = send(&function, &enrolment(text(&token), &[], &form())).await;
    assert_eq!(answer.error(), (404, 20404));
    assert_eq!(send(&function, &creation("")).await.error(), (404, 20404));
    let items = function.items().await;
    assert!(items.iter().all(|item| item["pk"] != entity_partition().as_str()));
}
