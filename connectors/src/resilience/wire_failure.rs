//! Names the failures of the HTTP library. Its own messages carry URLs, so none of them is kept.

use std::error::Error;
use std::io::ErrorKind;

use rustls::CertificateError;

use crate::error::{Failure, FailureKind};

/// What an error of the HTTP library means to us.
pub(super) fn classify(error: &reqwest::Error) -> Failure {
    let tls = causes(error).find_map(tls_failure);
    if let Some(cause) = tls {
        return Failure::new(FailureKind::TlsFailed, cause);
    }
    if error.is_timeout() {
        return Failure::new(FailureKind::TimedOut, "no connection was made in time");
    }
    let io = causes(error).find_map(|cause| cause.downcast_ref::<std::io::Error>());
    match io.map(std::io::Error::kind) {
        Some(ErrorKind::ConnectionRefused) => unreachable("the connection was refused"),
        Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe) => {
            unreachable("the connection was reset")
        }
        Some(ErrorKind::UnexpectedEof) => unreachable("the connection was cut"),
        Some(ErrorKind::TimedOut) => Failure::new(FailureKind::TimedOut, "the network gave up waiting"),
        Some(ErrorKind::InvalidData | ErrorKind::InvalidInput) if !error.is_connect() => {
            Failure::new(FailureKind::Malformed, "the compressed body is broken")
        }
        _ if error.is_connect() => unreachable("no connection could be made; its name may not resolve"),
        _ if error.is_builder() => Failure::new(FailureKind::Unsendable, "the request could not be built"),
        _ if error.is_decode() || error.is_body() => unreachable("the body was cut"),
        _ => unreachable("the connection broke"),
    }
}

/// Why the HTTP client could not be built.
pub(super) fn setup_failure(error: &reqwest::Error) -> &'static str {
    let tls = causes(error).any(|cause| cause.downcast_ref::<rustls::Error>().is_some());
    if tls { "no CA certificates are installed on this machine" } else { "the settings do not fit together" }
}

fn unreachable(cause: &'static str) -> Failure {
    Failure::new(FailureKind::Unreachable, cause)
}

fn tls_failure(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    Some(match cause.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another host"
            }
            CertificateError::UnknownIssuer => "its certificate has an issuer that we do not trust",
            CertificateError::Revoked => "its certificate was revoked",
            _ => "its certificate is not acceptable",
        },
        _ => "the TLS handshake failed",
    })
}

/// The error and everything behind it, looking into I/O errors too, which hide what they wrap.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}
