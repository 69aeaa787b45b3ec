//! Fetching Access Tokens: the same as was created, until it is over.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::local;
use time::Duration;

use super::{access_token_path, created, creation, stored, text};
use crate::support::phone::{Phone, device};
use crate::support::{Function, NOW, by, event, factors_path, invoke_at, logs, request};

#[tokio::test]
async fn a_token_is_shown_as_it_was_created_until_its_time_is_over_used_up_or_not() {
    let function = Function::start().await;
    for (parameters, seconds) in [("", 60), ("Ttl=300&FactorFriendlyName=%F0%9F%93%B1", 300)] {
        let token = created(&function, parameters).await;
        let fetch = request("GET", &access_token_path(&token), &[], "");
        for second in [0, 1, seconds - 1] {
            let answer = invoke_at(&function.app, &fetch, NOW + Duration::seconds(second)).await;
            assert_eq!((answer.status, answer.json()), (200, token.clone()), "{second}");
            if second == 1 {
                let enrol = by(
                    &request("POST", &factors_path(), &[], &Phone::number(1).form()),
                    &device(text(&token)),
                );
                assert_eq!(function.invoke(&enrol).await.status, 201);
            }
        }
        for second in [seconds, seconds + 1, 1_000_000] {
            let answer = invoke_at(&function.app, &fetch, NOW + Duration::seconds(second)).await;
            assert_eq!(answer.error(), (404, 20404), "{second}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_or_another_services_is_not_found() {
    let function = Function::start().await;
    let token = created(&function, "").await;
    let path = access_token_path(&token);
    let other = "VA00000000000000000000000000000002";
    let form = "FriendlyName=Other";
    let service = function.request("POST", "/v2/Services", form).await;
    let sid = token["sid"].as_str().unwrap();
    let with = |other: &str| path.replace(sid, other);
    let last = if sid.ends_with('0') { '1' } else { '0' };
    for path in [
        with(&sid.replace("YK", "YF")),
        with(&format!("yk{}", &sid[2..])),
        with(&format!("{}{last}", &sid[..33])),
        with(&sid[..33]),
        path.replace(local::SERVICE_SID, other),
        path.replace(local::SERVICE_SID, &service.text("sid")),
    ] {
        let answer = function.request("GET", &path, "").await;
        assert_eq!(answer.error(), (404, 20404), "{path}");
    }
    assert_eq!(function.request("GET", &path, "").await.status, 200);
}

#[tokio::test]
async fn the_event_asks_for_one_that_is_over_long_since() {
    let function = Function::start().await;
    let answer = function.invoke(&event("fetch-access-token.json")).await;
    assert_eq!(answer.error(), (404, 20404));
    assert_eq!(logs::of(&answer)[0]["operation"], "FetchAccessToken");
    assert!(logs::of(&answer)[0]["access_token_sid"].is_string());
}

#[tokio::test]
async fn another_instance_and_a_newer_data_key_show_the_same() {
    let function = Function::start().await;
    let token = created(&function, "").await;
    function.app.rotate_data_key(NOW).await.unwrap();
    let later = invoke_at(&function.another_instance(), &creation(""), NOW)
        .await
        .json();
    for token in [&token, &later] {
        let fetch = request("GET", &access_token_path(token), &[], "");
        let answer = invoke_at(&function.another_instance(), &fetch, NOW).await;
        assert_eq!(&answer.json(), token);
        let form = Phone::number(1).form();
        let enrol = by(
            &request("POST", &factors_path(), &[], &form),
            &device(text(token)),
        );
        assert_eq!(
            invoke_at(&function.another_instance(), &enrol, NOW).await.status,
            201
        );
    }
}

#[tokio::test]
async fn an_item_that_is_not_as_it_was_written_is_a_fault() {
    let function = Function::start().await;
    let token = created(&function, "").await;
    let fetch = request("GET", &access_token_path(&token), &[], "");
    let item = stored(&function, &token).await;
    for (attribute, value) in [
        ("identity", AttributeValue::S("short".to_owned())),
        ("ttl", AttributeValue::N("301".to_owned())),
        ("data_key", AttributeValue::N("-1".to_owned())),
        ("data_key", AttributeValue::N("2".to_owned())),
        (
            "service_sid",
            AttributeValue::S("VA00000000000000000000000000000002".to_owned()),
        ),
    ] {
        let mut other = item.clone();
        other.insert(attribute.to_owned(), value);
        function.dynamo.put(other).await;
        let answer = function.invoke(&fetch).await;
        assert_eq!(answer.error(), (500, 20500), "{attribute}");
        assert!(logs::of(&answer)[0]["cause"].is_string());
    }
}
