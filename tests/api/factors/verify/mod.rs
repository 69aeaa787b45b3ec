//! Verifying a Factor: `codes`, `guesses`, `signatures`, and `writes` for what is written of them.

mod codes;
mod guesses;
mod signatures;
mod writes;

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::support::{Answer, Function, NOW, code_at, factors_path, invoke_at, request, wrong_code_at};

/// A Factor and what is known of it.
struct Enrolled {
    function: Function,
    created: Value,
    path: String,
}

impl Enrolled {
    /// A totp Factor with these parameters besides.
    async fn totp(parameters: &str) -> Self {
        Self::of(&format!("FriendlyName=Laptop&FactorType=totp&{parameters}")).await
    }

    async fn of(form: &str) -> Self {
        let function = Function::start().await;
        let created = function.create_factor(form).await.json();
        let path = format!("{}/{}", factors_path(), created["sid"].as_str().unwrap());
        Self {
            function,
            created,
            path,
        }
    }

    /// What is answered to an `AuthPayload`, percent-encoded, at a moment.
    async fn send_at(&self, payload: &str, now: OffsetDateTime) -> Answer {
        let form = format!("AuthPayload={payload}");
        invoke_at(&self.function.app, &request("POST", &self.path, &[], &form), now).await
    }

    async fn send(&self, payload: &str) -> Answer {
        self.send_at(payload, NOW).await
    }

    fn code_at(&self, at: OffsetDateTime) -> String {
        code_at(&self.created, at)
    }

    fn wrong_code(&self) -> String {
        wrong_code_at(&self.created, NOW)
    }

    /// The stored Factor.
    async fn item(&self) -> Value {
        self.function.items().await[1].clone()
    }
}

fn status(answer: &Answer) -> (u64, String) {
    (
        answer.status,
        answer.json()["status"].as_str().unwrap_or_default().to_owned(),
    )
}

fn ok(status: &str) -> (u64, String) {
    (200, status.to_owned())
}

const LATER: Duration = Duration::seconds(3);
