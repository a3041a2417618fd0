//! The estate's systems, loaded and serving on local ports: what `interlock demo` and `interlock simulate` start.

use std::io;
use std::path::{Path, PathBuf};

use super::config::Addresses;
use super::git::{self, GitError};
use super::model::{Estate, Text};
use super::people::INTEGRATION;
use super::servicenow::{self, CUSTOM_COLUMNS, LENDING, MAIN};
use super::{github, jira, monitoring};
use crate::alertmanager::{self, Alertmanager};
use crate::clock::SharedClock;
use crate::github::{Github, Token};
use crate::jira::{Account, Browse, Jira};
use crate::prometheus::{self, Prometheus};
use crate::serve::Server;
use crate::servicenow::{Kind, ServiceNow, User};

/// The secrets of the simulated systems, by the variable that the configuration names. They guard nothing.
pub const SECRETS: [(&str, &str); 6] = [
    ("SERVICENOW_PASSWORD", "simulated-servicenow"),
    ("JIRA_TOKEN", "simulated-jira"),
    ("GITHUB_TOKEN", "simulated-github"),
    ("PORTAL_TOKEN", "simulated-portal"),
    ("BOT_TOKEN", "simulated-bot"),
    ("AUDITOR_TOKEN", "simulated-auditor"),
];

/// Where the systems listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Any free one for each.
    Any,
    /// Six in a row, beginning with this one.
    From(u16),
}

/// Why the systems cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("a simulator cannot listen")]
    Listen(#[from] io::Error),
    #[error("the plain repositories cannot be written")]
    Git(#[from] GitError),
}

/// One system: a handle to change it by, and the server with its faults and counts.
pub struct Running<T> {
    pub system: T,
    pub server: Server,
}

/// All of them. Dropping it stops them; the repositories stay on disk.
pub struct Systems {
    pub servicenow: Running<ServiceNow>,
    pub servicenow_lending: Running<ServiceNow>,
    pub jira: Running<Jira>,
    pub github: Running<Github>,
    pub prometheus: Running<Prometheus>,
    pub alertmanager: Running<Alertmanager>,
    pub repositories: Vec<(Text, PathBuf)>,
}

impl Systems {
    /// Loads the estate into every system and serves them. Plain repositories are written below `folder`, which must not
    /// hold any yet.
    pub async fn start(
        estate: &Estate,
        clock: &SharedClock,
        ports: Ports,
        folder: &Path,
    ) -> Result<Self, StartError> {
        let shas = git::all_shas(estate);
        let port = |place: u16| match ports {
            Ports::Any => 0,
            Ports::From(first) => first.saturating_add(place),
        };
        let servicenow = service_now(estate, clock, MAIN);
        let lending = service_now(estate, clock, LENDING);
        let jira = Jira::new(jira_options(estate, clock));
        let token = Token::reading(secret("GITHUB_TOKEN"), "interlock-reader");
        let github =
            Github::new(crate::github::Options::new(clock.clone(), github::content(estate, &shas), vec![token]));
        let prometheus = Prometheus::new(prometheus::Options {
            clock: clock.clone(),
            content: monitoring::prometheus_content(estate, &shas),
            access: prometheus::Access::default(),
        });
        let alertmanager = Alertmanager::new(alertmanager::Options {
            clock: clock.clone(),
            content: monitoring::alertmanager_content(estate),
        });
        Ok(Self {
            servicenow: serve(servicenow.router(), servicenow, (port(0), clock)).await?,
            servicenow_lending: serve(lending.router(), lending, (port(1), clock)).await?,
            jira: serve(jira.router(), jira, (port(2), clock)).await?,
            github: serve(github.router(), github, (port(3), clock)).await?,
            prometheus: serve(prometheus.router(), prometheus, (port(4), clock)).await?,
            alertmanager: serve(alertmanager.router(), alertmanager, (port(5), clock)).await?,
            repositories: git::write_plain(estate, folder)?,
        })
    }

    /// What the configuration needs to know of them; `listen` is where the gateway itself shall listen.
    pub fn addresses(&self, listen: &str) -> Addresses {
        Addresses {
            listen: listen.to_owned(),
            servicenow: self.servicenow.server.url(),
            servicenow_lending: self.servicenow_lending.server.url(),
            jira: self.jira.server.url(),
            github: self.github.server.url(),
            prometheus: self.prometheus.server.url(),
            alertmanager: self.alertmanager.server.url(),
            git: self.repositories.clone(),
        }
    }
}

async fn serve<T>(router: axum::Router, system: T, (port, clock): (u16, &SharedClock)) -> io::Result<Running<T>> {
    let server = Server::start(router, port, clock.clone()).await?;
    Ok(Running { system, server })
}

fn secret(variable: &str) -> &'static str {
    SECRETS.iter().find(|(name, _)| *name == variable).map_or("", |(_, value)| value)
}

fn service_now(estate: &Estate, clock: &SharedClock, instance: &'static str) -> ServiceNow {
    let mut options = crate::servicenow::Options::new(clock.clone());
    options.seed = instance.to_owned();
    let servicenow = ServiceNow::new(options);
    for (table, column) in CUSTOM_COLUMNS {
        servicenow.define(table, column, Kind::Text);
    }
    servicenow::each_row(estate, instance, &mut |table, row| {
        servicenow.insert(table, row);
    });
    // The row of this user is there already; now somebody may log in with it.
    let mut reader = User::new(INTEGRATION, secret("SERVICENOW_PASSWORD"));
    reader.sys_id = Some(servicenow::user_id(instance, INTEGRATION));
    reader.roles = ["rest_api_explorer", "itil", "sn_change_writer"].map(str::to_owned).to_vec();
    servicenow.add_user(reader);
    servicenow
}

fn jira_options(estate: &Estate, clock: &SharedClock) -> crate::jira::Options {
    let mut options = crate::jira::Options::new(clock.clone(), jira::content(estate));
    let (account_id, email) = jira::READER;
    options.accounts.push(Account {
        account_id: account_id.to_owned(),
        email: email.to_owned(),
        token: secret("JIRA_TOKEN").to_owned(),
        browse: Browse::All,
    });
    options
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::clock::Frozen;
    use crate::estate::{Contents, Options, generate};

    struct Scratch(PathBuf);

    impl Drop for Scratch {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).ok();
        }
    }

    async fn get(request: reqwest::RequestBuilder) -> Value {
        let response = request.header("Accept", "application/json").send().await.unwrap();
        let status = response.status();
        let body = response.text().await.unwrap();
        assert!(status.is_success(), "{status}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    #[tokio::test]
    async fn every_system_serves_its_part_of_a_release() {
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        let options = Options { contents: Contents::StoriesAndNoise, ..Options::new(7, now) };
        let estate = generate(&options).unwrap();
        let clock: SharedClock = Arc::new(Frozen::at(now));
        let scratch = Scratch(std::env::temp_dir().join(format!("estate-systems-{}", std::process::id())));
        let systems = Systems::start(&estate, &clock, Ports::Any, &scratch.0).await.unwrap();
        let at = systems.addresses("127.0.0.1:0");
        // Installed already where another test came first.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();

        let password = Some(secret("SERVICENOW_PASSWORD"));
        let changes = get(client
            .get(format!("{}/api/now/table/change_request", at.servicenow))
            .query(&[("sysparm_query", "correlation_id=payments-api@2.14.0"), ("sysparm_display_value", "all")])
            .basic_auth(INTEGRATION, password))
        .await;
        let change = &changes["result"][0];
        assert_eq!(change["state"]["display_value"], "Authorize");
        assert_eq!(change["cmdb_ci"]["display_value"], "payments-api");
        assert_eq!(change["parent"]["display_value"], "RLSE0010004");
        assert_eq!(change["assignment_group"]["display_value"], "Payments");
        for url in [&at.servicenow, &at.servicenow_lending] {
            let shared = get(client
                .get(format!("{url}/api/now/table/change_request?sysparm_query=number=CHG0030001"))
                .basic_auth(INTEGRATION, password))
            .await;
            assert_eq!(shared["result"].as_array().unwrap().len(), 1);
        }
        let wide = get(client
            .get(format!("{}/api/now/stats/cmdb_rel_ci", at.servicenow))
            .query(&[("sysparm_query", "child.name=core-switch-01"), ("sysparm_count", "true")])
            .basic_auth(INTEGRATION, password))
        .await;
        assert_eq!(wide["result"]["stats"]["count"], "3001");

        let issues = get(client
            .get(format!("{}/rest/api/3/search/jql", at.jira))
            .query(&[("jql", "project = PAY and fixVersion = \"v2.14.0\""), ("fields", "issuelinks,status")])
            .basic_auth(jira::READER.1, Some(secret("JIRA_TOKEN"))))
        .await;
        let issues = issues["issues"].as_array().unwrap();
        assert_eq!(issues.len(), 6);
        let blocked = issues.iter().any(|issue| {
            issue["fields"]["issuelinks"][0]["inwardIssue"]["key"]
                .as_str()
                .is_some_and(|key| key.starts_with("LED-"))
        });
        assert!(blocked, "{issues:?}");

        let compared = get(client
            .get(format!("{}/repos/bank/payments-api/compare/v2.13.1...v2.14.0", at.github))
            .header("User-Agent", "test")
            .bearer_auth(secret("GITHUB_TOKEN")))
        .await;
        assert_eq!((&compared["status"], &compared["behind_by"]), (&"diverged".into(), &3.into()));
        assert_eq!(compared["files"].as_array().unwrap().len(), 41);

        let running = get(client
            .get(format!("{}/api/v1/query", at.prometheus))
            .query(&[("query", "build_info{service=\"payments-api\",environment=\"production\"}")]))
        .await;
        let seen = running["data"]["result"].as_array().unwrap();
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|series| series["metric"]["version"] == "2.13.1"), "{seen:?}");

        let alerts = get(client.get(format!("{}/api/v2/alerts", at.alertmanager))).await;
        assert_eq!(alerts[0]["labels"]["service"], "data-lake");
        assert_eq!(systems.repositories.len(), 2);
    }
}
