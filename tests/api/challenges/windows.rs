//! How many Challenges a Factor can have in an hour and in a day.

use time::{Duration, OffsetDateTime};

use super::{User, phone, status};
use crate::support::{NOW, join_all, logs, persistently};

const SECOND: OffsetDateTime = NOW.truncate_to_second();
const MESSAGE: &str = "Details.Message=a";

/// Creates Challenges at a moment until there can be no more; how many there were, and for how long the refusal says to wait.
async fn fill(user: &User, now: OffsetDateTime) -> (usize, String) {
    let mut created = 0;
    loop {
        let answer = user.create_at(MESSAGE, now).await;
        if answer.status != 201 {
            assert_eq!(answer.error(), (429, 60312));
            assert_eq!(
                answer.text("message"),
                "Too many Challenges for the Factor; try again later"
            );
            return (created, answer.header("retry-after").to_owned());
        }
        created += 1;
    }
}

fn after(seconds: i64) -> OffsetDateTime {
    SECOND + Duration::seconds(seconds)
}

#[tokio::test]
async fn challenges_with_short_codes_are_ten_a_day() {
    for length in [3, 4] {
        let user = User::with_app(&format!("Config.CodeLength={length}")).await;
        for (now, filled) in [
            (0, (10, "86400")),
            (1, (0, "86399")),
            (3600, (0, "82800")),
            (86_399, (0, "1")),
            // The next window begins with the first that comes.
            (90_000, (10, "86400")),
            (176_399, (0, "1")),
            (176_400, (10, "86400")),
        ] {
            let filled = (filled.0, filled.1.to_owned());
            assert_eq!(fill(&user, after(now)).await, filled, "{length}, {now} s");
        }
    }
}

#[tokio::test]
async fn other_challenges_are_so_many_an_hour_and_a_hundred_a_day() {
    let app = User::with_app("Config.CodeLength=5").await;
    let windows: &[_] = &[
        (0, 50, "3600"),
        (3599, 0, "1"),
        (3600, 50, "82800"),
        (86_399, 0, "1"),
        (86_400, 50, "3600"),
    ];
    let push: &[_] = &[
        (0, 20, "3600"),
        (5000, 20, "3600"),
        (8599, 0, "1"),
        (8600, 20, "3600"),
        (20_000, 20, "3600"),
        (30_000, 20, "56400"),
        (86_400, 20, "3600"),
    ];
    for (user, windows) in [(app, windows), (User::with_phone().await, push)] {
        for &(now, count, wait) in windows {
            assert_eq!(fill(&user, after(now)).await, (count, wait.to_owned()), "{now} s");
        }
    }
}

#[tokio::test]
async fn a_refused_challenge_counts_nowhere() {
    let user = User::with_app("Config.CodeLength=4").await;
    let challenge = user.challenge().await;
    for form in [
        "AuthPayload=x",
        "ExpirationDate=x",
        "AuthPayload=55667788&Details.Fields=x",
    ] {
        assert_eq!(user.create(form).await.status, 400, "{form}");
    }
    assert_eq!(fill(&user, NOW).await, (9, "86400".to_owned()));
    let items = user.function.items().await;
    assert_eq!(
        items
            .iter()
            .filter(|item| item["sk"].as_str().unwrap().starts_with("YC"))
            .count(),
        10
    );
    let refused = user.create(&user.wrong(NOW)).await;
    assert_eq!(
        (refused.error(), refused.header("retry-after")),
        ((429, 60312), "86400")
    );
    assert_eq!(
        logs::of(&refused)[0].get("outcome"),
        None,
        "its code was not looked at"
    );
    assert_eq!(user.function.items().await, items);
    // What is there can be answered.
    assert_eq!(
        status(&user.send(&challenge, &user.right(NOW)).await),
        (200, "approved".to_owned())
    );
}

#[tokio::test]
async fn each_factor_has_its_own_and_answers_give_nothing_back() {
    let user = User::with_phone().await;
    for _ in 0..20 {
        let challenge = user.challenge().await;
        let answer = user.send(&challenge, &phone().answer(&challenge, "denied")).await;
        assert_eq!(status(&answer), (200, "denied".to_owned()));
    }
    assert_eq!(fill(&user, NOW).await, (0, "3600".to_owned()));
    let factor = super::with_phone(&user.function, &crate::support::phone::Phone::number(2)).await;
    let answer = user.function.invoke(&super::creation(&factor, MESSAGE)).await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn of_many_creations_at_once_no_more_come_through_than_may() {
    let user = User::with_app("Config.CodeLength=4").await;
    let creation = user.creation(MESSAGE);
    let creations = (0..24).map(|_| persistently(&user.function.app, &creation, NOW));
    let answers = join_all(creations.collect()).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers
        .iter()
        .filter(|answer| answer.status == 429 && answer.error().1 == 60312)
        .count();
    assert_eq!((created, refused), (10, 14));
    assert_eq!(user.stored(&user.factor).await["day_challenges"], 10);
}
