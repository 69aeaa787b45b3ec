//! The ways in: requests to the API, or the operator's own credentials, past it.

use std::time::Duration;

use time::OffsetDateTime;
use verify_factors::aws;
use verify_factors::factors::Import;
use verify_factors::sid::{AccountSid, ServiceSid};
use verify_factors::{App, Imported};

use crate::api::Api;
use crate::entry::Entry;
use crate::operator::{self, Failure};

/// How Factors are imported, and where to.
pub(crate) struct Way {
    account: AccountSid,
    service: ServiceSid,
    by: By,
}

enum By {
    /// Requests, which make them unverified.
    Requests(Api),
    /// The operator's hand, which makes them verified.
    Hand(App),
}

/// What came of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There is a Factor now.
    Created,
    /// There was one, unverified, which is verified now.
    Verified,
    /// There was one.
    There,
}

/// Why nothing came of an entry, without a word of it.
pub(crate) enum Trouble {
    /// Because of what it is.
    Entry(String),
    /// Because of what is asked; another one may go through.
    Fault(String),
    /// Because of what is asked, for now: it may go through after so long.
    Later(Option<Duration>, String),
    /// Because of something that no other one gets past either.
    Everything(String),
}

/// What is said of an Entity that is full.
pub(crate) const FULL: &str = "the Entity has as many totp Factors as it can have";
/// What is said of a Factor that was imported and is gone.
pub(crate) const GONE: &str = "it was imported before and is gone since: deleted, or not verified in time; its place stays taken for up to 30 days";

impl Way {
    /// By requests to an API, if it answers.
    pub(crate) async fn by_requests(url: &str) -> Result<Self, Failure> {
        let account = sid("ACCOUNT_SID", AccountSid::parse)?;
        let service = sid("SERVICE_SID", ServiceSid::parse)?;
        let api = Api::at(url, account, &variable("AUTH_TOKEN")?)?;
        api.find(service).await?;
        let by = By::Requests(api);
        Ok(Self { account, service, by })
    }

    /// By hand, if the table can be read.
    pub(crate) async fn by_hand() -> Result<Self, Failure> {
        let account = sid("ACCOUNT_SID", AccountSid::parse)?;
        let service = sid("SERVICE_SID", ServiceSid::parse)?;
        let app = operator::app().await?;
        if !app.has_service(service, OffsetDateTime::now_utc()).await? {
            return Err("the table has no Service SERVICE_SID of ACCOUNT_SID".into());
        }
        let by = By::Hand(app);
        Ok(Self { account, service, by })
    }

    /// Imports an entry, once, however often it is called.
    pub(crate) async fn import(&self, entry: &Entry, key: &str) -> Result<Outcome, Trouble> {
        let import = Import::parse(entry.identity.as_str(), entry.form.as_bytes(), key)
            .map_err(|invalid| Trouble::Entry(crate::entry::told(&invalid)))?;
        match &self.by {
            By::Requests(api) => {
                let sid = import.factor_sid(self.account, self.service);
                api.import(self.service, entry, key, sid).await
            }
            By::Hand(app) => {
                let imported = app.import(self.service, &import, OffsetDateTime::now_utc()).await;
                outcome(imported)
            }
        }
    }

    /// The key of an entry, which takes a while.
    pub(crate) fn key_of(&self, entry: &Entry) -> String {
        entry.key(self.account, self.service)
    }

    /// Whether what it makes has to be verified yet.
    pub(crate) fn leaves_unverified(&self) -> bool {
        matches!(self.by, By::Requests(_))
    }
}

fn outcome(imported: Result<Imported, aws::Failure>) -> Result<Outcome, Trouble> {
    match imported {
        Ok(Imported::Created) => Ok(Outcome::Created),
        Ok(Imported::Verified) => Ok(Outcome::Verified),
        Ok(Imported::There) => Ok(Outcome::There),
        Ok(Imported::Deleted) => Err(Trouble::Entry(GONE.to_owned())),
        Ok(Imported::Full) => Err(Trouble::Entry(FULL.to_owned())),
        Ok(Imported::NoService) => Err(Trouble::Everything("the Service is gone".to_owned())),
        Err(failure @ aws::Failure::Fault(_)) => Err(Trouble::Fault(failure.chain())),
        Err(failure) => Err(Trouble::Later(None, failure.chain())),
    }
}

/// A variable of the environment: what is secret stands in no list of processes then.
fn variable(name: &'static str) -> Result<String, Failure> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    value.ok_or_else(|| format!("the environment variable {name} is missing").into())
}

fn sid<T>(
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, verify_factors::parameters::Rule>,
) -> Result<T, Failure> {
    parse(&variable(name)?).map_err(|rule| format!("the environment variable {name} {rule}").into())
}
