//! What is between the function and DynamoDB when all is well: TLS, and the time that a network takes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A way to a DynamoDB that is called without TLS.
pub struct Wire {
    /// Where it begins.
    pub endpoint: String,
}

impl Wire {
    /// A way on which every request takes this long; answers come at once.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn slow(endpoint: &str, latency: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let upstream = upstream(endpoint);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, upstream.clone(), latency));
            }
        });
        Ok(Self {
            endpoint: format!("http://{address}"),
        })
    }

    /// A way through TLS, and the root certificate that a caller has to trust, in PEM.
    ///
    /// # Errors
    /// When there is no free port, or no randomness for keys.
    pub async fn tls(endpoint: &str) -> io::Result<(Self, String)> {
        let (config, root) = certified().map_err(io::Error::other)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let upstream = upstream(endpoint);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
                tokio::spawn(async move {
                    client.set_nodelay(true)?;
                    carry(acceptor.accept(client).await?, upstream, Duration::ZERO).await
                });
            }
        });
        let wire = Self {
            endpoint: format!("https://{address}"),
        };
        Ok((wire, root))
    }
}

fn upstream(endpoint: &str) -> String {
    endpoint.trim_start_matches("http://").to_owned()
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

/// Carries bytes both ways until one side ends.
async fn carry<S>(client: S, upstream: String, latency: Duration) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut server = TcpStream::connect(upstream).await?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = server.split();
    let requests = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = from_client.read(&mut buffer).await?;
            if length == 0 {
                return to_server.shutdown().await;
            }
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            to_server.write_all(buffer.split_at(length).0).await?;
        }
    };
    let answers = async {
        tokio::io::copy(&mut from_server, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::try_join!(requests, answers)?;
    Ok(())
}
