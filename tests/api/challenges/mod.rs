//! Challenges: a file for each thing that can be done with them, and more for what an answer can be (`signed`, `push`), what is counted
//! (`guesses`, `windows`), what is lost on the way (`lost`), what goes (`gone`), and what all of it costs (`calls`, `many`).

mod answer;
mod calls;
mod create;
mod factor;
mod fetch;
mod gone;
mod guesses;
mod later;
mod list;
mod lost;
mod many;
mod new;
mod pages;
mod push;
mod retry;
mod sealed;
mod signed;
mod windows;

use serde_json::Value;
use time::{Duration, OffsetDateTime};
use verify_factors::App;

use crate::support::phone::Phone;
use crate::support::{
    Answer, Function, NOW, challenges_path, code_at, entity_partition, factors_path, invoke_at, item_json,
    persistently, request, wrong_code_at,
};

/// When Factors are verified: long enough before [`NOW`] for no code to be good at both.
const BEFORE: OffsetDateTime = NOW.saturating_sub(Duration::minutes(20));

/// The header of an answer that a phone can sign.
const SIGNATURE_FIELDS: &str = "twilio-verify-signature-fields";

/// A user with a verified Factor.
struct User {
    function: Function,
    /// The Factor as it was created.
    factor: Value,
}

impl User {
    /// One with an authenticator app, for a totp Factor with these parameters besides.
    async fn with_app(parameters: &str) -> Self {
        let function = Function::start().await;
        let factor = with_app(&function, parameters).await;
        Self { function, factor }
    }

    /// One with the first [`Phone`].
    async fn with_phone() -> Self {
        let function = Function::start().await;
        let factor = with_phone(&function, &phone()).await;
        Self { function, factor }
    }

    fn factor_sid(&self) -> &str {
        self.factor["sid"].as_str().unwrap()
    }

    fn factor_path(&self) -> String {
        factor_path(&self.factor)
    }

    /// A request for a Challenge of the Factor, with these parameters besides.
    fn creation(&self, parameters: &str) -> Value {
        creation(&self.factor, parameters)
    }

    /// What is answered to a request for a Challenge at a moment.
    async fn create_at(&self, parameters: &str, now: OffsetDateTime) -> Answer {
        invoke_at(&self.function.app, &self.creation(parameters), now).await
    }

    async fn create(&self, parameters: &str) -> Answer {
        self.create_at(parameters, NOW).await
    }

    /// A Challenge that waits for its answer, as it was created.
    async fn challenge(&self) -> Value {
        self.challenge_at(NOW).await
    }

    async fn challenge_at(&self, now: OffsetDateTime) -> Value {
        let answer = self.create_at("Details.Message=Let+in%3F", now).await;
        assert_eq!((answer.status, answer.text("status").as_str()), (201, "pending"));
        answer.json()
    }

    /// What is answered to a form about a Challenge at a moment.
    async fn send_at(&self, challenge: &Value, form: &str, now: OffsetDateTime) -> Answer {
        invoke_at(&self.function.app, &about(challenge, form), now).await
    }

    async fn send(&self, challenge: &Value, form: &str) -> Answer {
        self.send_at(challenge, form, NOW).await
    }

    /// What is answered to a client that tries again while others are in its way.
    async fn persist_at(&self, challenge: &Value, form: &str, now: OffsetDateTime) -> Answer {
        persistently(&self.function.app, &about(challenge, form), now).await
    }

    async fn persist(&self, challenge: &Value, form: &str) -> Answer {
        self.persist_at(challenge, form, NOW).await
    }

    /// What is answered to a form about the Factor at a moment.
    async fn send_to_factor(&self, form: &str, now: OffsetDateTime) -> Answer {
        let update = request("POST", &self.factor_path(), &[], form);
        invoke_at(&self.function.app, &update, now).await
    }

    /// A form with the code that the app shows at a moment.
    fn right(&self, at: OffsetDateTime) -> String {
        format!("AuthPayload={}", code_at(&self.factor, at))
    }

    /// A form with a code that is none of those around a moment.
    fn wrong(&self, at: OffsetDateTime) -> String {
        format!("AuthPayload={}", wrong_code_at(&self.factor, at))
    }

    /// The Challenge as it is shown at a moment.
    async fn fetch_at(&self, challenge: &Value, now: OffsetDateTime) -> Answer {
        let fetch = request("GET", &challenge_path(challenge), &[], "");
        invoke_at(&self.function.app, &fetch, now).await
    }

    async fn fetch(&self, challenge: &Value) -> Answer {
        self.fetch_at(challenge, NOW).await
    }

    /// What is stored under a SID.
    async fn stored(&self, resource: &Value) -> Value {
        let sid = resource["sid"].as_str().unwrap();
        let item = self.function.dynamo.item(&entity_partition(), sid).await;
        item_json(&item.unwrap())
    }
}

/// Of the first [`User::with_phone`].
fn phone() -> Phone {
    Phone::number(1)
}

/// A verified totp Factor with these parameters.
async fn with_app(function: &Function, parameters: &str) -> Value {
    let form = format!("FriendlyName=App&FactorType=totp&{parameters}");
    verified(function, &form, |factor| {
        format!("AuthPayload={}", code_at(factor, BEFORE))
    })
    .await
}

/// The verified push Factor of a phone.
async fn with_phone(function: &Function, phone: &Phone) -> Value {
    verified(function, &phone.form(), |factor| {
        phone.payload(factor["sid"].as_str().unwrap())
    })
    .await
}

async fn verified(function: &Function, form: &str, proof: impl FnOnce(&Value) -> String) -> Value {
    let create = request("POST", &factors_path(), &[], form);
    let factor = invoke_at(&function.app, &create, BEFORE).await.json();
    let verify = request("POST", &factor_path(&factor), &[], &proof(&factor));
    let answer = invoke_at(&function.app, &verify, BEFORE).await;
    assert_eq!(answer.text("status"), "verified");
    factor
}

fn factor_path(factor: &Value) -> String {
    format!("{}/{}", factors_path(), factor["sid"].as_str().unwrap())
}

fn challenge_path(challenge: &Value) -> String {
    format!("{}/{}", challenges_path(), challenge["sid"].as_str().unwrap())
}

/// A request for a Challenge of a Factor, with these parameters besides.
fn creation(factor: &Value, parameters: &str) -> Value {
    let form = format!("FactorSid={}&{parameters}", factor["sid"].as_str().unwrap());
    request("POST", &challenges_path(), &[], &form)
}

/// A request about a Challenge.
fn about(challenge: &Value, form: &str) -> Value {
    request("POST", &challenge_path(challenge), &[], form)
}

/// What an answer says of a Challenge, in short.
fn status(answer: &Answer) -> (u64, String) {
    let text = |field: &str| answer.json()[field].as_str().map(str::to_owned);
    let code = || answer.json()["code"].to_string();
    (answer.status, text("status").unwrap_or_else(code))
}

fn ok(status: &str) -> (u64, String) {
    (200, status.to_owned())
}

/// An instance on the same table whose calls are counted.
async fn counted(function: &Function, now: OffsetDateTime) -> (App, harness::faults::FaultProxy) {
    let proxy = harness::faults::FaultProxy::start(&function.dynamo.endpoint)
        .await
        .unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(now).await;
    proxy.script(&[], harness::faults::Fault::None);
    (app, proxy)
}
