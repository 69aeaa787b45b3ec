//! Authenticators: what of a Factor it takes to check what its user proves, and to count. A Challenge that waits for its answer has
//! one, so that it can be answered without asking for its Factor first.

use super::binding::Sealed;
use super::guesses::{Guesses, Stopped};
use super::windows::Windows;
use super::{Binding, Code, Factor, Method, Step, Totp};
use crate::revision::{AsRead, Revision};
use crate::sealing::{DataKey, Nonce, NotOpened, SealedBinding};
use crate::sid::FactorSid;
use crate::time::Timestamp;

/// What of a verified Factor it takes to check a code or a signature, as it was at one revision of the Factor.
#[derive(Clone, Debug)]
pub(crate) struct Authenticator {
    pub(crate) sid: FactorSid,
    pub(crate) method: Method,
    pub(crate) binding: SealedBinding,
    pub(super) guesses: Guesses,
    pub(super) windows: Windows,
    pub(super) last_step: Option<Step>,
    pub(super) revision: Revision,
    pub(super) request_id: String,
}

/// What came of comparing a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// It is right, and is good no more.
    Right,
    /// It is wrong, and was counted.
    Wrong {
        /// Whether it was good once.
        replayed: bool,
    },
}

impl Compared {
    /// The outcome in the log, of a Challenge that is created.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Right => "approved",
            Self::Wrong { replayed: true } => "replayed",
            Self::Wrong { replayed: false } => "wrong",
        }
    }
}

impl Authenticator {
    /// Opens the binding with the data key that it was sealed with, `pk` being the Factor's partition.
    ///
    /// # Errors
    /// If it was changed, or is another Factor's.
    pub(crate) fn open(&self, pk: &str, data_key: &DataKey) -> Result<Binding, NotOpened> {
        self.sealed(pk).open(data_key)
    }

    /// The same, its binding sealed with another data key.
    ///
    /// # Errors
    /// If it doesn't open.
    pub(crate) fn reseal(
        self,
        pk: &str,
        old: &DataKey,
        new: &DataKey,
        nonce: Nonce,
    ) -> Result<Self, NotOpened> {
        let binding = self.sealed(pk).reseal(old, new, nonce)?;
        Ok(Self { binding, ..self })
    }

    fn sealed<'a>(&'a self, pk: &'a str) -> Sealed<'a> {
        Sealed {
            pk,
            sid: self.sid,
            method: &self.method,
            binding: &self.binding,
        }
    }

    /// Whether it can be asked at all, whatever it has to wait for.
    ///
    /// # Errors
    /// [`Stopped::Disabled`].
    pub(crate) fn may_be_asked(&self) -> Result<(), Stopped> {
        match &self.method {
            Method::Totp(totp) if self.guesses.are_too_many(totp.code_length) => Err(Stopped::Disabled),
            Method::Totp(_) | Method::Push => Ok(()),
        }
    }

    /// The authenticator after one more Challenge of it at `now`.
    ///
    /// # Errors
    /// The seconds until there can be one more.
    pub(crate) fn challenged(self, now: Timestamp) -> Result<Self, u64> {
        let windows = self.windows.one_more(&self.method, now)?;
        Ok(Self { windows, ..self })
    }

    /// Compares a code at `now`, and the authenticator after that: every wrong one counts, and so does one of a time step that is not
    /// later than the last that was accepted (RFC 6238, section 5.2).
    ///
    /// # Errors
    /// If there were too many wrong ones for another to be compared.
    pub(crate) fn compare(
        self,
        code: &Code,
        totp: &Totp,
        now: Timestamp,
    ) -> Result<(Self, Compared), Stopped> {
        self.guesses.may_try(true, totp.config.code_length, now)?;
        let last = totp.steps_of(code, now.unix()).pop();
        let guesses = self.guesses;
        Ok(if last > self.last_step {
            let right = Self {
                guesses: guesses.right(),
                last_step: last,
                ..self
            };
            (right, Compared::Right)
        } else {
            let wrong = Self {
                guesses: guesses.wrong(true, now),
                ..self
            };
            let replayed = last.is_some();
            (wrong, Compared::Wrong { replayed })
        })
    }

    /// Which write of the Factor this is of.
    pub(crate) fn as_read(&self) -> AsRead<'_> {
        AsRead {
            revision: self.revision,
            request_id: &self.request_id,
        }
    }

    /// The same, as `request_id` is to write it: one revision later.
    pub(crate) fn written_by(self, request_id: &str) -> Self {
        Self {
            revision: self.revision.next(),
            request_id: request_id.to_owned(),
            ..self
        }
    }
}

impl Factor {
    /// What of it a Challenge takes.
    pub(crate) fn authenticator(&self) -> Authenticator {
        Authenticator {
            sid: self.sid,
            method: self.config.method(),
            binding: self.binding.clone(),
            guesses: self.guesses,
            windows: self.windows,
            last_step: self.last_step,
            revision: self.revision,
            request_id: self.provenance.request_id().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::zeroize::Zeroizing;

    use super::*;
    use crate::factors::factor::tests::{creation, factor, totp_factor};

    /// The first second of 2026 is the first of a time step, too.
    fn at(second: u32) -> Timestamp {
        creation().now.after(second)
    }

    /// An authenticator whose codes have 3 digits, with what they come from.
    fn app(parameters: &str) -> (Authenticator, Totp) {
        let (factor, binding) = totp_factor(&format!("Config.CodeLength=3&{parameters}"), creation());
        let Binding::Totp(totp) = binding else {
            panic!("a totp Factor")
        };
        (factor.authenticator(), totp)
    }

    fn step_at(second: u32) -> Step {
        Step::parse(&(at(second).unix() / 30 * 30).to_string()).unwrap()
    }

    /// A code that is good in this step alone of those around it.
    fn code_at(totp: &Totp, second: u32) -> Code {
        let codes = (0..1000).map(|number| Code::parse(&format!("{number:03}")).unwrap());
        let steps = |code: &Code| totp.steps_of(code, at(second).unix());
        let mut codes = codes.filter(|code| steps(code) == [step_at(second)]);
        codes.next().unwrap()
    }

    fn wrong_at(totp: &Totp, second: u32) -> Code {
        let mut codes = (0..1000).map(|number| Code::parse(&format!("{number:03}")).unwrap());
        codes
            .find(|code| totp.steps_of(code, at(second).unix()).is_empty())
            .unwrap()
    }

    #[test]
    fn a_step_is_good_once_and_none_before_it_is_after_that() {
        let (app, totp) = app("Config.Skew=0");
        let used = Compared::Wrong { replayed: true };
        let mut now = app;
        for (code, second, expected) in [
            (30, 30, Compared::Right),
            (30, 59, used),
            (0, 29, used),
            (60, 60, Compared::Right),
            (30, 59, used),
            (60, 89, used),
            // Long after, and the clock is set back.
            (3600, 3600, Compared::Right),
            (90, 90, used),
        ] {
            let (after, compared) = now.compare(&code_at(&totp, code), &totp, at(second)).unwrap();
            assert_eq!(compared, expected, "the code of {code} at {second}");
            now = after;
        }
        assert_eq!(now.last_step, Some(step_at(3600)));
        assert_eq!(now.guesses.in_a_row, 1);
    }

    #[test]
    fn a_right_code_starts_the_wrong_ones_anew_and_a_wrong_one_changes_no_step() {
        let (app, totp) = app("Config.Skew=0");
        let mut now = app.clone();
        for number in 1..=9 {
            let (after, compared) = now.compare(&wrong_at(&totp, 0), &totp, at(0)).unwrap();
            assert_eq!(compared, Compared::Wrong { replayed: false });
            assert_eq!((after.guesses.in_a_row, after.guesses.verification), (number, 0));
            now = after;
        }
        assert_eq!(now.last_step, None);
        let restored = Authenticator {
            guesses: app.guesses,
            ..now.clone()
        };
        assert_eq!(
            format!("{restored:?}"),
            format!("{app:?}"),
            "nothing else is another"
        );
        let (after, _) = now.compare(&code_at(&totp, 30), &totp, at(30)).unwrap();
        assert_eq!(after.guesses, app.guesses);
    }

    #[test]
    fn a_code_of_two_open_steps_is_of_the_later_one() {
        let (app, totp) = app("Config.Skew=2");
        // 3 digits meet soon.
        let (second, code) = (2..10_000)
            .find_map(|step| {
                let second = step * 30;
                let codes = (0..1000).map(|number| Code::parse(&format!("{number:03}")).unwrap());
                let twice = |code: &Code| totp.steps_of(code, at(second).unix()).len() == 2;
                Some((second, codes.into_iter().find(twice)?))
            })
            .unwrap();
        let steps = totp.steps_of(&code, at(second).unix());
        let used = |step| Authenticator {
            last_step: Some(step),
            ..app.clone()
        };
        let (after, compared) = used(steps[0]).compare(&code, &totp, at(second)).unwrap();
        assert_eq!((compared, after.last_step), (Compared::Right, Some(steps[1])));
        let (_, compared) = used(steps[1]).compare(&code, &totp, at(second)).unwrap();
        assert_eq!(compared, Compared::Wrong { replayed: true });
    }

    #[test]
    fn one_that_waits_or_is_disabled_compares_nothing_and_one_that_waits_can_be_asked() {
        let (app, totp) = app("");
        let code = code_at(&totp, 0);
        let with = |in_a_row, wait_until| Authenticator {
            guesses: Guesses {
                // What went on while it was being verified is over.
                verification: 5,
                in_a_row,
                wait_until,
            },
            ..app.clone()
        };
        for (authenticator, stopped, asked) in [
            (with(9, None), None, Ok(())),
            (with(9, Some(at(1))), Some(Stopped::Wait(1)), Ok(())),
            (with(9, Some(at(0))), None, Ok(())),
            (with(10, None), Some(Stopped::Disabled), Err(Stopped::Disabled)),
            (
                with(10, Some(at(30))),
                Some(Stopped::Disabled),
                Err(Stopped::Disabled),
            ),
        ] {
            assert_eq!(authenticator.may_be_asked(), asked);
            let compared = authenticator.compare(&code, &totp, at(0));
            assert_eq!(compared.map(|_| ()).err(), stopped);
        }
    }

    #[test]
    fn a_challenge_is_counted_and_nothing_else() {
        let (app, _) = app("");
        let mut now = app.clone();
        for _ in 0..10 {
            now = now.challenged(at(0)).unwrap();
        }
        assert_eq!(now.clone().challenged(at(1)).map(|_| ()), Err(86_399));
        assert!(now.clone().challenged(at(86_400)).is_ok());
        let restored = Authenticator {
            windows: app.windows,
            ..now
        };
        assert_eq!(format!("{restored:?}"), format!("{app:?}"));
    }

    #[test]
    fn a_phone_can_always_be_asked() {
        const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgsFl6xPQBwhtwUEyeJkeozFmi2jiJDzxFSMwVy3kVR1h\
                           %2FdPVYOfgkC0EkfBRJ0J%2F6xW47FD5vA%3D%3D";
        let form = format!(
            "FriendlyName=a&FactorType=push&Config.AppId=a&Config.NotificationPlatform=none&Config.SdkVersion=1\
             &Binding.PublicKey={KEY}"
        );
        let phone = factor(&form, creation()).0.authenticator();
        let guesses = Guesses {
            in_a_row: 255,
            ..Guesses::default()
        };
        assert_eq!(Authenticator { guesses, ..phone }.may_be_asked(), Ok(()));
    }

    #[test]
    fn it_opens_in_its_place_and_is_sealed_anew() {
        let (factor, _) = totp_factor("", creation());
        let pk = factor.identity.partition(factor.service_sid);
        let [old, new] =
            [(1, 4), (2, 5)].map(|(version, byte)| DataKey::new(version, Zeroizing::new([byte; 32])));
        let app = factor.authenticator();
        let seed = |binding: &Binding| binding.expose().to_owned();
        let before = seed(&app.open(&pk, &old).unwrap());
        assert!(app.open(&pk, &new).is_err() && app.open("another", &old).is_err());
        assert!(app.clone().reseal(&pk, &new, &old, [6; 12]).is_err());
        let app = app.reseal(&pk, &old, &new, [6; 12]).unwrap();
        assert_eq!(seed(&app.open(&pk, &new).unwrap()), before);
        assert_eq!(app.binding.version(), 2);
        let other = Authenticator {
            sid: FactorSid::from_bytes([9; 16]),
            ..app
        };
        assert!(other.open(&pk, &new).is_err(), "it is bound to its Factor");
    }

    #[test]
    fn it_is_as_its_factor_was_and_each_write_is_a_revision() {
        let (factor, _) = totp_factor("", creation());
        let app = factor.authenticator();
        assert_eq!(app.as_read().revision, factor.as_read().revision);
        assert_eq!(app.as_read().request_id, "creation");
        let written = app.clone().written_by("this");
        assert_eq!(written.as_read().revision, app.revision.next());
        assert_eq!(written.as_read().request_id, "this");
    }
}
