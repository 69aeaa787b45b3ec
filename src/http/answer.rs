//! Answers: what a request that is done is answered.

use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

/// Says that an answer is that of an earlier request with the same `Idempotency-Key`.
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The answer to a request that is done.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    body: Option<String>,
    /// What it says besides.
    header: Option<(HeaderName, HeaderValue)>,
    /// Whether it is the answer to an earlier request.
    pub(crate) replayed: bool,
}

impl Answer {
    /// There is a resource that wasn't there before.
    pub(crate) fn created(resource: &impl Serialize) -> Self {
        Self::new(StatusCode::CREATED, Some(to_json(resource)))
    }

    /// A resource, or a list of some, as it is now.
    pub(crate) fn ok(resource: &impl Serialize) -> Self {
        Self::new(StatusCode::OK, Some(to_json(resource)))
    }

    /// There is nothing more to say.
    pub(crate) fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, None)
    }

    /// The same, with a header of its own.
    pub(crate) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        let header = Some((name, value));
        Self { header, ..self }
    }

    /// The same, as the answer to an earlier request with the same `Idempotency-Key`.
    pub(crate) fn replayed(self) -> Self {
        Self {
            replayed: true,
            ..self
        }
    }

    fn new(status: StatusCode, body: Option<String>) -> Self {
        Self {
            status,
            body,
            header: None,
            replayed: false,
        }
    }

    /// The answer as a response, without the headers that every response has.
    pub(crate) fn into_response(self) -> Response<String> {
        let mut response = json(self.status, self.body);
        let replayed = (IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        let replayed = self.replayed.then_some(replayed);
        response
            .headers_mut()
            .extend(self.header.into_iter().chain(replayed));
        response
    }
}

/// A response with a body in JSON, or with none.
pub(crate) fn json(status: StatusCode, body: Option<String>) -> Response<String> {
    let media_type = body
        .is_some()
        .then_some(HeaderValue::from_static("application/json"));
    let mut response = Response::new(body.unwrap_or_default());
    *response.status_mut() = status;
    if let Some(media_type) = media_type {
        response.headers_mut().insert(CONTENT_TYPE, media_type);
    }
    response
}

/// The JSON of a resource.
#[expect(
    clippy::expect_used,
    reason = "only maps with keys that aren't strings fail, and there are none"
)]
pub(crate) fn to_json(resource: &impl Serialize) -> String {
    serde_json::to_string(resource).expect("resources are plain structs")
}
