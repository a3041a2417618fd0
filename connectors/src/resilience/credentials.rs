//! Who we are to a system. Credentials are applied to every try anew, so that a token that was
//! refreshed meanwhile is used at once. Secrets print as `***` and their headers are marked sensitive.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use http::{HeaderName, HeaderValue, header};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::secret::Secret;
use crate::clock::instant;
use crate::error::{Failure, FailureKind};

/// Something that can prove who we are.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// The headers for one try.
    async fn grant(&self) -> Result<Grant, Failure>;

    /// The system did not accept this grant; says whether another one can be had.
    async fn rejected(&self, grant: &Grant) -> Retake;
}

/// What proves who we are for one try.
#[derive(Clone, Default)]
pub struct Grant {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Which token this is, for sources that renew theirs.
    generation: u64,
}

impl Grant {
    /// The headers to send.
    #[must_use]
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    fn of(name: HeaderName, value: &str) -> Result<Self, Failure> {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Failure::new(
                FailureKind::Unauthenticated,
                "the configured secret holds a character that no header may carry",
            )
        })?;
        value.set_sensitive(true);
        Ok(Self { headers: vec![(name, value)], generation: 0 })
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "Grant({names:?}: ***)")
    }
}

/// Whether asking again with another grant has a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retake {
    /// The next grant will be another one.
    Possible,
    /// There is only this one.
    Pointless,
}

/// Credentials that stay the same until the configuration changes.
#[derive(Debug, Clone)]
pub enum FixedCredentials {
    /// The system asks for none.
    None,
    /// User name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A long-lived token.
    Bearer(Secret),
    /// A key in a header of the vendor's choice.
    HeaderKey {
        /// The header.
        name: HeaderName,
        /// The key.
        key: Secret,
    },
}

#[async_trait]
impl Credentials for FixedCredentials {
    async fn grant(&self) -> Result<Grant, Failure> {
        match self {
            Self::None => Ok(Grant::default()),
            Self::Basic { username, password } => {
                let pair = format!("{username}:{}", password.expose());
                let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
                Grant::of(header::AUTHORIZATION, &format!("Basic {encoded}"))
            }
            Self::Bearer(token) => bearer(token),
            Self::HeaderKey { name, key } => Grant::of(name.clone(), key.expose()),
        }
    }

    async fn rejected(&self, _grant: &Grant) -> Retake {
        Retake::Pointless
    }
}

/// A token with its life time.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token itself.
    pub secret: Secret,
    /// How long it is good for, if that was told.
    pub expires_in: Option<Duration>,
}

/// Fetches a new token.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// Obtains a token that was not handed out before.
    async fn fetch(&self) -> Result<Token, Failure>;
}

/// A bearer token that is renewed before it expires and after a 401, by one caller for all.
pub struct RenewedToken {
    source: Arc<dyn TokenSource>,
    state: Mutex<TokenState>,
}

#[derive(Default)]
struct TokenState {
    token: Option<Held>,
    generation: u64,
    /// The latest failure to fetch, so that a queue of callers does not repeat it one by one.
    failed: Option<(Instant, Failure)>,
}

struct Held {
    secret: Secret,
    good_until: Option<Instant>,
}

/// A token is renewed when less than this share of its life is left, but at most a minute early.
const EARLY_SHARE: u32 = 10;
const EARLY_MOST: Duration = Duration::from_secs(60);
const FAILURE_HOLDS: Duration = Duration::from_secs(1);

impl RenewedToken {
    /// A token from this source; nothing is fetched yet.
    pub fn new(source: Arc<dyn TokenSource>) -> Self {
        Self { source, state: Mutex::default() }
    }
}

impl fmt::Debug for RenewedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RenewedToken(***)")
    }
}

#[async_trait]
impl Credentials for RenewedToken {
    async fn grant(&self) -> Result<Grant, Failure> {
        // Held while fetching: whoever comes meanwhile waits and finds the new token.
        let mut state = self.state.lock().await;
        let now = instant();
        if let Some(held) = &state.token
            && held.good_until.is_none_or(|until| now < until)
        {
            let grant = bearer(&held.secret)?;
            return Ok(grant_of_generation(grant, state.generation));
        }
        if let Some((at, failure)) = &state.failed
            && now.saturating_duration_since(*at) < FAILURE_HOLDS
        {
            return Err(failure.clone());
        }
        match self.source.fetch().await {
            Ok(token) => {
                let grant = bearer(&token.secret)?;
                state.generation += 1;
                state.failed = None;
                state.token = Some(Held {
                    secret: token.secret,
                    good_until: token.expires_in.map(|life| instant() + worth(life)),
                });
                Ok(grant_of_generation(grant, state.generation))
            }
            Err(failure) => {
                state.failed = Some((instant(), failure.clone()));
                Err(failure)
            }
        }
    }

    async fn rejected(&self, grant: &Grant) -> Retake {
        let mut state = self.state.lock().await;
        // Somebody else may have renewed it while this try was under way.
        if state.generation == grant.generation {
            state.token = None;
        }
        Retake::Possible
    }
}

fn worth(life: Duration) -> Duration {
    life - (life / EARLY_SHARE).min(EARLY_MOST)
}

fn bearer(token: &Secret) -> Result<Grant, Failure> {
    Grant::of(header::AUTHORIZATION, &format!("Bearer {}", token.expose()))
}

fn grant_of_generation(grant: Grant, generation: u64) -> Grant {
    Grant { generation, ..grant }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[derive(Default)]
    struct Numbered {
        fetched: AtomicU32,
        fails: bool,
    }

    #[async_trait]
    impl TokenSource for Numbered {
        async fn fetch(&self) -> Result<Token, Failure> {
            let number = self.fetched.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
            if self.fails {
                return Err(FailureKind::Unreachable.into());
            }
            Ok(Token { secret: Secret::new(format!("token-{number}")), expires_in: Some(Duration::from_secs(100)) })
        }
    }

    fn shown(grant: &Grant) -> String {
        let (_, value) = grant.headers().first().expect("a header");
        value.to_str().expect("text").to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn many_callers_cause_one_fetch() {
        let source = Arc::new(Numbered::default());
        let token = RenewedToken::new(Arc::clone(&source) as Arc<dyn TokenSource>);
        let grants = futures::future::join_all((0..20).map(|_| token.grant())).await;
        assert!(grants.iter().all(|grant| grant.is_ok()));
        assert_eq!(source.fetched.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_shortly_before_it_expires() {
        let token = RenewedToken::new(Arc::new(Numbered::default()));
        let first = token.grant().await.expect("a grant");
        tokio::time::advance(Duration::from_secs(89)).await;
        assert_eq!(shown(&token.grant().await.expect("a grant")), shown(&first));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(shown(&token.grant().await.expect("a grant")), "Bearer token-1");
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_rejection_does_not_throw_the_new_token_away() {
        let token = RenewedToken::new(Arc::new(Numbered::default()));
        let old = token.grant().await.expect("a grant");
        assert_eq!(token.rejected(&old).await, Retake::Possible);
        let new = token.grant().await.expect("a grant");
        token.rejected(&old).await;
        assert_eq!(shown(&token.grant().await.expect("a grant")), shown(&new));
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_of_callers_fails_together() {
        let source = Arc::new(Numbered { fails: true, ..Numbered::default() });
        let token = RenewedToken::new(Arc::clone(&source) as Arc<dyn TokenSource>);
        let grants = futures::future::join_all((0..20).map(|_| token.grant())).await;
        assert!(grants.iter().all(|grant| grant.is_err()));
        assert_eq!(source.fetched.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_grant_prints_no_secret() {
        let basic = FixedCredentials::Basic { username: "ada".to_owned(), password: Secret::new("hunter2") };
        let grant = basic.grant().await.expect("a grant");
        assert_eq!(shown(&grant), "Basic YWRhOmh1bnRlcjI=");
        let printed = format!("{basic:?} {grant:?}");
        assert!(!printed.contains("hunter2") && !printed.contains("YWRhOmh1bnRlcjI="));
    }
}
