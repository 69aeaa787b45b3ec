//! The counts of an Entity, the limits that they hold, and the places that are given back.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use harness::dynamo::Item;
use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{TOTP, at_once, create_factor, created, factor_path, instances, own, push};
use crate::factors::{ENTITY_SID, entity_item};
use crate::support::phone::Phone;
use crate::support::{Answer, Function, NOW, entity_partition, factors_path, invoke_at, request};

/// When Factors of [`NOW`] are gone.
const LATER: OffsetDateTime = NOW.saturating_add(Duration::DAY);

/// Where a Factor of which type is refused, and at how many.
fn limits() -> [(String, usize, &'static str); 2] {
    [(push(), 20, "push"), (TOTP.to_owned(), 100, "totp")]
}

#[tokio::test]
async fn an_entity_has_at_most_20_push_and_100_totp_factors() {
    let function = Function::start().await;
    let first = function.create_factor(TOTP).await;
    for (form, limit, name) in limits() {
        created(&function, &form, limit - usize::from(name == "totp")).await;
        let answer = function.create_factor(&form).await;
        assert_eq!(answer.error(), (400, 60315));
        assert_eq!(
            answer.text("message"),
            format!("The Entity already has {limit} {name} Factors, the most it can have")
        );
    }
    let items = function.items().await;
    assert_eq!(items.len(), 121);
    let counted = json!({"revision": 120, "push_factors": 20, "totp_factors": 100});
    assert_eq!(items[0], entity_item(&first, &counted));
    let other = factors_path().replace(local::IDENTITY, "another-identity");
    let answer = function.request("POST", &other, TOTP).await;
    assert_eq!(answer.status, 201, "each Entity has its own limit");
}

/// Makes so many Factors of the events' Entity as if they had been created one by one: all but the first are copies of it.
async fn fill(function: &Function, form: &str, count: usize, at: OffsetDateTime) -> Value {
    let first = invoke_at(&function.app, &create_factor(form), at).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let (pk, sid) = (entity_partition(), first.text("sid"));
    let factor = function.dynamo.item(&pk, &sid).await.unwrap();
    let copy = |_| {
        let mut copy = factor.clone();
        let sid = format!("YF{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        copy.insert("sk".to_owned(), AttributeValue::S(sid));
        copy
    };
    let mut items: Vec<Item> = (1..count).map(copy).collect();
    let mut entity = function.dynamo.item(&pk, ENTITY_SID).await.unwrap();
    let counted = format!("{}_factors", first.text("factor_type"));
    for name in [counted.as_str(), "revision"] {
        let before: usize = entity[name].as_n().unwrap().parse().unwrap();
        let number = AttributeValue::N((before + count - 1).to_string());
        entity.insert(name.to_owned(), number);
    }
    items.push(entity);
    function.put_all(&items).await;
    first.json()
}

/// The Factors that are listed at a moment.
async fn listed(function: &Function, at: OffsetDateTime) -> BTreeSet<String> {
    let all = request("GET", &format!("{}?PageSize=1000", factors_path()), &[], "");
    let list = invoke_at(&function.app, &all, at).await.json();
    let factors = list["factors"].as_array().unwrap();
    factors
        .iter()
        .map(|factor| factor["sid"].as_str().unwrap().to_owned())
        .collect()
}

async fn create_at(function: &Function, form: &str, at: OffsetDateTime) -> Answer {
    invoke_at(&function.app, &create_factor(form), at).await
}

#[tokio::test]
async fn an_entity_full_of_factors_that_are_gone_can_create_as_many_anew_and_no_more() {
    for (form, limit, name) in limits() {
        let function = Function::start().await;
        fill(&function, &form, limit, NOW).await;
        let last_second = LATER - Duration::SECOND;
        assert_eq!(
            create_at(&function, &form, last_second).await.error(),
            (400, 60315),
            "{name}"
        );
        let mut sids = BTreeSet::new();
        for number in 1..=limit {
            let answer = create_at(&function, &form, LATER).await;
            assert_eq!(answer.status, 201, "{number} of {limit}: {}", answer.text);
            sids.insert(answer.text("sid"));
            if number <= 2 {
                assert_eq!(listed(&function, LATER).await, sids);
                own(&function).await;
            }
        }
        assert_eq!(
            create_at(&function, &form, LATER).await.error(),
            (400, 60315),
            "{name}"
        );
        let own = own(&function).await;
        let there = if name == "push" { own.push } else { own.totp };
        assert_eq!((there, own.tombstones.len()), (sids, limit));
    }
}

#[tokio::test]
async fn only_a_create_that_meets_the_limit_looks_what_is_still_there() {
    let function = Function::start().await;
    fill(&function, &push(), 20, NOW).await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    let (read, query, write) = ("GetItem", "Query", "TransactWriteItems");
    for (form, at, status, calls) in [
        // A replay is looked for, then the count and what it counts.
        (push(), NOW, 400, [write, read, read, query].as_slice()),
        (TOTP.to_owned(), NOW, 201, &[write]),
        (push(), LATER, 201, &[write, read, read, query, write, write]),
        (push(), LATER, 201, &[write]),
    ] {
        // The Service and the data key are read anew after a while.
        let elsewhere = factors_path().replace(local::IDENTITY, "another-identity");
        invoke_at(&app, &request("POST", &elsewhere, &[], TOTP), at).await;
        proxy.script(&[], Fault::None);
        let answer = invoke_at(&app, &create_factor(&form), at).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(proxy.calls(), calls);
    }
}

/// Creates twice as many Factors as there can be, at once, and makes sure that there was `room` for so many; which those are.
async fn crowd(
    function: &Function,
    form: &str,
    limit: usize,
    room: usize,
    at: OffsetDateTime,
) -> BTreeSet<String> {
    let instances = instances(function).await;
    let keyed = |number| {
        let key = format!("{number} at {at}");
        request("POST", &factors_path(), &[("idempotency-key", &key)], form)
    };
    let answers = at_once(&instances, (0..2 * limit).map(keyed).collect(), at).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|timed| timed.answer.status == 201);
    for timed in &refused {
        assert_eq!(timed.answer.error(), (400, 60315), "{}", timed.answer.text);
    }
    let made: BTreeSet<String> = made.iter().map(|timed| timed.answer.text("sid")).collect();
    assert_eq!((made.len(), refused.len()), (room, 2 * limit - room));
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn creates_at_once_on_an_entity_full_of_factors_that_are_gone_end_with_as_many_as_there_can_be() {
    for (form, limit, name) in limits() {
        let function = Function::start().await;
        fill(&function, &form, limit, NOW).await;
        // Those of the other type are there, and stay.
        let other = if name == "push" { TOTP.to_owned() } else { push() };
        fill(&function, &other, 10, LATER - Duration::SECOND).await;
        let made = crowd(&function, &form, limit, limit, LATER).await;
        let own = own(&function).await;
        let (there, others) = if name == "push" {
            (own.push, own.totp)
        } else {
            (own.totp, own.push)
        };
        assert_eq!((there, others.len()), (made, 10), "{name}");
        assert_eq!(listed(&function, LATER).await.len(), limit + 10);
        assert_eq!(
            create_at(&function, &form, LATER).await.error(),
            (400, 60315),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_alone_gives_its_place_back() {
    let function = Function::start().await;
    fill(&function, &push(), 12, NOW).await;
    fill(&function, &push(), 8, NOW + Duration::HOUR).await;
    let made = crowd(&function, &push(), 20, 12, LATER).await;
    let there = listed(&function, LATER).await;
    assert_eq!((there.len(), there.is_superset(&made)), (20, true));
    assert_eq!(own(&function).await.push, there);
    let an_hour_later = LATER + Duration::HOUR;
    for number in 1..=8 {
        let answer = create_at(&function, &push(), an_hour_later).await;
        assert_eq!(answer.status, 201, "{number} of 8: {}", answer.text);
    }
    assert_eq!(
        create_at(&function, &push(), an_hour_later).await.error(),
        (400, 60315)
    );
    assert_eq!(own(&function).await.push, listed(&function, an_hour_later).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_put_right_where_dynamodb_deleted_what_was_counted() {
    for (deleted, at, room) in [(1, LATER, 20), (7, LATER, 20), (20, LATER, 20), (7, NOW, 7)] {
        let function = Function::start().await;
        fill(&function, &push(), 20, NOW).await;
        let items = function.dynamo.partition(&entity_partition()).await;
        let factors = items
            .into_iter()
            .filter(|item| item["sk"].as_s().unwrap().starts_with("YF"));
        for factor in factors.take(deleted) {
            function.dynamo.delete(factor).await;
        }
        // Some of them at once, which takes its time.
        if deleted == 7 {
            crowd(&function, &push(), 20, room, at).await;
        } else {
            for number in 1..=room {
                let answer = create_at(&function, &push(), at).await;
                assert_eq!(answer.status, 201, "{number} of {room}: {}", answer.text);
            }
        }
        assert_eq!(
            create_at(&function, &push(), at).await.error(),
            (400, 60315),
            "{deleted} deleted"
        );
        assert_eq!(
            own(&function).await.push,
            listed(&function, at).await,
            "{deleted} deleted"
        );
    }
}

#[tokio::test]
async fn a_verified_factor_never_gives_its_place_back() {
    let function = Function::start().await;
    let phones = (1..=12).map(Phone::number);
    let mut verified = BTreeSet::new();
    for phone in phones {
        let factor = function.create_factor(&phone.form()).await;
        let (path, sid) = (factor_path(&factor.json()), factor.text("sid"));
        let answer = function.request("POST", &path, &phone.payload(&sid)).await;
        assert_eq!(answer.text("status"), "verified");
        verified.insert(sid);
    }
    fill(&function, &push(), 8, NOW).await;
    let mut at = NOW;
    for days in 1..=2 {
        assert_eq!(create_at(&function, &push(), at).await.error(), (400, 60315));
        at = NOW + Duration::DAY * days;
        for number in 1..=8 {
            let answer = create_at(&function, &push(), at).await;
            assert_eq!(answer.status, 201, "{number} of 8 on day {days}: {}", answer.text);
        }
    }
    assert_eq!(create_at(&function, &push(), at).await.error(), (400, 60315));
    let there = listed(&function, at).await;
    assert_eq!((there.len(), there.is_superset(&verified)), (20, true));
    assert_eq!(own(&function).await.push, there);
}
