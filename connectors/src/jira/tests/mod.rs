//! Against a simulated site, asked over HTTP.

mod bank;
mod faults;
mod horizon;
mod incremental;
mod pages;

use std::sync::Arc;

use domain::{ConnectorId, Records, Window};
use jiff::{SignedDuration, Timestamp};
use simulators::clock::{Clock as _, Frozen};
use simulators::jira::content::{
    Content, CustomField, CustomValue, FieldKind, Issue, Link, Project, ProjectKind, User, Version,
};
use simulators::jira::{self as simulated, Account, Anonymous, Browse};
use simulators::serve::Server;

use super::{Jira, Options, open};
use crate::clock::Clock;
use crate::contract::{Connector as _, GatherRequest, Gathered, Interest};
use crate::reach::{Identification, SystemPlan};
use crate::resilience::{Secret, Settings};

const TOKEN: &str = "ada-token-7f3a";

struct Shared(Arc<Frozen>);

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// A site, its server, and one connector to it.
struct World {
    site: simulated::Jira,
    server: Server,
    clock: Arc<Frozen>,
    jira: Jira,
}

impl World {
    async fn new() -> Self {
        Self::with(|_| {}, Options::default()).await
    }

    async fn with(change: impl FnOnce(&mut simulated::Options), options: Options) -> Self {
        let clock = Arc::new(Frozen::at(now()));
        let mut site = simulated::Options::new(clock.clone(), content());
        site.accounts = vec![account("ada", Browse::All), account("ben", Browse::Only(vec!["PAY".into()]))];
        change(&mut site);
        let site = simulated::Jira::new(site);
        let server = Server::start(site.router(), 0, clock.clone()).await.expect("a free port");
        let jira = connector(&server, &clock, ("ada@bank.example", TOKEN), options);
        Self { site, server, clock, jira }
    }

    fn as_caller(&self, username: &str, token: &str) -> Jira {
        connector(&self.server, &self.clock, (username, token), Options::default())
    }

    async fn full(&self) -> Gathered {
        self.jira.gather(&request()).await
    }

    fn pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }
}

fn connector(server: &Server, clock: &Arc<Frozen>, (username, token): (&str, &str), options: Options) -> Jira {
    let mut settings = Settings::default();
    settings.retry.retries = 0;
    settings.breaker.min_failures = 20;
    settings.limits.requests_per_second = 10_000.0;
    settings.limits.burst = 10_000;
    let plan = SystemPlan {
        id: ConnectorId::new("jira"),
        url: server.url(),
        identification: Identification::Basic { username: username.to_owned(), password: Secret::new(token) },
        settings,
        extra_ca_pem: None,
    };
    open(&plan, &options, Arc::new(Shared(clock.clone()))).expect("a connector")
}

fn now() -> Timestamp {
    moment("2026-03-02T12:00:30Z")
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn request() -> GatherRequest {
    let horizon = Window { start: moment("2025-12-02T00:00:00Z"), end: moment("2026-08-29T00:00:00Z") };
    let interest = Interest { projects: ["PAY".into(), "LED".into()].into(), ..Interest::default() };
    GatherRequest::full(horizon, now(), interest)
}

/// What changed since the marks of an earlier read.
fn since(read: &Gathered) -> GatherRequest {
    GatherRequest { since: read.watermarks.clone(), ..request() }
}

fn keys(records: &Records) -> Vec<&str> {
    let mut keys: Vec<&str> = records.work_items.iter().map(|item| &*item.key).collect();
    keys.sort_unstable();
    keys
}

fn versions(records: &Records) -> Vec<String> {
    let mut names: Vec<_> =
        records.tracked_versions.iter().map(|version| format!("{} {}", version.project, version.name)).collect();
    names.sort_unstable();
    names
}

/// Gaps as `CODE KIND`.
fn gaps(read: &Gathered) -> Vec<String> {
    read.gaps.iter().map(|gap| format!("{} {:?}", gap.code.as_str(), gap.kind)).collect()
}

fn account(who: &str, browse: Browse) -> Account {
    Account {
        account_id: who.into(),
        email: format!("{who}@bank.example"),
        token: format!("{who}-token-7f3a"),
        browse,
    }
}

fn project(id: u64, key: &str) -> Project {
    Project {
        id,
        key: key.into(),
        name: key.into(),
        description: String::new(),
        kind: ProjectKind::Software,
        lead: None,
        old_keys: Vec::new(),
    }
}

fn content() -> Content {
    let mut content = Content::standard();
    let mut ada = User::new("ada", "Ada Example", "ada@bank.example");
    ada.time_zone = "America/New_York".into();
    let mut cleo = User::new("cleo", "Cleo", "");
    cleo.email = None;
    content.users = vec![ada, User::new("ben", "Ben Example", "ben@bank.example"), cleo];
    content.fields = vec![
        CustomField::new(10_011, "Story Points", FieldKind::Number),
        CustomField::new(10_014, "story points", FieldKind::Number),
    ];
    content.projects = vec![project(10_000, "PAY"), project(10_001, "LED"), project(10_002, "OPS")];
    let version = |id, project, name: &str, released, date| Version {
        id,
        project,
        name: name.into(),
        released,
        release_date: date,
        ..Version::default()
    };
    content.versions = vec![
        version(1001, 10_000, "1.0", true, Some(jiff::civil::date(2024, 5, 1))),
        version(1002, 10_000, "2.13.0", true, Some(jiff::civil::date(2026, 2, 20))),
        version(1003, 10_000, "2.14.0", false, Some(jiff::civil::date(2026, 3, 10))),
        version(1101, 10_001, "5.3", false, None),
        version(1201, 10_002, "9.9", false, None),
    ];
    content.issues = issues();
    content
}

fn issues() -> Vec<Issue> {
    let issue = |id, key: &str, project, updated: &str| Issue {
        id,
        key: key.into(),
        project,
        summary: format!("Summary of {key}"),
        issue_type: 10_001,
        status: 10_000,
        created: moment("2024-01-01T09:00:00Z"),
        updated: moment(updated),
        reporter: Some("cleo".into()),
        ..Issue::default()
    };
    vec![
        Issue {
            fix_versions: vec![1002],
            assignee: Some("ben".into()),
            ..issue(101, "PAY-1", 10_000, "2026-02-20T09:00:00Z")
        },
        // Untouched for long, but in a version that is still to come.
        Issue {
            fix_versions: vec![1003],
            parent: Some(105),
            links: vec![Link { id: 701, link_type: 10_003, target: 301 }],
            custom: [(10_014, CustomValue::Number(5.0))].into(),
            ..issue(102, "PAY-2", 10_000, "2025-06-01T09:00:00Z")
        },
        Issue { fix_versions: vec![1001], ..issue(103, "PAY-3", 10_000, "2024-04-01T09:00:00Z") },
        issue(104, "PAY-4", 10_000, "2026-02-01T09:00:00Z"),
        Issue { issue_type: 10_000, ..issue(105, "PAY-5", 10_000, "2024-02-01T09:00:00Z") },
        Issue {
            fix_versions: vec![1101],
            links: vec![Link { id: 700, link_type: 10_000, target: 102 }],
            ..issue(201, "LED-1", 10_001, "2026-01-15T09:00:00Z")
        },
        issue(301, "OPS-1", 10_002, "2024-01-15T09:00:00Z"),
        issue(302, "OPS-2", 10_002, "2026-02-15T09:00:00Z"),
    ]
}

/// A site whose anonymous visitors are let in, as most are.
fn open_to_strangers(options: &mut simulated::Options) {
    options.anonymous = Anonymous::Sees(Browse::Only(Vec::new()));
}
