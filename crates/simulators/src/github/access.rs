//! Who may ask the simulated GitHub, for what, and how often.

/// A token that is accepted.
#[derive(Debug, Clone)]
pub struct Token {
    pub secret: String,
    /// The account it speaks for.
    pub login: String,
    pub right: Right,
    /// Full names it may see; `None`: all. Whatever it may not see answers 404.
    pub repositories: Option<Vec<String>>,
    /// Fine-grained tokens cannot read packages.
    pub packages: bool,
}

impl Token {
    /// A token that reads every repository and package.
    pub fn reading(secret: &str, login: &str) -> Self {
        Self {
            secret: secret.to_owned(),
            login: login.to_owned(),
            right: Right::Read,
            repositories: None,
            packages: true,
        }
    }

    #[must_use]
    pub fn with_right(mut self, right: Right) -> Self {
        self.right = right;
        self
    }
}

/// Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    Read,
    Write,
    Admin,
}

/// Limits per caller. `Limits::off()` is what GitHub Enterprise Server has by default.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Off: nothing is counted and no `x-ratelimit-*` header is sent.
    pub enabled: bool,
    pub authorized_per_hour: u64,
    pub anonymous_per_hour: u64,
    pub search_per_minute: u64,
    pub graphql_points_per_hour: u64,
    pub rest_points_per_minute: u64,
    pub graphql_points_per_minute: u64,
    /// Status of an answer over a limit: GitHub sends 403 or 429.
    pub over_limit_status: u16,
    /// More nodes than this in one GraphQL call are refused.
    pub graphql_nodes: u64,
    /// A query that resolves more fields than this is cut off with RESOURCE_LIMITS_EXCEEDED.
    pub graphql_resources: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            authorized_per_hour: 5_000,
            anonymous_per_hour: 60,
            search_per_minute: 30,
            graphql_points_per_hour: 5_000,
            rest_points_per_minute: 900,
            graphql_points_per_minute: 2_000,
            over_limit_status: 403,
            graphql_nodes: 500_000,
            graphql_resources: None,
        }
    }
}

impl Limits {
    pub fn off() -> Self {
        Self { enabled: false, ..Self::default() }
    }
}
