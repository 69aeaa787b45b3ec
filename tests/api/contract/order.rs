//! The order of the checks, and the methods of each path.

use harness::local;

use crate::support::{Function, factors_path, request};

#[tokio::test]
async fn checks_run_in_the_order_of_the_contract() {
    let function = Function::start().await;
    let nowhere = "/v2/Nowhere";
    let unknown = factors_path().replace(local::SERVICE_SID, "VA00000000000000000000000000000000");
    let known = factors_path();
    let invalid = "FactorType=totp&FriendlyName=";
    let json = [("content-type", "application/json")];
    let anonymous = [("authorization", ""), ("content-type", "application/json")];
    let large = "x".repeat(16_385);
    for (event, error) in [
        (request("PUT", nowhere, &anonymous, invalid), (401, 20003)),
        (request("PUT", nowhere, &json, invalid), (404, 20404)),
        (request("PUT", &unknown, &json, invalid), (405, 20004)),
        (request("POST", &unknown, &json, invalid), (415, 60306)),
        (request("POST", &unknown, &[], &large), (413, 60306)),
        (request("POST", &unknown, &[], invalid), (400, 20001)),
        (
            request("POST", &unknown, &[], "FactorType=totp&FriendlyName=a"),
            (404, 20404),
        ),
    ] {
        assert_eq!(function.invoke(&event).await.error(), error, "{event}");
    }
    assert_eq!(
        function
            .invoke(&request("PUT", &known, &[], ""))
            .await
            .header("allow"),
        "GET, POST, OPTIONS"
    );
}

#[tokio::test]
async fn the_methods_of_each_path_follow_from_the_routes() {
    let function = Function::start().await;
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    for (path, allowed) in [
        ("/v2/Services".to_owned(), "GET, POST, OPTIONS"),
        (service, "GET, POST, DELETE, OPTIONS"),
        (factors_path(), "GET, POST, OPTIONS"),
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
