//! The GitHub connector: repositories, tags and releases, the commits between release tags, files at tags, pull
//! requests with reviews, deployments, workflow runs with jobs, environment reviews and reports, what other apps report on
//! release commits, container images with what is attested of them, and the accounts met in them.
//!
//! A look at all repositories (one GraphQL request for fifty) tells which have changed; only those are read again.
//! Left out: webhooks, branch protection, protection rules of environments (what reviewers decided is read), manifests of
//! images (which only the registry tells), runs on commits that are no release's, and by default the reports of releases
//! that were not the newest of their tag pattern when they were first seen (see `Options`).

mod addresses;
mod attesting;
mod checking;
mod client;
mod comparing;
mod config;
mod convert;
mod delivery;
mod dialect;
mod files;
mod gathering;
mod graph_wire;
mod graphql;
mod held;
mod packages;
mod patch;
mod people;
mod probing;
mod pulls;
mod ranges;
mod reading;
mod report_xml;
mod reports;
mod shipping;
mod survey;
mod tags;
#[cfg(test)]
mod tests;
mod texts;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::{Family, RecordKind, Text};
use jiff::Timestamp;

use crate::clock::Clock;
use crate::contract::{Connector, Descriptor, GatherRequest, Gathered, LongTexts, Probe, Wanted};
use crate::reach::SystemPlan;
use crate::resilience::{SetupError, TelemetrySnapshot};

pub use config::*;

use client::Client;
use held::Held;

const KINDS: [RecordKind; 10] = [
    RecordKind::Repository,
    RecordKind::Tag,
    RecordKind::Commit,
    RecordKind::File,
    RecordKind::PullRequest,
    RecordKind::PipelineRun,
    RecordKind::TestReport,
    RecordKind::Artifact,
    RecordKind::Deployment,
    RecordKind::Account,
];

/// One GitHub as one system.
pub struct Github {
    descriptor: Descriptor,
    client: Client,
    /// What was read of each repository, by the name it is mapped under.
    held: Mutex<BTreeMap<Text, Arc<Held>>>,
    /// Accounts behind logins that only texts name; `None` where there is none.
    logins: Mutex<BTreeMap<String, Option<graph_wire::Who>>>,
    /// Addresses that people show on their profiles, by login; `None` where they show none or we may not ask.
    addresses: Mutex<BTreeMap<Text, Option<Text>>>,
    /// Container images by organisation.
    images: Mutex<BTreeMap<String, packages::Images>>,
}

/// A connector to this GitHub. Nothing is asked of it yet.
///
/// # Errors
/// If the address, a setting or the certificates are not usable.
pub fn open(plan: &SystemPlan, options: &Options, clock: Arc<dyn Clock>) -> Result<Github, SetupError> {
    Ok(Github {
        descriptor: Descriptor { id: plan.id.clone(), family: Family::Code, vendor: "github", kinds: &KINDS },
        client: Client::open(plan, options, clock)?,
        held: Mutex::default(),
        logins: Mutex::default(),
        addresses: Mutex::default(),
        images: Mutex::default(),
    })
}

#[async_trait]
impl Connector for Github {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn probe(&self, now: Timestamp) -> Probe {
        self.ask_around(now).await
    }

    async fn gather(&self, request: &GatherRequest) -> Gathered {
        self.gather_all(request).await
    }

    async fn read(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        self.read_named(wanted, now).await
    }

    fn long_texts(&self) -> Option<&dyn LongTexts> {
        Some(self)
    }

    fn telemetry(&self) -> TelemetrySnapshot {
        self.client.upstream.telemetry()
    }
}
