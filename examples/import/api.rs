//! Requests to the API. What it answers is told by status and code alone: who knows what answers there, and it was sent a seed.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_http::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use lambda_http::http::request::Builder;
use lambda_http::http::uri::Scheme;
use lambda_http::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use verify_factors::factors::IdempotencyKey;
use verify_factors::sid::{AccountSid, FactorSid, ServiceSid};

use crate::entry::Entry;
use crate::operator::Failure;
use crate::way::{FULL, GONE, Outcome, Trouble};

/// A request, at the most: longer than the function takes, and its start.
const REQUEST_TIME: Duration = Duration::from_secs(25);

/// An answer, at the most: longer than any of the function's own to these requests.
const ANSWER_BYTES: usize = 64 * 1024;

/// The code of a full Entity.
const LIMIT_REACHED: u64 = 60315;

/// The header of an answer that was given before.
const REPLAYED: &str = "idempotent-replayed";

/// An API of the function's.
pub(crate) struct Api {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// What comes before `/v2`.
    base: String,
    authorization: HeaderValue,
}

/// An answer, as far as it is looked at.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// The code of a refusal.
    code: Option<u64>,
}

impl Api {
    /// The API at a URL, for an account.
    pub(crate) fn at(url: &str, account: AccountSid, auth_token: &str) -> Result<Self, Failure> {
        let base = base(url).ok_or(
            "--url has to be one like https://abcdef1234.execute-api.eu-central-1.amazonaws.com, or http:// for this machine alone",
        )?;
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()?
            .https_or_http()
            .enable_http1()
            .build();
        let credentials = SecretString::from(format!("{account}:{auth_token}"));
        let credentials = SecretString::from(BASE64.encode(credentials.expose_secret().as_bytes()));
        let basic = SecretString::from(format!("Basic {}", credentials.expose_secret()));
        let mut authorization = HeaderValue::from_str(basic.expose_secret())?;
        authorization.set_sensitive(true);
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            base,
            authorization,
        })
    }

    /// Makes sure that there is a Service, and with it that all else is right, before the first seed is sent.
    pub(crate) async fn find(&self, service: ServiceSid) -> Result<(), Failure> {
        let answer = self.get(&format!("/v2/Services/{service}")).await;
        match answer.and_then(Answer::told) {
            Ok(answer) if answer.status == StatusCode::OK => Ok(()),
            Ok(answer) => Err(answered(&answer).into()),
            Err(
                Trouble::Entry(why) | Trouble::Fault(why) | Trouble::Later(_, why) | Trouble::Everything(why),
            ) => Err(why.into()),
        }
    }

    /// Asks for a Factor, whose SID is known beforehand.
    pub(crate) async fn import(
        &self,
        service: ServiceSid,
        entry: &Entry,
        key: &str,
        sid: FactorSid,
    ) -> Result<Outcome, Trouble> {
        let path = format!(
            "/v2/Services/{service}/Entities/{}/Factors",
            entry.identity.as_str()
        );
        let request = self
            .request(Method::POST, &path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(IdempotencyKey::HEADER, key)
            .body(Full::from(entry.form.as_bytes().to_vec()));
        let answer = self.send(request).await?.told()?;
        match (answer.status, answer.code) {
            (StatusCode::CREATED, _) if answer.headers.contains_key(REPLAYED) => Ok(Outcome::There),
            (StatusCode::CREATED, _) => Ok(Outcome::Created),
            (StatusCode::BAD_REQUEST, Some(LIMIT_REACHED)) => Err(Trouble::Entry(FULL.to_owned())),
            (StatusCode::UNPROCESSABLE_ENTITY, _) => self.look_for(&format!("{path}/{sid}")).await,
            _ => Err(Trouble::Fault(answered(&answer))),
        }
    }

    /// Looks for a Factor whose key was used before. The key stands for its codes, so what is there is it: verified since, or made more
    /// than a day ago, or by another name.
    async fn look_for(&self, path: &str) -> Result<Outcome, Trouble> {
        let answer = self.get(path).await?;
        match answer.status {
            StatusCode::OK => Ok(Outcome::There),
            StatusCode::NOT_FOUND => Err(Trouble::Entry(GONE.to_owned())),
            _ => Err(Trouble::Fault(answered(&answer.told()?))),
        }
    }

    async fn get(&self, path: &str) -> Result<Answer, Trouble> {
        let request = self.request(Method::GET, path).body(Full::default());
        self.send(request).await
    }

    fn request(&self, method: Method, path: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, self.authorization.clone())
    }

    async fn send(
        &self,
        request: Result<Request<Full<Bytes>>, lambda_http::http::Error>,
    ) -> Result<Answer, Trouble> {
        let request =
            request.map_err(|_| Trouble::Everything("no request can be made for --url".to_owned()))?;
        let sending = async {
            let response = self.client.request(request).await.ok()?;
            let (parts, body) = response.into_parts();
            // To the end, or the connection could not be used again.
            let body = Limited::new(body, ANSWER_BYTES).collect().await.ok()?;
            let json: Option<Value> = serde_json::from_slice(&body.to_bytes()).ok();
            Some(Answer {
                status: parts.status,
                headers: parts.headers,
                code: json.and_then(|json| json.get("code")?.as_u64()),
            })
        };
        // Cut short or not: with its key it can be sent again.
        let answer = tokio::time::timeout(REQUEST_TIME, sending).await.ok().flatten();
        answer.ok_or_else(|| Trouble::Later(None, "the API cannot be reached at --url".to_owned()))
    }
}

impl Answer {
    /// The answer, unless it is one to any request.
    fn told(self) -> Result<Self, Trouble> {
        match self.status {
            StatusCode::UNAUTHORIZED => Err(Trouble::Everything(
                "the API refuses the credentials in ACCOUNT_SID and AUTH_TOKEN".to_owned(),
            )),
            StatusCode::NOT_FOUND => Err(Trouble::Everything(
                "the API at --url has no Service SERVICE_SID".to_owned(),
            )),
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err(Trouble::Later(self.retry_after(), answered(&self))),
            _ => Ok(self),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

fn answered(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    match answer.code {
        Some(code) => format!("the API answered {status} with code {code}"),
        None => format!("the API answered {status}"),
    }
}

/// What comes before `/v2`, of a URL that seeds can be sent to: by TLS, or to this machine.
fn base(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    // Credentials in it would be in the list of processes.
    if authority.as_str().contains('@') || uri.query().is_some() {
        return None;
    }
    let is_private = uri.scheme() == Some(&Scheme::HTTPS)
        || uri.scheme() == Some(&Scheme::HTTP) && is_this_machine(authority.host());
    is_private.then(|| url.trim_end_matches('/').to_owned())
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address: IpAddr| address.is_loopback())
}
