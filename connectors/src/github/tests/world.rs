//! A small GitHub with everything a release leaves behind, and a connector to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{ConnectorId, RecordKind, Text, Window};
use jiff::{SignedDuration, Timestamp};
use simulators::clock::Frozen;
use simulators::github as hub;
use simulators::serve::Server;

use crate::clock::{Clock, SystemClock};
use crate::contract::{Connector as _, GatherRequest, Gathered, Interest};
use crate::github::{Github, Options, open};
use crate::reach::{Identification, SystemPlan};
use crate::resilience::{LimitSettings, RetrySettings, Secret, Settings};

pub(super) const TOKEN: &str = "ghp_very-secret-token";

pub(super) struct World {
    pub(super) hub: hub::Github,
    pub(super) server: Server,
    pub(super) github: Github,
    pub(super) interest: Interest,
}

pub(super) fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().expect("a timestamp")
}

pub(super) fn day(number: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * (100 - number))
}

pub(super) fn sha(number: usize) -> String {
    format!("{number:040x}")
}

impl World {
    pub(super) async fn of(repositories: Vec<hub::Repository>) -> Self {
        Self::with(repositories, Options::default()).await
    }

    pub(super) async fn with(repositories: Vec<hub::Repository>, options: Options) -> Self {
        let content = hub::Content {
            organizations: vec![hub::Organization { id: 900, login: "bank".into(), name: "The Bank".into() }],
            users: [(1, "ada"), (2, "bob"), (3, "eve")].into_iter().map(user).chain([bot()]).collect(),
            packages: vec![hub::Package {
                organization: "bank".into(),
                name: "payments-api".into(),
                versions: vec![hub::PackageVersion {
                    id: 70,
                    digest: format!("sha256:{}", "ab".repeat(32)),
                    tags: vec!["2.14.0".into()],
                    created_at: day(90),
                }],
            }],
            repositories,
            ..hub::Content::default()
        };
        Self::holding(content, options).await
    }

    pub(super) async fn holding(content: hub::Content, options: Options) -> Self {
        let clock = Arc::new(Frozen::at(now()));
        let names: Vec<String> = content.repositories.iter().map(hub::Repository::full_name).collect();
        let tokens = vec![hub::Token::reading(TOKEN, "ada")];
        let mut hub_options = hub::Options::new(clock.clone(), content, tokens);
        hub_options.limits.enabled = false;
        let hub = hub::Github::new(hub_options);
        let server = Server::start(hub.router(), 0, clock).await.expect("a free port");
        let mut interest = Interest::default();
        for name in names {
            interest.repositories.insert(name.into(), BTreeSet::from([Text::from("v{version}")]));
        }
        let github = connector(&server, &options);
        Self { hub, server, github, interest }
    }

    /// Reads everything.
    pub(super) async fn sweep(&self) -> Gathered {
        self.github.gather(&self.request()).await
    }

    /// Reads what changed since `before`.
    pub(super) async fn refresh(&self, before: &Gathered) -> Gathered {
        self.github.gather(&GatherRequest { since: before.watermarks.clone(), ..self.request() }).await
    }

    fn request(&self) -> GatherRequest {
        let horizon = Window { start: day(10), end: day(280) };
        GatherRequest::full(horizon, now(), self.interest.clone())
    }

    /// The requests since the last count.
    pub(super) fn requests(&self) -> u64 {
        let total = self.server.requests.total();
        self.server.requests.reset();
        total
    }
}

pub(super) fn connector(server: &Server, options: &Options) -> Github {
    let plan = SystemPlan {
        id: ConnectorId::new("github"),
        url: server.url(),
        identification: Identification::Token(Secret::new(TOKEN)),
        settings: Settings {
            retry: RetrySettings { retries: 0, ..RetrySettings::default() },
            limits: LimitSettings { requests_per_second: 10_000.0, burst: 10_000, ..LimitSettings::default() },
            ..Settings::default()
        },
        extra_ca_pem: None,
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    open(&plan, options, clock).expect("a connector")
}

fn user((id, login): (u64, &str)) -> hub::User {
    // One of them shows an address.
    let email = (login == "eve").then(|| "eve@bank.example".to_owned());
    hub::User { id, login: login.into(), name: Some(login.to_uppercase()), email, ..hub::User::default() }
}

fn bot() -> hub::User {
    hub::User { id: 4, login: "release-pipeline[bot]".into(), kind: hub::UserKind::Bot, ..hub::User::default() }
}

/// Commits `0..=last`, one a day, each on the one before.
pub(super) fn line(last: usize) -> Vec<hub::Commit> {
    let signature = |number: usize| hub::Signature {
        name: "Ada".into(),
        email: "ada@bank.example".into(),
        login: Some("ada".into()),
        date: day(i64::try_from(number).expect("a small number") % 100),
    };
    (0..=last)
        .map(|number| hub::Commit {
            sha: sha(number),
            parents: number.checked_sub(1).map(sha).into_iter().collect(),
            author: signature(number),
            committer: signature(number),
            message: format!("PAY-{number} Do it\n\nReviewed-by: Bob"),
            ..hub::Commit::default()
        })
        .collect()
}

pub(super) fn tag(name: &str, commit: usize) -> hub::Tag {
    hub::Tag { name: name.into(), commit: sha(commit), annotation: None }
}

pub(super) fn merged(number: u64, commit: usize) -> hub::PullRequest {
    let at = day(i64::try_from(commit).expect("a small number"));
    let review = |id: u64, author: &str, state| hub::Review {
        id,
        author: Some(author.into()),
        state,
        commit_id: sha(commit),
        submitted_at: Some(at),
        ..hub::Review::default()
    };
    hub::PullRequest {
        id: 1_000 + number,
        number,
        title: format!("PAY-{number} Change it"),
        author: Some("ada".into()),
        head: hub::Head { branch: format!("topic-{number}"), sha: sha(commit) },
        base: hub::Head { branch: "main".into(), sha: sha(commit) },
        commits: vec![sha(commit)],
        created_at: at,
        updated_at: at,
        closed_at: Some(at),
        merged_at: Some(at),
        merged_by: Some("bob".into()),
        merge_commit_sha: Some(sha(commit)),
        reviews: vec![
            review(number * 10, "bob", hub::ReviewState::Approved),
            review(number * 10 + 1, "eve", hub::ReviewState::Commented),
        ],
        ..hub::PullRequest::default()
    }
}

pub(super) fn status(id: u64, state: &str, at: Timestamp) -> hub::DeploymentStatus {
    hub::DeploymentStatus {
        id,
        state: state.into(),
        creator: "release-pipeline[bot]".into(),
        description: String::new(),
        environment_url: None,
        log_url: Some("https://github.com/bank/payments-api/actions/runs/500/job/1".into()),
        created_at: at,
    }
}

/// Three releases, two pull requests, runs and deployments.
pub(super) fn payments() -> hub::Repository {
    let mut repository = hub::Repository::new(7, "bank", "payments-api");
    repository.private = true;
    repository.commits = line(95);
    repository.branches = vec![hub::Branch { name: "main".into(), sha: sha(95) }];
    let annotation = hub::Annotation {
        sha: "f".repeat(40),
        tagger: hub::Signature { name: "Bob".into(), email: "bob@bank.example".into(), login: None, date: day(91) },
        message: "Release 2.14.0".into(),
    };
    repository.tags = vec![
        tag("v2.12.0", 5),
        tag("v2.13.0", 40),
        hub::Tag { annotation: Some(annotation), ..tag("v2.14.0", 90) },
        tag("vendor-9.9.9", 50),
    ];
    repository.releases = vec![hub::Release {
        id: 1,
        tag: "v2.14.0".into(),
        name: Some("Payments 2.14.0".into()),
        author: "bob".into(),
        created_at: day(90),
        published_at: Some(day(91)),
        assets: vec![hub::Asset {
            id: 11,
            name: "payments-api.tar.gz".into(),
            digest: Some(format!("sha256:{}", "cd".repeat(32))),
            uploader: "bob".into(),
            created_at: day(91),
            ..hub::Asset::default()
        }],
        ..hub::Release::default()
    }];
    repository.pull_requests = vec![merged(8, 60), merged(9, 70)];
    repository.workflows = vec![hub::Workflow {
        id: 3,
        name: "release".into(),
        path: ".github/workflows/release.yml".into(),
        created_at: day(0),
    }];
    repository.workflow_runs = vec![hub::WorkflowRun {
        id: 500,
        workflow: 3,
        run_number: 1,
        display_title: "Release".into(),
        event: "push".into(),
        head_branch: Some("main".into()),
        head_sha: sha(90),
        actor: "bob".into(),
        created_at: day(91),
        attempts: vec![hub::RunAttempt {
            status: "completed".into(),
            conclusion: Some("success".into()),
            triggering_actor: "eve".into(),
            started_at: day(91),
            updated_at: day(92),
            jobs: vec![hub::Job {
                id: 5001,
                name: "build".into(),
                status: "completed".into(),
                conclusion: Some("success".into()),
                started_at: day(91),
                completed_at: Some(day(92)),
                ..hub::Job::default()
            }],
        }],
        artifacts: vec![
            archive(601, "test-results", "unit.xml", hub::ArtifactContent::JUnit(suite())),
            archive(602, "coverage", "coverage.xml", hub::ArtifactContent::Cobertura(vec![covered()])),
        ],
        ..hub::WorkflowRun::default()
    }];
    repository.deployments = vec![hub::Deployment {
        id: 300,
        sha: sha(90),
        reference: "v2.14.0".into(),
        task: "deploy".into(),
        environment: "production-eu".into(),
        production_environment: true,
        transient_environment: false,
        creator: "release-pipeline[bot]".into(),
        description: Some("payments-api 2.14.0".into()),
        payload: serde_json::json!({
            "service": "payments-api", "digest": "sha256:ab", "change": "CHG0030001", "triggered_by": "eve",
        }),
        created_at: day(93),
        statuses: vec![status(1, "in_progress", day(93)), status(2, "success", day(94))],
    }];
    repository
}

fn archive(id: u64, name: &str, path: &str, content: hub::ArtifactContent) -> hub::Artifact {
    hub::Artifact {
        id,
        name: name.into(),
        created_at: day(92),
        expires_at: day(182),
        files: vec![hub::ArtifactFile { path: path.into(), content }],
    }
}

fn suite() -> hub::TestSuite {
    let failed = vec!["refund twice".into()];
    hub::TestSuite { name: "unit".into(), passed: 11, failed, skipped: 2, duration_ms: 900, at: day(92) }
}

fn covered() -> hub::FileCoverage {
    hub::FileCoverage { path: "src/pay.rs".into(), lines: 100, covered: 62 }
}

/// What a gather says about a kind, in one word.
pub(super) fn said(gathered: &Gathered, kind: RecordKind) -> String {
    let gap = gathered.gaps.iter().find(|gap| gap.kind == kind).map(|gap| gap.code.as_str());
    match (gathered.complete.contains(&kind), gathered.changed.contains(&kind), gap) {
        (true, false, None) => "complete".to_owned(),
        (false, _, Some(code)) => code.to_owned(),
        other => format!("{other:?}"),
    }
}
