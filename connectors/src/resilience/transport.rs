//! The one place that speaks HTTP. Everything is bounded: redirects stay on the host, bodies are
//! counted after decompression, and whoever calls bounds the time.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, header};
use url::Url;

use super::request::Redirects;
use super::settings::Settings;
use super::wire_failure::{classify, setup_failure};
use crate::error::{Failure, FailureKind};

/// One HTTP exchange, as it will go out.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) redirects: Redirects,
    pub(super) max_body_bytes: usize,
}

/// What came back.
#[derive(Debug)]
pub(super) struct WireAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Carries one exchange; tests put a script in its place.
#[async_trait]
pub(super) trait Transport: Send + Sync {
    async fn exchange(&self, wire: Wire) -> Result<WireAnswer, Failure>;
}

/// The system could not be set up from its configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The base URL is not an `http` or `https` URL with a host, or carries a password.
    #[error("the base URL is not a plain http or https URL")]
    BaseUrl,
    /// The extra certificates are not PEM, or hold none.
    #[error("the extra CA file holds no PEM certificate")]
    ExtraCertificates,
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be set up: {0}")]
    Client(&'static str),
    /// A setting is out of its bounds.
    #[error("{path} must be {bounds}")]
    Setting {
        /// Which one.
        path: &'static str,
        /// The bounds it has to keep.
        bounds: &'static str,
    },
}

const MOST_REDIRECTS: usize = 5;
/// Of an error's body only so much is kept: enough for a vendor's own error format.
const MOST_OF_AN_ERROR: usize = 64 * 1024;

/// Real HTTP.
pub(super) struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    pub(super) fn new(base: &Url, settings: &Settings, extra_ca_pem: Option<&[u8]>) -> Result<Self, SetupError> {
        // An earlier installation, by us or by the program around us, is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("interlock/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .gzip(true)
            .connect_timeout(settings.connect_timeout)
            .pool_max_idle_per_host(settings.limits.concurrency);
        let certificates = match extra_ca_pem {
            Some(pem) => read_certificates(pem)?,
            None => Vec::new(),
        };
        builder = if base.scheme() == "http" {
            // Without TLS a machine that has no CA certificates at all must still do.
            builder.tls_certs_only(certificates)
        } else {
            builder.tls_certs_merge(certificates)
        };
        if is_loopback(base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| SetupError::Client(setup_failure(&error)))?;
        Ok(Self { client })
    }

    async fn send_once(&self, wire: &Wire, url: Url) -> Result<reqwest::Response, Failure> {
        let mut request = reqwest::Request::new(wire.method.clone(), url);
        *request.headers_mut() = wire.headers.clone();
        if !wire.body.is_empty() {
            *request.body_mut() = Some(wire.body.clone().into());
        }
        self.client.execute(request).await.map_err(|error| classify(&error))
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn exchange(&self, mut wire: Wire) -> Result<WireAnswer, Failure> {
        let mut url = wire.url.clone();
        let mut redirects = 0;
        loop {
            let response = self.send_once(&wire, url.clone()).await?;
            if !is_redirect(response.status()) {
                return read_whole(response, wire.max_body_bytes).await;
            }
            redirects += 1;
            let next = follow(&wire, &url, response.headers())?;
            if next.origin() != url.origin() {
                // Nothing of ours goes to another host, its redirects back to us included.
                wire.headers.clear();
            }
            url = next;
            if redirects > MOST_REDIRECTS {
                return Err(Failure::new(FailureKind::RedirectRefused, "it redirected more than five times"));
            }
        }
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads, if we go there at all.
fn follow(wire: &Wire, from: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
    let refuse = |cause| Err(Failure::new(FailureKind::RedirectRefused, cause));
    if wire.method != Method::GET && wire.method != Method::HEAD {
        // Repeating a body elsewhere, or turning it into a GET, is not what was asked.
        return refuse("it redirected a request that carries a body");
    }
    let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let Some(next) = location.and_then(|location| from.join(location).ok()) else {
        return refuse("it redirected without saying where to");
    };
    let elsewhere = wire.redirects == Redirects::AnyHost && (next.scheme() == "https" || from.scheme() == "http");
    if next.origin() != from.origin() && !elsewhere {
        return refuse("it redirected to another host, often a login page");
    }
    Ok(next)
}

async fn read_whole(mut response: reqwest::Response, most: usize) -> Result<WireAnswer, Failure> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let most = if is_error { most.min(MOST_OF_AN_ERROR) } else { most };
    let announced = response.content_length().unwrap_or(0);
    if !is_error && announced > most as u64 {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        let room = most - body.len();
        if chunk.len() <= room {
            body.extend_from_slice(&chunk);
        } else if is_error {
            body.extend_from_slice(chunk.get(..room).unwrap_or_default());
            break;
        } else {
            return Err(too_large());
        }
    }
    Ok(WireAnswer { status, headers: std::mem::take(response.headers_mut()), body: body.freeze() })
}

fn too_large() -> Failure {
    Failure::new(FailureKind::TooLarge, "the body is larger than this request may hold")
}

fn read_certificates(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, SetupError> {
    let certificates = reqwest::Certificate::from_pem_bundle(pem);
    certificates.ok().filter(|list| !list.is_empty()).ok_or(SetupError::ExtraCertificates)
}

fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A transport that many calls share.
pub(super) type SharedTransport = Arc<dyn Transport>;
