//! The connector to plain Git repositories on this machine's disks: tags, commits and the ranges between release tags,
//! files at tags. Read by gitoxide, without the user's configuration and without running any program.
//!
//! A plain repository knows no pull requests, reviews, checks or deployments; it is never asked for them.

mod config;
mod convert;
mod history;
mod reading;
mod repository;
mod tags;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::{ConnectorId, Family, RecordKind, Records};
use jiff::Timestamp;

use crate::contract::{
    Breadth, CATALOG_FILE, Connector, Descriptor, GatherRequest, Gathered, Probe, ProbeAnswer, Wanted,
};
use crate::error::{ConnectorError, FailureKind};
use crate::reach::SystemPlan;
use crate::resilience::{CircuitState, LastError, Spared, TelemetrySnapshot};

pub use config::*;

use reading::{Fingerprint, Reading};

const KINDS: [RecordKind; 4] = [RecordKind::Repository, RecordKind::Tag, RecordKind::Commit, RecordKind::File];

/// A connector to the repositories of the plan. Nothing is opened yet.
pub fn open(plan: &SystemPlan, options: &Options) -> Git {
    Git::new(plan.id.clone(), options.clone())
}

/// Plain repositories as one system.
pub struct Git {
    descriptor: Descriptor,
    options: Arc<Options>,
    /// What was read of each repository, and the refs and question it was read for: unchanged refs are not read again.
    known: Mutex<BTreeMap<String, (Fingerprint, Records)>>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    reads: u64,
    spared: u64,
    failures: BTreeMap<&'static str, u64>,
    last_success_at: Option<Timestamp>,
    last_error: Option<LastError>,
}

impl Git {
    /// A connector to these repositories. Nothing is opened yet.
    pub fn new(id: ConnectorId, options: Options) -> Self {
        Self {
            descriptor: Descriptor { id, family: Family::Code, vendor: "git", kinds: &KINDS },
            options: Arc::new(options),
            known: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// Reads one repository off the async threads; `Ok(None)` when nothing changed since it was read.
    async fn read_repository(
        &self,
        repository: PlainRepository,
        request: &GatherRequest,
    ) -> Result<(Fingerprint, Option<Records>), ConnectorError> {
        let known = self.known().get(&repository.name).map(|(fingerprint, _)| fingerprint.clone());
        let mut files = self.options.files.clone();
        if request.interest.breadth == Breadth::All && !files.iter().any(|path| path == CATALOG_FILE) {
            files.push(CATALOG_FILE.to_owned());
        }
        let reading = Reading {
            connector: self.descriptor.id.clone(),
            breadth: request.interest.breadth,
            patterns: request.interest.repositories.get(repository.name.as_str()).cloned().unwrap_or_default(),
            files,
            repository,
            horizon: request.horizon,
            now: request.now,
        };
        let system = self.descriptor.id.clone();
        let read = tokio::task::spawn_blocking(move || reading.read(known.as_ref())).await;
        match read {
            Ok(read) => read.map_err(|failure| failure.of(&system, "read a repository")),
            Err(_) => Err(ConnectorError::new(system, "read a repository", FailureKind::Malformed)
                .because("the repository could not be understood")),
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Fingerprint, Records)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, outcome: &Result<(Fingerprint, Option<Records>), ConnectorError>, now: Timestamp) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok((_, read)) => {
                seen.last_success_at = Some(now);
                match read {
                    Some(_) => seen.reads += 1,
                    None => seen.spared += 1,
                }
            }
            Err(error) => {
                *seen.failures.entry(error.kind.name()).or_default() += 1;
                seen.last_error = Some(LastError { code: error.code(), message: error.to_string(), at: now });
            }
        }
    }
}

#[async_trait]
impl Connector for Git {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn probe(&self, now: Timestamp) -> Probe {
        let request =
            GatherRequest::full(domain::Window { start: now, end: now }, now, crate::contract::Interest::default());
        let mut failure = None;
        for repository in &self.options.repositories {
            if let Err(error) = self.read_repository(repository.clone(), &request).await {
                failure.get_or_insert(error);
            }
        }
        let count = self.options.repositories.len();
        let answer = || match (&failure, count) {
            (Some(error), _) => ProbeAnswer::Failed(error.clone()),
            (None, 0) => ProbeAnswer::Warning("no repository is configured".into()),
            (None, 1) => ProbeAnswer::Good("1 repository".into()),
            (None, count) => ProbeAnswer::Good(format!("{count} repositories").into()),
        };
        Probe {
            reachable: answer(),
            authenticated: ProbeAnswer::Good("a path on this machine".into()),
            permitted: KINDS.iter().map(|kind| (*kind, answer())).collect(),
            clock_skew: None,
            limits: None,
        }
    }

    async fn gather(&self, request: &GatherRequest) -> Gathered {
        let mut gathered = Gathered::default();
        for repository in &self.options.repositories {
            let outcome = self.read_repository(repository.clone(), request).await;
            self.note(&outcome, request.now);
            let mut known = self.known();
            match outcome {
                Ok((fingerprint, Some(records))) => {
                    known.insert(repository.name.clone(), (fingerprint, records));
                }
                Ok((_, None)) => {}
                Err(error) => {
                    // What was read before stays held by the federation; it only grows stale.
                    gathered.gaps.extend(KINDS.iter().map(|kind| error.gap(*kind, None)));
                    continue;
                }
            }
            if let Some((_, records)) = known.get(&repository.name) {
                gathered.records.append(records.clone());
            }
        }
        if gathered.gaps.is_empty() {
            gathered.complete = KINDS.into();
            gathered.watermarks = KINDS.iter().map(|kind| (*kind, request.now)).collect();
        } else {
            gathered.changed = KINDS.into_iter().filter(|kind| gathered.records.count(*kind) > 0).collect();
        }
        gathered
    }

    async fn read(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        let known = self.known();
        let mut gathered = Gathered::default();
        for records in known.values().map(|(_, records)| records) {
            let asked = |kind, record: &domain::RecordId| {
                wanted.get(&kind).is_some_and(|ids: &std::collections::BTreeSet<_>| ids.contains(record))
            };
            let commits = records.commits.iter().filter(|commit| asked(RecordKind::Commit, &commit.id.0));
            gathered.records.commits.extend(commits.cloned());
            let tags = records.tags.iter().filter(|tag| asked(RecordKind::Tag, &tag.id.0));
            gathered.records.tags.extend(tags.cloned());
        }
        gathered.changed = wanted.keys().copied().filter(|kind| KINDS.contains(kind)).collect();
        gathered.watermarks = gathered.changed.iter().map(|kind| (*kind, now)).collect();
        gathered
    }

    fn telemetry(&self) -> TelemetrySnapshot {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        TelemetrySnapshot {
            circuit: CircuitState::Closed,
            sent: seen.reads,
            retried: 0,
            refused: 0,
            spared: Spared { by_cache: seen.spared, ..Spared::default() },
            failures: seen.failures.clone(),
            latency_p50: None,
            latency_p99: None,
            last_success_at: seen.last_success_at,
            last_error: seen.last_error.clone(),
            rate_limit: None,
            clock_skew: None,
            concurrency: 1,
        }
    }
}

#[cfg(test)]
mod tests;
