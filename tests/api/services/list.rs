//! Listing Services: pages both ways, and the parameters that lead to them.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::json;

use super::{SERVICES, create, service_path};
use crate::support::{Function, NOW, invoke_at, request, service_item};

/// A URL without its origin.
fn path_of(url: &str) -> String {
    url.strip_prefix("https://verify.example.com").unwrap().to_owned()
}

#[tokio::test]
async fn a_list_is_paged_both_ways_without_a_gap() {
    let function = Function::start().await;
    for number in 0..10 {
        create(&function, &format!("FriendlyName=s{number}")).await;
    }
    for size in [1, 2, 3, 5, 10, 11, 12, 1000] {
        let mut target = format!("{SERVICES}?PageSize={size}");
        let (mut sids, mut pages) = (Vec::new(), Vec::new());
        loop {
            // Each page by an instance of its own, as tokens outlive a process.
            let app = function.another_instance();
            let page = invoke_at(&app, &request("GET", &target, &[], ""), NOW).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let page = page.json();
            assert_eq!(page["meta"]["page"], pages.len());
            assert_eq!(page["meta"]["page_size"], size);
            assert_eq!(page["meta"]["key"], "services");
            assert_eq!(
                page["meta"]["first_page_url"],
                format!("https://verify.example.com/v2/Services?PageSize={size}&Page=0")
            );
            assert_eq!(page["meta"]["previous_page_url"].is_null(), pages.is_empty());
            let services = page["services"].as_array().unwrap();
            assert!(services.len() <= size);
            sids.extend(
                services
                    .iter()
                    .map(|service| service["sid"].as_str().unwrap().to_owned()),
            );
            let next = page["meta"]["next_page_url"].as_str().map(path_of);
            pages.push(page);
            match next {
                Some(next) => target = next,
                None => break,
            }
        }
        assert_eq!(sids.len(), 11);
        assert_eq!(sids.iter().collect::<BTreeSet<_>>().len(), 11);
        assert_eq!(pages.len(), 11_usize.div_ceil(size));
        for pair in pages.windows(2) {
            let back = pair[1]["meta"]["previous_page_url"]
                .as_str()
                .map(path_of)
                .unwrap();
            let back = function.request("GET", &back, "").await.json();
            assert_eq!(back["services"], pair[0]["services"]);
            assert_eq!(back["meta"]["page"], pair[0]["meta"]["page"]);
            assert_eq!(
                back["meta"]["previous_page_url"].is_null(),
                pair[0]["meta"]["page"] == 0
            );
            let forth = back["meta"]["next_page_url"].as_str().map(path_of).unwrap();
            assert_eq!(
                function.request("GET", &forth, "").await.json()["services"],
                pair[1]["services"]
            );
        }
    }
}

#[tokio::test]
async fn an_account_without_services_has_an_empty_list() {
    let function = Function::start().await;
    function
        .request("DELETE", &service_path(local::SERVICE_SID), "")
        .await;
    let url = "https://verify.example.com/v2/Services?PageSize=50&Page=0";
    assert_eq!(
        function.request("GET", SERVICES, "").await.json(),
        json!({
            "services": [],
            "meta": {
                "page": 0, "page_size": 50, "first_page_url": url, "previous_page_url": null,
                "url": url, "next_page_url": null, "key": "services",
            },
        })
    );
}

#[tokio::test]
async fn a_list_whose_page_is_over_a_megabyte_is_whole() {
    let function = Function::start().await;
    // Foreign attributes make the items large without making them invalid.
    let filler = AttributeValue::S("x".repeat(300_000));
    for number in 0..6 {
        let mut item = service_item(&[("filler", filler.clone())]);
        let sid = format!("VA{number:032}");
        item.insert("sk".to_owned(), AttributeValue::S(sid));
        function.dynamo.put(item).await;
    }
    let page = function
        .request("GET", &format!("{SERVICES}?PageSize=1000"), "")
        .await
        .json();
    assert_eq!(page["services"].as_array().unwrap().len(), 7);
    let page = function
        .request("GET", &format!("{SERVICES}?PageSize=6"), "")
        .await
        .json();
    assert_eq!(page["services"].as_array().unwrap().len(), 6);
    assert!(page["meta"]["next_page_url"].is_string());
}

#[tokio::test]
async fn made_up_page_parameters_are_refused_by_name() {
    let function = Function::start().await;
    for (query, parameter) in [
        ("PageSize=0", "PageSize"),
        ("PageSize=1001", "PageSize"),
        ("PageSize=ten", "PageSize"),
        ("Page=-1", "Page"),
        ("PageToken=made-up", "PageToken"),
        ("PageToken=PAVA", "PageToken"),
        ("PageToken=%FF", "PageToken"),
        ("PageSize=1&PageSize=2", "PageSize"),
    ] {
        let answer = function.request("GET", &format!("{SERVICES}?{query}"), "").await;
        assert_eq!(answer.error(), (400, 60306), "{query}");
        assert_eq!(answer.invalid(), [(parameter.to_owned(), 60306)]);
    }
    let beyond = format!("{SERVICES}?PageToken=PAVA{}", "f".repeat(32));
    assert_eq!(
        function.request("GET", &beyond, "").await.json()["services"],
        json!([])
    );
    let before = format!("{SERVICES}?PageToken=PBVA{}", "0".repeat(32));
    assert_eq!(
        function.request("GET", &before, "").await.json()["services"],
        json!([])
    );
}

#[tokio::test]
async fn every_next_page_url_is_accepted_whatever_page_it_follows() {
    let function = Function::start().await;
    create(&function, "FriendlyName=Nest").await;
    for page in [u32::MAX - 1, u32::MAX] {
        let list = function
            .request("GET", &format!("{SERVICES}?PageSize=1&Page={page}"), "")
            .await
            .json();
        let next = list["meta"]["next_page_url"].as_str().map(path_of).unwrap();
        assert_eq!(function.request("GET", &next, "").await.status, 200, "{next}");
    }
}

#[tokio::test]
async fn a_list_is_a_query_and_never_a_scan() {
    let function = Function::start().await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    proxy.script(&[], Fault::None);
    invoke_at(&app, &request("GET", SERVICES, &[], ""), NOW).await;
    assert_eq!(proxy.calls(), ["Query"]);
}
