//! All traffic to a system of record goes through here, outside in: memory and coalescing
//! (`upstream`), deadline and retries, circuit, limits, the time of one try (`call`), HTTP
//! (`transport`). A vendor builds a [`Request`], and names failures through its [`Dialect`].

mod upstream;

mod request;

mod answer;

mod settings;

mod cache;

mod coalesce;

mod call;

mod prepare;

mod retry;

mod breaker;

mod limits;

mod transport;

mod wire_failure;

mod dialect;

mod credentials;

mod oauth;

mod secret;

mod telemetry;

mod histogram;

#[cfg(test)]
pub(crate) mod tests;

pub use answer::{Answer, Freshness};
pub use breaker::CircuitState;
pub use credentials::{Credentials, FixedCredentials, Grant, RenewedToken, Retake, Token, TokenSource};
pub use dialect::{
    Dialect, RateLimitSeen, StandardDialect, read_http_date, standard_failure, standard_rate_limit, vendor_now,
};
pub use limits::RequestBudget;
pub use oauth::ClientCredentials;
pub use request::{Body, CachePolicy, Expects, Idempotency, Request, Scope};
pub use secret::Secret;
pub use settings::{BreakerSettings, CacheSettings, LimitSettings, OutOfBounds, RetrySettings, Settings};
pub use telemetry::{LastError, Spared, TelemetrySnapshot};
pub use transport::SetupError;
pub use upstream::{Upstream, UpstreamConfig};
