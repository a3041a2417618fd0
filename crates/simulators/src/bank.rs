//! The demonstration estate, served: every vendor on a local port, plain repositories on disk, and the configuration
//! with which Interlock finds them. Secrets of the simulated vendors are no secrets; they are told to whoever asks.

use std::io;
use std::path::{Path, PathBuf};

use crate::alertmanager::{self, Alertmanager};
use crate::clock::SharedClock;
use crate::estate::config::{Addresses, interlock_config};
use crate::estate::git::{all_shas, write_plain};
use crate::estate::{self, Estate, EstateError, servicenow as projection};
use crate::github::{self, Github, Token};
use crate::jira::{self, Account, Browse, Jira};
use crate::prometheus::{self, Prometheus};
use crate::serve::Server;
use crate::servicenow::{self, Kind, ServiceNow, User};

/// Environment variables that the configuration refers to, with the values that the simulated vendors accept.
pub const SECRETS: [(&str, &str); 6] = [
    ("SERVICENOW_PASSWORD", "simulated-password"),
    ("JIRA_TOKEN", "simulated-jira-token"),
    ("GITHUB_TOKEN", "simulated-github-token"),
    ("PORTAL_TOKEN", "simulated-portal-token"),
    ("BOT_TOKEN", "simulated-bot-token"),
    ("AUDITOR_TOKEN", "simulated-auditor-token"),
];

/// The value of one of [`SECRETS`].
pub fn secret(name: &str) -> Option<&'static str> {
    SECRETS.iter().find(|(variable, _)| *variable == name).map(|(_, value)| *value)
}

/// Where the bank's systems listen and write.
#[derive(Clone, Debug)]
pub struct Places {
    /// Address the configuration gives to the gateway.
    pub gateway: String,
    /// First port of the vendors, one after the other; 0 takes any free ones.
    pub first_port: u16,
    /// An existing folder for the plain repositories.
    pub folder: PathBuf,
}

/// The bank's systems, running. Dropping it stops them.
pub struct Bank {
    pub estate: Estate,
    pub servicenow: (ServiceNow, Server),
    pub servicenow_lending: (ServiceNow, Server),
    pub jira: (Jira, Server),
    pub github: (Github, Server),
    pub prometheus: (Prometheus, Server),
    pub alertmanager: (Alertmanager, Server),
    /// Interlock's configuration for it.
    pub config: String,
}

/// Why the bank cannot open.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    #[error(transparent)]
    Estate(#[from] EstateError),
    #[error("a simulator cannot listen: {0}")]
    Listen(#[from] io::Error),
    #[error("the plain repositories cannot be written: {0}")]
    Repositories(#[from] estate::git::GitError),
}

impl Bank {
    /// Makes the estate and serves it.
    pub async fn open(options: &estate::Options, places: &Places, clock: SharedClock) -> Result<Self, BankError> {
        let estate = estate::generate(options)?;
        let git = write_plain(&estate, &places.folder)?;
        let shas = all_shas(&estate);
        let mut ports = Ports(places.first_port);
        let servicenow = instance(&estate, projection::MAIN, &clock);
        let servicenow_lending = instance(&estate, projection::LENDING, &clock);
        let mut tracker = jira::Options::new(clock.clone(), estate::jira::content(&estate));
        tracker.accounts.push(Account {
            account_id: "interlock".to_owned(),
            email: "interlock@bank.example".to_owned(),
            token: "simulated-jira-token".to_owned(),
            browse: Browse::All,
        });
        let jira = Jira::new(tracker);
        let token = Token::reading("simulated-github-token", "interlock-bot");
        let github =
            Github::new(github::Options::new(clock.clone(), estate::github::content(&estate, &shas), vec![token]));
        let prometheus = Prometheus::new(prometheus::Options {
            clock: clock.clone(),
            content: estate::monitoring::prometheus_content(&estate, &shas),
            access: prometheus::Access::Open,
        });
        let alertmanager = Alertmanager::new(alertmanager::Options {
            clock: clock.clone(),
            content: estate::monitoring::alertmanager_content(&estate),
        });
        let servers = [
            Server::start(servicenow.router(), ports.next(), clock.clone()).await?,
            Server::start(servicenow_lending.router(), ports.next(), clock.clone()).await?,
            Server::start(jira.router(), ports.next(), clock.clone()).await?,
            Server::start(github.router(), ports.next(), clock.clone()).await?,
            Server::start(prometheus.router(), ports.next(), clock.clone()).await?,
            Server::start(alertmanager.router(), ports.next(), clock).await?,
        ];
        let [main, lending, tracker, forge, metrics, alerts] = servers;
        let config = interlock_config(
            &estate,
            &Addresses {
                listen: places.gateway.clone(),
                servicenow: main.url(),
                servicenow_lending: lending.url(),
                jira: tracker.url(),
                github: forge.url(),
                prometheus: metrics.url(),
                alertmanager: alerts.url(),
                git,
            },
        );
        Ok(Self {
            estate,
            servicenow: (servicenow, main),
            servicenow_lending: (servicenow_lending, lending),
            jira: (jira, tracker),
            github: (github, forge),
            prometheus: (prometheus, metrics),
            alertmanager: (alertmanager, alerts),
            config,
        })
    }

    /// Each system's connector id, its server, in the order of the configuration.
    pub fn servers(&self) -> [(&'static str, &Server); 6] {
        [
            (projection::MAIN, &self.servicenow.1),
            (projection::LENDING, &self.servicenow_lending.1),
            ("jira", &self.jira.1),
            ("github", &self.github.1),
            ("prometheus", &self.prometheus.1),
            ("alertmanager", &self.alertmanager.1),
        ]
    }
}

/// Ports one after the other, or any free ones.
struct Ports(u16);

impl Ports {
    fn next(&mut self) -> u16 {
        let port = self.0;
        if port != 0 {
            self.0 = port.saturating_add(1);
        }
        port
    }
}

fn instance(estate: &Estate, name: &'static str, clock: &SharedClock) -> ServiceNow {
    let mut options = servicenow::Options::new(clock.clone());
    name.clone_into(&mut options.seed);
    let service_now = ServiceNow::new(options);
    for (table, column) in projection::CUSTOM_COLUMNS {
        service_now.define(table, column, Kind::Text);
    }
    projection::each_row(estate, name, &mut |table, row| {
        service_now.insert(table, row);
    });
    let mut user = User::new("svc.interlock", "simulated-password");
    user.roles = vec!["itil".to_owned(), "admin".to_owned()];
    service_now.add_user(user);
    service_now
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
