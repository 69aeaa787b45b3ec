//! What is not a device's own.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::json;
use time::Duration;

use super::{Device, challenge_path};
use crate::support::phone::{Phone, claims, jws_signed, jwt_header};
use crate::support::{Function, NOW, by, challenges_path, factors_path, invoke_at, request};

/// Who reads a JWT has one signature of the phone's, and not its key.
#[tokio::test]
async fn a_jwt_by_itself_answers_no_challenge_and_verifies_no_factor() {
    let function = Function::start().await;
    let [enrolled, verified] = [
        Device::enrolled(&function, 1).await,
        Device::verified(&function, 2).await,
    ];
    let challenge = verified.challenge(&function).await;
    let mut factor = enrolled.factor.clone();
    factor.as_object_mut().unwrap().remove("binding");
    for (device, path, shown, error) in [
        (&enrolled, enrolled.path(), factor, (403, 60311)),
        (&verified, challenge_path(&challenge), challenge, (403, 60324)),
    ] {
        let (header, claims) = (jwt_header(device.credential_sid()), claims(NOW));
        let signed = jws_signed(&header, &claims);
        for payload in [device.phone.jws(&header, &claims), device.phone.sign(&signed)] {
            let form = serde_urlencoded::to_string([("AuthPayload", &payload)]).unwrap();
            let answer = device.call(&function, "POST", &path, &form).await;
            assert_eq!(answer.error(), error, "{payload}");
        }
        assert_eq!(function.request("GET", &path, "").await.json(), shown);
    }
}

#[tokio::test]
async fn another_devices_challenge_is_not_there_for_a_device() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let other = Device::verified(&function, 2).await;
    let theirs = other.challenge(&function).await;
    let nowhere = challenges_path() + "/YC0195de23a1c05cd2b0916c3e8f0a7d4b";
    let yes = other.phone.answer(&theirs, "approved");
    for (method, form) in [
        ("GET", ""),
        ("POST", ""),
        ("POST", &yes),
        ("POST", "Metadata=%7B%7D"),
    ] {
        let answer = own.call(&function, method, &challenge_path(&theirs), form).await;
        assert_eq!(answer.error(), (404, 20404), "{method} {form}");
        let absent = own.call(&function, method, &nowhere, form).await;
        assert_eq!(answer.text, absent.text, "as one that isn't there");
    }
    assert_eq!(
        other
            .call(&function, "GET", &challenge_path(&theirs), "")
            .await
            .json(),
        theirs
    );
    let list = own.call(&function, "GET", &challenges_path(), "").await;
    assert_eq!(list.json()["challenges"], json!([]));
}

#[tokio::test]
async fn a_device_is_nobody_wherever_it_has_nothing() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let other = Device::verified(&function, 2).await;
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    let elsewhere = function
        .request("POST", "/v2/Services", "FriendlyName=Other")
        .await;
    let other_entity = |path: &str| path.replace(local::IDENTITY, &format!("{}0", local::IDENTITY));
    let other_service = |path: &str| path.replace(local::SERVICE_SID, &elsewhere.text("sid"));
    let mut places = vec![
        ("GET", "/v2/Services".to_owned()),
        ("POST", "/v2/Services".to_owned()),
        ("GET", service.clone()),
        ("DELETE", service.clone()),
        ("POST", format!("{service}/AccessTokens")),
        (
            "GET",
            format!("{service}/AccessTokens/YK00000000000000000000000000000001"),
        ),
        ("GET", format!("{service}/Entities")),
        ("GET", format!("{service}/Entities/{}", local::IDENTITY)),
        ("DELETE", format!("{service}/Entities/{}", local::IDENTITY)),
        ("GET", factors_path()),
        ("POST", factors_path()),
        ("POST", challenges_path()),
        ("PUT", own.path()),
        ("PATCH", challenges_path()),
        ("GET", format!("{}/Notifications", own.path())),
        ("GET", "/".to_owned()),
        ("GET", "/v2/Nowhere".to_owned()),
        ("GET", own.path().replace("YF", "YX")),
        ("GET", format!("{}/YC1", challenges_path())),
        ("GET", own.path().replace(local::IDENTITY, "short")),
    ];
    for method in ["GET", "POST", "DELETE"] {
        for path in [
            other.path(),
            other_entity(&own.path()),
            other_service(&own.path()),
        ] {
            places.push((method, path));
        }
    }
    let challenge = own.challenge(&function).await;
    for path in [challenges_path(), challenge_path(&challenge)] {
        places.push(("GET", other_entity(&path)));
        places.push(("GET", other_service(&path)));
    }
    for (method, path) in &places {
        for form in ["", "FriendlyName=a&FactorType=totp", &own.phone.form()] {
            let answer = own.call(&function, method, path, form).await;
            answer.assert_nobody(&format!("{method} {path}"));
            assert_eq!(answer.header("allow"), "");
        }
    }
    assert_eq!(own.call(&function, "GET", &own.path(), "").await.status, 200);
}

#[tokio::test]
async fn of_a_service_that_was_deleted_nothing_is_there() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    assert_eq!(function.request("DELETE", &service, "").await.status, 204);
    for path in [own.path(), challenges_path()] {
        assert_eq!(own.call(&function, "GET", &path, "").await.error(), (404, 20404));
    }
}

/// A write that finds another Factor of the same SID, which is another phone's.
#[tokio::test]
async fn what_came_in_the_place_of_its_factor_is_not_a_devices() {
    let function = Function::start().await;
    let pk = crate::support::entity_partition();
    for (method, form) in [("POST", "FriendlyName=New"), ("DELETE", "")] {
        for is_there in [true, false] {
            let own = Device::verified(&function, 1).await;
            let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
            let app = function.instance_by_way_of(&proxy.endpoint());
            app.warm_up(NOW).await;
            proxy.script(&[Fault::None, Fault::HangBefore], Fault::None);
            let event = by(&request(method, &own.path(), &[], form), &own.authorization(NOW));
            let meanwhile = async {
                // It was read by now, and its write is under way.
                while proxy.calls().len() < 2 {
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
                let mut item = function.dynamo.item(&pk, own.sid()).await.unwrap();
                item.insert(
                    "date_created".to_owned(),
                    AttributeValue::S("2026-01-02T03:04:06Z".to_owned()),
                );
                item.insert("request_id".to_owned(), AttributeValue::S("another".to_owned()));
                if !is_there {
                    item.retain(|name, _| ["pk", "sk", "request_id"].contains(&name.as_str()));
                }
                function.dynamo.put(item.clone()).await;
                item
            };
            let (answer, item) = tokio::join!(invoke_at(&app, &event, NOW), meanwhile);
            answer.assert_nobody(method);
            assert_eq!(function.dynamo.item(&pk, own.sid()).await, Some(item), "{method}");
        }
    }
}

/// A key brings back the SID of a Factor that was deleted with its Entity, and another phone can be the one with it.
#[tokio::test]
async fn a_challenge_of_an_earlier_factor_of_the_same_sid_is_not_there_for_the_device_of_the_later() {
    let function = Function::start().await;
    let create = request(
        "POST",
        &factors_path(),
        &[("idempotency-key", "key")],
        &Phone::number(1).form(),
    );
    let phone = Phone::number(1);
    let factor = function.invoke(&create).await.json();
    let device = Device { phone, factor };
    let verify = device
        .call(&function, "POST", &device.path(), &device.proof())
        .await;
    assert_eq!(verify.status, 200);
    let challenge = device.challenge(&function).await;
    let pk = crate::support::entity_partition();
    let kept = function
        .dynamo
        .item(&pk, challenge["sid"].as_str().unwrap())
        .await
        .unwrap();
    let entity = factors_path().replace("/Factors", "");
    assert_eq!(function.request("DELETE", &entity, "").await.status, 204);
    // As where the delete was cut short.
    function.dynamo.put(kept).await;

    let later = NOW + Duration::seconds(5);
    let again = invoke_at(&function.app, &create, later).await.json();
    assert_eq!(again["sid"], device.factor["sid"]);
    let form = device.proof();
    let verify = by(
        &request("POST", &device.path(), &[], &form),
        &device.authorization(later),
    );
    assert_eq!(
        invoke_at(&function.app, &verify, later).await.text("status"),
        "verified"
    );
    for path in [challenge_path(&challenge), challenges_path()] {
        let fetch = by(&request("GET", &path, &[], ""), &device.authorization(later));
        let answer = invoke_at(&function.app, &fetch, later).await;
        if path == challenges_path() {
            assert_eq!(answer.json()["challenges"], json!([]));
        } else {
            assert_eq!(answer.error(), (404, 20404));
        }
    }
}
