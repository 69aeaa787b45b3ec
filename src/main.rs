//! Connects the function to Lambda.

// What every other file is given comes in here, in the two functions at the end; see clippy.toml.
#![deny(clippy::disallowed_methods)]

use std::process::ExitCode;
use std::time::SystemTime;

use lambda_http::{Error, lambda_runtime, service_fn};
use time::OffsetDateTime;
use verify_factors::settings::Settings;
use verify_factors::{App, Randomness, aws, logging};

// One thread: an instance has one request at a time, and handing work between threads costs half as much again.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let level = env(logging::LEVEL_VARIABLE);
    if tracing::subscriber::set_global_default(logging::subscriber(level.as_deref(), std::io::stdout))
        .is_err()
    {
        return ExitCode::FAILURE;
    }
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(cause = %error, "the function stopped");
            ExitCode::FAILURE
        }
    }
}

/// What every request needs is built here, once; the rest when it is needed.
async fn serve() -> Result<(), Error> {
    // First, since it takes no time and a function that is set up wrongly must not start.
    let settings = Settings::from_env(env)?;
    // Region, credentials, roots of trust: the half of this that costs is TLS, which the first request would wait for.
    let clients = aws::connect(env).await?;
    let app = App::build(settings, clients, randomness());
    // The connections, the Services and the data key, too: Lambda lends the start a whole processor, and a request a share of one.
    app.warm_up(now()).await;
    lambda_runtime::run(service_fn(|event| app.invoke(event, now()))).await
}

fn env(variable: &str) -> Option<String> {
    // What isn't Unicode is there and malformed, not absent.
    std::env::var_os(variable).map(|value| value.to_string_lossy().into_owned())
}

#[expect(clippy::disallowed_methods, reason = "here is where it comes in")]
fn now() -> OffsetDateTime {
    SystemTime::now().into()
}

#[expect(clippy::disallowed_methods, reason = "here is where it comes in")]
fn randomness() -> Randomness {
    Randomness::new(getrandom::fill)
}
