//! Versions. They bear no date of change, and lists of them cost a request or more for each project. So a refresh reads
//! all of them only where that is cheap. Elsewhere it asks in turn: some issue of each version, because issues show
//! their versions as they are now, many in one request; and the list that was not read for longest. A list that turns
//! out to have changed is read at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;

use super::Jira;
use super::held::Held;
use super::tally::Tally;
use super::wire::{Id, Issue, Project, Shown, Version};

/// Versions that Jira gives in one page, whatever is asked for.
const PAGE: usize = 50;
/// When so many requests read all lists, all are read.
const CHEAP_REQUESTS: usize = 2;
/// Most issues asked for what they show of their versions: one request.
const MOST_WITNESSES: usize = 100;

/// The versions of one project.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub(super) project: Project,
    pub(super) versions: Arc<Vec<Version>>,
    pub(super) read_at: Timestamp,
}

/// The lists of the projects, those that may have changed read anew. A list that cannot be read is absent, and without
/// it the project's issues cannot be told complete either.
pub(super) async fn lists(
    jira: &Jira,
    projects: Vec<Project>,
    (before, now): (&Held, Timestamp),
    tally: &mut Tally,
) -> BTreeMap<Id, List> {
    let mut lists: BTreeMap<Id, List> = BTreeMap::new();
    for project in &projects {
        if let Some(list) = before.lists.get(&project.id).filter(|list| list.project.key == project.key) {
            lists.insert(project.id, list.clone());
        }
    }
    let mut due: BTreeSet<Id> = projects.iter().map(|project| project.id).collect();
    let pages = lists.values().map(|list| list.versions.len().max(1).div_ceil(PAGE)).sum::<usize>();
    if lists.len() == projects.len() && pages > CHEAP_REQUESTS {
        due = match before.refreshes % 2 {
            0 => turned(jira, before).await.unwrap_or_default(),
            _ => lists.values().min_by_key(|list| list.read_at).map(|list| list.project.id).into_iter().collect(),
        };
        due.extend(&before.suspects);
    }
    let read = |project: Project| async move { (jira.client.versions(project.id).await, project) };
    let wanted = projects.into_iter().filter(|project| due.contains(&project.id));
    let mut answers = stream::iter(wanted).map(read).buffered(jira.client.upstream().concurrency());
    while let Some((answer, project)) = answers.next().await {
        match answer {
            Ok(versions) => {
                lists.insert(project.id, List { project, versions: Arc::new(versions), read_at: now });
            }
            Err(error) => {
                lists.remove(&project.id);
                tally.darken(&error, jira.kinds());
            }
        }
    }
    lists
}

/// Projects of versions that issues show otherwise than their lists. When the issues cannot be read nothing is known to
/// have turned: the lists are read in their turn.
async fn turned(jira: &Jira, before: &Held) -> Option<BTreeSet<Id>> {
    let listed: BTreeMap<Id, (&Version, Id)> = before
        .lists
        .values()
        .flat_map(|list| list.versions.iter().map(|version| (version.id, (version, list.project.id))))
        .collect();
    let is_open = |id: &Id| listed.get(id).is_some_and(|(version, _)| !version.released && !version.archived);
    let active = || before.witnesses.iter().filter(|(version, _)| before.versions.contains(version));
    let (open, others): (Vec<_>, Vec<_>) = active().partition(|(version, _)| is_open(version));
    let mut issues: Vec<Id> = Vec::new();
    for (_, issue) in open.into_iter().chain(others) {
        if issues.len() < MOST_WITNESSES && !issues.contains(issue) {
            issues.push(*issue);
        }
    }
    let shown = jira.client.shown_versions(&issues).await.ok()?;
    let differs = |shown: &Shown| {
        let (version, project) = listed.get(&shown.id)?;
        (!shown.is(version)).then_some(*project)
    };
    Some(shown.iter().filter_map(differs).collect())
}

/// Notes an issue of each version, and projects whose issues name versions that are not listed.
pub(super) fn note(held: &mut Held, issues: &BTreeMap<Id, Issue>) {
    for issue in issues.values() {
        for version in &issue.fields.fix_versions {
            held.witnesses.insert(version.id, issue.id);
            if !held.project_of.contains_key(&version.id) {
                held.suspects.insert(issue.fields.project.id);
            }
        }
    }
}
