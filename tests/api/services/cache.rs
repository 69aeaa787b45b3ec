//! Services as Factors are created by them: read once, and again when that was 30 seconds ago.

use harness::faults::FaultProxy;
use harness::local;
use time::Duration;

use super::service_path;
use crate::support::{Answer, Function, NOW, event, factors_path, invoke_at, request};

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
async fn the_warm_up_reads_the_services_and_a_data_key_so_that_the_first_create_is_one_call() {
    let function = Function::start().await;
    function.another_instance().warm_up(NOW).await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    assert_eq!(proxy.calls(), ["Query", "Query"], "one beside the other");
    let answer = invoke_at(&app, &event("create-totp-factor.json"), NOW).await;
    assert_eq!(
        (answer.status, proxy.calls()),
        (
            201,
            ["Query", "Query", "TransactWriteItems"]
                .map(str::to_owned)
                .to_vec()
        )
    );
}
