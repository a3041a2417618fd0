//! The configuration file as written. Meaning and defaults of every key stand here and, annotated, in `config/`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use super::secrets::SecretReference;

/// `[server]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServerFile {
    /// Address and port; port 0 picks a free one.
    pub listen: String,
    /// Host names by which clients may call a gateway that listens on loopback, beside `localhost` and addresses.
    pub hosts: Vec<String>,
    /// What one request may cost.
    pub limits: LimitsFile,
}

impl Default for ServerFile {
    fn default() -> Self {
        Self { listen: "127.0.0.1:4000".to_owned(), hosts: Vec::new(), limits: LimitsFile::default() }
    }
}

/// `[server.limits]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LimitsFile {
    /// Deepest nesting of fields.
    pub depth: usize,
    /// Cost of a document: one per field, times the page size of each connection above it.
    pub complexity: usize,
    /// Fields that may carry an alias.
    pub aliases: usize,
    /// Largest request body.
    pub body_bytes: usize,
    /// Longest time for one request.
    #[schemars(with = "String")]
    pub time: SignedDuration,
}

impl Default for LimitsFile {
    fn default() -> Self {
        Self {
            depth: 20,
            complexity: 250_000,
            aliases: 100,
            body_bytes: 256 * 1024,
            time: SignedDuration::from_secs(30),
        }
    }
}

/// `[access]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AccessFile {
    /// Static bearer tokens. Without any, only anonymous readers on loopback are let in.
    pub tokens: Vec<TokenFile>,
}

/// `[[access.tokens]]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct TokenFile {
    /// Shown in logs instead of the token.
    pub name: String,
    /// The token.
    pub token: SecretReference,
    /// Whose it is.
    pub person: String,
    /// READER, OPERATOR, AUDITOR, ADMIN.
    pub roles: Vec<String>,
    /// Services it may see; `*` = all.
    #[serde(default = "all_services")]
    pub services: Vec<String>,
}

fn all_services() -> Vec<String> {
    vec!["*".to_owned()]
}

/// `[horizon]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HorizonFile {
    /// How far back releases are held in the graph.
    #[schemars(with = "String")]
    pub past: jiff::Span,
    /// How far ahead.
    #[schemars(with = "String")]
    pub future: jiff::Span,
}

impl Default for HorizonFile {
    fn default() -> Self {
        Self { past: jiff::Span::new().days(90), future: jiff::Span::new().days(180) }
    }
}

/// `[refresh]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RefreshFile {
    /// How often each system is asked for what changed.
    #[schemars(with = "String")]
    pub interval: SignedDuration,
    /// How often each system is read in full, so that deletions are seen.
    #[schemars(with = "String")]
    pub sweep: SignedDuration,
}

impl Default for RefreshFile {
    fn default() -> Self {
        Self { interval: SignedDuration::from_secs(60), sweep: SignedDuration::from_secs(3600) }
    }
}

/// `[store]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StoreFile {
    /// Remember? Without `path` and `url`, nothing is remembered either way.
    pub enabled: bool,
    /// A SQLite file; it is made if it is not there. One process writes to it.
    pub path: Option<std::path::PathBuf>,
    /// Address of a PostgreSQL database instead, for example `postgres://user:password@host/database`.
    pub url: Option<SecretReference>,
    /// How long versions that were replaced are kept.
    #[schemars(with = "String")]
    pub retention: jiff::Span,
}

impl Default for StoreFile {
    fn default() -> Self {
        Self { enabled: true, path: None, url: None, retention: jiff::Span::new().days(730) }
    }
}

/// The keys that every `[[connectors]]` section may have, whatever the vendor.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ConnectorFile {
    /// Never changes: it is part of node ids.
    pub id: String,
    /// The vendor.
    pub vendor: String,
    /// Address of the system; not for plain repositories.
    pub url: Option<String>,
    /// How we make ourselves known.
    #[serde(default)]
    pub auth: AuthFile,
    /// Certificate authorities in PEM to trust besides the machine's own.
    pub ca_file: Option<std::path::PathBuf>,
    /// Time for a whole call.
    #[schemars(with = "Option<String>")]
    pub deadline: Option<SignedDuration>,
    /// Time for one try.
    #[schemars(with = "Option<String>")]
    pub try_timeout: Option<SignedDuration>,
    /// How much is asked at once and per second.
    #[serde(default)]
    pub limits: ConnectorLimitsFile,
    /// Repeating a failed try.
    #[serde(default)]
    pub retry: RetryFile,
    /// Largest answer held.
    pub max_body_bytes: Option<usize>,
}

/// Names of the keys of [`ConnectorFile`]: what is left of a section belongs to the vendor.
pub(super) const CONNECTOR_KEYS: [&str; 10] =
    ["id", "vendor", "url", "auth", "ca_file", "deadline", "try_timeout", "limits", "retry", "max_body_bytes"];

/// `[connectors.limits]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct ConnectorLimitsFile {
    /// Requests in flight at once.
    pub concurrency: Option<usize>,
    /// Requests started per second.
    pub requests_per_second: Option<f64>,
    /// Requests that may start at once after a quiet time.
    pub burst: Option<u32>,
}

/// `[connectors.retry]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct RetryFile {
    /// Tries after the first.
    pub retries: Option<u32>,
    /// Retries as a fraction of requests, 0 to 1.
    pub budget: Option<f64>,
}

/// `auth = { … }`: at most one way.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct AuthFile {
    /// User name and password (Jira Cloud: e-mail and API token).
    pub basic: Option<BasicFile>,
    /// Bearer token.
    pub token: Option<SecretReference>,
    /// OAuth 2.0 client credentials.
    pub oauth_client_credentials: Option<OauthFile>,
    /// A key in a header, for example ServiceNow's `x-sn-apikey`.
    pub header: Option<HeaderFile>,
}

/// `auth.basic`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct BasicFile {
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretReference,
}

/// `auth.oauth_client_credentials`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct OauthFile {
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: SecretReference,
    /// Scope; empty = the client's own.
    #[serde(default)]
    pub scope: String,
}

/// `auth.header`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct HeaderFile {
    /// Header name.
    pub name: String,
    /// Its value.
    pub value: SecretReference,
}

/// `[[environments]]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EnvironmentFile {
    /// Key.
    pub key: String,
    /// DEVELOPMENT, TEST, STAGING, PRODUCTION, DR.
    pub stage: String,
    /// IANA time zone.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// Regions.
    #[serde(default)]
    pub regions: Vec<String>,
    /// May only one release be in it at a time?
    #[serde(default)]
    pub exclusive: bool,
    /// The environment before it.
    pub after: Option<String>,
    /// Other names the systems use for it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// When deployments are allowed.
    #[serde(default)]
    pub windows: Vec<WindowFile>,
}

pub(super) fn utc() -> String {
    "UTC".to_owned()
}

/// `windows = [{ … }]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct WindowFile {
    /// RFC 5545 rule.
    pub rrule: String,
    /// Local time of day at which it opens.
    pub start: String,
    /// Local time of day at which it closes.
    pub end: String,
}

/// `[[teams]]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct TeamFile {
    /// Key.
    pub key: String,
    /// Name.
    pub name: Option<String>,
    /// Mailbox.
    pub email: Option<String>,
    /// Groups in the systems.
    #[serde(default)]
    pub groups: Vec<GroupFile>,
}

/// `groups = [{ … }]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GroupFile {
    /// The system.
    pub connector: String,
    /// The group's name there.
    pub name: String,
}

/// `[[services]]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ServiceFile {
    /// Key.
    pub key: String,
    /// Name; default: the key.
    pub name: Option<String>,
    /// BUILT, VENDOR, SAAS, INFRASTRUCTURE.
    #[serde(default = "built")]
    pub kind: String,
    /// 0 (highest) to 4.
    pub tier: Option<u8>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Team.
    pub owner: Option<String>,
    /// The ITSM instance that owns its changes.
    pub itsm: Option<String>,
    /// Regions of production it runs in.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Former names.
    #[serde(default)]
    pub aliases: Vec<AliasFile>,
    /// Services it came from.
    #[serde(default)]
    pub succeeds: Vec<SuccessionFile>,
    /// Repositories.
    #[serde(default)]
    pub repositories: Vec<RepositoryFile>,
    /// Projects.
    #[serde(default)]
    pub projects: Vec<ProjectFile>,
    /// Configuration items.
    #[serde(default)]
    pub configuration_items: Vec<ConfigurationItemFile>,
    /// Labels in monitoring.
    #[serde(default)]
    pub monitoring: Vec<MonitoringFile>,
}

fn built() -> String {
    "BUILT".to_owned()
}

/// `aliases = [{ … }]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AliasFile {
    /// The former name.
    pub key: String,
    /// Valid from.
    #[schemars(with = "Option<String>")]
    pub from: Option<Timestamp>,
    /// Valid until.
    #[schemars(with = "Option<String>")]
    pub to: Option<Timestamp>,
}

/// `succeeds = [{ … }]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SuccessionFile {
    /// The former service.
    pub service: String,
    /// RENAME, SPLIT, MERGE.
    pub kind: String,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// `repositories = [{ … }]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RepositoryFile {
    /// The system.
    pub connector: String,
    /// `owner/name`, or the configured name.
    pub repository: String,
    /// Path globs.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Pattern of release tags.
    #[serde(default = "plain_tags")]
    pub tags: String,
}

fn plain_tags() -> String {
    "v{version}".to_owned()
}

/// `projects = [{ … }]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ProjectFile {
    /// The system.
    pub connector: String,
    /// The project's key.
    pub project: String,
    /// The component.
    pub component: Option<String>,
}

/// `configuration_items = [{ … }]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ConfigurationItemFile {
    /// The system.
    pub connector: String,
    /// Name or native id.
    pub name: String,
}

/// `monitoring = [{ … }]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MonitoringFile {
    /// The system.
    pub connector: String,
    /// Labels that all must be equal.
    pub labels: BTreeMap<String, String>,
}

/// `[[people]]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PersonFile {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Accounts.
    #[serde(default)]
    pub accounts: Vec<AccountFile>,
}

/// `accounts = [{ … }]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AccountFile {
    /// The system.
    pub connector: String,
    /// Login or native id.
    pub login: String,
}

/// `[[dependencies]]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DependencyFile {
    /// What depends.
    pub from: String,
    /// On what.
    pub to: String,
    /// HARD, SOFT, ASSUMED.
    #[serde(default = "hard")]
    pub kind: String,
    /// Version constraint.
    pub constraint: Option<String>,
    /// How long what is needed must have been there before, for example "PT2H"; default: not at all.
    #[serde(default)]
    #[schemars(with = "String")]
    pub lag: SignedDuration,
    /// Why.
    pub reason: Option<String>,
}

fn hard() -> String {
    "HARD".to_owned()
}

/// `[[compatibilities]]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CompatibilityFile {
    /// The two services with a version each, or with a constraint such as `>=5.3.0`.
    pub versions: BTreeMap<String, String>,
    /// Do they work together? Absent: not verified yet.
    pub works: Option<bool>,
    /// Why.
    pub reason: Option<String>,
}

/// `[[pools]]`
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PoolFile {
    /// Key.
    pub key: String,
    /// How many releases it serves at once.
    pub capacity: u32,
    /// Teams whose releases need it; default: all.
    #[serde(default)]
    pub teams: Vec<String>,
}
