//! The contract as a plain model: what there is, and what each operation answers and leaves behind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::callers::{AccessToken, Caller};
use crate::challenges::{Challenge, Note};
use crate::factor::{Drawn, Factor, Kind, Proof, Push, Totp, parameters_of};
use crate::guesses::Attempt;
use crate::parameters::{Form, Wrong, wrong_among, wrong_in_create};
use crate::refusal::{Refusal, nobody, not_found};
use crate::shown::Shown;

/// A Service and an Identity: where an Entity is, or could be.
pub type Place = (usize, &'static str);

/// How many seconds an `Idempotency-Key` is known for.
pub const KEY_SECONDS: i64 = 24 * 3600;

/// What a Service gives to its Factors.
pub struct Service {
    pub sid: String,
    pub issuer: &'static str,
    pub time_step: i64,
    pub skew: i64,
    pub code_length: usize,
    pub deleted: Option<i64>,
}

pub struct Entity {
    pub created: i64,
    pub factors: Vec<Factor>,
    pub challenges: Vec<Challenge>,
    /// The SIDs that each limit counts: those there are, and those that are gone and weren't given back yet.
    pub counted: BTreeMap<&'static str, BTreeSet<String>>,
    /// What each `Idempotency-Key` made, of which parameters.
    keys: BTreeMap<String, (String, BTreeMap<&'static str, String>)>,
    /// The same of Challenges.
    pub notes: BTreeMap<String, Note>,
}

pub struct Contract {
    /// Seconds since 1970.
    pub now: i64,
    /// Who calls.
    pub caller: Caller,
    /// How long a Factor waits to be verified.
    pub life: Option<i64>,
    pub services: Vec<Service>,
    pub entities: BTreeMap<Place, Entity>,
    pub tokens: Vec<AccessToken>,
    /// What is the same for as long as there are Services: each Entity's SID, as it was shown first.
    pub entity_sids: BTreeMap<Place, String>,
}

impl Contract {
    pub fn service(&self, place: Place) -> Result<&Service, Refusal> {
        let service = self.services.get(place.0);
        service
            .filter(|service| service.deleted.is_none())
            .ok_or_else(not_found)
    }

    /// When a Factor is gone, unless it is verified.
    pub fn end_of(&self, factor: &Factor) -> Option<i64> {
        self.life
            .filter(|_| !factor.verified)
            .map(|life| factor.created + life)
    }

    fn is_there(&self, factor: &Factor) -> bool {
        self.end_of(factor).is_none_or(|end| self.now < end)
    }

    /// A Factor that isn't gone.
    pub fn factor(&self, place: Place, sid: &str) -> Result<&Factor, Refusal> {
        let factors = self
            .entities
            .get(&place)
            .map_or(&[][..], |entity| &entity.factors);
        let factor = factors.iter().find(|factor| factor.sid == sid);
        factor
            .filter(|factor| self.is_there(factor))
            .ok_or_else(not_found)
    }

    pub fn change(&mut self, place: Place, sid: &str) -> &mut Factor {
        let entity = self.entities.get_mut(&place).unwrap();
        entity
            .factors
            .iter_mut()
            .find(|factor| factor.sid == sid)
            .unwrap()
    }

    /// 201, and whether it was made before.
    pub fn create_factor(
        &mut self,
        place: Place,
        form: &Form,
        key: Option<&str>,
        drawn: Drawn,
    ) -> Result<(Value, bool), Refusal> {
        let token = self.admit_to_enrol(place, form, key)?;
        let named = token.map_or_else(|| form.clone(), |token| token.named(form));
        Refusal::parameters(wrong_in_create(&named))?;
        let service = self.service(place)?;
        let new = Factor::new(&named, service, drawn, self.now);
        let (sid, factor_type) = (new.sid.clone(), new.factor_type());
        let parameters = parameters_of(form, factor_type);
        if let Some((sid, first)) = key.and_then(|key| self.entities.get(&place)?.keys.get(key)) {
            let made = self.factor(place, sid).ok().filter(|made| {
                !made.verified && self.now < made.created + KEY_SECONDS && *first == parameters
            });
            let made = made.ok_or_else(|| Refusal::new(422, 20422))?;
            return Ok((self.show(place, made).with_binding(), true));
        }
        if token.is_some_and(AccessToken::is_used) {
            return Err(nobody());
        }
        let (limit, now) = (if factor_type == "push" { 20 } else { 100 }, self.now);
        if self.counted(place, factor_type) >= limit {
            self.give_back(place, factor_type);
        }
        if self.counted(place, factor_type) >= limit {
            return Err(Refusal::new(400, 60315));
        }
        let entity = self.entities.entry(place).or_insert_with(|| Entity::new(now));
        entity.counted.entry(factor_type).or_default().insert(sid.clone());
        entity.factors.push(new);
        if let Some(key) = key {
            entity.keys.insert(key.to_owned(), (sid.clone(), parameters));
        }
        self.use_up(key);
        let new = self.factor(place, &sid)?;
        Ok((self.show(place, new).with_binding(), false))
    }

    /// How many Factors of a type an Entity's limit counts.
    pub fn counted(&self, place: Place, factor_type: &str) -> usize {
        let entity = self.entities.get(&place);
        let counted = entity.and_then(|entity| entity.counted.get(factor_type));
        counted.map_or(0, BTreeSet::len)
    }

    /// Counts off Factors that are gone: at once as many as one transaction has room for, besides the count.
    fn give_back(&mut self, place: Place, factor_type: &str) {
        let there: BTreeSet<String> = self.there(place).map(|factor| factor.sid.clone()).collect();
        let entity = self.entities.get_mut(&place).unwrap();
        let counted = entity.counted.get_mut(factor_type).unwrap();
        let gone: Vec<String> = counted.difference(&there).take(99).cloned().collect();
        counted.retain(|sid| !gone.contains(sid));
    }

    pub fn fetch_factor(&self, place: Place, sid: &str) -> Result<Value, Refusal> {
        self.admit_to_factor(place, sid)?;
        self.service(place)?;
        Ok(self.show(place, self.factor(place, sid)?).without_binding())
    }

    fn there(&self, place: Place) -> impl Iterator<Item = &Factor> {
        let factors = self.entities.get(&place).into_iter();
        factors
            .flat_map(|entity| &entity.factors)
            .filter(|factor| self.is_there(factor))
    }

    /// All that a list has, in its order.
    pub fn list_factors(&self, place: Place) -> Result<Vec<Value>, Refusal> {
        self.admit_account()?;
        self.service(place)?;
        let mut factors: Vec<&Factor> = self.there(place).collect();
        factors.sort_by_key(|factor| &factor.sid);
        let shown = factors.into_iter().map(|factor| self.show(place, factor));
        Ok(shown.map(Shown::without_binding).collect())
    }

    /// An update, with or without a proof, which makes it a verification.
    pub fn update_factor(
        &mut self,
        place: Place,
        sid: &str,
        form: &Form,
        proof: Option<Proof<'_>>,
    ) -> Result<Value, Refusal> {
        self.admit_to_factor(place, sid)?;
        Refusal::parameters(wrong_among(form, &["FriendlyName"]))?;
        self.service(place)?;
        let factor = self.factor(place, sid)?;
        let now = self.now;
        Refusal::parameters(match &factor.kind {
            Kind::Totp(_) => Totp::wrong_in_update(form, proof.as_ref()),
            Kind::Push(_) => Push::wrong_in_update(form, proof.as_ref()),
        })?;
        Refusal::parameters(match &factor.kind {
            Kind::Totp(totp) if factor.verified || proof.is_some() => totp.locked_in_update(form),
            Kind::Totp(_) => Wrong::new(),
            Kind::Push(push) => push.missing_in_update(form),
        })?;

        let factor = self.change(place, sid);
        let attempt = match (proof, &mut factor.kind) {
            (None, _) => Attempt::Good,
            (Some(Proof::Code(code)), Kind::Totp(totp)) => totp.attempt(factor.verified, code, now)?,
            (Some(Proof::Signature { good: true, .. }), Kind::Push(_)) => Attempt::Verifies,
            (Some(_), _) => return Err(Refusal::new(403, 60311)),
        };
        if !matches!(attempt, Attempt::Wrong) {
            let verifies = matches!(attempt, Attempt::Verifies) && !factor.verified;
            factor.verified |= verifies;
            if factor.apply(form) || verifies {
                factor.updated = now;
            }
        }
        self.fetch_factor(place, sid)
    }

    pub fn delete_factor(&mut self, place: Place, sid: &str) -> Result<(), Refusal> {
        self.admit_to_factor(place, sid)?;
        self.service(place)?;
        let factor_type = self.factor(place, sid)?.factor_type();
        let entity = self.entities.get_mut(&place).unwrap();
        entity.factors.retain(|factor| factor.sid != sid);
        entity.counted.get_mut(factor_type).unwrap().remove(sid);
        Ok(())
    }
}

impl Entity {
    pub fn new(created: i64) -> Self {
        Self {
            created,
            factors: Vec::new(),
            challenges: Vec::new(),
            counted: BTreeMap::new(),
            keys: BTreeMap::new(),
            notes: BTreeMap::new(),
        }
    }
}
