//! Deleting an Entity: all that is its own goes with it, also where it takes more than one transaction and one is cut short.

use harness::dynamo::Item;
use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::json;

use super::{Own, TOTP, created, entities_path, entity_path, factor_path, own, push, resource};
use crate::support::{
    Function, HOST, NOW, code_at, entity_partition, event, factors_path, invoke_at, request,
};

#[tokio::test]
async fn a_deleted_entity_is_gone_with_all_that_was_its_own() {
    let function = Function::start().await;
    let mut factors = created(&function, TOTP, 3).await;
    factors.extend(created(&function, &push(), 2).await);
    let verify = format!("AuthPayload={}", code_at(&factors[0], NOW));
    assert_eq!(
        function
            .request("POST", &factor_path(&factors[0]), &verify)
            .await
            .text("status"),
        "verified"
    );
    assert_eq!(
        function
            .request("DELETE", &factor_path(&factors[1]), "")
            .await
            .status,
        204
    );

    let deleted = function.invoke(&event("delete-entity.json")).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(deleted.header("content-type"), "");
    assert_eq!(deleted.header("cache-control"), "no-store");
    assert_eq!(
        deleted.header("access-control-allow-methods"),
        "GET, DELETE, OPTIONS"
    );
    assert!(function.items().await.is_empty(), "tombstones included");

    let again = function.invoke(&event("delete-entity.json")).await;
    assert_eq!(again.error(), (404, 20404));
    assert_eq!(
        again.text("message"),
        "The requested resource /v2/Services/{ServiceSid}/Entities/{Identity} was not found"
    );
    assert_eq!(
        function.request("GET", &entity_path(), "").await.error(),
        (404, 20404)
    );
    for factor in &factors {
        for method in ["GET", "POST", "DELETE"] {
            let answer = function.request(method, &factor_path(factor), &verify).await;
            assert_eq!(answer.error(), (404, 20404), "{method}");
        }
    }
    assert_eq!(
        function.request("GET", &factors_path(), "").await.json()["factors"],
        json!([])
    );
    assert_eq!(
        function.request("GET", &entities_path(), "").await.json()["entities"],
        json!([])
    );
}

#[tokio::test]
async fn an_entity_without_anything_is_deleted_too() {
    let function = Function::start().await;
    function.invoke(&event("create-entity.json")).await;
    assert_eq!(function.invoke(&event("delete-entity.json")).await.status, 204);
    assert!(function.items().await.is_empty());
    assert_eq!(
        function.invoke(&event("delete-entity.json")).await.error(),
        (404, 20404)
    );
    let again = function.invoke(&event("create-entity.json")).await;
    assert_eq!((again.status, again.text), (201, resource(HOST).to_string()));
}

#[tokio::test]
async fn other_entities_keep_what_is_theirs() {
    let function = Function::start().await;
    created(&function, TOTP, 2).await;
    // Its Identity begins as the other one does.
    let other = format!("{}-0", local::IDENTITY);
    let factors = factors_path().replace(local::IDENTITY, &other);
    let factor = function.request("POST", &factors, TOTP).await.text("sid");
    assert_eq!(function.request("DELETE", &entity_path(), "").await.status, 204);
    assert_eq!(
        function
            .request("GET", &format!("{factors}/{factor}"), "")
            .await
            .status,
        200
    );
    assert_eq!(
        function
            .request("GET", &format!("{}/{other}", entities_path()), "")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_deleted_entity_frees_its_idempotency_keys() {
    let function = Function::start().await;
    let create = event("create-factor-replay.json");
    let first = function.invoke(&create).await;
    for factor_first in [false, true] {
        if factor_first {
            assert_eq!(function.invoke(&event("delete-factor.json")).await.status, 204);
            assert_eq!(function.invoke(&create).await.error(), (422, 20422));
        }
        assert_eq!(function.invoke(&event("delete-entity.json")).await.status, 204);
        let next = function.invoke(&create).await;
        assert_eq!((next.status, next.header("idempotent-replayed")), (201, ""));
        assert_eq!(next.text("sid"), first.text("sid"));
        assert_ne!(
            next.json()["binding"],
            first.json()["binding"],
            "it is another Factor"
        );
        let replayed = function.invoke(&create).await;
        assert_eq!(
            (replayed.header("idempotent-replayed"), &replayed.text),
            ("true", &next.text)
        );
        assert_eq!(own(&function).await.totp.len(), 1);
    }
}

/// An Entity that no single transaction deletes: 100 totp and 20 push Factors, and what is left of 10 others.
async fn large(function: &Function) -> Vec<Item> {
    for factor in created(function, TOTP, 100).await.iter().take(10) {
        assert_eq!(
            function.request("DELETE", &factor_path(factor), "").await.status,
            204
        );
    }
    created(function, TOTP, 10).await;
    created(function, &push(), 20).await;
    let items = function.dynamo.partition(&entity_partition()).await;
    assert_eq!(items.len(), 131);
    items
}

#[tokio::test]
async fn a_delete_that_is_cut_short_leaves_what_is_counted_and_goes_on_when_repeated() {
    let function = Function::start().await;
    let all = large(&function).await;
    let delete = request("DELETE", &entity_path(), &[], "");
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    proxy.script(&[], Fault::None);
    assert_eq!(invoke_at(&app, &delete, NOW).await.status, 204);
    assert_eq!(own(&function).await, Own::default());
    let calls = proxy.calls();
    let round = ["GetItem", "Query", "TransactWriteItems"];
    assert_eq!(calls, [round; 3].concat());
    assert_eq!(invoke_at(&app, &delete, NOW).await.status, 404);

    // Neither is tried again by itself: nothing was done, or it was and its answer is lost.
    for fault in [Fault::Garbage, Fault::GarbageAfter] {
        for place in 0..calls.len() {
            function.put_all(&all).await;
            proxy.script(&vec![Fault::None; place], fault);
            let cut = invoke_at(&app, &delete, NOW).await;
            let context = format!("{fault:?} at call {place}");
            assert_eq!(cut.error(), (503, 20503), "{context}");
            let left = own(&function).await;
            let done = place + usize::from(fault == Fault::GarbageAfter);
            let expected = [130, 31, 0, 0][done / 3];
            assert_eq!(
                left.totp.len() + left.push.len() + left.tombstones.len(),
                expected,
                "{context}"
            );
            let again = function.request("DELETE", &entity_path(), "").await;
            assert_eq!(again.status, if left.entity { 204 } else { 404 }, "{context}");
            assert_eq!(
                function.request("DELETE", &entity_path(), "").await.error(),
                (404, 20404)
            );
            assert_eq!(own(&function).await, Own::default(), "{context}");
        }
    }
}

#[tokio::test]
async fn each_fault_that_passes_is_survived_and_told_as_done() {
    let function = Function::start().await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    let passing = Fault::ALL
        .into_iter()
        .filter(|fault| !fault.is_slow() && !fault.is_unreadable());
    for (fault, place) in passing.flat_map(|fault| [0, 1, 2].map(|place| (fault, place))) {
        created(&function, TOTP, 1).await;
        let script = [vec![Fault::None; place], vec![fault]].concat();
        proxy.script(&script, Fault::None);
        let deleted = invoke_at(&app, &request("DELETE", &entity_path(), &[], ""), NOW).await;
        assert_eq!(deleted.status, 204, "{fault:?} at call {place}: {}", deleted.text);
        assert_eq!(own(&function).await, Own::default(), "{fault:?} at call {place}");
    }
}
