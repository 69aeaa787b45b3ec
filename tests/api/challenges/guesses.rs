//! Wrong codes: how many a Challenge takes, how many its Factor does, and how they are spread makes no difference.

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{User, ok, status};
use crate::support::{Answer, NOW, join_all, logs, persistently};

fn outcome(answer: &Answer) -> serde_json::Value {
    logs::of(answer)[0]["outcome"].clone()
}

/// What a refusal says, and for how long it says to wait.
fn stopped(answer: &Answer) -> ((u64, u64), String, String) {
    (
        answer.error(),
        answer.text("message"),
        answer.header("retry-after").to_owned(),
    )
}

fn waits(seconds: &str) -> ((u64, u64), String, String) {
    let message = "Too many wrong codes in a row; try again later";
    ((429, 60308), message.to_owned(), seconds.to_owned())
}

#[tokio::test]
async fn five_wrong_codes_end_a_challenge_for_good() {
    let user = User::with_app("").await;
    let long = "ExpirationDate=2026-01-02T04:04:05Z";
    let challenge = user.create(long).await.json();
    for number in 0..5 {
        let answer = user.send(&challenge, &user.wrong(NOW)).await;
        assert_eq!(status(&answer), ok("pending"), "{number}");
    }
    let items = user.function.items().await;
    for later in [0, 60, 3599] {
        let now = NOW.truncate_to_second() + Duration::seconds(later);
        for form in [user.wrong(now), user.right(now)] {
            let answer = user.send_at(&challenge, &form, now).await;
            let message = "Too many wrong codes for the Challenge; create another one";
            assert_eq!(
                stopped(&answer),
                ((429, 60308), message.to_owned(), String::new())
            );
            assert_eq!(outcome(&answer), "limited");
        }
        assert_eq!(user.fetch_at(&challenge, now).await.text("status"), "pending");
    }
    assert_eq!(user.function.items().await, items, "nothing more is counted");
    assert_eq!(user.stored(&challenge).await["wrong"], 5);
    let late = NOW + Duration::HOUR;
    assert_eq!(
        user.send_at(&challenge, &user.right(late), late).await.error(),
        (403, 60323)
    );
    assert_eq!(user.send(&challenge, "Metadata=%7B%7D").await.status, 200);

    let another = user.challenge().await;
    assert_eq!(
        status(&user.send(&another, &user.right(NOW)).await),
        ok("approved")
    );
}

#[tokio::test]
async fn from_ten_in_a_row_each_waits_however_they_are_spread_and_a_right_code_starts_anew() {
    let user = User::with_app("").await;
    let mut challenges = Vec::new();
    for _ in 0..6 {
        challenges.push(user.create("ExpirationDate=2026-01-02T04:04:05Z").await.json());
    }
    // Two on each; the last in a creation.
    for challenge in challenges.iter().take(4).chain(challenges.iter().take(4)) {
        assert_eq!(
            status(&user.send(challenge, &user.wrong(NOW)).await),
            ok("pending")
        );
    }
    assert_eq!(
        status(&user.send(&challenges[4], &user.wrong(NOW)).await),
        ok("pending")
    );
    let created = user.create(&user.wrong(NOW)).await;
    assert_eq!(status(&created), (201, "pending".to_owned()));
    let items = user.function.items().await;
    let second = NOW.truncate_to_second();
    for (passed, wait) in [(0, "30"), (1, "29"), (29, "1")] {
        let now = second + Duration::seconds(passed);
        for challenge in challenges.iter().chain([&created.json()]) {
            for form in [user.wrong(now), user.right(now)] {
                let answer = user.send_at(challenge, &form, now).await;
                assert_eq!(stopped(&answer), waits(wait));
                assert_eq!(outcome(&answer), "limited");
            }
        }
        let created = user.create_at(&user.right(now), now).await;
        assert_eq!(
            (stopped(&created), outcome(&created)),
            (waits(wait), json!("limited"))
        );
        let verify = user.send_to_factor(&user.right(now), now).await;
        assert_eq!(stopped(&verify), waits(wait), "verification counts along");
    }
    assert_eq!(
        user.function.items().await,
        items,
        "what is not compared is not counted"
    );

    let mut now = second + Duration::seconds(30);
    for wait in ["60", "120"] {
        assert_eq!(
            status(&user.send_at(&challenges[5], &user.wrong(now), now).await),
            ok("pending")
        );
        assert_eq!(
            stopped(&user.send_at(&challenges[4], &user.wrong(now), now).await),
            waits(wait)
        );
        now += Duration::seconds(wait.parse().unwrap());
    }
    // One without a code can be created meanwhile.
    let waiting = user.create_at("", now - Duration::SECOND).await;
    assert_eq!(status(&waiting), (201, "pending".to_owned()));
    assert_eq!(
        status(&user.send_at(&challenges[5], &user.right(now), now).await),
        ok("approved")
    );
    let factor = user.stored(&user.factor).await;
    assert_eq!(
        (factor.get("wrong_in_a_row"), factor.get("wait_until")),
        (None, None)
    );
    for _ in 0..4 {
        let answer = user.send_at(&waiting.json(), &user.wrong(now), now).await;
        assert_eq!(status(&answer), ok("pending"));
    }
}

/// So many wrong codes in a row, each as soon as it can be, on as many Challenges as it takes.
async fn guess(user: &User, count: usize) {
    let mut now = NOW;
    let mut challenge = user.challenge().await;
    for number in 1..=count {
        let answer = user.send_at(&challenge, &user.wrong(now), now).await;
        assert_eq!(status(&answer), ok("pending"), "{number}");
        let factor = user.stored(&user.factor).await;
        assert_eq!(factor["wrong_in_a_row"], number);
        let until = factor.get("wait_until").and_then(serde_json::Value::as_i64);
        now = until.map_or(now, |until| OffsetDateTime::from_unix_timestamp(until).unwrap());
        // Each takes five, and none waits for an hour.
        if number < count && (number % 5 == 0 || until.is_some()) {
            challenge = user.challenge_at(now).await;
        }
    }
}

#[tokio::test]
async fn a_factor_is_disabled_in_the_end_and_sooner_where_its_codes_are_short() {
    for (length, count) in [(3, 10), (4, 10), (5, 20), (6, 100)] {
        let user = User::with_app(&format!("Config.CodeLength={length}")).await;
        let open = user.challenge().await;
        guess(&user, count).await;
        let items = user.function.items().await;
        let message = "Too many wrong codes in a row: the Factor is disabled; create another one";
        let disabled = ((429, 60308), message.to_owned(), String::new());
        let soon = NOW + Duration::minutes(2);
        let answer = user.send_at(&open, &user.right(soon), soon).await;
        assert_eq!(
            (stopped(&answer), outcome(&answer)),
            (disabled.clone(), json!("disabled"))
        );
        let late = NOW + Duration::days(1000);
        let created = user.create_at("", late).await;
        assert_eq!(stopped(&created), disabled, "for Challenges too");
        let created = user.create_at(&user.right(late), late).await;
        assert_eq!(
            (stopped(&created), outcome(&created)),
            (disabled, json!("disabled"))
        );
        assert_eq!(user.function.items().await, items);
        let deleted = user.function.request("DELETE", &user.factor_path(), "").await;
        assert_eq!(deleted.status, 204);
    }
}

#[tokio::test]
async fn of_many_wrong_codes_at_once_five_are_compared_on_a_challenge_and_ten_on_its_factor() {
    let user = User::with_app("").await;
    let challenge = user.challenge().await;
    let wrong = user.wrong(NOW);
    let answers = join_all((0..16).map(|_| user.persist(&challenge, &wrong)).collect()).await;
    let compared = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers
        .iter()
        .filter(|answer| answer.status == 429 && answer.error().1 == 60308);
    assert_eq!((compared, refused.count()), (5, 11));

    let mut challenges = Vec::new();
    for _ in 0..8 {
        challenges.push(user.challenge().await);
    }
    let guesses = challenges
        .iter()
        .chain(&challenges)
        .map(|challenge| user.persist(challenge, &wrong));
    let answers = join_all(guesses.collect()).await;
    let compared = answers.iter().filter(|answer| answer.status == 200).count();
    let waiting = answers
        .iter()
        .filter(|answer| answer.status == 429 && stopped(answer) == waits("30"));
    assert_eq!((compared, waiting.count()), (5, 11));
    assert_eq!(user.stored(&user.factor).await["wrong_in_a_row"], 10);
    let mut on_challenges = 0;
    for challenge in &challenges {
        on_challenges += user.stored(challenge).await["wrong"].as_u64().unwrap_or_default();
    }
    assert_eq!(on_challenges, 5);
}

#[tokio::test]
async fn a_right_code_that_comes_many_times_at_once_answers_one_challenge() {
    let user = User::with_app("").await;
    let mut challenges = Vec::new();
    for _ in 0..8 {
        challenges.push(user.challenge().await);
    }
    let right = user.right(NOW);
    let answers = join_all(
        challenges
            .iter()
            .map(|challenge| user.persist(challenge, &right))
            .collect(),
    )
    .await;
    let mut statuses: Vec<String> = answers.iter().map(|answer| status(answer).1).collect();
    statuses.sort();
    let mut expected = vec!["pending"; 7];
    expected.insert(0, "approved");
    assert_eq!(statuses, expected);
    let factor = user.stored(&user.factor).await;
    // Those that came before the right one do not count any more.
    assert!(
        factor
            .get("wrong_in_a_row")
            .is_none_or(|count| count.as_u64() <= Some(7))
    );

    let challenge = user.challenge().await;
    let later = NOW + Duration::minutes(2);
    let right = user.right(later);
    let answers = join_all(
        (0..8)
            .map(|_| user.persist_at(&challenge, &right, later))
            .collect(),
    )
    .await;
    let approved = answers
        .iter()
        .filter(|answer| status(answer) == ok("approved"))
        .count();
    let before = answers
        .iter()
        .filter(|answer| status(answer) == (403, "60322".to_owned()))
        .count();
    assert_eq!((approved, before), (1, 7));
}

#[tokio::test]
async fn a_right_code_that_comes_with_many_creations_at_once_approves_one() {
    let user = User::with_app("").await;
    let right = user.creation(&user.right(NOW));
    let other = user.function.another_instance();
    let apps = [&user.function.app, &other];
    let creations = apps.iter().cycle().take(16);
    let creations = creations.map(|app| persistently(app, &right, NOW));
    let answers = join_all(creations.collect()).await;
    let mut statuses: Vec<_> = answers.iter().map(status).collect();
    statuses.sort();
    statuses.dedup();
    let approved = answers.iter().filter(|answer| status(answer).1 == "approved");
    assert_eq!(approved.count(), 1, "{statuses:?}");
    let allowed = [
        (201, "approved".to_owned()),
        (201, "pending".to_owned()),
        (429, "60308".to_owned()),
    ];
    assert!(
        statuses.iter().all(|status| allowed.contains(status)),
        "{statuses:?}"
    );
    let compared = answers.iter().filter(|answer| answer.status == 201).count();
    let factor = user.stored(&user.factor).await;
    assert_eq!(
        factor["wrong_in_a_row"],
        compared - 1,
        "the first of all is the right one"
    );
}
