//! What `interlock check` asks of a GitHub, and records read by their ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::{RecordId, RecordKind, Text};
use jiff::Timestamp;

use super::held::{Bag, Held};
use super::reading::{Depth, KINDS as OF_REPOSITORY, Reading};
use super::{Github, KINDS};
use crate::contract::{Gathered, Interest, Probe, ProbeAnswer, Wanted};
use crate::error::ConnectorError;
use crate::resilience::Request;

/// One cheap list of each kind, below a repository.
const LISTS: [(RecordKind, &[&str]); 6] = [
    (RecordKind::Repository, &[]),
    (RecordKind::Tag, &["tags"]),
    (RecordKind::Commit, &["commits"]),
    (RecordKind::PullRequest, &["pulls"]),
    (RecordKind::Deployment, &["deployments"]),
    (RecordKind::PipelineRun, &["actions", "runs"]),
];

impl Github {
    pub(super) async fn ask_around(&self, _now: Timestamp) -> Probe {
        let answer = self.client.upstream.send(self.client.rest("read the rate limit", &["rate_limit"])).await;
        const REACHED: &str = "it answers";
        let (reachable, authenticated) = match &answer {
            Ok(_) => (ProbeAnswer::Good(REACHED.into()), ProbeAnswer::Good("the token is accepted".into())),
            Err(error) => ProbeAnswer::of_failure(error, REACHED),
        };
        let permitted = if answer.is_err() {
            KINDS.iter().map(|kind| (*kind, ProbeAnswer::Skipped)).collect()
        } else {
            self.permissions().await
        };
        let telemetry = self.client.upstream.telemetry();
        let limits = telemetry
            .rate_limit
            .and_then(|seen| Some(Text::from(format!("{} of {} requests left", seen.remaining?, seen.limit?))));
        Probe {
            reachable,
            authenticated,
            permitted,
            clock_skew: answer.ok().and_then(|answer| answer.date_skew),
            limits,
        }
    }

    async fn permissions(&self) -> Vec<(RecordKind, ProbeAnswer)> {
        let known = self.held().values().next().map(|held| held.survey.name_with_owner.clone());
        let name = match known {
            Some(name) => Some(name),
            None => match self.client.repositories(&Interest::default()).await {
                Ok(names) => names.first().map(ToString::to_string),
                Err(error) => {
                    return LISTS.iter().map(|(kind, _)| (*kind, ProbeAnswer::Failed(error.clone()))).collect();
                }
            },
        };
        let Some(name) = name else {
            let remark = || ProbeAnswer::Warning("no repository is known yet to try it on".into());
            return LISTS.iter().map(|(kind, _)| (*kind, remark())).collect();
        };
        let mut answers = Vec::new();
        for (kind, path) in LISTS {
            let request = self.client.of_repository("try a list", &name, path).query("per_page", "1");
            answers.push((kind, self.tried(request).await));
        }
        let organization = name.split('/').next().unwrap_or_default();
        let request = self.client.rest("try a list", &["orgs", organization, "packages"]);
        let request = request.query("package_type", "container").query("per_page", "1");
        answers.push((RecordKind::Artifact, self.tried(request).await));
        answers
    }

    async fn tried(&self, request: Request) -> ProbeAnswer {
        match self.client.upstream.send(request).await {
            Ok(answer) if answer.status != http::StatusCode::NOT_FOUND => {
                ProbeAnswer::Good("it may be read".into())
            }
            Ok(_) => ProbeAnswer::Failed(self.client.hidden("try a list")),
            Err(error) => ProbeAnswer::Failed(error),
        }
    }

    /// Reads the named records again, batched by repository. Records of repositories never gathered are not known.
    pub(super) async fn read_named(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        let held: Vec<Arc<Held>> = self.held().values().cloned().collect();
        let by_number: BTreeMap<String, &Arc<Held>> =
            held.iter().map(|held| (held.survey.database_id.to_string(), held)).collect();
        let mut gathered = Gathered::default();
        for (kind, ids) in wanted.iter().filter(|(kind, _)| OF_REPOSITORY.contains(kind)) {
            let mut by_repository: BTreeMap<&str, BTreeSet<RecordId>> = BTreeMap::new();
            for id in ids.iter().filter(|id| id.connector == self.descriptor.id) {
                let repository =
                    id.native.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
                by_repository.entry(repository).or_default().insert(id.clone());
            }
            let mut failed = None;
            for (repository, ids) in by_repository {
                let Some(held) = by_number.get(repository) else {
                    failed = Some(self.client.never_read("read named records"));
                    continue;
                };
                match self.read_some(held, *kind, &ids, now).await {
                    Ok(bag) => {
                        gathered.records.append(bag.records);
                        gathered.records.accounts.extend(self.with_addresses(bag.people.accounts()));
                    }
                    Err(error) => failed = Some(error),
                }
            }
            match failed {
                Some(error) => gathered.gaps.push(error.gap(*kind, None)),
                None => {
                    gathered.changed.insert(*kind);
                }
            }
        }
        gathered
    }

    #[expect(clippy::too_many_arguments, reason = "named records of one kind of one repository")]
    async fn read_some(
        &self,
        held: &Held,
        kind: RecordKind,
        ids: &BTreeSet<RecordId>,
        now: Timestamp,
    ) -> Result<Bag, ConnectorError> {
        let reading = Reading {
            client: &self.client,
            place: self.place(now, &held.survey),
            question: held.question.clone(),
            horizon: held.horizon,
            depth: Depth::Changes,
            before: Some(held),
        };
        let mut bag = Bag::default();
        if kind == RecordKind::PullRequest {
            let numbers: Vec<u64> = ids.iter().filter_map(|id| id.native.split_once('#')?.1.parse().ok()).collect();
            bag.records.pull_requests = reading.pull_requests_numbered(&numbers, &mut bag.people).await?.requests;
            return Ok(bag);
        }
        let read = reading.read(held.clone(), &BTreeSet::from([kind])).await;
        let mut bag = read.bags.get(&kind).cloned().unwrap_or_default();
        keep(&mut bag, ids);
        // What came is not hidden by what else could not be read.
        if let Some(error) = read.failures.get(&kind).filter(|_| bag.records.count(kind) < ids.len()) {
            return Err(error.clone());
        }
        let mut met = bag.people.clone();
        held.bags.values().for_each(|other| met.merge(&other.people));
        for deployment in &mut bag.records.deployments {
            let login = bag.triggers.get(&deployment.id);
            deployment.triggered_by =
                login.and_then(|login| self.account_called(&reading.place.origin, login, &mut met));
        }
        Ok(bag)
    }
}

/// Leaves only the named records.
fn keep(bag: &mut Bag, ids: &BTreeSet<RecordId>) {
    let records = &mut bag.records;
    records.tags.retain(|record| ids.contains(&record.id.0));
    records.commits.retain(|record| ids.contains(&record.id.0));
    records.deployments.retain(|record| ids.contains(&record.id.0));
    records.pipeline_runs.retain(|record| ids.contains(&record.id.0));
    records.artifacts.retain(|record| ids.contains(&record.id.0));
    records.commit_ranges.clear();
    records.files.clear();
}
