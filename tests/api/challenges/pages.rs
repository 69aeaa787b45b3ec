//! Pages of Challenges: whole in both orders and both ways, with their filters, also while more are created.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::list::{HOST, list_at, sid, sids, user_of_both};
use super::phone;
use crate::support::{Function, NOW, challenges_path};

/// Pages from a URL on, by what they say is next, or else before.
async fn pages(function: &Function, first: &str, way: &str, now: OffsetDateTime) -> Vec<Value> {
    let (mut pages, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(url) = next {
        let page = list_at(function, &url, now).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let page = page.json();
        next = page["meta"][way].as_str().map(str::to_owned);
        pages.push(page);
        assert!(pages.len() < 100, "there is an end");
    }
    pages
}

#[tokio::test]
async fn pages_are_whole_in_both_orders_and_both_ways_and_keep_their_filters() {
    let (user, app, challenges) = user_of_both(11).await;
    let (push, totp) = (user.factor_sid(), app["sid"].as_str().unwrap());
    user.send(&challenges[4], &phone().answer(&challenges[4], "denied"))
        .await;
    let of = |numbers: &[usize]| -> Vec<String> {
        numbers.iter().map(|number| sid(&challenges[*number])).collect()
    };
    let everything: Vec<usize> = (0..11).collect();
    for (filter, numbers) in [
        (String::new(), everything.as_slice()),
        (format!("FactorSid={push}&"), &[0, 2, 4, 6, 8, 10]),
        (format!("FactorSid={totp}&"), &[1, 3, 5, 7, 9]),
        ("Status=pending&".to_owned(), &[0, 1, 2, 3, 5, 6, 7, 8, 9, 10]),
        (format!("FactorSid={push}&Status=denied&"), &[4]),
        (format!("FactorSid={totp}&Status=denied&"), &[]),
    ] {
        for (order, size) in [
            ("", 3),
            ("Order=asc&", 4),
            ("Order=desc&", 3),
            ("Order=desc&", 5),
            ("Order=desc&", 1),
        ] {
            let mut expected = of(numbers);
            if order.contains("desc") {
                expected.reverse();
            }
            let url = format!(
                "{HOST}{}?{filter}{order}PageSize={size}&Page=0",
                challenges_path()
            );
            let onward = pages(&user.function, &url, "next_page_url", NOW).await;
            let shown: Vec<Vec<String>> = onward.iter().map(sids).collect();
            assert_eq!(shown.concat(), expected, "{url}");
            let full = shown
                .split_last()
                .unwrap()
                .1
                .iter()
                .all(|page| page.len() == size);
            assert!(full, "each is full but for the last: {shown:?}");
            assert!(onward.len() <= expected.len() / size + 1);
            for (number, page) in onward.iter().enumerate() {
                let meta = &page["meta"];
                assert_eq!(
                    (&meta["page"], &meta["page_size"]),
                    (&json!(number), &json!(size))
                );
                assert_eq!(meta["first_page_url"], url.as_str());
                let head = format!("{HOST}{}?{filter}{order}PageSize={size}&Page=", challenges_path());
                for name in ["url", "next_page_url", "previous_page_url"] {
                    let url = meta[name].as_str().unwrap_or(&head);
                    assert!(url.starts_with(&head), "{name} keeps the filters: {url}");
                }
                assert_eq!(meta["previous_page_url"].is_null(), number == 0);
            }
            let last = onward.last().unwrap()["meta"]["url"].as_str().unwrap();
            let back = pages(&user.function, last, "previous_page_url", NOW).await;
            let mut back: Vec<Vec<String>> = back.iter().map(sids).collect();
            back.reverse();
            assert_eq!(back, shown, "and back: {url}");
        }
    }
    let token = format!(
        "{}?PageSize=2&pageToken=PA{}",
        challenges_path(),
        sid(&challenges[1])
    );
    let page = list_at(&user.function, &token, NOW).await;
    assert_eq!(sids(&page.json()), of(&[2, 3]), "as a device SDK spells it");
}

#[tokio::test]
async fn a_list_stays_whole_while_challenges_are_created() {
    let (user, _, challenges) = user_of_both(6).await;
    let mut all: Vec<String> = challenges.iter().map(sid).collect();
    for (order, filter) in [
        ("asc", ""),
        ("desc", ""),
        ("asc", "&Status=pending"),
        ("desc", "&Status=pending"),
    ] {
        let before = all.clone();
        let mut shown: Vec<String> = Vec::new();
        let mut next = Some(format!("{}?Order={order}&PageSize=2{filter}", challenges_path()));
        while let Some(url) = next {
            let page = list_at(&user.function, &url, NOW).await.json();
            shown.extend(sids(&page));
            next = page["meta"]["next_page_url"].as_str().map(str::to_owned);
            if shown.len() <= 4 {
                let now = NOW + Duration::milliseconds(all.len().try_into().unwrap());
                all.push(sid(&user.challenge_at(now).await));
            }
        }
        let mut expected = if order == "asc" { all.clone() } else { before };
        if order == "desc" {
            expected.reverse();
        }
        assert_eq!(shown, expected, "{order}{filter}");
    }
}
