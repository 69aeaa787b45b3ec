//! The role in `template.yaml`: every call in these tests is held to it, and here is all that it allows.

use harness::local;
use time::Duration;

use crate::support::phone::Phone;
use crate::support::role::{ALLOWED, seen};
use crate::support::{Function, NOW, by, challenges_path, factors_path, invoke_at, request};

#[tokio::test]
async fn the_function_uses_every_right_that_its_role_has() {
    let function = Function::start().await;
    let phone = Phone::number(1);
    // The first data key is made; another instance unwraps it.
    let factor = phone.verified(&function, &factors_path()).await;
    let other = function.another_instance();
    let sid = factor["sid"].as_str().unwrap();
    let form = format!("FactorSid={sid}&Details.Message=a");
    let challenge = function.request("POST", &challenges_path(), &form).await;
    let path = format!("{}/{}", challenges_path(), challenge.text("sid"));
    let yes = phone.answer(&challenge.json(), "approved");
    let answer = by(
        &request("POST", &path, &[], &yes),
        &phone.authorization(&factor, NOW),
    );
    assert_eq!(invoke_at(&other, &answer, NOW).await.text("status"), "approved");
    let entities = format!("/v2/Services/{}/Entities", local::SERVICE_SID);
    assert_eq!(function.request("GET", &entities, "").await.status, 200);
    let later = NOW + Duration::MINUTE;
    let delete = request("DELETE", &factors_path().replace("/Factors", ""), &[], "");
    assert_eq!(invoke_at(&other, &delete, later).await.status, 204);

    let seen = seen();
    let unused: Vec<_> = ALLOWED.iter().filter(|right| !seen.contains(*right)).collect();
    assert!(unused.is_empty(), "rights that nothing uses: {unused:?}");
    assert_eq!(ALLOWED.len(), 10, "{:?}", *ALLOWED);
}
