//! The function: a request goes through the contract's checks in their order, and whatever happens becomes a response.

use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime};

use aws_sdk_dynamodb::Client;
use lambda_http::LambdaEvent;
use lambda_http::http::header::{ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE, ORIGIN};
use lambda_http::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use time::OffsetDateTime;

use crate::http::answer::{self, IDEMPOTENT_REPLAYED, MAX_BODY_BYTES, Refusal};
use crate::http::route::{Operation, Route};
use crate::http::{Event, FactorResource, Reply, Request, ServiceList, ServiceResource, cors, credentials};
use crate::parameters::{Form, Rule};
use crate::rules::{
    Entropy, Factor, Fingerprint, IdempotencyKey, NewFactor, NewService, PageRequest, SERVICE_PARAMETERS,
    Service, ServiceSid, ServiceUpdate, Timestamp,
};
use crate::settings::Settings;
use crate::table::{FactorWrite, Provenance, Table};

/// The header with the ID by which the log knows a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One request, at the most: longer than any one thing it waits for, if not than all of them one after another, and shorter
/// than the function's time limit of 10 s.
const REQUEST_TIME: Duration = Duration::from_secs(6);

/// The function with its settings and its table.
pub struct App {
    settings: Settings,
    table: Table,
}

/// What the log says about a request besides how it ended.
#[derive(Default)]
struct Subject {
    operation: Option<&'static str>,
    service_sid: Option<String>,
    entity_sid: Option<String>,
    factor_sid: Option<String>,
}

/// What a request came with, besides itself.
#[derive(Clone, Copy)]
struct Call<'a> {
    request: &'a Request,
    request_id: &'a str,
    now: OffsetDateTime,
}

impl App {
    /// Puts the function together.
    #[must_use]
    pub fn build(settings: Settings, client: Client) -> Self {
        let table = Table::new(client, settings.table_name.clone(), settings.account_sid);
        Self { settings, table }
    }

    /// Gets ready for the first request; see [`Table::warm_up`].
    pub async fn warm_up(&self) {
        self.table.warm_up(SystemTime::now().into()).await;
    }

    /// Answers one invocation. It cannot fail: an error of ours is an answer too.
    ///
    /// # Errors
    /// None.
    pub async fn invoke(&self, event: LambdaEvent<Event>) -> Result<Reply, Infallible> {
        Ok(self.invoke_at(event, SystemTime::now().into()).await)
    }

    /// Answers one invocation as of `now`.
    pub async fn invoke_at(&self, event: LambdaEvent<Event>, now: OffsetDateTime) -> Reply {
        let Event {
            request,
            payload_format,
        } = event.payload;
        let call = Call {
            request: &request,
            request_id: &event.context.request_id,
            now,
        };
        Reply::new(payload_format, self.answer(call).await)
    }

    async fn answer(&self, call: Call<'_>) -> Response<String> {
        let started = Instant::now();
        let request = call.request;
        let route = Route::find(&request.path);
        let mut subject = Subject::default();
        let served = tokio::time::timeout(REQUEST_TIME, self.serve(call, route.as_ref(), &mut subject)).await;
        let served = served.unwrap_or(Err(Refusal::OutOfTime));
        log(call, &subject, &served, started.elapsed());

        let mut response = served.unwrap_or_else(|refusal| refusal.to_response());
        let headers = response.headers_mut();
        let methods = route.map_or_else(|| Method::OPTIONS.to_string(), |route| route.methods());
        let origin = request.header(ORIGIN).ok().flatten();
        cors::add_headers(headers, &self.settings.allowed_origins, origin, &methods);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(request_id) = HeaderValue::from_str(call.request_id) {
            headers.insert(REQUEST_ID, request_id);
        }
        response
    }

    async fn serve(
        &self,
        call: Call<'_>,
        route: Option<&Route<'_>>,
        subject: &mut Subject,
    ) -> Result<Response<String>, Refusal> {
        let request = call.request;
        if request.method == Method::OPTIONS {
            return route.map(|_| preflight()).ok_or(Refusal::NoRoute);
        }
        if !credentials::are_good(request, self.settings.account_sid, &self.settings.auth_tokens) {
            return Err(Refusal::Unauthenticated);
        }
        let route = route.ok_or(Refusal::NoRoute)?;
        let operation = route
            .operation(&request.method)
            .ok_or_else(|| Refusal::Method(route.methods()))?;
        subject.operation = Some(operation.name());
        let no_service = Refusal::NoService(route.template);
        match operation {
            Operation::CreateFactor(sid) => {
                subject.service_sid = Some(sid.to_string());
                self.create_factor(call, sid, &route.identity, no_service, subject)
                    .await
            }
            Operation::ListServices => self.list_services(call).await,
            Operation::CreateService => self.create_service(call, subject).await,
            Operation::FetchService(sid) => {
                subject.service_sid = Some(sid.to_string());
                let service = self.table.read_service(sid).await?.ok_or(no_service)?;
                Ok(self.service_response(StatusCode::OK, &service, request))
            }
            Operation::UpdateService(sid) => {
                subject.service_sid = Some(sid.to_string());
                let update = ServiceUpdate::parse(&form(request, &SERVICE_PARAMETERS)?)?;
                let service = self
                    .table
                    .update_service(sid, &update, call.now)
                    .await?
                    .ok_or(no_service)?;
                Ok(self.service_response(StatusCode::OK, &service, request))
            }
            Operation::DeleteService(sid) => {
                subject.service_sid = Some(sid.to_string());
                if self.table.delete_service(sid).await? {
                    Ok(answer::no_content())
                } else {
                    Err(no_service)
                }
            }
        }
    }

    async fn create_factor(
        &self,
        call: Call<'_>,
        service_sid: ServiceSid,
        identity: &str,
        no_service: Refusal,
        subject: &mut Subject,
    ) -> Result<Response<String>, Refusal> {
        let (new, key) = factor_parameters(call.request, identity)?;
        let (key, fingerprint) = key.unzip();
        let service = self
            .table
            .service(service_sid, call.now)
            .await?
            .ok_or(no_service)?;
        let entropy = Entropy::draw(getrandom::fill).map_err(Refusal::NoRandomness)?;
        let factor = Factor::create(new, &service, key.as_ref(), Timestamp::at(call.now), &entropy);
        subject.entity_sid = Some(factor.entity_sid.to_string());
        subject.factor_sid = Some(factor.sid.to_string());
        let factor_type = factor.factor_type();
        let provenance = Provenance {
            request_id: call.request_id,
            fingerprint,
        };
        match self.table.create_factor(factor, provenance).await? {
            FactorWrite::Created(factor) => Ok(self.factor_response(&factor, call.request)),
            FactorWrite::Replayed(factor) => {
                let mut response = self.factor_response(&factor, call.request);
                response
                    .headers_mut()
                    .insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
                Ok(response)
            }
            FactorWrite::KeyUsedBefore => Err(Refusal::KeyUsedBefore),
            FactorWrite::LimitReached => Err(Refusal::LimitReached(factor_type)),
        }
    }

    async fn create_service(
        &self,
        call: Call<'_>,
        subject: &mut Subject,
    ) -> Result<Response<String>, Refusal> {
        let new = NewService::parse(&form(call.request, &SERVICE_PARAMETERS)?)?;
        let mut sid = [0; 16];
        getrandom::fill(&mut sid).map_err(Refusal::NoRandomness)?;
        let sid = ServiceSid::from_bytes(sid);
        subject.service_sid = Some(sid.to_string());
        let service = Service::create(new, self.settings.account_sid, sid, Timestamp::at(call.now));
        self.table.create_service(&service).await?;
        Ok(self.service_response(StatusCode::CREATED, &service, call.request))
    }

    async fn list_services(&self, call: Call<'_>) -> Result<Response<String>, Refusal> {
        let query = Form::decode(call.request.query.as_bytes(), &PageRequest::PARAMETERS);
        let page_request = PageRequest::parse(&query)?;
        let page = self.table.list_services(page_request).await?;
        let list = ServiceList::new(&page, page_request, &self.base(call.request));
        Ok(answer::json(StatusCode::OK, &list))
    }

    fn factor_response(&self, factor: &Factor, request: &Request) -> Response<String> {
        answer::json(
            StatusCode::CREATED,
            &FactorResource::new(factor, &self.base(request)),
        )
    }

    fn service_response(&self, status: StatusCode, service: &Service, request: &Request) -> Response<String> {
        answer::json(status, &ServiceResource::new(service, &self.base(request)))
    }

    /// What comes before `/v2` in URLs.
    fn base(&self, request: &Request) -> String {
        // A public origin of its own is mapped onto the stage, which its URLs then don't show.
        self.settings
            .base_url
            .clone()
            .unwrap_or_else(|| request.origin() + &request.mount)
    }
}

/// Answers a browser that asks before it calls; for how to read the headers see [`cors`].
fn preflight() -> Response<String> {
    let mut response = answer::no_content();
    // Seconds, as many as Chromium goes by.
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}

/// Media type and size, then the form.
fn form<'a>(request: &'a Request, known: &[&'static str]) -> Result<Form<'a>, Refusal> {
    let media_type = request.header(CONTENT_TYPE).map_err(|_| Refusal::NotAForm)?;
    let essence = media_type
        .and_then(|media_type| media_type.split(';').next())
        .map(str::trim);
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") => {}
        // Clients that have nothing to send leave the type out too.
        None if request.body.is_empty() => {}
        Some(_) | None => return Err(Refusal::NotAForm),
    }
    if request.body.len() > MAX_BODY_BYTES {
        return Err(Refusal::BodyTooLarge);
    }
    Ok(Form::decode(&request.body, known))
}

/// All that a request for a Factor says: the path's Identity, the form, and the `Idempotency-Key` with what it stands for.
fn factor_parameters(
    request: &Request,
    identity: &str,
) -> Result<(NewFactor, Option<(IdempotencyKey, Fingerprint)>), Refusal> {
    let form = form(request, &NewFactor::parameters())?;
    let new = NewFactor::parse(identity, &form);
    let key = match request.header(IdempotencyKey::HEADER) {
        Ok(key) => key.map(IdempotencyKey::parse).transpose(),
        Err(_) => Err(Rule::IdempotencyKey.broken_by(IdempotencyKey::HEADER)),
    };
    match (new, key) {
        (Ok(new), Ok(key)) => {
            let key = key.map(|key| (key, new.fingerprint(&form)));
            Ok((new, key))
        }
        (new, key) => {
            let invalid = new.err().into_iter().flatten().chain(key.err());
            Err(Refusal::Parameters(invalid.collect()))
        }
    }
}

/// The one log line of a request: what it was about and how it ended, and nothing that it said.
fn log(call: Call<'_>, subject: &Subject, served: &Result<Response<String>, Refusal>, duration: Duration) {
    let (status, code) = match served {
        Ok(response) => (response.status(), None),
        Err(refusal) => {
            let (status, code) = refusal.status_and_code();
            (status, Some(code))
        }
    };
    let refusal = served.as_ref().err();
    let replayed = served
        .as_ref()
        .is_ok_and(|response| response.headers().contains_key(IDEMPOTENT_REPLAYED));
    let (parameters, cause) = (
        refusal.and_then(Refusal::parameters),
        refusal.and_then(Refusal::cause),
    );
    let duration_ms = (duration.as_secs_f64() * 1e6).round() / 1e3;
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                request_id = call.request_id,
                operation = subject.operation,
                status = status.as_u16(),
                code,
                parameters,
                service_sid = subject.service_sid,
                entity_sid = subject.entity_sid,
                factor_sid = subject.factor_sid,
                replayed,
                duration_ms,
                cause,
                "request"
            )
        };
    }
    if status.is_server_error() {
        event!(error);
    } else {
        event!(info);
    }
}
