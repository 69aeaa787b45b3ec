//! Verifications of one Factor at once.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use harness::local;
use serde_json::Value;
use totp_rs::Totp;

use crate::AT_ONCE;
use crate::round::{Answers, Round, writes};
use crate::support::request;

/// Wrong codes that are compared while a Factor is being verified (NIST's and the contract's limit of guesses).
const GUESSES: u64 = 5;

/// Wrong codes in a row, after which each further one waits.
pub(crate) const GUESSES_IN_A_ROW: u64 = 10;

/// Seconds before and after now of which no code is taken for a wrong one: more than a round and the window of the Factor.
const AROUND_NOW: u64 = 600;

/// Seconds for which a code is the same, as the Service has it.
const TIME_STEP: usize = 30;

/// However often the right code is sent, all are told that it is right, and one write made it so.
pub(crate) async fn one_right_code(round: &mut Round<'_>) {
    let factor = NewFactor::create(round).await;
    let answers = factor.verify(round, &vec![factor.right_code(); AT_ONCE]).await;
    assert_eq!(ended(&answers, "verified"), AT_ONCE as u64, "{answers:?}");
    let stored = factor.stored(round).await;
    assert_eq!(
        (stored.is_verified, stored.writes, stored.guesses, stored.in_a_row),
        (true, 1, 0, 0),
        "{stored:?}"
    );
}

/// However many wrong codes are sent, as many are compared as the limit has it, and each of them is counted.
pub(crate) async fn wrong_codes(round: &mut Round<'_>) {
    let factor = NewFactor::create(round).await;
    let codes = factor.wrong_codes(&mut round.random, AT_ONCE);
    let answers = factor.verify(round, &codes).await;
    let stored = factor.stored(round).await;
    assert_limit_is_met(&answers, &stored);
}

/// The right code is one of the first that are compared and verifies, or it isn't and doesn't. The wrong ones count, before it
/// and after it.
pub(crate) async fn one_right_among_wrong_codes(round: &mut Round<'_>) {
    let factor = NewFactor::create(round).await;
    let mut codes = factor.wrong_codes(&mut round.random, AT_ONCE - 1);
    // In half of the rounds so early that it is often one of those that are compared.
    let last = if round.random.bool() { 4 } else { AT_ONCE };
    let place = round.random.usize(0..last);
    codes.insert(place, factor.right_code());
    let mut answers = factor.verify(round, &codes).await;
    let stored = factor.stored(round).await;
    let right = answers.remove(place);
    if !stored.is_verified {
        assert_eq!(right.end(), "60310", "{right:?}");
        assert_limit_is_met(&answers, &stored);
        return;
    }

    match right.end() {
        "verified" => {}
        // Its write came through and its answer didn't, and meanwhile there were too many wrong ones.
        "60308" if right.untold() > 0 => {}
        _ => panic!("the right code: {right:?}"),
    }
    let [before, after, refused] = ["unverified", "60311", "60308"].map(|kind| ended(&answers, kind));
    let untold = untold(&answers);
    assert_eq!(before + after + refused, answers.len() as u64, "{answers:?}");
    assert!((before..GUESSES).contains(&stored.guesses), "{stored:?}");
    assert!(after <= stored.in_a_row, "{stored:?}");
    assert_eq!(stored.in_a_row, GUESSES_IN_A_ROW, "{stored:?}");
    let counted = stored.guesses + stored.in_a_row;
    assert!(counted <= before + after + untold, "{stored:?} {answers:?}");
    assert_eq!(stored.writes, 1 + counted, "{stored:?}");
}

/// All guesses were made, and the Factor isn't verified: whoever was told that a code is wrong was counted, whoever was
/// counted was told so or to try again, and the others were told that there are no more guesses.
fn assert_limit_is_met(wrong: &[Answers], stored: &Stored) {
    let [compared, refused] = ["unverified", "60310"].map(|kind| ended(wrong, kind));
    assert_eq!(compared + refused, wrong.len() as u64, "{wrong:?}");
    assert!(compared <= GUESSES, "{wrong:?}");
    assert!(GUESSES <= compared + untold(wrong), "{wrong:?}");
    assert_eq!(
        (stored.is_verified, stored.writes, stored.guesses, stored.in_a_row),
        (false, GUESSES, GUESSES, GUESSES),
        "{stored:?}"
    );
}

/// Requests whose last answer is of this kind.
pub(crate) fn ended(answers: &[Answers], kind: &str) -> u64 {
    answers.iter().filter(|answers| answers.end() == kind).count() as u64
}

/// Tries of which nobody was told what came of them.
pub(crate) fn untold(answers: &[Answers]) -> u64 {
    answers.iter().map(Answers::untold).sum()
}

/// A totp Factor of an Entity of its own, which nobody has tried to verify.
pub(crate) struct NewFactor {
    partition: String,
    sid: String,
    path: String,
    app: Totp,
}

/// What is stored of a Factor.
#[derive(Debug)]
pub(crate) struct Stored {
    is_verified: bool,
    /// How often it was written since it was created.
    writes: u64,
    /// Wrong codes while it was being verified.
    guesses: u64,
    /// Wrong codes since the last right one.
    pub(crate) in_a_row: u64,
}

impl NewFactor {
    pub(crate) async fn create(round: &mut Round<'_>) -> Self {
        let identity = format!("{:032x}", round.random.u128(..));
        let mut seed = [0; 20];
        round.random.fill(&mut seed);
        let seed = data_encoding::BASE32_NOPAD.encode(&seed);
        let factors = format!("/v2/Services/{}/Entities/{identity}/Factors", local::SERVICE_SID);
        // With eight digits a wrong code is right in another time step less often.
        let form = format!("FriendlyName=Laptop&FactorType=totp&Config.CodeLength=8&Binding.Secret={seed}");
        let created = round.prepare(request("POST", &factors, &[], &form)).await;
        assert_eq!(created.status, 201, "{created:?}");
        let (sid, json) = (created.text("sid"), created.json());
        let uri = json["binding"]["uri"].as_str().expect("a URI");
        Self {
            partition: format!("{}/{identity}", local::SERVICE_SID),
            path: format!("{factors}/{sid}"),
            sid,
            app: Totp::from_url(uri).expect("a URI that an app can read"),
        }
    }

    pub(crate) fn right_code(&self) -> String {
        self.app.generate(now()).to_string()
    }

    /// Codes that are all different, and right at no time near.
    pub(crate) fn wrong_codes(&self, random: &mut fastrand::Rng, number: usize) -> Vec<String> {
        let times = (now() - AROUND_NOW..now() + AROUND_NOW).step_by(TIME_STEP);
        let right: BTreeSet<String> = times.map(|time| self.app.generate(time).to_string()).collect();
        let mut wrong = BTreeSet::new();
        while wrong.len() < number {
            let code = format!("{:08}", random.u32(0..100_000_000));
            if !right.contains(&code) {
                wrong.insert(code);
            }
        }
        wrong.into_iter().collect()
    }

    /// Verifies it with the code of the time step before this one, so that the one of this one is still good.
    pub(crate) async fn verify_with_the_code_before(&self, round: &mut Round<'_>) {
        let code = self.app.generate(now() - TIME_STEP as u64).to_string();
        let verify = request("POST", &self.path, &[], &format!("AuthPayload={code}"));
        assert_eq!(round.prepare(verify).await.text("status"), "verified");
    }

    /// A new Challenge of it, as it is shown.
    pub(crate) async fn challenge(&self, round: &mut Round<'_>) -> Value {
        let challenges = self.path.replace(&format!("Factors/{}", self.sid), "Challenges");
        let form = format!("FactorSid={}", self.sid);
        let created = round.prepare(request("POST", &challenges, &[], &form)).await;
        assert_eq!(created.status, 201, "{created:?}");
        created.json()
    }

    /// The answers to verifications with each of these codes at once.
    async fn verify(&self, round: &mut Round<'_>, codes: &[String]) -> Vec<Answers> {
        let verify = |code: &String| request("POST", &self.path, &[], &format!("AuthPayload={code}"));
        round.at_once(codes.iter().map(verify).collect()).await
    }

    pub(crate) async fn stored(&self, round: &mut Round<'_>) -> Stored {
        let item = round.stored(&self.partition, &self.sid).await;
        let count = |attribute: &str| match &item[attribute] {
            Value::Null => 0,
            count => count.as_u64().expect("a count"),
        };
        Stored {
            is_verified: item["status"] == "verified",
            writes: writes(&item),
            guesses: count("wrong_at_verification"),
            in_a_row: count("wrong_in_a_row"),
        }
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a clock after 1970").as_secs()
}
