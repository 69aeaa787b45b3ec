//! Devices that call by themselves: what makes a JWT one of theirs (`jwt`), what is their own (`own`) and what is not (`others`), and what it costs (`calls`).

mod calls;
mod jwt;
mod others;
mod own;

use serde_json::Value;
use time::OffsetDateTime;

use crate::support::phone::Phone;
use crate::support::{Answer, Function, NOW, by, challenges_path, factors_path, invoke_at, request};

/// A phone, and its Factor as it was created.
struct Device {
    phone: Phone,
    factor: Value,
}

impl Device {
    /// A phone whose Factor nobody verified yet.
    async fn enrolled(function: &Function, number: u8) -> Self {
        let phone = Phone::number(number);
        let factor = function.create_factor(&phone.form()).await.json();
        Self { phone, factor }
    }

    /// A phone whose Factor is verified.
    async fn verified(function: &Function, number: u8) -> Self {
        let phone = Phone::number(number);
        let factor = phone.verified(function, &factors_path()).await;
        Self { phone, factor }
    }

    fn sid(&self) -> &str {
        self.factor["sid"].as_str().unwrap()
    }

    fn credential_sid(&self) -> &str {
        self.factor["config"]["credential_sid"].as_str().unwrap()
    }

    fn path(&self) -> String {
        format!("{}/{}", factors_path(), self.sid())
    }

    /// The form by which it verifies its Factor.
    fn proof(&self) -> String {
        self.phone.payload(self.sid())
    }

    fn authorization(&self, now: OffsetDateTime) -> String {
        self.phone.authorization(&self.factor, now)
    }

    /// The answer to its request with a JWT of that moment.
    async fn call(&self, function: &Function, method: &str, target: &str, form: &str) -> Answer {
        let event = by(&request(method, target, &[], form), &self.authorization(NOW));
        invoke_at(&function.app, &event, NOW).await
    }

    /// A Challenge that the account creates of its Factor.
    async fn challenge(&self, function: &Function) -> Value {
        let form = format!("FactorSid={}&Details.Message=Let+in%3F", self.sid());
        let answer = function.request("POST", &challenges_path(), &form).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }
}

fn challenge_path(challenge: &Value) -> String {
    format!("{}/{}", challenges_path(), challenge["sid"].as_str().unwrap())
}
