//! The events that API Gateway makes of requests.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use harness::gateway;
use serde_json::{Value, json};

use crate::request::{PayloadFormat, Request};

impl Request {
    /// The event that API Gateway makes of the request.
    pub fn event(&self) -> Value {
        match self.format {
            PayloadFormat::V1 => self.rest_event(),
            PayloadFormat::V2 => self.http_event(),
        }
    }

    fn http_event(&self) -> Value {
        let target = format!("{}?{}", self.path, self.query);
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut event = gateway::event(&self.method, &target, &headers, &[]);
        if let Some(event) = event.as_object_mut() {
            event.insert("isBase64Encoded".to_owned(), json!(self.base64));
            if !self.body.is_empty() {
                event.insert("body".to_owned(), self.body_in_json());
            }
        }
        event
    }

    fn rest_event(&self) -> Value {
        let mut last: BTreeMap<&str, &str> = BTreeMap::new();
        let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in &self.headers {
            last.insert(name, value);
            all.entry(name).or_default().push(value);
        }
        let mut queries: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in self.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = |text| {
                percent_encoding::percent_decode_str(text)
                    .decode_utf8_lossy()
                    .into_owned()
            };
            queries.entry(decoded(name)).or_default().push(decoded(value));
        }
        json!({
            "resource": "/{proxy+}",
            "path": self.path,
            "httpMethod": self.method,
            "headers": last,
            "multiValueHeaders": all,
            "queryStringParameters": (!queries.is_empty())
                .then(|| queries.iter().map(|(name, values)| (name, values.last())).collect::<BTreeMap<_, _>>()),
            "multiValueQueryStringParameters": (!queries.is_empty()).then_some(&queries),
            "pathParameters": {"proxy": self.path.trim_start_matches('/')},
            "stageVariables": null,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abcdef1234",
                "domainName": "abcdef1234.execute-api.eu-central-1.amazonaws.com",
                "httpMethod": self.method,
                "identity": {"sourceIp": "192.0.2.1"},
                "path": format!("/prod{}", self.path),
                "protocol": "HTTP/1.1",
                "requestId": "JKJaXmPLvHcESHA=",
                "resourcePath": "/{proxy+}",
                "stage": "prod",
            },
            "body": if self.body.is_empty() { Value::Null } else { self.body_in_json() },
            "isBase64Encoded": self.base64,
        })
    }

    fn body_in_json(&self) -> Value {
        if self.base64 {
            json!(BASE64_STANDARD.encode(&self.body))
        } else {
            json!(String::from_utf8_lossy(&self.body))
        }
    }
}
