//! The console: a page that shows what the function did, and the little that the API doesn't tell it. It stands between the gateway
//! and the function: `GET /` and `GET /console/…` are its own, and everything else goes to the function as it came.

mod key_uris;
mod requests;

use std::net::IpAddr;

use harness::local;
use lambda_http::http::StatusCode;
use lambda_http::http::uri::Authority;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::fmt::MakeWriter;
use verify_factors::App;

use crate::invoke;
use key_uris::KeyUris;
use requests::Requests;

/// The header of what the page itself reads, which is kept out of the logs: it would drown what others do.
const READ_HEADER: &str = "x-console";

/// Nothing but the files here and the API beside them; no text that is data becomes markup or code.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const CSS: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

macro_rules! script {
    ($name:literal) => {
        (
            concat!("/console/", $name),
            JAVASCRIPT,
            include_str!(concat!("page/", $name)),
        )
    };
}

/// The page: where it is, what it is, and itself.
const FILES: &[(&str, &str, &str)] = &[
    ("/", HTML, include_str!("page/index.html")),
    ("/console/console.css", CSS, include_str!("page/console.css")),
    ("/console/icon.svg", SVG, include_str!("page/icon.svg")),
    script!("api.js"),
    script!("calls.js"),
    script!("challenges.js"),
    script!("dialogs.js"),
    script!("dom.js"),
    script!("factors.js"),
    script!("keyring.js"),
    script!("main.js"),
    script!("phone.js"),
    script!("phones.js"),
    script!("places.js"),
    script!("requests.js"),
];

pub(crate) struct Console {
    requests: Requests,
    key_uris: KeyUris,
}

impl Console {
    pub(crate) fn new() -> Self {
        Self {
            requests: Requests::new(OffsetDateTime::now_utc()),
            key_uris: KeyUris::default(),
        }
    }

    /// What the function's log lines are written to, so that they are on standard error and in the console's log.
    pub(crate) fn writer(&self) -> impl for<'writer> MakeWriter<'writer> + Send + Sync + 'static {
        self.requests.writer()
    }

    /// Answers what is the console's own, and heeds what the function answers to the rest.
    pub(crate) async fn invoke(&self, app: &App, request_id: String, event: Value) -> Value {
        let method = text(&event["requestContext"]["http"]["method"]);
        let path = text(&event["rawPath"]);
        if method == "GET" && (path == "/" || path.starts_with("/console/")) {
            return self.answer(path, &event).await;
        }
        if method == "GET" && !event["headers"][READ_HEADER].is_null() {
            return invoke(app, request_id, event)
                .with_subscriber(NoSubscriber::default())
                .await;
        }
        let (method, path) = (method.to_owned(), path.to_owned());
        let began = OffsetDateTime::now_utc();
        let reply = invoke(app, request_id.clone(), event).await;
        let body = text(&reply["body"]);
        let body = serde_json::from_str(body).unwrap_or_default();
        let status = reply["statusCode"].as_u64().unwrap_or_default();
        self.key_uris.heed(&method, &path, status, &body);
        self.requests
            .add(began, &request_id, &method, &path, status, &body);
        reply
    }

    async fn answer(&self, path: &str, event: &Value) -> Value {
        if !is_at_home(text(&event["headers"]["host"])) {
            let told = "The console is shown at an IP address or localhost, like http://127.0.0.1:9000/, and under no other name.\n";
            return reply(StatusCode::MISDIRECTED_REQUEST, TEXT, told);
        }
        if let Some((_, media_type, content)) = FILES.iter().find(|(name, ..)| *name == path) {
            return reply(StatusCode::OK, media_type, *content);
        }
        let query = text(&event["rawQueryString"]);
        let now = OffsetDateTime::now_utc();
        match path.strip_prefix("/console/") {
            Some("config") => {
                let config = json!({
                    "account_sid": local::account_sid(),
                    "auth_token": local::AUTH_TOKEN,
                    "service_sid": local::SERVICE_SID,
                    "identity": local::IDENTITY,
                });
                reply(StatusCode::OK, JSON, config.to_string())
            }
            Some("requests") => {
                let requests = self.requests.after(query).await;
                reply(StatusCode::OK, JSON, requests.to_string())
            }
            Some("codes") => reply(StatusCode::OK, JSON, self.key_uris.codes(query, now).to_string()),
            Some("qr.svg") => match self.key_uris.drawn(query.split('&').next().unwrap_or_default()) {
                Some(drawn) => reply(StatusCode::OK, SVG, drawn),
                None => reply(
                    StatusCode::NOT_FOUND,
                    TEXT,
                    "The key of this Factor is not known here.\n",
                ),
            },
            _ => reply(StatusCode::NOT_FOUND, TEXT, "The console has no such page.\n"),
        }
    }
}

/// Whether a browser came here by a name that can be nobody else's. The page of another name that was pointed here later (DNS
/// rebinding) would be of this page's origin, and could read the keys and the log.
fn is_at_home(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

fn reply(status: StatusCode, media_type: &str, body: impl Into<String>) -> Value {
    json!({
        "statusCode": status.as_u16(),
        "headers": {
            "cache-control": "no-store",
            "content-security-policy": CONTENT_SECURITY_POLICY,
            "content-type": media_type,
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        },
        "body": body.into(),
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
