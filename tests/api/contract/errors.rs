//! Errors as the contract words them, and that they tell nothing of what was sent or what is stored.

use harness::local;
use serde_json::{Value, json};

use crate::support::{Function, event, service_item};

#[tokio::test]
async fn a_refusal_names_every_parameter_that_is_wrong_and_echoes_none() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-factor-refused.json")).await;
    assert_eq!(
        answer.json(),
        json!({
            "code": 20001,
            "message": "Missing required parameter FriendlyName in the post body",
            "more_info": "https://www.twilio.com/docs/errors/20001",
            "status": 400,
            "details": {"parameters": [
                {"parameter": "FriendlyName", "code": 20001, "message": "Missing required parameter FriendlyName in the post body"},
                {"parameter": "Binding.Secret", "code": 60306, "message": "Invalid parameter Binding.Secret: must be Base32 (A-Z and 2-7, RFC 4648)"},
                {"parameter": "Config.TimeStep", "code": 60306, "message": "Invalid parameter Config.TimeStep: must be an integer from 20 to 60"},
                {"parameter": "Config.Skew", "code": 60306, "message": "Invalid parameter Config.Skew: must be an integer from 0 to 2"},
            ]},
        })
    );
    assert_eq!(function.items().await, [] as [Value; 0], "nothing is written");
}

#[tokio::test]
async fn an_unknown_or_malformed_service_is_not_found() {
    let function = Function::start().await;
    for service in [
        "VA00000000000000000000000000000000",
        "VA1",
        "YF0123456789abcdef0123456789abcdef",
        "%FF",
    ] {
        let path = format!("/v2/Services/{service}/Entities/{}/Factors", local::IDENTITY);
        let answer = function
            .request("POST", &path, "FactorType=totp&FriendlyName=a")
            .await;
        assert_eq!(answer.error(), (404, 20404), "{service}");
        let message = answer.text("message");
        assert!(message.starts_with("The requested resource /v2/") && message.ends_with(" was not found"));
        assert!(
            !answer.text.contains(service) && !answer.text.contains(local::IDENTITY),
            "{message}"
        );
    }
    assert_eq!(function.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn an_item_that_is_not_ours_is_a_fault_and_says_nothing_to_the_caller() {
    let function = Function::start().await;
    let mut broken = service_item(&[]);
    broken.remove("friendly_name");
    function.dynamo.put(broken).await;
    let answer = function.create_factor("FriendlyName=a&FactorType=totp").await;
    assert_eq!(
        answer.json(),
        json!({
            "code": 20500, "message": "Internal server error",
            "more_info": "https://www.twilio.com/docs/errors/20500", "status": 500,
        })
    );
}
