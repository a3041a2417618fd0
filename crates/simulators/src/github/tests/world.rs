//! A small GitHub and a client without a network.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt;

use crate::clock::Frozen;
use crate::github::*;

pub(super) const PAYMENTS: &str = "/repos/bank/payments-api";

pub(super) struct World {
    pub(super) github: Github,
    pub(super) clock: Arc<Frozen>,
}

pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Answered {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The address behind `rel`, if there is one.
    pub(super) fn link(&self, relation: &str) -> Option<String> {
        let links = self.header("link");
        let found = links.split(", ").find(|link| link.ends_with(&format!("rel=\"{relation}\"")))?;
        Some(found.split(['<', '>']).nth(1)?.to_owned())
    }
}

impl World {
    pub(super) fn new() -> Self {
        let clock = Arc::new(Frozen::at(at("2026-03-02T12:00:00Z")));
        let tokens = vec![
            Token::reading("reader", "ada"),
            Token::reading("writer", "bob").with_right(Right::Write),
            Token::reading("admin", "eve").with_right(Right::Admin),
            Token {
                packages: false,
                repositories: Some(vec!["bank/ledger-core".into()]),
                ..Token::reading("narrow", "nan")
            },
        ];
        let github = Github::new(Options::new(clock.clone(), content(), tokens));
        Self { github, clock }
    }

    pub(super) async fn get(&self, path: &str) -> Answered {
        self.with(path, &[("authorization", "Bearer reader")]).await
    }

    pub(super) async fn get_as(&self, token: &str, path: &str) -> Answered {
        self.with(path, &[("authorization", &format!("token {token}"))]).await
    }

    /// With these headers beside a user agent.
    pub(super) async fn with(&self, path: &str, headers: &[(&str, &str)]) -> Answered {
        let path = path.strip_prefix("http://api.test").unwrap_or(path);
        let mut request = Request::get(path).header("host", "api.test").header("user-agent", "test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(super) async fn post(&self, token: &str, body: &Value) -> Answered {
        let request = Request::post("/graphql").header("host", "api.test").header("user-agent", "test");
        let request = request.header("authorization", format!("bearer {token}"));
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.github.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answered { status: parts.status, headers: parts.headers, bytes }
    }
}

/// One field of each record of a list.
pub(super) fn texts(body: &Value, field: &str) -> Vec<String> {
    let of = |item: &Value| {
        item.pointer(field)
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .unwrap_or_default()
    };
    body.as_array().unwrap().iter().map(of).collect()
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Commit number `n` of the main line.
pub(super) fn sha(n: usize) -> String {
    format!("{n:040x}")
}

pub(super) fn day(n: i64) -> Timestamp {
    at("2025-01-01T00:00:00Z") + jiff::SignedDuration::from_hours(24 * n)
}

fn content() -> Content {
    let user = |id: u64, login: &str| User {
        id,
        login: login.into(),
        name: Some(login.to_uppercase()),
        ..User::default()
    };
    let ledger = Repository { private: true, ..Repository::new(2, "bank", "ledger-core") };
    Content {
        organizations: vec![Organization { id: 900, login: "bank".into(), name: "The Bank".into() }],
        users: vec![user(1, "ada"), user(2, "bob"), user(3, "eve"), user(4, "mallory")],
        teams: vec![Team {
            id: 50,
            organization: "bank".into(),
            slug: "release".into(),
            name: "Release".into(),
            members: vec!["ada".into()],
        }],
        repositories: vec![payments(), ledger],
        packages: vec![Package {
            organization: "bank".into(),
            name: "payments-api".into(),
            versions: vec![PackageVersion {
                id: 70,
                digest: format!("sha256:{}", "ab".repeat(32)),
                tags: vec!["2.14.0".into()],
                created_at: day(300),
            }],
        }],
    }
}

/// 301 commits on main, one hotfix from the 100th, releases and tags of every kind.
fn payments() -> Repository {
    let commits = (0..=300)
        .map(|n| commit(n, if n == 0 { vec![] } else { vec![sha(n - 1)] }))
        .chain([commit(9_000, vec![sha(100)])]);
    let tag = |name: &str, commit: String| Tag { name: name.into(), commit, annotation: None };
    let annotation = Annotation { sha: "f".repeat(40), message: "Release 2.14.0".into(), ..Annotation::default() };
    Repository {
        private: true,
        old_names: vec!["bank/payments".into()],
        writers: vec!["bob".into(), "eve".into()],
        commits: commits.collect(),
        branches: vec![
            Branch { name: "main".into(), sha: sha(300) },
            Branch { name: "hotfix/2.13".into(), sha: sha(9_000) },
        ],
        tags: vec![
            tag("v2.13.0", sha(100)),
            tag("v2.13.1", sha(9_000)),
            Tag { annotation: Some(annotation), ..tag("v2.14.0", sha(300)) },
            tag("v2.9.0", sha(10)),
        ],
        releases: vec![
            release(1, "v2.13.0", 100),
            release(2, "v2.14.0", 300),
            Release { published_at: Some(day(400)), ..release(3, "v2.13.1", 110) },
            Release { draft: true, published_at: None, ..release(4, "v2.15.0", 310) },
        ],
        pull_requests: vec![
            merged_pull(),
            PullRequest {
                number: 8,
                id: 108,
                title: "Open".into(),
                author: Some("ada".into()),
                head: Head { branch: "topic".into(), sha: sha(299) },
                base: Head { branch: "main".into(), sha: sha(300) },
                commits: vec![sha(299)],
                created_at: day(299),
                merge_commit_sha: Some("e".repeat(40)),
                ..PullRequest::default()
            },
        ],
        issues: vec![Issue {
            id: 109,
            number: 9,
            title: "A bug".into(),
            author: "ada".into(),
            created_at: day(1),
            closed_at: None,
        }],
        protections: vec![BranchProtection {
            branch: "main".into(),
            reviews: Some(RequiredReviews { count: 1, ..RequiredReviews::default() }),
            required_checks: vec!["build".into()],
            ..BranchProtection::default()
        }],
        rulesets: vec![Ruleset {
            id: 60,
            name: "releases".into(),
            include: vec!["refs/heads/hotfix/*".into()],
            enforcement: Enforcement::Active,
            rules: vec![Rule { kind: "deletion".into(), parameters: Value::Null }],
        }],
        ..super::delivery::delivered()
    }
}

fn commit(n: usize, parents: Vec<String>) -> Commit {
    let date = day(i64::try_from(n.min(301)).unwrap());
    let by = Signature { name: "Ada".into(), email: "ada@bank.example".into(), login: Some("ada".into()), date };
    let change = |path: String, content: Option<String>| FileChange {
        path,
        additions: 2,
        deletions: 1,
        status: FileStatus::Modified,
        content: content.map(|text| text.into_bytes().into()),
    };
    let files = vec![
        change(format!("src/file{}.rs", n % 350), None),
        change("config/release.toml".into(), n.is_multiple_of(100).then(|| format!("number = {n}\n"))),
    ];
    Commit {
        sha: sha(n),
        parents,
        author: by.clone(),
        committer: by,
        message: format!("PAY-{n} Do it\n\nBecause."),
        files,
        verified: n.is_multiple_of(2),
    }
}

fn release(id: u64, tag: &str, on: i64) -> Release {
    let asset = |id: u64, digest: Option<&str>| Asset {
        id,
        name: format!("{id}.tar.gz"),
        size_bytes: 10,
        content_type: "application/gzip".into(),
        uploader: "bob".into(),
        digest: digest.map(str::to_owned),
        created_at: day(on),
    };
    Release {
        id,
        tag: tag.into(),
        target: "main".into(),
        name: Some(tag.into()),
        author: "bob".into(),
        created_at: day(on),
        published_at: Some(day(on + 1)),
        assets: vec![asset(id * 10, Some("sha256:00")), asset(id * 10 + 1, None)],
        ..Release::default()
    }
}

/// Approved at an older head, then commented; merged all the same.
fn merged_pull() -> PullRequest {
    let review = |id: u64, author: Option<&str>, state, on: i64| Review {
        id,
        author: author.map(str::to_owned),
        state,
        commit_id: sha(297),
        submitted_at: (state != ReviewState::Pending).then(|| day(on)),
        ..Review::default()
    };
    PullRequest {
        id: 107,
        number: 7,
        title: "PAY-298 Do it".into(),
        author: Some("ada".into()),
        head: Head { branch: "gone".into(), sha: sha(298) },
        base: Head { branch: "main".into(), sha: sha(296) },
        commits: vec![sha(297), sha(298)],
        labels: vec!["feature".into()],
        created_at: day(296),
        updated_at: day(300),
        closed_at: Some(day(299)),
        merged_at: Some(day(299)),
        merged_by: Some("bob".into()),
        merge_commit_sha: Some(sha(299)),
        mergeable: Some(true),
        reviews: vec![
            review(3, Some("bob"), ReviewState::Commented, 299),
            review(1, Some("bob"), ReviewState::Approved, 297),
            review(2, Some("mallory"), ReviewState::ChangesRequested, 298),
            review(4, Some("eve"), ReviewState::Pending, 299),
        ],
        ..PullRequest::default()
    }
}
