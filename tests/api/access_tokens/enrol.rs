//! Enrolling: a phone with an Access Token becomes one push Factor of the Entity that it is for, and nothing else.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{created, creation, factors, stored, text};
use crate::sealing::unwrapped;
use crate::support::phone::{Phone, device};
use crate::support::{
    Answer, Function, NOW, by, entity_partition, factors_path, invoke_at, join_all, logs, persistently,
    request,
};

/// A phone that enrols with a token, sending this form.
fn enrolment(token: &str, headers: &[(&str, &str)], form: &str) -> Value {
    by(&request("POST", &factors_path(), headers, form), &device(token))
}

fn phone() -> Phone {
    Phone::number(1)
}

fn form() -> String {
    phone().form()
}

/// The same without a name, as where the app leaves it to the backend.
fn nameless() -> String {
    form().replace("FriendlyName=Phone&", "")
}

async fn send(function: &Function, event: &Value) -> Answer {
    invoke_at(&function.app, event, NOW).await
}

/// Panics unless the token is good still.
async fn assert_enrols(function: &Function, token: &str) {
    let answer = send(function, &enrolment(token, &[], &form())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

#[tokio::test]
async fn a_phone_enrols_and_the_token_is_used_up() {
    let function = Function::start().await;
    let token = created(&function, "").await;
    let answer = send(&function, &enrolment(text(&token), &[], &form())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let line = &logs::of(&answer)[0];
    assert_eq!(
        (&line["caller"], &line["operation"]),
        (&json!("token"), &json!("CreateFactor"))
    );
    assert_eq!(line["access_token_sid"], token["sid"]);
    let by_account = function.create_factor(&Phone::number(2).form()).await.json();
    let mut like_it = answer.json();
    for member in ["sid", "url", "binding"] {
        like_it[member] = by_account[member].clone();
    }
    like_it["config"]["credential_sid"] = by_account["config"]["credential_sid"].clone();
    assert_eq!(like_it, by_account, "it is a Factor like any other");

    let again = send(&function, &enrolment(text(&token), &[], &form())).await;
    again.assert_nobody("the same phone again");
    let other = send(&function, &enrolment(text(&token), &[], &Phone::number(3).form())).await;
    other.assert_nobody("another phone");
    assert_eq!(factors(&function).await, 2);
    let item = stored(&function, &token).await;
    assert_eq!(item["used_for"].as_s().unwrap(), &answer.text("sid"));
}

#[tokio::test]
async fn the_name_is_the_phones_or_else_the_tokens_or_else_missing() {
    let function = Function::start().await;
    for (parameters, form, name) in [
        ("FactorFriendlyName=Token", form(), Some("Phone")),
        ("FactorFriendlyName=Token", nameless(), Some("Token")),
        ("", form(), Some("Phone")),
        ("", nameless(), None),
    ] {
        let token = created(&function, parameters).await;
        let answer = send(&function, &enrolment(text(&token), &[], &form)).await;
        match name {
            Some(name) => assert_eq!(
                (answer.status, answer.text("friendly_name").as_str()),
                (201, name)
            ),
            None => assert_eq!(answer.error(), (400, 20001)),
        }
    }
    let blank = form().replace("FriendlyName=Phone", "FriendlyName=+");
    let token = created(&function, "FactorFriendlyName=Token").await;
    let answer = send(&function, &enrolment(text(&token), &[], &blank)).await;
    assert_eq!(
        answer.error(),
        (400, 60306),
        "a name that breaks its rule is not replaced"
    );
}

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

#[tokio::test]
async fn a_retry_by_its_key_is_a_retry_within_the_tokens_time() {
    let function = Function::start().await;
    let token = created(&function, "FactorFriendlyName=Token").await;
    let key = [("idempotency-key", "enrolment")];
    let enrol = enrolment(text(&token), &key, &nameless());
    let first = send(&function, &enrol).await;
    assert_eq!(first.status, 201);
    for (seconds, app) in [
        (1, function.another_instance()),
        (59, function.another_instance()),
    ] {
        let at = NOW.replace_nanosecond(0).unwrap() + Duration::seconds(seconds);
        let again = invoke_at(&app, &enrol, at).await;
        assert_eq!((again.status, &again.text), (201, &first.text));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
    let late = NOW + Duration::seconds(60);
    invoke_at(&function.app, &enrol, late)
        .await
        .assert_nobody("too late");
    // Other parameters; another key; none.
    let other = enrolment(text(&token), &key, &form());
    assert_eq!(send(&function, &other).await.error(), (422, 20422));
    let other_key = [("idempotency-key", "another")];
    send(&function, &enrolment(text(&token), &other_key, &form()))
        .await
        .assert_nobody("another key");
    send(&function, &enrolment(text(&token), &[], &form()))
        .await
        .assert_nobody("no key");
    assert_eq!(factors(&function).await, 1);
}

#[tokio::test]
async fn a_used_token_is_nobodys_whatever_comes_with_it() {
    let function = Function::start().await;
    let token = created(&function, "").await;
    let first = enrolment(text(&token), &[("idempotency-key", "first")], &form());
    assert_eq!(send(&function, &first).await.status, 201);
    let by_account = [("idempotency-key", "account")];
    let create = request("POST", &factors_path(), &by_account, &Phone::number(9).form());
    assert_eq!(function.invoke(&create).await.status, 201);
    let too_long = "k".repeat(256);
    for (headers, form) in [
        (vec![], String::new()),
        (vec![], "FactorType=push".to_owned()),
        (vec![("content-type", "text/plain")], form()),
        (vec![], "a".repeat(17 * 1024)),
        (vec![("idempotency-key", "account")], form()),
        (vec![("idempotency-key", "account")], Phone::number(9).form()),
        (vec![("idempotency-key", "another")], form()),
        (vec![("idempotency-key", too_long.as_str())], form()),
    ] {
        let answer = send(&function, &enrolment(text(&token), &headers, &form)).await;
        answer.assert_nobody(&format!("{headers:?} {}", form.len()));
    }
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    assert_eq!(function.request("DELETE", &service, "").await.status, 204);
    let again = enrolment(text(&token), &[], &form());
    send(&function, &again).await.assert_nobody("no Service");
}

/// It is told no more than it says, and stays what it is.
#[tokio::test]
async fn an_unused_token_is_shown_what_is_there_by_its_key_and_its_parameters_alone() {
    let function = Function::start().await;
    let key = [("idempotency-key", "account")];
    let create = request("POST", &factors_path(), &key, &form());
    let there = function.invoke(&create).await;
    let token = created(&function, "").await;
    let other = enrolment(text(&token), &key, &Phone::number(2).form());
    assert_eq!(send(&function, &other).await.error(), (422, 20422));
    let same = send(&function, &enrolment(text(&token), &key, &form())).await;
    assert_eq!((same.status, &same.text), (201, &there.text));
    assert_eq!(same.header("idempotent-replayed"), "true");
    let path = format!("{}/{}", factors_path(), there.text("sid"));
    let verify = function
        .request("POST", &path, &phone().payload(&there.text("sid")))
        .await;
    assert_eq!(verify.text("status"), "verified");
    let late = send(&function, &enrolment(text(&token), &key, &form())).await;
    assert_eq!(late.error(), (422, 20422));
    assert_eq!(stored(&function, &token).await.get("used_for"), None);
    assert_enrols(&function, text(&token)).await;
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
async fn a_refused_enrolment_leaves_the_token() {
    let function = Function::start().await;
    for number in 1..=20 {
        let created = function.create_factor(&Phone::number(number).form()).await;
        assert_eq!(created.status, 201);
    }
    let token = created(&function, "").await;
    let enrol = enrolment(text(&token), &[], &Phone::number(30).form());
    assert_eq!(send(&function, &enrol).await.error(), (400, 60315));
    let wrong = enrolment(text(&token), &[], "FactorType=push");
    assert_eq!(send(&function, &wrong).await.error(), (400, 20001));
    let list = function.request("GET", &factors_path(), "").await.json();
    let sid = list["factors"][0]["sid"].as_str().unwrap();
    let gone = function
        .request("DELETE", &format!("{}/{sid}", factors_path()), "")
        .await;
    assert_eq!(gone.status, 204);
    assert_eq!(send(&function, &enrol).await.status, 201);
    // Used up, and at the limit again.
    send(&function, &enrol).await.assert_nobody("used up");
}

#[tokio::test]
async fn of_many_enrolments_at_once_one_makes_a_factor() {
    let function = Function::start().await;
    let apps: Vec<_> = (0..4).map(|_| function.another_instance()).collect();
    for app in &apps {
        app.warm_up(NOW).await;
    }
    for _ in 0..10 {
        let before = factors(&function).await;
        let token = created(&function, "").await;
        let events: Vec<Value> = (1..=8)
            .map(|number| enrolment(text(&token), &[], &Phone::number(number).form()))
            .collect();
        let answers = events
            .iter()
            .zip(apps.iter().cycle())
            .map(|(event, app)| persistently(app, event, NOW))
            .collect();
        let statuses: Vec<u64> = join_all(answers)
            .await
            .iter()
            .map(|answer| answer.status)
            .collect();
        let of = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        assert_eq!((of(201), of(401)), (1, 7), "{statuses:?}");
        assert_eq!(factors(&function).await, before + 1);
    }
}

#[tokio::test]
async fn an_enrolment_is_two_calls_and_happens_once_whatever_gets_lost() {
    let function = Function::start().await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    for fault in [Fault::None, Fault::CutBefore, Fault::CutAfter] {
        let token = created(&function, "").await;
        let before = factors(&function).await;
        proxy.script(&[Fault::None, fault], Fault::None);
        let answer = invoke_at(&app, &enrolment(text(&token), &[], &form()), NOW).await;
        assert_eq!(answer.status, 201, "{fault:?}: {}", answer.text);
        assert_eq!(factors(&function).await, before + 1, "{fault:?}");
        if matches!(fault, Fault::None) {
            assert_eq!(proxy.calls(), ["GetItem", "TransactWriteItems"]);
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
