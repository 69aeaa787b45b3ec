//! Fetching a Challenge: as it is now by the clock, for as long as it is kept, and with what a phone signs where one can answer.

use harness::local;
use time::{Duration, OffsetDateTime};

use super::{SIGNATURE_FIELDS, User, challenge_path, ok, phone, status, with_app};
use crate::support::phone::SIGNATURE_FIELDS as FIELDS;
use crate::support::{Answer, NOW, challenges_path, invoke_at, logs, request};

#[tokio::test]
async fn a_challenge_is_shown_as_it_was_created() {
    for user in [User::with_app("").await, User::with_phone().await] {
        let created = user.create("Details.Message=a").await;
        let fetched = user.fetch(&created.json()).await;
        assert_eq!((fetched.status, &fetched.text), (200, &created.text));
        assert_eq!(fetched.header("content-type"), "application/json");
        assert_eq!(fetched.header(SIGNATURE_FIELDS), created.header(SIGNATURE_FIELDS));
        let line = &logs::of(&fetched)[0];
        assert_eq!(line["challenge_sid"], created.text("sid").as_str());
        assert_eq!(line["factor_sid"], user.factor_sid());
        assert_eq!(line["operation"], "FetchChallenge");
        assert_eq!(line.get("outcome"), None);
    }
}

#[tokio::test]
async fn a_challenge_that_nobody_answered_is_expired_to_the_second() {
    let user = User::with_app("").await;
    let form = "ExpirationDate=2026-01-02T03:04:35Z";
    let [default, early] = [user.create("").await.json(), user.create(form).await.json()];
    let second = NOW.truncate_to_second();
    for (challenge, seconds) in [(&default, 300), (&early, 30)] {
        let end = second + Duration::seconds(seconds);
        for (now, expected) in [
            (end - Duration::MILLISECOND, "pending"),
            (end, "expired"),
            (end + Duration::DAY, "expired"),
        ] {
            let fetched = user.fetch_at(challenge, now).await;
            assert_eq!(status(&fetched), ok(expected));
            let mut expected_json = challenge.clone();
            expected_json["status"] = expected.into();
            assert_eq!(fetched.json(), expected_json, "nothing else is another");
        }
    }
}

#[tokio::test]
async fn a_challenge_is_kept_for_30_days() {
    let user = User::with_phone().await;
    let [open, denied] = [user.challenge().await, user.challenge().await];
    user.send(&denied, &phone().answer(&denied, "denied")).await;
    let end = NOW.truncate_to_second() + Duration::days(30);
    for (challenge, status_then) in [(&open, "expired"), (&denied, "denied")] {
        let last = end - Duration::MILLISECOND;
        assert_eq!(status(&user.fetch_at(challenge, last).await), ok(status_then));
        let noted = user.send_at(challenge, "Metadata=%7B%7D", last).await;
        assert_eq!(status(&noted), ok(status_then));
        assert_eq!(user.fetch_at(challenge, end).await.error(), (404, 20404));
        for form in ["", "Metadata=%7B%7D", "AuthPayload=123456"] {
            let answer = user.send_at(challenge, form, end).await;
            assert_eq!(answer.error(), (404, 20404), "{form}");
        }
    }
    let list = async |now: OffsetDateTime, query: &str| {
        let list = request("GET", &format!("{}?{query}", challenges_path()), &[], "");
        let list = invoke_at(&user.function.app, &list, now).await.json();
        list["challenges"].as_array().unwrap().len()
    };
    for query in ["", "Status=expired", "Status=denied", "Order=desc"] {
        assert!(list(end - Duration::MILLISECOND, query).await > 0, "{query}");
        assert_eq!(list(end, query).await, 0, "{query}");
    }
    let factor = user.factor["sid"].as_str().unwrap();
    let left = user.function.items().await;
    assert_eq!(left.len(), 4, "DynamoDB deletes them when it gets round to it");
    assert!(
        left.iter()
            .any(|item| item["sk"] == factor && item.get("expires").is_none())
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let user = User::with_app("").await;
    let challenge = user.challenge().await;
    let path = challenge_path(&challenge);
    let sid = challenge["sid"].as_str().unwrap();
    let (mut last, other) = (sid.to_owned(), "another-identity");
    last.replace_range(33.., if sid.ends_with('0') { "1" } else { "0" });
    for path in [
        path.replace(sid, &last),
        path.replace(sid, "YC1"),
        path.replace(sid, user.factor_sid()),
        path.replace(local::IDENTITY, other),
        path.replace(local::SERVICE_SID, "VA00000000000000000000000000000000"),
        format!("{path}/Notifications"),
        format!("{path}/"),
    ] {
        for method in ["GET", "POST"] {
            let answer = user.function.request(method, &path, "").await;
            assert_eq!(answer.error(), (404, 20404), "{method} {path}");
        }
    }
    let malformed = path.replace(local::IDENTITY, "short");
    for method in ["GET", "POST"] {
        let answer = user.function.request(method, &malformed, "").await;
        assert_eq!(answer.error(), (400, 60366), "{method}");
    }
    let template = "/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}";
    assert_eq!(
        user.function
            .request("GET", &path.replace(sid, &last), "")
            .await
            .text("message"),
        format!("The requested resource {template} was not found")
    );
    for (method, allowed) in [("DELETE", "GET, POST, OPTIONS"), ("PUT", "GET, POST, OPTIONS")] {
        let answer = user.function.request(method, &path, "").await;
        assert_eq!((answer.error(), answer.header("allow")), ((405, 20004), allowed));
    }
}

/// What a phone is told to sign; `None` where it is told nothing.
fn told(answer: &Answer) -> Option<&str> {
    answer.headers.get(SIGNATURE_FIELDS).map(String::as_str)
}

#[tokio::test]
async fn what_is_to_be_signed_is_told_of_one_pending_push_challenge_and_of_nothing_else() {
    let user = User::with_phone().await;
    let created = user.create("Details.Message=a").await;
    let open = created.json();
    let late = NOW + Duration::minutes(5);
    assert_eq!(told(&created), Some(FIELDS));
    assert_eq!(told(&user.fetch(&open).await), Some(FIELDS));
    assert_eq!(told(&user.send(&open, "Metadata=%7B%7D").await), Some(FIELDS));
    assert_eq!(told(&user.send(&open, "").await), Some(FIELDS));
    for name in FIELDS.split(',') {
        assert!(open.get(name).is_some(), "the SDKs take {name} as it came");
    }

    for path in [challenges_path(), format!("{}?Status=pending", challenges_path())] {
        assert_eq!(told(&user.function.request("GET", &path, "").await), None);
    }
    assert_eq!(told(&user.fetch_at(&open, late).await), None, "expired");
    assert_eq!(told(&user.send_at(&open, "Metadata=%7B%7D", late).await), None);
    let no = user.send(&open, "AuthPayload=x").await;
    assert_eq!((no.error(), told(&no)), ((403, 60324), None));
    assert_eq!(told(&user.create("").await), None, "400");

    for answered in ["approved", "denied"] {
        let challenge = user.challenge().await;
        let form = phone().answer(&challenge, answered);
        for answer in [
            user.send(&challenge, &form).await,
            user.send(&challenge, &form).await,
            user.send(&challenge, "Metadata=%7B%7D").await,
            user.fetch(&challenge).await,
        ] {
            assert_eq!((status(&answer), told(&answer)), (ok(answered), None));
        }
    }

    let factor = with_app(&user.function, "").await;
    let function = user.function;
    let user = User { function, factor };
    let created = user.create("Details.Message=a").await;
    assert_eq!(told(&created), None, "totp");
    assert_eq!(told(&user.fetch(&created.json()).await), None);
    assert_eq!(told(&user.send(&created.json(), "Metadata=%7B%7D").await), None);
}
