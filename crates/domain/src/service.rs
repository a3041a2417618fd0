//! Services: what a company runs, who owns it, and under which names the other systems know it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ConnectorId, ServiceKey, TeamKey, Text};

/// What kind of thing a service is; sets which evidence is expected of its releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceKind {
    /// Built here: repositories, pull requests and test runs are expected.
    Built,
    /// A vendor's package run here: attestation and configuration test instead of pull requests.
    Vendor,
    /// Run by somebody else.
    Saas,
    /// Infrastructure.
    Infrastructure,
}

/// A name that the service went by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAlias {
    /// The other name.
    pub key: Text,
    /// First moment it was valid; `None` = always before `to`.
    pub from: Option<Timestamp>,
    /// First moment it was no longer valid; `None` = still.
    pub to: Option<Timestamp>,
}

/// How a service came from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SuccessionKind {
    /// The same service under a new name.
    Rename,
    /// One of several that came from one.
    Split,
    /// One that came from several.
    Merge,
}

/// The service that this one came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    /// The former service.
    pub service: ServiceKey,
    /// How.
    pub kind: SuccessionKind,
    /// When.
    pub at: Timestamp,
}

/// A repository, or the part of one, that holds a service's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySource {
    /// The connector that reads the repository.
    pub connector: ConnectorId,
    /// `owner/name`, or the configured name of a plain repository.
    pub repository: Text,
    /// Path globs that belong to the service; empty = the whole repository.
    pub paths: Vec<Text>,
    /// Pattern of its release tags with `{version}` in it, for example `payments-api/v{version}`.
    pub tags: Text,
}

/// A project, or a component of one, that holds a service's work items and versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectSource {
    /// The connector that reads the project.
    pub connector: ConnectorId,
    /// The project's key.
    pub project: Text,
    /// The component; `None` = the whole project.
    pub component: Option<Text>,
}

/// A configuration item that stands for the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationItemSource {
    /// The connector that reads the CMDB.
    pub connector: ConnectorId,
    /// The item's name, or its native id.
    pub name: Text,
}

/// Labels by which monitoring knows the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitoringSource {
    /// The connector that reads the monitoring.
    pub connector: ConnectorId,
    /// Labels that all must be equal.
    pub labels: BTreeMap<Text, Text>,
}

/// Where the other systems hold a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSources {
    /// Repositories with the service's code.
    pub repositories: Vec<RepositorySource>,
    /// Projects with its work items.
    pub projects: Vec<ProjectSource>,
    /// Configuration items that stand for it.
    pub configuration_items: Vec<ConfigurationItemSource>,
    /// Labels in monitoring.
    pub monitoring: Vec<MonitoringSource>,
    /// The one ITSM instance that owns its changes.
    pub itsm: Option<ConnectorId>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its key.
    pub key: ServiceKey,
    /// Its name as people say it.
    pub name: Text,
    /// What kind of thing it is.
    pub kind: ServiceKind,
    /// Importance, 0 (highest) to 4; `None` when nobody said.
    pub tier: Option<u8>,
    /// Tags such as `icfr`, `pci`, `personal-data`.
    pub tags: BTreeSet<Text>,
    /// The team that owns it.
    pub owner: Option<TeamKey>,
    /// Names it went by.
    pub aliases: Vec<ServiceAlias>,
    /// Services it came from.
    pub succeeds: Vec<Succession>,
    /// Regions of production it runs in; empty = no regions.
    pub regions: Vec<Text>,
    /// Where the other systems hold it.
    pub sources: ServiceSources,
}

impl Service {
    /// The key, the name and every alias: the words a text may call it by.
    pub fn names(&self) -> Vec<&str> {
        let mut names = vec![self.key.as_str(), &*self.name];
        names.extend(self.aliases.iter().map(|alias| &*alias.key));
        names
    }

    /// Do its releases bring commits and pull requests of ours? A vendor's package, bought or run elsewhere, comes
    /// with an attestation and a test of its configuration instead.
    pub fn expects_code(&self) -> bool {
        self.kind == ServiceKind::Built || !self.sources.repositories.is_empty()
    }
}
