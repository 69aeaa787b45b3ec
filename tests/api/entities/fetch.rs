//! Fetching an Entity: what is shown, and what is not found.

use harness::local;

use super::{NO_SERVICE, TOTP, created, entities_path, entity_path, push, resource};
use crate::support::{Function, HOST, event};

#[tokio::test]
async fn an_entity_is_fetched_as_it_was_created() {
    let function = Function::start().await;
    let created = function.invoke(&event("create-entity.json")).await;
    let fetched = function.invoke(&event("fetch-entity.json")).await;
    assert_eq!((fetched.status, &fetched.text), (200, &created.text));
    assert_eq!(fetched.text, resource(HOST).to_string());
    assert_eq!(fetched.header("content-type"), "application/json");
    assert_eq!(fetched.header("cache-control"), "no-store");
    assert_eq!(
        fetched.header("access-control-allow-methods"),
        "GET, DELETE, OPTIONS"
    );
    assert!(!fetched.header("x-request-id").is_empty());
}

#[tokio::test]
async fn what_an_entity_has_is_nothing_that_it_shows() {
    let function = Function::start().await;
    created(&function, TOTP, 2).await;
    created(&function, &push(), 1).await;
    let fetched = function.request("GET", &entity_path(), "").await;
    assert_eq!(fetched.text, resource("https://verify.example.com").to_string());
}

#[tokio::test]
async fn its_links_lead_to_its_factors() {
    let function = Function::start().await;
    let entity = function.invoke(&event("create-entity.json")).await.json();
    let target = |link: &str| {
        entity["links"][link]
            .as_str()
            .unwrap()
            .strip_prefix(HOST)
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        function
            .request("POST", &target("new_factors"), TOTP)
            .await
            .status,
        201
    );
    let list = function.request("GET", &target("factors"), "").await.json();
    assert_eq!(list["factors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_identity_in_a_path_is_percent_decoded_and_has_to_keep_its_rule() {
    let function = Function::start().await;
    function.invoke(&event("create-entity.json")).await;
    let encoded = entity_path().replace(local::IDENTITY, &local::IDENTITY.replace('f', "%66"));
    assert_eq!(
        function.request("GET", &encoded, "").await.text,
        resource("https://verify.example.com").to_string()
    );
    for identity in [
        "short",
        &"x".repeat(65),
        "identity_a",
        "identity%20a",
        "identity%2Fa",
        "identity%FF",
        "a",
    ] {
        for method in ["GET", "DELETE"] {
            let answer = function
                .request(method, &format!("{}/{identity}", entities_path()), "")
                .await;
            // A slash in it makes two segments of it before the function sees the path.
            let expected = if identity.contains("%2F") {
                (404, 20404)
            } else {
                (400, 60366)
            };
            assert_eq!(answer.error(), expected, "{method} {identity}");
            if expected.0 == 400 {
                assert_eq!(
                    answer.invalid(),
                    [("Identity".to_owned(), 60366)],
                    "{method} {identity}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let function = Function::start().await;
    function.invoke(&event("create-entity.json")).await;
    for (from, to) in [
        (local::IDENTITY, "another-identity"),
        // Identities differ where their case does.
        (local::IDENTITY, &local::IDENTITY.to_uppercase()),
        (local::SERVICE_SID, NO_SERVICE),
        (local::SERVICE_SID, "VA1"),
    ] {
        for method in ["GET", "DELETE"] {
            let answer = function
                .request(method, &entity_path().replace(from, to), "")
                .await;
            assert_eq!(answer.error(), (404, 20404), "{method} {to}");
        }
    }
    let answer = function
        .request("GET", &format!("{}/another-identity", entities_path()), "")
        .await;
    assert_eq!(
        answer.text("message"),
        "The requested resource /v2/Services/{ServiceSid}/Entities/{Identity} was not found"
    );
    let rule_first = entity_path()
        .replace(local::SERVICE_SID, NO_SERVICE)
        .replace(local::IDENTITY, "short");
    assert_eq!(
        function.request("GET", &rule_first, "").await.error(),
        (400, 60366)
    );
    assert_eq!(function.request("GET", &entity_path(), "").await.status, 200);
}

#[tokio::test]
async fn an_entity_of_another_service_is_another_one() {
    let function = Function::start().await;
    function.invoke(&event("create-entity.json")).await;
    let service = function
        .request("POST", "/v2/Services", "FriendlyName=Nest")
        .await
        .text("sid");
    let other = entities_path().replace(local::SERVICE_SID, &service);
    let path = format!("{other}/{}", local::IDENTITY);
    assert_eq!(function.request("GET", &path, "").await.error(), (404, 20404));
    let created = function
        .request("POST", &other, &format!("Identity={}", local::IDENTITY))
        .await;
    assert_eq!((created.status, created.text("service_sid")), (201, service));
    assert_ne!(created.json()["sid"], resource(HOST)["sid"]);
    assert_eq!(function.request("DELETE", &path, "").await.status, 204);
    assert_eq!(function.request("GET", &entity_path(), "").await.status, 200);
}

#[tokio::test]
async fn nothing_of_a_deleted_service_is_found() {
    let function = Function::start().await;
    let factors = created(&function, TOTP, 1).await;
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    assert_eq!(function.request("DELETE", &service, "").await.status, 204);
    for (method, path) in [
        ("GET", entities_path()),
        ("GET", entity_path()),
        ("DELETE", entity_path()),
        ("GET", format!("{}/Factors", entity_path())),
        ("GET", super::factor_path(&factors[0])),
        ("POST", super::factor_path(&factors[0])),
        ("DELETE", super::factor_path(&factors[0])),
    ] {
        assert_eq!(
            function.request(method, &path, "").await.error(),
            (404, 20404),
            "{method} {path}"
        );
    }
}
