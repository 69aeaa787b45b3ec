//! Errors: how a caller is told, in JSON as the official SDKs parse it.

use std::borrow::Cow;

use lambda_http::http::header::RETRY_AFTER;
use lambda_http::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::answer;
use crate::parameters::InvalidParameter;

/// How a caller is told: a row of the contract's table, "Errors".
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) code: u32,
    message: Cow<'static, str>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Told {
    pub(crate) fn new(status: StatusCode, code: u32, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            header: None,
        }
    }

    /// The same, with a header.
    pub(crate) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        let header = Some((name, value));
        Self { header, ..self }
    }

    /// The same, with the seconds after which it makes sense to try again.
    pub(crate) fn try_again(self, seconds: u64) -> Self {
        self.with_header(RETRY_AFTER, seconds.into())
    }

    /// As a response, with every parameter that is `invalid`.
    pub(crate) fn into_response(self, invalid: Option<&[InvalidParameter]>) -> Response<String> {
        let Self {
            status,
            code,
            message,
            header,
        } = self;
        let detail = |invalid: &InvalidParameter| Detail {
            parameter: invalid.parameter,
            code: invalid.code(),
            message: invalid.to_string(),
        };
        let body = answer::to_json(&ErrorJson {
            code,
            message: &message,
            more_info: format!("https://www.twilio.com/docs/errors/{code}"),
            status: status.as_u16(),
            details: invalid.map(|invalid| Details {
                parameters: invalid.iter().map(detail).collect(),
            }),
        });
        let mut response = answer::json(status, Some(body));
        response.headers_mut().extend(header);
        response
    }
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    code: u32,
    message: &'a str,
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
