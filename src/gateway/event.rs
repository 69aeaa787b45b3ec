//! Events: what API Gateway invokes the function with becomes a `Request`.

use lambda_http::aws_lambda_events::apigw::{
    ApiGatewayProxyRequest, ApiGatewayProxyRequestContext, ApiGatewayV2httpRequest,
};
use secrecy::zeroize::Zeroizing;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;

use super::reply::PayloadFormat;
use crate::http::Request;

/// What API Gateway invokes the function with: payload format 2.0 (HTTP APIs) or 1.0 (REST APIs).
///
/// `lambda_http` reads both too, but builds a URI from the decoded path and unwraps it: a caller's `%20` in the path, or
/// a host name that isn't one, would be a panic. Here nothing that a caller can send fails.
pub struct Event {
    pub(crate) request: Request,
    pub(crate) payload_format: PayloadFormat,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        // HTTP APIs first, as they are what the template makes. A REST event lacks what an HTTP API's must have.
        let event = match serde_json::from_str::<ApiGatewayV2httpRequest>(json.get()) {
            Ok(event) if event.version.as_deref() != Some("1.0") => Self::from_http_api(event),
            _ => serde_json::from_str::<ApiGatewayProxyRequest>(json.get())
                .ok()
                .and_then(Self::from_rest_api),
        };
        event.ok_or_else(|| D::Error::custom("not an event of API Gateway, in payload format 1.0 or 2.0"))
    }
}

impl Event {
    fn from_http_api(event: ApiGatewayV2httpRequest) -> Option<Self> {
        let context = event.request_context;
        let (mount, path) = without_stage(event.raw_path.unwrap_or_default(), context.stage.as_deref());
        let request = Request {
            method: context.http.method,
            path,
            mount,
            query: event.raw_query_string.unwrap_or_default(),
            headers: event.headers,
            body: body(event.body, event.is_base64_encoded)?,
            domain_name: context.domain_name,
        };
        Some(Self {
            request,
            payload_format: PayloadFormat::V2,
        })
    }

    fn from_rest_api(event: ApiGatewayProxyRequest) -> Option<Self> {
        let ApiGatewayProxyRequestContext {
            stage,
            path: full_path,
            domain_name,
            ..
        } = event.request_context;
        let (mut mount, path) = without_stage(event.path.unwrap_or_default(), stage.as_deref());
        // REST APIs keep the stage out of the path, and say what was called in the context.
        if let Some(called) = full_path
            .as_deref()
            .and_then(|called| called.strip_suffix(path.as_str()))
        {
            called.clone_into(&mut mount);
        }
        let queries = if event.multi_value_query_string_parameters.is_empty() {
            event.query_string_parameters
        } else {
            event.multi_value_query_string_parameters
        };
        // The two maps of headers say the same; this one also has what was sent twice.
        let headers = if event.multi_value_headers.is_empty() {
            event.headers
        } else {
            event.multi_value_headers
        };
        let request = Request {
            method: event.http_method,
            path,
            mount,
            query: queries.to_query_string(),
            headers,
            body: body(event.body, event.is_base64_encoded)?,
            domain_name,
        };
        Some(Self {
            request,
            payload_format: PayloadFormat::V1,
        })
    }
}

/// Takes the stage off the front of a path, where HTTP APIs put it.
fn without_stage(path: String, stage: Option<&str>) -> (String, String) {
    let rest = stage
        .filter(|stage| *stage != "$default")
        .and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage))
        // A stage can have the name of the API's version.
        .filter(|rest| rest.starts_with("/v2/"));
    match rest {
        Some(rest) => (
            path.strip_suffix(rest).unwrap_or_default().to_owned(),
            rest.to_owned(),
        ),
        None => (String::new(), path),
    }
}

fn body(body: Option<String>, is_base64_encoded: bool) -> Option<Zeroizing<Vec<u8>>> {
    let body = Zeroizing::new(body.unwrap_or_default().into_bytes());
    if is_base64_encoded {
        data_encoding::BASE64.decode(&body).map(Zeroizing::new).ok()
    } else {
        Some(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(event: &Value) -> Request {
        serde_json::from_value::<Event>(event.clone())
            .unwrap_or_else(|error| panic!("{error}"))
            .request
    }

    fn http_api(path: &str, stage: &str) -> Value {
        json!({
            "version": "2.0", "rawPath": path, "rawQueryString": "PageSize=2", "isBase64Encoded": false,
            "headers": {"host": "id.execute-api.eu-central-1.amazonaws.com", "x-forwarded-proto": "https"},
            "requestContext": {
                "stage": stage, "domainName": "id.execute-api.eu-central-1.amazonaws.com",
                "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            },
        })
    }

    fn rest_api(path: &str, called: &str) -> Value {
        json!({
            "path": path, "httpMethod": "POST", "isBase64Encoded": false, "body": null,
            "headers": {"Host": "id.execute-api.eu-central-1.amazonaws.com"},
            "multiValueHeaders": {"Host": ["id.execute-api.eu-central-1.amazonaws.com"]},
            "multiValueQueryStringParameters": {"Page": ["a b", "ü"]},
            "requestContext": {"stage": "prod", "path": called, "httpMethod": "POST"},
        })
    }

    #[test]
    fn the_stage_is_no_part_of_the_path_but_of_the_url() {
        for (event, mount) in [
            (http_api("/v2/Services", "$default"), ""),
            (http_api("/prod/v2/Services", "prod"), "/prod"),
            (http_api("/v2/Services", "prod"), ""),
            (http_api("/v2/Services", "v2"), ""),
            (http_api("/v2/v2/Services", "v2"), "/v2"),
            (rest_api("/v2/Services", "/prod/v2/Services"), "/prod"),
            (rest_api("/v2/Services", "/v2/Services"), ""),
            (rest_api("/prod/v2/Services", "/prod/v2/Services"), "/prod"),
        ] {
            let request = read(&event);
            assert_eq!(
                (request.mount.as_str(), request.path.as_str()),
                (mount, "/v2/Services"),
                "{event}"
            );
            assert_eq!(
                request.origin(),
                "https://id.execute-api.eu-central-1.amazonaws.com"
            );
        }
    }

    #[test]
    fn query_strings_of_both_formats_are_percent_encoded() {
        assert_eq!(read(&http_api("/", "$default")).query, "PageSize=2");
        assert_eq!(read(&rest_api("/", "/")).query, "Page=a+b&Page=%C3%BC");
    }

    #[test]
    fn base64_bodies_are_decoded() {
        let mut event = http_api("/", "$default");
        event["body"] = json!("YT3/");
        assert_eq!(read(&event).body.as_slice(), b"YT3/");
        event["isBase64Encoded"] = json!(true);
        assert_eq!(read(&event).body.as_slice(), b"a=\xff");
    }

    #[test]
    fn nothing_a_caller_sends_fails() {
        for path in [
            "",
            "/",
            "//",
            "/a b",
            "/%zz",
            "/é\u{0}",
            "@x:y",
            "/../..",
            "/v2/Services/?#",
            &"/x".repeat(40_000),
        ] {
            assert_eq!(read(&http_api(path, "$default")).path, path);
            assert_eq!(read(&rest_api(path, path)).path, path);
        }
        for host in [
            "a b",
            "999.999.999.999",
            "é",
            "[::1",
            "a:b:c",
            "xn--a",
            "a/b",
            "\"",
            "",
        ] {
            let mut event = http_api("/", "$default");
            event["headers"]["host"] = json!(host);
            event["headers"]["x-forwarded-proto"] = json!("gopher");
            event["headers"]["x-other"] = json!("é");
            let origin = read(&event).origin();
            let known = "https://id.execute-api.eu-central-1.amazonaws.com";
            assert!(origin == known || origin == format!("https://{host}"), "{origin}");
        }
    }

    #[test]
    fn the_scheme_is_the_gateways_and_on_a_laptop_without_one_http() {
        for (proto, host, origin) in [
            (Some("https"), "127.0.0.1:9000", "https://127.0.0.1:9000"),
            (Some("http"), "verify.example.com", "http://verify.example.com"),
            (None, "verify.example.com", "https://verify.example.com"),
            (None, "localhost.example.com", "https://localhost.example.com"),
            (None, "127.0.0.1:9000", "http://127.0.0.1:9000"),
            (None, "localhost", "http://localhost"),
            (None, "[::1]:9000", "http://[::1]:9000"),
        ] {
            let mut event = http_api("/", "$default");
            event["headers"] = json!({"host": host});
            if let Some(proto) = proto {
                event["headers"]["x-forwarded-proto"] = json!(proto);
            }
            assert_eq!(read(&event).origin(), origin);
        }
    }

    #[test]
    fn a_header_that_is_there_twice_is_told() {
        let mut event = rest_api("/", "/");
        event["multiValueHeaders"]["Idempotency-Key"] = json!(["a", "b"]);
        assert!(read(&event).header("idempotency-key").is_err());
        assert!(matches!(read(&event).header("authorization"), Ok(None)));
    }

    #[test]
    fn other_events_are_refused() {
        for event in [
            json!({}),
            json!([]),
            json!({"Records": []}),
            json!({"version": "2.0"}),
        ] {
            assert!(serde_json::from_value::<Event>(event).is_err());
        }
    }
}
