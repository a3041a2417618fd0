//! Who asks: bearer tokens from the configuration, or nobody in particular on this machine.
//! What a caller may see or do beyond reading is carried along as roles and scope, and decided by the schema.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use domain::{Actor, Role, Scope};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::{
    hosts::HostPolicy,
    problem::{Code, Problem},
};

/// The one on whose behalf a request runs.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    pub scope: Scope,
    /// The token's name from the configuration, for logs; `None` for anonymous.
    pub token: Option<Arc<str>>,
}

impl Caller {
    /// Someone on this machine without a token: reads everything, causes nothing.
    pub fn anonymous() -> Self {
        Caller { actor: Actor::anonymous(), scope: Scope::All, token: None }
    }

    /// Mutations decide and cause; the schema may ask for more than this.
    pub(super) fn check_may_mutate(&self) -> Result<(), Problem> {
        if self.token.is_none() {
            return Err(unauthenticated("Mutations need a token: send `Authorization: Bearer …`."));
        }
        if self.actor.has(Role::Operator) || self.actor.has(Role::Admin) {
            return Ok(());
        }
        Err(Problem::of_document(Code::Forbidden, "Mutations need the role OPERATOR or ADMIN."))
    }
}

/// One token of the configuration. Only its hash is kept.
#[derive(Debug, Clone)]
pub struct StaticToken {
    name: Arc<str>,
    sha256: [u8; 32],
    actor: Actor,
    scope: Scope,
}

impl StaticToken {
    pub fn new(name: &str, secret: &str, actor: Actor, scope: Scope) -> Self {
        StaticToken { name: name.into(), sha256: Sha256::digest(secret).into(), actor, scope }
    }
}

/// Who is let in.
#[derive(Debug, Clone, Default)]
pub struct Access {
    tokens: Vec<StaticToken>,
}

impl Access {
    pub fn new(tokens: Vec<StaticToken>) -> Self {
        Access { tokens }
    }

    /// A token decides alone: a wrong one is refused even where none is needed.
    pub(super) fn authenticate(&self, parts: &Parts, hosts: &HostPolicy) -> Result<Caller, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return bearer_token(&parts.headers)
                .and_then(|secret| self.find(secret))
                .ok_or_else(|| unauthenticated("The token is not known."));
        }
        if comes_from_this_machine(parts) && hosts.knows_addressed_host(parts) {
            return Ok(Caller::anonymous());
        }
        Err(unauthenticated("Sign in: send `Authorization: Bearer …`."))
    }

    /// Looks at every token whatever matches first, so that the time taken tells nothing.
    fn find(&self, secret: &str) -> Option<Caller> {
        let presented: [u8; 32] = Sha256::digest(secret).into();
        let mut found = u64::MAX;
        for (index, token) in (0_u64..).zip(&self.tokens) {
            let same: Choice = token.sha256.ct_eq(&presented);
            found = u64::conditional_select(&found, &index, same);
        }
        let token = self.tokens.get(usize::try_from(found).ok()?)?;
        Some(Caller {
            actor: token.actor.clone(),
            scope: token.scope.clone(),
            token: Some(Arc::clone(&token.name)),
        })
    }
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

/// A proxy on this machine has a loopback address too, but it speaks for others and says so.
fn comes_from_this_machine(parts: &Parts) -> bool {
    let proxied =
        ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| parts.headers.contains_key(*name));
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    !proxied && peer.is_some_and(|ConnectInfo(address)| address.ip().to_canonical().is_loopback())
}

fn unauthenticated(message: &str) -> Problem {
    Problem::of_http(StatusCode::UNAUTHORIZED, Code::Unauthenticated, message)
        .with_header(header::WWW_AUTHENTICATE, "Bearer realm=\"interlock\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        let token = |name: &str, secret: &str| StaticToken::new(name, secret, Actor::interlock(), Scope::All);
        Access::new(vec![token("first", "one"), token("second", "two")])
    }

    #[test]
    fn a_token_is_found_by_its_secret_alone() {
        let name = |secret: &str| access().find(secret).and_then(|caller| caller.token);
        assert_eq!(name("one").as_deref(), Some("first"));
        assert_eq!(name("two").as_deref(), Some("second"));
        assert_eq!(name("three"), None);
        assert_eq!(name("first"), None);
        assert!(Access::default().find("one").is_none());
    }

    #[test]
    fn secrets_are_not_kept() {
        assert!(!format!("{:?}", access()).contains("one\""));
    }
}
