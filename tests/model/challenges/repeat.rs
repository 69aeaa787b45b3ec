//! Challenges, and guesses for one, as often as the limits allow and more.

use super::history::{Asked, Draft};
use crate::compare::Same;
use crate::factor::Kind;
use crate::history::{Code, Tick, Which};
use crate::parameters::Form;
use crate::refusal::Refusal;
use crate::run::Run;

impl Run<'_> {
    pub async fn guess_challenge(&mut self, which: Asked, times: usize, patient: bool) -> Same {
        let (place, mut sid) = self.pick_challenge(which);
        for time in 0..times {
            let Ok(challenge) = self.contract.challenge(place, &sid) else {
                return Ok(());
            };
            let factor_sid = challenge.factor_sid.clone();
            let factor = self.contract.factor(place, &factor_sid);
            let Ok(Kind::Totp(totp)) = factor.map(|factor| &factor.kind) else {
                return Ok(());
            };
            let sent = (totp.spelt(Code::Wrong, self.contract.now), None);
            let refused = self.answer(place, &sid, Form::new(), Some(sent)).await;
            let mut refused = refused.map_err(|difference| format!("guess {time}: {difference}"))?;
            if refused
                .as_ref()
                .is_some_and(|refusal| refusal.retry_after.is_none())
            {
                let another = vec![("FactorSid", factor_sid)];
                refused = self.create_challenge(place, &another, None).await?;
                if let (None, Some((_, last))) = (&refused, self.asked.last()) {
                    last.clone_into(&mut sid);
                }
            }
            if !self.waits(refused, patient) {
                return Ok(());
            }
        }
        Ok(())
    }

    pub async fn ask_often(&mut self, which: Which, times: usize, guessing: bool, patient: bool) -> Same {
        let draft = Draft {
            factor_sid: None,
            until: None,
            shown: vec![("Details.Message", "Once more?".to_owned())],
            code: guessing.then_some(Code::Wrong),
        };
        for time in 0..times {
            let (place, form) = (self.pick(which).0, self.drafted(which, &draft));
            let refused = self.create_challenge(place, &form, None).await;
            let refused = refused.map_err(|difference| format!("one {time}: {difference}"))?;
            if !self.waits(refused, patient) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Waits for as long as a refusal says, if it has to; whether there is any use in going on.
    fn waits(&mut self, refused: Option<Refusal>, patient: bool) -> bool {
        let Some(refusal) = refused else { return true };
        let Some(wait) = refusal.retry_after.filter(|_| patient) else {
            return false;
        };
        self.tick(Tick::Forward(wait));
        true
    }
}
