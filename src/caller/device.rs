//! A push Factor's device, by a JWT that it signs with the Factor's key.
//!
//! What the device SDKs send is a bearer token for ten minutes: a JWT (RFC 7519) that says which account, which key and when, and
//! nothing of the request.

use serde_json::Value;

use crate::app::App;
use crate::call::Call;
use crate::entities::EntityKey;
use crate::factors::{Binding, Factor, FactorType, Jws, PublicKey, Status};
use crate::place::Place;
use crate::refusal::Refusal;
use crate::sid::{AccountSid, CredentialSid, FactorSid};
use crate::table::Item;
use crate::time::Timestamp;

/// Seconds for which a JWT is good, at the most: what the device SDKs ask for.
const LONGEST: i64 = 600;
/// Seconds that a device's clock may be off before it has to be put right by the `Date` of a 401.
const LEEWAY: i64 = 30;

/// A JWT that is good at this time and for this account, if its Factor's key signed it.
pub(crate) struct DeviceJwt<'a> {
    jws: Jws<'a>,
    factor_sid: FactorSid,
}

/// A push Factor's device, which has proved that it has the Factor's key.
pub(crate) struct Device {
    pub(crate) factor: Factor,
    pub(crate) public_key: PublicKey,
    /// The item of the Challenge in the path, read with the Factor.
    pub(crate) challenge: Option<Item>,
}

impl<'a> DeviceJwt<'a> {
    /// Reads a JWT; `None` if it is none, or good for nothing here and now. Its header says which Factor it is of.
    pub(super) fn parse(text: &'a str, account_sid: AccountSid, now: Timestamp) -> Option<Self> {
        let jws = Jws::parse(text)?;
        let factor_sid = CredentialSid::parse(jws.key_id()?).ok()?.factor();
        let is_good = is_good(jws.unverified(), account_sid, now)?;
        is_good.then_some(Self { jws, factor_sid })
    }

    /// Whether the place is not another Factor's.
    fn may_be_of(&self, place: &Place) -> bool {
        place.factor_sid.is_none_or(|sid| sid == self.factor_sid)
    }
}

/// Whether these claims are about this account and now; `None` if one is missing or no whole number.
fn is_good(claims: &Value, account_sid: AccountSid, now: Timestamp) -> Option<bool> {
    let subject = claims.get("sub")?.as_str()?;
    let (from, to) = (claims.get("nbf")?.as_i64()?, claims.get("exp")?.as_i64()?);
    let now = i64::try_from(now.unix()).ok()?;
    let is_short = (0..=LONGEST).contains(&to.checked_sub(from)?);
    let is_now = from.checked_sub(LEEWAY)? <= now && now < to.checked_add(LEEWAY)?;
    Some(subject == account_sid.as_str() && is_short && is_now)
}

/// Whether a Factor has a device that may call at this place. Until it is verified, the Factor is all that is the device's own.
fn may_call(factor: &Factor, place: &Place, now: Timestamp) -> bool {
    let is_own = factor.status == Status::Verified || place.factor_sid.is_some();
    factor.factor_type() == FactorType::Push && !factor.is_expired(now) && is_own
}

impl Device {
    /// Whether it may ask for the Challenges of this Factor, or, without one, for its own.
    pub(crate) fn may_list(&self, factor_sid: Option<FactorSid>) -> bool {
        factor_sid.is_none_or(|sid| sid == self.factor.sid)
    }

    /// The device that signed a JWT, if this place is its own: its Factor, or its Entity's Challenges.
    ///
    /// Path and JWT have the keys of its Factor and of the Challenge, so that one call reads both.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`] if its Factor isn't there, is another than the path's, or has another key.
    pub(super) async fn identify(
        app: &App,
        call: &Call<'_>,
        place: &Place,
        jwt: DeviceJwt<'_>,
    ) -> Result<Self, Refusal> {
        const NOBODY: Refusal = Refusal::Unauthenticated;
        let (service_sid, identity) = place.whose().ok_or(NOBODY)?;
        if !jwt.may_be_of(place) {
            return Err(NOBODY);
        }
        let entity = EntityKey::of(app.settings.account_sid, service_sid, &identity);
        let (factor, challenge) = match place.challenge_sid {
            None => (app.table.read_factor(entity, jwt.factor_sid).await?, None),
            Some(sid) => {
                app.table
                    .read_factor_beside(entity, jwt.factor_sid, sid.as_str())
                    .await?
            }
        };
        let factor = factor.filter(|factor| may_call(factor, place, call.timestamp()));
        let factor = factor.ok_or(NOBODY)?;
        let version = factor.binding.version();
        let data_key = app.data_keys.version(version, &app.table, call.now).await?;
        let Binding::Push(public_key) = factor.open(&data_key)? else {
            return Err(NOBODY);
        };
        jwt.jws.verified_by(&public_key).ok_or(NOBODY)?;
        Ok(Self {
            factor,
            public_key,
            challenge,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_767_225_600;

    fn account() -> AccountSid {
        AccountSid::from_bytes([1; 16])
    }

    fn good(claims: &Value) -> bool {
        let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        is_good(claims, account(), now) == Some(true)
    }

    #[test]
    fn claims_hold_from_30_seconds_before_nbf_until_30_seconds_after_exp() {
        for (from, to, expected) in [
            (0, 600, true),
            (29, 600, true),
            (30, 600, true),
            (31, 600, false),
            (-600, 0, true),
            (-629, -29, true),
            (-630, -30, false),
            (-29, -29, true),
            (-30, -30, false),
            // It ends before it begins.
            (1, 0, false),
            (25, -25, false),
        ] {
            let claims = json!({"sub": account(), "nbf": NOW + from, "exp": NOW + to});
            assert_eq!(good(&claims), expected, "{from} to {to}");
        }
    }

    #[test]
    fn claims_are_good_for_600_seconds_at_the_most() {
        for (seconds, expected) in [(0, true), (1, true), (599, true), (600, true), (601, false)] {
            let claims = json!({"sub": account(), "nbf": NOW, "exp": NOW + seconds});
            assert_eq!(good(&claims), expected, "{seconds} s");
        }
    }

    #[test]
    fn claims_are_whole_numbers_and_all_there_and_of_the_account() {
        let claims = json!({"sub": account(), "nbf": NOW, "exp": NOW + 600, "more": {}});
        assert!(good(&claims));
        for (name, value) in [
            ("sub", json!(AccountSid::from_bytes([2; 16]))),
            ("sub", json!(account().as_str().to_lowercase())),
            ("sub", json!([account()])),
            ("nbf", json!(NOW.to_string())),
            ("nbf", json!(1_767_225_600.0)),
            ("nbf", json!(i64::MIN)),
            ("nbf", json!(i64::MAX)),
            ("exp", json!(null)),
            ("exp", json!(u64::MAX)),
            ("exp", json!(i64::MAX)),
            ("exp", json!(1.767_226_2e9)),
        ] {
            let mut other = claims.clone();
            other[name] = value;
            assert!(!good(&other), "{other}");
        }
        for name in ["sub", "nbf", "exp"] {
            let mut other = claims.clone();
            other.as_object_mut().unwrap().remove(name);
            assert!(!good(&other), "{other}");
        }
    }
}
