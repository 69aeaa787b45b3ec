//! Responses: what a request makes of a Challenge that is there.

use super::challenge::{Challenge, ChallengeStatus, Response, State};
use super::json::signed_response;
use super::reply::Reply;
use crate::factors::{
    AUTH_PAYLOAD, Authenticator, Binding, Code, Compared, FactorType, Jws, PublicKey, Stopped, Totp,
};
use crate::parameters::InvalidParameter;
use crate::time::Timestamp;
use secrecy::ExposeSecret;

/// What is known of the Factor of a Challenge that is answered.
#[derive(Debug)]
pub(super) enum Known {
    /// Nothing yet.
    Nothing,
    /// Nothing, and somebody else was faster: what the Challenge has of its Factor may be out of date.
    NotTheCopy,
    /// What the Challenge has of it.
    Copy(Opened),
    /// All; `None` if it isn't there any more.
    Factor(Option<Opened>),
}

/// What an answer is checked by.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) authenticator: Authenticator,
    pub(super) binding: Binding,
}

/// What becomes of a Challenge by a request.
#[derive(Debug)]
pub(super) enum Decision {
    /// That takes what the Challenge has of its Factor: this, opened.
    Open(Box<Authenticator>),
    /// That takes the Factor.
    AskFactor,
    /// Nothing.
    Tell(Outcome),
    /// This is to be written.
    Write(Box<Write>),
}

/// What is to be written.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) challenge: Challenge,
    pub(super) factor: FactorPart,
    pub(super) outcome: Outcome,
}

/// What is to be of the Factor when a Challenge is written.
#[derive(Debug)]
pub(super) enum FactorPart {
    /// Whatever it is, or isn't.
    NotAsked,
    /// It has to be there.
    There,
    /// It has to be as it was `read`, and becomes what is `written`.
    Changed {
        read: Box<Authenticator>,
        written: Box<Authenticator>,
    },
}

/// What came of a request about a Challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It said nothing but Metadata, or nothing at all.
    Noted,
    /// It is answered: by this, or already by the same.
    Answered(Response),
    /// The code is wrong.
    Wrong {
        /// Whether it was good once.
        replayed: bool,
    },
    /// The signature doesn't hold, or what was signed is not this Challenge.
    BadSignature,
    /// Its Factor isn't there any more.
    NoFactor,
    /// There were too many wrong codes for this Challenge.
    UsedUp,
    /// There were too many wrong codes for its Factor.
    Stopped(Stopped),
    /// It was answered before, in another way.
    AnsweredBefore,
    /// It is too late.
    Expired,
    /// It has to be a code and is none.
    Invalid(InvalidParameter),
}

/// Wrong codes for one Challenge, the one in its creation included.
const WRONG_CODES: u8 = 5;

impl Outcome {
    /// The outcome in the log, of what looked at an `AuthPayload`.
    pub(super) const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Noted | Self::NoFactor | Self::Invalid(_) => None,
            Self::Answered(response) => Some(response.name()),
            Self::Wrong { replayed: false } => Some("wrong"),
            Self::Wrong { replayed: true } => Some("replayed"),
            Self::BadSignature => Some("bad_signature"),
            Self::UsedUp | Self::Stopped(Stopped::UsedUp | Stopped::Wait(_)) => Some("limited"),
            Self::Stopped(Stopped::Disabled) => Some("disabled"),
            Self::AnsweredBefore => Some("answered_before"),
            Self::Expired => Some("expired"),
        }
    }
}

/// What is said to prove that the user has the Factor.
enum Proof<'a> {
    Code(Code),
    Signed(&'a str),
}

/// A request, when it came.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) reply: &'a Reply,
    pub(super) now: Timestamp,
    pub(super) request_id: &'a str,
}

impl Challenge {
    /// Decides what becomes of a Challenge by a request, or what that takes besides what is `known`.
    ///
    /// Where nothing is written, nothing would tell whether what the Challenge has of its Factor still holds, so then the Factor decides.
    pub(super) fn decide(&self, asked: Asked<'_>, known: Known) -> Decision {
        let Asked { reply, now, .. } = asked;
        let Some(payload) = &reply.payload else {
            return self.noted(asked, Outcome::Noted);
        };
        let is_answered = match (self.status(now), self.factor_type) {
            (ChallengeStatus::Expired, _) => return Decision::Tell(Outcome::Expired),
            (ChallengeStatus::Pending, _) => false,
            (ChallengeStatus::Approved | ChallengeStatus::Denied, FactorType::Totp) => {
                return Decision::Tell(Outcome::AnsweredBefore);
            }
            // It can be a retry.
            (ChallengeStatus::Approved | ChallengeStatus::Denied, FactorType::Push) => true,
        };
        let payload = payload.expose_secret();
        let proof = match self.factor_type {
            FactorType::Push => Proof::Signed(payload),
            FactorType::Totp => match Code::parse(payload) {
                Ok(code) => Proof::Code(code),
                Err(rule) => return Decision::Tell(Outcome::Invalid(rule.broken_by(AUTH_PAYLOAD))),
            },
        };
        match (known, &self.state) {
            (Known::Nothing, State::Waiting(Some(copy))) => Decision::Open(copy.clone()),
            (Known::Nothing | Known::NotTheCopy, _) => Decision::AskFactor,
            (Known::Copy(opened), _) => match self.checked(&proof, opened, asked) {
                Decision::Tell(_) => Decision::AskFactor,
                decided => decided,
            },
            (Known::Factor(Some(opened)), _) => self.checked(&proof, opened, asked),
            (Known::Factor(None), _) if is_answered => Decision::Tell(Outcome::AnsweredBefore),
            (Known::Factor(None), _) => Decision::Tell(Outcome::NoFactor),
        }
    }

    fn checked(&self, proof: &Proof<'_>, opened: Opened, asked: Asked<'_>) -> Decision {
        let Opened {
            authenticator,
            binding,
        } = opened;
        match (proof, binding) {
            (Proof::Code(_), _) if self.wrong >= WRONG_CODES => Decision::Tell(Outcome::UsedUp),
            (Proof::Code(code), Binding::Totp(totp)) => self.by_code(code, authenticator, &totp, asked),
            (Proof::Signed(text), Binding::Push(key)) => self.by_signature(text, &key, asked),
            // It is another Factor.
            (Proof::Code(_), Binding::Push(_)) | (Proof::Signed(_), Binding::Totp(_)) => {
                Decision::Tell(Outcome::NoFactor)
            }
        }
    }

    fn by_code(&self, code: &Code, read: Authenticator, totp: &Totp, asked: Asked<'_>) -> Decision {
        let (after, compared) = match read.clone().compare(code, totp, asked.now) {
            Ok(compared) => compared,
            Err(stopped) => return Decision::Tell(Outcome::Stopped(stopped)),
        };
        let written = Box::new(after.written_by(asked.request_id));
        let (challenge, outcome) = match compared {
            Compared::Right => (
                self.answered(Response::Approved, asked),
                Outcome::Answered(Response::Approved),
            ),
            Compared::Wrong { replayed } => {
                let next = Self {
                    wrong: self.wrong.saturating_add(1),
                    // What the next answer is checked by.
                    state: State::Waiting(Some(written.clone())),
                    ..self.written_by(asked.request_id)
                };
                (next, Outcome::Wrong { replayed })
            }
        };
        Decision::Write(Box::new(Write {
            challenge,
            factor: FactorPart::Changed {
                read: Box::new(read),
                written,
            },
            outcome,
        }))
    }

    fn by_signature(&self, text: &str, key: &PublicKey, asked: Asked<'_>) -> Decision {
        let signed = Jws::parse(text).and_then(|jws| jws.verified_by(key));
        let response = signed.and_then(|signed| signed_response(self, &signed));
        match (response, &self.state) {
            (Some(response), State::Waiting(_)) => Decision::Write(Box::new(Write {
                challenge: self.answered(response, asked),
                factor: FactorPart::There,
                outcome: Outcome::Answered(response),
            })),
            (Some(response), State::Answered { response: before, .. }) if response == *before => {
                self.noted(asked, Outcome::Answered(response))
            }
            (_, State::Answered { .. }) => Decision::Tell(Outcome::AnsweredBefore),
            (None, State::Waiting(_)) => Decision::Tell(Outcome::BadSignature),
        }
    }

    /// Has the Metadata that came along, and is nothing else than before.
    fn noted(&self, asked: Asked<'_>, outcome: Outcome) -> Decision {
        match &asked.reply.metadata {
            None => Decision::Tell(outcome),
            Some(metadata) => Decision::Write(Box::new(Write {
                challenge: Self {
                    metadata: Some(metadata.clone()),
                    date_updated: asked.now,
                    ..self.written_by(asked.request_id)
                },
                factor: FactorPart::NotAsked,
                outcome,
            })),
        }
    }

    fn answered(&self, response: Response, asked: Asked<'_>) -> Self {
        let Asked { reply, now, .. } = asked;
        Self {
            // Nothing is checked by what it has of its Factor any more.
            state: State::Answered { response, date: now },
            date_updated: now,
            metadata: reply.metadata.as_ref().or(self.metadata.as_ref()).cloned(),
            ..self.written_by(asked.request_id)
        }
    }

    /// The same, as `request_id` is to write it: one revision later.
    fn written_by(&self, request_id: &str) -> Self {
        Self {
            revision: self.revision.next(),
            request_id: request_id.to_owned(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, BASE64URL_NOPAD};
    use p256::ecdsa::signature::Signer as _;
    use p256::ecdsa::{Signature, SigningKey};
    use p256::pkcs8::EncodePublicKey as _;
    use secrecy::zeroize::Zeroizing;

    use super::*;
    use crate::challenges::challenge::{Created, Creation};
    use crate::challenges::new::NewChallenge;
    use crate::factors::{Creation as FactorCreation, Entropy, Factor, Metadata, NewFactor, Status};
    use crate::parameters::Fields;
    use crate::randomness::Randomness;
    use crate::sealing::{DataKey, NotOpened};
    use crate::services::{NewService, Service};
    use crate::sid::{AccountSid, ChallengeSid, FactorSid, ServiceSid};

    /// The first second of 2026 is the first of a time step, too.
    fn at(second: u32) -> Timestamp {
        Timestamp::parse("2026-01-01T00:00:00Z").unwrap().after(second)
    }

    /// A verified Factor and its binding.
    fn factor(form: &str) -> (Factor, Binding) {
        let new = NewFactor::parse("identity", &mut Fields::decode(form.as_bytes())).unwrap();
        let service = NewService::parse(&mut Fields::decode(b"FriendlyName=Owl")).unwrap();
        let (account, sid) = (AccountSid::from_bytes([1; 16]), ServiceSid::from_bytes([2; 16]));
        let service = Service::create(service, account, sid, at(0));
        let randomness = Randomness::new(|bytes| {
            bytes.fill(3);
            Ok(())
        });
        let creation = FactorCreation {
            now: at(0),
            unverified_factor_hours: None,
            request_id: "factor",
            retry: None,
        };
        let entropy = Entropy::draw(&randomness).unwrap();
        let data_key = DataKey::new(1, Zeroizing::new([4; 32]));
        let (factor, binding) = Factor::create(new, &service, creation, &entropy, &data_key);
        let verified = Factor {
            status: Status::Verified,
            ..factor
        };
        (verified, binding)
    }

    fn app() -> (Factor, Binding) {
        factor("FriendlyName=App&FactorType=totp&Config.CodeLength=3&Config.Skew=0")
    }

    fn key() -> SigningKey {
        SigningKey::from_slice(&[7; 32]).unwrap()
    }

    fn phone() -> (Factor, Binding) {
        let der = key().verifying_key().to_public_key_der().unwrap();
        let public_key = BASE64.encode(der.as_bytes()).replace('+', "%2B");
        factor(&format!(
            "FriendlyName=Phone&FactorType=push&Config.AppId=a&Config.NotificationPlatform=none&Config.SdkVersion=1\
             &Binding.PublicKey={public_key}"
        ))
    }

    /// A Challenge that waits for its answer for five minutes.
    fn challenge(factor: &Factor) -> Challenge {
        let form = format!("FactorSid={}&Details.Message=a", factor.sid);
        let new = NewChallenge::parse("identity", &mut Fields::decode(form.as_bytes()), at(0)).unwrap();
        let creation = Creation {
            sid: ChallengeSid::at(1, [5; 10]),
            now: at(0),
            request_id: "creation",
        };
        let Created { challenge, .. } = Challenge::create(&new, factor, || Err(NotOpened), creation).unwrap();
        challenge
    }

    fn reply(form: &str) -> Reply {
        let mut fields = Fields::decode(form.as_bytes());
        let reply = Reply::parse("identity", &mut fields);
        fields.finish(reply).unwrap()
    }

    fn answered(challenge: &Challenge, response: Response) -> Challenge {
        let reply = reply("");
        challenge.answered(response, asked(&reply, 1))
    }

    fn same(one: &Challenge, other: &Challenge) -> bool {
        format!("{one:?}") == format!("{other:?}")
    }

    /// A code that is good in the step that begins at a second, and one that isn't.
    fn codes(binding: &Binding, second: u32) -> [String; 2] {
        let Binding::Totp(totp) = binding else {
            panic!("a totp Factor")
        };
        let is_good = |code: &String| {
            let code = Code::parse(code).unwrap();
            !totp.steps_of(&code, at(second).unix()).is_empty()
        };
        let codes = (0..1000).map(|number| format!("{number:03}"));
        let (good, wrong): (Vec<_>, Vec<_>) = codes.partition(is_good);
        [&good[0], &wrong[0]].map(|code| format!("AuthPayload={code}"))
    }

    /// The form with what `key` signed of a Challenge.
    fn signed(key: &SigningKey, challenge: &Challenge, status: &str) -> String {
        let shown = super::super::json::ChallengeJson::new(challenge, "", at(0));
        let mut payload = serde_json::to_value(shown).unwrap();
        payload["status"] = status.into();
        let [header, payload] = [r#"{"alg":"ES256"}"#.to_owned(), payload.to_string()]
            .map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
        let signed = format!("{header}.{payload}");
        let signature: Signature = key.sign(signed.as_bytes());
        let signature = BASE64URL_NOPAD.encode(&signature.to_bytes());
        format!("AuthPayload={signed}.{signature}")
    }

    /// A request at a second.
    fn asked(reply: &Reply, second: u32) -> Asked<'_> {
        Asked {
            reply,
            now: at(second),
            request_id: "this",
        }
    }

    fn opened(factor: &Factor) -> Opened {
        let data_key = DataKey::new(1, Zeroizing::new([4; 32]));
        Opened {
            authenticator: factor.authenticator(),
            binding: factor.open(&data_key).unwrap(),
        }
    }

    fn told(decision: Decision) -> Outcome {
        let Decision::Tell(outcome) = decision else {
            panic!("{decision:?}")
        };
        outcome
    }

    fn written(decision: Decision) -> Write {
        let Decision::Write(write) = decision else {
            panic!("{decision:?}")
        };
        *write
    }

    /// As it is written next, besides what is changed by that.
    fn next(challenge: &Challenge) -> Challenge {
        challenge.written_by("this")
    }

    #[test]
    fn what_is_known_without_the_factor_is_decided_without_it() {
        let (totp, push) = (challenge(&app().0), challenge(&phone().0));
        let invalid = || Outcome::Invalid(Code::RULE.broken_by(AUTH_PAYLOAD));
        let (approved, denied) = (Response::Approved, Response::Denied);
        for (challenge, payload, second, outcome) in [
            (&totp, "123", 299, None),
            (&totp, "12", 299, Some(invalid())),
            (&totp, "123", 300, Some(Outcome::Expired)),
            (&totp, "12", 300, Some(Outcome::Expired)),
            (
                &answered(&totp, approved),
                "123",
                0,
                Some(Outcome::AnsweredBefore),
            ),
            (
                &answered(&totp, approved),
                "12",
                300,
                Some(Outcome::AnsweredBefore),
            ),
            (&push, "12", 299, None),
            (&push, "12", 300, Some(Outcome::Expired)),
            (&answered(&push, approved), "12", 0, None),
            (&answered(&push, denied), "12", 300, None),
        ] {
            let reply = reply(&format!("AuthPayload={payload}"));
            let decided = match challenge.decide(asked(&reply, second), Known::Nothing) {
                Decision::Open(_) | Decision::AskFactor => None,
                decision => Some(told(decision)),
            };
            assert_eq!(decided, outcome, "{payload} at {second}");
        }
    }

    #[test]
    fn what_a_challenge_has_of_its_factor_is_taken_unless_it_may_be_old() {
        let waits = challenge(&app().0);
        let without = Challenge {
            state: State::Waiting(None),
            ..waits.clone()
        };
        let reply = reply("AuthPayload=123");
        let decide = |challenge: &Challenge, known| challenge.decide(asked(&reply, 0), known);
        assert!(matches!(decide(&waits, Known::Nothing), Decision::Open(_)));
        assert!(matches!(decide(&waits, Known::NotTheCopy), Decision::AskFactor));
        assert!(matches!(decide(&without, Known::Nothing), Decision::AskFactor));
    }

    #[test]
    fn a_challenge_whose_factor_is_gone_is_not_there_unless_it_was_answered() {
        let open = challenge(&phone().0);
        let reply = reply("AuthPayload=123");
        let decide = |challenge: &Challenge| told(challenge.decide(asked(&reply, 0), Known::Factor(None)));
        assert_eq!(decide(&open), Outcome::NoFactor);
        assert_eq!(decide(&challenge(&app().0)), Outcome::NoFactor);
        assert_eq!(
            decide(&answered(&open, Response::Denied)),
            Outcome::AnsweredBefore
        );
    }

    #[test]
    fn a_challenge_is_of_the_verified_factor_that_it_was_created_of() {
        let (factor, _) = app();
        let challenge = challenge(&factor);
        assert!(challenge.is_of(&factor));
        for other in [
            Factor {
                status: Status::Unverified,
                ..factor.clone()
            },
            Factor {
                date_created: at(1),
                ..factor.clone()
            },
            Factor {
                sid: FactorSid::from_bytes([9; 16]),
                ..factor.clone()
            },
            phone().0,
        ] {
            assert!(!challenge.is_of(&other));
        }
    }

    #[test]
    fn metadata_alone_is_written_in_any_status_and_nothing_writes_nothing() {
        let totp = challenge(&app().0);
        for challenge in [answered(&totp, Response::Approved), totp] {
            for second in [0, 299, 300, 100_000] {
                let some = reply("Metadata=%7B%22a%22%3A%22b%22%7D");
                let Write {
                    challenge: written,
                    factor,
                    outcome,
                } = written(challenge.decide(asked(&some, second), Known::Nothing));
                assert_eq!(outcome, Outcome::Noted);
                assert!(matches!(factor, FactorPart::NotAsked));
                let expected = Challenge {
                    metadata: Some(Metadata::parse(r#"{"a":"b"}"#).unwrap()),
                    date_updated: at(second),
                    ..next(&challenge)
                };
                assert!(same(&written, &expected));
                assert_eq!(
                    written.metadata.as_ref().map(Metadata::expose_json),
                    Some(r#"{"a":"b"}"#)
                );
                let none = reply("AuthPayload=&Metadata=");
                let nothing = told(challenge.decide(asked(&none, second), Known::Nothing));
                assert_eq!(nothing, Outcome::Noted);
            }
        }
    }

    #[test]
    fn a_right_code_answers_and_a_wrong_one_counts_and_neither_does_more() {
        let (factor, binding) = app();
        let challenge = challenge(&factor);
        let [right, wrong] = codes(&binding, 30);
        for known in [Known::Copy, |opened| Known::Factor(Some(opened))] {
            let decide = |form: &str| {
                let reply = reply(&format!("{form}&Metadata=%7B%7D"));
                written(challenge.decide(asked(&reply, 30), known(opened(&factor))))
            };
            let write = decide(&right);
            assert_eq!(write.outcome, Outcome::Answered(Response::Approved));
            let expected = Challenge {
                state: State::Answered {
                    response: Response::Approved,
                    date: at(30),
                },
                date_updated: at(30),
                metadata: Some(Metadata::parse("{}").unwrap()),
                ..next(&challenge)
            };
            assert!(same(&write.challenge, &expected));

            let write = decide(&wrong);
            assert_eq!(write.outcome, Outcome::Wrong { replayed: false });
            let FactorPart::Changed { read, written } = write.factor else {
                panic!("it is counted")
            };
            assert_eq!(read.as_read().revision, factor.as_read().revision);
            assert_eq!(written.as_read().revision, factor.as_read().revision.next());
            assert_eq!(written.as_read().request_id, "this");
            let expected = Challenge {
                wrong: 1,
                // What the next answer is checked by.
                state: State::Waiting(Some(written)),
                ..next(&challenge)
            };
            assert!(same(&write.challenge, &expected));
        }
    }

    #[test]
    fn the_sixth_code_is_compared_no_more_and_that_the_factor_is_there_is_asked_first() {
        let (factor, binding) = app();
        let [right, _] = codes(&binding, 0);
        let reply = reply(&right);
        for (wrong, known, used_up) in [
            (4, Known::Copy(opened(&factor)), false),
            (5, Known::Copy(opened(&factor)), true),
            (4, Known::Factor(Some(opened(&factor))), false),
            (5, Known::Factor(Some(opened(&factor))), true),
        ] {
            let challenge = Challenge {
                wrong,
                ..challenge(&factor)
            };
            match (challenge.decide(asked(&reply, 0), known), used_up) {
                (Decision::Write(_), false) | (Decision::AskFactor, true) => {}
                (decision, _) => assert_eq!((told(decision), used_up), (Outcome::UsedUp, true)),
            }
        }
    }

    #[test]
    fn a_signature_answers_once_and_says_the_same_as_often_as_it_comes() {
        let (factor, _) = phone();
        let open = challenge(&factor);
        let (yes, no) = (Response::Approved, Response::Denied);
        let (was_yes, was_no) = (answered(&open, yes), answered(&open, no));
        let other = SigningKey::from_slice(&[8; 32]).unwrap();
        let by = |key: &SigningKey, status: &str| signed(key, &open, status);
        for (challenge, form, outcome, writes) in [
            (&open, by(&key(), "approved"), Outcome::Answered(yes), true),
            (&open, by(&key(), "denied"), Outcome::Answered(no), true),
            (&open, by(&key(), "expired"), Outcome::BadSignature, false),
            (&open, by(&key(), "pending"), Outcome::BadSignature, false),
            (&open, by(&other, "denied"), Outcome::BadSignature, false),
            (&open, "AuthPayload=123".to_owned(), Outcome::BadSignature, false),
            (&was_yes, by(&key(), "approved"), Outcome::Answered(yes), false),
            (&was_yes, by(&key(), "denied"), Outcome::AnsweredBefore, false),
            (&was_no, by(&key(), "denied"), Outcome::Answered(no), false),
            (&was_no, by(&other, "denied"), Outcome::AnsweredBefore, false),
        ] {
            let reply = reply(&form);
            match challenge.decide(asked(&reply, 2), Known::Factor(Some(opened(&factor)))) {
                Decision::Write(write) => {
                    assert_eq!((&write.outcome, writes), (&outcome, true));
                    assert!(matches!(write.factor, FactorPart::There));
                    let Outcome::Answered(response) = outcome else {
                        panic!("{outcome:?}")
                    };
                    let expected = Challenge {
                        date_updated: at(2),
                        state: State::Answered {
                            response,
                            date: at(2),
                        },
                        ..next(&open)
                    };
                    assert!(same(&write.challenge, &expected));
                }
                decision => assert_eq!((told(decision), writes), (outcome, false)),
            }
        }
    }

    #[test]
    fn metadata_is_taken_with_a_retry_of_a_phone_and_with_no_refused_answer() {
        let (factor, _) = phone();
        let open = challenge(&factor);
        let was_yes = answered(&open, Response::Approved);
        let decide = |status: &str| {
            let form = format!("{}&Metadata=%7B%7D", signed(&key(), &open, status));
            was_yes.decide(asked(&reply(&form), 9), Known::Factor(Some(opened(&factor))))
        };
        let write = written(decide("approved"));
        assert_eq!(write.outcome, Outcome::Answered(Response::Approved));
        assert!(matches!(write.factor, FactorPart::NotAsked));
        let expected = Challenge {
            metadata: Some(Metadata::parse("{}").unwrap()),
            date_updated: at(9),
            ..next(&was_yes)
        };
        assert!(same(&write.challenge, &expected));
        assert_eq!(told(decide("denied")), Outcome::AnsweredBefore);
    }

    #[test]
    fn the_log_has_a_name_for_every_outcome_of_an_auth_payload() {
        for (outcome, name) in [
            (Outcome::Noted, None),
            (Outcome::Invalid(Code::RULE.broken_by(AUTH_PAYLOAD)), None),
            (Outcome::Answered(Response::Approved), Some("approved")),
            (Outcome::Answered(Response::Denied), Some("denied")),
            (Outcome::Wrong { replayed: false }, Some("wrong")),
            (Outcome::Wrong { replayed: true }, Some("replayed")),
            (Outcome::BadSignature, Some("bad_signature")),
            (Outcome::UsedUp, Some("limited")),
            (Outcome::Stopped(Stopped::Wait(1)), Some("limited")),
            (Outcome::Stopped(Stopped::Disabled), Some("disabled")),
            (Outcome::AnsweredBefore, Some("answered_before")),
            (Outcome::Expired, Some("expired")),
        ] {
            assert_eq!(outcome.name(), name);
        }
    }

    #[test]
    fn debug_shows_no_code() {
        let shown = format!(
            "{:?}",
            reply("AuthPayload=123456&Metadata=%7B%22a%22%3A%22secret%22%7D")
        );
        assert!(!shown.contains("123456") && !shown.contains("secret"), "{shown}");
    }
}
