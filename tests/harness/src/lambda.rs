//! Lambda: a [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) that hands events to the real
//! binary, as one environment does: one at a time.

use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::gateway::request_id;

/// One execution environment with the function in it.
pub struct Environment {
    function: Child,
    invocations: mpsc::Sender<(String, Vec<u8>)>,
    answers: mpsc::Receiver<Answer>,
    polls: mpsc::Receiver<()>,
    /// The Runtime API, which ends with this.
    _serving: JoinSet<io::Result<()>>,
}

/// What came of an invocation.
#[derive(Debug)]
pub enum Answer {
    /// The function's reply.
    Reply(Vec<u8>),
    /// The function, or its start, reported an error.
    Error(Vec<u8>),
}

struct Runtime {
    invocations: Mutex<mpsc::Receiver<(String, Vec<u8>)>>,
    answers: mpsc::Sender<Answer>,
    polls: mpsc::Sender<()>,
}

impl Environment {
    /// Starts a function with these variables and nothing of this process's. Its output comes through.
    ///
    /// # Errors
    /// When the binary cannot be started.
    pub async fn start(binary: &Path, variables: &[(&str, String)]) -> io::Result<Self> {
        let mut function = Command::new(binary);
        function.env_clear().envs(variables.iter().cloned());
        Self::start_command(function).await
    }

    /// Starts a function as this command has it.
    ///
    /// # Errors
    /// When the command cannot be started.
    pub async fn start_command(mut function: Command) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (invocations, next) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let (polled, polls) = mpsc::channel(1);
        let runtime = Runtime {
            invocations: Mutex::new(next),
            answers: answered,
            polls: polled,
        };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next_invocation))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(error))
            .with_state(Arc::new(runtime));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await });
        let function = function
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "verify-factors")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            function,
            invocations,
            answers,
            polls,
            _serving: serving,
        })
    }

    /// The function's process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.function.id().unwrap_or_default()
    }

    /// Waits until the function asks for an event, as it does when its start is over; false if it ends before.
    pub async fn ready(&mut self) -> bool {
        tokio::select! {
            poll = self.polls.recv() => poll.is_some(),
            _ = self.function.wait() => false,
        }
    }

    /// Hands an event over and waits for what comes of it; `None` if the function ends.
    pub async fn invoke(&mut self, event: Vec<u8>) -> Option<Answer> {
        self.invocations.send((request_id(), event)).await.ok()?;
        tokio::select! {
            answer = self.answers.recv() => answer,
            _ = self.function.wait() => None,
        }
    }

    /// The reply to an event, as JSON.
    ///
    /// # Panics
    /// When there is none.
    pub async fn reply(&mut self, event: &Value) -> Value {
        match self.invoke(event.to_string().into_bytes()).await {
            Some(Answer::Reply(reply)) => serde_json::from_slice(&reply).expect("a reply is JSON"),
            other => panic!("no reply but {other:?}"),
        }
    }

    /// Ends the function as Lambda does, politely; what it left in its pipes.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub async fn terminate(self) -> io::Result<Output> {
        let id = self.function.id().ok_or(io::ErrorKind::NotFound)?;
        let kill = Command::new("kill").arg(id.to_string()).status();
        if !kill.await?.success() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.function.wait_with_output().await
    }
}

async fn next_invocation(State(runtime): State<Arc<Runtime>>) -> Response<Body> {
    // Nobody has to look at the polls.
    let _ = runtime.polls.try_send(());
    let Some((id, event)) = runtime.invocations.lock().await.recv().await else {
        return status(StatusCode::GONE);
    };
    let mut response = Response::new(Body::from(event));
    let headers = response.headers_mut();
    let mut insert =
        |name, value: &str| headers.insert(name, HeaderValue::from_str(value).expect("plain text"));
    insert("lambda-runtime-aws-request-id", &id);
    insert("lambda-runtime-deadline-ms", "4102444800000");
    insert(
        "lambda-runtime-invoked-function-arn",
        "arn:aws:lambda:us-east-1:123456789012:function:verify-factors",
    );
    response
}

async fn response(State(runtime): State<Arc<Runtime>>, body: Bytes) -> Response<Body> {
    let _ = runtime.answers.send(Answer::Reply(body.into())).await;
    status(StatusCode::ACCEPTED)
}

async fn error(State(runtime): State<Arc<Runtime>>, body: Bytes) -> Response<Body> {
    let _ = runtime.answers.send(Answer::Error(body.into())).await;
    status(StatusCode::ACCEPTED)
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
