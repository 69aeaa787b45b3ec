//! The API of a function, with what may happen to a request on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::gateway;
use lambda_http::{Context, LambdaEvent};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;

use crate::support::Function;

/// What happens to a request on its way.
pub(crate) enum Fault {
    None,
    /// It is refused for a second, with this status.
    Patience(u16),
    /// It is done, and the answer is lost.
    Lost,
    /// It is a fault of ours, whose message says more than it should.
    Ours,
}

/// The API of a function over HTTP.
pub(crate) struct Api {
    pub(crate) url: String,
    pub(crate) calls: Arc<AtomicUsize>,
}

impl Api {
    pub(crate) async fn of(
        function: &Function,
        fault: impl Fn(usize) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (app, calls) = (
            Arc::new(function.another_instance()),
            Arc::new(AtomicUsize::new(0)),
        );
        let counted = Arc::clone(&calls);
        let invoke = move |request_id: String, event: Value| {
            let (app, fault) = (Arc::clone(&app), fault(counted.fetch_add(1, Ordering::SeqCst)));
            async move {
                let body = event["body"].as_str().unwrap_or_default().to_owned();
                let invoke = async || {
                    let mut context = Context::default();
                    context.request_id = request_id;
                    let payload = serde_json::from_value(event).unwrap();
                    let Ok(reply) = app
                        .invoke(LambdaEvent { payload, context }, OffsetDateTime::now_utc())
                        .await;
                    serde_json::to_value(reply).unwrap()
                };
                match fault {
                    Fault::None => invoke().await,
                    Fault::Patience(status) => json!({"statusCode": status, "headers": {"Retry-After": "1"}}),
                    Fault::Lost => {
                        invoke().await;
                        json!({"statusCode": 502, "body": "lost"})
                    }
                    Fault::Ours => {
                        let form = data_encoding::BASE64.decode(body.as_bytes()).unwrap_or_default();
                        let message = String::from_utf8(form).unwrap_or_default();
                        let body = json!({"code": 20500, "message": message, "status": 500}).to_string();
                        json!({"statusCode": 500, "body": body})
                    }
                }
            }
        };
        tokio::spawn(gateway::serve(listener, invoke, std::future::pending()));
        Self { url, calls }
    }

    /// The way by requests to it.
    pub(crate) fn way(&self) -> Vec<&str> {
        vec!["--url", &self.url]
    }
}
