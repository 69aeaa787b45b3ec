//! Which Factor a Challenge is of, and what is checked before what.

use harness::local;
use time::Duration;

use super::new::invalid;
use super::{creation, status, with_app, with_phone};
use crate::support::phone::Phone;
use crate::support::{Function, NOW, challenges_path, factors_path, invoke_at, request};

#[tokio::test]
async fn a_factor_is_named_by_its_sid_and_is_one_of_the_entitys() {
    let function = Function::start().await;
    let factor = with_app(&function, "").await;
    let sid = factor["sid"].as_str().unwrap();
    let create = async |path: &str, sid: &str| {
        let form = format!("FactorSid={sid}");
        function.request("POST", path, &form).await
    };
    let path = challenges_path();
    let none = format!("YF{}", "0".repeat(32));
    for malformed in [
        "YF1",
        &sid[1..],
        &sid.replace("YF", "YC"),
        &sid.to_lowercase(),
        &format!("{sid}0"),
    ] {
        let answer = create(&path, malformed).await;
        assert_eq!(answer.error(), (400, 60306), "{malformed}");
        assert_eq!(answer.invalid(), invalid("FactorSid"));
    }
    let missing = create(&path, "").await;
    assert_eq!(
        (missing.error(), missing.text("message")),
        (
            (400, 20001),
            "Missing required parameter FactorSid in the post body".to_owned()
        )
    );
    let other = path.replace(local::IDENTITY, "another-identity");
    for (path, sid) in [(&path, none.as_str()), (&other, sid)] {
        let answer = create(path, sid).await;
        assert_eq!(answer.error(), (404, 20404));
        assert_eq!(
            answer.text("message"),
            "The requested resource /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges was not found"
        );
    }
    let path = format!("{}/{sid}", factors_path());
    assert_eq!(function.request("DELETE", &path, "").await.status, 204);
    assert_eq!(create(&challenges_path(), sid).await.error(), (404, 20404));
}

#[tokio::test]
async fn a_factor_that_nobody_verified_has_no_challenges() {
    let function = Function::start().await;
    for (form, invalid, error) in [
        ("FriendlyName=a&FactorType=totp", "AuthPayload=12", (400, 60306)),
        (Phone::number(1).form().as_str(), "", (400, 20001)),
    ] {
        let factor = function.create_factor(form).await.json();
        let items = function.items().await;
        let answer = function.invoke(&creation(&factor, invalid)).await;
        assert_eq!(answer.error(), error, "parameters come before state");
        let answer = function.invoke(&creation(&factor, "Details.Message=a")).await;
        assert_eq!(answer.error(), (403, 60318));
        assert_eq!(answer.text("message"), "The Factor is not verified");
        let late = NOW + Duration::DAY;
        let gone = invoke_at(&function.app, &creation(&factor, "Details.Message=a"), late).await;
        assert_eq!(gone.error(), (404, 20404), "by the clock");
        assert_eq!(function.items().await, items);
    }
}

#[tokio::test]
async fn checks_run_in_the_order_of_the_contract() {
    let function = Function::start().await;
    let factor = with_phone(&function, &Phone::number(1)).await;
    let sid = factor["sid"].as_str().unwrap();
    let path = challenges_path();
    let unknown = path.replace(local::SERVICE_SID, "VA00000000000000000000000000000000");
    let json = [("content-type", "application/json")];
    let anonymous = [("authorization", ""), ("content-type", "application/json")];
    let large = "x".repeat(16_385);
    let wrong = "FactorSid=x";
    let good = format!("FactorSid={sid}");
    for (event, error) in [
        (request("PUT", &path, &anonymous, &large), (401, 20003)),
        (
            request("POST", &path.replace("VA", "VB"), &json, &large),
            (404, 20404),
        ),
        (request("PUT", &unknown, &json, &large), (405, 20004)),
        (request("POST", &unknown, &json, &large), (415, 60306)),
        (request("POST", &unknown, &[], &large), (413, 60306)),
        (request("POST", &unknown, &[], wrong), (400, 60306)),
        (request("POST", &unknown, &[], &good), (404, 20404)),
        // What depends on the type of the Factor is known once there is one.
        (request("POST", &path, &[], &good), (400, 20001)),
    ] {
        assert_eq!(function.invoke(&event).await.error(), error, "{event}");
    }
    let put = function.invoke(&request("PUT", &path, &[], "")).await;
    assert_eq!(put.header("allow"), "GET, POST, OPTIONS");
    let answer = function.invoke(&creation(&factor, "Details.Message=a")).await;
    assert_eq!(status(&answer), (201, "pending".to_owned()));
}
