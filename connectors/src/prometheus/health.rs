//! Health queries: one question for all services that are known by the same label names. A service that the result
//! does not mention, or whose value is no number, has an unknown health.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Gap, HealthObservation, RecordKind, Text};
use futures::future::{OptionFuture, join, join_all};
use jiff::Timestamp;

use super::client::Told;
use super::convert::{fingerprint, number};
use super::promql::{Batch, batches};
use super::wire::{Labels, Sample};
use super::{HealthQuery, Prometheus, Read, Selectors};
use crate::error::ConnectorError;

/// The rows of one question.
struct Rows {
    values: Vec<Sample>,
    /// Where samples are counted.
    samples: Option<Vec<Sample>>,
    warnings: usize,
}

impl Prometheus {
    /// Asks every health query as of one moment by the vendor's clock.
    pub(super) async fn health(
        &self,
        selectors: &Selectors,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Read, ConnectorError> {
        let mut read = Read::default();
        if self.options.health.is_empty() {
            return Ok(read);
        }
        let (batches, refused) = batches(selectors);
        if refused > 0 {
            let message = format!("{refused} services are mapped by labels that no query can hold");
            read.gaps.push(self.client.gap(RecordKind::HealthObservation, message));
        }
        let questions: Vec<(&str, &HealthQuery, &Batch<'_>)> = self
            .options
            .health
            .iter()
            .flat_map(|(name, query)| batches.iter().map(move |batch| (name.as_str(), query, batch)))
            .collect();
        let asked = questions.iter().map(|(_, query, batch)| self.rows(query, batch, at));
        let answers = join_all(asked).await;
        let (mut warnings, mut answered) = (0, 0);
        let mut failures = Vec::new();
        for ((name, query, batch), rows) in questions.into_iter().zip(answers) {
            match rows {
                Ok(rows) => {
                    answered += 1;
                    warnings += rows.warnings;
                    let judged = Judged { prometheus: self, name, query, batch, at, now };
                    match judged.observations(&rows) {
                        Ok(found) => read.records.health_observations.extend(found),
                        Err(gap) => read.gaps.push(gap),
                    }
                }
                Err(error) => failures.push(error),
            }
        }
        if answered == 0
            && let Some(error) = failures.first()
        {
            return Err(error.clone());
        }
        read.gaps.extend(failures.iter().map(|error| error.gap(RecordKind::HealthObservation, None)));
        read.gaps.extend(self.client.partial(RecordKind::HealthObservation, warnings));
        Ok(read)
    }

    async fn rows(&self, query: &HealthQuery, batch: &Batch<'_>, at: Timestamp) -> Result<Rows, ConnectorError> {
        let values = self.client.query("ask a health query", batch.fill(&query.query), at);
        let samples = query
            .samples
            .as_ref()
            .map(|samples| self.client.query("count the samples of a health query", batch.fill(samples), at));
        let (values, samples) = join(values, OptionFuture::from(samples)).await;
        let (values, samples): (_, Option<Told<_>>) = (values?, samples.transpose()?);
        let warnings = values.warnings + samples.as_ref().map_or(0, |told| told.warnings);
        Ok(Rows { values: values.data, samples: samples.map(|told| told.data), warnings })
    }
}

/// One question with what is needed to read its answer.
struct Judged<'a> {
    prometheus: &'a Prometheus,
    name: &'a str,
    query: &'a HealthQuery,
    batch: &'a Batch<'a>,
    at: Timestamp,
    now: Timestamp,
}

impl Judged<'_> {
    fn observations(&self, rows: &Rows) -> Result<Vec<HealthObservation>, Gap> {
        let by_labels: BTreeMap<Vec<&str>, &Labels> =
            self.batch.selectors.iter().map(|selector| (self.key(selector), *selector)).collect();
        let samples = rows.samples.as_deref().map(|samples| self.counted(samples));
        let mut found = Vec::new();
        let mut mentioned: BTreeSet<Vec<&str>> = BTreeSet::new();
        let mut nameless = 0;
        for row in &rows.values {
            let Some(selector) = self.selector_of(&row.metric, &by_labels) else {
                nameless += usize::from(!self.names_a_service(&row.metric));
                continue;
            };
            mentioned.insert(self.key(selector));
            found.push(self.observation(selector, row, samples.as_ref()));
        }
        if found.is_empty() && nameless > 0 {
            let message = format!("the result of the health query {} does not tell services apart", self.name);
            return Err(self.prometheus.client.gap(RecordKind::HealthObservation, message));
        }
        let silent = self.batch.selectors.iter().filter(|selector| !mentioned.contains(&self.key(selector)));
        let nothing = |metric: Labels| Sample { metric, value: None };
        found.extend(silent.map(|selector| self.observation(selector, &nothing(Labels::new()), samples.as_ref())));
        Ok(found)
    }

    fn observation(
        &self,
        selector: &Labels,
        row: &Sample,
        samples: Option<&BTreeMap<Labels, u64>>,
    ) -> HealthObservation {
        let labels = self.labels(selector, &row.metric);
        let alone = Batch { names: self.batch.names.clone(), selectors: vec![selector] };
        let source = self.prometheus.place(self.now);
        let source = source.queried(fingerprint(&labels), &alone.fill(&self.query.query));
        HealthObservation {
            value: row.value.as_ref().and_then(|(_, text)| number(text)),
            samples: samples.map(|samples| count_of(&labels, samples)),
            labels,
            query: self.name.into(),
            threshold: self.query.at_most,
            observed_at: self.at,
            source,
        }
    }

    /// How many samples are told for which labels.
    fn counted(&self, rows: &[Sample]) -> BTreeMap<Labels, u64> {
        let one = self.batch.selectors.first().filter(|_| self.batch.selectors.len() == 1);
        let mut counts = BTreeMap::new();
        for row in rows {
            let value = row.value.as_ref().and_then(|(_, text)| number(text)).unwrap_or_default();
            let labels = match one {
                Some(selector) => self.labels(selector, &row.metric),
                None => self.labels(&Labels::new(), &row.metric),
            };
            *counts.entry(labels).or_insert(0) += whole(value);
        }
        counts
    }

    fn labels(&self, selector: &Labels, metric: &Labels) -> Labels {
        let mut labels = metric.clone();
        labels.remove("__name__");
        for (name, value) in selector {
            labels.entry(name.clone()).or_insert_with(|| value.clone());
        }
        labels
    }

    /// The service that a row speaks of. A lone service need not be named.
    fn selector_of<'s>(
        &'s self,
        metric: &Labels,
        by_labels: &BTreeMap<Vec<&str>, &'s Labels>,
    ) -> Option<&'s Labels> {
        if let Some(selector) = by_labels.get(&self.key(metric)) {
            return Some(*selector);
        }
        match self.batch.selectors.as_slice() {
            [only] if only.iter().all(|(name, value)| metric.get(name).is_none_or(|told| told == value)) => {
                Some(*only)
            }
            _ => None,
        }
    }

    fn names_a_service(&self, metric: &Labels) -> bool {
        self.batch.names.iter().all(|name| metric.contains_key(*name))
    }

    /// The values of the labels that tell services apart; an absent label counts as empty.
    fn key<'l>(&self, labels: &'l Labels) -> Vec<&'l str> {
        self.batch.names.iter().map(|name| labels.get(*name).map_or("", |value: &Text| &**value)).collect()
    }
}

/// Counted for just these labels, or else for fewer of them. What is not counted rests on nothing.
fn count_of(labels: &Labels, samples: &BTreeMap<Labels, u64>) -> u64 {
    if let Some(count) = samples.get(labels) {
        return *count;
    }
    let fewer = samples
        .iter()
        .filter(|(counted, _)| !counted.is_empty())
        .filter(|(counted, _)| counted.iter().all(|(name, value)| labels.get(name) == Some(value)));
    fewer.map(|(_, count)| *count).min().unwrap_or(0)
}

fn whole(value: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates at its bounds")]
    let count = value.max(0.0) as u64;
    count
}
