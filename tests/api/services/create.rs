//! Creating Services: what is answered and stored, the rules of the settings, and what Factors take from them.

use harness::local;
use serde_json::json;

use super::{SERVICES, create, resource, service_path};
use crate::support::{Function, event, factors_path, item_json};

#[tokio::test]
async fn a_service_is_created_at_its_defaults_and_stored() {
    let function = Function::start().await;
    let answer = create(&function, "FriendlyName=Nest").await;
    let sid = answer.text("sid");
    assert_eq!(answer.text, resource(&sid, "Nest").to_string());
    assert_eq!(
        item_json(&function.dynamo.item(&local::account_sid(), &sid).await.unwrap()),
        json!({
            "pk": local::account_sid(),
            "sk": sid,
            "friendly_name": "Nest",
            "date_created": "2026-01-02T03:04:05Z",
            "date_updated": "2026-01-02T03:04:05Z",
            "revision": 1,
        })
    );
    assert_eq!(
        function.request("GET", &service_path(&sid), "").await.json(),
        resource(&sid, "Nest")
    );
}

#[tokio::test]
async fn every_setting_is_stored_and_shown() {
    let function = Function::start().await;
    let (apn, fcm) = (
        "CR00000000000000000000000000000001",
        "CR00000000000000000000000000000002",
    );
    let form = format!(
        "FriendlyName=Nest&Totp.Issuer=Owl+%26+Co&Totp.TimeStep=60&Totp.CodeLength=8&Totp.Skew=2\
         &Push.ApnCredentialSid={apn}&Push.FcmCredentialSid={fcm}&CodeLength=4&LookupEnabled=true&Unknown=1"
    );
    let answer = create(&function, &form).await;
    let sid = answer.text("sid");
    let mut expected = resource(&sid, "Nest");
    expected["totp"] = json!({"issuer": "Owl & Co", "time_step": 60, "code_length": 8, "skew": 2});
    expected["push"] = json!({"include_date": false, "apn_credential_sid": apn, "fcm_credential_sid": fcm});
    assert_eq!(answer.json(), expected);
    assert_eq!(
        function.request("GET", &service_path(&sid), "").await.json(),
        expected
    );
    let item = item_json(&function.dynamo.item(&local::account_sid(), &sid).await.unwrap());
    assert_eq!(item["totp_issuer"], "Owl & Co");
    assert_eq!(
        [
            &item["totp_time_step"],
            &item["totp_code_length"],
            &item["totp_skew"]
        ],
        [60, 8, 2]
    );
    assert_eq!(
        [&item["push_apn_credential_sid"], &item["push_fcm_credential_sid"]],
        [apn, fcm]
    );
}

#[tokio::test]
async fn the_sample_event_creates_a_service_whose_factors_take_its_settings() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-service.json")).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let path = factors_path().replace(local::SERVICE_SID, &answer.text("sid"));
    let factor = function
        .request("POST", &path, "FriendlyName=a&FactorType=totp")
        .await
        .json();
    assert_eq!(
        factor["config"],
        json!({"alg": "sha1", "skew": 1, "code_length": 6, "time_step": 60})
    );
    let uri = factor["binding"]["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/Owl%20Bank:a?"), "{uri}");
}

#[tokio::test]
async fn each_limit_is_accepted_and_one_more_is_refused_by_name() {
    let function = Function::start().await;
    let long = |length: usize| "x".repeat(length);
    for (parameter, good, bad) in [
        (
            "FriendlyName",
            vec![long(1), long(32), "%C3%A9".repeat(32)],
            vec![long(33), "+".to_owned()],
        ),
        (
            "Totp.Issuer",
            vec![long(1), long(64)],
            vec![long(65), "a:b".to_owned(), "+".to_owned()],
        ),
        (
            "Totp.TimeStep",
            vec!["20".to_owned(), "60".to_owned()],
            vec!["19".to_owned(), "61".to_owned(), "x".to_owned()],
        ),
        (
            "Totp.CodeLength",
            vec!["3".to_owned(), "8".to_owned()],
            vec!["2".to_owned(), "9".to_owned()],
        ),
        (
            "Totp.Skew",
            vec!["0".to_owned(), "2".to_owned()],
            vec!["-1".to_owned(), "3".to_owned()],
        ),
        (
            "Push.ApnCredentialSid",
            vec![format!("CR{}", "aB".repeat(16))],
            vec![long(34), format!("CR{}", long(32))],
        ),
        (
            "Push.FcmCredentialSid",
            vec![format!("CR{}", "01".repeat(16))],
            vec!["CR".to_owned()],
        ),
    ] {
        let form = |value: &str| match parameter {
            "FriendlyName" => format!("FriendlyName={value}"),
            _ => format!("FriendlyName=a&{parameter}={value}"),
        };
        for value in good {
            let sid = create(&function, &form(&value)).await.text("sid");
            let update = format!("{parameter}={value}");
            assert_eq!(
                function
                    .request("POST", &service_path(&sid), &update)
                    .await
                    .status,
                200,
                "{update}"
            );
        }
        for value in bad {
            let update = service_path(local::SERVICE_SID);
            for path in [SERVICES, update.as_str()] {
                let answer = function.request("POST", path, &form(&value)).await;
                assert_eq!(answer.error(), (400, 60306), "{parameter}={value}");
                assert_eq!(answer.invalid(), [(parameter.to_owned(), 60306)]);
            }
        }
    }
    let answer = function.request("POST", SERVICES, "Totp.Skew=3").await;
    assert_eq!(
        answer.invalid(),
        [
            ("FriendlyName".to_owned(), 20001),
            ("Totp.Skew".to_owned(), 60306)
        ],
        "every parameter that is wrong is named"
    );
}

#[tokio::test]
async fn a_colon_in_the_friendly_name_does_not_break_the_uri() {
    let function = Function::start().await;
    let service = create(&function, "FriendlyName=Owl%3A+Bank").await;
    let path = factors_path().replace(local::SERVICE_SID, &service.text("sid"));
    let factor = function
        .request("POST", &path, "FriendlyName=a%3Ab&FactorType=totp")
        .await
        .json();
    let uri = factor["binding"]["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/Owl-%20Bank:a%3Ab?"), "{uri}");
    assert!(uri.contains("&issuer=Owl-%20Bank&"), "{uri}");
}
