//! A proxy in front of DynamoDB or KMS that fails on demand, at the network, one call after another.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::wire::forward;

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: the call goes through.
    None,
    /// The connection is closed before the call gets anywhere.
    CutBefore,
    /// The service does what it is asked, and its answer is lost.
    CutAfter,
    /// The service does what it is asked, and half of its answer comes.
    CutWithin,
    /// No answer ever comes, and the service never hears of the call.
    HangBefore,
    /// The service does what it is asked, and its answer never comes.
    HangAfter,
    /// The answer comes late, within the client's patience.
    Delay,
    /// The service says that it failed: `InternalServerError` of DynamoDB, `KMSInternalException` of KMS.
    InternalServerError,
    /// Something between answers 503 without a body.
    ServiceUnavailable,
    /// DynamoDB throttles the table. KMS throttles no key: what can be wrong with one for a while is that it is unavailable,
    /// `KeyUnavailableException`, a 500.
    ProvisionedThroughputExceeded,
    /// The service throttles the account.
    Throttling,
    /// Another transaction has one of the items. That is nothing that DynamoDB says of a transaction that it was asked for before, by
    /// its `ClientRequestToken`, since it may have done it: such a call goes through. KMS has no transactions: it does too.
    TransactionConflict,
    /// DynamoDB does what it is asked, and says that it is still at it. KMS has no transactions: the call goes through.
    TransactionInProgress,
    /// DynamoDB reads nothing of a batch, for want of capacity, and says which keys it left. Only batches are answered so: any other
    /// call goes through.
    Unprocessed,
    /// The answer is a 200 that isn't the service's.
    Garbage,
    /// The service does what it is asked, and its answer is garbled on the way.
    GarbageAfter,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 15] = [
        Self::CutBefore,
        Self::CutAfter,
        Self::CutWithin,
        Self::HangBefore,
        Self::HangAfter,
        Self::Delay,
        Self::InternalServerError,
        Self::ServiceUnavailable,
        Self::ProvisionedThroughputExceeded,
        Self::Throttling,
        Self::TransactionConflict,
        Self::TransactionInProgress,
        Self::Unprocessed,
        Self::Garbage,
        Self::GarbageAfter,
    ];

    /// Whether the answer is one that the SDK cannot read, which it doesn't try again.
    #[must_use]
    pub fn is_unreadable(self) -> bool {
        matches!(self, Self::Garbage | Self::GarbageAfter)
    }

    /// Whether the client has to wait for its own time limit.
    #[must_use]
    pub fn is_slow(self) -> bool {
        matches!(self, Self::HangBefore | Self::HangAfter)
    }
}

/// The proxy: it listens on an address of its own.
pub struct FaultProxy {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    upstream: String,
    script: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    next: VecDeque<Fault>,
    then: Option<Fault>,
    calls: Vec<String>,
    forwarded: Vec<String>,
    /// How often all connections that were open were dropped.
    drops: u32,
    /// The tokens of the transactions among them.
    transactions: Vec<String>,
}

impl Script {
    fn asks(&mut self, operation: String, token: Option<String>) {
        self.forwarded.push(operation);
        self.transactions.extend(token);
    }
}

impl FaultProxy {
    /// Starts a proxy in front of `endpoint`, which lets everything through until it is told otherwise.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(endpoint: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let upstream = endpoint.trim_start_matches("http://").to_owned();
        let state = Arc::new(State {
            upstream,
            script: Mutex::default(),
        });
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let serving = Arc::clone(&serving);
                // A connection that breaks is what this is for.
                tokio::spawn(async move { serving.serve(connection).await.ok() });
            }
        });
        Ok(Self { address, state })
    }

    /// Where the proxy is.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What is to happen to the next calls, one by one, and then to every further one.
    pub fn script(&self, next: &[Fault], then: Fault) {
        let mut script = self.state.script();
        script.next = next.iter().copied().collect();
        script.then = Some(then);
        script.calls.clear();
        script.forwarded.clear();
        script.transactions.clear();
    }

    /// Drops all connections that are open without a word, as what is between does with those that are idle: whatever comes on them
    /// from now on gets nowhere, and nobody is told.
    pub fn drop_connections(&self) {
        self.state.script().drops += 1;
    }

    /// The operations that were called since the last script began.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.state.script().calls.clone()
    }

    /// The operations that the service was asked for since the last script began, whatever became of its answers.
    #[must_use]
    pub fn forwarded(&self) -> Vec<String> {
        self.state.script().forwarded.clone()
    }
}

impl State {
    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let opened = self.script().drops;
        let mut server = None;
        while let Some(request) = read_message(&mut client).await? {
            if self.script().drops != opened {
                return hang().await;
            }
            let (service, operation) = target(&request);
            let token = token(&request);
            let fault = {
                let mut script = self.script();
                script.calls.push(operation.clone());
                let fault = script.next.pop_front().or(script.then).unwrap_or(Fault::None);
                // Only transactions can conflict, or take their time.
                let of_transactions = [Fault::TransactionConflict, Fault::TransactionInProgress];
                let repeated = token
                    .as_ref()
                    .is_some_and(|token| script.transactions.contains(token));
                if fault == Fault::Unprocessed && operation != "BatchGetItem"
                    || of_transactions.contains(&fault) && operation != "TransactWriteItems"
                    || fault == Fault::TransactionConflict && repeated
                {
                    Fault::None
                } else {
                    fault
                }
            };
            let forwarded = match fault {
                Fault::CutBefore => return Ok(()),
                Fault::HangBefore => return hang().await,
                Fault::InternalServerError => Some(match service {
                    Service::DynamoDb => service.error(500, "InternalServerError", ""),
                    Service::Kms => service.error(500, "KMSInternalException", ""),
                }),
                Fault::ServiceUnavailable => {
                    Some(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".to_vec())
                }
                Fault::ProvisionedThroughputExceeded => Some(match service {
                    Service::DynamoDb => service.error(400, "ProvisionedThroughputExceededException", ""),
                    Service::Kms => service.error(500, "KeyUnavailableException", ""),
                }),
                Fault::Throttling => Some(service.error(400, "ThrottlingException", "")),
                Fault::TransactionConflict => Some(service.error(
                    400,
                    "TransactionCanceledException",
                    r#","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]"#,
                )),
                Fault::Unprocessed => Some(service.unprocessed(&request)),
                Fault::Garbage => Some(service.garbage()),
                _ => None,
            };
            let answer = if let Some(answer) = forwarded {
                answer
            } else {
                self.script().asks(operation, token);
                let answer = forward(&mut server, &self.upstream, &request).await?;
                match fault {
                    Fault::CutAfter => return Ok(()),
                    Fault::HangAfter => return hang().await,
                    Fault::CutWithin => {
                        client.write_all(answer.split_at(answer.len() / 2).0).await?;
                        return Ok(());
                    }
                    Fault::GarbageAfter => service.garbage(),
                    Fault::TransactionInProgress => service.error(400, "TransactionInProgressException", ""),
                    Fault::Delay => {
                        tokio::time::sleep(Duration::from_millis(150)).await;
                        answer
                    }
                    _ => answer,
                }
            };
            client.write_all(&answer).await?;
        }
        Ok(())
    }
}

async fn hang() -> io::Result<()> {
    tokio::time::sleep(Duration::from_mins(1)).await;
    Ok(())
}

/// The services that speak JSON over HTTP with an `X-Amz-Target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    DynamoDb,
    Kms,
}

impl Service {
    fn content_type(self) -> &'static str {
        match self {
            Self::DynamoDb => "application/x-amz-json-1.0",
            Self::Kms => "application/x-amz-json-1.1",
        }
    }

    /// An error as the service words it.
    fn error(self, status: u16, code: &str, more: &str) -> Vec<u8> {
        let namespace = match self {
            Self::DynamoDb => "com.amazonaws.dynamodb.v20120810#",
            Self::Kms => "",
        };
        let body = format!(r#"{{"__type":"{namespace}{code}","message":"injected"{more}}}"#);
        self.answer(&format!("{status} Injected"), body.as_bytes())
    }

    /// An answer to a batch of which nothing was read.
    fn unprocessed(self, request: &[u8]) -> Vec<u8> {
        let end = request.windows(4).position(|window| window == b"\r\n\r\n");
        let body = end.map_or(request, |end| request.split_at(end + 4).1);
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let answer = json!({"Responses": {}, "UnprocessedKeys": asked["RequestItems"]});
        self.answer("200 OK", answer.to_string().as_bytes())
    }

    /// An answer that is well-formed HTTP and nothing else.
    fn garbage(self) -> Vec<u8> {
        self.answer("200 OK", b"<html>\xff{]")
    }

    fn answer(self, status: &str, body: &[u8]) -> Vec<u8> {
        let (content_type, length) = (self.content_type(), body.len());
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n");
        [head.as_bytes(), body].concat()
    }
}

/// What a request is for, from its `X-Amz-Target`: the service, and its operation. One without counts as DynamoDB's, and has
/// no name.
pub(crate) fn target(request: &[u8]) -> (Service, String) {
    let text = String::from_utf8_lossy(request);
    let head = text.split("\r\n").take_while(|line| !line.is_empty());
    let target = head
        .filter_map(|line| line.split_once(':'))
        .find_map(|(name, value)| {
            let (service, operation) = value.trim().split_once('.')?;
            let is_target = name.eq_ignore_ascii_case("x-amz-target");
            is_target.then_some((service, operation))
        });
    match target {
        Some((service, operation)) if service.eq_ignore_ascii_case("TrentService") => {
            (Service::Kms, operation.to_owned())
        }
        Some((service, operation)) if service.eq_ignore_ascii_case("DynamoDB_20120810") => {
            (Service::DynamoDb, operation.to_owned())
        }
        _ => (Service::DynamoDb, String::new()),
    }
}

/// The token by which DynamoDB knows a transaction again.
fn token(request: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(request);
    let (_, rest) = text.split_once(r#""ClientRequestToken":""#)?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// Reads one HTTP message that says how long it is, or comes in chunks that do; `None` at the end of the connection.
pub(crate) async fn read_message(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        if is_whole(&message) {
            return Ok(Some(message));
        }
        match stream.read(&mut buffer).await? {
            0 => return Ok(None),
            length => message.extend_from_slice(buffer.split_at(length).0),
        }
    }
}

/// Whether all of an HTTP message is there.
fn is_whole(message: &[u8]) -> bool {
    let Some(end) = message.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let (head, body) = message.split_at(end + 4);
    let head = String::from_utf8_lossy(head).to_lowercase();
    let header = |name: &str| {
        let value = head.lines().find_map(|line| line.strip_prefix(name))?;
        Some(value.trim().to_owned())
    };
    // DynamoDB Local has long answers in chunks.
    if header("transfer-encoding:").is_some_and(|encoding| encoding == "chunked") {
        return has_last_chunk(body);
    }
    let length = header("content-length:").and_then(|length| length.parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// Whether the last chunk is there, and what comes after it (RFC 9112, section 7.1).
fn has_last_chunk(mut body: &[u8]) -> bool {
    loop {
        let Some(line) = body.windows(2).position(|window| window == b"\r\n") else {
            return false;
        };
        let (size, rest) = body.split_at(line);
        let size = String::from_utf8_lossy(size);
        let size = size.split(';').next().unwrap_or_default();
        match usize::from_str_radix(size.trim(), 16) {
            // Trailers are lines of their own, until an empty one.
            Ok(0) => return rest.windows(4).any(|window| window == b"\r\n\r\n"),
            Ok(size) => match rest.get(2 + size + 2..) {
                Some(next) => body = next,
                None => return false,
            },
            Err(_) => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
    use aws_sdk_kms::config::retry::RetryConfig;
    use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
    use aws_sdk_kms::types::DataKeySpec;

    use super::*;
    use crate::dynamo::{Dynamo, sdk_config};
    use crate::kms::Kms;

    fn request(target: &str) -> Vec<u8> {
        format!("POST / HTTP/1.1\r\nhost: a:1\r\n{target}\r\ncontent-length: 2\r\n\r\n{{}}").into_bytes()
    }

    #[test]
    fn a_target_is_a_service_and_an_operation() {
        let of = |line: &str| target(&request(line));
        let (dynamodb, kms) = (Service::DynamoDb, Service::Kms);
        assert_eq!(
            of("X-Amz-Target: DynamoDB_20120810.Query"),
            (dynamodb, "Query".into())
        );
        assert_eq!(of("x-amz-target:TrentService.Decrypt"), (kms, "Decrypt".into()));
        assert_eq!(of("x-amz-target: Else.Decrypt"), (dynamodb, String::new()));
        assert_eq!(of("x-other: TrentService.Decrypt"), (dynamodb, String::new()));
        // Only the head says what it is.
        let body = "content-length: 40\r\n\r\nx-amz-target: TrentService.Decrypt";
        assert_eq!(of(body), (dynamodb, String::new()));
    }

    #[test]
    fn a_message_is_whole_when_all_that_it_promises_is_there() {
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\r\n}\r\n1;a=b\r\n \r\n0\r\n\r\n";
        let trailer = chunked.replace("\r\n0\r\n\r\n", "\r\n0\r\nx: y\r\n\r\n");
        let sized = String::from_utf8(request("x: y")).expect("text");
        for message in [chunked, &trailer, &sized] {
            for length in 0..message.len() {
                let (part, _) = message.as_bytes().split_at(length);
                assert!(!is_whole(part), "{length} of {message:?}");
            }
            assert!(is_whole(message.as_bytes()), "{message:?}");
        }
    }

    /// What a service says of an error: its status and code.
    fn said<E: ProvideErrorMetadata>(error: &SdkError<E>) -> (u16, String) {
        let status = error.raw_response().map(|response| response.status().as_u16());
        (
            status.unwrap_or_default(),
            error.code().unwrap_or_default().to_owned(),
        )
    }

    #[tokio::test]
    async fn kms_fails_in_its_own_words() {
        let kms = Kms::start().await;
        let proxy = FaultProxy::start(&kms.endpoint).await.expect("a proxy");
        let config = aws_sdk_kms::config::Builder::from(&sdk_config(&proxy.endpoint()));
        let client = aws_sdk_kms::Client::from_conf(config.retry_config(RetryConfig::disabled()).build());
        for fault in Fault::ALL.into_iter().filter(|fault| !fault.is_slow()) {
            proxy.script(&[fault], Fault::None);
            let call = client.generate_data_key().key_id(&kms.key_arn);
            let answer = call.key_spec(DataKeySpec::Aes256).send().await;
            assert_eq!(proxy.calls(), ["GenerateDataKey"], "{fault:?}");
            let expected = match fault {
                Fault::InternalServerError => (500, "KMSInternalException"),
                Fault::ServiceUnavailable => (503, ""),
                Fault::ProvisionedThroughputExceeded => (500, "KeyUnavailableException"),
                Fault::Throttling => (400, "ThrottlingException"),
                Fault::Garbage | Fault::GarbageAfter => (200, ""),
                Fault::CutBefore | Fault::CutAfter | Fault::CutWithin => {
                    assert_eq!(answer.expect_err("a failure").code(), None, "{fault:?}");
                    continue;
                }
                _ => {
                    answer.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
                    continue;
                }
            };
            let error = answer.expect_err("a failure");
            let (status, code) = said(&error);
            assert_eq!((status, code.as_str()), expected, "{fault:?}: {error:?}");
        }
    }

    #[tokio::test]
    async fn a_transaction_that_dynamodb_was_asked_for_conflicts_with_none_when_it_is_repeated() {
        let dynamo = Dynamo::start().await;
        let proxy = FaultProxy::start(&dynamo.endpoint).await.expect("a proxy");
        let client = aws_sdk_dynamodb::Client::new(&sdk_config(&proxy.endpoint()));
        let key = |name: &str| (name.to_owned(), AttributeValue::S("key".to_owned()));
        let put = Put::builder().table_name(&dynamo.table_name);
        let put = put.set_item(Some([key("pk"), key("sk")].into()));
        let write = TransactWriteItem::builder().put(put.build().expect("complete"));
        let call = client.transact_write_items().transact_items(write.build());
        for (script, forwarded) in [
            ([Fault::CutAfter, Fault::TransactionConflict], 2),
            ([Fault::CutBefore, Fault::TransactionConflict], 0),
        ] {
            proxy.script(&script, Fault::None);
            let token = format!("after {forwarded}");
            let answer = call.clone().client_request_token(token).send().await;
            assert_eq!(answer.is_ok(), forwarded > 0, "{script:?}: {answer:?}");
            assert_eq!(proxy.calls().len(), 2, "{script:?}");
            assert_eq!(proxy.forwarded().len(), forwarded, "{script:?}");
        }
    }

    #[tokio::test]
    async fn dynamodb_fails_in_its_own_words() {
        let dynamo = Dynamo::start().await;
        let proxy = FaultProxy::start(&dynamo.endpoint).await.expect("a proxy");
        let config = aws_sdk_dynamodb::config::Builder::from(&sdk_config(&proxy.endpoint()));
        let client =
            aws_sdk_dynamodb::Client::from_conf(config.retry_config(RetryConfig::disabled()).build());
        for (fault, expected) in [
            (Fault::InternalServerError, (500, "InternalServerError")),
            (
                Fault::ProvisionedThroughputExceeded,
                (400, "ProvisionedThroughputExceededException"),
            ),
            (Fault::Throttling, (400, "ThrottlingException")),
        ] {
            proxy.script(&[fault], Fault::None);
            let answer = client.scan().table_name(&dynamo.table_name).send().await;
            let (status, code) = said(&answer.expect_err("a failure"));
            assert_eq!((status, code.as_str()), expected);
            assert_eq!(proxy.calls(), ["Scan"]);
        }
    }
}
