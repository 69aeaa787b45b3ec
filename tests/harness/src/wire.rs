//! What is between the function and DynamoDB or KMS when all is well: TLS, the time that a network takes, and, for
//! benchmarks of the function alone, an end to their own time.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::faults::{read_message, target};

/// A wire to a DynamoDB or a KMS, which is itself called without TLS.
pub struct Wire {
    /// Where it begins.
    pub endpoint: String,
    /// The root certificate that a caller has to trust, in PEM; empty without TLS.
    pub root: String,
    calls: Arc<AtomicUsize>,
}

/// What a wire is like; by default as if it weren't there.
#[derive(Clone, Copy, Default)]
pub struct Properties {
    /// Whether it begins with TLS.
    pub tls: bool,
    /// How long a request takes; answers come at once.
    pub latency: Duration,
    /// Whether every call is answered with what was answered to the first of its operation, to the first that read the same
    /// item, or to the same query, without asking again.
    pub recorded: bool,
}

/// The answers by what was asked.
type Record = Arc<Mutex<HashMap<String, Vec<u8>>>>;

impl Wire {
    /// Starts a wire to `endpoint`.
    ///
    /// # Errors
    /// When there is no free port, or no randomness for keys.
    pub async fn start(endpoint: &str, properties: Properties) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let upstream = endpoint.trim_start_matches("http://").to_owned();
        let (acceptor, root) = if properties.tls {
            let (config, root) = certified().map_err(io::Error::other)?;
            (Some(TlsAcceptor::from(Arc::new(config))), root)
        } else {
            (None, String::new())
        };
        let calls = Arc::new(AtomicUsize::new(0));
        let carrier = Carrier {
            upstream,
            latency: properties.latency,
            record: properties.recorded.then(Record::default),
            calls: Arc::clone(&calls),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, carrier) = (acceptor.clone(), carrier.clone());
                tokio::spawn(async move {
                    client.set_nodelay(true)?;
                    match acceptor {
                        Some(acceptor) => carrier.carry(acceptor.accept(client).await?).await,
                        None => carrier.carry(client).await,
                    }
                });
            }
        });
        let scheme = if properties.tls { "https" } else { "http" };
        Ok(Self {
            endpoint: format!("{scheme}://{address}"),
            root,
            calls,
        })
    }

    /// How many calls came by this wire.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

/// What a wire does on each of its connections.
#[derive(Clone)]
struct Carrier {
    upstream: String,
    latency: Duration,
    record: Option<Record>,
    calls: Arc<AtomicUsize>,
}

/// A server of 127.0.0.1 whose certificate hangs from a root of its own.
fn certified() -> Result<(ServerConfig, String), Box<dyn std::error::Error + Send + Sync>> {
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate()?;
    let root_certificate = root.self_signed(&root_key)?;
    let key = KeyPair::generate()?;
    let issuer = Issuer::new(root, root_key);
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok((config, root_certificate.pem()))
}

impl Carrier {
    /// Carries requests one way and answers the other, until the client ends.
    async fn carry<S>(self, mut client: S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut server = None;
        while let Some(request) = read_message(&mut client).await? {
            self.calls.fetch_add(1, Ordering::Relaxed);
            if !self.latency.is_zero() {
                tokio::time::sleep(self.latency).await;
            }
            let question = question(&request);
            let recorded = self
                .record
                .as_ref()
                .and_then(|record| lock(record).get(&question).cloned());
            let answer = match recorded {
                Some(answer) => answer,
                None => forward(&mut server, &self.upstream, &request).await?,
            };
            client.write_all(&answer).await?;
            client.flush().await?;
            if let Some(record) = &self.record {
                lock(record).entry(question).or_insert(answer);
            }
        }
        Ok(())
    }
}

/// What tells a call from others that have other answers: its operation, of a read the item's key, and of a query all that it
/// says.
fn question(request: &[u8]) -> String {
    let (_, operation) = target(request);
    let text = String::from_utf8_lossy(request);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    match operation.as_str() {
        "Query" => operation + body,
        "GetItem" => {
            let read: Value = serde_json::from_str(body).unwrap_or_default();
            // The SDK sends the attributes in any order.
            let key = ["pk", "sk"].map(|name| read["Key"][name]["S"].as_str().unwrap_or_default());
            format!("{operation} {}", key.join(" "))
        }
        _ => operation,
    }
}

fn lock(record: &Record) -> std::sync::MutexGuard<'_, HashMap<String, Vec<u8>>> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has a request answered, over a connection that is opened when it is first needed.
pub(crate) async fn forward(
    server: &mut Option<TcpStream>,
    upstream: &str,
    request: &[u8],
) -> io::Result<Vec<u8>> {
    if server.is_none() {
        let connection = TcpStream::connect(upstream).await?;
        connection.set_nodelay(true)?;
        *server = Some(connection);
    }
    let server = server.as_mut().ok_or(io::ErrorKind::NotConnected)?;
    server.write_all(request).await?;
    read_message(server)
        .await?
        .ok_or(io::ErrorKind::UnexpectedEof.into())
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;
    use crate::dynamo::{Dynamo, Item};

    fn item(sk: &str, name: &str) -> Item {
        [("pk", "a partition"), ("sk", sk), ("name", name)]
            .map(|(attribute, text)| (attribute.to_owned(), AttributeValue::S(text.to_owned())))
            .into()
    }

    #[tokio::test]
    async fn a_wire_replays_what_was_read_of_each_item_and_counts_what_came_by() {
        let dynamo = Dynamo::start().await;
        let recorded = Properties {
            recorded: true,
            ..Properties::default()
        };
        let wire = Wire::start(&dynamo.endpoint, recorded).await.expect("a wire");
        let by_wire = Dynamo::at(wire.endpoint.clone(), dynamo.table_name.clone());
        dynamo.put(item("one", "first")).await;
        // Often enough that the attributes of a key come in both orders.
        for _ in 0..20 {
            let one = by_wire.item("a partition", "one").await;
            assert_eq!(one, Some(item("one", "first")));
            dynamo.put(item("one", "second")).await;
        }
        dynamo.put(item("other", "second")).await;
        let other = by_wire.item("a partition", "other").await;
        assert_eq!(other, Some(item("other", "second")));
        assert_eq!(wire.calls(), 21);
    }
}
