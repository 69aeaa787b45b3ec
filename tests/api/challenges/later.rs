//! What becomes of a Challenge besides its answer: Metadata, and what happens to its Factor meanwhile.

use serde_json::json;
use time::Duration;

use super::answer::{MINUTE, outcome};
use super::{User, ok, status};
use crate::support::{NOW, rfc3339};

#[tokio::test]
async fn metadata_is_set_in_any_status_and_nothing_is_nothing() {
    let user = User::with_app("").await;
    let [open, answered] = [user.challenge().await, user.challenge().await];
    user.send(
        &answered,
        &format!("{}&Metadata=%7B%22by%22%3A%22code%22%7D", user.right(NOW)),
    )
    .await;
    assert_eq!(
        user.fetch(&answered).await.json()["metadata"],
        json!({"by": "code"})
    );
    let end = NOW + Duration::minutes(6);
    for (challenge, now, expected) in [
        (&open, NOW, "pending"),
        (&answered, NOW, "approved"),
        (&open, end, "expired"),
    ] {
        let before = user.fetch_at(challenge, now).await;
        let [mut stored, factor] = [user.stored(challenge).await, user.stored(&user.factor).await];
        for nothing in ["", "AuthPayload=&Metadata=", "Status=denied"] {
            let answer = user.send_at(challenge, nothing, now).await;
            assert_eq!((answer.status, &answer.text), (200, &before.text), "{nothing}");
            assert_eq!(outcome(&answer), None);
        }
        assert_eq!(user.stored(challenge).await, stored);

        let metadata = format!(r#"{{"is":"{expected}"}}"#);
        let form = serde_urlencoded::to_string([("Metadata", &metadata)]).unwrap();
        let later = now + Duration::seconds(2);
        let answer = user.send_at(challenge, &form, later).await;
        let date = rfc3339(later);
        let mut shown = before.json();
        shown["metadata"] = json!({"is": expected});
        shown["date_updated"] = json!(date);
        assert_eq!((answer.status, answer.json()), (200, shown));
        assert_eq!(outcome(&answer), None);
        stored["metadata"] = json!(metadata);
        stored["date_updated"] = json!(date);
        stored["revision"] = json!(stored["revision"].as_u64().unwrap() + 1);
        stored["request_id"] = json!(answer.header("x-request-id"));
        assert_eq!(user.stored(challenge).await, stored);
        assert_eq!(user.stored(&user.factor).await, factor);
    }
    let noted = user.challenge().await;
    user.send(&noted, "Metadata=%7B%22a%22%3A%22b%22%7D").await;
    let soon = NOW + MINUTE;
    let approved = user.send_at(&noted, &user.right(soon), soon).await;
    assert_eq!(
        (status(&approved), &approved.json()["metadata"]),
        (ok("approved"), &json!({"a": "b"})),
        "it stays"
    );
}

#[tokio::test]
async fn a_challenge_of_a_deleted_factor_can_be_read_and_not_answered() {
    let user = User::with_app("").await;
    let [open, wrong, answered] = [
        user.challenge().await,
        user.challenge().await,
        user.challenge().await,
    ];
    user.send(&wrong, &user.wrong(NOW)).await;
    user.send(&answered, &user.right(NOW)).await;
    assert_eq!(
        user.function
            .request("DELETE", &user.factor_path(), "")
            .await
            .status,
        204
    );
    let items = user.function.items().await;
    let soon = NOW + MINUTE;
    for challenge in [&open, &wrong] {
        for form in [user.right(soon), user.wrong(soon)] {
            let answer = user.send_at(challenge, &form, soon).await;
            assert_eq!(answer.error(), (404, 20404));
            assert_eq!(outcome(&answer), None);
        }
        assert_eq!(user.fetch_at(challenge, soon).await.text("status"), "pending");
    }
    let again = user.send_at(&answered, &user.right(soon), soon).await;
    assert_eq!(again.error(), (403, 60322));
    let late = NOW + 6 * MINUTE;
    assert_eq!(
        user.send_at(&open, &user.right(late), late).await.error(),
        (403, 60323)
    );
    assert_eq!(user.function.items().await, items);
    let noted = user.send_at(&open, "Metadata=%7B%7D", soon).await;
    assert_eq!((noted.status, &noted.json()["metadata"]), (200, &json!({})));
}

#[tokio::test]
async fn a_factor_that_changed_since_is_asked() {
    let user = User::with_app("Config.Skew=0").await;
    let update = async |form: &str| user.function.request("POST", &user.factor_path(), form).await;
    let early = user.right(NOW - Duration::seconds(30));
    let challenges = [
        user.challenge().await,
        user.challenge().await,
        user.challenge().await,
        user.challenge().await,
    ];
    assert_eq!(update("FriendlyName=Other").await.status, 200);
    assert_eq!(
        status(&user.send(&challenges[0], &user.wrong(NOW)).await),
        ok("pending")
    );
    assert_eq!(update("Config.Skew=2").await.status, 200);
    // What was wrong by the skew of before.
    assert_eq!(status(&user.send(&challenges[1], &early).await), ok("approved"));
    assert_eq!(update("Config.Skew=0").await.status, 200);
    let next = user.right(NOW + Duration::seconds(30));
    assert_eq!(
        status(&user.send(&challenges[2], &next).await),
        ok("pending"),
        "it was right before"
    );
    assert_eq!(
        status(&user.send(&challenges[3], &user.right(NOW)).await),
        ok("approved")
    );
    let factor = user.stored(&user.factor).await;
    assert_eq!(
        (&factor["friendly_name"], &factor["config"]["skew"]),
        (&json!("Other"), &json!(0))
    );
    assert_eq!(factor["last_step"], NOW.unix_timestamp() / 30 * 30);
}
