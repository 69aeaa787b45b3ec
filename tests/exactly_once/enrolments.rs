//! Phones that enrol with one Access Token at once.

use harness::local;
use serde_json::Value;

use crate::round::Round;
use crate::support::phone::{Phone, device};
use crate::support::{by, request};
use crate::verifications::{ended, untold};

/// Phones that show the token at one moment.
const PHONES: u8 = 16;

/// However many phones enrol with one token, one of them does. The others are nobody, and no Factor is theirs.
pub(crate) async fn one_token(round: &mut Round<'_>) {
    let identity = format!("{:032x}", round.random.u128(..));
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    let form = format!("Identity={identity}&FactorType=push&Ttl=300");
    let token = round
        .prepare(request("POST", &format!("{service}/AccessTokens"), &[], &form))
        .await;
    let authorization = device(&token.text("token"));
    let factors = format!("{service}/Entities/{identity}/Factors");
    let enrol = |number| {
        let create = request("POST", &factors, &[], &Phone::number(number).form());
        by(&create, &authorization)
    };
    let answers = round.at_once((1..=PHONES).map(enrol).collect()).await;
    let [enrolled, nobody] = ["unverified", "20003"].map(|kind| ended(&answers, kind));
    assert_eq!(enrolled + nobody, answers.len() as u64, "{answers:?}");
    // Who was told to try again may hear of its own write that the token was used up.
    assert!(
        enrolled == 1 || enrolled == 0 && untold(&answers) > 0,
        "{answers:?}"
    );
    let there = round.prepare(request("GET", &factors, &[], "")).await.json();
    assert_eq!(there["factors"].as_array().map(Vec::len), Some(1), "{there}");
    let entity = round.prepare(request("GET", factors.trim_end_matches("/Factors"), &[], ""));
    let sid = entity.await.text("sid");
    let pk = format!("{}/{identity}", local::SERVICE_SID);
    assert_eq!(round.stored(&pk, &sid).await["push_factors"], Value::from(1));
}
