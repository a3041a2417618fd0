//! A small world for tests: records in one line each, and the graph that they make.
#![expect(clippy::too_many_arguments, reason = "a record of a test is one line")]

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
    pub(crate) horizon_start: Option<Timestamp>,
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
            horizon_start: None,
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
            horizon_start: self.horizon_start,
            version: 1,
            now: self.now,
        }
    }

    pub(crate) fn since(self, start: &str) -> Self {
        Self { horizon_start: Some(moment(start)), ..self }
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
        self.repository(repository)
    }

    pub(crate) fn repository(mut self, name: &str) -> Self {
        self.records.repositories.push(Repository {
            id: RepositoryId::new(&connector("git"), name),
            name: name.into(),
            former_names: Vec::new(),
            default_branch: Some("main".into()),
            source: source("git", name),
        });
        self
    }

    pub(crate) fn with_service(mut self, key: &str, shape: impl Fn(&mut Service)) -> Self {
        let service = self.landscape.services.iter_mut().find(|service| service.key.as_str() == key);
        shape(service.expect("a service"));
        self
    }

    /// The team that owns the service is known.
    pub(crate) fn with_team(self, key: &str) -> Self {
        self.with_service(key, |service| service.owner = Some(TeamKey::new("team")))
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
            notes: None,
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
            lines: None,
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
            paths: None,
            merged_at: None,
            merged_by: None,
            updated_at: None,
            reviews: Vec::new(),
            reviews_complete: true,
            source: source("git", &format!("{repository}#{number}")),
        });
        self
    }

    /// The last pull request changes these paths.
    pub(crate) fn changing(mut self, paths: &[&str]) -> Self {
        let request = self.records.pull_requests.last_mut().expect("a pull request");
        request.paths = Some(paths.iter().map(|path| Text::from(*path)).collect());
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
        service_offering: None,
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
        review_date: None,
        review_status: None,
        review_comments: None,
        parent: None,
        train: None,
        environment: None,
        source: source("servicenow", number),
    }
}
