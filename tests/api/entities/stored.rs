//! The counts of an Entity, and the limits that they hold.

use harness::local;
use serde_json::json;

use crate::factors::ENTITY_SID;
use crate::support::{Function, entity_partition, event, factors_path, form_of};

#[tokio::test]
async fn an_entity_has_at_most_20_push_and_100_totp_factors() {
    let function = Function::start().await;
    let push = form_of(&event("create-push-factor.json"));
    let totp = "FriendlyName=a&FactorType=totp";
    for (form, limit, name) in [(push.as_str(), 20, "push"), (totp, 100, "totp")] {
        for number in 1..=limit {
            let answer = function.create_factor(form).await;
            assert_eq!(answer.status, 201, "{number} of {limit}: {}", answer.text);
        }
        let answer = function.create_factor(form).await;
        assert_eq!(answer.error(), (400, 60315));
        assert_eq!(
            answer.text("message"),
            format!("The Entity already has {limit} {name} Factors, the most it can have")
        );
    }
    let items = function.items().await;
    assert_eq!(items.len(), 121);
    assert_eq!(
        items[0],
        json!({
            "pk": entity_partition(), "sk": ENTITY_SID, "revision": 120, "push_factors": 20, "totp_factors": 100,
        })
    );
    let other = factors_path().replace(local::IDENTITY, "another-identity");
    assert_eq!(
        function.request("POST", &other, totp).await.status,
        201,
        "each Entity has its own limit"
    );
}
