//! What the operator does: a new data key, every Factor sealed with it, and a count of what is left.

use harness::dynamo::Item;
use time::Duration;
use verify_factors::{Count, Resealed};

use crate::sealing::{data_keys, sealed, stored, with_binding, with_key};
use crate::support::{Function, NOW, invoke_at};

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

fn count<const N: usize>(by_version: [(u32, u64); N]) -> Count {
    Count {
        by_version: by_version.into(),
        ..Count::default()
    }
}
