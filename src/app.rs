//! The function: a request goes through the contract's checks in their order, and whatever happens becomes a response.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use lambda_http::LambdaEvent;
use lambda_http::http::header::{CACHE_CONTROL, ORIGIN};
use lambda_http::http::{HeaderName, HeaderValue, Method, Response};
use time::OffsetDateTime;

use crate::aws::{Clients, OPERATION_TIMEOUT};
use crate::call::{Call, Subject};
use crate::caller::{self, Claim, Credentials, Proven};
use crate::gateway::{Event, Reply};
use crate::http::{Answer, cors};
use crate::place::Place;
use crate::randomness::Randomness;
use crate::refusal::Refusal;
use crate::route::Operation;
use crate::sealing::DataKeys;
use crate::services::{Service, ServiceCache};
use crate::settings::Settings;
use crate::sid::ServiceSid;
use crate::table::{CONFLICT_TIME, Table};
use crate::{access_tokens, challenges, entities, factors, logging, route, services};

/// The header with the ID by which the log knows a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One request, at the most: longer than any one thing it waits for, if not than all of them one after another, and shorter
/// than the function's time limit of 10 s.
const REQUEST_TIME: Duration = Duration::from_secs(6);
const _: () = assert!(CONFLICT_TIME.as_millis() < REQUEST_TIME.as_millis());
const _: () = assert!(OPERATION_TIMEOUT.as_millis() < REQUEST_TIME.as_millis());

/// The most that the start can wait for DynamoDB and KMS: Lambda gives the whole start ten seconds.
const WARM_UP_TIME: Duration = Duration::from_secs(1);

/// The function: what lives as long as the process.
pub struct App {
    pub(crate) settings: Settings,
    pub(crate) table: Table,
    pub(crate) services: ServiceCache,
    pub(crate) data_keys: DataKeys,
    pub(crate) randomness: Randomness,
}

impl App {
    /// Puts the function together.
    #[must_use]
    pub fn build(settings: Settings, clients: Clients, randomness: Randomness) -> Self {
        let (table_name, key_arn) = (settings.table_name.clone(), settings.sealing_key_arn.clone());
        let account_sid = settings.account_sid;
        Self {
            table: Table::new(clients.dynamodb, table_name, account_sid, randomness.clone()),
            settings,
            services: ServiceCache::default(),
            data_keys: DataKeys::new(clients.kms, key_arn, account_sid),
            randomness,
        }
    }

    /// Gets ready for the first request: the connections are open then, the first Services are read, and beside that the
    /// data key is unwrapped.
    ///
    /// It takes at most [`WARM_UP_TIME`], and a failure is logged and forgotten: the request will tell.
    pub async fn warm_up(&self, now: OffsetDateTime) {
        let warming = async {
            // Before the Services, so that one connection does for both, and KMS has the time of the second.
            let found = self.table.read_newest_data_key().await?;
            let (services, data_key) = tokio::join!(
                self.services.warm_up(&self.table, now),
                self.data_keys.warm_up(found, &self.table, now)
            );
            services.and(data_key)
        };
        let cause = match tokio::time::timeout(WARM_UP_TIME, warming).await {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => failure.chain(),
            Err(_) => "it took too long".to_owned(),
        };
        tracing::warn!(cause, "not all is ready for the first request");
    }

    /// Answers one invocation as of `now`. It cannot fail: an error of ours is an answer too.
    ///
    /// # Errors
    /// None.
    pub async fn invoke(&self, event: LambdaEvent<Event>, now: OffsetDateTime) -> Result<Reply, Infallible> {
        let Event {
            request,
            payload_format,
        } = event.payload;
        let mut call = Call {
            request: &request,
            request_id: &event.context.request_id,
            now,
            base_url: self.settings.base_url.as_deref(),
            caller: None,
            claimed: None,
            route: None,
            subject: Subject::default(),
            attempt: None,
        };
        Ok(Reply::new(payload_format, self.answer(&mut call).await))
    }

    async fn answer(&self, call: &mut Call<'_>) -> Response<String> {
        #[expect(clippy::disallowed_methods, reason = "how long it takes, not what time it is")]
        let started = Instant::now();
        let place = Place::find(&call.request.path);
        let served = tokio::time::timeout(REQUEST_TIME, self.serve(call, place.as_ref())).await;
        let served = served.unwrap_or(Err(Refusal::OutOfTime));
        if call.caller.is_none() && matches!(served, Err(Refusal::Unauthenticated)) {
            call.claimed = caller::claimed(call.request, self.settings.account_sid);
        }
        logging::request(call, &served, started.elapsed());

        let mut response = served.map_or_else(Refusal::into_response, Answer::into_response);
        let headers = response.headers_mut();
        let methods = place.map_or_else(|| Method::OPTIONS.to_string(), |place| place.methods());
        let origin = call.request.header(ORIGIN).ok().flatten();
        cors::add_headers(headers, &self.settings.allowed_origins, origin, &methods);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(request_id) = HeaderValue::from_str(call.request_id) {
            headers.insert(REQUEST_ID, request_id);
        }
        response
    }

    /// Credentials, route, method, whose it is; then the operation itself.
    async fn serve(&self, call: &mut Call<'_>, place: Option<&Place>) -> Result<Answer, Refusal> {
        let request = call.request;
        if request.method == Method::OPTIONS {
            return place.map(|_| cors::preflight()).ok_or(Refusal::NotFound(None));
        }
        if let Some(place) = place {
            // Of who is refused, too.
            call.route = place.route(&request.method);
            call.subject = place.subject();
        }
        let credentials = Credentials::of(request);
        let claim = Claim::of(&credentials, &self.settings, call.timestamp());
        let claim = claim.ok_or(Refusal::Unauthenticated)?;
        if let Claim::Account = claim {
            // It is told of what isn't there.
            call.caller = Some(Proven::Account);
        }
        let (place, operation) = route::find(place, call.route, claim.caller())?;
        let caller = claim.prove(self, call, place).await?;
        caller.tell(&mut call.subject);
        call.caller = Some(caller);
        self.dispatch(call, operation).await
    }

    async fn dispatch(&self, call: &mut Call<'_>, operation: Operation) -> Result<Answer, Refusal> {
        match operation {
            Operation::ListServices => services::list(self, call).await,
            Operation::CreateService => services::create(self, call).await,
            Operation::FetchService(at) => services::fetch(self, call, at).await,
            Operation::UpdateService(at) => services::update(self, call, at).await,
            Operation::DeleteService(at) => services::delete(self, call, at).await,
            Operation::CreateAccessToken(at) => access_tokens::create(self, call, at).await,
            Operation::FetchAccessToken(at) => access_tokens::fetch(self, call, at).await,
            Operation::ListEntities(at) => entities::list(self, call, at).await,
            Operation::CreateEntity(at) => entities::create(self, call, at).await,
            Operation::FetchEntity(at) => entities::fetch(self, call, at).await,
            Operation::DeleteEntity(at) => entities::delete(self, call, at).await,
            Operation::ListFactors(at) => factors::list(self, call, at).await,
            Operation::CreateFactor(at) => factors::create(self, call, at).await,
            Operation::FetchFactor(at) => factors::fetch(self, call, at).await,
            Operation::UpdateFactor(at) => factors::update(self, call, at).await,
            Operation::DeleteFactor(at) => factors::delete(self, call, at).await,
            Operation::ListChallenges(at) => challenges::list(self, call, at).await,
            Operation::CreateChallenge(at) => challenges::create(self, call, at).await,
            Operation::FetchChallenge(at) => challenges::fetch(self, call, at).await,
            Operation::AnswerChallenge(at) => challenges::answer(self, call, at).await,
        }
    }

    /// The Service that a call is about, as it was a moment ago.
    pub(crate) async fn service(&self, call: &Call<'_>, sid: ServiceSid) -> Result<Service, Refusal> {
        let service = self.services.service(&self.table, sid, call.now).await?;
        service.ok_or_else(|| call.not_found())
    }
}
