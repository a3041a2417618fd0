//! What the bank's Jira site holds: a project per service, versions in the teams' spellings, items with links and the
//! changelog of how they moved. Everything a person sees there is in the neutral model; only ids are made here.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::model::{AccountKind, Estate, Text, VersionName, WorkItem, WorkKind, WorkLinkKind, WorkStatus};
use super::people::jira_account;
use crate::jira::content::{Content, History, HistoryItem, Issue, Link, Project, ProjectKind, User, Version};

/// The account that Interlock reads with.
pub const READER: (&str, &str) = ("712020:interlock", "interlock@bank.example");

const DONE: u64 = 10_000;
const MEDIUM: u64 = 3;

/// The site's content.
pub fn content(estate: &Estate) -> Content {
    let mut content = Content::standard();
    content.users = users(estate);
    content.users.push(User::new(READER.0, "Interlock", READER.1));
    let projects: HashMap<&str, u64> =
        (10_000..).zip(&estate.projects).map(|(id, project)| (&*project.key, id)).collect();
    content.projects = (10_000..)
        .zip(&estate.projects)
        .map(|(id, project)| Project {
            id,
            key: project.key.to_string(),
            name: project.name.to_string(),
            description: format!("Work on {}.", project.name),
            kind: ProjectKind::Software,
            lead: Some(jira_account(&project.lead).to_string()),
            old_keys: project.old_keys.iter().map(ToString::to_string).collect(),
        })
        .collect();
    content.versions =
        (20_000..).zip(&estate.versions).map(|(id, version)| version_of(id, version, &projects)).collect();
    let names: HashMap<(&str, &str), u64> =
        (20_000..).zip(&estate.versions).map(|(id, version)| ((&*version.project, &*version.name), id)).collect();
    let keys: HashMap<&str, u64> = (100_000..).zip(&estate.work_items).map(|(id, item)| (&*item.key, id)).collect();
    let directory = Directory { projects, names, keys };
    content.issues = (100_000..).zip(&estate.work_items).map(|(id, item)| directory.issue(id, item)).collect();
    content
}

fn users(estate: &Estate) -> Vec<User> {
    estate
        .people
        .iter()
        .filter(|person| person.kind == AccountKind::Human)
        .filter_map(|person| {
            let account = person.accounts.iter().find(|account| account.system == "jira")?;
            let mut user = User::new(&account.login, &person.name, "");
            user.email = account.email.as_ref().map(ToString::to_string);
            user.time_zone = "Europe/London".to_owned();
            user.active = person.active;
            Some(user)
        })
        .collect()
}

fn version_of(id: u64, version: &VersionName, projects: &HashMap<&str, u64>) -> Version {
    Version {
        id,
        project: projects.get(&*version.project).copied().unwrap_or_default(),
        name: version.name.to_string(),
        description: version.description.to_string(),
        archived: version.archived,
        released: version.released,
        start_date: version.start,
        release_date: version.date,
        ..Version::default()
    }
}

/// Ids by what people call things.
struct Directory<'a> {
    projects: HashMap<&'a str, u64>,
    names: HashMap<(&'a str, &'a str), u64>,
    keys: HashMap<&'a str, u64>,
}

impl Directory<'_> {
    fn issue(&self, id: u64, item: &WorkItem) -> Issue {
        let version = |name: &Text| self.names.get(&(&*item.project, &**name)).copied();
        let account = |person: &Option<Text>| person.as_ref().map(|key| jira_account(key).to_string());
        Issue {
            id,
            key: item.key.to_string(),
            old_keys: item.old_keys.iter().map(ToString::to_string).collect(),
            project: self.projects.get(&*item.project).copied().unwrap_or_default(),
            issue_type: kind(item.kind),
            summary: item.summary.to_string(),
            description: item.description.to_string(),
            status: status(item.status).0,
            priority: Some(MEDIUM),
            resolution: item.resolved.map(|_| DONE),
            assignee: account(&item.assignee),
            reporter: account(&item.reporter),
            created: item.created,
            updated: item.updated,
            resolved: item.resolved,
            labels: item.labels.iter().map(ToString::to_string).collect(),
            fix_versions: item.fix_versions.iter().filter_map(version).collect(),
            parent: item.parent.as_ref().and_then(|key| self.keys.get(&**key)).copied(),
            links: self.links(id, item),
            changelog: self.changelog(id, item),
            ..Issue::default()
        }
    }

    fn links(&self, id: u64, item: &WorkItem) -> Vec<Link> {
        (0..)
            .zip(&item.links)
            .filter_map(|(place, link)| {
                Some(Link {
                    id: id * 10 + place,
                    link_type: match link.kind {
                        WorkLinkKind::Blocks => 10_000,
                        WorkLinkKind::Relates => 10_003,
                    },
                    target: self.keys.get(&*link.target).copied()?,
                })
            })
            .collect()
    }

    /// Planned into its version on the day it was written, then through the columns until where it stands.
    fn changelog(&self, id: u64, item: &WorkItem) -> Vec<History> {
        let author = |person: &Option<Text>| person.as_ref().map(|key| jira_account(key).to_string());
        let mut lines: Vec<(Timestamp, Option<String>, HistoryItem)> = Vec::new();
        for name in &item.fix_versions {
            let version = self.names.get(&(&*item.project, &**name)).map(ToString::to_string);
            lines.push((
                item.created + SignedDuration::from_mins(20),
                author(&item.reporter),
                changed(("Fix Version", "fixVersions"), (None, None), (version, Some(name.to_string()))),
            ));
        }
        for old in &item.old_keys {
            lines.push((
                item.created + SignedDuration::from_hours(3),
                author(&item.reporter),
                changed(("Key", "issuekey"), (None, Some(old.to_string())), (None, Some(item.key.to_string()))),
            ));
        }
        let way = [WorkStatus::ToDo, WorkStatus::InProgress, WorkStatus::InReview, WorkStatus::Done];
        let end = item.resolved.unwrap_or(item.updated).max(item.created);
        let step = (end - item.created).total(jiff::Unit::Second).unwrap_or_default() / 3.0;
        let reached = way.iter().position(|status| *status == item.status).unwrap_or(0);
        for (place, pair) in (1_i32..).zip(way.windows(2)).take(reached) {
            let [from, to] = pair else { continue };
            let passed = SignedDuration::try_from_secs_f64(step * f64::from(place)).unwrap_or_default();
            let at = if *to == WorkStatus::Done { end } else { item.created + passed };
            lines.push((
                at,
                author(&item.assignee),
                changed(
                    ("status", "status"),
                    (Some(status(*from).0.to_string()), Some(status(*from).1.to_owned())),
                    (Some(status(*to).0.to_string()), Some(status(*to).1.to_owned())),
                ),
            ));
        }
        lines.sort_by_key(|(at, ..)| *at);
        (0..)
            .zip(lines)
            .map(|(place, (created, author, item))| History {
                id: id * 10 + place,
                author,
                created,
                items: vec![item],
            })
            .collect()
    }
}

fn changed(
    (field, field_id): (&str, &str),
    (from, from_string): (Option<String>, Option<String>),
    (to, to_string): (Option<String>, Option<String>),
) -> HistoryItem {
    HistoryItem { field: field.to_owned(), field_id: field_id.to_owned(), from, from_string, to, to_string }
}

fn kind(kind: WorkKind) -> u64 {
    match kind {
        WorkKind::Epic => 10_000,
        WorkKind::Story => 10_001,
        WorkKind::Task => 10_002,
        WorkKind::Bug => 10_004,
    }
}

fn status(status: WorkStatus) -> (u64, &'static str) {
    match status {
        WorkStatus::ToDo => (10_000, "To Do"),
        WorkStatus::InProgress => (3, "In Progress"),
        WorkStatus::InReview => (10_001, "In Review"),
        WorkStatus::Done => (10_002, "Done"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_blocks_the_payments_release() {
        let estate = super::super::tests::stories("2026-11-23T00:00:00Z".parse().unwrap());
        let content = content(&estate);
        let version = |name: &str, project: &str| {
            let project = content.projects.iter().find(|held| held.key == project).unwrap().id;
            content.versions.iter().find(|held| held.name == name && held.project == project).unwrap().id
        };
        let (ledger, payments) = (version("5.3.0", "LED"), version("v2.14.0", "PAY"));
        let blocked: Vec<&Issue> = content
            .issues
            .iter()
            .filter(|issue| issue.fix_versions.contains(&ledger))
            .flat_map(|issue| &issue.links)
            .filter(|link| link.link_type == 10_000)
            .filter_map(|link| content.issues.iter().find(|issue| issue.id == link.target))
            .collect();
        let [blocked] = blocked.as_slice() else {
            panic!("one blocked item, not {blocked:?}");
        };
        assert_eq!(blocked.fix_versions, [payments]);
        assert!(blocked.changelog.iter().any(|line| line.items.iter().any(|item| item.field == "status")));
    }
}
