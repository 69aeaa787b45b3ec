//! Thousands of Challenges on one Entity: listed whole, in time, by as many calls as there are megabytes.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use harness::dynamo::Item;
use harness::faults::Fault;
use serde_json::{Value, json};
use time::Duration;

use super::{User, counted};
use crate::support::{Function, NOW, challenges_path, entity_partition, invoke_at, reply_as, request};

/// What an attribute takes at the least: DynamoDB counts names and values in bytes.
fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size_of(value)).sum()
}

fn size_of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len() / 2 + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::M(map) => 3 + map.len() + size(map),
        AttributeValue::L(list) => 3 + list.len() + list.iter().map(size_of).sum::<usize>(),
        other => panic!("nothing here writes {other:?}"),
    }
}

/// Writes as many Challenges as are missing, like one that was created; a tenth of them denied.
async fn fill(function: &Function, like: &Value, count: u64) -> (BTreeSet<String>, usize) {
    let sid = like["sid"].as_str().unwrap();
    let like = function.dynamo.item(&entity_partition(), sid).await.unwrap();
    let (mut sids, mut bytes) = (BTreeSet::from([sid.to_owned()]), size(&like));
    let first = u64::from_str_radix(&sid[2..14], 16).unwrap();
    let items: Vec<Item> = (1..count)
        .map(|number| {
            let sid = format!("YC{:012x}{:020x}", first + number, number);
            let mut item = like.clone();
            item.insert("sk".to_owned(), AttributeValue::S(sid.clone()));
            if number % 10 == 0 {
                item.remove("authenticator");
                item.insert("response".to_owned(), AttributeValue::S("denied".to_owned()));
                item.insert("date_responded".to_owned(), like["date_updated"].clone());
            }
            bytes += size(&item);
            sids.insert(sid);
            item
        })
        .collect();
    function.put_all(&items).await;
    (sids, bytes)
}

#[tokio::test]
async fn three_thousand_challenges_are_listed_whole_and_in_time() {
    const MEGABYTE: usize = 1 << 20;
    let user = User::with_phone().await;
    let created = user
        .create(&format!("Details.Message={}", "a".repeat(200)))
        .await
        .json();
    let (sids, bytes) = fill(&user.function, &created, 3000).await;
    let (app, proxy) = counted(&user.function, NOW).await;
    let page = async |query: &str| {
        proxy.script(&[], Fault::None);
        let target = format!("{}?{query}", challenges_path());
        // Later than all of it.
        let answer = invoke_at(
            &app,
            &request("GET", &target, &[], ""),
            NOW + Duration::seconds(4),
        )
        .await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        let calls = proxy.calls();
        assert!(calls.iter().all(|call| call == "Query"), "{calls:?}");
        (answer.json(), calls.len())
    };
    for order in ["asc", "desc"] {
        let mut shown = Vec::new();
        let mut query = Some(format!("Order={order}&PageSize=1000"));
        while let Some(next) = query {
            let (page, calls) = page(&next).await;
            assert!(
                calls <= 1000 * (bytes / 3000 + 100) / MEGABYTE + 1,
                "{calls} calls for {next}"
            );
            for challenge in page["challenges"].as_array().unwrap() {
                shown.push(challenge["sid"].as_str().unwrap().to_owned());
            }
            let next = page["meta"]["next_page_url"].as_str();
            query = next.map(|url| url.split_once('?').unwrap().1.to_owned());
        }
        if order == "desc" {
            shown.reverse();
        }
        assert!(shown.iter().eq(&sids), "each is there once, in its place");
    }
    assert_eq!(page("").await.1, 1, "a page of 50 is one call");
    let none = format!("FactorSid=YF{}", "0".repeat(32));
    for (query, found) in [
        ("Status=denied&PageSize=1000", 299),
        ("Status=pending&PageSize=1000&Order=desc", 1000),
        (none.as_str(), 0),
    ] {
        let (page, calls) = page(query).await;
        assert_eq!(page["challenges"].as_array().unwrap().len(), found, "{query}");
        assert!(calls <= bytes / MEGABYTE + 2, "{calls} calls for {query}");
    }
}

#[tokio::test]
async fn a_page_ends_before_it_is_too_long_for_lambda() {
    /// Bytes of a reply (quotas of Lambda).
    const MOST: usize = 6_291_556;
    let user = User::with_phone().await;
    // Each quotation mark is four bytes in the reply: JSON in JSON.
    let field = json!({"label": "a", "value": "\"".repeat(100)}).to_string();
    let field = serde_urlencoded::to_string([("Details.Fields", field)]).unwrap();
    let created = user
        .create(&format!("Details.Message=a{}", format!("&{field}").repeat(20)))
        .await
        .json();
    let (sids, _) = fill(&user.function, &created, 1000).await;
    for (order, url) in [
        ("asc", "next_page_url"),
        ("desc", "next_page_url"),
        ("desc", "previous_page_url"),
    ] {
        let mut query = Some(format!("Order={order}&PageSize=1000"));
        if url == "previous_page_url" {
            query = Some(format!(
                "Order={order}&PageSize=1000&PageToken=PBYC{}",
                "0".repeat(32)
            ));
        }
        let (mut shown, mut pages, mut tries) = (BTreeSet::new(), 0, 0);
        while let Some(next) = query {
            let target = format!("{}?{next}", challenges_path());
            let event = request("GET", &target, &[], "");
            let reply = reply_as(&user.function.app, &event, NOW, "id").await;
            assert!(reply.to_string().len() < MOST, "{}", reply.to_string().len());
            let page: Value = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
            // On a busy machine a page of megabytes can take a debug build longer than a request has.
            if reply["statusCode"] == 503 {
                tries += 1;
                assert!(tries < 10, "{page}");
                query = Some(next);
                continue;
            }
            let challenges = page["challenges"].as_array().unwrap();
            let sids = challenges
                .iter()
                .map(|challenge| challenge["sid"].as_str().unwrap().to_owned());
            shown.extend(sids);
            pages += 1;
            query = page["meta"][url]
                .as_str()
                .map(|url| url.split_once('?').unwrap().1.to_owned());
        }
        assert_eq!(shown, sids, "{order}");
        assert!((2..=5).contains(&pages), "{pages}");
    }
}

#[tokio::test]
async fn a_page_of_one_is_one_call_however_many_are_gone() {
    let user = User::with_phone().await;
    let gone = user.create("Details.Message=a").await.json();
    fill(&user.function, &gone, 300).await;
    let later = NOW + Duration::days(31);
    let left = user.create_at("Details.Message=a", later).await.json();
    let (app, proxy) = counted(&user.function, later).await;
    // Tokens of a month ago, and of the first and the last there can be.
    let after = |sid: &str| format!("PageSize=1&PageToken=PA{sid}");
    let before = |sid: &str| format!("PageSize=1&PageToken=PB{sid}");
    let (gone, least) = (gone["sid"].as_str().unwrap(), format!("YC{}", "0".repeat(32)));
    let greatest = least.replace('0', "f");
    // The first that is kept still.
    let kept = (later - Duration::days(30)).unix_timestamp() * 1000;
    let kept = format!("YC{kept:012x}{:020x}", 0);
    for (query, expected) in [
        ("PageSize=1", true),
        ("PageSize=1&Order=desc", true),
        (&after(gone), true),
        (&before(gone), false),
        (&after(&least), true),
        (&before(&least), false),
        (&after(&kept), true),
        (&before(&kept), false),
        (&after(&greatest), false),
        (&before(&greatest), true),
    ] {
        proxy.script(&[], Fault::None);
        let target = format!("{}?{query}", challenges_path());
        let answer = invoke_at(&app, &request("GET", &target, &[], ""), later).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        let listed = answer.json()["challenges"].clone();
        let expected = if expected {
            vec![left["sid"].clone()]
        } else {
            vec![]
        };
        let sids: Vec<Value> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["sid"].clone())
            .collect();
        assert_eq!(sids, expected, "{query}");
        assert_eq!(proxy.calls(), ["Query"], "{query}");
    }
}
