//! The site's state: issues by id with the indexes that keep 100,000 of them fast, and what search may not have seen yet.
//! Decides nothing about who may see what, and writes no history: see `access` and `change`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::content::{Component, Content, CustomField, Issue, LinkType, Project, Status, User, Version};

#[derive(Default)]
pub(super) struct Store {
    /// Everything but the issues, which live below.
    pub(super) content: Content,
    pub(super) search_lag: SignedDuration,
    issues: BTreeMap<u64, Arc<Issue>>,
    keys: HashMap<String, u64>,
    by_project: HashMap<u64, BTreeSet<u64>>,
    by_fix_version: HashMap<u64, BTreeSet<u64>>,
    by_parent: HashMap<u64, BTreeSet<u64>>,
    /// Target issue to (link, source issue).
    incoming: HashMap<u64, BTreeSet<(u64, u64)>>,
    behind: HashMap<u64, Behind>,
    users: HashMap<String, usize>,
    versions: HashMap<u64, usize>,
    components: HashMap<u64, usize>,
    projects: HashMap<u64, usize>,
    last_number: HashMap<u64, u64>,
    last_id: u64,
}

/// What search still answers for an issue until its index catches up; `was: None` means it did not exist.
struct Behind {
    until: Timestamp,
    was: Option<Arc<Issue>>,
}

impl Store {
    pub(super) fn new(mut content: Content) -> Self {
        let issues = std::mem::take(&mut content.issues);
        let mut store = Self { last_id: highest_id(&content, &issues), ..Self::default() };
        store.content = content;
        store.index_content();
        for issue in issues {
            store.insert(issue);
        }
        store
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id = self.last_id.saturating_add(1);
        self.last_id
    }

    pub(super) fn next_key(&mut self, project: u64) -> Option<String> {
        let key = self.project(project)?.key.clone();
        let number = self.last_number.entry(project).or_default();
        *number = number.saturating_add(1);
        Some(format!("{key}-{number}"))
    }

    /// Must follow any change to users, versions, components or projects.
    pub(super) fn index_content(&mut self) {
        let content = &self.content;
        self.users = content.users.iter().enumerate().map(|(at, user)| (user.account_id.clone(), at)).collect();
        self.versions = content.versions.iter().enumerate().map(|(at, version)| (version.id, at)).collect();
        self.components = content.components.iter().enumerate().map(|(at, component)| (component.id, at)).collect();
        self.projects = content.projects.iter().enumerate().map(|(at, project)| (project.id, at)).collect();
    }

    /// Puts a new or changed issue in place; search follows after the lag.
    pub(super) fn write(&mut self, issue: Issue, now: Timestamp) {
        self.fall_behind(issue.id, now);
        self.insert(issue);
    }

    pub(super) fn remove(&mut self, id: u64, now: Timestamp) {
        self.fall_behind(id, now);
        if let Some(issue) = self.issues.remove(&id) {
            self.unindex(&issue);
            for key in std::iter::once(&issue.key).chain(&issue.old_keys) {
                self.keys.remove(&key.to_uppercase());
            }
            self.incoming.remove(&id);
        }
    }

    fn fall_behind(&mut self, id: u64, now: Timestamp) {
        if self.search_lag.is_zero() {
            return;
        }
        let until = now.saturating_add(self.search_lag).unwrap_or(Timestamp::MAX);
        self.behind.retain(|_, behind| behind.until > now);
        let was = match self.behind.remove(&id) {
            Some(behind) => behind.was,
            None => self.issues.get(&id).cloned(),
        };
        self.behind.insert(id, Behind { until, was });
    }

    fn insert(&mut self, issue: Issue) {
        if let Some(old) = self.issues.get(&issue.id).cloned() {
            self.unindex(&old);
        }
        let id = issue.id;
        for key in std::iter::once(&issue.key).chain(&issue.old_keys) {
            self.keys.insert(key.to_uppercase(), id);
        }
        let number = key_number(&issue.key);
        let last = self.last_number.entry(issue.project).or_default();
        *last = number.max(*last);
        self.by_project.entry(issue.project).or_default().insert(id);
        for version in &issue.fix_versions {
            self.by_fix_version.entry(*version).or_default().insert(id);
        }
        if let Some(parent) = issue.parent {
            self.by_parent.entry(parent).or_default().insert(id);
        }
        for link in &issue.links {
            self.incoming.entry(link.target).or_default().insert((link.id, id));
        }
        self.issues.insert(id, Arc::new(issue));
    }

    fn unindex(&mut self, issue: &Issue) {
        let id = issue.id;
        take(&mut self.by_project, issue.project, &id);
        for version in &issue.fix_versions {
            take(&mut self.by_fix_version, *version, &id);
        }
        if let Some(parent) = issue.parent {
            take(&mut self.by_parent, parent, &id);
        }
        for link in &issue.links {
            take(&mut self.incoming, link.target, &(link.id, id));
        }
    }
}

/// Reading.
impl Store {
    pub(super) fn issue(&self, id: u64) -> Option<&Arc<Issue>> {
        self.issues.get(&id)
    }

    /// By id or by key, present or former, in any case.
    pub(super) fn find_issue(&self, id_or_key: &str) -> Option<&Arc<Issue>> {
        let id = id_or_key.parse().ok().or_else(|| self.keys.get(&id_or_key.to_uppercase()).copied())?;
        self.issue(id)
    }

    pub(super) fn issue_count(&self) -> usize {
        self.issues.len()
    }

    /// The issue as search knows it.
    pub(super) fn searchable(&self, id: u64, now: Timestamp) -> Option<&Arc<Issue>> {
        match self.behind.get(&id) {
            Some(behind) if behind.until > now => behind.was.as_ref(),
            _ => self.issue(id),
        }
    }

    /// Ids of which search and store may differ.
    pub(super) fn behind(&self) -> impl Iterator<Item = u64> {
        self.behind.keys().copied()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = u64> {
        self.issues.keys().copied()
    }

    pub(super) fn in_project(&self, project: u64) -> Option<&BTreeSet<u64>> {
        self.by_project.get(&project)
    }

    pub(super) fn fixed_in(&self, version: u64) -> Option<&BTreeSet<u64>> {
        self.by_fix_version.get(&version)
    }

    pub(super) fn children(&self, parent: u64) -> Option<&BTreeSet<u64>> {
        self.by_parent.get(&parent)
    }

    /// (link, source issue) of links that end at this issue.
    pub(super) fn incoming(&self, target: u64) -> impl Iterator<Item = (u64, u64)> {
        self.incoming.get(&target).into_iter().flatten().copied()
    }

    pub(super) fn project(&self, id: u64) -> Option<&Project> {
        self.projects.get(&id).and_then(|at| self.content.projects.get(*at))
    }

    /// By id or by key, present or former.
    pub(super) fn find_project(&self, id_or_key: &str) -> Option<&Project> {
        if let Some(found) = id_or_key.parse().ok().and_then(|id| self.project(id)) {
            return Some(found);
        }
        let named = |key: &String| key.eq_ignore_ascii_case(id_or_key);
        let current = self.content.projects.iter().find(|project| named(&project.key));
        current.or_else(|| self.content.projects.iter().find(|project| project.old_keys.iter().any(named)))
    }

    pub(super) fn version(&self, id: u64) -> Option<&Version> {
        self.versions.get(&id).and_then(|at| self.content.versions.get(*at))
    }

    pub(super) fn version_mut(&mut self, id: u64) -> Option<&mut Version> {
        self.versions.get(&id).and_then(|at| self.content.versions.get_mut(*at))
    }

    /// The version's place among all versions, which orders those of one project.
    pub(super) fn version_sequence(&self, id: u64) -> Option<usize> {
        self.versions.get(&id).copied()
    }

    pub(super) fn component(&self, id: u64) -> Option<&Component> {
        self.components.get(&id).and_then(|at| self.content.components.get(*at))
    }

    pub(super) fn user(&self, account_id: &str) -> Option<&User> {
        self.users.get(account_id).and_then(|at| self.content.users.get(*at))
    }

    pub(super) fn status(&self, id: u64) -> Option<&Status> {
        self.content.statuses.iter().find(|status| status.id == id)
    }

    pub(super) fn link_type(&self, id: u64) -> Option<&LinkType> {
        self.content.link_types.iter().find(|link_type| link_type.id == id)
    }

    pub(super) fn field(&self, id: u64) -> Option<&CustomField> {
        self.content.fields.iter().find(|field| field.id == id)
    }
}

/// The number in `KEY-number`; 0 where there is none.
pub(super) fn key_number(key: &str) -> u64 {
    key.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
}

fn take<T: Ord>(index: &mut HashMap<u64, BTreeSet<T>>, under: u64, entry: &T) {
    if let Some(entries) = index.get_mut(&under) {
        entries.remove(entry);
    }
}

fn highest_id(content: &Content, issues: &[Issue]) -> u64 {
    let inner = issues.iter().flat_map(|issue| {
        let links = issue.links.iter().map(|link| link.id);
        let remote = issue.remote_links.iter().map(|link| link.id);
        let comments = issue.comments.iter().map(|comment| comment.id);
        let histories = issue.changelog.iter().map(|history| history.id);
        let approvals = issue.approvals.iter().map(|approval| approval.id);
        std::iter::once(issue.id).chain(links).chain(remote).chain(comments).chain(histories).chain(approvals)
    });
    let versions = content.versions.iter().map(|version| version.id);
    let components = content.components.iter().map(|component| component.id);
    inner.chain(versions).chain(components).max().unwrap_or(0).max(20_000)
}
