//! The demonstration bank, open for business: the estate, its systems, and the configuration with which Interlock
//! finds them. What `interlock demo`, `interlock simulate` and the scenario tests start.

use std::io;
use std::path::{Path, PathBuf};

use crate::clock::SharedClock;
use crate::estate::config::interlock_config;
use crate::estate::systems::{Ports, StartError, Systems};
use crate::estate::{self, Estate, EstateError, servicenow};
use crate::serve::Server;

pub use crate::estate::systems::SECRETS;

/// The value of one of [`SECRETS`].
pub fn secret(name: &str) -> Option<&'static str> {
    SECRETS.iter().find(|(variable, _)| *variable == name).map(|(_, value)| *value)
}

/// Where the bank's systems listen and write.
#[derive(Clone, Debug)]
pub struct Places {
    /// Address the configuration gives to the gateway.
    pub gateway: String,
    /// Where the vendors listen.
    pub ports: Ports,
    /// An existing folder for the plain repositories.
    pub folder: PathBuf,
}

/// The bank's systems, running. Dropping it stops them.
pub struct Bank {
    pub estate: Estate,
    pub systems: Systems,
    /// Interlock's configuration for it.
    pub config: String,
}

/// Why the bank cannot open.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    #[error(transparent)]
    Estate(#[from] EstateError),
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Bank {
    /// Makes the estate and serves it.
    pub async fn open(options: &estate::Options, places: &Places, clock: SharedClock) -> Result<Self, BankError> {
        let estate = estate::generate(options)?;
        let systems = Systems::start(&estate, &clock, places.ports, &places.folder).await?;
        let config = interlock_config(&estate, &systems.addresses(&places.gateway));
        Ok(Self { estate, systems, config })
    }

    /// Each system's connector id and its server, in the order of the configuration.
    pub fn servers(&self) -> [(&'static str, &Server); 6] {
        [
            (servicenow::MAIN, &self.systems.servicenow.server),
            (servicenow::LENDING, &self.systems.servicenow_lending.server),
            ("jira", &self.systems.jira.server),
            ("github", &self.systems.github.server),
            ("prometheus", &self.systems.prometheus.server),
            ("alertmanager", &self.systems.alertmanager.server),
        ]
    }
}

/// A new folder for plain repositories below the machine's folder for temporary files; removed when dropped.
#[derive(Debug)]
pub struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// Makes one that nobody else has.
    pub fn make() -> io::Result<Self> {
        let base = std::env::temp_dir();
        let process = std::process::id();
        for attempt in 0_u32.. {
            let path = base.join(format!("interlock-bank-{process}-{attempt}"));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "A temporary folder could not be removed");
        }
    }
}
