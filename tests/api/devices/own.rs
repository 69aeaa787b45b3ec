//! What is a device's own: its Factor and its Challenges.

use serde_json::{Value, json};
use time::Duration;

use super::{Device, challenge_path};
use crate::support::phone::{Phone, SIGNATURE_FIELDS};
use crate::support::{Function, NOW, by, challenges_path, invoke_at, join_all, logs, persistently, request};

#[tokio::test]
async fn a_device_does_all_by_itself_from_its_verification_to_its_end() {
    let function = Function::start().await;
    let own = Device::enrolled(&function, 1).await;
    let shown = own.call(&function, "GET", &own.path(), "").await;
    assert_eq!((shown.status, shown.text("status").as_str()), (200, "unverified"));

    let renamed = own.call(&function, "POST", &own.path(), "FriendlyName=New").await;
    assert_eq!(renamed.text("friendly_name"), "New");
    let verified = own.call(&function, "POST", &own.path(), &own.proof()).await;
    assert_eq!(
        (verified.status, verified.text("status").as_str()),
        (200, "verified")
    );
    assert_eq!(logs::of(&verified)[0]["outcome"], "verified");

    let challenge = own.challenge(&function).await;
    let list = own
        .call(
            &function,
            "GET",
            &format!("{}?FactorSid={}&Status=pending", challenges_path(), own.sid()),
            "",
        )
        .await;
    assert_eq!(list.json()["challenges"], json!([challenge]));
    let fetched = own.call(&function, "GET", &challenge_path(&challenge), "").await;
    assert_eq!((fetched.status, fetched.json()), (200, challenge.clone()));
    assert_eq!(fetched.header("twilio-verify-signature-fields"), SIGNATURE_FIELDS);
    let line = &logs::of(&fetched)[0];
    assert_eq!(line["caller"], "device");
    assert_eq!(
        (&line["factor_sid"], &line["challenge_sid"]),
        (&json!(own.sid()), &challenge["sid"])
    );

    let no = own.phone.answer(&fetched.json(), "denied");
    let answered = own
        .call(&function, "POST", &challenge_path(&challenge), &no)
        .await;
    assert_eq!(
        (answered.status, answered.text("status").as_str()),
        (200, "denied")
    );
    let again = own.call(&function, "GET", &challenge_path(&challenge), "").await;
    assert_eq!(again.text("status"), "denied");

    assert_eq!(own.call(&function, "DELETE", &own.path(), "").await.status, 204);
    let by_account = function.request("GET", &own.path(), "").await;
    assert_eq!(by_account.error(), (404, 20404));
}

#[tokio::test]
async fn a_device_is_refused_as_the_account_is_where_a_thing_is_its_own() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let challenge = own.challenge(&function).await;
    let path = challenge_path(&challenge);
    for (form, error) in [
        ("AuthPayload=a", (403, 60324)),
        ("Metadata=1", (400, 60306)),
        ("AuthPayload=a&AuthPayload=a", (400, 60306)),
    ] {
        assert_eq!(
            own.call(&function, "POST", &path, form).await.error(),
            error,
            "{form}"
        );
    }
    let wrong = Phone::number(2).answer(&challenge, "approved");
    assert_eq!(
        own.call(&function, "POST", &path, &wrong).await.error(),
        (403, 60324)
    );
    let noted = own
        .call(&function, "POST", &path, "Metadata=%7B%22a%22%3A%22b%22%7D")
        .await;
    assert_eq!(noted.json()["metadata"], json!({"a": "b"}));
    let yes = own.phone.answer(&challenge, "approved");
    for _ in 0..2 {
        let answer = own.call(&function, "POST", &path, &yes).await;
        assert_eq!((answer.status, answer.text("status").as_str()), (200, "approved"));
    }
    let no = own.phone.answer(&challenge, "denied");
    assert_eq!(
        own.call(&function, "POST", &path, &no).await.error(),
        (403, 60322)
    );
    let late = NOW + Duration::minutes(5);
    let open = own.challenge(&function).await;
    let event = by(
        &request(
            "POST",
            &challenge_path(&open),
            &[],
            &own.phone.answer(&open, "approved"),
        ),
        &own.authorization(late),
    );
    assert_eq!(invoke_at(&function.app, &event, late).await.error(), (403, 60323));
    for (form, error) in [
        ("FriendlyName=+", (400, 60306)),
        ("AuthPayload=AAAA", (403, 60311)),
    ] {
        assert_eq!(
            own.call(&function, "POST", &own.path(), form).await.error(),
            error,
            "{form}"
        );
    }
    let text = request("POST", &own.path(), &[("content-type", "text/plain")], "a");
    let answer = invoke_at(&function.app, &by(&text, &own.authorization(NOW)), NOW).await;
    assert_eq!(answer.error(), (415, 60306));
}

#[tokio::test]
async fn until_its_factor_is_verified_a_device_has_no_challenges() {
    let function = Function::start().await;
    let other = Device::verified(&function, 2).await;
    let theirs = other.challenge(&function).await;
    let own = Device::enrolled(&function, 1).await;
    for (method, path) in [
        ("GET", challenges_path()),
        ("GET", challenge_path(&theirs)),
        ("POST", challenge_path(&theirs)),
    ] {
        own.call(&function, method, &path, "").await.assert_nobody(&path);
    }
    let verified = own.call(&function, "POST", &own.path(), &own.proof()).await;
    assert_eq!(verified.text("status"), "verified");
    let list = own.call(&function, "GET", &challenges_path(), "").await;
    assert_eq!(list.json()["challenges"], json!([]));
}

#[tokio::test]
async fn an_unverified_factors_device_changes_and_deletes_it() {
    let function = Function::start().await;
    let own = Device::enrolled(&function, 1).await;
    let renamed = own.call(&function, "POST", &own.path(), "FriendlyName=New").await;
    assert_eq!(renamed.text("status"), "unverified");
    assert_eq!(own.call(&function, "DELETE", &own.path(), "").await.status, 204);
    own.call(&function, "DELETE", &own.path(), "")
        .await
        .assert_nobody("a device of nothing");
}

#[tokio::test]
async fn an_answer_beside_what_the_account_notes_is_told_and_lost_by_nobody() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let apps = [function.another_instance(), function.another_instance()];
    for app in &apps {
        app.warm_up(NOW).await;
    }
    for _ in 0..10 {
        let challenge = own.challenge(&function).await;
        let path = challenge_path(&challenge);
        let note = request("POST", &path, &[], "Metadata=%7B%22a%22%3A%22b%22%7D");
        let yes = request("POST", &path, &[], &own.phone.answer(&challenge, "approved"));
        let yes = by(&yes, &own.authorization(NOW));
        let answers = vec![
            persistently(&apps[0], &note, NOW),
            persistently(&apps[1], &yes, NOW),
        ];
        let answers = join_all(answers).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        let shown = function.request("GET", &path, "").await.json();
        assert_eq!(
            (&shown["status"], &shown["metadata"]),
            (&json!("approved"), &json!({"a": "b"}))
        );
    }
}

#[tokio::test]
async fn a_list_has_its_own_alone_whatever_is_asked_and_full_pages_of_them() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let other = Device::verified(&function, 2).await;
    let mut mine: Vec<Value> = Vec::new();
    for number in 0..10 {
        other.challenge(&function).await;
        if number % 2 == 0 {
            mine.push(own.challenge(&function).await);
        }
    }
    // Creations of one millisecond are in no order.
    mine.sort_by_key(|challenge| challenge["sid"].as_str().unwrap().to_owned());
    let listed = async |query: &str| {
        let (mut all, mut pages) = (Vec::new(), 0);
        let mut target = format!("{}?{query}", challenges_path());
        loop {
            let page = own.call(&function, "GET", &target, "").await.json();
            let challenges = page["challenges"].as_array().unwrap().clone();
            all.extend(challenges);
            pages += 1;
            match page["meta"]["next_page_url"].as_str() {
                Some(url) => target = url.replace("https://verify.example.com", ""),
                None => return (all, pages),
            }
        }
    };
    let own_sid = format!("FactorSid={}", own.sid());
    for query in ["", "Status=pending", &own_sid] {
        assert_eq!(listed(query).await, (mine.clone(), 1), "{query}");
        let (all, pages) = listed(&format!("{query}&PageSize=2")).await;
        assert_eq!((all, pages), (mine.clone(), 3), "{query}");
    }
    let mut backward = mine.clone();
    backward.reverse();
    assert_eq!(listed("Order=desc&PageSize=4").await, (backward, 2));
    assert_eq!(listed("Status=approved").await, (Vec::new(), 1));
    for query in [
        format!("FactorSid={}", other.sid()),
        format!("FactorSid={}&PageSize=0", other.sid()),
        "FactorSid=YF00000000000000000000000000000000".to_owned(),
    ] {
        let target = format!("{}?{query}", challenges_path());
        own.call(&function, "GET", &target, "")
            .await
            .assert_nobody(&query);
    }
    let target = format!("{}?FactorSid=YF&PageSize=0", challenges_path());
    assert_eq!(
        own.call(&function, "GET", &target, "").await.error(),
        (400, 60306)
    );
}
