//! Challenges of one Factor at once.

use std::collections::BTreeSet;

use harness::local;
use serde_json::Value;

use crate::round::{Answers, Round};
use crate::support::phone::Phone;
use crate::support::request;
use crate::verifications::{GUESSES_IN_A_ROW, NewFactor, ended, untold};

/// Challenges of one Factor that are answered at once: fewer than there can be in an hour.
const CHALLENGES: usize = 40;

/// Wrong codes for each of them.
const WRONG_CODES: usize = 2;

/// Answers of either kind to one Challenge.
const OF_EACH: usize = 32;

/// However many Challenges one right code is sent to, one of them accepts it. The others are told that it is wrong, until there were
/// too many wrong ones.
pub(crate) async fn one_right_code(round: &mut Round<'_>) {
    let (factor, challenges) = verified(round).await;
    // A later one than the code that verified the Factor.
    let code = factor.right_code();
    let answers = answer(round, &challenges, |_| vec![code.clone()]).await;
    let [approved, wrong, refused, answered_before] =
        ["approved", "pending", "60308", "60322"].map(|kind| ended(&answers, kind));
    let untold = untold(&answers);
    assert_eq!(
        approved + wrong + refused + answered_before,
        CHALLENGES as u64,
        "{answers:?}"
    );
    // One was approved; who was told to try again may hear of that as having been answered before.
    assert!(
        approved == 1 && answered_before == 0 || approved == 0 && answered_before == 1 && untold > 0,
        "{answers:?}"
    );
    let stored = factor.stored(round).await;
    let of_challenges = stored_challenges(round, &challenges).await;
    let approved: Vec<_> = of_challenges
        .iter()
        .filter(|challenge| challenge["response"] == "approved")
        .collect();
    assert_eq!(approved.len(), 1, "{of_challenges:?}");
    assert_counted(&answers, &of_challenges, stored.in_a_row);
    assert_eq!(stored.in_a_row, GUESSES_IN_A_ROW, "{stored:?}");
}

/// However many Challenges wrong codes are spread over, as many are compared as the limit of their Factor has it.
pub(crate) async fn wrong_codes(round: &mut Round<'_>) {
    let (factor, challenges) = verified(round).await;
    let codes = factor.wrong_codes(&mut round.random, CHALLENGES * WRONG_CODES);
    let mut codes = codes.chunks(WRONG_CODES);
    let answers = answer(round, &challenges, |_| codes.next().unwrap_or_default().to_vec()).await;
    let [wrong, refused] = ["pending", "60308"].map(|kind| ended(&answers, kind));
    assert_eq!(wrong + refused, answers.len() as u64, "{answers:?}");
    let stored = factor.stored(round).await;
    let of_challenges = stored_challenges(round, &challenges).await;
    assert_eq!(stored.in_a_row, GUESSES_IN_A_ROW, "{stored:?}");
    assert_counted(&answers, &of_challenges, stored.in_a_row);
}

/// Of approvals and denials of one Challenge one wins; those that say the same are told so, and the others that it was answered
/// before.
pub(crate) async fn approvals_and_denials(round: &mut Round<'_>) {
    let phone = Phone::number(round.random.u8(1..=254));
    let identity = format!("{:032x}", round.random.u128(..));
    let entity = format!("/v2/Services/{}/Entities/{identity}", local::SERVICE_SID);
    let created = round
        .prepare(request("POST", &format!("{entity}/Factors"), &[], &phone.form()))
        .await;
    let factor_sid = created.text("sid");
    let verify = format!("{entity}/Factors/{factor_sid}");
    let verified = round
        .prepare(request("POST", &verify, &[], &phone.payload(&factor_sid)))
        .await;
    assert_eq!(verified.text("status"), "verified");
    let form = format!("FactorSid={factor_sid}&Details.Message=Log+in%3F");
    let created = round
        .prepare(request("POST", &format!("{entity}/Challenges"), &[], &form))
        .await
        .json();
    let path = format!("{entity}/Challenges/{}", created["sid"].as_str().expect("a SID"));
    let events = (0..2 * OF_EACH).map(|number| {
        let status = if number % 2 == 0 { "approved" } else { "denied" };
        request("POST", &path, &[], &phone.answer(&created, status))
    });
    let mut events: Vec<Value> = events.collect();
    round.random.shuffle(&mut events);
    let answers = round.at_once(events).await;
    let [approved, denied, before] = ["approved", "denied", "60322"].map(|kind| ended(&answers, kind));
    let stored = stored_challenges(round, std::slice::from_ref(&created)).await;
    let (winner, told, others) = match stored[0]["response"].as_str() {
        Some("approved") => ("approved", approved, denied),
        Some("denied") => ("denied", denied, approved),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (told, others, before),
        (OF_EACH as u64, 0, OF_EACH as u64),
        "{answers:?}"
    );
    assert_eq!(stored[0]["revision"], 2, "it was answered once");
    let shown = round.prepare(request("GET", &path, &[], "")).await;
    assert_eq!(shown.text("status"), winner);
}

/// A totp Factor that was verified by the code of the time step before this one, and Challenges that wait for their answers.
async fn verified(round: &mut Round<'_>) -> (NewFactor, Vec<Value>) {
    let factor = NewFactor::create(round).await;
    factor.verify_with_the_code_before(round).await;
    let mut challenges = Vec::new();
    for _ in 0..CHALLENGES {
        challenges.push(factor.challenge(round).await);
    }
    (factor, challenges)
}

/// What is answered to codes for these Challenges, all at once.
async fn answer(
    round: &mut Round<'_>,
    challenges: &[Value],
    mut codes: impl FnMut(usize) -> Vec<String>,
) -> Vec<Answers> {
    let mut events = Vec::new();
    for (number, challenge) in challenges.iter().enumerate() {
        let url = challenge["url"].as_str().expect("a URL");
        let path = &url[url.find("/v2/").expect("a path")..];
        for code in codes(number) {
            events.push(request("POST", path, &[], &format!("AuthPayload={code}")));
        }
    }
    round.random.shuffle(&mut events);
    round.at_once(events).await
}

/// The items of these Challenges.
async fn stored_challenges(round: &mut Round<'_>, challenges: &[Value]) -> Vec<Value> {
    let mut items = Vec::new();
    for challenge in challenges {
        let text = |name: &str| challenge[name].as_str().expect("a text").to_owned();
        let partition = format!("{}/{}", text("service_sid"), text("identity"));
        items.push(round.stored(&partition, &text("sid")).await);
    }
    let sids: BTreeSet<&str> = items.iter().filter_map(|item| item["sk"].as_str()).collect();
    assert_eq!(sids.len(), challenges.len());
    items
}

/// Whoever was told that a code is wrong was counted, on the Challenge and on its Factor alike, and whoever was counted was told so or to
/// try again.
fn assert_counted(answers: &[Answers], challenges: &[Value], in_a_row: u64) {
    let on_challenges: u64 = challenges
        .iter()
        .filter_map(|challenge| challenge["wrong"].as_u64())
        .sum();
    let told = ended(answers, "pending");
    assert_eq!(on_challenges, in_a_row, "{challenges:?}");
    assert!(
        told <= in_a_row && in_a_row <= told + untold(answers),
        "{answers:?}"
    );
}
