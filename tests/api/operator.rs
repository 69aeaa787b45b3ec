//! What the operator does: a new data key, every Factor sealed with it, and a count of what is left; Factors that are imported.

use harness::dynamo::Item;
use harness::local;
use serde_json::json;
use time::Duration;
use verify_factors::factors::Import;
use verify_factors::sid::{AccountSid, ServiceSid};
use verify_factors::{Count, Imported, Resealed};

use crate::sealing::{data_keys, sealed, stored, with_binding, with_key};
use crate::support::{Function, NOW, entity_partition, factors_path, invoke_at, request};

/// A Factor whose seed comes from elsewhere.
const FORM: &str = "FriendlyName=Laptop&FactorType=totp&Binding.Secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

#[tokio::test]
async fn a_new_data_key_seals_within_five_minutes_and_every_older_one_opens() {
    let function = Function::start().await;
    let mut answers = Vec::new();
    for version in 1..=3 {
        if version > 1 {
            let operator = function.another_instance();
            assert_eq!(operator.rotate_data_key(NOW).await.unwrap(), version);
        }
        let later = NOW + Duration::minutes(5) * version;
        let answer = invoke_at(&function.app, &with_key(&format!("key-{version}")), later).await;
        assert_eq!(
            sealed(&stored(&function, &answer).await)[1..5],
            version.to_be_bytes()
        );
        answers.push(answer);
    }
    assert_eq!(data_keys(&function).await.len(), 3);
    let reader = function.another_instance();
    for (version, answer) in (1..).zip(&answers) {
        let again = invoke_at(&reader, &with_key(&format!("key-{version}")), NOW).await;
        assert_eq!(
            (again.header("idempotent-replayed"), &again.text),
            ("true", &answer.text)
        );
    }
}

#[tokio::test]
async fn resealing_moves_every_factor_to_the_newest_data_key_and_changes_nothing_that_is_seen() {
    let function = Function::start().await;
    let mut answers = Vec::new();
    for number in 0..7 {
        answers.push(function.invoke(&with_key(&format!("key-{number}"))).await);
    }
    let operator = function.another_instance();
    assert_eq!(operator.rotate_data_key(NOW).await.unwrap(), 2);
    let newer = invoke_at(&function.another_instance(), &with_key("newer"), NOW).await;
    assert_eq!(
        operator.count_by_data_key().await.unwrap(),
        count([(1, 7), (2, 1)])
    );
    let before = stored(&function, &answers[0]).await;
    let done = operator.reseal(|| NOW, |_| {}).await.unwrap();
    let expected = Resealed {
        resealed: 7,
        current: 1,
        ..Resealed::default()
    };
    assert_eq!(done, expected);
    assert_eq!(operator.count_by_data_key().await.unwrap(), count([(2, 8)]));
    let mut after = stored(&function, &answers[0]).await;
    assert_ne!(sealed(&before), sealed(&after));
    assert_eq!(after["revision"].as_n().unwrap(), "2");
    for attribute in ["binding", "revision"] {
        after.insert(attribute.to_owned(), before[attribute].clone());
    }
    assert_eq!(before, after, "all else is as it was");
    let reader = function.another_instance();
    for (number, answer) in answers.iter().enumerate() {
        let again = invoke_at(&reader, &with_key(&format!("key-{number}")), NOW).await;
        assert_eq!(
            (again.header("idempotent-replayed"), &again.text),
            ("true", &answer.text)
        );
    }
    assert_eq!(invoke_at(&reader, &with_key("newer"), NOW).await.text, newer.text);
    let again = operator.reseal(|| NOW, |_| {}).await.unwrap();
    let nothing_left = Resealed {
        current: 8,
        ..Resealed::default()
    };
    assert_eq!(again, nothing_left);
}

#[tokio::test]
async fn what_does_not_open_is_counted_and_left_and_stops_nothing() {
    let function = Function::start().await;
    let mut items = Vec::new();
    for key in ["good", "swapped", "of another format", "cut", "of no data key"] {
        items.push(stored(&function, &function.invoke(&with_key(key)).await).await);
    }
    let [good, swapped, format, cut, version] = items.try_into().unwrap();
    let changed = |item: &Item, change: fn(&mut Vec<u8>)| {
        let mut bytes = sealed(item);
        change(&mut bytes);
        with_binding(item, bytes)
    };
    for item in [
        with_binding(&swapped, sealed(&good)),
        changed(&format, |bytes| bytes[0] = 2),
        changed(&cut, |bytes| bytes.truncate(20)),
        changed(&version, |bytes| bytes[4] = 9),
    ] {
        function.dynamo.put(item).await;
    }
    let operator = function.another_instance();
    operator.rotate_data_key(NOW).await.unwrap();
    let expected = Resealed {
        resealed: 1,
        unopened: 4,
        ..Resealed::default()
    };
    assert_eq!(operator.reseal(|| NOW, |_| {}).await.unwrap(), expected);
    let left = Count {
        unreadable: 2,
        ..count([(1, 1), (2, 1), (9, 1)])
    };
    assert_eq!(operator.count_by_data_key().await.unwrap(), left);
}

#[tokio::test]
async fn a_factor_that_is_imported_is_stored_as_one_that_was_verified_and_counted() {
    let function = Function::start().await;
    let operator = function.another_instance();
    let import = import("key");
    let sid = import.factor_sid(account(), service());
    assert_eq!(
        operator.import(service(), &import, NOW).await.unwrap(),
        Imported::Created
    );
    let [entity, mut factor] = function.items().await.try_into().unwrap();
    assert_eq!(
        (&entity["totp_factors"], &entity["revision"]),
        (&json!(1), &json!(1))
    );
    let by = factor.as_object_mut().unwrap().remove("request_id").unwrap();
    assert_eq!(entity["request_id"], by);
    assert_eq!(
        factor,
        json!({
            "pk": entity_partition(),
            "sk": sid.as_str(),
            "account_sid": local::account_sid(),
            "service_sid": local::SERVICE_SID,
            "entity_sid": entity["sk"],
            "identity": local::IDENTITY,
            "friendly_name": "Laptop",
            "factor_type": "totp",
            "counted_as": "totp_factors",
            "status": "verified",
            "binding": "53 bytes",
            "config": {"alg": "sha1", "time_step": 30, "skew": 1, "code_length": 6, "issuer": "Owl Bank"},
            "date_created": "2026-01-02T03:04:05Z",
            "date_updated": "2026-01-02T03:04:05Z",
            "revision": 1,
            "request_fingerprint": "36 bytes",
        })
    );
    let later = NOW + Duration::days(1);
    assert_eq!(
        operator.import(service(), &import, later).await.unwrap(),
        Imported::There
    );
    // The same request by the API is told that its key was used: a binding is shown to nobody once it is verified.
    let again = function.invoke(&request_with("key")).await;
    assert_eq!(again.error(), (422, 20422));
    assert_eq!(function.items().await.len(), 2);
}

#[tokio::test]
async fn a_factor_that_nobody_verified_in_time_is_there_again_once_it_is_imported() {
    let function = Function::start().await;
    let operator = function.another_instance();
    let created = function.invoke(&request_with("key")).await;
    let sid = created.text("sid");
    assert_eq!(sid, import("key").factor_sid(account(), service()).as_str());
    let later = NOW + Duration::days(1);
    let path = format!("{}/{sid}", factors_path());
    let fetched = async || invoke_at(&function.app, &request("GET", &path, &[], ""), later).await;
    assert_eq!(fetched().await.status, 404);
    let imported = operator.import(service(), &import("key"), later).await;
    assert_eq!(imported.unwrap(), Imported::Verified);
    let factor = fetched().await;
    assert_eq!(
        (factor.text("status"), factor.text("date_updated")),
        ("verified".to_owned(), "2026-01-03T03:04:05Z".to_owned())
    );
    let [_, item] = function.items().await.try_into().unwrap();
    assert_eq!(
        (
            &item["revision"],
            item.get("expires"),
            item.get("unverified_until")
        ),
        (&json!(2), None, None)
    );
}

#[tokio::test]
async fn importers_at_once_make_one_factor_and_none_over_the_limit() {
    let function = Function::start().await;
    let operator = function.another_instance();
    let same: Vec<Import> = (0..20).map(|_| import("same")).collect();
    let imports = same.iter().map(|import| operator.import(service(), import, NOW));
    let imported = crate::support::join_all(imports.collect()).await;
    let count = |of: Imported| {
        imported
            .iter()
            .filter(|result| *result.as_ref().unwrap() == of)
            .count()
    };
    assert_eq!((count(Imported::Created), count(Imported::There)), (1, 19));
    for number in 1..=100 {
        let imported = operator
            .import(service(), &import(&format!("key-{number}")), NOW)
            .await;
        let expected = if number < 100 {
            Imported::Created
        } else {
            Imported::Full
        };
        assert_eq!(imported.unwrap(), expected, "{number}");
    }
    let elsewhere = ServiceSid::from_bytes([9; 16]);
    assert_eq!(
        operator.import(elsewhere, &import("key"), NOW).await.unwrap(),
        Imported::NoService
    );
    assert!(!operator.has_service(elsewhere, NOW).await.unwrap());
    let path = format!(
        "{}/{}",
        factors_path(),
        import("same").factor_sid(account(), service())
    );
    assert_eq!(function.request("DELETE", &path, "").await.status, 204);
    assert_eq!(
        operator.import(service(), &import("same"), NOW).await.unwrap(),
        Imported::Deleted
    );
}

#[test]
fn what_is_imported_is_held_to_the_rules_of_a_request() {
    for (identity, form, key, parameters) in [
        (local::IDENTITY, FORM, "", &["Idempotency-Key"][..]),
        (
            "short",
            "FriendlyName=a&FactorType=totp&Config.Skew=3",
            "key",
            &["Identity", "Config.Skew"],
        ),
    ] {
        let invalid = Import::parse(identity, form.as_bytes(), key).err().unwrap();
        let named: Vec<&str> = invalid.iter().map(|invalid| invalid.parameter).collect();
        assert_eq!(named, parameters);
    }
}

fn import(key: &str) -> Import {
    Import::parse(local::IDENTITY, FORM.as_bytes(), key).ok().unwrap()
}

/// The request for the same Factor.
fn request_with(key: &str) -> serde_json::Value {
    request("POST", &factors_path(), &[("idempotency-key", key)], FORM)
}

fn account() -> AccountSid {
    AccountSid::parse(&local::account_sid()).unwrap()
}

fn service() -> ServiceSid {
    ServiceSid::parse(local::SERVICE_SID).unwrap()
}

fn count<const N: usize>(by_version: [(u32, u64); N]) -> Count {
    Count {
        by_version: by_version.into(),
        ..Count::default()
    }
}
