//! The Prometheus connector: what runs and what ran before, whether it is healthy, and which alerts hold.
//! Every read tells everything, in a number of requests that does not depend on how many services there are; only what
//! ran long ago is not asked for again before the next full read.

mod alerts;
mod client;
mod config;
mod convert;
mod health;
mod intervals;
mod probing;
mod promql;
mod runtime;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::{Family, Gap, RecordId, RecordKind, Records, Text};
use futures::future::{OptionFuture, join};
use jiff::Timestamp;

pub use config::*;

use crate::clock::Clock;
use crate::contract::{Connector, Descriptor, GatherRequest, Gathered, Probe, Wanted};
use crate::error::{ConnectorError, FailureKind};
use crate::reach::SystemPlan;
use crate::reach::{Manners, upstream};
use crate::resilience::{SetupError, TelemetrySnapshot};

use client::{Client, Refusals};
use convert::Place;
use intervals::Past;

const KINDS: [RecordKind; 3] = [RecordKind::RuntimeObservation, RecordKind::HealthObservation, RecordKind::Alert];

/// Label sets by which services are known.
type Selectors = BTreeSet<BTreeMap<Text, Text>>;

/// One Prometheus, or anything that answers like it.
pub struct Prometheus {
    descriptor: Descriptor,
    client: Client,
    options: Options,
    url: String,
    remembered: Mutex<Remembered>,
}

/// What one read leaves for the next.
#[derive(Default)]
struct Remembered {
    selectors: Selectors,
    alerts: BTreeSet<RecordId>,
    past: Option<Past>,
}

/// How much of the past is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Full,
    Incremental,
}

/// What a read is about.
#[derive(Clone, Copy)]
struct Question<'a> {
    kinds: &'a BTreeSet<RecordKind>,
    selectors: &'a Selectors,
    depth: Depth,
    now: Timestamp,
}

/// What was read of one kind.
#[derive(Default)]
struct Read {
    records: Records,
    gaps: Vec<Gap>,
    deleted: BTreeSet<RecordId>,
}

/// Sets the connector up; nothing is sent yet.
///
/// # Errors
/// If the address, a setting or an option is not usable.
pub fn open(plan: &SystemPlan, options: &Options, clock: Arc<dyn Clock>) -> Result<Prometheus, SetupError> {
    options.check()?;
    let manners = Manners { dialect: Arc::new(Refusals), token_endpoint: "" };
    Ok(Prometheus {
        descriptor: Descriptor {
            id: plan.id.clone(),
            family: Family::Monitoring,
            vendor: "prometheus",
            kinds: &KINDS,
        },
        client: Client::new(upstream(plan, manners, clock)?),
        options: options.clone(),
        url: plan.url.trim_end_matches('/').to_owned(),
        remembered: Mutex::default(),
    })
}

impl Prometheus {
    fn place(&self, now: Timestamp) -> Place<'_> {
        Place { connector: &self.descriptor.id, url: &self.url, fetched_at: now }
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read_kinds(&self, question: Question<'_>) -> Gathered {
        let Question { kinds, now, .. } = question;
        let observed = kinds.contains(&RecordKind::RuntimeObservation);
        let judged = kinds.contains(&RecordKind::HealthObservation);
        let alerted = kinds.contains(&RecordKind::Alert);
        let queries = OptionFuture::from((observed || judged).then(|| self.queries(question)));
        let alerts = OptionFuture::from(alerted.then(|| self.alerts(now)));
        let (queries, alerts) = join(queries, alerts).await;
        let mut gathered = queries.unwrap_or_default();
        if let Some(read) = alerts {
            gathered.join(settle(RecordKind::Alert, read, now));
        }
        gathered
    }

    /// Everything that is asked as of one moment by the vendor's clock.
    async fn queries(&self, question: Question<'_>) -> Gathered {
        let Question { kinds, selectors, depth, now } = question;
        let wanted = |kind| kinds.contains(&kind);
        let judged = wanted(RecordKind::HealthObservation);
        let observed = wanted(RecordKind::RuntimeObservation).then(|| self.running());
        let running = OptionFuture::from(observed).await;
        // What runs tells the time along; where that question alone is refused, the time is asked for.
        let at = match &running {
            Some(Ok((at, _))) => Ok(*at),
            Some(Err(error)) if !judged || !matches!(error.kind, FailureKind::Rejected { .. }) => {
                Err(error.clone())
            }
            _ => self.client.moment().await,
        };
        let runtime = async {
            match running? {
                Ok(running) => Some(self.runtime(depth, running, now).await),
                Err(error) => Some(Err(error)),
            }
        };
        let health = async {
            match at {
                Ok(at) if judged => Some(self.health(selectors, at, now).await),
                Err(error) if judged => Some(Err(error)),
                _ => None,
            }
        };
        let (runtime, health) = join(runtime, health).await;
        let mut gathered = Gathered::default();
        for (kind, read) in [(RecordKind::RuntimeObservation, runtime), (RecordKind::HealthObservation, health)] {
            if let Some(read) = read {
                gathered.join(settle(kind, read, now));
            }
        }
        gathered
    }
}

/// Says whether a kind was read whole, in part, or not at all.
fn settle(kind: RecordKind, read: Result<Read, ConnectorError>, now: Timestamp) -> Gathered {
    let mut gathered = Gathered::default();
    match read {
        Ok(read) => {
            let whole = read.gaps.is_empty();
            let place = if whole { &mut gathered.complete } else { &mut gathered.changed };
            place.insert(kind);
            if whole {
                gathered.watermarks.insert(kind, now);
            }
            if !read.deleted.is_empty() {
                gathered.deleted.insert(kind, read.deleted);
            }
            gathered.records = read.records;
            gathered.gaps = read.gaps;
        }
        Err(error) => gathered.gaps.push(error.gap(kind, None)),
    }
    gathered
}

#[async_trait]
impl Connector for Prometheus {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn probe(&self, now: Timestamp) -> Probe {
        self.ask(now).await
    }

    async fn gather(&self, request: &GatherRequest) -> Gathered {
        let selectors = &request.interest.selectors;
        self.remembered().selectors.clone_from(selectors);
        let incremental = request.since.contains_key(&RecordKind::RuntimeObservation);
        let depth = if incremental { Depth::Incremental } else { Depth::Full };
        self.read_kinds(Question { kinds: &KINDS.into(), selectors, depth, now: request.now }).await
    }

    async fn read(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        let kinds: BTreeSet<RecordKind> = wanted.keys().copied().filter(|kind| KINDS.contains(kind)).collect();
        let selectors = self.remembered().selectors.clone();
        let mut gathered = self
            .read_kinds(Question { kinds: &kinds, selectors: &selectors, depth: Depth::Incremental, now })
            .await;
        let asked = |kind, record: &RecordId| wanted.get(&kind).is_some_and(|ids| ids.contains(record));
        let records = &mut gathered.records;
        records.alerts.retain(|alert| asked(RecordKind::Alert, &alert.id.0));
        records.runtime_observations.retain(|seen| asked(RecordKind::RuntimeObservation, &seen.source.record));
        records.health_observations.retain(|seen| asked(RecordKind::HealthObservation, &seen.source.record));
        // Everything was read, but only what was asked for is told.
        gathered.changed.append(&mut gathered.complete);
        gathered.watermarks.clear();
        gathered
    }

    fn telemetry(&self) -> TelemetrySnapshot {
        self.client.telemetry()
    }
}

#[cfg(test)]
mod tests;
