//! The vendors by name, and what each section of the configuration says to its vendor.
//! Adding a vendor adds one variant here and one arm in `build`.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::{alertmanager, git, github, jira, prometheus, servicenow, servicenow_cmdb};

/// A vendor's name in the configuration with its own options.
#[derive(Debug, Clone, PartialEq)]
pub enum VendorOptions {
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

impl VendorOptions {
    /// The names that `vendor` may have in the configuration.
    pub const VENDORS: [&'static str; 7] =
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
                    Self::VENDORS.join(", ")
                )));
            }
        })
    }

    /// Is the system reached over HTTP, and so needs an address?
    pub fn needs_url(&self) -> bool {
        !matches!(self, Self::Git(_))
    }
}
