//! A phone enrols once, whatever gets lost and however often it tries.

use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::{Value, json};
use time::Duration;

use super::{assert_enrols, enrolment, form, nameless, phone, send};
use crate::access_tokens::{created, factors, stored, text};
use crate::support::phone::Phone;
use crate::support::{Function, NOW, factors_path, invoke_at, join_all, logs, persistently, request};

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
