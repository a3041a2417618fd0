//! From the mapped repositories to one answer: look, read what changed side by side, and say what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};

use domain::{AccountId, RecordKind, Records, Text};
use futures::StreamExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::convert::{self, Place};
use super::graph_wire::{Survey, Who};
use super::graphql::{Batch, quoted};
use super::held::{Bag, Held, Question};
use super::packages::{Homes, Images, Shelf};
use super::people::{Origin, People};
use super::reading::{Depth, KINDS as OF_REPOSITORY, Reading};
use super::{Github, KINDS};
use crate::contract::{Breadth, GatherRequest, Gathered};
use crate::error::{ConnectorError, FailureKind};

/// Logins looked up in one request.
const MOST_LOGINS: usize = 50;

/// Runs and reports are many, and no mapping rests on them.
fn kinds(breadth: Breadth) -> impl Iterator<Item = RecordKind> {
    let left_out = [RecordKind::PipelineRun, RecordKind::TestReport];
    KINDS.into_iter().filter(move |kind| breadth == Breadth::Mapped || !left_out.contains(kind))
}

/// A gather as it grows.
#[derive(Default)]
struct Harvest {
    records: Records,
    people: People,
    failures: BTreeMap<RecordKind, Vec<ConnectorError>>,
    triggers: Vec<(domain::DeploymentId, String)>,
}

impl Harvest {
    fn take(&mut self, bag: &Bag) {
        self.records.append(bag.records.clone());
        self.people.merge(&bag.people);
        self.triggers.extend(bag.triggers.clone());
    }

    fn fail(&mut self, kind: RecordKind, error: &ConnectorError) {
        self.failures.entry(kind).or_default().push(error.clone());
    }
}

impl Github {
    pub(super) async fn gather_all(&self, request: &GatherRequest) -> Gathered {
        let mut harvest = Harvest::default();
        let names = match self.client.repositories(&request.interest).await {
            Ok(names) => names,
            Err(error) => {
                for kind in KINDS {
                    harvest.fail(kind, &error);
                }
                return self.told(harvest, request);
            }
        };
        let depth = match KINDS.iter().all(|kind| request.since.contains_key(kind)) {
            true => Depth::Changes,
            false => Depth::Sweep,
        };
        let surveyed = self.client.survey(&names).await;
        let mut found = Vec::new();
        for (name, answer) in surveyed {
            match answer {
                Ok(survey) => found.push((name, survey)),
                Err(error) => {
                    for kind in KINDS {
                        harvest.fail(kind, &error);
                    }
                }
            }
        }
        let mut readings = Vec::new();
        for (name, survey) in &found {
            readings.push(self.read_repository(request, name, survey, depth));
        }
        let read: Vec<Arc<Held>> =
            futures::stream::iter(readings).buffered(self.client.upstream.concurrency()).collect().await;
        for ((name, survey), held) in found.iter().zip(&read) {
            let place = self.place(request.now, survey);
            harvest.records.repositories.push(convert::repository(&place, survey, name));
            held.bags.values().for_each(|bag| harvest.take(bag));
            held.failures.iter().for_each(|(kind, error)| harvest.fail(*kind, error));
        }
        let names: Vec<Text> = found.iter().map(|(name, _)| name.clone()).collect();
        *self.held() = names.into_iter().zip(read).collect();
        self.take_images(request, &found, depth, &mut harvest).await;
        self.resolve_triggers(request, &mut harvest).await;
        self.read_addresses(&harvest.people.clone().accounts(), depth).await;
        self.told(harvest, request)
    }

    /// Reads one repository, or nothing of it when it is as it was.
    #[expect(clippy::too_many_arguments, reason = "one repository of one request")]
    async fn read_repository(
        &self,
        request: &GatherRequest,
        name: &Text,
        survey: &Survey,
        depth: Depth,
    ) -> Arc<Held> {
        let breadth = request.interest.breadth;
        let question = Question {
            breadth,
            patterns: request.interest.repositories.get(name).cloned().unwrap_or_default(),
            horizon_day: request.horizon.start.as_second().div_euclid(86_400),
        };
        let before = self.held().get(name).cloned();
        let same = before.as_ref().filter(|held| held.survey == *survey && held.question == question);
        let all = || kinds(breadth).filter(|kind| OF_REPOSITORY.contains(kind)).collect::<BTreeSet<_>>();
        let due = match (depth, same) {
            (Depth::Changes, Some(held)) => held.unsettled(),
            _ => all(),
        };
        if let (true, Some(held)) = (due.is_empty(), &before) {
            return Arc::clone(held);
        }
        let mut held = match &before {
            Some(before) => (**before).clone(),
            None => Held::new(survey.clone(), question.clone(), request.horizon),
        };
        (held.survey, held.question, held.horizon) = (survey.clone(), question.clone(), request.horizon);
        let place = self.place(request.now, survey);
        let reading = Reading {
            client: &self.client,
            place,
            question,
            horizon: request.horizon,
            depth,
            before: before.as_deref(),
        };
        Arc::new(reading.read(held, &due).await)
    }

    pub(super) fn place(&self, now: Timestamp, survey: &Survey) -> Place {
        let pages = survey.url.strip_suffix(survey.name_with_owner.as_str()).unwrap_or("https://github.com/");
        Place {
            origin: Origin {
                connector: self.descriptor.id.clone(),
                now,
                pages: pages.trim_end_matches('/').into(),
            },
            name: survey.name_with_owner.clone(),
            url: survey.url.clone(),
            number: survey.database_id,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "it adds to the harvest of one request")]
    async fn take_images(
        &self,
        request: &GatherRequest,
        found: &[(Text, Survey)],
        depth: Depth,
        harvest: &mut Harvest,
    ) {
        let Some((_, survey)) = found.first() else { return };
        let origin = self.place(request.now, survey).origin;
        let ids = || found.iter().map(|(_, survey)| (survey, self.place(request.now, survey).id()));
        let homes = Homes {
            by_number: ids().map(|(survey, id)| (survey.database_id, id)).collect(),
            by_name: ids().map(|(survey, id)| (survey.name_with_owner.to_lowercase(), id)).collect(),
        };
        let owners = found.iter().filter_map(|(_, survey)| Some(survey.name_with_owner.split_once('/')?.0));
        let organizations: BTreeSet<&str> = owners.collect();
        let before = std::mem::take(&mut *self.images());
        let mut images = BTreeMap::new();
        for organization in organizations {
            let known = match depth {
                Depth::Changes => before.get(organization),
                Depth::Sweep => None,
            };
            let begins = request.horizon.start;
            match self.client.images(&origin, organization, &homes, Shelf { known, begins }).await {
                Ok(shelf) => {
                    harvest.records.artifacts.extend(shelf.values().flat_map(|held| held.images.clone()));
                    images.insert(organization.to_owned(), shelf);
                }
                Err(error) => harvest.fail(RecordKind::Artifact, &error),
            }
        }
        *self.images() = images;
    }

    /// Finds the accounts of those who triggered deployments: among the accounts met, else by asking once for each.
    async fn resolve_triggers(&self, request: &GatherRequest, harvest: &mut Harvest) {
        let unknown: BTreeSet<&str> = {
            let known = self.logins();
            let logins = harvest.triggers.iter().map(|(_, login)| login.as_str());
            logins.filter(|login| harvest.people.called(login).is_none() && !known.contains_key(*login)).collect()
        };
        if !unknown.is_empty() {
            match self.look_up(&unknown).await {
                Ok(found) => self.logins().extend(found),
                Err(error) => harvest.fail(RecordKind::Account, &error),
            }
        }
        let pages = "https://github.com".into();
        let origin = Origin { connector: self.descriptor.id.clone(), now: request.now, pages };
        let triggers: BTreeMap<_, _> = std::mem::take(&mut harvest.triggers).into_iter().collect();
        for deployment in &mut harvest.records.deployments {
            let login = triggers.get(&deployment.id);
            deployment.triggered_by =
                login.and_then(|login| self.account_called(&origin, login, &mut harvest.people));
        }
    }

    async fn look_up(&self, logins: &BTreeSet<&str>) -> Result<BTreeMap<String, Option<Who>>, ConnectorError> {
        let logins: Vec<&str> = logins.iter().copied().collect();
        let item = |(place, login): (usize, &&str)| {
            (format!("u{place}"), format!("user(login: {}) {{ ...Who }}", quoted(login)))
        };
        let items: Vec<_> = logins.iter().enumerate().map(item).collect();
        let batch = Batch {
            operation: "look up accounts",
            head: "query People {",
            tail: concat!("}\n", include_str!("documents/who.graphql")),
            at: &[],
            variables: json!({}),
            most: MOST_LOGINS,
        };
        let mut answers = self.client.batch(&batch, &items).await;
        let mut found = BTreeMap::new();
        for (place, login) in logins.into_iter().enumerate() {
            let answer = answers.remove(&format!("u{place}")).unwrap_or(Ok(None))?;
            let who = answer.map(serde_json::from_value::<Who>).transpose().map_err(|_| {
                self.client.failed(batch.operation, FailureKind::Malformed, "the GraphQL answer has another shape")
            })?;
            found.insert(login.to_owned(), who);
        }
        Ok(found)
    }

    fn told(&self, harvest: Harvest, request: &GatherRequest) -> Gathered {
        let mut gathered = Gathered { records: harvest.records, ..Gathered::default() };
        gathered.records.accounts = self.with_addresses(harvest.people.accounts());
        // Accounts are met in all other records: what is missing there is missing here.
        let accounts_missing = !harvest.failures.is_empty();
        for kind in kinds(request.interest.breadth) {
            let failures = harvest.failures.get(&kind).map(Vec::as_slice).unwrap_or_default();
            let mut gaps: Vec<_> =
                failures.iter().map(|error| error.gap(kind, request.since.get(&kind).copied())).collect();
            gaps.sort();
            gaps.dedup();
            if gaps.is_empty() && !(kind == RecordKind::Account && accounts_missing) {
                gathered.complete.insert(kind);
                gathered.watermarks.insert(kind, request.now);
            } else if gathered.records.count(kind) > 0 || gaps.is_empty() {
                gathered.changed.insert(kind);
            }
            gathered.gaps.extend(gaps);
        }
        gathered
    }

    /// The account behind a login that a text names.
    pub(super) fn account_called(&self, origin: &Origin, login: &str, people: &mut People) -> Option<AccountId> {
        people.called(login).or_else(|| people.who(origin, self.logins().get(login).and_then(Option::as_ref)))
    }

    pub(super) fn held(&self) -> MutexGuard<'_, BTreeMap<Text, Arc<Held>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn images(&self) -> MutexGuard<'_, BTreeMap<String, Images>> {
        self.images.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn addresses(&self) -> MutexGuard<'_, BTreeMap<Text, Option<Text>>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn logins(&self) -> MutexGuard<'_, BTreeMap<String, Option<Who>>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
