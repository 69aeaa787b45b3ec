//! Replies: a response becomes what API Gateway wants to hear.

use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
use lambda_http::http::Response;
use serde::Serialize;

/// Which of its two formats API Gateway speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayloadFormat {
    /// 1.0, of REST APIs.
    V1,
    /// 2.0, of HTTP APIs.
    V2,
}

/// A response in the format of the event that asked for it.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// For a REST API.
    V1(ApiGatewayProxyResponse),
    /// For an HTTP API.
    V2(ApiGatewayV2httpResponse),
}

impl Reply {
    pub(crate) fn new(format: PayloadFormat, response: Response<String>) -> Self {
        let (parts, body) = response.into_parts();
        let status_code = i64::from(parts.status.as_u16());
        let body = (!body.is_empty()).then(|| body.into());
        match format {
            PayloadFormat::V1 => {
                let mut reply = ApiGatewayProxyResponse::default();
                reply.status_code = status_code;
                reply.headers = parts.headers;
                reply.body = body;
                Self::V1(reply)
            }
            PayloadFormat::V2 => {
                let mut reply = ApiGatewayV2httpResponse::default();
                reply.status_code = status_code;
                reply.headers = parts.headers;
                reply.body = body;
                Self::V2(reply)
            }
        }
    }
}
