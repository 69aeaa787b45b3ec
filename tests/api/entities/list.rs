//! Listing a Service's Entities: pages both ways in the order of Identities, and the parameters that lead to them.

use harness::local;
use serde_json::json;

use super::{NO_SERVICE, TOTP, created, entities_path, entity_path, resource};
use crate::support::{Answer, Function, HOST, NOW, event, invoke_at, request};

/// Identities in the order of a list, which is that of their bytes.
const IDENTITIES: [&str; 7] = [
    "-0000000",
    "00000000",
    "Zebra-00",
    "a-zebra-0",
    "a-zebra0",
    "azebra-0",
    "azebra-01",
];

/// Creates Entities in another order than that of the list.
async fn create_all(function: &Function) {
    for number in [3, 0, 6, 1, 5, 2, 4] {
        create(function, IDENTITIES[number]).await;
    }
}

async fn create(function: &Function, identity: &str) {
    let answer = function
        .request("POST", &entities_path(), &format!("Identity={identity}"))
        .await;
    assert_eq!(answer.status, 201, "{identity}: {}", answer.text);
}

async fn list(function: &Function, query: &str) -> Answer {
    let answer = function
        .request("GET", &format!("{}{query}", entities_path()), "")
        .await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer
}

fn identities(page: &Answer) -> Vec<String> {
    let page = page.json();
    let entities = page["entities"].as_array().unwrap();
    entities
        .iter()
        .map(|entity| entity["identity"].as_str().unwrap().to_owned())
        .collect()
}

/// What comes after the host in a URL of `meta`.
fn target(page: &Answer, name: &str) -> Option<String> {
    let page = page.json();
    let url = page["meta"][name].as_str()?;
    Some(url.strip_prefix("https://verify.example.com").unwrap().to_owned())
}

#[tokio::test]
async fn a_list_is_answered_whole() {
    let function = Function::start().await;
    let first = function.invoke(&event("create-entity.json")).await.json();
    let page = function.invoke(&event("list-entities.json")).await;
    let url = format!("{HOST}{}?PageSize=20&Page=0", entities_path());
    let expected = json!({
        "entities": [resource(HOST)],
        "meta": {
            "page": 0, "page_size": 20, "first_page_url": url, "previous_page_url": null,
            "url": url, "next_page_url": null, "key": "entities",
        },
    });
    assert_eq!((page.status, page.text), (200, expected.to_string()));
    assert_eq!(first, resource(HOST));
    assert_eq!(page.headers["content-type"], "application/json");
    assert_eq!(page.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_service_without_entities_has_an_empty_list() {
    let function = Function::start().await;
    let url = format!("https://verify.example.com{}?PageSize=50&Page=0", entities_path());
    let meta = json!({
        "page": 0, "page_size": 50, "first_page_url": url, "previous_page_url": null,
        "url": url, "next_page_url": null, "key": "entities",
    });
    assert_eq!(
        list(&function, "").await.json(),
        json!({"entities": [], "meta": meta})
    );
}

#[tokio::test]
async fn pages_lead_through_all_entities_both_ways_in_the_order_of_identities() {
    let function = Function::start().await;
    create_all(&function).await;
    for size in [1, 2, 3, 6, 7, 8, 1000] {
        let mut next = Some(format!("{}?PageSize={size}", entities_path()));
        let mut pages: Vec<Answer> = Vec::new();
        while let Some(path) = next {
            // Each page by an instance of its own, as tokens outlive a process.
            let page = invoke_at(&function.another_instance(), &request("GET", &path, &[], ""), NOW).await;
            assert_eq!(page.status, 200, "{path}: {}", page.text);
            assert_eq!(page.json()["meta"]["page"], pages.len());
            next = target(&page, "next_page_url");
            assert!(
                identities(&page).len() == size || next.is_none(),
                "only the last page is not full"
            );
            assert_eq!(target(&page, "previous_page_url").is_none(), pages.is_empty());
            pages.push(page);
        }
        assert_eq!(
            pages.iter().flat_map(identities).collect::<Vec<_>>(),
            IDENTITIES,
            "pages of {size}"
        );
        assert_eq!(pages.len(), IDENTITIES.len().div_ceil(size));
        for pair in pages.windows(2) {
            let back = target(&pair[1], "previous_page_url").unwrap();
            let back = function.request("GET", &back, "").await;
            assert_eq!(back.json()["entities"], pair[0].json()["entities"]);
            assert_eq!(back.json()["meta"]["page"], pair[0].json()["meta"]["page"]);
            let forth = function
                .request("GET", &target(&back, "next_page_url").unwrap(), "")
                .await;
            assert_eq!(forth.json()["entities"], pair[1].json()["entities"]);
            for name in ["url", "first_page_url"] {
                assert_eq!(
                    function
                        .request("GET", &target(&pair[1], name).unwrap(), "")
                        .await
                        .status,
                    200
                );
            }
        }
    }
}

#[tokio::test]
async fn each_entity_is_listed_as_it_is_fetched() {
    let function = Function::start().await;
    create_all(&function).await;
    created(&function, TOTP, 1).await;
    let page = list(&function, "").await.json();
    let entities = page["entities"].as_array().unwrap();
    assert_eq!(entities.len(), 8, "that of the first Factor is there too");
    for entity in entities {
        let path = entity["url"]
            .as_str()
            .unwrap()
            .strip_prefix("https://verify.example.com")
            .unwrap();
        assert_eq!(function.request("GET", path, "").await.text, entity.to_string());
    }
}

#[tokio::test]
async fn entities_of_another_service_are_not_listed() {
    let function = Function::start().await;
    create_all(&function).await;
    let service = function
        .request("POST", "/v2/Services", "FriendlyName=Nest")
        .await
        .text("sid");
    let other = entities_path().replace(local::SERVICE_SID, &service);
    assert_eq!(
        function.request("GET", &other, "").await.json()["entities"],
        json!([])
    );
    assert_eq!(
        function
            .request("POST", &other, "Identity=only-there")
            .await
            .status,
        201
    );
    assert_eq!(
        identities(&function.request("GET", &other, "").await),
        ["only-there"]
    );
    assert_eq!(identities(&list(&function, "").await), IDENTITIES);
}

#[tokio::test]
async fn a_deleted_entity_is_not_listed_until_it_is_there_again() {
    let function = Function::start().await;
    create_all(&function).await;
    created(&function, TOTP, 2).await;
    assert_eq!(function.request("DELETE", &entity_path(), "").await.status, 204);
    assert_eq!(
        function
            .request("DELETE", &format!("{}/{}", entities_path(), IDENTITIES[2]), "")
            .await
            .status,
        204
    );
    let mut left = IDENTITIES.to_vec();
    left.remove(2);
    assert_eq!(identities(&list(&function, "").await), left);
    assert_eq!(identities(&list(&function, "?PageSize=3").await), left[..3]);
    created(&function, TOTP, 1).await;
    assert_eq!(identities(&list(&function, "").await).len(), 7);
}

#[tokio::test]
async fn a_token_is_a_place_whoever_is_there() {
    let function = Function::start().await;
    create_all(&function).await;
    for (token, expected) in [
        ("PAnobody-is-here", &IDENTITIES[7..]),
        ("PAZebrazzz", &IDENTITIES[3..]),
        ("PA--------", &IDENTITIES[..]),
        ("PBZebrazzz", &IDENTITIES[..3]),
        ("PB--------", &[]),
        ("PBzzzzzzzz", &IDENTITIES[..]),
        ("PA00000000", &IDENTITIES[2..]),
        ("PB00000000", &IDENTITIES[..1]),
    ] {
        let page = list(&function, &format!("?PageToken={token}")).await;
        assert_eq!(identities(&page), expected, "{token}");
        for name in ["next_page_url", "previous_page_url"] {
            if let Some(target) = target(&page, name) {
                assert_eq!(
                    function.request("GET", &target, "").await.status,
                    200,
                    "{token}: {target}"
                );
            }
        }
    }
    // It says nothing of the Service that it is from.
    let service = function
        .request("POST", "/v2/Services", "FriendlyName=Nest")
        .await
        .text("sid");
    let other = entities_path().replace(local::SERVICE_SID, &service);
    let page = function
        .request("GET", &format!("{other}?PageToken=PA00000000"), "")
        .await;
    assert_eq!((page.status, &page.json()["entities"]), (200, &json!([])));
}

#[tokio::test]
async fn the_token_of_a_device_sdk_is_a_token() {
    let function = Function::start().await;
    create_all(&function).await;
    let page = list(&function, "?pageToken=PA00000000&PageSize=2").await;
    assert_eq!(identities(&page), IDENTITIES[2..4]);
    let path = format!("{}?pageToken=PAshort", entities_path());
    assert_eq!(function.request("GET", &path, "").await.error(), (400, 60306));
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
        ("PageToken=PA", "PageToken"),
        ("PageToken=PAshort", "PageToken"),
        ("PageToken=PCidentity", "PageToken"),
        ("PageToken=PAidentity_a", "PageToken"),
        ("PageToken=PA%FFidentity", "PageToken"),
        ("PageToken=PAidentity&PageToken=PAidentity", "PageToken"),
        ("PageSize=1&PageSize=2", "PageSize"),
    ] {
        let answer = function
            .request("GET", &format!("{}?{query}", entities_path()), "")
            .await;
        assert_eq!(answer.error(), (400, 60306), "{query}");
        assert_eq!(answer.invalid(), [(parameter.to_owned(), 60306)], "{query}");
    }
    let all = format!("{}?PageSize=0&Page=x&PageToken=y", entities_path());
    assert_eq!(
        function.request("GET", &all, "").await.invalid().len(),
        3,
        "all at once"
    );
    let unknown = entities_path().replace(local::SERVICE_SID, NO_SERVICE);
    assert_eq!(function.request("GET", &unknown, "").await.error(), (404, 20404));
    let rule_first = function
        .request("GET", &format!("{unknown}?PageSize=0"), "")
        .await;
    assert_eq!(rule_first.error(), (400, 60306));
}

#[tokio::test]
async fn every_next_page_url_is_accepted_whatever_page_it_follows() {
    let function = Function::start().await;
    create_all(&function).await;
    for page in [0, u32::MAX - 1, u32::MAX] {
        let list = list(&function, &format!("?PageSize=1&Page={page}")).await;
        let next = target(&list, "next_page_url").unwrap();
        let next = function.request("GET", &next, "").await;
        assert_eq!(next.status, 200);
        let previous = target(&next, "previous_page_url").unwrap();
        let previous = function.request("GET", &previous, "").await;
        assert_eq!((previous.status, identities(&previous)), (200, identities(&list)));
    }
}
