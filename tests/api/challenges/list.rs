//! Listing Challenges: in the order of their creation or the other way round, filtered, page by page.

use harness::local;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{User, phone, with_app};
use crate::support::{Answer, Function, NOW, challenges_path, invoke_at, logs, request};

/// The host that these tests call.
pub(super) const HOST: &str = "https://verify.example.com";

pub(super) async fn list_at(function: &Function, target: &str, now: OffsetDateTime) -> Answer {
    let target = target.strip_prefix(HOST).unwrap_or(target);
    invoke_at(&function.app, &request("GET", target, &[], ""), now).await
}

/// The SIDs on a page.
pub(super) fn sids(page: &Value) -> Vec<String> {
    let challenges = page["challenges"].as_array().unwrap();
    challenges
        .iter()
        .map(|challenge| challenge["sid"].as_str().unwrap().to_owned())
        .collect()
}

pub(super) fn sid(challenge: &Value) -> String {
    challenge["sid"].as_str().unwrap().to_owned()
}

/// A user with an app and a phone, and their Challenges: in turns one of each, a millisecond apart.
pub(super) async fn user_of_both(count: u32) -> (User, Value, Vec<Value>) {
    let user = User::with_phone().await;
    let app = with_app(&user.function, "").await;
    let mut challenges = Vec::new();
    for number in 0..count {
        let now = NOW + Duration::milliseconds(number.into());
        challenges.push(if number % 2 == 0 {
            user.challenge_at(now).await
        } else {
            let creation = super::creation(&app, "");
            invoke_at(&user.function.app, &creation, now).await.json()
        });
    }
    (user, app, challenges)
}

#[tokio::test]
async fn an_entity_has_a_list_of_its_challenges() {
    let user = User::with_app("").await;
    let path = challenges_path();
    let meta = |size: u16| {
        let url = format!("{HOST}{path}?PageSize={size}&Page=0");
        json!({
            "page": 0, "page_size": size, "first_page_url": url, "previous_page_url": null, "url": url,
            "next_page_url": null, "key": "challenges",
        })
    };
    let empty = user.function.request("GET", &path, "").await;
    // As text, which has the order of the fields too.
    assert_eq!(
        empty.text,
        json!({"challenges": [], "meta": meta(50)}).to_string()
    );
    let challenges = [
        user.create("Details.Message=a&HiddenDetails=%7B%7D").await.json(),
        user.create_at(&user.right(NOW), NOW + Duration::MILLISECOND)
            .await
            .json(),
    ];
    let list = user
        .function
        .request("GET", &format!("{path}?PageSize=2"), "")
        .await;
    assert_eq!(
        list.text,
        json!({"challenges": challenges, "meta": meta(2)}).to_string()
    );
    let line = &logs::of(&list)[0];
    assert_eq!(
        (&line["operation"], line.get("outcome")),
        (&json!("ListChallenges"), None)
    );

    let nobody = path.replace(local::IDENTITY, "nobody-at-all");
    assert_eq!(
        user.function.request("GET", &nobody, "").await.json()["challenges"],
        json!([])
    );
    let nowhere = path.replace(local::SERVICE_SID, "VA00000000000000000000000000000000");
    assert_eq!(
        user.function.request("GET", &nowhere, "").await.error(),
        (404, 20404)
    );
}

#[tokio::test]
async fn a_list_is_of_one_factor_or_one_status_or_both() {
    let (user, app, challenges) = user_of_both(6).await;
    let app_user_code = |at| format!("AuthPayload={}", crate::support::code_at(&app, at));
    user.send(&challenges[0], &phone().answer(&challenges[0], "approved"))
        .await;
    user.send(&challenges[2], &phone().answer(&challenges[2], "denied"))
        .await;
    user.send(&challenges[1], &app_user_code(NOW)).await;
    let all: Vec<String> = challenges.iter().map(sid).collect();
    let end = NOW.truncate_to_second() + Duration::minutes(5);
    let (push, totp) = (user.factor_sid(), app["sid"].as_str().unwrap());
    let none = format!("YF{}", "0".repeat(32));
    for (query, now, expected) in [
        (String::new(), NOW, [0, 1, 2, 3, 4, 5].as_slice()),
        (format!("FactorSid={push}"), NOW, &[0, 2, 4]),
        (format!("FactorSid={totp}"), NOW, &[1, 3, 5]),
        (format!("FactorSid={none}"), NOW, &[]),
        ("Status=pending".to_owned(), NOW, &[3, 4, 5]),
        ("Status=expired".to_owned(), NOW, &[]),
        (
            "Status=pending".to_owned(),
            end - Duration::MILLISECOND,
            &[3, 4, 5],
        ),
        ("Status=expired".to_owned(), end - Duration::MILLISECOND, &[]),
        ("Status=pending".to_owned(), end, &[]),
        ("Status=expired".to_owned(), end, &[3, 4, 5]),
        ("Status=approved".to_owned(), end, &[0, 1]),
        ("Status=denied".to_owned(), end, &[2]),
        (format!("FactorSid={push}&Status=expired"), end, &[4]),
        (format!("FactorSid={totp}&Status=approved"), end, &[1]),
        (format!("FactorSid={totp}&Status=denied"), end, &[]),
        ("FactorSid=&Status=&Order=".to_owned(), end, &[0, 1, 2, 3, 4, 5]),
    ] {
        for (order, reversed) in [("", false), ("&Order=asc", false), ("&Order=desc", true)] {
            let target = format!("{}?{query}{order}", challenges_path());
            if query.contains("Order") && reversed {
                continue;
            }
            let list = list_at(&user.function, &target, now).await;
            if query.contains("Order") && !order.is_empty() {
                assert_eq!(list.error(), (400, 60306), "Order twice");
                continue;
            }
            let mut expected: Vec<&String> = expected.iter().map(|number| &all[*number]).collect();
            if reversed {
                expected.reverse();
            }
            assert_eq!(
                sids(&list.json()).iter().collect::<Vec<_>>(),
                expected,
                "{target}"
            );
            for challenge in list.json()["challenges"].as_array().unwrap() {
                let fetched = user.fetch_at(challenge, now).await;
                assert_eq!(fetched.json(), *challenge, "as it is shown alone");
            }
        }
    }
}

#[tokio::test]
async fn an_order_is_named_in_any_case_and_what_breaks_its_rule_is_named() {
    let (user, _, challenges) = user_of_both(3).await;
    let all: Vec<String> = challenges.iter().map(sid).collect();
    let list = async |query: &str| {
        let target = format!("{}?{query}", challenges_path());
        list_at(&user.function, &target, NOW).await
    };
    for order in ["asc", "ASC", "Asc"] {
        assert_eq!(sids(&list(&format!("Order={order}")).await.json()), all);
    }
    for order in ["desc", "DESC", "dEsC"] {
        let list = list(&format!("Order={order}")).await.json();
        let reversed: Vec<String> = all.iter().rev().cloned().collect();
        assert_eq!(sids(&list), reversed);
        let url = list["meta"]["url"].as_str().unwrap();
        assert!(url.ends_with("?Order=desc&PageSize=50&Page=0"), "{url}");
    }
    for (query, parameter) in [
        ("Order=up", "Order"),
        ("Order=asc&Order=asc", "Order"),
        ("Status=Pending", "Status"),
        ("Status=unverified", "Status"),
        ("Status=pending&Status=expired", "Status"),
        ("FactorSid=YF1", "FactorSid"),
        (&format!("FactorSid={}", sid(&challenges[0])), "FactorSid"),
        ("PageSize=0", "PageSize"),
        ("PageSize=1001", "PageSize"),
        ("Page=-1", "Page"),
        (&format!("PageToken={}", all[0]), "PageToken"),
        (&format!("PageToken=PA{}", user.factor_sid()), "PageToken"),
        ("pageToken=x", "pageToken"),
    ] {
        assert_eq!(
            list(query).await.invalid(),
            [(parameter.to_owned(), 60306)],
            "{query}"
        );
    }
    let all = list("Order=x&Status=x&FactorSid=x&PageSize=x&PageToken=x").await;
    assert_eq!(all.invalid().len(), 5);
    let malformed = challenges_path().replace(local::IDENTITY, "short");
    let answer = user
        .function
        .request("GET", &format!("{malformed}?Order=x"), "")
        .await;
    assert_eq!(
        answer.invalid(),
        [("Identity".to_owned(), 60366), ("Order".to_owned(), 60306)]
    );
}
