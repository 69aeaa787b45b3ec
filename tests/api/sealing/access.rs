//! What access to the table and to the KMS key is worth, one without the other and both together: none of this is kept out, and
//! SECURITY.md says so.

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::BASE32_NOPAD;
use harness::dynamo::Item;
use harness::local;
use secrecy::zeroize::Zeroizing;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use verify_factors::sealing::{DataKey, SealedBinding, Seat};

use super::{sealed, stored, unwrapped, with_binding, with_key};
use crate::support::phone::{Phone, device};
use crate::support::{
    Answer, Function, NOW, by, challenges_path, code_at, entity_partition, event, factors_path, invoke_at,
    request, wrong_code_at,
};

/// When no code that verified a Factor at [`NOW`] is good any more.
const LATER: OffsetDateTime = NOW.saturating_add(Duration::minutes(2));

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn factor_path(factor: &Value) -> String {
    format!("{}/{}", factors_path(), factor["sid"].as_str().unwrap())
}

/// What is stored under a SID.
async fn item(function: &Function, resource: &Value) -> Item {
    let sid = resource["sid"].as_str().unwrap();
    function.dynamo.item(&entity_partition(), sid).await.unwrap()
}

/// A totp Factor by the key `key`, as it was created; it is verified.
async fn verified(function: &Function) -> Value {
    let factor = function.invoke(&with_key("key")).await.json();
    let form = format!("AuthPayload={}", code_at(&factor, NOW));
    let answer = function.request("POST", &factor_path(&factor), &form).await;
    assert_eq!(answer.text("status"), "verified");
    factor
}

/// What is answered to a login with the code that an app shows at [`LATER`].
async fn login(function: &Function, app: &Value) -> Answer {
    let form = format!(
        "FactorSid={}&AuthPayload={}",
        app["sid"].as_str().unwrap(),
        code_at(app, LATER)
    );
    let event = request("POST", &challenges_path(), &[], &form);
    invoke_at(&function.app, &event, LATER).await
}

/// Panics unless somebody was let in as at another time, by a Challenge that differs in nothing but its SID.
fn assert_same_login(answer: &Answer, other: &Answer) {
    assert_eq!((answer.status, other.status), (201, 201), "{}", answer.text);
    let mut like_it = answer.json();
    for member in ["sid", "url", "links"] {
        like_it[member] = other.json()[member].clone();
    }
    assert_eq!(like_it["status"], "approved");
    assert_eq!(like_it, other.json());
}

async fn data_key(function: &Function) -> DataKey {
    let key: [u8; 32] = unwrapped(function).await.try_into().unwrap();
    DataKey::new(1, Zeroizing::new(key))
}

fn seat<'a>(item: &'a Item, factor_type: &'static str) -> Seat<'a> {
    Seat {
        pk: item["pk"].as_s().unwrap(),
        sk: item["sk"].as_s().unwrap(),
        factor_type,
    }
}

#[tokio::test]
async fn who_uses_the_kms_key_and_reads_the_table_has_every_seed_and_of_phones_their_public_keys() {
    let function = Function::start().await;
    let totp = function.invoke(&with_key("key")).await;
    let push = function.invoke(&event("create-push-factor.json")).await;
    let data_key = data_key(&function).await;
    let open = async |answer: &Answer, factor_type| {
        let item = stored(&function, answer).await;
        let binding = SealedBinding::parse(&sealed(&item)).unwrap();
        data_key
            .open(seat(&item, factor_type), &binding)
            .unwrap()
            .to_vec()
    };
    assert_eq!(
        totp.json()["binding"]["secret"],
        BASE32_NOPAD.encode(&open(&totp, "totp").await)
    );
    assert_eq!(
        push.json()["binding"]["public_key"],
        String::from_utf8(open(&push, "push").await).unwrap()
    );
}

#[tokio::test]
async fn who_uses_the_kms_key_and_writes_the_table_logs_in_by_a_seed_of_their_own() {
    let function = Function::start().await;
    let factor = verified(&function).await;
    let theirs = [7; 20];
    let item = item(&function, &factor).await;
    let binding = data_key(&function)
        .await
        .seal(seat(&item, "totp"), [8; 12], &theirs);
    function
        .dynamo
        .put(with_binding(&item, binding.as_bytes().to_owned()))
        .await;
    let mut app = factor.clone();
    let uri = factor["binding"]["uri"].as_str().unwrap();
    let seed = factor["binding"]["secret"].as_str().unwrap();
    app["binding"]["uri"] = uri.replace(seed, &BASE32_NOPAD.encode(&theirs)).into();
    assert_eq!(login(&function, &factor).await.text("status"), "pending");
    let answer = login(&function, &app).await;
    assert_eq!((answer.status, answer.text("status").as_str()), (201, "approved"));
}

#[tokio::test]
async fn who_writes_the_table_approves_what_nobody_answered() {
    let function = Function::start().await;
    let factor = Phone::number(1).verified(&function, &factors_path()).await;
    let form = format!("FactorSid={}&Details.Message=a", factor["sid"].as_str().unwrap());
    let challenge = function.request("POST", &challenges_path(), &form).await.json();
    let mut item = item(&function, &challenge).await;
    item.insert("response".to_owned(), text("approved"));
    item.insert("date_responded".to_owned(), text("2026-01-02T03:04:06Z"));
    function.dynamo.put(item).await;
    let mut approved = challenge.clone();
    approved["status"] = json!("approved");
    approved["date_responded"] = json!("2026-01-02T03:04:06Z");
    let path = format!("{}/{}", challenges_path(), challenge["sid"].as_str().unwrap());
    let answer = function.request("GET", &path, "").await;
    assert_eq!((answer.status, answer.json()), (200, approved));
}

#[tokio::test]
async fn who_writes_the_table_has_wrong_codes_forgotten() {
    let function = Function::start().await;
    let factor = verified(&function).await;
    let guess = format!("AuthPayload={}", wrong_code_at(&factor, NOW));
    let send = async || function.request("POST", &factor_path(&factor), &guess).await;
    for _ in 0..10 {
        assert_eq!(send().await.error(), (403, 60311));
    }
    assert_eq!(send().await.error(), (429, 60308));
    let mut written = item(&function, &factor).await;
    for attribute in ["wrong_in_a_row", "wait_until"] {
        assert!(written.remove(attribute).is_some());
    }
    function.dynamo.put(written).await;
    assert_eq!(send().await.error(), (403, 60311), "it is compared");
    let counted = &item(&function, &factor).await["wrong_in_a_row"];
    assert_eq!(*counted, AttributeValue::N("1".to_owned()));
}

#[tokio::test]
async fn an_older_item_that_is_put_back_opens_and_a_used_code_is_good_again_though_the_factor_was_deleted() {
    let function = Function::start().await;
    let factor = verified(&function).await;
    let older = item(&function, &factor).await;
    let first = login(&function, &factor).await;
    assert_eq!(login(&function, &factor).await.text("status"), "pending");
    function.dynamo.put(older.clone()).await;
    assert_same_login(&login(&function, &factor).await, &first);
    let delete = request("DELETE", &factor_path(&factor), &[], "");
    assert_eq!(function.invoke(&delete).await.status, 204);
    assert_eq!(login(&function, &factor).await.error(), (404, 20404));
    function.dynamo.put(older).await;
    assert_same_login(&login(&function, &factor).await, &first);
}

/// What tells that a seed was shown for the last time, and to whom it may be shown, is in the clear. So a key that one can guess, such as
/// the number of an enrolment, is worth a seed then.
#[tokio::test]
async fn who_writes_the_table_and_may_create_factors_is_shown_a_seed_by_its_idempotency_key() {
    let function = Function::start().await;
    let factor = verified(&function).await;
    let days_later = NOW + Duration::days(10);
    let create = |key: &str, identity: &str, form: &str| {
        let path = factors_path().replace(local::IDENTITY, identity);
        request("POST", &path, &[("idempotency-key", key)], form)
    };
    let tokens = format!("/v2/Services/{}/AccessTokens", local::SERVICE_SID);
    let for_token = format!("Identity={}&FactorType=push", local::IDENTITY);
    let token = request("POST", &tokens, &[], &for_token);
    let token = invoke_at(&function.app, &token, days_later).await.text("token");
    let mut shown = factor.clone();
    shown["date_created"] = json!("2026-01-12T03:04:05Z");
    for (form, caller) in [
        ("FriendlyName=theirs&FactorType=totp", local::authorization()),
        (&Phone::number(1).form(), device(&token)),
    ] {
        let ask = by(&create("key", local::IDENTITY, form), &caller);
        let refused = invoke_at(&function.app, &ask, days_later).await;
        assert_eq!(refused.error(), (422, 20422), "{form}");

        // The same request, for somebody else.
        let key = format!("theirs of {} characters", form.len());
        let theirs = function.invoke(&create(&key, "another-identity", form)).await;
        let of_theirs = stored(&function, &theirs).await["request_fingerprint"].clone();
        let mut written = item(&function, &factor).await;
        written.insert("request_fingerprint".to_owned(), of_theirs);
        written.insert("status".to_owned(), text("unverified"));
        written.insert("date_created".to_owned(), text("2026-01-12T03:04:05Z"));
        function.dynamo.put(written).await;
        let answer = invoke_at(&function.app, &ask, days_later).await;
        assert_eq!((answer.status, answer.json()), (201, shown.clone()), "{form}");
    }
}
