//! Why DynamoDB did not do what it was asked, by what the caller can do about it.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why the table did not do what it was asked, by what the caller can do about it.
pub enum TableError {
    /// DynamoDB asks for patience, or writers of one item keep colliding: try again soon.
    Throttled(Cause),
    /// DynamoDB could not be reached in time, or what answered isn't DynamoDB in good health: try again later.
    Unreachable(Cause),
    /// A fault of ours or of the deployment: no permission, no table, an item that is not one of ours.
    Fault(Cause),
}

/// What is behind an error, for the log.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// Error codes by which DynamoDB asks for patience
/// ([error handling](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html)).
const THROTTLING_CODES: [&str; 8] = [
    "LimitExceededException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionConflictException",
];

impl TableError {
    /// Whether a code means throttling, in an error or in a transaction's cancellation reasons.
    pub(super) fn is_throttling(code: &str) -> bool {
        THROTTLING_CODES.contains(&code)
    }

    /// The causes, outermost first. Their `Display`, as the `Debug` of SDK errors can hold raw bodies.
    #[must_use]
    pub fn chain(&self) -> String {
        let (Self::Throttled(cause) | Self::Unreachable(cause) | Self::Fault(cause)) = self;
        let mut chain = cause.to_string();
        let mut source = cause.source();
        while let Some(cause) = source {
            chain.push_str(": ");
            chain.push_str(&cause.to_string());
            source = cause.source();
        }
        chain
    }
}

/// The operating system has no randomness, without which nothing is written.
impl From<getrandom::Error> for TableError {
    fn from(error: getrandom::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl<E> From<SdkError<E, HttpResponse>> for TableError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let kind: fn(Cause) -> Self = match &error {
            SdkError::ServiceError(context) => match context.err().code() {
                Some(code) if Self::is_throttling(code) => Self::Throttled,
                Some(_) if !context.raw().status().is_server_error() => Self::Fault,
                // An error of its own, or an answer without a code: not DynamoDB in good health.
                Some(_) | None => Self::Unreachable,
            },
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
                Self::Unreachable
            }
            // Construction failures, and what a later SDK may add.
            _ => Self::Fault,
        };
        kind(error.into())
    }
}

/// What [`TableError::chain`] says, for the same reason.
impl fmt::Debug for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}: {}", self.chain())
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled(_) => "DynamoDB is throttling",
            Self::Unreachable(_) => "DynamoDB cannot be reached",
            Self::Fault(_) => "DynamoDB refused the request",
        })
    }
}

impl Error for TableError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let (Self::Throttled(cause) | Self::Unreachable(cause) | Self::Fault(cause)) = self;
        Some(cause.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemError;
    use lambda_http::http::Response;

    use super::*;

    #[test]
    fn debug_shows_no_answer_of_dynamodbs() {
        let answer = Response::new("JBSWY3DPEHPK3PXP".into());
        let answer = HttpResponse::try_from(answer).unwrap();
        let error: SdkError<GetItemError, _> = SdkError::response_error("garbled", answer);
        assert!(
            format!("{error:?}").contains("JBSWY3DPEHPK3PXP"),
            "the SDK's own does"
        );
        let error = TableError::from(error);
        assert_eq!(
            format!("{error:?}"),
            "DynamoDB cannot be reached: response error: garbled"
        );
    }
}
