//! The logs of every test, at the most verbose level, and a look into them after each request.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};

use serde_json::Value;
use verify_factors::logging;

use super::Answer;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// How much of the log is looked at after a request: far more than what one writes.
const TAIL_BYTES: usize = 64 * 1024;

/// What is shorter stands in logs by chance.
const SHORTEST_SECRET: usize = 8;

/// Parameters whose values no log line may have.
const SECRET_PARAMETERS: [&str; 11] = [
    "AuthPayload",
    "FactorFriendlyName",
    "FriendlyName",
    "Metadata",
    "HiddenDetails",
    "Details.Message",
    "Details.Fields",
    "Binding.PublicKey",
    "Binding.Secret",
    "Config.NotificationToken",
    "Totp.Issuer",
];

struct Writer;

impl Write for Writer {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Captures all that this process logs from now on.
pub fn capture() {
    static CAPTURING: Once = Once::new();
    CAPTURING.call_once(|| {
        let subscriber = logging::subscriber(Some("TRACE"), || Writer);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// The end of the log, as far back as `bytes` go.
fn tail(bytes: usize) -> String {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let tail = lines.split_at(lines.len().saturating_sub(bytes)).1;
    String::from_utf8_lossy(tail).into_owned()
}

/// The log lines of the request that this answer is to.
pub fn of(answer: &Answer) -> Vec<Value> {
    // All of the log, as tests beside this one write to it too.
    let lines = tail(usize::MAX);
    let lines = lines
        .lines()
        .filter(|line| line.contains(answer.header("x-request-id")));
    lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Panics if the log has anything that the request or its answer keeps secret.
pub fn assert_silent_about(event: &Value, answer: &Answer) {
    let log = tail(TAIL_BYTES);
    for secret in secrets(event, answer) {
        assert!(!has(&log, &secret), "the log has {secret}");
    }
}

/// Whether a log has a secret: anywhere, or as a number of its own if it is one, as longer numbers have any digits by chance.
fn has(log: &str, secret: &str) -> bool {
    let is_number = secret.bytes().all(|byte| byte.is_ascii_digit());
    let continues = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    log.match_indices(secret).any(|(at, _)| {
        let (before, after) = (&log[..at], &log[at + secret.len()..]);
        !is_number || !(continues(before.chars().next_back()) || continues(after.chars().next()))
    })
}

fn secrets(event: &Value, answer: &Answer) -> Vec<String> {
    let mut secrets = vec![
        harness::local::AUTH_TOKEN.to_owned(),
        harness::local::IDENTITY.to_owned(),
        harness::local::authorization(),
    ];
    let headers = event["headers"].as_object().into_iter().flatten();
    let telling =
        |name: &String| ["authorization", "idempotency-key"].contains(&name.to_lowercase().as_str());
    secrets.extend(
        headers
            .filter(|(name, _)| telling(name))
            .filter_map(|(_, value)| Some(value.as_str()?.to_owned())),
    );
    let authorization = event["headers"]["authorization"].as_str().unwrap_or_default();
    let credentials = authorization.strip_prefix("Basic ").unwrap_or_default();
    let credentials = data_encoding::BASE64
        .decode(credentials.as_bytes())
        .unwrap_or_default();
    // A password, or a JWT, each part of which tells something.
    let password = String::from_utf8(credentials).unwrap_or_default();
    secrets.extend(password.split([':', '.']).skip(1).map(str::to_owned));
    let body = event["body"].as_str().unwrap_or_default();
    let body = match event["isBase64Encoded"].as_bool() {
        Some(true) => data_encoding::BASE64.decode(body.as_bytes()).unwrap_or_default(),
        _ => body.as_bytes().to_vec(),
    };
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).unwrap_or_default();
    secrets.extend(
        pairs
            .into_iter()
            .filter(|(name, _)| SECRET_PARAMETERS.contains(&name.as_str()))
            .map(|(_, value)| value),
    );
    if let Ok(Value::Object(shown)) = serde_json::from_str::<Value>(&answer.text) {
        secrets.extend(shown.get("token").and_then(Value::as_str).map(str::to_owned));
        let binding = shown
            .get("binding")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        secrets.extend(
            binding
                .filter(|&(name, _value)| name != "alg")
                .map(|(_name, value)| value.as_str().unwrap_or_default().to_owned()),
        );
    }
    secrets.retain(|secret| secret.len() >= SHORTEST_SECRET);
    secrets
}
