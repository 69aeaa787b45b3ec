//! What the operations on Challenges answer and leave behind.

use serde_json::Value;

use super::challenge::Challenge;
use super::parameters::{parameters_of, wrong_by_type, wrong_in_create, wrong_in_list};
use crate::compare::is_sid;
use crate::contract::{Contract, KEY_SECONDS, Place};
use crate::factor::Kind;
use crate::parameters::{Form, Wrong, given, is_code, refused, wrong_among};
use crate::refusal::{Refusal, nobody, not_found};

/// How many wrong codes end a Challenge.
const WRONG_CODES: u32 = 5;

/// What an `Idempotency-Key` made, when, and of which parameters.
pub struct Note {
    challenge_sid: String,
    made: i64,
    parameters: Form,
}

/// What an answer says: the text as it is and, where a phone signed it well, what that says.
pub struct Reply<'a> {
    pub text: &'a str,
    pub signed: Option<&'static str>,
}

impl Contract {
    pub fn challenge(&self, place: Place, sid: &str) -> Result<&Challenge, Refusal> {
        let challenges = self.entities.get(&place).into_iter();
        let mut challenges = challenges.flat_map(|entity| &entity.challenges);
        let challenge = challenges.find(|challenge| challenge.sid == sid);
        challenge.ok_or_else(not_found)
    }

    fn change_challenge(&mut self, place: Place, sid: &str) -> &mut Challenge {
        let entity = self.entities.get_mut(&place).unwrap();
        let mut challenges = entity.challenges.iter_mut();
        challenges.find(|challenge| challenge.sid == sid).unwrap()
    }

    /// Until when an `Idempotency-Key` is known.
    pub fn end_of_key(&self, place: Place, key: &str) -> Option<i64> {
        let note = self.entities.get(&place)?.notes.get(key)?;
        Some(note.made + KEY_SECONDS)
    }

    /// 201, and whether it was made before; a new one has this SID.
    pub fn create_challenge(
        &mut self,
        place: Place,
        form: &Form,
        key: Option<&str>,
        sid: &str,
    ) -> Result<(Value, bool), Refusal> {
        self.admit_account()?;
        let (now, parameters) = (self.now, parameters_of(form));
        let note = key.and_then(|key| self.entities.get(&place)?.notes.get(key));
        if let Some(note) = note.filter(|note| now < note.made + KEY_SECONDS && note.parameters == parameters)
        {
            return Ok((self.fetch_challenge(place, &note.challenge_sid)?, true));
        }
        let is_used = note.is_some();
        Refusal::parameters(wrong_in_create(form, now))?;
        self.service(place)?;
        let factor_sid = given(form, "FactorSid").unwrap_or_default();
        let used = Refusal::new(422, 20422);
        let factor = self.factor(place, factor_sid);
        let factor = factor.map_err(|missing| if is_used { used.clone() } else { missing })?;
        Refusal::parameters(wrong_by_type(form, factor))?;
        if is_used {
            return Err(used);
        }
        if !factor.verified {
            return Err(Refusal::new(403, 60318));
        }
        let mut code = None;
        if let Kind::Totp(totp) = &factor.kind {
            totp.may_be_asked()?;
            code = given(form, "AuthPayload");
        }
        if let Some(seconds) = factor.full(now) {
            return Err(Refusal::new(429, 60312).for_seconds(seconds));
        }
        if let (Kind::Totp(totp), Some(_)) = (&factor.kind, code) {
            totp.may_guess(now)?;
        }

        let factor = self.change(place, factor_sid);
        factor.challenged(now);
        let mut challenge = Challenge::new(form, factor, sid, now);
        if let (Kind::Totp(totp), Some(code)) = (&mut factor.kind, code) {
            if totp.guess(code, now) {
                challenge.respond("approved", now);
            } else {
                challenge.wrong += 1;
            }
        }
        let entity = self.entities.get_mut(&place).unwrap();
        entity.challenges.push(challenge);
        if let Some(key) = key {
            let note = Note {
                challenge_sid: sid.to_owned(),
                made: now,
                parameters,
            };
            entity.notes.insert(key.to_owned(), note);
        }
        Ok((self.fetch_challenge(place, sid)?, false))
    }

    pub fn fetch_challenge(&self, place: Place, sid: &str) -> Result<Value, Refusal> {
        let own = self.admit_to_challenges(place)?;
        self.service(place)?;
        Ok(self.show_challenge(place, self.challenge_for(own, place, sid)?))
    }

    /// A Challenge that is there for a Factor's device, or for all.
    fn challenge_for(&self, own: Option<&str>, place: Place, sid: &str) -> Result<&Challenge, Refusal> {
        let challenge = self.challenge(place, sid)?;
        match own {
            Some(factor_sid) if factor_sid != challenge.factor_sid => Err(not_found()),
            _ => Ok(challenge),
        }
    }

    /// All that a list has, in its order.
    pub fn list_challenges(&self, place: Place, query: &Form) -> Result<Vec<Value>, Refusal> {
        let own = self.admit_to_challenges(place)?;
        let asks_for = given(query, "FactorSid").filter(|sid| is_sid(sid, "YF"));
        if own.is_some() && asks_for.is_some() && own != asks_for {
            return Err(nobody());
        }
        Refusal::parameters(wrong_in_list(query))?;
        self.service(place)?;
        let entity = self.entities.get(&place).into_iter();
        let mut challenges: Vec<&Challenge> = entity
            .flat_map(|entity| &entity.challenges)
            .filter(|challenge| own.or(asks_for).is_none_or(|sid| challenge.factor_sid == sid))
            .filter(|challenge| {
                given(query, "Status").is_none_or(|status| challenge.status(self.now) == status)
            })
            .collect();
        challenges.sort_by_key(|challenge| &challenge.sid);
        if is_descending(query) {
            challenges.reverse();
        }
        let shown = challenges.into_iter();
        Ok(shown
            .map(|challenge| self.show_challenge(place, challenge))
            .collect())
    }

    /// An answer, `Metadata`, both or neither.
    pub fn answer_challenge(
        &mut self,
        place: Place,
        sid: &str,
        form: &Form,
        reply: Option<Reply<'_>>,
    ) -> Result<Value, Refusal> {
        let own = self.admit_to_challenges(place)?;
        Refusal::parameters(wrong_among(form, &["Metadata"]))?;
        self.service(place)?;
        let (now, challenge) = (self.now, self.challenge_for(own, place, sid)?);
        let Some(reply) = reply else {
            self.change_challenge(place, sid).note(form, now);
            return self.fetch_challenge(place, sid);
        };
        let (factor_sid, status) = (challenge.factor_sid.clone(), challenge.status(now));
        let is_push = challenge.factor_type == "push";
        let is_retry = is_push && reply.signed == Some(status) && self.factor(place, &factor_sid).is_ok();
        match status {
            "expired" => return Err(Refusal::new(403, 60323)),
            "pending" => {}
            _ if is_retry => {
                self.change_challenge(place, sid).note(form, now);
                return self.fetch_challenge(place, sid);
            }
            _ => return Err(Refusal::new(403, 60322)),
        }
        if !is_push {
            Refusal::parameters(if is_code(reply.text) {
                Wrong::new()
            } else {
                vec![refused("AuthPayload")]
            })?;
        }
        let is_used_up = challenge.wrong >= WRONG_CODES;
        self.factor(place, &factor_sid)?;
        if !is_push && is_used_up {
            return Err(Refusal::new(429, 60308));
        }
        let response = match &mut self.change(place, &factor_sid).kind {
            Kind::Push(_) => Some(reply.signed.ok_or_else(|| Refusal::new(403, 60324))?),
            Kind::Totp(totp) => {
                totp.may_guess(now)?;
                totp.guess(reply.text, now).then_some("approved")
            }
        };
        let challenge = self.change_challenge(place, sid);
        if let Some(response) = response {
            challenge.respond(response, now);
            challenge.note(form, now);
        } else {
            challenge.wrong += 1;
        }
        self.fetch_challenge(place, sid)
    }
}

pub fn is_descending(query: &Form) -> bool {
    given(query, "Order").is_some_and(|order| order.eq_ignore_ascii_case("desc"))
}
