//! Why AWS did not do what it was asked, by what the caller can do about it.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::operation::scan::ScanError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::operation::generate_data_key::GenerateDataKeyError;

/// Why something behind the function did not do what it was asked.
pub enum Failure {
    /// It asks for patience, or writers of one item keep colliding: try again soon.
    Throttled(Cause),
    /// It could not be reached in time, or what answered isn't in good health: try again later.
    Unreachable(Cause),
    /// A fault of ours or of the deployment: no permission, no table, no key, an item that is not one of ours.
    Fault(Cause),
}

/// What is behind a failure, for the log.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// Error codes by which DynamoDB
/// ([error handling](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html)) and KMS
/// ([throttling](https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html)) ask for patience.
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

impl Failure {
    /// Whether a code means throttling, in an error or in a transaction's cancellation reasons.
    pub(crate) fn is_throttling(code: &str) -> bool {
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

/// An error of one of AWS's services, which its type names.
pub(crate) trait OfService: ProvideErrorMetadata + Error + Send + Sync + 'static {
    /// The service's name.
    const SERVICE: &'static str;
}

macro_rules! of_service {
    ($service:literal: $($error:ty),+) => {
        $(impl OfService for $error {
            const SERVICE: &'static str = $service;
        })+
    };
}

of_service!("DynamoDB": BatchGetItemError, GetItemError, QueryError, ScanError, TransactWriteItemsError, UpdateItemError);
of_service!("KMS": DecryptError, GenerateDataKeyError);

impl<E: OfService> From<SdkError<E, HttpResponse>> for Failure {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        type Kind = (fn(Cause) -> Failure, &'static str);
        const THROTTLED: Kind = (Failure::Throttled, "is throttling");
        const UNREACHABLE: Kind = (Failure::Unreachable, "cannot be reached");
        const REFUSED: Kind = (Failure::Fault, "refused the request");
        let (kind, what) = match &error {
            SdkError::ServiceError(context) => match context.err().code() {
                Some(code) if Self::is_throttling(code) => THROTTLED,
                Some(_) if !context.raw().status().is_server_error() => REFUSED,
                // An error of its own, or an answer without a code: not the service in good health.
                Some(_) | None => UNREACHABLE,
            },
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
                UNREACHABLE
            }
            // Construction failures, and what a later SDK may add.
            _ => REFUSED,
        };
        kind(Box::new(Of {
            service: E::SERVICE,
            what,
            error: error.into(),
        }))
    }
}

/// The operating system has no randomness, without which nothing is written.
impl From<getrandom::Error> for Failure {
    fn from(error: getrandom::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// What a service did, and the SDK's error about it.
struct Of {
    service: &'static str,
    what: &'static str,
    error: Cause,
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.service, self.what)
    }
}

/// Without the SDK's error, whose `Debug` can hold raw bodies: of KMS, a key.
impl fmt::Debug for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Of {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.error.as_ref())
    }
}

/// What [`Failure::chain`] says, for the same reason.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain())
    }
}

impl Error for Failure {}

#[cfg(test)]
mod tests {
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
        let error = Failure::from(error);
        assert_eq!(
            format!("{error:?}"),
            "DynamoDB cannot be reached: response error: garbled"
        );
    }
}
