//! Logs: one JSON object a line on standard output, from which Lambda takes `timestamp` and `level`.

use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::call::Call;
use crate::caller::Caller;
use crate::http::Answer;
use crate::refusal::Refusal;
use crate::sid::Sid;

/// The variable that Lambda sets to the log level of the function's configuration.
pub const LEVEL_VARIABLE: &str = "AWS_LAMBDA_LOG_LEVEL";

/// The subscriber of this function, at a level as Lambda names it; `INFO` if there is none.
///
/// A release has no level below `INFO` (see Cargo.toml).
///
/// Other crates are heard from `WARN` up, whatever the level: below it they log requests and responses, in which there
/// are secrets.
pub fn subscriber<W>(level: Option<&str>, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let level = level.unwrap_or_default().to_ascii_uppercase();
    let level = match level.as_str() {
        "TRACE" => LevelFilter::TRACE,
        "DEBUG" => LevelFilter::DEBUG,
        "WARN" => LevelFilter::WARN,
        "ERROR" | "FATAL" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    let others = LevelFilter::from_level(Level::WARN).min(level);
    let filter = Targets::new()
        .with_default(others)
        .with_target(env!("CARGO_CRATE_NAME"), level);
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(filter).with(json)
}

/// Writes the one line of a request: what it was about and how it ended, and nothing that it said.
pub(crate) fn request(call: &Call<'_>, served: &Result<Answer, Refusal>, duration: Duration) {
    let (status, code, replayed) = match served {
        Ok(answer) => (answer.status, None, answer.replayed),
        Err(refusal) => {
            let told = refusal.told();
            (told.status, Some(told.code), false)
        }
    };
    let refusal = served.as_ref().err();
    let (parameters, cause) = (
        refusal.and_then(Refusal::parameters),
        refusal.and_then(Refusal::cause),
    );
    let attempt = call.attempt.as_ref();
    let duration_ms = (duration.as_secs_f64() * 1e6).round() / 1e3;
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                request_id = call.request_id,
                caller = call.caller.as_ref().map(|caller| caller.caller().name()),
                claimed = call.claimed.map(Caller::name),
                operation = call.route.map(|route| route.operation_id),
                status = status.as_u16(),
                code,
                parameters,
                service_sid = call.subject.service_sid.as_ref().map(Sid::as_str),
                entity_sid = call.subject.entity_sid.as_ref().map(Sid::as_str),
                factor_sid = call.subject.factor_sid.as_ref().map(Sid::as_str),
                challenge_sid = call.subject.challenge_sid.as_ref().map(Sid::as_str),
                access_token_sid = call.subject.access_token_sid.as_ref().map(Sid::as_str),
                factor_type = attempt.map(|attempt| attempt.factor_type),
                outcome = attempt.map(|attempt| attempt.outcome),
                replayed,
                duration_ms,
                cause,
                "request"
            )
        };
    }
    // Refusals are the callers' affair, and our faults ours.
    if status.is_server_error() {
        line!(error);
    } else {
        line!(info);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_named_in_any_case_and_is_info_if_it_is_none() {
        for (name, level) in [
            (None, LevelFilter::INFO),
            (Some("everything"), LevelFilter::INFO),
            (Some("INFO"), LevelFilter::INFO),
            (Some("Warn"), LevelFilter::WARN),
            (Some("error"), LevelFilter::ERROR),
            (Some("FATAL"), LevelFilter::ERROR),
            (Some("debug"), LevelFilter::DEBUG),
        ] {
            assert_eq!(
                subscriber(name, std::io::sink).max_level_hint(),
                Some(level),
                "{name:?}"
            );
        }
    }
}
