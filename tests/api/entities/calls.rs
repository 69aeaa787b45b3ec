//! What each operation costs: its calls to DynamoDB, none of which ever reads the whole table.

use harness::faults::{Fault, FaultProxy};
use harness::local;

use super::{TOTP, created, entities_path, entity_path, factor_path};
use crate::support::{Function, NOW, code_at, factors_path, invoke_at, request};

#[tokio::test]
async fn each_operation_makes_its_calls_and_no_more() {
    let function = Function::start().await;
    // What is gone is there too.
    for factor in created(&function, TOTP, 5).await {
        assert_eq!(
            function.request("DELETE", &factor_path(&factor), "").await.status,
            204
        );
    }
    let factor = &created(&function, TOTP, 1).await[0];
    let (path, code) = (factor_path(factor), code_at(factor, NOW));
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    let (entity, entities, factors) = (entity_path(), entities_path(), factors_path());
    let of_one = |query: &str| format!("{factors}{query}");
    let (read, query, write) = ("GetItem", "Query", "TransactWriteItems");
    for (method, target, form, status, calls) in [
        (
            "POST",
            entities.clone(),
            "Identity=another-one".to_owned(),
            201,
            [write].as_slice(),
        ),
        (
            "POST",
            entities.clone(),
            format!("Identity={}", local::IDENTITY),
            409,
            &[write],
        ),
        ("GET", entities.clone(), String::new(), 200, &[query]),
        (
            "GET",
            format!("{entities}?PageSize=1"),
            String::new(),
            200,
            &[query],
        ),
        ("GET", entity.clone(), String::new(), 200, &[read]),
        (
            "GET",
            format!("{entities}/nobody-is-here"),
            String::new(),
            404,
            &[read],
        ),
        ("POST", factors.clone(), TOTP.to_owned(), 201, &[write]),
        ("GET", path.clone(), String::new(), 200, &[read]),
        ("GET", of_one(""), String::new(), 200, &[query]),
        ("GET", of_one("?PageSize=1"), String::new(), 200, &[query]),
        (
            "POST",
            path.clone(),
            "FriendlyName=b".to_owned(),
            200,
            &[read, write],
        ),
        // It changes nothing.
        ("POST", path.clone(), "FriendlyName=b".to_owned(), 200, &[read]),
        (
            "POST",
            path.clone(),
            format!("AuthPayload={code}"),
            200,
            &[read, write],
        ),
        // A retry.
        ("POST", path.clone(), format!("AuthPayload={code}"), 200, &[read]),
        ("DELETE", path.clone(), String::new(), 204, &[read, write]),
        ("DELETE", path.clone(), String::new(), 404, &[read]),
        ("GET", path, String::new(), 404, &[read]),
        (
            "DELETE",
            entity.clone(),
            String::new(),
            204,
            // What is its own, and then the Entity, once there is no more.
            &[read, query, write, read, query, write],
        ),
        ("DELETE", entity.clone(), String::new(), 404, &[read]),
        ("GET", entity, String::new(), 404, &[read]),
        ("GET", of_one(""), String::new(), 200, &[query]),
    ] {
        proxy.script(&[], Fault::None);
        let answer = invoke_at(&app, &request(method, &target, &[], &form), NOW).await;
        assert_eq!(answer.status, status, "{method} {target} {form}: {}", answer.text);
        assert_eq!(proxy.calls(), calls, "{method} {target} {form}");
    }
}
