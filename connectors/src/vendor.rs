//! The only place that knows all vendors: their names, what a section of the configuration says to each, and how it
//! becomes a connector. A new vendor adds one variant, and one arm wherever the compiler asks for it.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::clock::Clock;
use crate::contract::Connector;
use crate::reach::SystemPlan;
use crate::resilience::SetupError;
use crate::{alertmanager, git, github, jira, prometheus, servicenow, servicenow_cmdb};

/// A vendor, with what its section of the configuration says to it.
#[derive(Debug, Clone, PartialEq)]
pub enum Vendor {
    /// `servicenow`
    Servicenow(servicenow::Options),
    /// `servicenow-cmdb`
    ServicenowCmdb(servicenow_cmdb::Options),
    /// `jira`
    Jira(jira::Options),
    /// `git`
    Git(git::Options),
    /// `github`
    Github(github::Options),
    /// `prometheus`
    Prometheus(prometheus::Options),
    /// `alertmanager`
    Alertmanager(alertmanager::Options),
}

impl Vendor {
    /// The names that `vendor` may have in the configuration.
    pub const NAMES: [&'static str; 7] =
        ["servicenow", "servicenow-cmdb", "jira", "git", "github", "prometheus", "alertmanager"];

    /// Reads the options of the vendor with this name.
    pub fn read<'de, D: Deserializer<'de>>(vendor: &str, section: D) -> Result<Self, D::Error> {
        Ok(match vendor {
            "servicenow" => Self::Servicenow(Deserialize::deserialize(section)?),
            "servicenow-cmdb" => Self::ServicenowCmdb(Deserialize::deserialize(section)?),
            "jira" => Self::Jira(Deserialize::deserialize(section)?),
            "git" => Self::Git(Deserialize::deserialize(section)?),
            "github" => Self::Github(Deserialize::deserialize(section)?),
            "prometheus" => Self::Prometheus(Deserialize::deserialize(section)?),
            "alertmanager" => Self::Alertmanager(Deserialize::deserialize(section)?),
            other => {
                return Err(D::Error::custom(format!(
                    "no vendor is called {other:?}; there are: {}",
                    Self::NAMES.join(", ")
                )));
            }
        })
    }

    /// Makes the connector of a configured system of this vendor. Nothing is asked of the system yet.
    ///
    /// # Errors
    /// If its address, a setting or the certificates are not usable.
    pub fn connector(&self, plan: &SystemPlan, clock: Arc<dyn Clock>) -> Result<Arc<dyn Connector>, SetupError> {
        Ok(match self {
            Self::Servicenow(options) => Arc::new(servicenow::open(plan, options, clock)?),
            Self::ServicenowCmdb(options) => Arc::new(servicenow_cmdb::open(plan, options, clock)?),
            Self::Jira(options) => Arc::new(jira::open(plan, options, clock)?),
            Self::Git(options) => Arc::new(git::open(plan, options)),
            Self::Github(options) => Arc::new(github::open(plan, options, clock)?),
            Self::Prometheus(options) => Arc::new(prometheus::open(plan, options, clock)?),
            Self::Alertmanager(options) => Arc::new(alertmanager::open(plan, options, clock)?),
        })
    }

    /// Is the system reached over HTTP, and so needs an address?
    pub fn needs_url(&self) -> bool {
        !matches!(self, Self::Git(_))
    }
}
