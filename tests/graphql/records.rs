//! Records in one line each, with everything that does not matter left empty.

use std::cell::RefCell;
use std::collections::BTreeMap;

use domain::*;
use jiff::Timestamp;

pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The world's present.
pub(crate) fn now() -> Timestamp {
    moment("2026-06-15T12:00:00Z")
}

/// The records of one connector share its id, as they do when a connector reads them.
pub(crate) fn connector(id: &str) -> ConnectorId {
    thread_local! {
        static NAMED: RefCell<BTreeMap<String, ConnectorId>> = const { RefCell::new(BTreeMap::new()) };
    }
    NAMED.with_borrow_mut(|named| match named.get(id) {
        Some(known) => known.clone(),
        None => named.entry(id.to_owned()).or_insert(ConnectorId::new(id)).clone(),
    })
}

pub(crate) fn source(system: &str, native: &str) -> Source {
    let url = format!("https://{system}.bank.example/{native}");
    Source { record: RecordId::new(&connector(system), native), url: Some(url.into()), fetched_at: now() }
}

pub(crate) fn service(key: &str, project: &str) -> Service {
    let labels = BTreeMap::from([("service".into(), key.into())]);
    Service {
        key: ServiceKey::new(key),
        name: key.replace('-', " ").into(),
        kind: ServiceKind::Built,
        tier: Some(1),
        tags: ["pci".into()].into(),
        owner: Some(TeamKey::new("payments")),
        aliases: vec![ServiceAlias { key: format!("old-{key}").into(), from: None, to: None }],
        succeeds: Vec::new(),
        regions: Vec::new(),
        sources: ServiceSources {
            repositories: vec![RepositorySource {
                connector: connector("git"),
                repository: format!("bank/{key}").into(),
                paths: Vec::new(),
                tags: "v{version}".into(),
            }],
            projects: vec![ProjectSource {
                connector: connector("jira"),
                project: project.into(),
                component: None,
            }],
            configuration_items: vec![ConfigurationItemSource { connector: connector("cmdb"), name: key.into() }],
            monitoring: vec![MonitoringSource { connector: connector("prometheus"), labels }],
            itsm: Some(connector("servicenow")),
        },
    }
}

pub(crate) fn environment(key: &str, stage: Stage) -> Environment {
    Environment {
        key: EnvironmentKey::new(key),
        stage,
        time_zone: "Europe/London".into(),
        regions: Vec::new(),
        exclusive: false,
        after: None,
        aliases: Vec::new(),
        windows: Vec::new(),
    }
}

pub(crate) fn account(system: &str, login: &str) -> Account {
    Account {
        id: AccountId::new(&connector(system), login),
        login: Some(login.into()),
        name: Some(login.to_uppercase().into()),
        email: Some(format!("{login}@bank.example").into()),
        directory_id: None,
        kind: AccountKind::Human,
        active: Some(true),
        source: source(system, login),
    }
}

pub(crate) fn repository(name: &str) -> Repository {
    Repository {
        id: RepositoryId::new(&connector("git"), name),
        name: name.into(),
        former_names: Vec::new(),
        default_branch: Some("main".into()),
        source: source("git", name),
    }
}

pub(crate) fn tag(repository: &str, name: &str, commit: &str) -> Tag {
    Tag {
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
    }
}

pub(crate) fn commit(repository: &str, sha: &str, message: &str) -> Commit {
    let signature = Signature { name: "Ada".into(), email: "ada@bank.example".into(), at: now() };
    Commit {
        id: CommitId::new(&connector("git"), format!("{repository}@{sha}")),
        repository: RepositoryId::new(&connector("git"), repository),
        sha: sha.into(),
        parents: Vec::new(),
        author: signature.clone(),
        committer: signature,
        author_account: None,
        message: message.into(),
        trailers: Vec::new(),
        paths: None,
        source: source("git", &format!("{repository}@{sha}")),
    }
}

pub(crate) fn range(repository: &str, base: Option<&str>, head: &str, commits: &[&str]) -> CommitRange {
    CommitRange {
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
    }
}

pub(crate) fn pull_request(repository: &str, number: u64, title: &str, merge: &str) -> PullRequest {
    PullRequest {
        id: PullRequestId::new(&connector("git"), format!("{repository}#{number}")),
        repository: RepositoryId::new(&connector("git"), repository),
        number,
        title: title.into(),
        body: None,
        state: PullRequestState::Merged,
        author: Some(AccountId::new(&connector("servicenow"), "ada")),
        head_branch: None,
        head_commit: None,
        base_branch: Some("main".into()),
        merge_commit: Some(merge.into()),
        commits: vec![merge.into()],
        paths: None,
        merged_at: Some(moment("2026-06-10T10:00:00Z")),
        merged_by: None,
        updated_at: None,
        reviews: vec![Review {
            state: ReviewState::Approved,
            author: Some(AccountId::new(&connector("servicenow"), "grace")),
            submitted_at: Some(moment("2026-06-10T09:00:00Z")),
            commit: None,
        }],
        reviews_complete: true,
        source: source("git", &format!("{repository}/pull/{number}")),
    }
}

pub(crate) fn tracked(native: &str, project: &str, name: &str) -> TrackedVersion {
    TrackedVersion {
        id: TrackedVersionId::new(&connector("jira"), native),
        project: project.into(),
        name: name.into(),
        description: None,
        released: false,
        archived: false,
        start_date: None,
        release_date: None,
        source: source("jira", native),
    }
}

pub(crate) fn work_item(native: &str, key: &str, fix_version: &str) -> WorkItem {
    WorkItem {
        id: WorkItemId::new(&connector("jira"), native),
        key: key.into(),
        former_keys: Vec::new(),
        project: key.split('-').next().unwrap().into(),
        kind: WorkItemType::Story,
        kind_label: "Story".into(),
        state: WorkItemState::InProgress,
        state_label: "Doing".into(),
        summary: "Pay faster".into(),
        description: None,
        priority: None,
        resolution: None,
        assignee: None,
        reporter: None,
        created_at: None,
        updated_at: Some(now()),
        resolved_at: None,
        fix_versions: vec![TrackedVersionId::new(&connector("jira"), fix_version)],
        affects_versions: Vec::new(),
        components: Vec::new(),
        labels: Vec::new(),
        parent: None,
        links: Vec::new(),
        fields: BTreeMap::new(),
        source: source("jira", native),
    }
}

pub(crate) fn item(native: &str) -> ConfigurationItem {
    ConfigurationItem {
        id: ConfigurationItemId::new(&connector("cmdb"), native),
        name: native.into(),
        class: "cmdb_ci_service".into(),
        environment: Some("production".into()),
        lifecycle: CiLifecycle::Operational,
        version: None,
        owner: None,
        support_group: None,
        attributes: BTreeMap::new(),
        updated_at: None,
        source: source("cmdb", native),
    }
}

/// A change of a system about a configuration item, for a release.
pub(crate) fn change(system: &str, number: &str, about: &str, release: &str) -> Change {
    let item = ConfigurationItemId::new(&connector("cmdb"), about);
    Change {
        id: ChangeId::new(&connector(system), format!("{system}-{number}")),
        number: number.into(),
        class: ChangeClass::Normal,
        class_label: "Normal".into(),
        state: ChangeState::Scheduled,
        state_label: "Scheduled".into(),
        on_hold: Some(false),
        short_description: Some(format!("Deploy {release}").into()),
        description: None,
        correlation_id: Some(release.into()),
        created_at: Some(moment("2026-06-08T12:00:00Z")),
        updated_at: Some(moment("2026-06-08T12:00:00Z")),
        window: Window::new(moment("2026-06-16T18:00:00Z"), moment("2026-06-16T20:00:00Z")),
        work_started_at: None,
        work_ended_at: None,
        requested_by: Some(AccountId::new(&connector("servicenow"), "ada")),
        opened_by: None,
        assigned_to: None,
        assignment_group: None,
        configuration_items: vec![item.clone()],
        main_configuration_item: Some(item),
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
        environment: Some("production".into()),
        source: source(system, number),
    }
}

pub(crate) fn approval(change: &Change, login: &str) -> Approval {
    Approval {
        id: ApprovalId::new(&connector("servicenow"), format!("{}-{login}", change.number)),
        change: change.id.clone(),
        state: ApprovalState::Approved,
        state_label: "Approved".into(),
        via: ApprovalVia::User,
        required: Some(true),
        approver: Some(AccountId::new(&connector("servicenow"), login)),
        group: None,
        on_behalf_of: None,
        delegation: None,
        recorded_by: None,
        requested_at: None,
        decided_at: Some(moment("2026-06-09T12:00:00Z")),
        source: source("servicenow", &change.number),
    }
}

pub(crate) fn incident(number: &str, about: &str) -> Incident {
    Incident {
        id: IncidentId::new(&connector("servicenow"), number),
        number: number.into(),
        priority: Some(2),
        state: IncidentState::InProgress,
        state_label: "In Progress".into(),
        short_description: Some("Payments are slow".into()),
        description: None,
        opened_at: Some(moment("2026-06-14T12:00:00Z")),
        resolved_at: None,
        closed_at: None,
        updated_at: Some(now()),
        configuration_item: Some(ConfigurationItemId::new(&connector("cmdb"), about)),
        business_service: None,
        service_offering: None,
        assignment_group: None,
        assigned_to: None,
        caused_by: None,
        fixed_by: None,
        problem: None,
        cause: None,
        close_code: None,
        close_notes: None,
        source: source("servicenow", number),
    }
}

pub(crate) fn problem(number: &str, about: &str) -> Problem {
    Problem {
        id: ProblemId::new(&connector("servicenow"), number),
        number: number.into(),
        priority: Some(3),
        state: ProblemState::RootCauseAnalysis,
        state_label: "Root cause analysis".into(),
        short_description: Some("Connections run out".into()),
        workaround: Some("Restart".into()),
        cause: None,
        fix: None,
        known_error: true,
        opened_at: None,
        resolved_at: None,
        configuration_item: Some(ConfigurationItemId::new(&connector("cmdb"), about)),
        fixed_by: None,
        source: source("servicenow", number),
    }
}

pub(crate) fn known_error(problem: &Problem) -> KnownError {
    KnownError {
        id: KnownErrorId::new(&connector("servicenow"), format!("KE-{}", problem.number)),
        number: problem.number.clone(),
        summary: problem.short_description.clone(),
        workaround: problem.workaround.clone(),
        problem: problem.id.clone(),
        source: problem.source.clone(),
    }
}

pub(crate) fn artifact(name: &str, digest: &str, commit: &str) -> Artifact {
    Artifact {
        id: ArtifactId::new(&connector("git"), digest),
        name: name.into(),
        digest: Some(digest.into()),
        family: Vec::new(),
        tags: Vec::new(),
        repository: Some(RepositoryId::new(&connector("git"), name)),
        commit: Some(commit.into()),
        run: None,
        created_at: None,
        attestations: None,
        source: source("git", digest),
    }
}

/// What an app reports on a commit.
pub(crate) fn run(repository: &str, commit: &str) -> PipelineRun {
    let native = format!("suite-{commit}");
    let job = |name: &str, conclusion| PipelineJob { name: name.into(), conclusion, finished_at: None };
    PipelineRun {
        id: PipelineRunId::new(&connector("git"), native.as_str()),
        repository: RepositoryId::new(&connector("git"), repository),
        name: "quality gate".into(),
        path: None,
        commit: commit.into(),
        event: None,
        attempt: 1,
        conclusion: RunConclusion::Failure,
        actor: None,
        triggered_by: None,
        started_at: None,
        finished_at: None,
        jobs: vec![job("coverage", RunConclusion::Success), job("debts", RunConclusion::Failure)],
        reviews: None,
        source: source("git", &native),
    }
}

pub(crate) fn deployment(native: &str, repository: &str, tag: &str) -> DeploymentRecord {
    DeploymentRecord {
        id: DeploymentId::new(&connector("git"), native),
        repository: Some(RepositoryId::new(&connector("git"), repository)),
        commit: None,
        reference: Some(tag.into()),
        service: None,
        environment: "production".into(),
        digest: None,
        method: DeploymentMethod::Pipeline,
        outcome: DeploymentOutcome::Succeeded,
        started_at: Some(moment("2026-06-12T12:00:00Z")),
        finished_at: Some(moment("2026-06-12T12:10:00Z")),
        rollout: Vec::new(),
        actor: None,
        triggered_by: None,
        run: None,
        change_number: None,
        rollback_of: None,
        source: source("git", native),
    }
}

pub(crate) fn running(service: &str, version: &str, digest: &str) -> RuntimeObservation {
    let label = |name: &str, value: &str| (Text::from(name), Text::from(value));
    RuntimeObservation {
        labels: BTreeMap::from([
            label("service", service),
            label("environment", "production"),
            label("version", version),
            label("digest", digest),
        ]),
        since: Some(moment("2026-06-12T12:05:00Z")),
        observed_at: now(),
        current: true,
        source: source("prometheus", &format!("build_info:{service}")),
    }
}

pub(crate) fn train(number: &str) -> Train {
    Train {
        id: TrainId::new(&connector("servicenow"), number),
        number: number.into(),
        name: "Summer train payments-api@2.14.0".into(),
        window: None,
        state_label: "Planned".into(),
        description: None,
        source: source("servicenow", number),
    }
}
