//! The Jira Cloud connector: versions, work items with their links and history, and the accounts that they name.
//! Issues are found by id, in queries that are always bounded, and then fetched in batches; nothing is written.
//!
//! Left out: boards, sprints, comments, worklogs, service management, Data Center's older API.

mod config;

mod gather;
mod held;
mod tally;
mod versions;

mod client;
mod jql;

mod adf;
mod convert;

mod dialect;
mod wire;

mod probe;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{Family, RecordKind, Text};
use jiff::Timestamp;

use crate::clock::Clock;
use crate::contract::{Connector, Descriptor, GatherRequest, Gathered, Probe, Wanted};
use crate::reach::SystemPlan;
use crate::reach::{Manners, upstream};
use crate::resilience::{SetupError, TelemetrySnapshot};

use client::Client;
pub use config::*;
use held::Held;

const KINDS: [RecordKind; 4] =
    [RecordKind::TrackedVersion, RecordKind::WorkItem, RecordKind::FieldHistory, RecordKind::Account];

/// One Jira site.
pub struct Jira {
    descriptor: Descriptor,
    options: Options,
    site: String,
    client: Client,
    held: Mutex<Held>,
}

/// A connector to a configured site. Nothing is sent yet.
///
/// # Errors
/// If the URL, a setting or the certificates are not usable.
pub fn open(plan: &SystemPlan, options: &Options, clock: Arc<dyn Clock>) -> Result<Jira, SetupError> {
    let manners = Manners {
        dialect: Arc::new(dialect::JiraDialect),
        token_endpoint: "https://auth.atlassian.com/oauth/token",
    };
    let client = Client::new(upstream(plan, manners, clock)?);
    let site = options.site.as_deref().unwrap_or(&plan.url).trim_end_matches('/').to_owned();
    let descriptor =
        Descriptor { id: plan.id.clone(), family: Family::WorkTracking, vendor: "jira", kinds: &KINDS };
    Ok(Jira { descriptor, options: options.clone(), site, client, held: Mutex::default() })
}

impl Jira {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kinds that this configuration reads.
    fn kinds(&self) -> impl Iterator<Item = RecordKind> + '_ {
        KINDS.into_iter().filter(|kind| self.options.history || *kind != RecordKind::FieldHistory)
    }
}

#[async_trait]
impl Connector for Jira {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn probe(&self, _now: Timestamp) -> Probe {
        probe::probe(self).await
    }

    async fn gather(&self, request: &GatherRequest) -> Gathered {
        gather::gather(self, request).await
    }

    async fn read(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        gather::read(self, wanted, now).await
    }

    async fn find(&self, kind: RecordKind, keys: &BTreeSet<Text>, now: Timestamp) -> Gathered {
        gather::find(self, (kind, keys), now).await
    }

    fn telemetry(&self) -> TelemetrySnapshot {
        self.client.telemetry()
    }
}

/// The configured names of custom fields with the ids of the fields that bear them.
async fn custom_fields(jira: &Jira) -> Result<Vec<(Text, Vec<String>)>, crate::error::ConnectorError> {
    if jira.options.fields.is_empty() {
        return Ok(Vec::new());
    }
    let fields = jira.client.fields().await?;
    let bearing = |name: &String| {
        let same = |field: &&wire::Field| field.id == *name || field.name.to_lowercase() == name.to_lowercase();
        fields.iter().filter(same).map(|field| field.id.clone()).collect()
    };
    Ok(jira.options.fields.iter().map(|name| (Text::from(name.as_str()), bearing(name))).collect())
}

#[cfg(test)]
mod tests;
