//! API Gateway: turns HTTP requests into events of payload format 2.0, and replies into responses.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;

/// The largest payload that API Gateway takes.
const MAX_PAYLOAD_BYTES: usize = 10 * 1024 * 1024;

/// An HTTP API's event for a request: the path decoded, the body Base64-encoded unless it is text.
#[must_use]
pub fn event(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Value {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = percent_decode_str(path).decode_utf8_lossy();
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let joined = joined.entry(name.to_lowercase()).or_default();
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(value);
    }
    let host = joined
        .get("host")
        .cloned()
        .unwrap_or_else(|| "localhost".to_owned());
    let media_type = joined.get("content-type").map_or("", String::as_str);
    let is_text = media_type.starts_with("text/") || media_type.starts_with("application/json");
    let body = match (body, is_text) {
        ([], _) => Value::Null,
        (body, true) => json!(String::from_utf8_lossy(body)),
        (body, false) => json!(data_encoding::BASE64.encode(body)),
    };
    let is_base64_encoded = !body.is_null() && !is_text;
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": joined,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "localhost",
            "domainName": host,
            "domainPrefix": "localhost",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": joined.get("user-agent"),
            },
            "requestId": "local",
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": OffsetDateTime::now_utc().unix_timestamp() * 1000,
        },
        "isBase64Encoded": is_base64_encoded,
    });
    if !body.is_null() {
        event["body"] = body;
    }
    event
}

/// Serves HTTP by handing each request to `invoke` as an event with a request ID, until `stop` is ready.
///
/// # Errors
/// When the listener fails.
pub async fn serve<F, R>(
    listener: TcpListener,
    invoke: F,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()>
where
    F: Fn(String, Value) -> R + Send + Sync + 'static,
    R: Future<Output = Value> + Send,
{
    let invoke = Arc::new(invoke);
    let handler = move |request: Request<Body>| {
        let invoke = Arc::clone(&invoke);
        async move {
            let (parts, body) = request.into_parts();
            let Ok(body) = to_bytes(body, MAX_PAYLOAD_BYTES).await else {
                return response(&json!({"statusCode": 413}));
            };
            let event = event_of(&parts, &body);
            response(&invoke(request_id(), event).await)
        }
    };
    axum::serve(listener, axum::Router::new().fallback(handler))
        .with_graceful_shutdown(stop)
        .await
}

fn event_of(parts: &axum::http::request::Parts, body: &Bytes) -> Value {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    let mut headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    headers.retain(|(name, _)| *name != "x-forwarded-proto");
    headers.push(("x-forwarded-proto", "http"));
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    event(parts.method.as_str(), target, &headers, body)
}

/// A request ID like Lambda's, unique in this process.
#[must_use]
pub fn request_id() -> String {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let milliseconds = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    format!("{:08x}-0000-4000-8000-{number:012x}", milliseconds & 0xFFFF_FFFF)
}

fn response(reply: &Value) -> Response<Body> {
    let status = reply["statusCode"]
        .as_u64()
        .and_then(|status| StatusCode::from_u16(status.try_into().ok()?).ok());
    let body = reply["body"].as_str().unwrap_or_default().to_owned();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
    *response.headers_mut() = headers(&reply["headers"]);
    response
}

fn headers(headers: &Value) -> HeaderMap {
    let headers = headers.as_object().into_iter().flatten();
    headers
        .filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value.as_str()?).ok()?))
        })
        .collect()
}
