//! Enrolling: a phone with an Access Token becomes one push Factor of the Entity that it is for (`once`), and nothing else (`tokens`).

mod once;
mod tokens;

use serde_json::Value;

use crate::support::phone::{Phone, device};
use crate::support::{Answer, Function, NOW, by, factors_path, invoke_at, request};

/// A phone that enrols with a token, sending this form.
fn enrolment(token: &str, headers: &[(&str, &str)], form: &str) -> Value {
    by(&request("POST", &factors_path(), headers, form), &device(token))
}

fn phone() -> Phone {
    Phone::number(1)
}

fn form() -> String {
    phone().form()
}

/// The same without a name, as where the app leaves it to the backend.
fn nameless() -> String {
    form().replace("FriendlyName=Phone&", "")
}

async fn send(function: &Function, event: &Value) -> Answer {
    invoke_at(&function.app, event, NOW).await
}

/// Panics unless the token is good still.
async fn assert_enrols(function: &Function, token: &str) {
    let answer = send(function, &enrolment(token, &[], &form())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}
