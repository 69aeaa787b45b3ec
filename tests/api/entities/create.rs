//! Creating Entities: what is answered and stored, once for each Identity, and by the first Factor as well.

use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::json;
use time::Duration;

use super::{
    NO_SERVICE, TOTP, create_factor, created, entities_path, entity_path, factor_path, push, resource,
};
use crate::factors::{ENTITY_SID, entity_item};
use crate::support::{Function, HOST, NOW, event, invoke_at, join_all};

#[tokio::test]
async fn an_entity_is_created_and_stored() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-entity.json")).await;
    // As text, which has the order of the fields too.
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (201, resource(HOST).to_string().as_str())
    );
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(
        answer.header("access-control-allow-methods"),
        "GET, POST, OPTIONS"
    );
    assert_eq!(answer.header("location"), "");
    assert_eq!(
        function.items().await,
        [entity_item(&answer, &json!({"revision": 1}))]
    );
}

#[tokio::test]
async fn an_entity_that_is_there_is_not_created_again() {
    let function = Function::start().await;
    let create = event("create-entity.json");
    assert_eq!(function.invoke(&create).await.status, 201);
    let items = function.items().await;
    for app in [&function.app, &function.another_instance()] {
        let again = invoke_at(app, &create, NOW + Duration::DAY).await;
        assert_eq!(again.error(), (409, 60301));
        assert_eq!(
            again.json(),
            json!({
                "code": 60301,
                "message": "The Entity exists already",
                "more_info": "https://www.twilio.com/docs/errors/60301",
                "status": 409,
            })
        );
    }
    assert_eq!(function.items().await, items, "nothing is written over it");
}

#[tokio::test]
async fn the_first_factor_creates_its_entity() {
    for form in [TOTP.to_owned(), push()] {
        let (explicit, implicit) = (Function::start().await, Function::start().await);
        explicit.invoke(&event("create-entity.json")).await;
        let later = NOW + Duration::HOUR;
        assert_eq!(
            invoke_at(&implicit.app, &create_factor(&form), later)
                .await
                .status,
            201
        );
        let expected = explicit.request("GET", &entity_path(), "").await;
        let fetched = implicit.request("GET", &entity_path(), "").await;
        assert_eq!(fetched.status, 200);
        let but_for_dates = fetched
            .text
            .replace("2026-01-02T04:04:05Z", "2026-01-02T03:04:05Z");
        assert_eq!(but_for_dates, expected.text);
        assert_eq!(fetched.text("date_created"), "2026-01-02T04:04:05Z");
        assert_eq!(fetched.text("date_updated"), "2026-01-02T04:04:05Z");
        let again = implicit.invoke(&event("create-entity.json")).await;
        assert_eq!(again.error(), (409, 60301));
    }
}

#[tokio::test]
async fn factors_are_counted_on_an_entity_that_was_there_and_leave_the_rest_of_it() {
    let function = Function::start().await;
    let entity = function.invoke(&event("create-entity.json")).await;
    for (number, form) in [(2, TOTP), (3, TOTP), (4, &push())] {
        let later = NOW + Duration::HOUR * number;
        let factor = invoke_at(&function.app, &create_factor(form), later).await;
        assert_eq!(
            (factor.status, factor.text("entity_sid")),
            (201, ENTITY_SID.to_owned())
        );
    }
    let counted = json!({"revision": 4, "totp_factors": 2, "push_factors": 1});
    assert_eq!(function.items().await[0], entity_item(&entity, &counted));
    let fetched = function.request("GET", &entity_path(), "").await;
    assert_eq!(fetched.text("date_created"), entity.text("date_created"));
}

#[tokio::test]
async fn an_entity_outlives_its_factors() {
    let function = Function::start().await;
    let factors = created(&function, TOTP, 1).await;
    assert_eq!(
        function
            .request("DELETE", &factor_path(&factors[0]), "")
            .await
            .status,
        204
    );
    assert_eq!(function.request("GET", &entity_path(), "").await.status, 200);
    assert_eq!(
        function.invoke(&event("create-entity.json")).await.error(),
        (409, 60301)
    );
}

#[tokio::test]
async fn an_identity_that_is_missing_or_breaks_its_rule_is_named() {
    let function = Function::start().await;
    for form in ["", "Identity=", "identity=ff483d1ff591898a", "Unknown=1"] {
        let answer = function.request("POST", &entities_path(), form).await;
        assert_eq!(answer.error(), (400, 20001), "{form}");
        assert_eq!(
            answer.text("message"),
            "Missing required parameter Identity in the post body"
        );
        assert_eq!(answer.invalid(), [("Identity".to_owned(), 20001)]);
    }
    let (shortest, longest) = ("x".repeat(7), "x".repeat(65));
    for identity in [
        &shortest,
        &longest,
        "identity+a",
        "identity_a",
        "identity.a",
        "identity%2Fa",
        "identity%00",
        "%C3%ADdentity",
        "identity%0A",
        "user%40example.com",
    ] {
        let answer = function
            .request("POST", &entities_path(), &format!("Identity={identity}"))
            .await;
        assert_eq!(answer.error(), (400, 60366), "{identity}");
        assert_eq!(answer.invalid(), [("Identity".to_owned(), 60366)], "{identity}");
    }
    for broken in ["Identity=identity-a&Identity=identity-a", "Identity=identity-%FF"] {
        let answer = function.request("POST", &entities_path(), broken).await;
        assert_eq!(answer.status, 400, "{broken}");
        assert_eq!(answer.invalid()[0].0, "Identity", "{broken}");
    }
    assert!(function.items().await.is_empty());
}

#[tokio::test]
async fn identities_are_8_to_64_characters_whose_case_matters() {
    let function = Function::start().await;
    let (shortest, longest) = ("--------", "aZ09-".repeat(13)[..64].to_owned());
    let mut sids = Vec::new();
    for identity in [shortest, &longest, "identity", "Identity", "IDENTITY"] {
        let answer = function
            .request("POST", &entities_path(), &format!("Identity={identity}"))
            .await;
        assert_eq!((answer.status, answer.text("identity").as_str()), (201, identity));
        let url = answer.text("url");
        assert!(url.ends_with(&format!("/Entities/{identity}")), "{url}");
        sids.push(answer.text("sid"));
    }
    for sid in &sids {
        let hex = sid.strip_prefix("YE").unwrap();
        assert!(
            hex.len() == 32 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
            "{sid}"
        );
    }
    sids.sort();
    sids.dedup();
    assert_eq!(sids.len(), 5);
}

#[tokio::test]
async fn a_service_that_is_not_there_or_not_any_more_has_no_entities() {
    let function = Function::start().await;
    let unknown = entities_path().replace(local::SERVICE_SID, NO_SERVICE);
    assert_eq!(
        function
            .request("POST", &unknown, "Identity=identity-a")
            .await
            .error(),
        (404, 20404)
    );
    assert_eq!(
        function.request("POST", &unknown, "Identity=short").await.error(),
        (400, 60366),
        "rules come first"
    );
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    function.request("DELETE", &service, "").await;
    assert_eq!(
        function.invoke(&event("create-entity.json")).await.error(),
        (404, 20404)
    );
    assert!(function.items().await.is_empty());
}

#[tokio::test]
async fn of_many_creates_at_once_one_makes_it() {
    let function = Function::start().await;
    let create = event("create-entity.json");
    let other = function.another_instance();
    let apps = [&function.app, &other];
    let answers = join_all(
        (0..8)
            .map(|number| invoke_at(apps[number % 2], &create, NOW))
            .collect(),
    )
    .await;
    let mut statuses: Vec<u64> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    let made_by = answers.iter().find(|answer| answer.status == 201).unwrap();
    assert_eq!(
        function.items().await,
        [entity_item(made_by, &json!({"revision": 1}))]
    );
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_done_once_and_is_none_that_was_there() {
    for fault in [
        Fault::CutAfter,
        Fault::CutWithin,
        Fault::CutBefore,
        Fault::TransactionInProgress,
        Fault::TransactionConflict,
    ] {
        let function = Function::start().await;
        let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
        let app = function.instance_by_way_of(&proxy.endpoint());
        app.warm_up(NOW).await;
        proxy.script(&[fault], Fault::None);
        let answer = invoke_at(&app, &event("create-entity.json"), NOW).await;
        assert_eq!(answer.status, 201, "{fault:?}: {}", answer.text);
        let stored = entity_item(&answer, &json!({"revision": 1}));
        assert_eq!(function.items().await, [stored], "{fault:?}");
    }
}
