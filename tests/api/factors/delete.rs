//! Deleting a Factor.

use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::json;
use time::Duration;

use super::entity_item;
use crate::support::{
    Function, NOW, entity_partition, event, factors_path, invoke_as, invoke_at, join_all, request,
};

#[tokio::test]
async fn a_deleted_factor_is_counted_off_and_leaves_its_key_alone() {
    let function = Function::start().await;
    let created = function.invoke(&event("create-factor-replay.json")).await;
    let deleted = function.invoke(&event("delete-factor.json")).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(deleted.header("content-type"), "");
    let in_thirty_days = (NOW + Duration::days(30)).unix_timestamp();
    assert_eq!(
        function.items().await,
        [
            entity_item(&created, &json!({"totp_factors": 0, "revision": 2})),
            json!({
                "pk": entity_partition(),
                "sk": local::FACTOR_SID,
                "request_id": deleted.header("x-request-id"),
                "expires": in_thirty_days,
            }),
        ]
    );
    for name in [
        "fetch-factor.json",
        "update-factor.json",
        "verify-totp-factor.json",
        "delete-factor.json",
    ] {
        assert_eq!(
            function.invoke(&event(name)).await.error(),
            (404, 20404),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_deleted_factor_is_not_made_again_by_its_key() {
    let function = Function::start().await;
    let create = event("create-factor-replay.json");
    function.invoke(&create).await;
    function.invoke(&event("delete-factor.json")).await;
    for later in [Duration::ZERO, Duration::DAY, Duration::days(29)] {
        let again = invoke_at(&function.app, &create, NOW + later).await;
        assert_eq!(again.error(), (422, 20422));
    }
}

#[tokio::test]
async fn of_many_deletes_one_is_the_one() {
    let function = Function::start().await;
    function.invoke(&event("create-factor-replay.json")).await;
    let delete = event("delete-factor.json");
    let answers = join_all((0..8).map(|_| function.invoke(&delete)).collect()).await;
    let mut statuses: Vec<u64> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404, 404, 404, 404, 404, 404, 404]);
    assert_eq!(function.items().await[0]["totp_factors"], 0);
}

#[tokio::test]
async fn a_delete_is_two_calls() {
    let function = Function::start().await;
    function.invoke(&event("create-factor-replay.json")).await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    proxy.script(&[], Fault::None);
    assert_eq!(
        invoke_at(&app, &event("delete-factor.json"), NOW).await.status,
        204
    );
    assert_eq!(proxy.calls(), ["GetItem", "TransactWriteItems"]);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_done_once() {
    let function = Function::start().await;
    let path = format!("{}/{}", factors_path(), local::FACTOR_SID);
    let delete = request("DELETE", &path, &[], "");
    function.invoke(&event("create-factor-replay.json")).await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    proxy.script(&[Fault::None, Fault::CutAfter], Fault::None);
    assert_eq!(invoke_as(&app, &delete, NOW, "request").await.status, 204);
    assert_eq!(function.items().await[0]["totp_factors"], 0);
}
