//! Listing an Entity's Factors.

use harness::local;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{Answer, Function, HOST, NOW, code_at, event, factors_path, invoke_at, request};

/// Creates so many totp Factors; their SIDs in the order of the list.
async fn factors(function: &Function, count: usize) -> Vec<String> {
    let mut sids = Vec::new();
    for _ in 0..count {
        let created = function.create_factor("FriendlyName=a&FactorType=totp").await;
        sids.push(created.text("sid"));
    }
    sids.sort();
    sids
}

fn sids(list: &Answer) -> Vec<String> {
    let list = list.json();
    let factors = list["factors"].as_array().unwrap();
    factors
        .iter()
        .map(|factor| factor["sid"].as_str().unwrap().to_owned())
        .collect()
}

/// What is after the host in a URL of `meta`.
fn target(list: &Answer, name: &str) -> Option<String> {
    let url = list.json()["meta"][name].as_str()?.to_owned();
    Some(url.strip_prefix("https://verify.example.com").unwrap().to_owned())
}

#[tokio::test]
async fn the_list_has_every_factor_as_it_is_fetched_and_no_binding() {
    let function = Function::start().await;
    function.invoke(&event("create-factor-replay.json")).await;
    function.invoke(&event("create-push-factor.json")).await;
    let list = function.invoke(&event("list-factors.json")).await;
    assert_eq!(list.status, 200);
    let json = list.json();
    for factor in json["factors"].as_array().unwrap() {
        let path = factor["url"].as_str().unwrap().strip_prefix(HOST).unwrap();
        let mut fetched = function.request("GET", path, "").await.json();
        fetched["url"] = factor["url"].clone();
        assert_eq!(*factor, fetched);
        assert_eq!(factor.get("binding"), None);
    }
    let url = format!("{HOST}{}?PageSize=20&Page=0", factors_path());
    assert_eq!(
        json["meta"],
        json!({
            "page": 0, "page_size": 20, "first_page_url": url, "previous_page_url": null, "url": url,
            "next_page_url": null, "key": "factors",
        })
    );
}

#[tokio::test]
async fn pages_lead_through_all_factors_both_ways_in_the_order_of_sids() {
    let function = Function::start().await;
    let all = factors(&function, 7).await;
    for size in 1..=8 {
        let mut next = Some(format!("{}?PageSize={size}", factors_path()));
        let (mut seen, mut last) = (Vec::new(), None);
        while let Some(path) = next {
            let page = function.request("GET", &path, "").await;
            assert_eq!(page.status, 200, "{path}");
            seen.extend(sids(&page));
            next = target(&page, "next_page_url");
            assert!(
                sids(&page).len() == size || next.is_none(),
                "only the last page is not full"
            );
            last = Some(page);
        }
        assert_eq!(seen, all, "pages of {size}");
        let mut back = sids(last.as_ref().unwrap());
        let mut previous = target(&last.unwrap(), "previous_page_url");
        while let Some(path) = previous {
            let page = function.request("GET", &path, "").await;
            back.splice(0..0, sids(&page));
            previous = target(&page, "previous_page_url");
        }
        assert_eq!(back, all, "pages of {size} backwards");
    }
}

#[tokio::test]
async fn what_is_gone_is_not_listed_and_pages_are_full_all_the_same() {
    let function = Function::start().await;
    let all = factors(&function, 6).await;
    for sid in [&all[0], &all[3]] {
        let path = format!("{}/{sid}", factors_path());
        assert_eq!(function.request("DELETE", &path, "").await.status, 204);
    }
    let created = function
        .create_factor("FriendlyName=a&FactorType=totp")
        .await
        .json();
    let sid = created["sid"].as_str().unwrap();
    let verify = format!("AuthPayload={}", code_at(&created, NOW));
    let verified = function
        .request("POST", &format!("{}/{sid}", factors_path()), &verify)
        .await;
    assert_eq!(verified.text("status"), "verified");

    let mut there = vec![&all[1], &all[2], &all[4], &all[5]];
    let page = function
        .request("GET", &format!("{}?PageSize=3", factors_path()), "")
        .await;
    let sid = sid.to_owned();
    there.push(&sid);
    there.sort();
    assert_eq!(sids(&page).iter().collect::<Vec<_>>(), there[..3]);
    let tomorrow = invoke_at(
        &function.app,
        &request("GET", &factors_path(), &[], ""),
        NOW + Duration::DAY,
    )
    .await;
    assert_eq!(sids(&tomorrow), [sid]);
}

#[tokio::test]
async fn the_list_of_nobody_is_empty() {
    let function = Function::start().await;
    let path = factors_path().replace(local::IDENTITY, "another-identity");
    let list = function.request("GET", &path, "").await;
    assert_eq!((list.status, &list.json()["factors"]), (200, &json!([])));
    assert_eq!(list.json()["meta"]["next_page_url"], Value::Null);
}

#[tokio::test]
async fn what_is_wrong_is_named_at_once_and_an_unknown_service_is_not_found() {
    let function = Function::start().await;
    let path = factors_path().replace(local::IDENTITY, "short");
    let answer = function
        .request("GET", &format!("{path}?PageSize=0&PageToken=PAxx"), "")
        .await;
    assert_eq!(answer.error(), (400, 60366));
    let names: Vec<String> = answer.invalid().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Identity", "PageSize", "PageToken"]);
    let unknown = factors_path().replace(local::SERVICE_SID, "VA00000000000000000000000000000000");
    assert_eq!(function.request("GET", &unknown, "").await.error(), (404, 20404));
}
