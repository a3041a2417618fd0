//! From one section of the configuration to a connector. The only place that knows all vendors.

use std::sync::Arc;

use domain::ConnectorId;
use http::header::HeaderName;

use crate::clock::Clock;
use crate::contract::Connector;
use crate::options::VendorOptions;
use crate::resilience::{Secret, Settings, SetupError};
use crate::{alertmanager, git, github, jira, prometheus, servicenow, servicenow_cmdb};

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

/// One configured system.
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
    /// The vendor, with its own options.
    pub vendor: VendorOptions,
}

/// Makes the connector of a configured system. Nothing is asked of the system yet.
///
/// # Errors
/// If its address, a setting or the certificates are not usable.
pub fn build(plan: &SystemPlan, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Connector>, SetupError> {
    let clock = Arc::clone(clock);
    Ok(match &plan.vendor {
        VendorOptions::Servicenow(options) => Arc::new(servicenow::open(plan, options, clock)?),
        VendorOptions::ServicenowCmdb(options) => Arc::new(servicenow_cmdb::open(plan, options, clock)?),
        VendorOptions::Jira(options) => Arc::new(jira::open(plan, options, clock)?),
        VendorOptions::Git(options) => Arc::new(git::open(plan, options)),
        VendorOptions::Github(options) => Arc::new(github::open(plan, options, clock)?),
        VendorOptions::Prometheus(options) => Arc::new(prometheus::open(plan, options, clock)?),
        VendorOptions::Alertmanager(options) => Arc::new(alertmanager::open(plan, options, clock)?),
    })
}
