//! A proxy in front of DynamoDB that fails on demand, at the network, one call after another.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
    /// DynamoDB does what it is asked, and its answer is lost.
    CutAfter,
    /// DynamoDB does what it is asked, and half of its answer comes.
    CutWithin,
    /// No answer ever comes, and DynamoDB never hears of the call.
    HangBefore,
    /// DynamoDB does what it is asked, and its answer never comes.
    HangAfter,
    /// The answer comes late, within the client's patience.
    Delay,
    /// DynamoDB says that it failed.
    InternalServerError,
    /// Something between answers 503 without a body.
    ServiceUnavailable,
    /// DynamoDB throttles the table.
    ProvisionedThroughputExceeded,
    /// DynamoDB throttles the account.
    Throttling,
    /// Another transaction has one of the items.
    TransactionConflict,
    /// DynamoDB does what it is asked, and says that it is still at it.
    TransactionInProgress,
    /// The answer is a 200 that isn't DynamoDB's.
    Garbage,
    /// DynamoDB does what it is asked, and its answer is garbled on the way.
    GarbageAfter,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 14] = [
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
    }

    /// The DynamoDB operations that were called since the last script began.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.state.script().calls.clone()
    }
}

impl State {
    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let mut server = None;
        while let Some(request) = read_message(&mut client).await? {
            let operation = operation(&request);
            let fault = {
                let mut script = self.script();
                script.calls.push(operation.clone());
                let fault = script.next.pop_front().or(script.then).unwrap_or(Fault::None);
                // Only transactions can conflict, or take their time.
                let of_transactions = [Fault::TransactionConflict, Fault::TransactionInProgress];
                if of_transactions.contains(&fault) && operation != "TransactWriteItems" {
                    Fault::None
                } else {
                    fault
                }
            };
            let forwarded = match fault {
                Fault::CutBefore => return Ok(()),
                Fault::HangBefore => return hang().await,
                Fault::InternalServerError => Some(error(500, "InternalServerError", "")),
                Fault::ServiceUnavailable => {
                    Some(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".to_vec())
                }
                Fault::ProvisionedThroughputExceeded => {
                    Some(error(400, "ProvisionedThroughputExceededException", ""))
                }
                Fault::Throttling => Some(error(400, "ThrottlingException", "")),
                Fault::TransactionConflict => Some(error(
                    400,
                    "TransactionCanceledException",
                    r#","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]"#,
                )),
                Fault::Garbage => Some(GARBAGE.to_vec()),
                _ => None,
            };
            let answer = if let Some(answer) = forwarded {
                answer
            } else {
                let answer = forward(&mut server, &self.upstream, &request).await?;
                match fault {
                    Fault::CutAfter => return Ok(()),
                    Fault::HangAfter => return hang().await,
                    Fault::CutWithin => {
                        client.write_all(answer.split_at(answer.len() / 2).0).await?;
                        return Ok(());
                    }
                    Fault::GarbageAfter => GARBAGE.to_vec(),
                    Fault::TransactionInProgress => error(400, "TransactionInProgressException", ""),
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

/// An answer that is well-formed HTTP and nothing else.
const GARBAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 9\r\n\r\n<html>\xff{]";

async fn hang() -> io::Result<()> {
    tokio::time::sleep(Duration::from_mins(1)).await;
    Ok(())
}

/// An error as DynamoDB words it.
fn error(status: u16, code: &str, more: &str) -> Vec<u8> {
    let body =
        format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"injected"{more}}}"#);
    format!(
        "HTTP/1.1 {status} Injected\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The operation that a request asks for, from its `X-Amz-Target`.
pub(crate) fn operation(request: &[u8]) -> String {
    let head = String::from_utf8_lossy(request).to_lowercase();
    let original = String::from_utf8_lossy(request);
    let start = head
        .find("x-amz-target: dynamodb_20120810.")
        .map(|start| start + "x-amz-target: dynamodb_20120810.".len());
    start
        .and_then(|start| original.get(start..))
        .and_then(|rest| rest.split("\r\n").next())
        .unwrap_or_default()
        .to_owned()
}

/// Reads one HTTP message that says how long it is; `None` at the end of the connection.
pub(crate) async fn read_message(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        if let Some(end) = message.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(message.split_at(end).0).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|length| length.trim().parse::<usize>().ok())
                .unwrap_or(0);
            if message.len() >= end + 4 + length {
                return Ok(Some(message));
            }
        }
        match stream.read(&mut buffer).await? {
            0 => return Ok(None),
            length => message.extend_from_slice(buffer.split_at(length).0),
        }
    }
}
