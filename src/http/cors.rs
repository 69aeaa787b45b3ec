//! The headers by which browsers let a page read an answer.

use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, VARY,
};
use lambda_http::http::{HeaderMap, HeaderValue};

use super::Answer;
use crate::settings::AllowedOrigins;

/// What a page may send.
const ALLOW_HEADERS: HeaderValue = HeaderValue::from_static("Authorization, Content-Type, Idempotency-Key");
/// What a page may read.
const EXPOSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "Idempotent-Replayed, Retry-After, Twilio-Verify-Signature-Fields, X-Request-Id",
);

/// Adds the five CORS headers, which every response carries ([Fetch](https://fetch.spec.whatwg.org/#http-cors-protocol)).
///
/// Only an origin that the configuration names is answered by name and with credentials. Another one is answered with
/// the first that is named, which its browser then takes for a no.
pub(crate) fn add_headers(
    headers: &mut HeaderMap,
    allowed: &AllowedOrigins,
    origin: Option<&str>,
    methods: &str,
) {
    let (allow_origin, credentials) = match allowed {
        AllowedOrigins::Any => ("*", "false"),
        AllowedOrigins::These(origins) => {
            headers.insert(VARY, HeaderValue::from_static("Origin"));
            match origins.iter().find(|named| Some(named.as_str()) == origin) {
                Some(named) => (named.as_str(), "true"),
                None => (origins.first().map_or("null", String::as_str), "false"),
            }
        }
    };
    // Both texts were checked to be plain ASCII: the origins at start, the methods where the routes are.
    let value = |text| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("null"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, value(allow_origin));
    headers.insert(
        ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static(credentials),
    );
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, value(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSE_HEADERS);
}

/// Answers a browser that asks before it calls; [`add_headers`] adds what it asks for.
pub(crate) fn preflight() -> Answer {
    // Seconds, as many as Chromium goes by.
    Answer::no_content().with_header(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"))
}
