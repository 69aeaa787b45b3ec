//! Refusals: why a request is not done, and how the caller is told. The contract's errors are one table, and so is this.

use lambda_http::http::header::{ALLOW, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderValue, Response, StatusCode};

use crate::aws::Failure;
use crate::factors::{FactorType, Stopped};
use crate::http::{MAX_BODY_BYTES, NoForm, Told};
use crate::parameters::InvalidParameter;
use crate::sealing::NotOpened;

/// Why a request is not done.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No or wrong credentials, or an operation that isn't the caller's.
    Unauthenticated,
    /// There is nothing there; the path's template, if the path is one of the API's.
    NotFound(Option<&'static str>),
    /// Another method is needed; the ones allowed.
    Method(String),
    /// The body is no form that is read.
    NoForm(NoForm),
    /// Parameters that break their rules, at least one.
    Parameters(Vec<InvalidParameter>),
    /// The Entity has as many Factors of the type as it can.
    LimitReached(FactorType),
    /// The Entity is there already.
    EntityExists,
    /// What was sent doesn't verify the Factor.
    NotVerified,
    /// The code was not compared.
    Stopped(Stopped),
    /// Nobody proved to have the Factor yet.
    FactorUnverified,
    /// The Factor had too many Challenges; one more can be after so many seconds.
    TooManyChallenges(u64),
    /// There were too many wrong codes for the Challenge.
    ChallengeUsedUp,
    /// The Challenge was answered before.
    AnsweredBefore,
    /// The Challenge has expired.
    ChallengeExpired,
    /// What was signed is not this Challenge, or not signed by its Factor's key.
    ChallengeNotSigned,
    /// The `Idempotency-Key` came before, with other parameters or for what is not shown again.
    KeyUsedBefore,
    /// What is behind the function did not do it.
    Failure(Failure),
    /// A stored binding was changed, or is another Factor's.
    NotOpened,
    /// It took too long.
    OutOfTime,
    /// The operating system has no randomness.
    NoRandomness(getrandom::Error),
}

impl From<Failure> for Refusal {
    fn from(error: Failure) -> Self {
        Self::Failure(error)
    }
}

impl From<NoForm> for Refusal {
    fn from(no_form: NoForm) -> Self {
        Self::NoForm(no_form)
    }
}

impl From<Vec<InvalidParameter>> for Refusal {
    fn from(invalid: Vec<InvalidParameter>) -> Self {
        Self::Parameters(invalid)
    }
}

impl From<NotOpened> for Refusal {
    fn from(NotOpened: NotOpened) -> Self {
        Self::NotOpened
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(error: getrandom::Error) -> Self {
        Self::NoRandomness(error)
    }
}

impl Refusal {
    /// How the caller is told.
    pub(crate) fn told(&self) -> Told {
        match self {
            Self::Unauthenticated => {
                let challenge = HeaderValue::from_static(r#"Basic realm="verify-factors", charset="UTF-8""#);
                Told::new(StatusCode::UNAUTHORIZED, 20003, "Authenticate")
                    .with_header(WWW_AUTHENTICATE, challenge)
            }
            // The path is the caller's and stays out.
            Self::NotFound(template) => {
                let template = template.unwrap_or("/v2/…");
                let message = format!("The requested resource {template} was not found");
                Told::new(StatusCode::NOT_FOUND, 20404, message)
            }
            Self::Method(allowed) => {
                let message = format!("Method not allowed; allowed here: {allowed}");
                let told = Told::new(StatusCode::METHOD_NOT_ALLOWED, 20004, message);
                match HeaderValue::from_str(allowed) {
                    Ok(allowed) => told.with_header(ALLOW, allowed),
                    // The methods are plain ASCII.
                    Err(_) => told,
                }
            }
            Self::NoForm(NoForm::TooLarge) => {
                let message = format!("The body is larger than {MAX_BODY_BYTES} bytes");
                Told::new(StatusCode::PAYLOAD_TOO_LARGE, 60306, message)
            }
            Self::NoForm(NoForm::MediaType) => Told::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                60306,
                "The body must be application/x-www-form-urlencoded",
            ),
            Self::Parameters(invalid) => {
                let first = invalid.first();
                let code = first.map_or(60306, InvalidParameter::code);
                let message = first.map_or_else(String::new, InvalidParameter::to_string);
                Told::new(StatusCode::BAD_REQUEST, code, message)
            }
            Self::LimitReached(factor_type) => {
                let (limit, name) = (factor_type.counted().limit, factor_type.name());
                let message = format!("The Entity already has {limit} {name} Factors, the most it can have");
                Told::new(StatusCode::BAD_REQUEST, 60315, message)
            }
            Self::KeyUsedBefore => Told::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                20422,
                "Idempotency-Key was used before, with other parameters or for what is not shown again",
            ),
            Self::EntityExists => Told::new(StatusCode::CONFLICT, 60301, "The Entity exists already"),
            Self::NotVerified => Told::new(
                StatusCode::FORBIDDEN,
                60311,
                "AuthPayload does not verify the Factor",
            ),
            Self::Stopped(stopped) => stopped_told(*stopped),
            Self::FactorUnverified => Told::new(StatusCode::FORBIDDEN, 60318, "The Factor is not verified"),
            Self::TooManyChallenges(seconds) => Told::new(
                StatusCode::TOO_MANY_REQUESTS,
                60312,
                "Too many Challenges for the Factor; try again later",
            )
            .try_again(*seconds),
            Self::ChallengeUsedUp => Told::new(
                StatusCode::TOO_MANY_REQUESTS,
                60308,
                "Too many wrong codes for the Challenge; create another one",
            ),
            Self::AnsweredBefore => {
                Told::new(StatusCode::FORBIDDEN, 60322, "The Challenge was answered before")
            }
            Self::ChallengeExpired => Told::new(StatusCode::FORBIDDEN, 60323, "The Challenge has expired"),
            Self::ChallengeNotSigned => Told::new(
                StatusCode::FORBIDDEN,
                60324,
                "AuthPayload is not this Challenge, signed by the key of its Factor",
            ),
            Self::Failure(Failure::Throttled(_)) => Told::new(
                StatusCode::TOO_MANY_REQUESTS,
                20429,
                "Too many requests; try again",
            )
            .try_again(1),
            Self::Failure(Failure::Unreachable(_)) | Self::OutOfTime => Told::new(
                StatusCode::SERVICE_UNAVAILABLE,
                20503,
                "The service cannot be reached; try again",
            )
            .try_again(1),
            Self::Failure(Failure::Fault(_)) | Self::NotOpened | Self::NoRandomness(_) => {
                Told::new(StatusCode::INTERNAL_SERVER_ERROR, 20500, "Internal server error")
            }
        }
    }

    /// Whether it is about the request, and not about what is behind the function.
    pub(crate) fn is_the_callers(&self) -> bool {
        let status = self.told().status;
        status.is_client_error() && !matches!(self, Self::Failure(_))
    }

    /// The parameters at fault, which no other refusal has.
    fn invalid(&self) -> Option<&[InvalidParameter]> {
        if let Self::Parameters(invalid) = self {
            Some(invalid)
        } else {
            None
        }
    }

    /// The names of the parameters at fault, for the log.
    pub(crate) fn parameters(&self) -> Option<String> {
        let names: Vec<&str> = self.invalid()?.iter().map(|invalid| invalid.parameter).collect();
        Some(names.join(", "))
    }

    /// What is behind a fault, for the log alone.
    pub(crate) fn cause(&self) -> Option<String> {
        match self {
            Self::Failure(error) => Some(error.chain()),
            Self::NotOpened => Some("a stored binding is not as it was sealed".to_owned()),
            Self::OutOfTime => Some("the request took too long".to_owned()),
            Self::NoRandomness(error) => Some(error.to_string()),
            Self::Unauthenticated
            | Self::NotFound(_)
            | Self::Method(_)
            | Self::NoForm(_)
            | Self::Parameters(_)
            | Self::LimitReached(_)
            | Self::EntityExists
            | Self::NotVerified
            | Self::Stopped(_)
            | Self::FactorUnverified
            | Self::TooManyChallenges(_)
            | Self::ChallengeUsedUp
            | Self::AnsweredBefore
            | Self::ChallengeExpired
            | Self::ChallengeNotSigned
            | Self::KeyUsedBefore => None,
        }
    }

    /// The refusal as a response, without the headers that every response has.
    pub(crate) fn into_response(self) -> Response<String> {
        self.told().into_response(self.invalid())
    }
}

/// How the caller is told of a code that was not compared.
fn stopped_told(stopped: Stopped) -> Told {
    const TOO_MANY: StatusCode = StatusCode::TOO_MANY_REQUESTS;
    match stopped {
        Stopped::UsedUp => Told::new(
            TOO_MANY,
            60310,
            "Too many wrong codes while the Factor was being verified; create another one",
        ),
        Stopped::Wait(seconds) => {
            Told::new(TOO_MANY, 60308, "Too many wrong codes in a row; try again later").try_again(seconds)
        }
        Stopped::Disabled => Told::new(
            TOO_MANY,
            60308,
            "Too many wrong codes in a row: the Factor is disabled; create another one",
        ),
    }
}
