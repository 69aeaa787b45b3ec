//! Connects the function to Lambda.

use std::process::ExitCode;

use lambda_http::{Error, lambda_runtime, service_fn};
use verify_factors::settings::Settings;
use verify_factors::{App, logging, table};

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

async fn serve() -> Result<(), Error> {
    let settings = Settings::from_env(env)?;
    let app = App::build(settings, table::connect(env).await?);
    // Lambda bills the start like the first request but lends it a whole processor.
    app.warm_up().await;
    lambda_runtime::run(service_fn(|event| app.invoke(event))).await
}

fn env(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}
