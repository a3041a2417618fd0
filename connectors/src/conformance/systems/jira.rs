//! Issues and versions of a simulated site; issues come three ids to a page.

use std::sync::Arc;

use axum::Router;
use domain::{RecordKind, Records};
use simulators::clock::Frozen;
use simulators::jira::content::{Content, Issue, Project, ProjectKind, User, Version};
use simulators::jira::{Account, Browse, Change, Jira, Options, Quirks};

use super::super::stand::{Hand, SECRET, Stand, name, number};
use crate::Vendor;
use crate::contract::Interest;
use crate::jira;
use crate::reach::Identification;
use crate::resilience::Secret;

const PROJECT: u64 = 10_000;

#[derive(Clone)]
struct Site {
    jira: Jira,
    kind: RecordKind,
}

pub(in super::super) fn raise_issues(clock: &Arc<Frozen>) -> Box<dyn Stand> {
    Box::new(Site { jira: site(clock), kind: RecordKind::WorkItem })
}

pub(in super::super) fn raise_versions(clock: &Arc<Frozen>) -> Box<dyn Stand> {
    Box::new(Site { jira: site(clock), kind: RecordKind::TrackedVersion })
}

fn site(clock: &Arc<Frozen>) -> Jira {
    let mut content = Content::standard();
    content.users = vec![User::new("ada", "Ada Example", "ada@bank.example")];
    content.projects = vec![Project {
        id: PROJECT,
        key: "PAY".into(),
        name: "Payments".into(),
        description: String::new(),
        kind: ProjectKind::Software,
        lead: None,
        old_keys: Vec::new(),
    }];
    let mut options = Options::new(clock.clone(), content);
    options.quirks = Quirks { page_cap: Some(3), ..Quirks::default() };
    options.accounts = vec![Account {
        account_id: "ada".into(),
        email: "ada@bank.example".into(),
        token: SECRET.into(),
        browse: Browse::All,
    }];
    Jira::new(options)
}

fn id(number: usize) -> u64 {
    20_000 + number as u64
}

fn key(number: usize) -> String {
    format!("PAY-{number}")
}

impl Stand for Site {
    fn router(&self) -> Option<Router> {
        Some(self.jira.router())
    }

    fn options(&self) -> Vendor {
        Vendor::Jira(jira::Options::default())
    }

    fn identification(&self) -> Identification {
        Identification::Basic { username: "ada@bank.example".to_owned(), password: Secret::new(SECRET) }
    }

    fn interest(&self) -> Interest {
        Interest { projects: ["PAY".into()].into(), ..Interest::default() }
    }

    fn hand(&self) -> Box<dyn Hand> {
        Box::new(self.clone())
    }

    fn id(&self, number: usize) -> String {
        id(number).to_string()
    }

    fn numbers(&self, records: &Records) -> Vec<usize> {
        match self.kind {
            RecordKind::WorkItem => records.work_items.iter().filter_map(|item| number(&item.summary)).collect(),
            _ => records.tracked_versions.iter().filter_map(|version| number(&version.name)).collect(),
        }
    }
}

impl Hand for Site {
    fn put(&self, number: usize) {
        if self.kind == RecordKind::TrackedVersion {
            let (id, name) = (id(number), name(number));
            self.jira.add_version(Version { id, project: PROJECT, name, ..Version::default() });
            return;
        }
        let issue = Issue {
            id: id(number),
            key: key(number),
            project: PROJECT,
            summary: name(number),
            issue_type: 10_001,
            status: 10_000,
            ..Issue::default()
        };
        self.jira.add_issue(issue).expect("an issue");
    }

    fn touch(&self, number: usize) {
        let touched = match self.kind {
            RecordKind::TrackedVersion => {
                self.jira.change_version(id(number), |version| version.description = "touched".into())
            }
            _ => self.jira.set_field(&key(number), "ada", Change::Description("touched".into())),
        };
        touched.expect("a record");
    }

    fn take(&self, number: usize) -> bool {
        let taken = match self.kind {
            RecordKind::TrackedVersion => self.jira.delete_version(id(number)),
            _ => self.jira.delete_issue(&key(number)),
        };
        taken.is_ok()
    }
}
