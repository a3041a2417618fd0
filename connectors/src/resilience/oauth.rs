//! Tokens by OAuth 2 client credentials, fetched through an upstream of their own, so that the
//! token endpoint has its limits and its circuit too.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use serde::Deserialize;

use super::credentials::{Token, TokenSource};
use super::request::{Body, Idempotency, Request};
use super::secret::Secret;
use super::upstream::Upstream;
use crate::error::{Failure, FailureKind};
use crate::json;

/// A client that identifies itself with an id and a secret.
pub struct ClientCredentials {
    /// The token endpoint's host, without credentials of its own.
    pub upstream: Upstream,
    /// The endpoint's path below the host, for example `oauth_token.do`.
    pub path: String,
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
    /// The rights asked for, separated by spaces; left out if empty.
    pub scope: String,
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<f64>,
}

#[async_trait]
impl TokenSource for ClientCredentials {
    async fn fetch(&self) -> Result<Token, Failure> {
        let mut form = vec![
            ("grant_type".to_owned(), "client_credentials".to_owned()),
            ("client_id".to_owned(), self.client_id.clone()),
            ("client_secret".to_owned(), self.client_secret.expose().to_owned()),
        ];
        if !self.scope.is_empty() {
            form.push(("scope".to_owned(), self.scope.clone()));
        }
        // A token more does no harm, so asking may be repeated.
        let keyed = Idempotency::Keyed;
        let request = Request::new("fetch token", Method::POST, &self.path, keyed).body(Body::Form(form));
        let answer = self
            .upstream
            .send(request)
            .await
            .map_err(|error| Failure { kind: refused_is_unauthenticated(error.kind), cause: error.cause })?;
        let token: TokenAnswer = json::decode(&answer)?;
        let life = token.expires_in.map(Duration::try_from_secs_f64);
        Ok(Token { secret: Secret::new(token.access_token), expires_in: life.and_then(Result::ok) })
    }
}

/// Token endpoints say 400 to a wrong client (RFC 6749, 5.2).
fn refused_is_unauthenticated(kind: FailureKind) -> FailureKind {
    match kind {
        FailureKind::Rejected { status: 400 } => FailureKind::Unauthenticated,
        other => other,
    }
}
