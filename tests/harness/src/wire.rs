//! What is between the function and DynamoDB or KMS when all is well: TLS, the time that a network takes, and, for
//! benchmarks of the function alone, an end to their own time.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
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
}

/// What a wire is like; by default as if it weren't there.
#[derive(Clone, Copy, Default)]
pub struct Properties {
    /// Whether it begins with TLS.
    pub tls: bool,
    /// How long a request takes; answers come at once.
    pub latency: Duration,
    /// Whether every call is answered with what was answered to the first of its operation, or to the same query, without
    /// asking again.
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
        let record = properties.recorded.then(Record::default);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, upstream, record) = (acceptor.clone(), upstream.clone(), record.clone());
                tokio::spawn(async move {
                    client.set_nodelay(true)?;
                    match acceptor {
                        Some(acceptor) => {
                            let client = acceptor.accept(client).await?;
                            carry(client, upstream, properties.latency, record).await
                        }
                        None => carry(client, upstream, properties.latency, record).await,
                    }
                });
            }
        });
        let scheme = if properties.tls { "https" } else { "http" };
        Ok(Self {
            endpoint: format!("{scheme}://{address}"),
            root,
        })
    }
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

/// Carries requests one way and answers the other, until the client ends.
async fn carry<S>(
    mut client: S,
    upstream: String,
    latency: Duration,
    record: Option<Record>,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut server = None;
    while let Some(request) = read_message(&mut client).await? {
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let question = question(&request);
        let recorded = record
            .as_ref()
            .and_then(|record| lock(record).get(&question).cloned());
        let answer = match recorded {
            Some(answer) => answer,
            None => forward(&mut server, &upstream, &request).await?,
        };
        client.write_all(&answer).await?;
        client.flush().await?;
        if let Some(record) = &record {
            lock(record).entry(question).or_insert(answer);
        }
    }
    Ok(())
}

/// What tells a call from others that have other answers: its operation, and of a query all that it says.
fn question(request: &[u8]) -> String {
    let (_, operation) = target(request);
    if operation != "Query" {
        return operation;
    }
    let text = String::from_utf8_lossy(request);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    operation + body
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
