//! The function on a laptop, with nothing to install: the real handler, behind a stand-in for API Gateway, on an embedded
//! `DynamoDB` and an embedded `KMS` that are called over HTTP like the real ones.

use std::io::{ErrorKind, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use harness::dynamo::{self, Dynamo};
use harness::{gateway, kms, local};
use lambda_http::{Context, LambdaEvent};
use lexopt::prelude::{Long, Short, ValueExt};
use qrcode::render::unicode::Dense1x2;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use verify_factors::aws::{self, Clients};
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
  --qr, --no-qr           create a first Factor and draw it as a QR code, or don't (drawn on a terminal)
  --help                  tell this";

/// What the command line says.
struct Arguments {
    data: Option<PathBuf>,
    port: u16,
    dynamodb_port: u16,
    kms_port: u16,
    host: &'static str,
    qr: bool,
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

    tracing::subscriber::set_global_default(logging::subscriber(None, std::io::stderr))?;
    let setting = |name: &str| {
        environment
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
    };
    let settings = Settings::from_env(setting)?;
    let app = Arc::new(App::build(
        settings,
        Clients {
            dynamodb: aws::dynamodb(&dynamo::sdk_config(&endpoint)),
            kms: aws::kms(&dynamo::sdk_config(&kms_endpoint)),
        },
        Randomness::new(getrandom::fill),
    ));
    app.warm_up(OffsetDateTime::now_utc()).await;

    introduce(&api_url, &endpoint, &kms_endpoint, &env_file);
    if arguments.qr {
        draw_first_factor(&app).await?;
    }
    println!("Ctrl-C stops it. One line for each request follows.\n");

    let invoke = move |request_id, event| {
        let app = Arc::clone(&app);
        async move { invoke(&app, request_id, event).await }
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

fn introduce(api_url: &str, endpoint: &str, kms_endpoint: &str, env_file: &Path) {
    let (account, token) = (local::account_sid(), local::AUTH_TOKEN);
    let (service, identity) = (local::SERVICE_SID, local::IDENTITY);
    println!(
        r#"
The API        {api_url}
DynamoDB       {endpoint}
KMS            {kms_endpoint}
Account SID    {account}
Auth Token     {token}
Service        {service}
Environment    {env} (for cargo lambda watch)

Create a totp Factor:

  curl {api_url}/v2/Services/{service}/Entities/{identity}/Factors \
    -u {account}:{token} \
    -d FriendlyName=Laptop -d FactorType=totp

or with the official Python client (pip install twilio):

  from twilio.http.http_client import TwilioHttpClient
  from twilio.rest import Client

  class Local(TwilioHttpClient):
      def request(self, method, url, *args, **kwargs):
          url = url.replace("https://verify.twilio.com", "{api_url}")
          return super().request(method, url, *args, **kwargs)

  client = Client("{account}", "{token}", http_client=Local())
  factor = (client.verify.v2.services("{service}")
            .entities("{identity}")
            .new_factors.create(friendly_name="Laptop", factor_type="totp"))
  print(factor.binding["uri"])
"#,
        env = env_file.display()
    );
}

/// Creates a Factor as anybody would and draws its URI, to be scanned with an authenticator app.
async fn draw_first_factor(app: &App) -> Result<(), Failure> {
    let path = format!(
        "/v2/Services/{}/Entities/{}/Factors",
        local::SERVICE_SID,
        local::IDENTITY
    );
    let authorization = local::authorization();
    let headers = [
        ("host", "127.0.0.1"),
        ("authorization", authorization.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let event = gateway::event("POST", &path, &headers, b"FriendlyName=Laptop&FactorType=totp");
    let reply = invoke(app, gateway::request_id(), event).await;
    let factor: Value = serde_json::from_str(reply["body"].as_str().unwrap_or_default())?;
    let Some(uri) = factor["binding"]["uri"].as_str() else {
        println!("No first Factor: {}\n", factor["message"]);
        return Ok(());
    };
    let code = qrcode::QrCode::new(uri)?;
    // Light on dark, as most terminals are: what is drawn is the light part.
    let drawn = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    println!("{drawn}\n{uri}\n");
    Ok(())
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
