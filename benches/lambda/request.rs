//! A request, and what its answer has to be for a measurement to count.

use std::time::{Duration, Instant};

use data_encoding::BASE64;
use harness::lambda::{Answer, Environment};
use harness::{gateway, local};
use serde_json::Value;

use crate::Failure;

/// A request, with the local account's credentials unless it is a device's.
pub(crate) struct Request {
    method: &'static str,
    /// Below the local Service.
    path: String,
    authorization: String,
    form: String,
    status: u16,
    /// What the answer says, among other things.
    says: String,
}

impl Request {
    pub(crate) fn get(path: String) -> Self {
        Self::new("GET", path, 200)
    }

    pub(crate) fn post(path: String, form: impl Into<String>) -> Self {
        let form = form.into();
        Self {
            form,
            ..Self::new("POST", path, 200)
        }
    }

    /// A request that makes something.
    pub(crate) fn create(path: String, form: impl Into<String>) -> Self {
        Self {
            status: 201,
            ..Self::post(path, form)
        }
    }

    pub(crate) fn delete(path: String) -> Self {
        Self::new("DELETE", path, 204)
    }

    /// A request for a totp Factor of an Entity.
    pub(crate) fn create_totp_factor(identity: &str) -> Self {
        let form = "FriendlyName=John%27s+Account+Name&FactorType=totp";
        Self::create(format!("/Entities/{identity}/Factors"), form)
    }

    fn new(method: &'static str, path: String, status: u16) -> Self {
        Self {
            method,
            path,
            authorization: local::authorization(),
            form: String::new(),
            status,
            says: String::new(),
        }
    }

    /// The same, by a device with this JWT or Access Token.
    pub(crate) fn by_device(self, token: &str) -> Self {
        let credentials = BASE64.encode(format!("token:{token}").as_bytes());
        let authorization = format!("Basic {credentials}");
        Self {
            authorization,
            ..self
        }
    }

    /// The same, of whose answer this is expected.
    pub(crate) fn answered_with(self, says: impl Into<String>) -> Self {
        let says = says.into();
        Self { says, ..self }
    }

    fn event(&self) -> Vec<u8> {
        let path = format!("/v2/Services/{}{}", local::SERVICE_SID, self.path);
        let mut headers = vec![
            ("host", "abcdef1234.execute-api.us-east-1.amazonaws.com"),
            ("authorization", self.authorization.as_str()),
            ("user-agent", "twilio-python/9.13.0 (Linux x86_64) Python/3.13.0"),
            ("x-forwarded-proto", "https"),
        ];
        if !self.form.is_empty() {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        gateway::event(self.method, &path, &headers, self.form.as_bytes())
            .to_string()
            .into_bytes()
    }

    /// Sends it and waits for its answer; how long that took, and what was answered.
    pub(crate) async fn send(&self, function: &mut Environment) -> Result<(Duration, Value), Failure> {
        let event = self.event();
        let sent = Instant::now();
        let answer = function.invoke(event).await;
        let took = sent.elapsed();
        let Some(Answer::Reply(reply)) = answer else {
            return Err(format!("no answer to {} {}: {answer:?}", self.method, self.path).into());
        };
        let reply: Value = serde_json::from_slice(&reply)?;
        let body = reply["body"].as_str().unwrap_or_default();
        if reply["statusCode"] != self.status || !body.contains(&self.says) {
            return Err(format!("{} {} was answered with {reply}", self.method, self.path).into());
        }
        let json = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(body)?
        };
        Ok((took, json))
    }
}
