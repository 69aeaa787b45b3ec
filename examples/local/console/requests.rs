//! The log of requests: what the gateway saw, and the line that the function wrote of it. It has no more secrets than that line: no
//! query, no header and no body, but for the words of a refusal.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::watch;
use tracing_subscriber::fmt::MakeWriter;

use super::text;

/// The most that is kept.
const REQUESTS: usize = 200;

/// Lines of requests that nobody waits for any more.
const STALE_LINES: usize = 1000;

/// How long one who asks for more is kept waiting.
const WAIT: Duration = Duration::from_secs(20);

/// What is taken of the function's line.
const OF_LINE: [&str; 13] = [
    "caller",
    "claimed",
    "operation",
    "code",
    "parameters",
    "service_sid",
    "entity_sid",
    "factor_sid",
    "challenge_sid",
    "access_token_sid",
    "outcome",
    "replayed",
    "duration_ms",
];

/// The function's lines, by the ID of the request.
type Lines = Arc<Mutex<HashMap<String, Map<String, Value>>>>;

pub(super) struct Requests {
    /// Which run of the server they are of.
    run: String,
    lines: Lines,
    kept: Mutex<VecDeque<Value>>,
    last: watch::Sender<i64>,
}

impl Requests {
    pub(super) fn new(started: OffsetDateTime) -> Self {
        Self {
            run: started.unix_timestamp_nanos().to_string(),
            lines: Lines::default(),
            kept: Mutex::default(),
            last: watch::Sender::new(0),
        }
    }

    pub(super) fn writer(&self) -> impl for<'writer> MakeWriter<'writer> + Send + Sync + 'static {
        let lines = Arc::clone(&self.lines);
        move || Tee(Arc::clone(&lines))
    }

    /// Adds one that was answered.
    pub(super) fn add(
        &self,
        at: OffsetDateTime,
        request_id: &str,
        method: &str,
        path: &str,
        status: u64,
        body: &Value,
    ) {
        let line = lock(&self.lines).remove(request_id).unwrap_or_default();
        let mut request = json!({
            "at": at.format(&Rfc3339).unwrap_or_default(),
            "method": method,
            "path": path,
            "status": status,
        });
        for name in OF_LINE {
            request[name] = line.get(name).cloned().unwrap_or_default();
        }
        if status >= 400 {
            request["message"] = body["message"].clone();
            request["details"] = body["details"]["parameters"].clone();
        } else {
            // Of what was made, or looked at.
            request["sid"] = body["sid"].clone();
            request["became"] = body["status"].clone();
        }
        let mut kept = lock(&self.kept);
        self.last.send_modify(|last| {
            *last += 1;
            request["number"] = json!(last);
        });
        kept.push_back(request);
        while kept.len() > REQUESTS {
            kept.pop_front();
        }
    }

    /// Those after the last that somebody knows, as soon as there are any, or after a while none. What was known of another run
    /// of the server is nothing here.
    pub(super) async fn after(&self, known: &str) -> Value {
        let number = known
            .split_once('.')
            .filter(|(run, _)| *run == self.run)
            .and_then(|(_, number)| number.parse().ok())
            .unwrap_or(-1);
        let mut last = self.last.subscribe();
        let more = last.wait_for(|last| *last != number);
        // Late or not, what is there is told.
        let _ = tokio::time::timeout(WAIT, more).await;
        let kept = lock(&self.kept);
        let last = *self.last.borrow();
        let newer = kept
            .iter()
            .filter(|request| request["number"].as_i64() > Some(number));
        json!({"run": self.run, "last": last, "requests": newer.collect::<Vec<_>>()})
    }
}

/// Passes lines on to standard error, and keeps those of requests.
struct Tee(Lines);

impl Write for Tee {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Ok(Value::Object(line)) = serde_json::from_slice(line)
            && let Some(request_id) = line.get("request_id").map(text)
        {
            let mut lines = lock(&self.0);
            if lines.len() > STALE_LINES {
                lines.clear();
            }
            lines.insert(request_id.to_owned(), line);
        }
        io::stderr().write_all(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
