//! Each fault at each call that a device's request makes.

use harness::faults::Fault;
use serde_json::Value;

use crate::support;
use crate::support::phone::Phone;
use crate::support::{Function, NOW, request};
use crate::{Faulty, is_promised};

/// A phone, its verified Factor, and a Challenge of it.
async fn device(function: &Function) -> (Phone, Value, Value) {
    let phone = Phone::number(1);
    let factor = phone.verified(function, &support::factors_path()).await;
    let sid = factor["sid"].as_str().unwrap();
    let form = format!("FactorSid={sid}&Details.Message=a");
    let challenge = function
        .request("POST", &support::challenges_path(), &form)
        .await
        .json();
    (phone, factor, challenge)
}

#[tokio::test]
async fn each_fault_of_a_batch_and_of_an_answer_by_a_device_is_answered_as_promised() {
    let mut tests = tokio::task::JoinSet::new();
    for fault in Fault::ALL {
        for (place, lasts) in [(0, false), (1, false), (0, true)] {
            tests.spawn(async move {
                let faulty = Faulty::start().await;
                faulty.app.warm_up(NOW).await;
                let (phone, factor, challenge) = device(&faulty.function).await;
                let sid = challenge["sid"].as_str().unwrap();
                let path = format!("{}/{sid}", support::challenges_path());
                let yes = phone.answer(&challenge, "approved");
                let call = |method, form: &str| {
                    let event = request(method, &path, &[], form);
                    support::by(&event, &phone.authorization(&factor, NOW))
                };
                for (event, status) in [(call("GET", ""), "pending"), (call("POST", &yes), "approved")] {
                    let mut script = vec![Fault::None; place];
                    script.push(fault);
                    let then = if lasts { fault } else { Fault::None };
                    faulty.proxy.script(&script, then);
                    let answer = faulty.invoke(&event).await;
                    let context = format!("{fault:?} at {place}, lasting: {lasts}: {}", answer.text);
                    if answer.status != 200 {
                        assert!(
                            is_promised(&answer) && (lasts || fault.is_unreadable()),
                            "{context}"
                        );
                        let throttled = matches!(fault, Fault::Unprocessed);
                        assert!(!throttled || answer.status == 429, "{context}");
                    }
                    faulty.proxy.script(&[], Fault::None);
                    let again = faulty.invoke(&event).await;
                    assert_eq!(
                        (again.status, again.text("status").as_str()),
                        (200, status),
                        "{context}"
                    );
                }
            });
        }
    }
    tests.join_all().await;
}
