//! Each fault at each call to DynamoDB.

use std::collections::BTreeSet;

use harness::faults::Fault;
use harness::local;

use crate::support;
use crate::support::{Function, NOW, form_of, invoke_at, request};
use crate::{Faulty, create, is_promised, lasting};

#[tokio::test]
async fn each_fault_once_at_each_call_is_survived() {
    let mut tests = tokio::task::JoinSet::new();
    for fault in Fault::ALL {
        for place in 0..2 {
            tests.spawn(async move {
                let faulty = Faulty::start().await;
                let mut script = vec![Fault::None; place];
                script.push(fault);
                faulty.proxy.script(&script, Fault::None);
                let keyed = create(local::IDENTITY, Some("key-of-a-retry"));
                let mut answer = faulty.invoke(&keyed).await;
                if fault.is_unreadable() {
                    assert_eq!(answer.status, 503, "{fault:?} at call {place}");
                    answer = faulty.invoke(&keyed).await;
                }
                assert_eq!(answer.status, 201, "{fault:?} at call {place}: {}", answer.text);
                assert_eq!(
                    faulty.factors(local::IDENTITY).await,
                    BTreeSet::from([answer.text("sid")]),
                    "{fault:?} at call {place}"
                );
            });
        }
    }
    tests.join_all().await;
}

#[tokio::test]
async fn each_fault_that_lasts_is_answered_in_time_and_found_again_with_its_key() {
    let mut tests = tokio::task::JoinSet::new();
    for fault in Fault::ALL {
        for place in 0..2 {
            tests.spawn(async move {
                let faulty = Faulty::start().await;
                faulty.proxy.script(&vec![Fault::None; place], fault);
                let keyed = create(local::IDENTITY, Some("key-of-a-retry"));
                let answer = faulty.invoke(&keyed).await;
                // Reads don't conflict, so only the write fails then.
                assert_eq!(
                    answer.status,
                    lasting(fault),
                    "{fault:?} from call {place}: {}",
                    answer.text
                );
                assert!(is_promised(&answer));
                let there = faulty.factors(local::IDENTITY).await;
                assert!(there.len() <= 1);
                faulty.proxy.script(&[], Fault::None);
                let retried = faulty.invoke(&keyed).await;
                assert_eq!(retried.status, 201, "{fault:?}");
                assert_eq!(
                    !retried.header("idempotent-replayed").is_empty(),
                    !there.is_empty()
                );
                assert_eq!(
                    faulty.factors(local::IDENTITY).await,
                    BTreeSet::from([retried.text("sid")])
                );
            });
        }
    }
    tests.join_all().await;
}

#[tokio::test]
async fn a_refused_connection_is_answered_in_time() {
    let function = Function::start().await;
    // Nothing listens on the discard port of a machine that runs tests.
    let app = function.instance_by_way_of("http://127.0.0.1:9");
    let answer = invoke_at(&app, &create(local::IDENTITY, None), NOW).await;
    assert_eq!(answer.error(), (503, 20503));
}

#[tokio::test]
async fn each_fault_of_the_services_is_answered_as_promised() {
    let mut tests = tokio::task::JoinSet::new();
    for fault in Fault::ALL {
        for lasts in [false, true] {
            tests.spawn(async move {
                let faulty = Faulty::start().await;
                let path = format!("/v2/Services/{}", local::SERVICE_SID);
                for (method, target, form, good) in [
                    ("POST", "/v2/Services", "FriendlyName=Nest", 201),
                    ("GET", "/v2/Services", "", 200),
                    ("GET", path.as_str(), "", 200),
                    ("POST", path.as_str(), "Totp.Skew=2", 200),
                    ("DELETE", path.as_str(), "", 204),
                ] {
                    faulty
                        .proxy
                        .script(&[fault], if lasts { fault } else { Fault::None });
                    let answer = faulty.invoke(&request(method, target, &[], form)).await;
                    if lasts {
                        assert!(
                            is_promised(&answer) || answer.status == good,
                            "{fault:?} {method} {target}"
                        );
                    } else {
                        let status = if fault.is_unreadable() { 503 } else { good };
                        assert_eq!(
                            answer.status, status,
                            "{fault:?} {method} {target}: {}",
                            answer.text
                        );
                    }
                    faulty.proxy.script(&[], Fault::None);
                }
                if !lasts && !fault.is_unreadable() {
                    let list = faulty.function.request("GET", "/v2/Services", "").await.json();
                    let services = list["services"].as_array().unwrap();
                    assert_eq!(
                        services.len(),
                        1,
                        "{fault:?}: one was created once and one was deleted"
                    );
                }
            });
        }
    }
    tests.join_all().await;
}

#[tokio::test]
async fn a_delete_that_dynamodb_is_still_at_is_the_same_delete_when_it_is_tried_again() {
    let faulty = Faulty::start().await;
    // More often than the SDK tries.
    faulty
        .proxy
        .script(&[Fault::TransactionInProgress; 4], Fault::None);
    let path = format!("/v2/Services/{}", local::SERVICE_SID);
    let answer = faulty.invoke(&request("DELETE", &path, &[], "")).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

#[tokio::test]
async fn writers_that_keep_colliding_are_let_through_within_the_request() {
    let faulty = Faulty::start().await;
    faulty.proxy.script(
        &[&[Fault::None], [Fault::TransactionConflict; 8].as_slice()].concat(),
        Fault::None,
    );
    let answer = faulty.invoke(&create(local::IDENTITY, None)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(faulty.factors(local::IDENTITY).await.len(), 1);
}

#[tokio::test]
async fn a_replay_survives_each_fault_too() {
    for fault in Fault::ALL
        .into_iter()
        .filter(|fault| !fault.is_slow() && !fault.is_unreadable())
    {
        let faulty = Faulty::start().await;
        let keyed = create(local::IDENTITY, Some("key-of-a-replay"));
        let first = faulty.invoke(&keyed).await;
        faulty.proxy.script(&[fault], Fault::None);
        let second = faulty.invoke(&keyed).await;
        assert_eq!(
            (second.status, second.header("idempotent-replayed")),
            (201, "true"),
            "{fault:?}"
        );
        assert_eq!(first.text, second.text);
    }
}

#[tokio::test]
async fn a_limit_is_a_limit_under_faults() {
    let faulty = Faulty::start().await;
    let push = form_of(&support::event("create-push-factor.json"));
    let event = request("POST", &support::factors_path(), &[], &push);
    for number in 0..20 {
        faulty.proxy.script(
            &[if number % 2 == 0 {
                Fault::CutAfter
            } else {
                Fault::CutBefore
            }],
            Fault::None,
        );
        let answer = faulty.invoke(&event).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    for fault in [
        Fault::CutAfter,
        Fault::CutBefore,
        Fault::TransactionConflict,
        Fault::InternalServerError,
    ] {
        faulty.proxy.script(&[fault], Fault::None);
        assert_eq!(faulty.invoke(&event).await.error(), (400, 60315), "{fault:?}");
    }
    assert_eq!(faulty.factors(local::IDENTITY).await.len(), 20);
}
