//! What tests, the estate and the routes do to a running site. Every change of an issue writes its changelog and moves
//! `updated`, as Jira does; `by` is the acting account id.

use jiff::civil::Date;

use super::Jira;
use super::content::{Comment, History, HistoryItem, Issue, Link, RemoteLink, Version};
use super::history::{self, Change};
use super::store::Store;

/// The record that a change was asked for does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} \"{name}\"")]
pub struct Missing {
    pub kind: &'static str,
    pub name: String,
}

impl Missing {
    fn new(kind: &'static str, name: impl ToString) -> Self {
        Self { kind, name: name.to_string() }
    }
}

/// Issues.
impl Jira {
    /// Id 0 and an empty key are filled in; so are `created` and `updated` when they are the epoch. Answers the key.
    ///
    /// # Errors
    /// The project does not exist.
    pub fn add_issue(&self, mut issue: Issue) -> Result<String, Missing> {
        let now = self.now();
        let mut store = self.write();
        if issue.id == 0 {
            issue.id = store.next_id();
        }
        if issue.key.is_empty() {
            issue.key = store.next_key(issue.project).ok_or_else(|| Missing::new("project", issue.project))?;
        }
        if issue.created == jiff::Timestamp::UNIX_EPOCH {
            (issue.created, issue.updated) = (now, now);
        }
        let key = issue.key.clone();
        store.write(issue, now);
        Ok(key)
    }

    /// Sets fields in one edit: one changelog entry, or none when nothing differs.
    ///
    /// # Errors
    /// The issue does not exist.
    pub fn set_fields(&self, key: &str, by: &str, changes: Vec<Change>) -> Result<(), Missing> {
        let now = self.now();
        self.edit(key, by, |store, issue| {
            let items = changes.into_iter().flat_map(|change| history::apply(store, issue, change)).collect();
            history::date_resolution(issue, now);
            items
        })
    }

    /// # Errors
    /// The issue does not exist.
    pub fn set_field(&self, key: &str, by: &str, change: Change) -> Result<(), Missing> {
        self.set_fields(key, by, vec![change])
    }

    /// Moves the issue to a status by name and sets or clears the resolution with it.
    ///
    /// # Errors
    /// The issue or the status does not exist.
    pub fn transition(&self, key: &str, by: &str, status: &str) -> Result<(), Missing> {
        let now = self.now();
        let named = |store: &Store| {
            store.content.statuses.iter().find(|one| one.name.eq_ignore_ascii_case(status)).map(|one| one.id)
        };
        let to = named(&self.read()).ok_or_else(|| Missing::new("status", status))?;
        self.edit(key, by, |store, issue| {
            let mut items = history::apply(store, issue, Change::Status(to));
            items.extend(history::settle(store, issue, now));
            items
        })
    }

    /// Moves the issue to another project: a new key, versions and components left behind, the id kept. Answers the new key.
    ///
    /// # Errors
    /// The issue or the project does not exist.
    pub fn move_issue(&self, key: &str, by: &str, project: &str) -> Result<String, Missing> {
        let (target, new_key) = {
            let mut store = self.write();
            let found = store.find_project(project).map(|project| project.id);
            let target = found.ok_or_else(|| Missing::new("project", project))?;
            store.find_issue(key).ok_or_else(|| Missing::new("issue", key))?;
            (target, store.next_key(target).ok_or_else(|| Missing::new("project", project))?)
        };
        let to = new_key.clone();
        self.edit(key, by, move |store, issue| {
            let mut items: Vec<HistoryItem> =
                [Change::FixVersions(vec![]), Change::AffectsVersions(vec![]), Change::Components(vec![])]
                    .into_iter()
                    .flat_map(|change| history::apply(store, issue, change))
                    .collect();
            let named = |id| store.project(id).map(|project| project.name.clone());
            items.push(HistoryItem {
                field: "project".into(),
                field_id: "project".into(),
                from: Some(issue.project.to_string()),
                from_string: named(issue.project),
                to: Some(target.to_string()),
                to_string: named(target),
            });
            items.push(HistoryItem {
                field: "Key".into(),
                field_id: "issuekey".into(),
                from: None,
                from_string: Some(issue.key.clone()),
                to: None,
                to_string: Some(to.clone()),
            });
            issue.old_keys.push(std::mem::replace(&mut issue.key, to));
            issue.project = target;
            items
        })?;
        Ok(new_key)
    }

    /// The issue, its links from both ends, and its place under a parent are gone.
    ///
    /// # Errors
    /// The issue does not exist.
    pub fn delete_issue(&self, key: &str) -> Result<(), Missing> {
        let now = self.now();
        let mut store = self.write();
        let id = store.find_issue(key).ok_or_else(|| Missing::new("issue", key))?.id;
        let sources: Vec<u64> = store.incoming(id).map(|(_, source)| source).collect();
        let children: Vec<u64> = store.children(id).into_iter().flatten().copied().collect();
        store.remove(id, now);
        for other in sources.into_iter().chain(children) {
            if let Some(mut issue) = store.issue(other).map(|issue| Issue::clone(issue)) {
                issue.links.retain(|link| link.target != id);
                issue.parent = issue.parent.filter(|parent| *parent != id);
                store.write(issue, now);
            }
        }
        Ok(())
    }

    /// "`source` {outward} `target`", logged at both ends. A second identical link changes nothing, as on a real site.
    ///
    /// # Errors
    /// An issue or the link type does not exist.
    pub fn link(&self, source: &str, link_type: &str, target: &str) -> Result<(), Missing> {
        let now = self.now();
        let mut store = self.write();
        let found = store
            .content
            .link_types
            .iter()
            .find(|one| one.name.eq_ignore_ascii_case(link_type) || one.id.to_string() == link_type);
        let kind = found.cloned().ok_or_else(|| Missing::new("issue link type", link_type))?;
        let other = store
            .find_issue(target)
            .map(|issue| Issue::clone(issue))
            .ok_or_else(|| Missing::new("issue", target))?;
        let mut issue = store
            .find_issue(source)
            .map(|issue| Issue::clone(issue))
            .ok_or_else(|| Missing::new("issue", source))?;
        let same = |link: &Link| link.link_type == kind.id && link.target == other.id;
        if issue.links.iter().any(same) {
            return Ok(());
        }
        issue.links.push(Link { id: store.next_id(), link_type: kind.id, target: other.id });
        let ends = [(other.clone(), &kind.inward, issue.key.clone()), (issue, &kind.outward, other.key)];
        for (mut issue, described, end) in ends {
            let item = HistoryItem {
                field: "Link".into(),
                field_id: "issuelinks".into(),
                from: None,
                from_string: None,
                to: Some(end.clone()),
                to_string: Some(format!("This issue {described} {end}")),
            };
            issue.changelog.push(History { id: store.next_id(), author: None, created: now, items: vec![item] });
            issue.updated = now;
            store.write(issue, now);
        }
        Ok(())
    }

    /// Adds a comment and answers its id.
    ///
    /// # Errors
    /// The issue does not exist.
    pub fn add_comment(&self, key: &str, by: &str, body: &str) -> Result<u64, Missing> {
        let now = self.now();
        let mut store = self.write();
        let mut issue =
            store.find_issue(key).map(|issue| Issue::clone(issue)).ok_or_else(|| Missing::new("issue", key))?;
        let id = store.next_id();
        issue.comments.push(Comment { id, author: Some(by.into()), created: now, updated: now, body: body.into() });
        issue.updated = now;
        store.write(issue, now);
        Ok(id)
    }

    /// Replaces the remote link with the same `globalId`, or adds one. Answers the id and whether it is new.
    ///
    /// # Errors
    /// The issue does not exist.
    pub fn put_remote_link(&self, key: &str, mut link: RemoteLink) -> Result<(u64, bool), Missing> {
        let now = self.now();
        let mut store = self.write();
        let mut issue =
            store.find_issue(key).map(|issue| Issue::clone(issue)).ok_or_else(|| Missing::new("issue", key))?;
        let same = |known: &&mut RemoteLink| link.global_id.is_some() && known.global_id == link.global_id;
        let answer = if let Some(known) = issue.remote_links.iter_mut().find(same) {
            link.id = known.id;
            *known = link;
            (known.id, false)
        } else {
            link.id = store.next_id();
            issue.remote_links.push(link.clone());
            (link.id, true)
        };
        issue.updated = now;
        store.write(issue, now);
        Ok(answer)
    }

    fn edit(
        &self,
        key: &str,
        by: &str,
        change: impl FnOnce(&Store, &mut Issue) -> Vec<HistoryItem>,
    ) -> Result<(), Missing> {
        let now = self.now();
        let mut store = self.write();
        let mut issue =
            store.find_issue(key).map(|issue| Issue::clone(issue)).ok_or_else(|| Missing::new("issue", key))?;
        let items = change(&store, &mut issue);
        if !items.is_empty() {
            let id = store.next_id();
            issue.changelog.push(History { id, author: Some(by.into()), created: now, items });
            issue.updated = now;
            store.write(issue, now);
        }
        Ok(())
    }
}

/// Versions.
impl Jira {
    /// Id 0 is filled in. Answers the id.
    pub fn add_version(&self, mut version: Version) -> u64 {
        let mut store = self.write();
        if version.id == 0 {
            version.id = store.next_id();
        }
        let id = version.id;
        store.content.versions.push(version);
        store.index_content();
        id
    }

    /// Marks the version released. `on: None` leaves the planned date, as the real site does.
    ///
    /// # Errors
    /// The version does not exist.
    pub fn release_version(&self, id: u64, on: Option<Date>) -> Result<(), Missing> {
        self.change_version(id, |version| {
            version.released = true;
            version.release_date = on.or(version.release_date);
        })
    }

    /// Issues that named it name it no longer, without a word in their changelogs.
    ///
    /// # Errors
    /// The version does not exist.
    pub fn delete_version(&self, id: u64) -> Result<(), Missing> {
        let now = self.now();
        let mut store = self.write();
        store.version_mut(id).ok_or_else(|| Missing::new("version", id))?;
        store.content.versions.retain(|version| version.id != id);
        let names = |issue: &Issue| issue.fix_versions.contains(&id) || issue.affects_versions.contains(&id);
        let all = store.ids().filter_map(|issue| store.issue(issue));
        let naming: Vec<Issue> = all.filter(|issue| names(issue)).map(|issue| Issue::clone(issue)).collect();
        for mut issue in naming {
            issue.fix_versions.retain(|version| *version != id);
            issue.affects_versions.retain(|version| *version != id);
            store.write(issue, now);
        }
        store.index_content();
        Ok(())
    }

    /// # Errors
    /// The version does not exist.
    pub fn change_version(&self, id: u64, change: impl FnOnce(&mut Version)) -> Result<(), Missing> {
        let mut store = self.write();
        let version = store.version_mut(id).ok_or_else(|| Missing::new("version", id))?;
        change(version);
        Ok(())
    }
}
