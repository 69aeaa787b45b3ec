//! The steps of callers that are not the account, and those of Access Tokens.

use super::Caller;
use super::credentials::WELL;
use super::history::{Calling, Credentials, Holder};
use crate::challenges::history::{Asked, Asking, Filter};
use crate::compare::{Same, encoded, is_sid, same};
use crate::contract::Place;
use crate::history::{FULL, Step, Tick, Which};
use crate::parameters::Form;
use crate::picks::nth_from_last;
use crate::run::Run;

/// Characters of a token's text, at the most.
const LONGEST_TEXT: usize = 1000;

/// How many phones list their Challenges at the end, and fetch as many.
const LISTED: usize = 3;

impl Run<'_> {
    pub async fn be_called(&mut self, calling: &Calling) -> Same {
        match calling {
            Calling::By(credentials, step) => self.step_by(credentials, step).await,
            Calling::CreateToken { place, form } => self.create_token(*place, form).await,
            Calling::FetchToken(back) => {
                let (place, sid) = self.pick_token(*back);
                self.fetch_token(place.0, &sid).await
            }
            Calling::FetchTokenIn(service, back) => {
                let sid = self.pick_token(*back).1;
                self.fetch_token(*service, &sid).await
            }
            Calling::ListFactorsOf(which, size) => {
                let place = self.pick(*which).0;
                self.list_factors(place, *size).await
            }
            Calling::FetchLate(which, more) => {
                let late = self.pick(*which);
                let back = self.known.iter().rev().position(|known| *known == late);
                // It is not one of those that are there then.
                let which_then = Which::Any(back.unwrap_or_default());
                self.tick(Tick::Expiry(*which, *more));
                self.step_by(&well_made(which_then), &Step::Fetch(which_then))
                    .await
            }
            Calling::Enrol {
                token,
                spoilt,
                late,
                elsewhere,
                form,
                key,
            } => {
                if let Some(more) = late {
                    self.tick(Tick::EndOfToken(*token, *more));
                }
                let create = Step::Create {
                    place: elsewhere.unwrap_or(self.pick_token(*token).0),
                    form: form.clone(),
                    key: *key,
                };
                self.step_by(&Credentials::Token(*token, *spoilt), &create).await
            }
        }
    }

    /// Has somebody do a step.
    pub async fn step_by(&mut self, credentials: &Credentials, step: &Step) -> Same {
        let (authorization, caller) = self.identified(credentials);
        self.contract.caller = caller;
        self.authorization = Some(authorization);
        // A step can be one of these.
        let done = Box::pin(self.step(step)).await;
        self.contract.caller = Caller::Account;
        self.authorization = None;
        done
    }

    fn pick_token(&self, back: usize) -> (Place, String) {
        let nothing = || (FULL, format!("YK{}", "0".repeat(32)));
        let token = nth_from_last(&self.tokens, back);
        token.map_or_else(nothing, |(place, sid, _)| (*place, sid.clone()))
    }

    /// When a token's time is over.
    pub fn end_of_token(&self, back: usize) -> Option<i64> {
        let (place, sid, _) = nth_from_last(&self.tokens, back)?;
        let token = self.contract.access_token(place.0, sid).ok()?;
        Some(token.expires())
    }

    async fn create_token(&mut self, place: Place, form: &Form) -> Same {
        let path = self.contract.tokens_path(place.0);
        let mut form = form.clone();
        if form.iter().all(|(name, _)| *name != "Identity") {
            form.push(("Identity", place.1.to_owned()));
        }
        let answer = self.call("POST", &path, None, &encoded(&form)).await;
        let (sid, text) = if answer.status == 201 {
            (answer.text("sid"), answer.text("token"))
        } else {
            (String::new(), String::new())
        };
        let there = self.tokens.iter().any(|token| token.1 == sid || token.2 == text);
        let expected = self.contract.create_token(place, &form, &sid, &text);
        let is_created = expected.is_ok();
        self.compare(&answer, expected, 201)?;
        if is_created {
            same("the form of the SID", is_sid(&sid, "YK"), true)?;
            same("whether there was such a token", there, false)?;
            let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic());
            let is_text = is_printable && (1..=LONGEST_TEXT).contains(&text.len());
            same(&format!("the form of {text}"), is_text, true)?;
            self.tokens.push((place, sid, text));
        }
        Ok(())
    }

    async fn fetch_token(&mut self, service: usize, sid: &str) -> Same {
        let path = format!("{}/{sid}", self.contract.tokens_path(service));
        let answer = self.call("GET", &path, None, "").await;
        self.compare(&answer, self.contract.fetch_token(service, sid), 200)
    }

    /// The tokens that there are, and what some phones see.
    pub async fn callers_at_the_end(&mut self) -> Same {
        for (place, sid, _) in self.tokens.clone() {
            self.fetch_token(place.0, &sid).await?;
        }
        for back in 0..LISTED.min(self.phones.len()) {
            let which = Which::Phone(back);
            let jwt = well_made(which);
            self.step_by(&jwt, &Step::Fetch(which)).await?;
            let all = Asking::ListOf(which, Filter::default(), 1000);
            self.step_by(&jwt, &Step::Ask(all)).await?;
            // Many a one is another's.
            for challenge in 0..LISTED {
                let fetch = Asking::Fetch(Asked::Any(challenge));
                self.step_by(&jwt, &Step::Ask(fetch)).await?;
            }
        }
        Ok(())
    }
}

/// The JWT that a Factor's phone makes now.
fn well_made(which: Which) -> Credentials {
    Credentials::Jwt {
        of: Holder::Factor(which),
        kid_of: None,
        made: WELL,
    }
}
