//! The clock of a history.

use crate::factor::{Kind, Totp};
use crate::history::Tick;
use crate::picks::nth_from_last;
use crate::run::Run;

/// How long a history can be, in seconds: the key of what is deleted stays taken for 30 days.
const LONGEST: i64 = 29 * 24 * 3600;

/// How far the clock goes back at most, as clocks that are set do.
const BACK: i64 = 5;

/// After how many seconds no instance goes by a Service that was deleted.
pub const DELETED_SERVICE: i64 = 30 + 2 * BACK;

impl Run<'_> {
    pub fn tick(&mut self, tick: Tick) {
        let contract = &self.contract;
        let now = contract.now;
        let totp = |which| match &self.factor(which)?.kind {
            Kind::Totp(totp) => Some(totp),
            Kind::Push(_) => None,
        };
        let next = match tick {
            Tick::Forward(seconds) => Some(now + seconds),
            Tick::Back(seconds) => Some(now - seconds),
            Tick::NextStep(which) => totp(which).map(|totp| now - now % totp.time_step + totp.time_step),
            Tick::LastOfStep(which) => {
                totp(which).map(|totp| now - now % totp.time_step + totp.time_step - 1)
            }
            Tick::Expiry(which, more) => self
                .factor(which)
                .and_then(|factor| contract.end_of(factor))
                .map(|end| end + more),
            Tick::EndOfChallenge(which, more) => {
                let (place, sid) = self.pick_challenge(which);
                let challenge = contract.challenge(place, &sid).ok();
                challenge.map(|challenge| challenge.expires + more)
            }
            Tick::EndOfKey(which, more) => {
                let noted = nth_from_last(&self.noted, which);
                let end = noted.and_then(|(place, _, key)| contract.end_of_key(*place, key));
                end.map(|end| end + more)
            }
            Tick::EndOfToken(back, more) => self.end_of_token(back).map(|end| end + more),
            Tick::EndOfWindow(which, nth, more) => self
                .factor(which)
                .and_then(|factor| factor.ends_of_windows().nth(nth))
                .map(|end| end + more),
            Tick::EndOfWait(which, more) => totp(which).and_then(Totp::end_of_wait).map(|end| end + more),
        };
        let factors = contract.entities.values().flat_map(|entity| &entity.factors);
        let ends = factors.filter_map(|factor| contract.end_of(factor));
        let services = contract.services.iter();
        let unknown = services.filter_map(|service| Some(service.deleted? + DELETED_SERVICE));
        let passed = ends.chain(unknown).filter(|end| *end <= now);
        let earliest = passed.max().unwrap_or(self.began).max(now - BACK);
        if let Some(next) = next.filter(|next| (earliest..self.began + LONGEST).contains(next)) {
            self.contract.now = next;
        }
    }
}
