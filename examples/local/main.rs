//! The function on a laptop, with nothing to install: the real handler, behind a stand-in for API Gateway, on an embedded
//! `DynamoDB` and an embedded `KMS` that are called over HTTP like the real ones.

mod console;
mod first_factor;
mod introduction;

use std::io::{ErrorKind, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use console::Console;
use harness::dynamo::{self, Dynamo};
use harness::{gateway, kms, local};
use lambda_http::{Context, LambdaEvent};
use lexopt::prelude::{Long, Short, ValueExt};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use verify_factors::aws::{self, Clients, Connections};
use verify_factors::settings::Settings;
use verify_factors::{App, Randomness, logging};

const HELP: &str = "\
Serves the API on this machine, with an embedded DynamoDB and an embedded KMS.

Usage: cargo run --example local -- [OPTIONS]

  --data FILE             keep the table in FILE and the KMS key in FILE.kms-key; without it, they are gone at the end
  --port PORT             where the API is (9000)
  --dynamodb-port PORT    where DynamoDB is (8000)
  --kms-port PORT         where KMS is (8001)
  --expose                listen on every address of this machine, for containers; credentials are public
  --no-console            serve no page at /, which shows what the function did
  --qr, --no-qr           create a first Factor and draw it as a QR code, or don't (drawn on a terminal)
  --help                  tell this";

/// What the command line says.
struct Arguments {
    data: Option<PathBuf>,
    port: u16,
    dynamodb_port: u16,
    kms_port: u16,
    host: &'static str,
    console: bool,
    qr: bool,
}

/// The function, and the page that may be before it.
struct Front {
    app: App,
    console: Option<Console>,
}

impl Front {
    async fn invoke(&self, request_id: String, event: Value) -> Value {
        match &self.console {
            Some(console) => console.invoke(&self.app, request_id, event).await,
            None => invoke(&self.app, request_id, event).await,
        }
    }
}

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let Some(arguments) = arguments()? else {
        println!("{HELP}");
        return Ok(());
    };
    let api = listen(arguments.host, arguments.port, "--port").await?;
    let dynamodb = listen(arguments.host, arguments.dynamodb_port, "--dynamodb-port").await?;
    let kms = listen(arguments.host, arguments.kms_port, "--kms-port").await?;
    let api_url = format!("http://127.0.0.1:{}", api.local_addr()?.port());

    let key = match &arguments.data {
        // Another key would open nothing of what is there.
        Some(file) if file.exists() && !key_file(file).exists() => {
            let (data, key) = (file.display(), key_file(file));
            return Err(format!("{data} is there without its KMS key, {}", key.display()).into());
        }
        Some(file) => kms::Key::read_or_create(&key_file(file))?,
        None => kms::Key::generate(),
    };
    let database = match &arguments.data {
        Some(file) => dynoxide::Database::new(file.to_str().ok_or("--data has to be UTF-8")?)?,
        None => dynoxide::Database::memory()?,
    };
    let endpoint = format!("http://127.0.0.1:{}", dynamo::serve(dynamodb, database).port());
    let table_name = local::variable("TABLE_NAME").ok_or("events/env.json names no table")?;
    let dynamo = Dynamo::at(endpoint.clone(), table_name.clone());
    dynamo.create_table().await;
    if dynamo
        .item(&local::account_sid(), local::SERVICE_SID)
        .await
        .is_none()
    {
        dynamo.put(local::service_item()).await;
    }
    let kms_endpoint = format!("http://127.0.0.1:{}", kms::serve(kms, key).port());
    let environment = local::environment(&table_name, &endpoint, &kms_endpoint);
    let env_file = write_env_file(&environment)?;

    let console = arguments.console.then(Console::new);
    match &console {
        Some(console) => {
            tracing::subscriber::set_global_default(logging::subscriber(None, console.writer()))?;
        }
        None => tracing::subscriber::set_global_default(logging::subscriber(None, std::io::stderr))?,
    }
    let setting = |name: &str| {
        environment
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
    };
    let settings = Settings::from_env(setting)?;
    let connections = Connections::new(dynamo::http_client);
    let app = App::build(
        settings,
        Clients {
            dynamodb: aws::dynamodb(&dynamo::sdk_config(&endpoint), &connections),
            kms: aws::kms(&dynamo::sdk_config(&kms_endpoint), &connections),
        },
        Randomness::new(getrandom::fill),
    );
    app.warm_up(OffsetDateTime::now_utc()).await;

    let front = Arc::new(Front { app, console });

    introduction::print(&api_url, arguments.console, &endpoint, &kms_endpoint, &env_file);
    if arguments.qr {
        first_factor::draw(&front, &api_url).await?;
    }
    println!("Ctrl-C stops it. One line for each request follows.\n");

    let invoke = move |request_id, event| {
        let front = Arc::clone(&front);
        async move { front.invoke(request_id, event).await }
    };
    tokio::select! {
        // Connections that are still open don't hold up the end.
        served = gateway::serve(api, invoke, std::future::pending()) => served?,
        _ = tokio::signal::ctrl_c() => println!("\nStopped."),
    }
    Ok(())
}

fn arguments() -> Result<Option<Arguments>, Failure> {
    let mut arguments = Arguments {
        data: None,
        port: 9000,
        dynamodb_port: 8000,
        kms_port: 8001,
        host: "127.0.0.1",
        console: true,
        qr: std::io::stdout().is_terminal(),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("data") => arguments.data = Some(parser.value()?.into()),
            Long("port") => arguments.port = parser.value()?.parse()?,
            Long("dynamodb-port") => arguments.dynamodb_port = parser.value()?.parse()?,
            Long("kms-port") => arguments.kms_port = parser.value()?.parse()?,
            Long("expose") => arguments.host = "0.0.0.0",
            Long("no-console") => arguments.console = false,
            Long("qr") => arguments.qr = true,
            Long("no-qr") => arguments.qr = false,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(format!("{}\n\n{HELP}", other.unexpected()).into()),
        }
    }
    Ok(Some(arguments))
}

async fn listen(host: &str, port: u16, option: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind((host, port))
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => format!("port {port} is in use; choose another with {option}").into(),
            _ => format!("cannot listen on {host}:{port}: {error}").into(),
        })
}

/// Where the key is that opens what is in a file of data.
fn key_file(data: &Path) -> PathBuf {
    let mut file = data.as_os_str().to_owned();
    file.push(".kms-key");
    file.into()
}

/// Writes the environment of a function on this machine to a file for `cargo lambda watch --env-file`.
fn write_env_file(environment: &[(&str, String)]) -> std::io::Result<PathBuf> {
    let file = PathBuf::from("target/local.env");
    std::fs::create_dir_all("target")?;
    let mut lines = std::fs::File::create(&file)?;
    for (name, value) in environment {
        writeln!(lines, "{name}={value}")?;
    }
    Ok(file)
}

/// One invocation, as Lambda makes it.
async fn invoke(app: &App, request_id: String, event: Value) -> Value {
    let mut context = Context::default();
    context.request_id = request_id;
    let Ok(payload) = serde_json::from_value(event) else {
        return serde_json::json!({"statusCode": 502});
    };
    let Ok(reply) = app
        .invoke(LambdaEvent { payload, context }, OffsetDateTime::now_utc())
        .await;
    serde_json::to_value(reply).unwrap_or_default()
}
