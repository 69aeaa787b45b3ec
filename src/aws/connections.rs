//! Connections: none is used again that may be dead.
//!
//! Lambda stops a process between requests, for minutes. Meanwhile DynamoDB, KMS or what is on the way to them drops connections, and
//! whoever writes to one that was dropped without a word waits for an answer until the time limit. The SDK's pool closes what is idle
//! for long, but by a clock that stands still with the process; the clock on the wall goes on.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::config::{
    ConfigBag, HttpClient, RuntimeComponents, RuntimeComponentsBuilder, SharedHttpClient,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};

/// How long connections may be idle: shorter than whatever drops them would let them be (a NAT gateway 350 s), and so long that a
/// function with something to do seldom opens one.
const IDLE: Duration = Duration::from_secs(20);

type Open = dyn Fn() -> SharedHttpClient + Send + Sync;

/// The connections of all services, until one is idle for too long; then that one opens its own.
#[derive(Clone)]
pub struct Connections {
    first: SharedHttpClient,
    open: Arc<Open>,
}

impl Connections {
    /// Connections that `open` gives: a client with none open yet.
    pub fn new(open: impl Fn() -> SharedHttpClient + Send + Sync + 'static) -> Self {
        Self {
            first: open(),
            open: Arc::new(open),
        }
    }

    /// Those of one service.
    pub(super) fn of_a_service(&self) -> Fresh {
        Fresh {
            open: Arc::clone(&self.open),
            held: Mutex::new(Held {
                client: self.first.clone(),
                used: None,
            }),
        }
    }
}

/// The connections to one service, none of which was idle for longer than [`IDLE`].
pub(super) struct Fresh {
    open: Arc<Open>,
    held: Mutex<Held>,
}

struct Held {
    client: SharedHttpClient,
    /// When a call last began.
    used: Option<SystemTime>,
}

impl Held {
    /// Whether its connections were idle for too long. A clock that was set back says nothing.
    fn is_idle(&self, now: SystemTime) -> bool {
        let idle = self.used.and_then(|used| now.duration_since(used).ok());
        idle.is_some_and(|idle| idle > IDLE)
    }
}

impl Fresh {
    fn held(&self) -> MutexGuard<'_, Held> {
        // Each field is set in one go, so what a panicking thread left behind is whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for Fresh {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let mut held = self.held();
        if let Some(now) = components.time_source().map(|time| time.now()) {
            if held.is_idle(now) {
                held.client = (self.open)();
            }
            held.used = Some(now);
        }
        held.client.http_connector(settings, components)
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.held().client.validate_base_client_config(components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.held().client.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.held().client.connector_metadata()
    }
}

impl fmt::Debug for Fresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fresh")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_idle_for_20_seconds_at_the_most() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let client = aws_smithy_http_client::Builder::new().build_http();
        let held = |used| Held {
            client: client.clone(),
            used,
        };
        for (now, idle) in [(0, false), (99, false), (100, false), (120, false), (121, true)] {
            assert_eq!(held(Some(at(100))).is_idle(at(now)), idle, "{now}");
        }
        assert!(!held(None).is_idle(at(1_000_000)), "none is open");
    }
}
