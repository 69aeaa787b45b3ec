//! What a device costs: its calls to DynamoDB and KMS.

use harness::faults::{Fault, FaultProxy};
use time::Duration;
use verify_factors::App;

use super::{Device, challenge_path};
use crate::support::phone::Phone;
use crate::support::{Answer, Function, NOW, by, challenges_path, invoke_at, request};

/// An instance that is ready, whose calls are counted.
async fn counted(function: &Function) -> (App, FaultProxy) {
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    (app, proxy)
}

/// What is answered to a device, and the calls that it took.
async fn calls(
    (app, proxy): &(App, FaultProxy),
    device: &Device,
    (method, target, form): (&str, &str, &str),
) -> (Answer, Vec<String>) {
    proxy.script(&[], Fault::None);
    let event = by(&request(method, target, &[], form), &device.authorization(NOW));
    let answer = invoke_at(app, &event, NOW).await;
    (answer, proxy.calls())
}

fn owned(calls: &[&str]) -> Vec<String> {
    calls.iter().map(|call| (*call).to_owned()).collect()
}

#[tokio::test]
async fn a_challenge_is_fetched_by_one_call_and_answered_by_two() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let challenge = own.challenge(&function).await;
    let path = challenge_path(&challenge);
    let instance = counted(&function).await;
    let (read, write) = ("BatchGetItem", "TransactWriteItems");
    let yes = own.phone.answer(&challenge, "approved");
    let no = own.phone.answer(&challenge, "denied");
    let wrong = Phone::number(2).answer(&challenge, "denied");
    for (method, form, status, expected) in [
        ("GET", "", 200, &[read] as &[&str]),
        ("POST", "", 200, &[read]),
        ("POST", "Metadata=%7B%7D", 200, &[read, write]),
        ("POST", &wrong, 403, &[read]),
        ("POST", &yes, 200, &[read, write]),
        ("POST", &yes, 200, &[read]),
        ("POST", &no, 403, &[read]),
    ] {
        let (answer, calls) = calls(&instance, &own, (method, &path, form)).await;
        assert_eq!(
            (answer.status, calls),
            (status, owned(expected)),
            "{method} {form}"
        );
    }
}

#[tokio::test]
async fn its_factor_is_read_once_whatever_it_does_with_it() {
    let function = Function::start().await;
    let own = Device::enrolled(&function, 1).await;
    let instance = counted(&function).await;
    let (read, write, query) = ("GetItem", "TransactWriteItems", "Query");
    let path = own.path();
    let name = "FriendlyName=New".to_owned();
    for (method, target, form, status, expected) in [
        ("GET", path.clone(), String::new(), 200, vec![read]),
        ("POST", path.clone(), own.proof(), 200, vec![read, write]),
        ("POST", path.clone(), name, 200, vec![read, write]),
        ("GET", challenges_path(), String::new(), 200, vec![read, query]),
        ("DELETE", path.clone(), String::new(), 204, vec![read, write]),
        ("GET", path, String::new(), 401, vec![read]),
    ] {
        let (answer, calls) = calls(&instance, &own, (method, &target, &form)).await;
        assert_eq!(
            (answer.status, calls),
            (status, owned(&expected)),
            "{method} {target}"
        );
    }
}

#[tokio::test]
async fn nobody_costs_no_call_where_the_jwt_says_so() {
    let function = Function::start().await;
    let own = Device::enrolled(&function, 1).await;
    let other = Device::enrolled(&function, 2).await;
    let (app, proxy) = counted(&function).await;
    let late = by(
        &request("GET", &own.path(), &[], ""),
        &own.authorization(NOW - Duration::hours(1)),
    );
    let elsewhere = by(&request("GET", &other.path(), &[], ""), &own.authorization(NOW));
    let not_theirs = by(
        &request("POST", &challenges_path(), &[], ""),
        &own.authorization(NOW),
    );
    for event in [late, elsewhere, not_theirs] {
        proxy.script(&[], Fault::None);
        assert_eq!(invoke_at(&app, &event, NOW).await.status, 401);
        assert_eq!(proxy.calls(), [] as [&str; 0]);
    }
}

#[tokio::test]
async fn an_answer_of_which_the_answer_is_lost_counts_once() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let instance = counted(&function).await;
    for fault in [Fault::CutBefore, Fault::CutAfter] {
        let challenge = own.challenge(&function).await;
        let yes = own.phone.answer(&challenge, "approved");
        for faults in [&[fault][..], &[Fault::None, fault]] {
            instance.1.script(faults, Fault::None);
            let event = by(
                &request("POST", &challenge_path(&challenge), &[], &yes),
                &own.authorization(NOW),
            );
            let answer = invoke_at(&instance.0, &event, NOW).await;
            assert_eq!(
                (answer.status, answer.text("status").as_str()),
                (200, "approved"),
                "{faults:?}"
            );
        }
    }
}
