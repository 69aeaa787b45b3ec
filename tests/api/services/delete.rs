//! Deleting Services: they are gone at once, but for Factors where they were just read.

use harness::local;
use time::Duration;

use super::service_path;
use crate::support::{Function, NOW, factors_path, invoke_at, request};

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
