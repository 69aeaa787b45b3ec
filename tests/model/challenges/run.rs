//! The steps of Challenges.

use serde_json::Value;

use super::contract::{Reply, is_descending};
use super::history::{Asked, Asking};
use super::sent::Sent;
use crate::compare::{Same, encoded, is_sid, same};
use crate::contract::Place;
use crate::history::{Tick, Which};
use crate::lists::Listing;
use crate::parameters::Form;
use crate::picks::nth_from_last;
use crate::refusal::Refusal;
use crate::run::Run;
use crate::support::Answer;
use crate::support::phone::SIGNATURE_FIELDS;

impl Run<'_> {
    pub async fn ask(&mut self, asking: &Asking) -> Same {
        match asking {
            Asking::Create {
                which,
                elsewhere,
                draft,
                key,
            } => {
                let place = elsewhere.unwrap_or(self.pick(*which).0);
                let form = self.drafted(*which, draft);
                if let Some(key) = *key {
                    self.noted.push((place, form.clone(), key));
                }
                self.create_challenge(place, &form, *key).await.map(drop)
            }
            Asking::CreateAgain { which, late, other } => {
                if let Some(more) = late {
                    self.tick(Tick::EndOfKey(*which, *more));
                }
                let Some((place, mut form, key)) = nth_from_last(&self.noted, *which).cloned() else {
                    return Ok(());
                };
                if let Some((name, value)) = other {
                    form.retain(|(other, _)| other != name);
                    form.push((name, value.clone()));
                }
                self.create_challenge(place, &form, Some(key)).await.map(drop)
            }
            Asking::Fetch(which) => {
                let (place, sid) = self.pick_challenge(*which);
                self.fetch_challenge(place, &sid).await
            }
            Asking::FetchIn(place, which) => {
                let sid = self.pick_challenge(*which).1;
                self.fetch_challenge(*place, &sid).await
            }
            Asking::List(place, filter, size) => {
                let query = self.query(filter);
                self.list_challenges(*place, query, *size).await
            }
            Asking::ListOf(which, filter, size) => {
                let (place, query) = (self.pick(*which).0, self.query(filter));
                self.list_challenges(place, query, *size).await
            }
            Asking::Answer {
                which,
                payload,
                metadata,
            } => {
                let (place, sid) = self.pick_challenge(*which);
                let metadata = metadata.iter().map(|metadata| ("Metadata", metadata.clone()));
                let sent = payload.map(|payload| self.payload(place, &sid, payload));
                self.answer(place, &sid, metadata.collect(), sent).await.map(drop)
            }
            Asking::Guess {
                which,
                times,
                patient,
            } => self.guess_challenge(*which, *times, *patient).await,
            Asking::Many {
                which,
                times,
                guessing,
                patient,
            } => self.ask_often(*which, *times, *guessing, *patient).await,
        }
    }

    /// A Challenge that is there, or is or was there; where there is none, one that never was.
    pub fn pick_challenge(&self, which: Asked) -> (Place, String) {
        let (back, statuses): (usize, &[&str]) = match which {
            Asked::Pending(back) | Asked::OnPhone(back) => (back, &["pending"]),
            Asked::Answered(back) => (back, &["approved", "denied"]),
            Asked::Expired(back) => (back, &["expired"]),
            Asked::Any(back) => (back, &[]),
        };
        let is_on_phone = matches!(which, Asked::OnPhone(_));
        let is_right = |(place, sid): &&(Place, String)| {
            let challenge = self.contract.challenge(*place, sid);
            challenge.is_ok_and(|challenge| {
                statuses.contains(&challenge.status(self.contract.now))
                    && (challenge.phone.is_some() || !is_on_phone)
            })
        };
        let right: Vec<_> = self.asked.iter().filter(is_right).collect();
        let picked = nth_from_last(&right, back).copied();
        let picked = picked.or_else(|| nth_from_last(&self.asked, back)).cloned();
        picked.unwrap_or_else(|| (self.pick(Which::There(0)).0, format!("YC{}", "0".repeat(32))))
    }

    /// Creates a Challenge; what the contract refuses it with.
    pub async fn create_challenge(
        &mut self,
        place: Place,
        form: &Form,
        key: Option<&str>,
    ) -> Result<Option<Refusal>, String> {
        let path = self.contract.challenges_path(place);
        let answer = self.call("POST", &path, key, &encoded(form)).await;
        let sid = if answer.status == 201 {
            answer.text("sid")
        } else {
            String::new()
        };
        let there = self.contract.challenge(place, &sid).is_ok();
        let expected = self.contract.create_challenge(place, form, key, &sid);
        let replayed = matches!(expected, Ok((_, true)));
        let refusal = self
            .compare_shown(&answer, expected.map(|(shown, _)| shown), 201)
            .map_err(|difference| format!("{difference}\nto {form:?}"))?;
        let says = answer.header("idempotent-replayed");
        same("Idempotent-Replayed", says == "true", replayed)?;
        if answer.status == 201 && !replayed {
            same("the form of the SID", is_sid(&sid, "YC"), true)?;
            same("whether there was a Challenge with this SID", there, false)?;
            let milliseconds = i128::from(self.contract.now) * 1000 + self.fraction.whole_milliseconds();
            let of_sid = i128::from_str_radix(&sid[2..14], 16).unwrap_or_default();
            same("milliseconds in the SID", of_sid, milliseconds)?;
            self.asked.push((place, sid));
        }
        Ok(refusal)
    }

    pub async fn fetch_challenge(&mut self, place: Place, sid: &str) -> Same {
        let path = format!("{}/{sid}", self.contract.challenges_path(place));
        let answer = self.call("GET", &path, None, "").await;
        self.compare_shown(&answer, self.contract.fetch_challenge(place, sid), 200)
            .map(drop)
    }

    pub async fn list_challenges(&mut self, place: Place, query: Form, size: usize) -> Same {
        let path = format!("{}?{}", self.contract.challenges_path(place), encoded(&query));
        let expected = self.contract.list_challenges(place, &query);
        // Some have a hundred.
        let size = size.max(expected.as_ref().map_or(0, Vec::len) / 8);
        let begun = self.list(&path, "challenges", size, expected).await?;
        let descending = is_descending(&query);
        self.goes_on(Listing::Challenges(place, query), begun, descending, size);
        Ok(())
    }

    /// Answers a Challenge; what the contract refuses that with.
    pub async fn answer(
        &mut self,
        place: Place,
        sid: &str,
        form: Form,
        sent: Option<Sent>,
    ) -> Result<Option<Refusal>, String> {
        // An empty value counts as absent.
        let sent = sent.filter(|(text, _)| !text.is_empty());
        let path = format!("{}/{sid}", self.contract.challenges_path(place));
        let payload = sent.iter().map(|(text, _)| ("AuthPayload", text.clone()));
        let whole: Form = form.iter().cloned().chain(payload).collect();
        let answer = self.call("POST", &path, None, &encoded(&whole)).await;
        let reply = sent.as_ref().map(|(text, signed)| Reply {
            text,
            signed: *signed,
        });
        let expected = self.contract.answer_challenge(place, sid, &form, reply);
        self.compare_shown(&answer, expected, 200)
            .map_err(|difference| format!("{difference}\nto {whole:?}"))
    }

    /// Compares an answer that shows one Challenge, or none where it is refused: with that.
    fn compare_shown(
        &self,
        answer: &Answer,
        expected: Result<Value, Refusal>,
        status: u64,
    ) -> Result<Option<Refusal>, String> {
        let signable = |shown: &Value| shown["status"] == "pending" && shown["factor_type"] == "push";
        let names = expected.as_ref().is_ok_and(signable);
        let refusal = expected.as_ref().err().cloned();
        self.compare(answer, expected, status)?;
        let header = answer.header("twilio-verify-signature-fields");
        let names = if names { SIGNATURE_FIELDS } else { "" };
        same("Twilio-Verify-Signature-Fields", header, names)?;
        Ok(refusal)
    }
}
