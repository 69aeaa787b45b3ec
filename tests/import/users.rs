//! Users with apps that are set already.

use harness::local;
use serde_json::Value;
use time::OffsetDateTime;

use crate::support::{Function, invoke_at, request};

/// A user with an app that is set already.
pub(crate) struct User {
    pub(crate) identity: String,
    pub(crate) account: String,
    pub(crate) uri: String,
}

impl User {
    pub(crate) fn number(number: usize) -> Self {
        let identity = format!("user-{number:05}");
        let seed = data_encoding::BASE32_NOPAD.encode(format!("{number:05}").repeat(4).as_bytes());
        let uri = format!("otpauth://totp/Owl%20Bank:{identity}?secret={seed}&issuer=Owl+Bank&digits=6");
        Self {
            account: identity.clone(),
            identity,
            uri,
        }
    }

    pub(crate) fn path(&self, noun: &str) -> String {
        format!(
            "/v2/Services/{}/Entities/{}/{noun}",
            local::SERVICE_SID,
            self.identity
        )
    }

    /// The one Factor that the user has.
    pub(crate) async fn factor(&self, function: &Function) -> Value {
        let event = request("GET", &self.path("Factors"), &[], "");
        let list = invoke_at(&function.app, &event, OffsetDateTime::now_utc())
            .await
            .json();
        assert_eq!(list["factors"].as_array().unwrap().len(), 1, "{list}");
        list["factors"][0].clone()
    }

    pub(crate) async fn sid(&self, function: &Function) -> String {
        self.factor(function).await["sid"].as_str().unwrap().to_owned()
    }

    pub(crate) fn code_at(&self, at: OffsetDateTime) -> String {
        let app = totp_rs::Totp::from_url(&self.uri).unwrap();
        app.generate(at.unix_timestamp().try_into().unwrap()).to_string()
    }

    /// What becomes of a login by the code that the user's app shows.
    pub(crate) async fn logs_in(&self, function: &Function, at: OffsetDateTime) -> String {
        let form = format!(
            "FactorSid={}&AuthPayload={}",
            self.sid(function).await,
            self.code_at(at)
        );
        let event = request("POST", &self.path("Challenges"), &[], &form);
        invoke_at(&function.app, &event, at).await.text("status")
    }
}

/// Users as a file has them that has no header.
pub(crate) fn csv(users: &[User]) -> String {
    let line = |user: &User| format!("{},Phone,{}\n", user.identity, user.uri);
    users.iter().map(line).collect()
}
