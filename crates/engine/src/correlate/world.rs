//! A small world for tests: records in one line each, and the graph that they make.

use std::collections::BTreeMap;

use domain::*;
use jiff::Timestamp;

use super::{ConnectedSystem, CorrelateInput, CorrelationPolicy, Darkness, correlate};
use crate::ReleaseGraph;

/// A moment.
pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// The world's present.
pub(crate) fn now() -> Timestamp {
    moment("2026-06-15T12:00:00Z")
}

pub(crate) fn connector(id: &str) -> ConnectorId {
    ConnectorId::new(id)
}

pub(crate) fn source(system: &str, native: &str) -> Source {
    Source { record: RecordId::new(&connector(system), native), url: None, fetched_at: now() }
}

pub(crate) fn service(key: &str, name: &str) -> Service {
    Service {
        key: ServiceKey::new(key),
        name: name.into(),
        kind: ServiceKind::Built,
        tier: Some(1),
        tags: Default::default(),
        owner: Some(TeamKey::new("team")),
        aliases: Vec::new(),
        succeeds: Vec::new(),
        regions: Vec::new(),
        sources: ServiceSources::default(),
    }
}

pub(crate) fn account(system: &str, native: &str) -> Account {
    Account {
        id: AccountId::new(&connector(system), native),
        login: Some(native.into()),
        name: Some(native.into()),
        email: None,
        directory_id: None,
        kind: AccountKind::Human,
        active: Some(true),
        source: source(system, native),
    }
}

/// staging → production, which has the regions eu and uk.
pub(crate) fn environments() -> Vec<Environment> {
    let environment = |key: &str, stage, after: Option<&str>| Environment {
        key: EnvironmentKey::new(key),
        stage,
        time_zone: "Europe/London".into(),
        regions: Vec::new(),
        exclusive: false,
        after: after.map(EnvironmentKey::new),
        aliases: Vec::new(),
        windows: Vec::new(),
    };
    let production = Environment {
        regions: vec!["eu".into(), "uk".into()],
        aliases: vec!["prod".into()],
        ..environment("production", Stage::Production, Some("staging"))
    };
    vec![environment("staging", Stage::Staging, None), production]
}

pub(crate) fn signature() -> Signature {
    Signature { name: "Ada".into(), email: "ada@bank.example".into(), at: now() }
}

/// Records, a landscape and what is dark.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) records: Records,
    pub(crate) landscape: Landscape,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) connectors: Vec<ConnectedSystem>,
    pub(crate) now: Timestamp,
}

impl World {
    pub(crate) fn new() -> Self {
        let system = |id: &str, family, kinds: &[RecordKind]| ConnectedSystem {
            id: connector(id),
            family,
            kinds: kinds.to_vec(),
        };
        let itsm = [RecordKind::Change, RecordKind::Approval, RecordKind::FieldHistory, RecordKind::Incident];
        Self {
            records: Records::default(),
            landscape: Landscape { environments: environments(), ..Landscape::default() },
            gaps: Vec::new(),
            connectors: vec![
                system("servicenow", Family::Itsm, &itsm),
                system("jira", Family::WorkTracking, &[RecordKind::WorkItem, RecordKind::TrackedVersion]),
                system("git", Family::Code, &[RecordKind::Tag, RecordKind::Commit, RecordKind::Deployment]),
                system("prometheus", Family::Monitoring, &[RecordKind::RuntimeObservation]),
            ],
            now: now(),
        }
    }

    pub(crate) fn input(&self) -> CorrelateInput {
        CorrelateInput {
            records: self.records.clone(),
            landscape: self.landscape.clone(),
            gaps: self.gaps.clone(),
            darkness: Darkness::from_gaps(&self.gaps),
            connectors: self.connectors.clone(),
            policy: CorrelationPolicy::default(),
            version: 1,
            now: self.now,
        }
    }

    pub(crate) fn graph(&self) -> ReleaseGraph {
        correlate(self.input())
    }

    /// A service with its own repository `bank/KEY`, tags `v{version}`, project, item and label.
    pub(crate) fn service(self, key: &str, project: &str) -> Self {
        let world = self.service_in(key, &format!("bank/{key}"), "**", "v{version}");
        let mut world = world.item(key, key);
        let service = world.landscape.services.last_mut().expect("just added");
        service.sources.projects =
            vec![ProjectSource { connector: connector("jira"), project: project.into(), component: None }];
        world
    }

    /// A service in a part of a repository.
    pub(crate) fn service_in(mut self, key: &str, repository: &str, paths: &str, tags: &str) -> Self {
        let mut made = service(key, &key.replace('-', " "));
        made.sources.repositories = vec![RepositorySource {
            connector: connector("git"),
            repository: repository.into(),
            paths: vec![paths.into()],
            tags: tags.into(),
        }];
        made.sources.configuration_items =
            vec![ConfigurationItemSource { connector: connector("cmdb"), name: key.into() }];
        made.sources.monitoring = vec![MonitoringSource {
            connector: connector("prometheus"),
            labels: BTreeMap::from([("service".into(), key.into())]),
        }];
        self.landscape.services.push(made);
        self.records.repositories.push(Repository {
            id: RepositoryId::new(&connector("git"), repository),
            name: repository.into(),
            former_names: Vec::new(),
            default_branch: Some("main".into()),
            source: source("git", repository),
        });
        self
    }

    pub(crate) fn with_service(mut self, key: &str, shape: impl Fn(&mut Service)) -> Self {
        let service = self.landscape.services.iter_mut().find(|service| service.key.as_str() == key);
        shape(service.expect("a service"));
        self
    }

    pub(crate) fn alias(self, key: &str, alias: &str, to: Option<&str>) -> Self {
        self.with_service(key, |service| {
            service.aliases.push(ServiceAlias { key: alias.into(), from: None, to: to.map(moment) });
        })
    }

    pub(crate) fn item(mut self, native: &str, name: &str) -> Self {
        self.records.configuration_items.push(ConfigurationItem {
            id: ConfigurationItemId::new(&connector("cmdb"), native),
            name: name.into(),
            class: "cmdb_ci_service".into(),
            environment: None,
            lifecycle: CiLifecycle::Operational,
            version: None,
            owner: None,
            support_group: None,
            attributes: BTreeMap::new(),
            updated_at: None,
            source: source("cmdb", native),
        });
        self
    }

    /// The parent depends on the child.
    pub(crate) fn depends(mut self, parent: &str, child: &str) -> Self {
        self.records.ci_relations.push(CiRelation {
            id: CiRelationId::new(&connector("cmdb"), format!("{parent}>{child}")),
            parent: ConfigurationItemId::new(&connector("cmdb"), parent),
            child: ConfigurationItemId::new(&connector("cmdb"), child),
            kind: CiRelationKind::DependsOn,
            label: "Depends on::Used by".into(),
        });
        self
    }

    pub(crate) fn tracked(mut self, native: &str, project: &str, name: &str) -> Self {
        self.records.tracked_versions.push(TrackedVersion {
            id: TrackedVersionId::new(&connector("jira"), native),
            project: project.into(),
            name: name.into(),
            description: None,
            released: false,
            archived: false,
            start_date: None,
            release_date: None,
            source: source("jira", native),
        });
        self
    }

    pub(crate) fn tag(mut self, repository: &str, name: &str, commit: &str) -> Self {
        self.records.tags.push(Tag {
            id: TagId::new(&connector("git"), format!("{repository}@{name}")),
            repository: RepositoryId::new(&connector("git"), repository),
            name: name.into(),
            commit: commit.into(),
            annotated: true,
            tagger: None,
            committed_at: None,
            release_name: None,
            published_at: None,
            prerelease: false,
            digests: Vec::new(),
            source: source("git", &format!("{repository}@{name}")),
        });
        self
    }

    pub(crate) fn commit(mut self, repository: &str, sha: &str, message: &str) -> Self {
        self.records.commits.push(Commit {
            id: CommitId::new(&connector("git"), format!("{repository}@{sha}")),
            repository: RepositoryId::new(&connector("git"), repository),
            sha: sha.into(),
            parents: Vec::new(),
            author: signature(),
            committer: signature(),
            author_account: None,
            message: message.into(),
            trailers: Vec::new(),
            paths: None,
            source: source("git", &format!("{repository}@{sha}")),
        });
        self
    }

    pub(crate) fn commit_on(self, repository: &str, sha: &str, paths: &[&str]) -> Self {
        let mut world = self.commit(repository, sha, "work");
        let commit = world.records.commits.last_mut().expect("just added");
        commit.paths = Some(paths.iter().map(|path| Text::from(*path)).collect());
        world
    }

    pub(crate) fn range(mut self, repository: &str, base: Option<&str>, head: &str, commits: &[&str]) -> Self {
        self.records.commit_ranges.push(CommitRange {
            repository: RepositoryId::new(&connector("git"), repository),
            base: base.map(Into::into),
            head: head.into(),
            commits: commits.iter().map(|sha| Text::from(*sha)).collect(),
            missing: Vec::new(),
            complete: true,
            paths: None,
            additions: None,
            deletions: None,
            source: source("git", &format!("{repository}:{head}")),
        });
        self
    }

    pub(crate) fn incomplete_range(
        self,
        repository: &str,
        base: Option<&str>,
        head: &str,
        commits: &[&str],
    ) -> Self {
        let mut world = self.range(repository, base, head, commits);
        world.records.commit_ranges.last_mut().expect("just added").complete = false;
        world
    }

    pub(crate) fn missing(mut self, shas: &[&str]) -> Self {
        let range = self.records.commit_ranges.last_mut().expect("a range");
        range.missing = shas.iter().map(|sha| Text::from(*sha)).collect();
        self
    }

    pub(crate) fn pull_request(mut self, repository: &str, number: u64, merge: &str, commits: &[&str]) -> Self {
        self.records.pull_requests.push(PullRequest {
            id: PullRequestId::new(&connector("git"), format!("{repository}#{number}")),
            repository: RepositoryId::new(&connector("git"), repository),
            number,
            title: "A title".into(),
            body: None,
            state: PullRequestState::Merged,
            author: None,
            head_branch: None,
            head_commit: None,
            base_branch: Some("main".into()),
            merge_commit: Some(merge.into()),
            commits: commits.iter().map(|sha| Text::from(*sha)).collect(),
            merged_at: None,
            merged_by: None,
            updated_at: None,
            reviews: Vec::new(),
            reviews_complete: true,
            source: source("git", &format!("{repository}#{number}")),
        });
        self
    }

    pub(crate) fn work_item(self, native: &str, key: &str, fix_versions: &[&str]) -> Self {
        let mut world = self.work_item_of("jira", native, key);
        let item = world.records.work_items.last_mut().expect("just added");
        item.fix_versions =
            fix_versions.iter().map(|version| TrackedVersionId::new(&connector("jira"), *version)).collect();
        world
    }

    pub(crate) fn work_item_of(mut self, system: &str, native: &str, key: &str) -> Self {
        self.records.work_items.push(WorkItem {
            id: WorkItemId::new(&connector(system), native),
            key: key.into(),
            former_keys: Vec::new(),
            project: key.split('-').next().unwrap_or_default().into(),
            kind: WorkItemType::Story,
            kind_label: "Story".into(),
            state: WorkItemState::ToDo,
            state_label: "To Do".into(),
            summary: "Something".into(),
            description: None,
            priority: None,
            resolution: None,
            assignee: None,
            reporter: None,
            created_at: None,
            updated_at: None,
            resolved_at: None,
            fix_versions: Vec::new(),
            affects_versions: Vec::new(),
            components: Vec::new(),
            labels: Vec::new(),
            parent: None,
            links: Vec::new(),
            fields: BTreeMap::new(),
            source: source(system, native),
        });
        self
    }

    pub(crate) fn formerly(mut self, key: &str, former: &str) -> Self {
        let item = self.records.work_items.iter_mut().find(|item| &*item.key == key);
        item.expect("an item").former_keys.push(former.into());
        self
    }

    /// The item is blocked by the other, in the vendor's words `label`.
    pub(crate) fn blocked_by(mut self, key: &str, other: &str, label: &str) -> Self {
        let id = self.records.work_items.iter().find(|item| &*item.key == other).expect("an item").id.clone();
        let item = self.records.work_items.iter_mut().find(|item| &*item.key == key);
        item.expect("an item").links.push(WorkItemLink {
            kind: WorkItemLinkKind::IsBlockedBy,
            label: label.into(),
            other: id,
            other_key: other.into(),
        });
        self
    }

    pub(crate) fn change(mut self, number: &str, title: &str, correlation: Option<&str>) -> Self {
        let mut change = change(number);
        change.short_description = Some(title.into());
        change.correlation_id = correlation.map(Into::into);
        self.records.changes.push(change);
        self
    }

    pub(crate) fn change_at(&self, number: &str, title: &str, created: &str) -> Self {
        self.clone()
            .change(number, title, None)
            .with_change(number, |change| change.created_at = Some(moment(created)))
    }

    pub(crate) fn change_saying(self, number: &str, title: &str, description: &str) -> Self {
        self.change(number, title, None).with_change(number, |change| change.description = Some(description.into()))
    }

    pub(crate) fn with_change(mut self, number: &str, shape: impl Fn(&mut Change)) -> Self {
        let change = self.records.changes.iter_mut().find(|change| &*change.number == number);
        shape(change.expect("a change"));
        self
    }

    pub(crate) fn change_named(self, number: &str, title: &str) -> Self {
        self.with_change(number, |change| change.short_description = Some(title.into()))
    }

    pub(crate) fn about(self, number: &str, item: &str) -> Self {
        let id = ConfigurationItemId::new(&connector("cmdb"), item);
        self.with_change(number, |change| {
            change.main_configuration_item = Some(id.clone());
            change.configuration_items.push(id.clone());
        })
    }

    /// A forge's deployment of a ref, started at a moment and done six minutes later.
    pub(crate) fn deployed(
        mut self,
        repository: &str,
        tag: &str,
        environment: &str,
        at: &str,
        outcome: &str,
    ) -> Self {
        let native = format!("{repository} {tag} {at}");
        let outcome = match outcome {
            "success" => DeploymentOutcome::Succeeded,
            "failure" => DeploymentOutcome::Failed,
            _ => DeploymentOutcome::InProgress,
        };
        let finished = moment(at) + jiff::SignedDuration::from_mins(6);
        self.records.deployments.push(DeploymentRecord {
            id: DeploymentId::new(&connector("git"), native.as_str()),
            repository: Some(RepositoryId::new(&connector("git"), repository)),
            commit: None,
            reference: Some(tag.into()),
            service: None,
            environment: environment.into(),
            digest: None,
            method: DeploymentMethod::Pipeline,
            outcome,
            started_at: Some(moment(at)),
            finished_at: (outcome != DeploymentOutcome::InProgress).then_some(finished),
            rollout: Vec::new(),
            actor: None,
            triggered_by: None,
            run: None,
            change_number: None,
            rollback_of: None,
            source: source("git", &native),
        });
        self
    }

    /// The last deployment was done by a machine, in a run that a human started.
    pub(crate) fn by_machine_for(mut self, machine: &str, human: &str) -> Self {
        let git = connector("git");
        let mut bot = account("git", machine);
        bot.kind = AccountKind::Machine;
        self.records.accounts.extend([bot, account("git", human)]);
        self.records.pipeline_runs.push(PipelineRun {
            id: PipelineRunId::new(&git, "run"),
            repository: RepositoryId::new(&git, "bank/payments-api"),
            name: "deploy".into(),
            path: None,
            commit: "c1".into(),
            event: None,
            attempt: 1,
            conclusion: RunConclusion::Success,
            actor: Some(AccountId::new(&git, machine)),
            triggered_by: Some(AccountId::new(&git, human)),
            started_at: None,
            finished_at: None,
            jobs: Vec::new(),
            source: source("git", "run"),
        });
        let record = self.records.deployments.last_mut().expect("a deployment");
        record.actor = Some(AccountId::new(&git, machine));
        record.run = Some(PipelineRunId::new(&git, "run"));
        self
    }

    pub(crate) fn worked(self, number: &str, start: &str, end: &str) -> Self {
        self.with_change(number, |change| {
            change.state = ChangeState::Review;
            change.work_started_at = Some(moment(start));
            change.work_ended_at = Some(moment(end));
        })
    }

    /// Seen running from `since` until `until`; until now when that is `None`.
    pub(crate) fn seen(
        mut self,
        service: &str,
        version: &str,
        target: &str,
        since: &str,
        until: Option<&str>,
    ) -> Self {
        let (environment, region) = target.split_once('/').unwrap_or((target, ""));
        let mut labels = BTreeMap::from([
            (Text::from("service"), Text::from(service)),
            ("version".into(), version.into()),
            ("environment".into(), environment.into()),
        ]);
        if !region.is_empty() {
            labels.insert("region".into(), region.into());
        }
        self.records.runtime_observations.push(RuntimeObservation {
            labels,
            since: Some(moment(since)),
            observed_at: until.map_or(self.now, moment),
            current: until.is_none(),
            source: source("prometheus", &format!("{service} {version} {target} {since}")),
        });
        self
    }

    /// The last observation has this digest.
    pub(crate) fn digest(mut self, digest: &str) -> Self {
        let observation = self.records.runtime_observations.last_mut().expect("an observation");
        observation.labels.insert("digest".into(), digest.into());
        self
    }

    /// A health query's result for a service in production.
    pub(crate) fn health(mut self, service: &str, value: Option<f64>, at: &str) -> Self {
        self.records.health_observations.push(HealthObservation {
            labels: BTreeMap::from([
                ("service".into(), service.into()),
                ("environment".into(), "production".into()),
            ]),
            query: "errors".into(),
            value,
            samples: Some(100),
            threshold: 0.01,
            observed_at: moment(at),
            source: source("prometheus", &format!("health {service} {at}")),
        });
        self
    }

    /// What one person answered about a change, and when.
    pub(crate) fn approval(mut self, number: &str, state: ApprovalState, decided: Option<&str>) -> Self {
        let native = format!("{number}-{}", self.records.approvals.len());
        self.records.approvals.push(Approval {
            id: ApprovalId::new(&connector("servicenow"), native.as_str()),
            change: ChangeId::new(&connector("servicenow"), number),
            state,
            state_label: "".into(),
            via: ApprovalVia::Cab,
            required: Some(true),
            approver: None,
            group: None,
            on_behalf_of: None,
            delegation: None,
            recorded_by: None,
            requested_at: None,
            decided_at: decided.map(moment),
            source: source("servicenow", &native),
        });
        self
    }

    pub(crate) fn audited(mut self, number: &str, field: &str, values: (&str, &str), at: &str) -> Self {
        self.records.field_changes.push(FieldChange {
            record: RecordId::new(&connector("servicenow"), number),
            field: field.into(),
            before: values.0.into(),
            after: values.1.into(),
            at: moment(at),
            by: None,
        });
        self
    }

    pub(crate) fn planned(self, number: &str, start: &str, end: &str) -> Self {
        self.with_change(number, |change| change.window = Window::new(moment(start), moment(end)))
    }

    pub(crate) fn state(self, number: &str, state: ChangeState) -> Self {
        self.with_change(number, |change| change.state = state)
    }

    pub(crate) fn incident(
        mut self,
        number: &str,
        item: Option<&str>,
        opened: &str,
        caused_by: Option<&str>,
    ) -> Self {
        let itsm = connector("servicenow");
        self.records.incidents.push(Incident {
            id: IncidentId::new(&itsm, number),
            number: number.into(),
            priority: Some(2),
            state: IncidentState::InProgress,
            state_label: "In Progress".into(),
            short_description: None,
            description: None,
            opened_at: Some(moment(opened)),
            resolved_at: None,
            closed_at: None,
            updated_at: None,
            configuration_item: item.map(|item| ConfigurationItemId::new(&connector("cmdb"), item)),
            business_service: None,
            assignment_group: None,
            assigned_to: None,
            caused_by: caused_by.map(|number| ChangeId::new(&itsm, number)),
            fixed_by: None,
            problem: None,
            source: source("servicenow", number),
        });
        self
    }

    pub(crate) fn dark(mut self, system: &str, kind: RecordKind) -> Self {
        self.gaps.push(Gap {
            code: GapCode::SourceUnavailable,
            connector: Some(connector(system)),
            kind,
            message: "It does not answer.".into(),
            since: None,
            retryable: true,
        });
        self
    }
}

/// A normal change, raised a week ago.
pub(crate) fn change(number: &str) -> Change {
    Change {
        id: ChangeId::new(&connector("servicenow"), number),
        number: number.into(),
        class: ChangeClass::Normal,
        class_label: "Normal".into(),
        state: ChangeState::New,
        state_label: "New".into(),
        on_hold: Some(false),
        short_description: None,
        description: None,
        correlation_id: None,
        created_at: Some(moment("2026-06-08T12:00:00Z")),
        updated_at: Some(moment("2026-06-08T12:00:00Z")),
        window: None,
        work_started_at: None,
        work_ended_at: None,
        requested_by: None,
        opened_by: None,
        assigned_to: None,
        assignment_group: None,
        configuration_items: Vec::new(),
        main_configuration_item: None,
        backout_plan: None,
        test_plan: None,
        justification: None,
        risk_impact_analysis: None,
        risk_label: None,
        template: None,
        template_version: None,
        approval: None,
        cab_required: None,
        cab_date: None,
        close_code: None,
        closed_at: None,
        review_status: None,
        parent: None,
        train: None,
        environment: None,
        source: source("servicenow", number),
    }
}
