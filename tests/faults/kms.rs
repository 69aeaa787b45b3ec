//! Each fault at each call to KMS.

use std::time::Instant;

use harness::faults::{Fault, FaultProxy};
use harness::local;
use verify_factors::App;

use crate::support::{Function, NOW, invoke_at};
use crate::{LONGEST_ANSWER, create, is_promised};

/// What KMS is asked for: the first data key, or one that is there.
const KMS_CALLS: [&str; 2] = ["GenerateDataKey", "Decrypt"];

/// A function whose KMS is behind a proxy, on a table where this call is the first.
async fn before(call: &str) -> (Function, FaultProxy, App) {
    let function = Function::start().await;
    if call == "Decrypt" {
        // A request, as a start gives up after a second.
        let made = invoke_at(
            &function.another_instance(),
            &create("another-identity", None),
            NOW,
        )
        .await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    let proxy = FaultProxy::start(&function.kms.endpoint).await.unwrap();
    let app = function.instance_by_way_of_kms(&proxy.endpoint());
    (function, proxy, app)
}

#[tokio::test]
async fn each_fault_of_kms_is_answered_as_promised_and_nothing_is_written_that_cannot_be_opened() {
    let mut tests = tokio::task::JoinSet::new();
    for (fault, call) in Fault::ALL
        .into_iter()
        .flat_map(|fault| KMS_CALLS.map(|call| (fault, call)))
    {
        for lasts in [false, true] {
            tests.spawn(async move {
                let (function, proxy, app) = before(call).await;
                proxy.script(&[fault], if lasts { fault } else { Fault::None });
                let keyed = create(local::IDENTITY, Some("key-of-a-retry"));
                let started = Instant::now();
                let answer = invoke_at(&app, &keyed, NOW).await;
                let context = format!("{fault:?} at {call}, lasting: {lasts}: {}", answer.text);
                assert!(started.elapsed() < LONGEST_ANSWER, "{context}");
                let status = match fault {
                    // KMS has no transactions and no batches.
                    Fault::Delay
                    | Fault::Unprocessed
                    | Fault::TransactionConflict
                    | Fault::TransactionInProgress => 201,
                    Fault::Throttling if lasts => 429,
                    _ if lasts || fault.is_unreadable() => 503,
                    _ => 201,
                };
                assert_eq!(answer.status, status, "{context}");
                assert!(is_promised(&answer), "{context}");
                assert_eq!(proxy.calls().first().map(String::as_str), Some(call), "{context}");

                proxy.script(&[], Fault::None);
                let again = invoke_at(&app, &keyed, NOW).await;
                assert_eq!(again.status, 201, "{context}");
                let elsewhere = invoke_at(&function.another_instance(), &keyed, NOW).await;
                assert_eq!(
                    (elsewhere.status, &elsewhere.text),
                    (201, &again.text),
                    "{context}"
                );
            });
        }
    }
    tests.join_all().await;
}

#[tokio::test]
async fn a_kms_that_hangs_delays_the_start_by_a_second() {
    let (_function, proxy, app) = before("Decrypt").await;
    proxy.script(&[], Fault::HangBefore);
    let started = Instant::now();
    app.warm_up(NOW).await;
    assert!((1..3).contains(&started.elapsed().as_secs()));
    proxy.script(&[], Fault::None);
    let answer = invoke_at(&app, &create(local::IDENTITY, None), NOW).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}
