//! A configured system, and the upstream that a vendor's client sends its requests to it through.

use std::sync::Arc;

use domain::ConnectorId;
use http::header::HeaderName;
use url::Url;

use crate::clock::Clock;
use crate::resilience::{
    ClientCredentials, Credentials, Dialect, FixedCredentials, RenewedToken, Secret, Settings, SetupError,
    Upstream, UpstreamConfig,
};

/// How we make ourselves known to a system.
#[derive(Debug, Clone, Default)]
pub enum Identification {
    /// Not at all.
    #[default]
    Anonymous,
    /// User name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A long-lived bearer token.
    Token(Secret),
    /// A key in a header.
    Header {
        /// The header.
        name: HeaderName,
        /// The key.
        value: Secret,
    },
    /// OAuth 2.0 client credentials.
    ClientCredentials {
        /// Client id.
        client_id: String,
        /// Client secret.
        client_secret: Secret,
        /// Scope; empty = the client's own.
        scope: String,
    },
}

/// One configured system, whatever its vendor.
#[derive(Debug, Clone)]
pub struct SystemPlan {
    /// Its id.
    pub id: ConnectorId,
    /// Its address; empty for systems that are not reached over HTTP.
    pub url: String,
    /// How we make ourselves known.
    pub identification: Identification,
    /// Limits and patience.
    pub settings: Settings,
    /// Certificates (PEM) to trust beside the machine's own.
    pub extra_ca_pem: Option<Vec<u8>>,
}

/// What a vendor adds to its configured system.
pub struct Manners {
    /// How the vendor says no, and "not so fast".
    pub dialect: Arc<dyn Dialect>,
    /// Where it hands out OAuth tokens: a path below the system's URL, or a URL of its own.
    pub token_endpoint: &'static str,
}

/// The upstream of a configured system.
///
/// # Errors
/// If the URL, a setting or the certificates are not usable.
pub fn upstream(plan: &SystemPlan, manners: Manners, clock: Arc<dyn Clock>) -> Result<Upstream, SetupError> {
    let mut config = over(plan, plan.url.clone(), Arc::clone(&clock));
    config.dialect = manners.dialect;
    config.credentials = credentials(plan, manners.token_endpoint, clock)?;
    Upstream::new(config)
}

fn over(plan: &SystemPlan, url: String, clock: Arc<dyn Clock>) -> UpstreamConfig {
    let mut config = UpstreamConfig::new(plan.id.clone(), url, clock);
    config.settings = plan.settings.clone();
    config.extra_ca_pem.clone_from(&plan.extra_ca_pem);
    config
}

fn credentials(
    plan: &SystemPlan,
    token_endpoint: &str,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Credentials>, SetupError> {
    let fixed = match &plan.identification {
        Identification::Anonymous => FixedCredentials::None,
        Identification::Basic { username, password } => {
            FixedCredentials::Basic { username: username.clone(), password: password.clone() }
        }
        Identification::Token(token) => FixedCredentials::Bearer(token.clone()),
        Identification::Header { name, value } => {
            FixedCredentials::HeaderKey { name: name.clone(), key: value.clone() }
        }
        Identification::ClientCredentials { client_id, client_secret, scope } => {
            let (url, path) = token_place(&plan.url, token_endpoint);
            let source = ClientCredentials {
                upstream: Upstream::new(over(plan, url, clock))?,
                path,
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
                scope: scope.clone(),
            };
            return Ok(Arc::new(RenewedToken::new(Arc::new(source))));
        }
    };
    Ok(Arc::new(fixed))
}

/// The token endpoint as a base URL and a path below it.
fn token_place(base: &str, endpoint: &str) -> (String, String) {
    match Url::parse(endpoint) {
        Ok(url) if url.has_host() => (url.origin().ascii_serialization(), url.path().to_owned()),
        _ => (base.to_owned(), endpoint.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;
    use crate::resilience::StandardDialect;

    async fn check(identification: Identification, expected: &str) {
        let plan = SystemPlan {
            id: ConnectorId::new("servicenow"),
            url: "http://acme.example/base".to_owned(),
            identification,
            settings: Settings::default(),
            extra_ca_pem: None,
        };
        let credentials = credentials(&plan, "oauth_token.do", Arc::new(SystemClock)).expect("credentials");
        let grant = credentials.grant().await.expect("a grant");
        let headers = grant.headers().iter();
        let told: Vec<_> =
            headers.map(|(name, value)| format!("{name}: {}", value.to_str().expect("text"))).collect();
        assert_eq!(told.join(", "), expected);
        let manners = Manners { dialect: Arc::new(StandardDialect), token_endpoint: "oauth_token.do" };
        let upstream = upstream(&plan, manners, Arc::new(SystemClock)).expect("an upstream");
        assert_eq!(upstream.system().as_str(), "servicenow");
    }

    #[tokio::test]
    async fn every_fixed_way_to_make_ourselves_known_is_sent() {
        check(Identification::Anonymous, "").await;
        check(
            Identification::Basic { username: "ada".to_owned(), password: Secret::new("x") },
            "authorization: Basic YWRhOng=",
        )
        .await;
        check(Identification::Token(Secret::new("t")), "authorization: Bearer t").await;
        let name = http::HeaderName::from_static("x-key");
        check(Identification::Header { name, value: Secret::new("k") }, "x-key: k").await;
    }

    #[test]
    fn tokens_come_from_the_system_or_from_elsewhere() {
        let base = "https://acme.example/base";
        assert_eq!(token_place(base, "oauth_token.do"), (base.to_owned(), "oauth_token.do".to_owned()));
        assert_eq!(
            token_place(base, "https://auth.example:8443/oauth/token"),
            ("https://auth.example:8443".to_owned(), "/oauth/token".to_owned())
        );
    }
}
