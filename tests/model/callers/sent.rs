//! What is sent by whom, by what the contract knows at that time.

use harness::local;

use super::Caller;
use super::history::{Credentials, Holder, Spoilt};
use super::phone;
use crate::picks::nth_from_last;
use crate::run::Run;
use crate::support::basic;
use crate::support::phone::device;

impl Run<'_> {
    /// The `Authorization` that is sent, and who that is.
    pub fn identified(&self, credentials: &Credentials) -> (String, Caller) {
        match credentials {
            Credentials::Jwt { of, kid_of, made } => {
                let own = self.held(*of);
                // Where there never was a Factor any phone may say so.
                let phone = self.phones.get(&own).copied().unwrap_or_default();
                let kid_of = kid_of.map(|which| self.pick(which).1);
                phone::authorization(phone, &kid_of.unwrap_or(own), self.contract.now, *made)
            }
            Credentials::Token(back, spoilt) => {
                let Some((_, sid, text)) = nth_from_last(&self.tokens, *back) else {
                    return (device("no-token-at-all"), Caller::Nobody);
                };
                match spoilt {
                    None => (device(text), Caller::Token(sid.clone())),
                    Some(spoilt) => (spoil(text, *spoilt), Caller::Nobody),
                }
            }
            Credentials::Account(password) => {
                let authorization = basic(&format!("{}:{password}", local::account_sid()));
                (authorization, Caller::Nobody)
            }
            Credentials::Text(text) => (basic(text), Caller::Nobody),
            Credentials::None => (String::new(), Caller::Nobody),
        }
    }

    /// The SID of the Factor whose phone somebody holds.
    fn held(&self, holder: Holder) -> String {
        match holder {
            Holder::Factor(which) => self.pick(which).1,
            Holder::Challenge(which) => {
                let (place, sid) = self.pick_challenge(which);
                let challenge = self.contract.challenge(place, &sid);
                challenge.map_or(sid, |challenge| challenge.factor_sid.clone())
            }
        }
    }
}

fn spoil(text: &str, spoilt: Spoilt) -> String {
    let (before, rest) = match spoilt {
        Spoilt::Changed(at) | Spoilt::Without(at) => text.split_at(at % text.len()),
        Spoilt::Longer(_) | Spoilt::As(_) => (text, ""),
    };
    match spoilt {
        Spoilt::Changed(_) => {
            let another = if rest.starts_with('A') { 'B' } else { 'A' };
            device(&format!("{before}{another}{}", &rest[1..]))
        }
        Spoilt::Without(_) => device(&format!("{before}{}", &rest[1..])),
        Spoilt::Longer(more) => device(&format!("{text}{more}")),
        Spoilt::As(user) => basic(&format!("{user}:{text}")),
    }
}
