//! Services: the whole function, from an API Gateway event to the items in `DynamoDB`.

use std::collections::BTreeSet;

use harness::local;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{Answer, Function, NOW, event, factors_path, invoke_at, item_json, request};

const SERVICES: &str = "/v2/Services";

fn service_path(sid: &str) -> String {
    format!("{SERVICES}/{sid}")
}

/// A Service as the API shows it, all at its defaults.
fn resource(sid: &str, friendly_name: &str) -> Value {
    let url = format!("https://verify.example.com/v2/Services/{sid}");
    json!({
        "sid": sid,
        "account_sid": local::account_sid(),
        "friendly_name": friendly_name,
        "code_length": 6,
        "lookup_enabled": false,
        "psd2_enabled": false,
        "skip_sms_to_landlines": false,
        "dtmf_input_required": false,
        "tts_name": null,
        "do_not_share_warning_enabled": false,
        "custom_code_enabled": false,
        "push": {"include_date": false, "apn_credential_sid": null, "fcm_credential_sid": null},
        "totp": {"issuer": friendly_name, "time_step": 30, "code_length": 6, "skew": 1},
        "default_template_sid": null,
        "whatsapp": {"msg_service_sid": null, "from": null},
        "passkeys": {
            "relying_party": {"id": null, "name": null, "origins": null},
            "authenticator_attachment": null,
            "discoverable_credentials": null,
            "user_verification": null,
        },
        "verify_event_subscription_enabled": false,
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "url": url,
        "links": {
            "verification_checks": format!("{url}/VerificationCheck"),
            "verifications": format!("{url}/Verifications"),
            "rate_limits": format!("{url}/RateLimits"),
            "messaging_configurations": format!("{url}/MessagingConfigurations"),
            "entities": format!("{url}/Entities"),
            "webhooks": format!("{url}/Webhooks"),
            "access_tokens": format!("{url}/AccessTokens"),
        },
    })
}

async fn create(function: &Function, form: &str) -> Answer {
    let answer = function.request("POST", SERVICES, form).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer
}

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

#[tokio::test]
async fn an_update_changes_what_was_sent_and_nothing_else() {
    let function = Function::start().await;
    let sid = create(&function, "FriendlyName=Nest&Totp.Skew=2&Totp.Issuer=Owl")
        .await
        .text("sid");
    let later = NOW + Duration::HOUR;
    let event = request("POST", &service_path(&sid), &[], "Totp.TimeStep=60&FriendlyName=");
    let answer = invoke_at(&function.app, &event, later).await;
    let mut expected = resource(&sid, "Nest");
    expected["totp"] = json!({"issuer": "Owl", "time_step": 60, "code_length": 6, "skew": 2});
    expected["date_updated"] = json!("2026-01-02T04:04:05Z");
    assert_eq!((answer.status, answer.json()), (200, expected.clone()));
    assert_eq!(
        function.request("GET", &service_path(&sid), "").await.json(),
        expected
    );
}

#[tokio::test]
async fn updates_at_once_lose_nothing_of_each_other() {
    let function = Function::start().await;
    let sid = create(&function, "FriendlyName=Nest").await.text("sid");
    let path = service_path(&sid);
    for round in 0..10 {
        let (name, issuer) = (format!("FriendlyName=n{round}"), format!("Totp.Issuer=i{round}"));
        let (skew, step) = (
            format!("Totp.Skew={}", round % 3),
            format!("Totp.TimeStep={}", 20 + round),
        );
        let answers = tokio::join!(
            function.request("POST", &path, &name),
            function.request("POST", &path, &issuer),
            function.request("POST", &path, &skew),
            function.request("POST", &path, &step),
        );
        assert_eq!(
            [
                answers.0.status,
                answers.1.status,
                answers.2.status,
                answers.3.status
            ],
            [200; 4]
        );
        let service = function.request("GET", &path, "").await.json();
        assert_eq!(service["friendly_name"], format!("n{round}"));
        let totp = json!({"issuer": format!("i{round}"), "time_step": 20 + round, "code_length": 6, "skew": round % 3});
        assert_eq!(service["totp"], totp);
    }
}

#[tokio::test]
async fn new_settings_apply_at_once_here_and_within_30_seconds_elsewhere() {
    let function = Function::start().await;
    let elsewhere = function.another_instance();
    let create = request("POST", &factors_path(), &[], "FriendlyName=a&FactorType=totp");
    let step = |answer: Answer| answer.json()["config"]["time_step"].clone();
    assert_eq!(step(invoke_at(&elsewhere, &create, NOW).await), 30);
    let update = function
        .request("POST", &service_path(local::SERVICE_SID), "Totp.TimeStep=60")
        .await;
    assert_eq!(update.status, 200);
    assert_eq!(step(function.invoke(&create).await), 60);
    assert_eq!(
        step(invoke_at(&elsewhere, &create, NOW + Duration::seconds(29)).await),
        30
    );
    assert_eq!(
        step(invoke_at(&elsewhere, &create, NOW + Duration::seconds(30)).await),
        60
    );
}

#[tokio::test]
async fn a_deleted_service_is_gone_at_once_here_and_within_30_seconds_elsewhere() {
    let function = Function::start().await;
    let elsewhere = function.another_instance();
    let create = request("POST", &factors_path(), &[], "FriendlyName=a&FactorType=totp");
    assert_eq!(invoke_at(&elsewhere, &create, NOW).await.status, 201);
    let path = service_path(local::SERVICE_SID);
    let deleted = function.request("DELETE", &path, "").await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(deleted.header("content-type"), "");
    for (method, path) in [
        ("GET", &path),
        ("POST", &path),
        ("DELETE", &path),
        ("POST", &factors_path()),
    ] {
        let answer = function
            .request(method, path, "FriendlyName=a&FactorType=totp")
            .await;
        assert_eq!(answer.error(), (404, 20404), "{method} {path}");
    }
    assert_eq!(
        invoke_at(&elsewhere, &create, NOW + Duration::seconds(29))
            .await
            .status,
        201
    );
    assert_eq!(
        invoke_at(&elsewhere, &create, NOW + Duration::seconds(30))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_update_does_not_bring_a_deleted_service_back() {
    let function = Function::start().await;
    let path = service_path(local::SERVICE_SID);
    assert_eq!(function.request("DELETE", &path, "").await.status, 204);
    assert_eq!(
        function.request("POST", &path, "FriendlyName=a").await.status,
        404
    );
    assert_eq!(function.dynamo.items().await.len(), 0);
}

#[tokio::test]
async fn the_methods_of_each_path_follow_from_the_routes() {
    let function = Function::start().await;
    let service = service_path(local::SERVICE_SID);
    for (path, allowed) in [
        (SERVICES.to_owned(), "GET, POST, OPTIONS"),
        (service, "GET, POST, DELETE, OPTIONS"),
        (factors_path(), "POST, OPTIONS"),
    ] {
        let preflight = function
            .invoke(&request("OPTIONS", &path, &[("authorization", "")], ""))
            .await;
        assert_eq!(
            (preflight.status, preflight.header("access-control-allow-methods")),
            (204, allowed)
        );
        for method in ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD"] {
            let answer = function
                .invoke(&request(method, &path, &[("content-type", "text/plain")], "x"))
                .await;
            let refused = answer.status == 405;
            assert_eq!(refused, !allowed.contains(method), "{method} {path}");
            if refused {
                assert_eq!((answer.error(), answer.header("allow")), ((405, 20004), allowed));
            }
        }
    }
}

#[tokio::test]
async fn a_list_is_paged_both_ways_without_a_gap() {
    let function = Function::start().await;
    for number in 0..10 {
        create(&function, &format!("FriendlyName=s{number}")).await;
    }
    for size in [1, 2, 3, 5, 10, 11, 12, 1000] {
        let mut target = format!("{SERVICES}?PageSize={size}");
        let (mut sids, mut pages) = (Vec::new(), Vec::new());
        loop {
            // Each page by an instance of its own, as tokens outlive a process.
            let app = function.another_instance();
            let page = invoke_at(&app, &request("GET", &target, &[], ""), NOW).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let page = page.json();
            assert_eq!(page["meta"]["page"], pages.len());
            assert_eq!(page["meta"]["page_size"], size);
            assert_eq!(page["meta"]["key"], "services");
            assert_eq!(
                page["meta"]["first_page_url"],
                format!("https://verify.example.com/v2/Services?PageSize={size}&Page=0")
            );
            assert_eq!(page["meta"]["previous_page_url"].is_null(), pages.is_empty());
            let services = page["services"].as_array().unwrap();
            assert!(services.len() <= size);
            sids.extend(
                services
                    .iter()
                    .map(|service| service["sid"].as_str().unwrap().to_owned()),
            );
            let next = page["meta"]["next_page_url"].as_str().map(path_of);
            pages.push(page);
            match next {
                Some(next) => target = next,
                None => break,
            }
        }
        assert_eq!(sids.len(), 11);
        assert_eq!(sids.iter().collect::<BTreeSet<_>>().len(), 11);
        assert_eq!(pages.len(), 11_usize.div_ceil(size));
        for pair in pages.windows(2) {
            let back = pair[1]["meta"]["previous_page_url"]
                .as_str()
                .map(path_of)
                .unwrap();
            let back = function.request("GET", &back, "").await.json();
            assert_eq!(back["services"], pair[0]["services"]);
            assert_eq!(back["meta"]["page"], pair[0]["meta"]["page"]);
            assert_eq!(
                back["meta"]["previous_page_url"].is_null(),
                pair[0]["meta"]["page"] == 0
            );
            let forth = back["meta"]["next_page_url"].as_str().map(path_of).unwrap();
            assert_eq!(
                function.request("GET", &forth, "").await.json()["services"],
                pair[1]["services"]
            );
        }
    }
}

/// A URL without its origin.
fn path_of(url: &str) -> String {
    url.strip_prefix("https://verify.example.com").unwrap().to_owned()
}

#[tokio::test]
async fn an_account_without_services_has_an_empty_list() {
    let function = Function::start().await;
    function
        .request("DELETE", &service_path(local::SERVICE_SID), "")
        .await;
    let url = "https://verify.example.com/v2/Services?PageSize=50&Page=0";
    assert_eq!(
        function.request("GET", SERVICES, "").await.json(),
        json!({
            "services": [],
            "meta": {
                "page": 0, "page_size": 50, "first_page_url": url, "previous_page_url": null,
                "url": url, "next_page_url": null, "key": "services",
            },
        })
    );
}

#[tokio::test]
async fn a_list_whose_page_is_over_a_megabyte_is_whole() {
    let function = Function::start().await;
    // Foreign attributes make the items large without making them invalid.
    let filler = aws_sdk_dynamodb::types::AttributeValue::S("x".repeat(300_000));
    for number in 0..6 {
        let mut item = crate::support::service_item(&[("filler", filler.clone())]);
        let sid = format!("VA{number:032}");
        item.insert("sk".to_owned(), aws_sdk_dynamodb::types::AttributeValue::S(sid));
        function.dynamo.put(item).await;
    }
    let page = function
        .request("GET", &format!("{SERVICES}?PageSize=1000"), "")
        .await
        .json();
    assert_eq!(page["services"].as_array().unwrap().len(), 7);
    let page = function
        .request("GET", &format!("{SERVICES}?PageSize=6"), "")
        .await
        .json();
    assert_eq!(page["services"].as_array().unwrap().len(), 6);
    assert!(page["meta"]["next_page_url"].is_string());
}

#[tokio::test]
async fn made_up_page_parameters_are_refused_by_name() {
    let function = Function::start().await;
    for (query, parameter) in [
        ("PageSize=0", "PageSize"),
        ("PageSize=1001", "PageSize"),
        ("PageSize=ten", "PageSize"),
        ("Page=-1", "Page"),
        ("PageToken=made-up", "PageToken"),
        ("PageToken=PAVA", "PageToken"),
        ("PageToken=%FF", "PageToken"),
        ("PageSize=1&PageSize=2", "PageSize"),
    ] {
        let answer = function.request("GET", &format!("{SERVICES}?{query}"), "").await;
        assert_eq!(answer.error(), (400, 60306), "{query}");
        assert_eq!(answer.invalid(), [(parameter.to_owned(), 60306)]);
    }
    let beyond = format!("{SERVICES}?PageToken=PAVA{}", "f".repeat(32));
    assert_eq!(
        function.request("GET", &beyond, "").await.json()["services"],
        json!([])
    );
    let before = format!("{SERVICES}?PageToken=PBVA{}", "0".repeat(32));
    assert_eq!(
        function.request("GET", &before, "").await.json()["services"],
        json!([])
    );
}

#[tokio::test]
async fn every_next_page_url_is_accepted_whatever_page_it_follows() {
    let function = Function::start().await;
    create(&function, "FriendlyName=Nest").await;
    for page in [u32::MAX - 1, u32::MAX] {
        let list = function
            .request("GET", &format!("{SERVICES}?PageSize=1&Page={page}"), "")
            .await
            .json();
        let next = list["meta"]["next_page_url"].as_str().map(path_of).unwrap();
        assert_eq!(function.request("GET", &next, "").await.status, 200, "{next}");
    }
}

#[tokio::test]
async fn a_list_is_a_query_and_never_a_scan() {
    let function = Function::start().await;
    let proxy = harness::faults::FaultProxy::start(&function.dynamo.endpoint)
        .await
        .unwrap();
    let app = crate::support::build(&function.dynamo, &proxy.endpoint(), &[]);
    proxy.script(&[], harness::faults::Fault::None);
    invoke_at(&app, &request("GET", SERVICES, &[], ""), NOW).await;
    assert_eq!(proxy.calls(), ["Query"]);
}
