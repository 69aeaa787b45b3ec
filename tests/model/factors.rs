//! The steps that need to know what a Factor is: creating, updating and verifying, guessing.

use serde_json::Value;

use crate::compare::{Same, encoded, is_sid, same};
use crate::contract::Place;
use crate::devices::{self, Signed};
use crate::factor::{Drawn, Factor, Kind, Proof};
use crate::history::{Change, Code, Tick, Which};
use crate::parameters::{Form, given, seed};
use crate::run::Run;

impl Run<'_> {
    pub async fn create(&mut self, place: Place, form: &Form, key: Option<&str>) -> Same {
        let path = self.contract.factors_path(place);
        let answer = self.call("POST", &path, key, &encoded(form)).await;
        let mut drawn = Drawn {
            sid: String::new(),
            secret: Vec::new(),
        };
        if answer.status == 201 {
            drawn.sid = answer.text("sid");
            drawn.secret = seed(answer.json()["binding"]["secret"].as_str().unwrap_or_default());
            self.learn_entity_sid(place, &answer, "entity_sid");
        }
        let drawn_bytes = drawn.secret.len();
        let there = self.contract.factor(place, &drawn.sid).is_ok();
        let expected = self.contract.create_factor(place, form, key, drawn);
        let replayed = matches!(expected, Ok((_, true)));
        self.compare(&answer, expected.map(|(shown, _)| shown), 201)?;
        same(
            "Idempotent-Replayed",
            answer.header("idempotent-replayed") == "true",
            replayed,
        )?;
        if answer.status != 201 || replayed {
            return Ok(());
        }
        let sid = answer.text("sid");
        same("the form of the SID", is_sid(&sid, "YF"), true)?;
        same("whether there was a Factor with this SID", there, false)?;
        if given(form, "FactorType") == Some("totp") && given(form, "Binding.Secret").is_none() {
            let bytes = match given(form, "Config.Alg") {
                Some("sha512") => 64,
                Some("sha256") => 32,
                _ => 20,
            };
            same("bytes of the seed", drawn_bytes, bytes)?;
        }
        if let Some(phone) = self.contract.factor(place, &sid).ok().and_then(Factor::phone) {
            self.phones.insert(sid.clone(), phone);
        }
        self.known.push((place, sid));
        Ok(())
    }

    pub async fn update(&mut self, which: Which, proof: Option<(Code, Signed)>, changes: &[Change]) -> Same {
        let mut form = Form::new();
        for change in changes {
            let (name, value) = match change {
                Change::To(name, value) => (*name, value.clone()),
                Change::AsItIs(name) => (*name, self.as_it_is(which, name)),
            };
            if form.iter().all(|(other, _)| *other != name) {
                form.push((name, value));
            }
        }
        let proof = proof.map(|(code, signed)| self.proof(which, code, signed));
        // An empty value counts as absent.
        let proof = proof.filter(|(text, _)| !text.is_empty());
        self.send_update(which, form, proof).await
    }

    pub async fn send_update(&mut self, which: Which, form: Form, proof: Option<(String, bool)>) -> Same {
        let (place, sid) = self.pick(which);
        let path = format!("{}/{sid}", self.contract.factors_path(place));
        let is_push = self
            .factor(which)
            .is_some_and(|factor| matches!(factor.kind, Kind::Push(_)));
        let read = proof.as_ref().map(|(text, good)| {
            if is_push {
                Proof::Signature { text, good: *good }
            } else {
                Proof::Code(text)
            }
        });
        let mut sent = form.clone();
        sent.extend(proof.as_ref().map(|(text, _)| ("AuthPayload", text.clone())));
        let answer = self.call("POST", &path, None, &encoded(&sent)).await;
        let expected = self.contract.update_factor(place, &sid, &form, read);
        self.compare(&answer, expected, 200)
            .map_err(|difference| format!("{difference}\nto {sent:?}"))
    }

    /// What a parameter of a Factor is.
    pub fn as_it_is(&self, which: Which, name: &str) -> String {
        let Some(factor) = self.factor(which) else {
            return String::new();
        };
        let shown = self.contract.show(self.pick(which).0, factor).without_binding();
        let field = match name {
            "FriendlyName" => &shown["friendly_name"],
            "Config.Alg" => &shown["config"]["alg"],
            "Config.TimeStep" => &shown["config"]["time_step"],
            "Config.Skew" => &shown["config"]["skew"],
            "Config.CodeLength" => &shown["config"]["code_length"],
            "Config.NotificationPlatform" => &shown["config"]["notification_platform"],
            "Config.NotificationToken" => &shown["config"]["notification_token"],
            "Config.SdkVersion" => &shown["config"]["sdk_version"],
            _ => &Value::Null,
        };
        match field {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        }
    }

    /// An AuthPayload for a Factor; whether it is a good signature.
    pub fn proof(&self, which: Which, code: Code, signed: Signed) -> (String, bool) {
        let now = self.contract.now;
        let Some(factor) = self.factor(which) else {
            return ("123456".to_owned(), false);
        };
        let totp = match &factor.kind {
            Kind::Totp(totp) => totp,
            Kind::Push(push) => {
                let phone = u8::from(push.public_key == devices::public_key(1));
                return devices::signature(phone, &factor.sid, signed);
            }
        };
        (totp.spelt(code, now), false)
    }

    pub async fn guess(&mut self, which: Which, times: usize, patient: bool) -> Same {
        for time in 0..times {
            let Some(wait) = self.wrong_guess(which, time).await? else {
                return Ok(());
            };
            if patient && wait > 0 {
                self.tick(Tick::Forward(wait));
                self.wrong_guess(which, time).await?;
            }
        }
        Ok(())
    }

    /// A wrong code for a totp Factor, and how long it had to wait then; nothing more where no further one is compared.
    async fn wrong_guess(&mut self, which: Which, time: usize) -> Result<Option<i64>, String> {
        let Some(factor) = self.factor(which) else {
            return Ok(None);
        };
        let Kind::Totp(totp) = &factor.kind else {
            return Ok(None);
        };
        let now = self.contract.now;
        let wait = totp.end_of_wait().map_or(0, |end| end - now);
        let wait = Some(wait).filter(|_| !totp.is_stopped(factor.verified));
        let wrong = totp.wrong_code(now);
        let sent = self.send_update(which, Form::new(), Some((wrong, false)));
        sent.await
            .map_err(|difference| format!("guess {time}: {difference}"))?;
        Ok(wait)
    }
}
