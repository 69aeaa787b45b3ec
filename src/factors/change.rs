//! Changes: what a request makes of a Factor that is there. Its settings become others, and with a proof of having its binding
//! it becomes verified.

use super::guesses::Stopped;
use super::push::PushUpdate;
use super::signature::Signature;
use super::totp::TotpUpdate;
use super::{Binding, Code, Config, Factor, FactorType, FriendlyName, PublicKey, Status, Totp};
use crate::parameters::{Fields, InvalidParameter};
use crate::sid::Identity;
use crate::time::Timestamp;

/// The parameter with a code or a signature.
pub(crate) const AUTH_PAYLOAD: &str = "AuthPayload";

/// The valid parameters of a request that changes a Factor: what is absent stays as it is.
#[derive(Debug)]
pub(super) struct Update {
    friendly_name: Option<FriendlyName>,
    kind: UpdateKind,
}

/// What depends on the type of the Factor.
#[derive(Debug)]
enum UpdateKind {
    Push(PushUpdate, Option<Signature>),
    Totp(TotpUpdate, Option<Code>),
}

impl Update {
    /// Reads what has to hold whatever type the Factor is of, which nobody knows before it was read: the path's Identity.
    pub(super) fn parse_any(identity: &str, fields: &mut Fields<'_>) -> Option<Identity> {
        let identity = fields.elsewhere("Identity", Identity::parse(identity));
        let friendly_name = fields.optional("FriendlyName", FriendlyName::parse);
        let payload = fields.optional(AUTH_PAYLOAD, |_| Ok(()));
        fields.ignore(|others| {
            PushUpdate::parse(others);
            TotpUpdate::parse(others);
        });
        friendly_name.and(payload).and(identity)
    }

    /// Reads the parameters of a change to a Factor of this type. Those of the other type are ignored.
    pub(super) fn parse(factor_type: FactorType, fields: &mut Fields<'_>) -> Option<Self> {
        let friendly_name = fields.optional("FriendlyName", FriendlyName::parse);
        let kind = match factor_type {
            FactorType::Push => {
                let update = PushUpdate::parse(fields);
                let signature = fields.optional(AUTH_PAYLOAD, Signature::parse);
                update
                    .zip(signature)
                    .map(|(update, signature)| UpdateKind::Push(update, signature))
            }
            FactorType::Totp => {
                let update = TotpUpdate::parse(fields);
                let code = fields.optional(AUTH_PAYLOAD, Code::parse);
                update
                    .zip(code)
                    .map(|(update, code)| UpdateKind::Totp(update, code))
            }
        };
        Some(Self {
            friendly_name: friendly_name?,
            kind: kind?,
        })
    }

    /// Whether it says to have what the Factor stands for.
    pub(super) fn is_a_proof(&self) -> bool {
        match &self.kind {
            UpdateKind::Push(_, signature) => signature.is_some(),
            UpdateKind::Totp(_, code) => code.is_some(),
        }
    }
}

/// What becomes of a Factor.
#[derive(Debug)]
pub(super) struct Decision {
    /// The Factor as it is to be written; `None` where nothing is.
    pub(super) write: Option<Factor>,
    pub(super) outcome: Outcome,
}

/// What came of a request that changes a Factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is as was asked for, and nobody proved anything.
    Updated,
    /// It is verified, by this or already by the same.
    Verified,
    /// The code is wrong; the Factor is still unverified.
    Wrong,
    /// The code is none that verified it, and it is verified.
    NotTheCode {
        /// Whether the code was good once.
        replayed: bool,
    },
    /// The signature is none of the device's key.
    BadSignature,
    /// The code was not compared.
    Stopped(Stopped),
}

impl Outcome {
    /// The outcome in the log, of what looked at an `AuthPayload`.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Updated => None,
            Self::Verified => Some("verified"),
            Self::Wrong | Self::NotTheCode { replayed: false } => Some("wrong"),
            Self::NotTheCode { replayed: true } => Some("replayed"),
            Self::BadSignature => Some("bad_signature"),
            Self::Stopped(Stopped::UsedUp | Stopped::Wait(_)) => Some("limited"),
            Self::Stopped(Stopped::Disabled) => Some("disabled"),
        }
    }
}

impl Factor {
    /// Decides what becomes of a Factor by `update` at `now`, with its opened binding where that [is a
    /// proof](Update::is_a_proof). What is proved is proved of the Factor as it was before, and where it doesn't hold nothing else is
    /// changed.
    ///
    /// # Errors
    /// Parameters that this Factor cannot have.
    pub(super) fn update(
        &self,
        update: &Update,
        binding: Option<&Binding>,
        now: Timestamp,
    ) -> Result<Decision, Vec<InvalidParameter>> {
        let config = match (&update.kind, &self.config) {
            (UpdateKind::Push(update, _), Config::Push(config)) => Config::Push(update.applied_to(config)?),
            (UpdateKind::Totp(update, code), Config::Totp(config)) => {
                let settled = self.status == Status::Verified || code.is_some();
                Config::Totp(update.applied_to(config, settled)?)
            }
            // Parameters are read by the type of the Factor, which never becomes another.
            (UpdateKind::Push(..), Config::Totp(_)) | (UpdateKind::Totp(..), Config::Push(_)) => {
                self.config.clone()
            }
        };
        let friendly_name = update.friendly_name.as_ref().unwrap_or(&self.friendly_name);
        let changed = config != self.config || *friendly_name != self.friendly_name;
        let (checked, outcome) = match (&update.kind, binding) {
            (UpdateKind::Totp(_, Some(code)), Some(Binding::Totp(totp))) => self.check_code(code, totp, now),
            (UpdateKind::Push(_, Some(signature)), Some(Binding::Push(key))) => {
                self.check_signature(signature, key)
            }
            _ => (None, Outcome::Updated),
        };
        let write = match outcome {
            Outcome::Updated | Outcome::Verified if changed || checked.is_some() => Some(Self {
                friendly_name: friendly_name.clone(),
                config,
                date_updated: now,
                ..checked.unwrap_or_else(|| self.clone())
            }),
            _ => checked,
        };
        Ok(Decision { write, outcome })
    }

    /// Compares a code, if one more may be, and counts what is wrong: with the Factor as it is after that, where it changes.
    fn check_code(&self, code: &Code, totp: &Totp, now: Timestamp) -> (Option<Self>, Outcome) {
        let is_verified = self.status == Status::Verified;
        if let Err(stopped) = self.guesses.may_try(is_verified, totp.config.code_length, now) {
            return (None, Outcome::Stopped(stopped));
        }
        let steps = totp.steps_of(code, now.unix());
        let wrong = || Self {
            guesses: self.guesses.wrong(is_verified, now),
            ..self.clone()
        };
        match (self.status, steps.last()) {
            (Status::Unverified, Some(step)) => {
                let verified = Self {
                    guesses: self.guesses.right(),
                    verified_by: Some(*step),
                    last_step: Some(*step),
                    ..self.verified()
                };
                (Some(verified), Outcome::Verified)
            }
            (Status::Unverified, None) => (Some(wrong()), Outcome::Wrong),
            // The very code that verified it is a retry. Any other is taken for a guess, so that nobody takes this for the answer to a
            // login.
            (Status::Verified, _) if self.verified_by.is_some_and(|step| steps.contains(&step)) => {
                (None, Outcome::Verified)
            }
            (Status::Verified, last) => {
                let replayed = last.is_some_and(|step| Some(*step) <= self.last_step);
                (Some(wrong()), Outcome::NotTheCode { replayed })
            }
        }
    }

    /// Checks a signature of the Factor's SID. Those that are wrong are not counted: nobody guesses one.
    fn check_signature(&self, signature: &Signature, key: &PublicKey) -> (Option<Self>, Outcome) {
        if !signature.is_of(self.sid.as_str().as_bytes(), key) {
            return (None, Outcome::BadSignature);
        }
        let verified = (self.status == Status::Unverified).then(|| self.verified());
        (verified, Outcome::Verified)
    }

    /// The same, verified: it stays.
    pub(crate) fn verified(&self) -> Self {
        Self {
            status: Status::Verified,
            unverified_until: None,
            ..self.clone()
        }
    }

    /// The same, as `request_id` is to write it: one revision later.
    pub(crate) fn written_by(self, request_id: &str) -> Self {
        Self {
            revision: self.revision.next(),
            provenance: self.provenance.written_by(request_id),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::Step;
    use crate::factors::factor::tests::{creation, totp_factor};
    use crate::factors::guesses::Guesses;

    /// The first second of 2026 is the first of a time step, too.
    fn at(second: u32) -> Timestamp {
        creation().now.after(second)
    }

    fn step_at(second: u32) -> Step {
        Step::parse(&(at(second).unix() / 30 * 30).to_string()).unwrap()
    }

    /// The code that the Factor's app shows at a second.
    fn code_at(binding: &Binding, second: u32) -> String {
        let Binding::Totp(totp) = binding else {
            panic!("a totp Factor")
        };
        let is_code = |code: &String| {
            totp.steps_of(&Code::parse(code).unwrap(), at(second).unix()) == [step_at(second)]
        };
        let codes = (0..1000).map(|number| format!("{number:03}"));
        codes.into_iter().find(is_code).unwrap()
    }

    /// A Factor whose codes have 3 digits, with its binding.
    fn factor() -> (Factor, Binding) {
        totp_factor("Config.CodeLength=3&Config.Skew=0", creation())
    }

    fn send(factor: &Factor, binding: &Binding, code: &str, second: u32) -> Decision {
        let form = format!("AuthPayload={code}");
        let update = Update::parse(FactorType::Totp, &mut Fields::decode(form.as_bytes())).unwrap();
        factor.update(&update, Some(binding), at(second)).unwrap()
    }

    #[test]
    fn a_factor_goes_from_unverified_to_verified_and_never_back() {
        let (factor, binding) = factor();
        let code = code_at(&binding, 30);
        let Decision { write, outcome } = send(&factor, &binding, &code, 59);
        let verified = write.unwrap();
        assert_eq!((verified.status, outcome), (Status::Verified, Outcome::Verified));
        assert_eq!(
            (verified.verified_by, verified.last_step),
            (Some(step_at(30)), Some(step_at(30)))
        );
        assert_eq!((verified.unverified_until, verified.date_updated), (None, at(59)));
        for (code, second, expected) in [
            (code.as_str(), 30, Outcome::Verified),
            (code.as_str(), 59, Outcome::Verified),
            (code.as_str(), 60, Outcome::NotTheCode { replayed: false }),
            (
                &code_at(&binding, 60),
                60,
                Outcome::NotTheCode { replayed: false },
            ),
            (&code_at(&binding, 0), 0, Outcome::NotTheCode { replayed: true }),
        ] {
            let Decision { write, outcome } = send(&verified, &binding, code, second);
            assert_eq!(outcome, expected, "at {second}");
            assert_eq!(
                write.is_none(),
                outcome == Outcome::Verified,
                "a retry writes nothing"
            );
            assert!(write.is_none_or(|factor| factor.status == Status::Verified));
        }
    }

    #[test]
    fn what_is_not_compared_is_not_counted_and_what_is_counted_changes_nothing_else() {
        let (factor, binding) = factor();
        let wrong = if code_at(&binding, 0) == "000" {
            "001"
        } else {
            "000"
        };
        let mut now = factor.clone();
        for number in 1..=5 {
            let Decision { write, outcome } = send(&now, &binding, wrong, 0);
            assert_eq!(outcome, Outcome::Wrong);
            let written = write.unwrap();
            assert_eq!(
                (written.guesses.verification, written.guesses.in_a_row),
                (number, number)
            );
            let restored = Factor {
                guesses: factor.guesses,
                ..written.clone()
            };
            assert_eq!(format!("{restored:?}"), format!("{factor:?}"));
            now = written;
        }
        for code in [wrong, &code_at(&binding, 0)] {
            let Decision { write, outcome } = send(&now, &binding, code, 0);
            assert_eq!(outcome, Outcome::Stopped(Stopped::UsedUp));
            assert!(write.is_none());
        }
    }

    #[test]
    fn a_right_code_on_a_factor_that_waits_or_is_disabled_is_not_compared() {
        let (factor, binding) = factor();
        let code = code_at(&binding, 0);
        for (in_a_row, wait_until, expected) in [
            (9, Some(at(1)), Outcome::Stopped(Stopped::Wait(1))),
            (9, Some(at(0)), Outcome::Verified),
            (10, None, Outcome::Stopped(Stopped::Disabled)),
        ] {
            let guesses = Guesses {
                verification: 0,
                in_a_row,
                wait_until,
            };
            let Decision { write, outcome } = send(
                &Factor {
                    guesses,
                    ..factor.clone()
                },
                &binding,
                &code,
                0,
            );
            assert_eq!(outcome, expected);
            assert_eq!(write.is_some(), expected == Outcome::Verified);
        }
    }

    #[test]
    fn each_write_is_a_revision_and_leaves_its_request() {
        let (factor, _) = factor();
        let written = factor.clone().written_by("this");
        assert_eq!(written.revision.get(), factor.revision.get() + 1);
        assert_eq!(written.provenance.request_id(), "this");
        assert_eq!(written.provenance.fingerprint(), factor.provenance.fingerprint());
    }
}
