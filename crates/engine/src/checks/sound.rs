//! A release with everything in its favour, for tests: each takes one thing away, or adds one against it.

use domain::*;
use jiff::Timestamp;

use super::{Predicate, PredicateId, Proposal, Terms, predicates, predicates_after};
use crate::correlate::world::{World, account, connector, moment, source};
use crate::risk::Escalation;

pub(crate) const KEY: &str = "payments-api@2.14.0";
pub(crate) const REPO: &str = "bank/payments-api";
pub(crate) const DIGEST: &str = "sha256:aa";

/// When it starts.
pub(crate) fn at() -> Timestamp {
    moment("2026-06-16T18:30:00Z")
}

pub(crate) fn production() -> Target {
    Target::of(&EnvironmentKey::new("production"))
}

pub(crate) fn proposal() -> Proposal {
    Proposal { routed: Some(Escalation::Cab), ..Proposal::new(production(), at()) }
}

/// Ada wrote it, Grace reviewed it, Bob asked for it, Carol of the board approved it, Dave deploys it.
pub(crate) fn sound() -> World {
    let mut world = World::new()
        .service("payments-api", "PAY")
        .tag(REPO, "v2.13.0", "c1")
        .tag(REPO, "v2.14.0", "c2")
        .commit(REPO, "c2", "Pay twice")
        .range(REPO, Some("v2.13.0"), "v2.14.0", &["c2"])
        .pull_request(REPO, 1, "m1", &["c2"])
        .seen("payments-api", "2.13.0", "production", "2026-06-01T18:06:00Z", None)
        .deployed(REPO, "v2.14.0", "staging", "2026-06-12T09:00:00Z", "success")
        .seen("payments-api", "2.14.0", "staging", "2026-06-12T09:06:00Z", None)
        .digest(DIGEST)
        .change("CHG1", "Deploy payments-api 2.14.0", None)
        .about("CHG1", "payments-api")
        .planned("CHG1", "2026-06-16T18:00:00Z", "2026-06-16T20:00:00Z")
        .state("CHG1", ChangeState::Scheduled)
        .approval("CHG1", ApprovalState::Approved, Some("2026-06-10T14:00:00Z"));
    read(&mut world);
    code(&mut world);
    change(&mut world);
    world
}

/// Everything that a check asks for is read from some system.
fn read(world: &mut World) {
    use RecordKind as K;
    for system in &mut world.connectors {
        system.kinds.extend(match system.id.as_str() {
            "servicenow" => {
                vec![K::ChangeTask, K::ChangeTemplate, K::Schedule, K::ConfigurationItem, K::Delegation]
            }
            "prometheus" => vec![K::Alert, K::HealthObservation],
            "git" => vec![K::File, K::PullRequest, K::TestReport, K::PipelineRun, K::Artifact],
            _ => Vec::new(),
        });
    }
}

fn code(world: &mut World) {
    let git = connector("git");
    for name in ["ada", "grace"] {
        let mut person = account("git", name);
        person.email = Some(format!("{name}@bank.example").into());
        world.records.accounts.push(person);
    }
    let request = world.records.pull_requests.last_mut().expect("a pull request");
    request.author = Some(AccountId::new(&git, "ada"));
    request.head_commit = Some("c2".into());
    request.reviews.push(Review {
        state: ReviewState::Approved,
        author: Some(AccountId::new(&git, "grace")),
        submitted_at: Some(world.now),
        commit: Some("c2".into()),
    });
    world.records.artifacts.push(Artifact {
        id: ArtifactId::new(&git, "image"),
        name: REPO.into(),
        digest: Some(DIGEST.into()),
        family: vec!["sha256:amd".into(), "sha256:arm".into()],
        tags: vec!["2.14.0".into()],
        repository: Some(RepositoryId::new(&git, REPO)),
        commit: Some("c2".into()),
        run: Some(PipelineRunId::new(&git, "build/1")),
        created_at: None,
        source: source("git", "image"),
    });
    *world = world.clone().tests(("unit", 1), (120, 0)).tests(("acceptance", 1), (12, 0));
}

fn change(world: &mut World) {
    let itsm = connector("servicenow");
    for name in ["bob", "carol", "dave"] {
        let mut person = account("servicenow", name);
        person.email = Some(format!("{name}@bank.example").into());
        world.records.accounts.push(person);
    }
    let change = world.records.changes.last_mut().expect("a change");
    change.requested_by = Some(AccountId::new(&itsm, "bob"));
    change.assigned_to = Some(AccountId::new(&itsm, "dave"));
    change.backout_plan = Some("Deploy 2.13.0 again.".into());
    change.risk_impact_analysis = Some("No other service; no new data.".into());
    change.justification = Some("Customers pay twice as fast.".into());
    let approval = world.records.approvals.last_mut().expect("an approval");
    approval.approver = Some(AccountId::new(&itsm, "carol"));
    approval.recorded_by = Some("carol".into());
    let rehearsed = moment("2026-06-09T10:00:00Z");
    *world = world.clone().task("Rehearse the backout in staging", Some(rehearsed));
}

impl World {
    /// A suite's report of a run's attempt on the release's commit: how many ran, how many failed.
    pub(crate) fn tests(mut self, (suite, attempt): (&str, u32), (executed, failed): (u64, u64)) -> Self {
        let git = connector("git");
        let native = format!("build/{attempt}");
        if !self.records.pipeline_runs.iter().any(|run| *run.id.0.native == *native) {
            self.records.pipeline_runs.push(PipelineRun {
                id: PipelineRunId::new(&git, native.as_str()),
                repository: RepositoryId::new(&git, REPO),
                name: "build".into(),
                path: None,
                commit: "c2".into(),
                event: None,
                attempt,
                conclusion: RunConclusion::Success,
                actor: None,
                triggered_by: None,
                started_at: None,
                finished_at: None,
                jobs: Vec::new(),
                source: source("git", &native),
            });
        }
        self.records.test_reports.push(TestReport {
            run: PipelineRunId::new(&git, native.as_str()),
            suite: suite.into(),
            subject: "c2".into(),
            executed,
            failed,
            skipped: 0,
            line_coverage: None,
            files: Vec::new(),
            finished_at: Some(moment("2026-06-12T08:00:00Z")),
            source: source("git", &format!("{native} {suite} {failed}")),
        });
        self
    }

    /// A task of the change; closed when it says when.
    pub(crate) fn task(mut self, title: &str, closed: Option<Timestamp>) -> Self {
        let itsm = connector("servicenow");
        self.records.change_tasks.push(ChangeTask {
            id: ChangeTaskId::new(&itsm, title),
            number: format!("CTASK{}", self.records.change_tasks.len()).into(),
            change: Some(ChangeId::new(&itsm, "CHG1")),
            short_description: Some(title.into()),
            kind: Some("testing".into()),
            state: if closed.is_some() { ChangeTaskState::Closed } else { ChangeTaskState::Open },
            state_label: "".into(),
            window: None,
            assigned_to: None,
            configuration_item: None,
            closed_at: closed,
            close_code: closed.map(|_| CloseCode::Successful),
            source: source("servicenow", title),
        });
        self
    }

    pub(crate) fn with_request(mut self, shape: impl Fn(&mut PullRequest)) -> Self {
        shape(self.records.pull_requests.last_mut().expect("a pull request"));
        self
    }

    pub(crate) fn with_approval(mut self, shape: impl Fn(&mut Approval)) -> Self {
        shape(self.records.approvals.last_mut().expect("an approval"));
        self
    }

    pub(crate) fn with_commit(mut self, sha: &str, shape: impl Fn(&mut Commit)) -> Self {
        let commit = self.records.commits.iter_mut().find(|commit| *commit.sha == *sha);
        shape(commit.expect("a commit"));
        self
    }

    /// An account of nobody known yet, with an address or without.
    pub(crate) fn account(mut self, (system, login): (&str, &str), email: Option<&str>, kind: AccountKind) -> Self {
        let mut made = account(system, login);
        made.email = email.map(Into::into);
        made.kind = kind;
        self.records.accounts.push(made);
        self
    }
}

pub(crate) fn look(world: &World) -> Vec<Predicate> {
    let graph = world.graph();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).expect("the release");
    predicates(&graph, release, &proposal(), &Terms::default())
}

/// What one predicate says: outcome and reason.
pub(crate) fn says(world: &World, id: PredicateId) -> String {
    let all = look(world);
    let found = all.iter().find(|predicate| predicate.id == id).expect("a predicate");
    format!("{:?}: {}", found.outcome, found.reason())
}

/// What one says of the last deployment to production.
pub(crate) fn says_after(world: &World, id: PredicateId) -> String {
    let graph = world.graph();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).expect("the release");
    let there = |attempt: &&Deployment| attempt.release.as_str() == KEY && production().covers(&attempt.target);
    let all = graph.deployments.iter().map(|(_, attempt)| attempt).filter(there);
    let last = all.max_by_key(|attempt| attempt.attempt).expect("a deployment");
    let found = predicates_after(&graph, release, last, &Terms::default());
    let found = found.iter().find(|predicate| predicate.id == id).expect("a predicate");
    format!("{:?}: {}", found.outcome, found.reason())
}

/// The outcome comes first, and the reason has these words.
pub(crate) fn check(said: &str, expected: &str) {
    let (outcome, words) = expected.split_once(": ").unwrap_or((expected, ""));
    assert!(said.starts_with(outcome) && said.contains(words), "expected {expected:?}, found {said:?}");
}
