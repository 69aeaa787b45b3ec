use lambda_http::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::parameters::InvalidParameter;
use crate::rules::FactorType;
use crate::table::TableError;

/// The body of a POST, at the most.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;

/// Says that an answer is that of an earlier request with the same `Idempotency-Key`.
pub(crate) const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Seconds after which it makes sense to try again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Why a request is not done.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No or wrong credentials.
    Unauthenticated,
    /// The path leads nowhere.
    NoRoute,
    /// There is no such Service; the path's template.
    NoService(&'static str),
    /// Another method is needed; the ones allowed.
    Method(String),
    /// The body is too large.
    BodyTooLarge,
    /// The body is of another media type than a form.
    NotAForm,
    /// Parameters that break their rules, at least one.
    Parameters(Vec<InvalidParameter>),
    /// The Entity has as many Factors of the type as it can.
    LimitReached(FactorType),
    /// The `Idempotency-Key` came before, with other parameters.
    KeyUsedBefore,
    /// The table did not do it.
    Table(TableError),
    /// It took too long.
    OutOfTime,
    /// The operating system has no randomness.
    NoRandomness(getrandom::Error),
}

impl From<TableError> for Refusal {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl From<Vec<InvalidParameter>> for Refusal {
    fn from(invalid: Vec<InvalidParameter>) -> Self {
        Self::Parameters(invalid)
    }
}

impl Refusal {
    /// Status and code (contract, "Errors").
    pub(crate) fn status_and_code(&self) -> (StatusCode, u32) {
        match self {
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, 20003),
            Self::NoRoute | Self::NoService(_) => (StatusCode::NOT_FOUND, 20404),
            Self::Method(_) => (StatusCode::METHOD_NOT_ALLOWED, 20004),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, 60306),
            Self::NotAForm => (StatusCode::UNSUPPORTED_MEDIA_TYPE, 60306),
            Self::Parameters(invalid) => (
                StatusCode::BAD_REQUEST,
                invalid.first().map_or(60306, InvalidParameter::code),
            ),
            Self::LimitReached(_) => (StatusCode::BAD_REQUEST, 60315),
            Self::KeyUsedBefore => (StatusCode::UNPROCESSABLE_ENTITY, 20422),
            Self::Table(TableError::Throttled(_)) => (StatusCode::TOO_MANY_REQUESTS, 20429),
            Self::Table(TableError::Unreachable(_)) | Self::OutOfTime => {
                (StatusCode::SERVICE_UNAVAILABLE, 20503)
            }
            Self::Table(TableError::Fault(_)) | Self::NoRandomness(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, 20500)
            }
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unauthenticated => "Authenticate".to_owned(),
            // The path is the caller's and stays out.
            Self::NoRoute => "The requested resource /v2/… was not found".to_owned(),
            Self::NoService(template) => format!("The requested resource {template} was not found"),
            Self::Method(allowed) => format!("Method not allowed; allowed here: {allowed}"),
            Self::BodyTooLarge => format!("The body is larger than {MAX_BODY_BYTES} bytes"),
            Self::NotAForm => "The body must be application/x-www-form-urlencoded".to_owned(),
            Self::Parameters(invalid) => invalid
                .first()
                .map_or_else(String::new, InvalidParameter::to_string),
            Self::LimitReached(factor_type) => format!(
                "The Entity already has {} {} Factors, the most it can have",
                factor_type.limit(),
                factor_type.name()
            ),
            Self::KeyUsedBefore => "Idempotency-Key was used before, with other parameters".to_owned(),
            Self::Table(TableError::Throttled(_)) => "Too many requests; try again".to_owned(),
            Self::Table(TableError::Unreachable(_)) | Self::OutOfTime => {
                "The service cannot be reached; try again".to_owned()
            }
            Self::Table(TableError::Fault(_)) | Self::NoRandomness(_) => "Internal server error".to_owned(),
        }
    }

    /// The names of the parameters at fault, for the log.
    pub(crate) fn parameters(&self) -> Option<String> {
        match self {
            Self::Parameters(invalid) => {
                let names: Vec<&str> = invalid.iter().map(|invalid| invalid.parameter).collect();
                Some(names.join(", "))
            }
            _ => None,
        }
    }

    /// What is behind a fault, for the log alone.
    pub(crate) fn cause(&self) -> Option<String> {
        match self {
            Self::Table(error) => Some(error.chain()),
            Self::OutOfTime => Some("the request took too long".to_owned()),
            Self::NoRandomness(error) => Some(error.to_string()),
            _ => None,
        }
    }

    /// The JSON that the official SDKs parse, with the headers that belong to it.
    pub(crate) fn to_response(&self) -> Response<String> {
        let (status, code) = self.status_and_code();
        let details = match self {
            Self::Parameters(invalid) => Some(Details {
                parameters: invalid
                    .iter()
                    .map(|invalid| Detail {
                        parameter: invalid.parameter,
                        code: invalid.code(),
                        message: invalid.to_string(),
                    })
                    .collect(),
            }),
            _ => None,
        };
        let mut response = json(
            status,
            &ErrorBody {
                code,
                message: self.message(),
                more_info: format!("https://www.twilio.com/docs/errors/{code}"),
                status: status.as_u16(),
                details,
            },
        );
        self.add_headers(response.headers_mut());
        response
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        match self {
            Self::Unauthenticated => {
                let challenge = HeaderValue::from_static(r#"Basic realm="verify-factors", charset="UTF-8""#);
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            Self::Method(allowed) => {
                if let Ok(allowed) = HeaderValue::from_str(allowed) {
                    headers.insert(ALLOW, allowed);
                }
            }
            Self::Table(TableError::Throttled(_) | TableError::Unreachable(_)) | Self::OutOfTime => {
                headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            _ => {}
        }
    }
}

#[derive(Serialize)]
struct ErrorBody {
    code: u32,
    message: String,
    more_info: String,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
}

#[derive(Serialize)]
struct Details {
    parameters: Vec<Detail>,
}

#[derive(Serialize)]
struct Detail {
    parameter: &'static str,
    code: u32,
    message: String,
}

/// A JSON response.
#[expect(
    clippy::expect_used,
    reason = "only maps with keys that aren't strings fail, and there are none"
)]
pub(crate) fn json(status: StatusCode, resource: &impl Serialize) -> Response<String> {
    let mut response = Response::new(serde_json::to_string(resource).expect("resources are plain structs"));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A response without a body.
pub(crate) fn no_content() -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
