//! A small site, asked through its router as a client would.

mod access;
mod bulk;
mod jql;
mod limits;
mod reading;
mod searching;
mod versions;
mod writing;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::content::{
    Component, Content, CustomField, CustomValue, FieldKind, History, HistoryItem, Issue, Link, Project,
    ProjectKind, User, Version,
};
use super::{Account, Browse, Jira, Options};
use crate::clock::Frozen;

pub(super) struct Site {
    pub(super) jira: Jira,
    pub(super) clock: Arc<Frozen>,
}

pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Site {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// 2026-03-02 12:00:30 UTC, a Monday.
    pub(super) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(Frozen::at(moment("2026-03-02T12:00:30Z")));
        let mut options = Options::new(clock.clone(), content());
        options.accounts =
            vec![account("ada", Browse::All), account("ben", Browse::Only(vec!["PAY".into(), "LED".into()]))];
        change(&mut options);
        Self { jira: Jira::new(options), clock }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, (&basic("ada"), None)).await
    }

    pub(super) async fn get_as(&self, authorization: &str, path: &str) -> Reply {
        self.send("GET", path, (authorization, None)).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, (&basic("ada"), Some(body))).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, (&basic("ada"), Some(body))).await
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        (authorization, body): (&str, Option<Value>),
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("host", "site.example");
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(body.map_or(Body::empty(), |body| Body::from(body.to_string()))).unwrap();
        let response = self.jira.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body =
            serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into());
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn search(&self, jql: &str) -> Reply {
        self.post("/rest/api/3/search/jql", json!({ "jql": jql, "fields": ["key"] })).await
    }
}

impl Reply {
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(super) fn has(&self, pointer: &str) -> bool {
        self.body.pointer(pointer).is_some()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn keys(&self) -> Vec<&str> {
        self.at("/issues").as_array().unwrap().iter().map(|issue| issue["key"].as_str().unwrap()).collect()
    }

    pub(super) fn message(&self) -> &str {
        self.at("/errorMessages/0").as_str().unwrap_or_default()
    }
}

pub(super) fn basic(who: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{who}@bank.example:{who}-token")))
}

pub(super) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn account(who: &str, browse: Browse) -> Account {
    Account { account_id: who.into(), email: format!("{who}@bank.example"), token: format!("{who}-token"), browse }
}

fn content() -> Content {
    let mut content = Content::standard();
    let mut ben = User::new("ben", "Ben Example", "ben@bank.example");
    ben.time_zone = "America/New_York".into();
    let mut cleo = User::new("cleo", "Cleo \"The ^Bell\" Example", "");
    cleo.email = None;
    content.users = vec![User::new("ada", "Ada Example", "ada@bank.example"), ben, cleo];
    content.fields = vec![
        CustomField {
            options: vec![(501, "High".into()), (502, "Low".into())],
            ..CustomField::new(10010, "Risk", FieldKind::Select)
        },
        CustomField::new(10011, "Story Points", FieldKind::Number),
        CustomField::new(10012, "Backout plan", FieldKind::TextArea),
        CustomField::new(10013, "Planned start", FieldKind::DateTime),
        CustomField::new(10014, "Story Points", FieldKind::Number),
    ];
    let project = |id, key: &str, name: &str, kind| Project {
        id,
        key: key.into(),
        name: name.into(),
        description: String::new(),
        kind,
        lead: Some("ada".into()),
        old_keys: Vec::new(),
    };
    content.projects = vec![
        project(10000, "PAY", "Payments API", ProjectKind::Software),
        project(10001, "LED", "Ledger", ProjectKind::Software),
        project(10002, "SEC", "Secret", ProjectKind::Software),
        project(10003, "SD", "Service Desk", ProjectKind::ServiceDesk),
    ];
    content.components =
        vec![Component { id: 300, project: 10000, name: "api".into(), description: String::new(), lead: None }];
    let version = |id, project, name: &str, released| Version {
        id,
        project,
        name: name.into(),
        released,
        ..Version::default()
    };
    content.versions = vec![
        version(1001, 10000, "2.13.0", true),
        Version { release_date: Some(jiff::civil::date(2026, 2, 1)), ..version(1002, 10000, "2.14.0", false) },
        version(1003, 10000, "1.0", true),
        version(1101, 10001, "1.0", false),
        version(1201, 10002, "9.9", false),
    ];
    content.issues = issues();
    content
}

fn issues() -> Vec<Issue> {
    let issue = |id, key: &str, project, summary: &str| Issue {
        id,
        key: key.into(),
        project,
        summary: summary.into(),
        issue_type: 10001,
        status: 10000,
        created: moment("2026-01-01T09:00:00Z"),
        updated: moment("2026-02-01T09:00:00Z"),
        reporter: Some("ada".into()),
        ..Issue::default()
    };
    let done = HistoryItem {
        field: "status".into(),
        field_id: "status".into(),
        from: Some("10000".into()),
        from_string: Some("To Do".into()),
        to: Some("10002".into()),
        to_string: Some("Done".into()),
    };
    vec![
        Issue {
            status: 10002,
            resolution: Some(10000),
            resolved: Some(moment("2026-01-20T10:00:00Z")),
            updated: moment("2026-01-20T10:00:30Z"),
            priority: Some(2),
            assignee: Some("ada".into()),
            labels: vec!["api".into(), "Urgent".into()],
            fix_versions: vec![1001],
            changelog: vec![History {
                id: 901,
                author: Some("ben".into()),
                created: moment("2026-01-20T10:00:00Z"),
                items: vec![done],
            }],
            ..issue(101, "PAY-1", 10000, "Refund timeout")
        },
        Issue {
            issue_type: 10004,
            description: "First line\nsecond\n\nNext paragraph".into(),
            fix_versions: vec![1002],
            components: vec![300],
            due: Some(jiff::civil::date(2026, 3, 10)),
            ..issue(102, "PAY-2", 10000, "Ledger posts twice")
        },
        Issue {
            status: 3,
            priority: Some(4),
            assignee: Some("ben".into()),
            fix_versions: vec![1001, 1002],
            parent: Some(102),
            issue_type: 10003,
            updated: moment("2026-03-02T11:50:00Z"),
            custom: [
                (10010, CustomValue::Choice("High".into())),
                (10011, CustomValue::Number(5.0)),
                (10012, CustomValue::Text("Roll back".into())),
                (10013, CustomValue::DateTime(moment("2026-03-05T18:00:00Z"))),
            ]
            .into(),
            ..issue(103, "PAY-3", 10000, "Retry the refund call")
        },
        Issue {
            links: vec![Link { id: 700, link_type: 10000, target: 102 }],
            fix_versions: vec![1101],
            ..issue(104, "LED-1", 10001, "Idempotent postings")
        },
        Issue {
            old_keys: vec!["PAY-9".into()],
            affects_versions: vec![1101],
            ..issue(99, "LED-2", 10001, "Moved here")
        },
        Issue {
            links: vec![Link { id: 701, link_type: 10003, target: 102 }],
            ..issue(105, "SEC-1", 10002, "Hidden thing")
        },
    ]
}
