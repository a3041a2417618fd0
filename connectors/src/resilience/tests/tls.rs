//! Whom we trust: a company's own authority when it is configured, and nobody else.
//! The certificates were made for these tests; their authority's key no longer exists.

use std::sync::Arc;

use domain::ConnectorId;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::real_http::Server;
use super::*;
use crate::SystemClock;

const AUTHORITY: &[u8] = include_bytes!("certificates/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("certificates/server.pem");
const KEY: &[u8] = include_bytes!("certificates/server.key.pem");

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

/// A server at 127.0.0.1 whose certificate the test authority has signed for that address.
pub(crate) async fn trusted_by_the_authority() -> Server {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(KEY).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a matching key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serving = async move {
        while let Ok((socket, _)) = listener.accept().await {
            // A client that does not trust us hangs up here.
            let Ok(mut socket) = acceptor.accept(socket).await else { continue };
            let mut request = [0; 4096];
            if socket.read(&mut request).await.is_ok() {
                socket.write_all(ANSWER).await.ok();
                socket.shutdown().await.ok();
            }
        }
    };
    Server::running(address, serving)
}

async fn failure(server: &Server, host: &str, authority: Option<&[u8]>) -> (FailureKind, String) {
    let url = format!("https://{host}:{}", server.address.port());
    let system = server.system_with(|config| {
        config.base_url = url;
        config.extra_ca_pem = authority.map(<[u8]>::to_vec);
    });
    let error = system.send(read()).await.expect_err("a failure");
    (error.kind, error.cause.map(|cause| cause.to_string()).unwrap_or_default())
}

#[tokio::test]
async fn a_companys_own_authority_is_trusted_when_it_is_configured() {
    let server = trusted_by_the_authority().await;
    let url = format!("https://{}", server.address);
    let system = server.system_with(|config| {
        config.base_url = url;
        config.extra_ca_pem = Some(AUTHORITY.to_vec());
    });
    let answer = system.send(read()).await.expect("an answer");
    assert_eq!(answer.body, "{}");
}

#[tokio::test]
async fn nobody_else_is() {
    let server = trusted_by_the_authority().await;
    // The server's own certificate stands in for any other authority.
    let (kind, cause) = failure(&server, "127.0.0.1", Some(CERTIFICATE)).await;
    assert_eq!(kind, FailureKind::TlsFailed);
    assert_eq!(cause, "its certificate has an issuer that we do not trust");
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let server = trusted_by_the_authority().await;
    let (kind, cause) = failure(&server, "localhost", Some(AUTHORITY)).await;
    assert_eq!(kind, FailureKind::TlsFailed);
    assert_eq!(cause, "its certificate is for another host");
}

#[tokio::test]
async fn a_server_that_only_speaks_plainly_fails_the_handshake() {
    let server = Server::raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let (kind, cause) = failure(&server, "127.0.0.1", Some(AUTHORITY)).await;
    assert_eq!(kind, FailureKind::TlsFailed);
    assert_eq!(cause, "the TLS handshake failed");
}

#[test]
fn certificates_that_are_none_are_refused_at_once() {
    let mut config = UpstreamConfig::new(ConnectorId::new("fake"), "https://acme.example", Arc::new(SystemClock));
    config.extra_ca_pem = Some(b"nothing of the kind".to_vec());
    assert_eq!(Upstream::new(config).err(), Some(SetupError::ExtraCertificates));
}
