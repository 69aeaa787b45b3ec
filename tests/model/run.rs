//! Runs a history against the function and the contract, and compares what both say and leave behind.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};
use verify_factors::App;

use crate::callers::Caller;
use crate::compare::{Same, is_sid};
use crate::contract::{Contract, Place};
use crate::devices;
use crate::history::{Change, FULL, History, Step};
use crate::lists::Begun;
use crate::parameters::Form;
use crate::picks::nth_from_last;
use crate::support::{Answer, Function, NOW, invoke_at, request};

/// A history under way.
pub struct Run<'a> {
    pub function: &'a Function,
    /// Instances that take turns, as nothing of this may be in one's memory.
    pub apps: [App; 2],
    pub calls: usize,
    /// The `Authorization` of whoever calls, where it isn't the account.
    pub authorization: Option<String>,
    pub contract: Contract,
    pub began: i64,
    /// How far the clock is into each second.
    pub fraction: Duration,
    /// The Factors that there are or were.
    pub known: Vec<(Place, String)>,
    /// The phones that hold, or held, those of them that are push Factors.
    pub phones: BTreeMap<String, u8>,
    /// The Access Tokens that there are or were, by SID and text.
    pub tokens: Vec<(Place, String, String)>,
    /// The creates that had an Idempotency-Key.
    pub keyed: Vec<(Place, Form, &'static str)>,
    /// The same of Challenges.
    pub asked: Vec<(Place, String)>,
    pub noted: Vec<(Place, Form, &'static str)>,
    pub begun: Option<Begun>,
}

pub async fn run(function: &Function, history: &History) -> Same {
    let begins = NOW.replace_time(time::Time::MIDNIGHT) + Duration::milliseconds(history.begins);
    let now = begins.unix_timestamp();
    let settings = [("UNVERIFIED_FACTOR_HOURS", history.hours)];
    let mut run = Run {
        function,
        apps: [(); 2].map(|()| function.another_instance_of(&settings)),
        calls: 0,
        authorization: None,
        contract: Contract {
            now,
            caller: Caller::Account,
            life: history.hours.parse().ok().map(|hours: i64| hours * 3600),
            services: Vec::new(),
            entities: [].into(),
            tokens: Vec::new(),
            entity_sids: [].into(),
        },
        began: now,
        fraction: Duration::milliseconds(history.begins % 1000),
        known: Vec::new(),
        phones: BTreeMap::new(),
        tokens: Vec::new(),
        keyed: Vec::new(),
        asked: Vec::new(),
        noted: Vec::new(),
        begun: None,
    };
    run.create_services().await;
    let (push, totp) = history.full;
    let phone = [
        ("FactorType", "push".to_owned()),
        ("FriendlyName", "Phone".to_owned()),
        ("Binding.PublicKey", devices::public_key(0)),
        ("Config.AppId", "app".to_owned()),
        ("Config.NotificationPlatform", "none".to_owned()),
        ("Config.SdkVersion", "1".to_owned()),
    ];
    let app = [
        ("FactorType", "totp".to_owned()),
        ("FriendlyName", "App".to_owned()),
    ];
    for (times, form) in [(push, phone.to_vec()), (totp, app.to_vec())] {
        for _ in 0..times {
            run.create(FULL, &form, None).await?;
        }
    }
    for (number, step) in history.steps.iter().enumerate() {
        let now = run.contract.now - run.began;
        run.step(step).await.map_err(|difference| {
            format!("step {number}, {now} s after the beginning, {step:?}:\n{difference}")
        })?;
    }
    run.at_the_end()
        .await
        .map_err(|difference| format!("at the end: {difference}"))
}

impl Run<'_> {
    pub async fn call(&mut self, method: &str, target: &str, key: Option<&str>, form: &str) -> Answer {
        self.calls += 1;
        let key = key.map(|key| ("idempotency-key", key));
        let authorization = self.authorization.as_deref();
        let authorization = authorization.map(|authorization| ("authorization", authorization));
        let headers: Vec<(&str, &str)> = key.into_iter().chain(authorization).collect();
        let now = OffsetDateTime::from_unix_timestamp(self.contract.now).unwrap() + self.fraction;
        let app = &self.apps[self.calls % self.apps.len()];
        // On the heap, as every step has a place for it.
        Box::pin(invoke_at(app, &request(method, target, &headers, form), now)).await
    }

    pub async fn step(&mut self, step: &Step) -> Same {
        match step {
            Step::Create { place, form, key } => {
                if let Some(key) = *key {
                    self.keyed.push((*place, form.clone(), key));
                }
                self.create(*place, form, *key).await
            }
            Step::CreateAgain { which, other } => {
                let Some((place, mut form, key)) = nth_from_last(&self.keyed, *which).cloned() else {
                    return Ok(());
                };
                if let Some(Change::To(name, value)) = other {
                    form.retain(|(other, _)| other != name);
                    form.push((name, value.clone()));
                }
                self.create(place, &form, Some(key)).await
            }
            Step::Fetch(which) => {
                let (place, sid) = self.pick(*which);
                self.fetch(place, &sid).await
            }
            Step::FetchIn(place, which) => self.fetch(*place, &self.pick(*which).1).await,
            Step::ListFactors(place, size) => self.list_factors(*place, *size).await,
            Step::GoOnListing => self.go_on_listing().await,
            Step::Update(which, changes) => self.update(*which, None, changes).await,
            Step::Verify {
                which,
                code,
                signed,
                changes,
            } => self.update(*which, Some((*code, *signed)), changes).await,
            Step::Guess {
                which,
                times,
                patient,
            } => self.guess(*which, *times, *patient).await,
            Step::Delete(which) => {
                let (place, sid) = self.pick(*which);
                let path = format!("{}/{sid}", self.contract.factors_path(place));
                let answer = self.call("DELETE", &path, None, "").await;
                let expected = self.contract.delete_factor(place, &sid);
                self.compare(&answer, expected, 204)
            }
            Step::CreateEntity(place) => {
                let path = format!("{}/Entities", self.contract.service_path(place.0));
                let form = format!("Identity={}", place.1);
                let answer = self.call("POST", &path, None, &form).await;
                self.learn_entity_sid(*place, &answer, "sid");
                let expected = self.contract.create_entity(*place);
                self.compare(&answer, expected, 201)
            }
            Step::FetchEntity(place) => {
                let path = self.contract.entity_path(*place);
                let answer = self.call("GET", &path, None, "").await;
                self.compare(&answer, self.contract.fetch_entity(*place), 200)
            }
            Step::DeleteEntity(place) => {
                let path = self.contract.entity_path(*place);
                let answer = self.call("DELETE", &path, None, "").await;
                let expected = self.contract.delete_entity(*place);
                self.compare(&answer, expected, 204)
            }
            Step::ListEntities(service, size) => self.list_entities(*service, *size).await,
            Step::DeleteService(service) => self.delete_service(*service).await,
            Step::Astray(which, method, rest) => self.go_astray(*which, method, rest).await,
            Step::Ask(asking) => self.ask(asking).await,
            Step::Call(calling) => self.be_called(calling).await,
            Step::Clock(tick) => {
                self.tick(*tick);
                Ok(())
            }
        }
    }

    pub fn learn_entity_sid(&mut self, place: Place, answer: &Answer, field: &str) {
        if answer.status == 201 && is_sid(&answer.text(field), "YE") {
            let sids = &mut self.contract.entity_sids;
            sids.entry(place).or_insert_with(|| answer.text(field));
        }
    }

    pub async fn fetch(&mut self, place: Place, sid: &str) -> Same {
        let path = format!("{}/{sid}", self.contract.factors_path(place));
        let answer = self.call("GET", &path, None, "").await;
        self.compare(&answer, self.contract.fetch_factor(place, sid), 200)
    }
}
