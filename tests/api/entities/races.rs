//! What happens at once: counts equal Factors, and nothing of an Entity outlives its deletion, whoever else writes.

use std::collections::BTreeSet;
use std::time::Duration;

use harness::faults::{Fault, FaultProxy};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{
    Own, TOTP, Timed, at_once, create_factor, created, entity_path, factor_path, instances, own, push,
};
use crate::support::{Answer, Function, NOW, code_at, event, factors_path, invoke_at, request};

fn delete_entity() -> Value {
    request("DELETE", &entity_path(), &[], "")
}

fn statuses(answers: &[Timed]) -> Vec<u64> {
    let mut statuses: Vec<u64> = answers.iter().map(|timed| timed.answer.status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_deletes_at_once_one_is_the_one() {
    let function = Function::start().await;
    let instances = instances(&function).await;
    for many in 2..=8 {
        let mut expected = vec![404; many];
        expected[0] = 204;
        let factors = created(&function, TOTP, 2).await;
        let delete_factor = request("DELETE", &factor_path(&factors[0]), &[], "");
        let answers = at_once(&instances, vec![delete_factor; many], NOW).await;
        assert_eq!(statuses(&answers), expected, "{many} deletes of a Factor");
        let there = own(&function).await;
        assert_eq!((there.totp.len(), there.tombstones.len()), (1, 1));

        let answers = at_once(&instances, vec![delete_entity(); many], NOW).await;
        assert_eq!(statuses(&answers), expected, "{many} deletes of an Entity");
        assert_eq!(own(&function).await, Own::default());
    }
}

/// What follows from when each request was under way: which Factors are there for sure, and which are for sure not.
fn assert_follows(creates: &[Timed], deletes: &[Timed], there: &BTreeSet<String>) {
    let deletes: Vec<&Timed> = deletes
        .iter()
        .filter(|delete| delete.answer.status == 204)
        .collect();
    let mut answered = BTreeSet::new();
    for create in creates {
        let sid = create.answer.text("sid");
        if deletes.iter().any(|delete| create.done < delete.begun) {
            assert!(
                !there.contains(&sid),
                "{sid} was there before it was deleted with its Entity"
            );
        }
        if deletes.iter().all(|delete| delete.done < create.begun) {
            assert!(
                there.contains(&sid),
                "{sid} was created after all that was deleted"
            );
        }
        answered.insert(sid);
    }
    assert!(
        there.is_subset(&answered),
        "nothing is there that nobody was told of"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_that_is_deleted_while_50_factors_are_created_is_whole_or_not_there() {
    for many in [1, 4] {
        let function = Function::start().await;
        let instances = instances(&function).await;
        let mut creates = at_once(&instances, vec![create_factor(TOTP); 10], NOW).await;
        // With keys, as a client that is told to try again has to know what came of the first try.
        let keyed = |number: i32| {
            let key = number.to_string();
            request("POST", &factors_path(), &[("idempotency-key", &key)], TOTP)
        };
        let mut events: Vec<Value> = (0..50).map(keyed).collect();
        for number in 0..many {
            events.insert(10 * (number + 1), delete_entity());
        }
        let method = |event: &Value| event["requestContext"]["http"]["method"].clone();
        let is_delete: Vec<bool> = events.iter().map(|event| method(event) == "DELETE").collect();
        let mut deletes = Vec::new();
        for (timed, is_delete) in at_once(&instances, events, NOW).await.into_iter().zip(is_delete) {
            if is_delete { &mut deletes } else { &mut creates }.push(timed);
        }
        assert!(statuses(&deletes).contains(&204), "{deletes:?}");
        assert_eq!(statuses(&creates), [201; 60], "{creates:?}");
        let there = own(&function).await;
        assert_follows(&creates, &deletes, &there.totp);
        let fetched = function.request("GET", &entity_path(), "").await.status;
        assert_eq!(fetched, if there.totp.is_empty() { 404 } else { 200 });
        for create in &creates {
            let fetched = function
                .request("GET", &factor_path(&create.answer.json()), "")
                .await
                .status;
            let is_there = there.totp.contains(&create.answer.text("sid"));
            assert_eq!(fetched, if is_there { 200 } else { 404 });
        }
        let last = function.request("DELETE", &entity_path(), "").await.status;
        assert_eq!(last, if there.totp.is_empty() { 404 } else { 204 });
        assert_eq!(own(&function).await, Own::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn factors_that_are_created_and_deleted_at_once_are_counted_right_up_to_the_limit() {
    let function = Function::start().await;
    let instances = instances(&function).await;
    let full = created(&function, &push(), 20).await;
    let mut events = Vec::new();
    for factor in full.iter().take(8) {
        events.push(create_factor(&push()));
        events.push(create_factor(TOTP));
        // Each is deleted twice.
        events.extend([
            request("DELETE", &factor_path(factor), &[], ""),
            create_factor(&push()),
        ]);
        events.push(request("DELETE", &factor_path(factor), &[], ""));
    }
    let answers = at_once(&instances, events, NOW).await;
    let with = |status| answers.iter().filter(move |timed| timed.answer.status == status);
    assert_eq!((with(204).count(), with(404).count()), (8, 8));
    let created = |factor_type: &str| {
        with(201)
            .filter(|timed| timed.answer.text("factor_type") == factor_type)
            .count()
    };
    assert!(with(400).all(|timed| timed.answer.error() == (400, 60315)));
    let there = own(&function).await;
    assert_eq!((there.totp.len(), created("totp")), (8, 8));
    assert_eq!(there.push.len(), 12 + created("push"));
    assert_eq!((there.tombstones.len(), answers.len()), (8, 40));
    for _ in there.push.len()..20 {
        assert_eq!(function.create_factor(&push()).await.status, 201);
    }
    assert_eq!(function.create_factor(&push()).await.error(), (400, 60315));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_and_its_first_factors_that_are_created_at_once_are_one_entity() {
    for _ in 0..4 {
        let function = Function::start().await;
        let instances = instances(&function).await;
        let pair = [event("create-entity.json"), create_factor(TOTP)];
        let answers = at_once(&instances, [&pair[..], &pair, &pair, &pair].concat(), NOW).await;
        let (entities, factors): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .partition(|timed| timed.answer.status == 409 || timed.answer.json().get("binding").is_none());
        let made = entities.iter().filter(|timed| timed.answer.status == 201).count();
        assert!(made <= 1 && entities.len() == 4, "{made} of {}", entities.len());
        assert!(factors.iter().all(|timed| timed.answer.status == 201));
        let entity = &function.items().await[0];
        assert_eq!(
            (&entity["totp_factors"], &entity["revision"]),
            (&json!(4), &json!(4 + made))
        );
        assert_eq!(own(&function).await.totp.len(), 4);
    }
}

/// An instance that is under way with `event` until the answer to its last call of `calls` comes, late; and what it answers then.
async fn held(function: &Function, event: &Value, calls: usize) -> JoinHandle<Answer> {
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    let mut script = vec![Fault::None; calls];
    script[calls - 1] = Fault::Delay;
    proxy.script(&script, Fault::None);
    let event = event.clone();
    let answer = tokio::spawn(async move { invoke_at(&app, &event, NOW).await });
    while proxy.calls().len() < calls {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The call is answered by now, and its answer on the way.
    tokio::time::sleep(Duration::from_millis(20)).await;
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_is_late_does_not_take_the_next_entity_of_that_identity_for_the_one_it_read() {
    let function = Function::start().await;
    created(&function, TOTP, 1).await;
    // It has read the Entity and what is its own.
    let late = held(&function, &delete_entity(), 2).await;
    assert_eq!(function.request("DELETE", &entity_path(), "").await.status, 204);
    let next = created(&function, TOTP, 1).await;
    let late = late.await.unwrap();
    let fetched = function.request("GET", &factor_path(&next[0]), "").await;
    let there = own(&function).await;
    if late.status == 204 {
        assert_eq!(
            (fetched.status, there),
            (404, Own::default()),
            "nothing of it can be read"
        );
    } else {
        assert_eq!((fetched.status, there.totp.len()), (200, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_late_does_not_bring_back_a_factor_of_a_deleted_entity() {
    for (method, form) in [
        ("POST", "FriendlyName=late"),
        ("POST", "AuthPayload"),
        ("DELETE", ""),
    ] {
        for key_again in [false, true] {
            let function = Function::start().await;
            let create = event("create-factor-replay.json");
            let first = function.invoke(&create).await.json();
            let form = form.replace("AuthPayload", &format!("AuthPayload={}", code_at(&first, NOW)));
            // It has read the Factor.
            let late = held(&function, &request(method, &factor_path(&first), &[], &form), 1).await;
            assert_eq!(function.request("DELETE", &entity_path(), "").await.status, 204);
            let context = format!("{method} {form}, the key used again: {key_again}");
            if !key_again {
                assert_eq!(late.await.unwrap().status, 404, "{context}");
                assert_eq!(own(&function).await, Own::default(), "{context}");
                continue;
            }
            let next = function.invoke(&create).await;
            assert_eq!((next.status, next.header("idempotent-replayed")), (201, ""));
            let late = late.await.unwrap();
            if (method, late.status) == ("DELETE", 204) {
                // It came before the deletion of the Entity, or after the next Factor.
                own(&function).await;
                continue;
            }
            let next = next.json();
            let verify = format!("AuthPayload={}", code_at(&next, NOW));
            let verified = function.request("POST", &factor_path(&next), &verify).await;
            assert_eq!(verified.status, 200, "{context}: {}", verified.text);
            assert_eq!(
                verified.text("status"),
                "verified",
                "{context}: it has its own seed"
            );
        }
    }
}
