//! Which names the gateway answers to. A page of another site can make a browser resolve that site's name to
//! 127.0.0.1 and then read answers as if they were its own (DNS rebinding): on loopback, only names of this
//! machine and configured ones are answered. A browser's `Origin` must be the gateway itself or configured.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, StatusCode, header, request::Parts};

use super::problem::{Code, Problem};

#[derive(Debug, Clone)]
pub struct HostPolicy {
    bound_to_loopback: bool,
    configured: Vec<String>,
}

impl HostPolicy {
    /// `configured` are host names without port, as clients and browsers write them.
    pub fn new(listen: SocketAddr, configured: &[String]) -> Self {
        HostPolicy {
            bound_to_loopback: listen.ip().is_loopback(),
            configured: configured.iter().map(|name| name.to_ascii_lowercase()).collect(),
        }
    }

    pub(super) fn check(&self, parts: &Parts) -> Result<(), Problem> {
        if self.bound_to_loopback && !self.knows_addressed_host(parts) {
            return Err(Problem::of_http(
                StatusCode::MISDIRECTED_REQUEST,
                Code::Forbidden,
                "This gateway does not answer to that host name.",
            ));
        }
        match parts.headers.get(header::ORIGIN) {
            Some(origin) if !self.admits_origin(origin.to_str().unwrap_or_default(), parts) => {
                Err(Problem::of_http(
                    StatusCode::FORBIDDEN,
                    Code::Forbidden,
                    "This gateway does not answer to pages of that origin.",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Is the request addressed to this machine by a name of its own, or by a configured one?
    pub(super) fn knows_addressed_host(&self, parts: &Parts) -> bool {
        addressed_authority(parts).is_some_and(|authority| {
            let host = host_of(authority);
            is_loopback_name(&host) || self.configured.contains(&host)
        })
    }

    fn admits_origin(&self, origin: &str, parts: &Parts) -> bool {
        let Some((_, authority)) = origin.split_once("://") else {
            return false;
        };
        addressed_authority(parts).is_some_and(|own| own.eq_ignore_ascii_case(authority))
            || self.configured.contains(&host_of(authority))
    }
}

fn addressed_authority(parts: &Parts) -> Option<&str> {
    let from_target = parts.uri.authority().map(axum::http::uri::Authority::as_str);
    from_target.or_else(|| only_host_header(&parts.headers))
}

fn only_host_header(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::HOST).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    value.to_str().ok()
}

/// Without port, brackets, trailing dot and capitals.
fn host_of(authority: &str) -> String {
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn is_loopback_name(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(listen: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = axum::http::Request::builder().uri("/graphql");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let policy = HostPolicy::new(listen.parse().unwrap(), &["Gateway.Bank.example".to_owned()]);
        policy.check(&parts).is_ok()
    }

    #[test]
    fn loopback_answers_to_its_own_names_only() {
        for host in [
            "localhost",
            "LOCALHOST:4000",
            "127.0.0.1:4000",
            "127.9.9.9",
            "[::1]:4000",
            "localhost.",
            "gateway.bank.example:8443",
        ] {
            assert!(check("127.0.0.1:4000", &[("host", host)]), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:4000",
            "localhost.evil.example",
            "10.0.0.1",
            "",
            "127.0.0.1.evil.example",
        ] {
            assert!(!check("127.0.0.1:4000", &[("host", host)]), "{host}");
        }
        assert!(!check("[::1]:4000", &[]));
        assert!(!check("127.0.0.1:4000", &[("host", "localhost"), ("host", "evil.example")]));
        assert!(check("0.0.0.0:4000", &[("host", "anything.example")]));
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let from = |origin| check("127.0.0.1:4000", &[("host", "localhost:4000"), ("origin", origin)]);
        assert!(from("http://localhost:4000"));
        assert!(from("https://gateway.bank.example"));
        for origin in ["null", "http://evil.example", "http://localhost:9999", "http://localhost:4000.evil.example"]
        {
            assert!(!from(origin), "{origin}");
        }
    }
}
