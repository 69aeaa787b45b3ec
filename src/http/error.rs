//! Errors in JSON, as the official SDKs parse them.

use lambda_http::http::{Response, StatusCode};
use serde::Serialize;

use super::answer;
use crate::parameters::InvalidParameter;

/// A response that says what is wrong, with every parameter that is `invalid`.
pub(crate) fn json(
    status: StatusCode,
    code: u32,
    message: &str,
    invalid: Option<&[InvalidParameter]>,
) -> Response<String> {
    let detail = |invalid: &InvalidParameter| Detail {
        parameter: invalid.parameter,
        code: invalid.code(),
        message: invalid.to_string(),
    };
    let body = answer::to_json(&ErrorJson {
        code,
        message,
        more_info: format!("https://www.twilio.com/docs/errors/{code}"),
        status: status.as_u16(),
        details: invalid.map(|invalid| Details {
            parameters: invalid.iter().map(detail).collect(),
        }),
    });
    answer::json(status, Some(body))
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
