//! People, projects, versions, components and the small lists beside them.

use serde_json::{Value, json};

use super::{View, times};
use crate::jira::content::{
    Category, Component, IssueType, LinkType, Priority, Project, RelatedWork, Resolution, Status, User, UserKind,
    Version,
};

impl View<'_> {
    /// `null` for nobody; someone the site has forgotten keeps the id.
    pub(in crate::jira) fn person(&self, account_id: Option<&str>) -> Value {
        let Some(account_id) = account_id else {
            return Value::Null;
        };
        match self.store.user(account_id) {
            Some(user) => self.user(user),
            None => json!({
                "self": self.link(&format!("user?accountId={account_id}")),
                "accountId": account_id,
                "accountType": "unknown",
                "displayName": "Former user",
                "active": false,
            }),
        }
    }

    pub(in crate::jira) fn user(&self, user: &User) -> Value {
        let kind = match user.kind {
            UserKind::Atlassian => "atlassian",
            UserKind::App => "app",
            UserKind::Customer => "customer",
        };
        let mut shown = json!({
            "self": self.link(&format!("user?accountId={}", user.account_id)),
            "accountId": user.account_id,
            "accountType": kind,
            "avatarUrls": self.avatars("useravatar", &user.account_id),
            "displayName": user.display_name,
            "active": user.active,
            "timeZone": user.time_zone,
        });
        if let (Some(email), Some(fields)) = (&user.email, shown.as_object_mut()) {
            fields.insert("emailAddress".into(), email.as_str().into());
        }
        shown
    }

    pub(in crate::jira) fn project_ref(&self, project: &Project) -> Value {
        json!({
            "self": self.link(&format!("project/{}", project.id)),
            "id": project.id.to_string(),
            "key": project.key,
            "name": project.name,
            "projectTypeKey": project.kind.wire(),
            "simplified": false,
            "avatarUrls": self.avatars("projectavatar", &project.id.to_string()),
        })
    }

    /// As listed by project search.
    pub(in crate::jira) fn project_row(&self, project: &Project) -> Value {
        let mut shown = self.project_ref(project);
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("style".into(), "classic".into());
            fields.insert("isPrivate".into(), false.into());
            fields.insert("properties".into(), json!({}));
        }
        shown
    }

    pub(in crate::jira) fn project(&self, project: &Project) -> Value {
        let mut shown = self.project_row(project);
        let content = &self.store.content;
        if let Some(fields) = shown.as_object_mut() {
            fields
                .insert("expand".into(), "description,lead,issueTypes,url,projectKeys,permissions,insight".into());
            fields.insert("description".into(), project.description.as_str().into());
            if project.lead.is_some() {
                fields.insert("lead".into(), self.person(project.lead.as_deref()));
            }
            let components = content.components.iter().filter(|component| component.project == project.id);
            fields.insert("components".into(), components.map(|component| self.component(component)).collect());
            fields.insert(
                "issueTypes".into(),
                content.issue_types.iter().map(|kind| self.issue_type(kind)).collect(),
            );
            fields.insert("assigneeType".into(), "UNASSIGNED".into());
            let versions = content.versions.iter().filter(|version| version.project == project.id);
            fields.insert("versions".into(), versions.map(|version| self.version(version)).collect());
            fields.insert("roles".into(), json!({}));
        }
        shown
    }

    pub(in crate::jira) fn component(&self, component: &Component) -> Value {
        let key = self.store.project(component.project).map(|project| project.key.as_str());
        let mut shown = json!({
            "self": self.link(&format!("component/{}", component.id)),
            "id": component.id.to_string(),
            "name": component.name,
            "description": component.description,
            "assigneeType": "PROJECT_DEFAULT",
            "realAssigneeType": "PROJECT_DEFAULT",
            "isAssigneeTypeValid": false,
            "project": key,
            "projectId": component.project,
        });
        if let (Some(lead), Some(fields)) = (&component.lead, shown.as_object_mut()) {
            fields.insert("lead".into(), self.person(Some(lead)));
        }
        shown
    }

    /// Dates that are not set are absent.
    pub(in crate::jira) fn version(&self, version: &Version) -> Value {
        let mut shown = self.version_ref(version);
        let Some(fields) = shown.as_object_mut() else {
            return shown;
        };
        let today = self.today();
        if let Some(date) = version.start_date {
            fields.insert("startDate".into(), date.to_string().into());
            fields.insert("userStartDate".into(), times::spoken(date).into());
        }
        if let Some(date) = version.release_date {
            fields.insert("userReleaseDate".into(), times::spoken(date).into());
            if !version.released {
                fields.insert("overdue".into(), (date < today).into());
            }
        }
        fields.insert("projectId".into(), version.project.into());
        shown
    }

    /// As issues name it.
    pub(in crate::jira) fn version_ref(&self, version: &Version) -> Value {
        let mut shown =
            json!({ "self": self.link(&format!("version/{}", version.id)), "id": version.id.to_string() });
        let Some(fields) = shown.as_object_mut() else {
            return shown;
        };
        if !version.description.is_empty() {
            fields.insert("description".into(), version.description.as_str().into());
        }
        fields.insert("name".into(), version.name.as_str().into());
        fields.insert("archived".into(), version.archived.into());
        fields.insert("released".into(), version.released.into());
        if let Some(date) = version.release_date {
            fields.insert("releaseDate".into(), date.to_string().into());
        }
        shown
    }

    pub(in crate::jira) fn status(&self, status: &Status) -> Value {
        json!({
            "self": self.link(&format!("status/{}", status.id)),
            "description": "",
            "iconUrl": format!("{}/images/icons/statuses/generic.png", self.base),
            "name": status.name,
            "id": status.id.to_string(),
            "statusCategory": self.category(status.category),
        })
    }

    pub(in crate::jira) fn category(&self, category: Category) -> Value {
        let colour = match category {
            Category::New => "blue-gray",
            Category::Indeterminate => "yellow",
            Category::Done => "green",
        };
        let id = category.id();
        json!({
            "self": self.link(&format!("statuscategory/{id}")),
            "id": id,
            "key": category.key(),
            "colorName": colour,
            "name": category.name(),
        })
    }

    pub(in crate::jira) fn priority(&self, priority: &Priority) -> Value {
        json!({
            "self": self.link(&format!("priority/{}", priority.id)),
            "iconUrl": format!("{}/images/icons/priorities/{}.svg", self.base, priority.name.to_lowercase()),
            "name": priority.name,
            "id": priority.id.to_string(),
        })
    }

    pub(in crate::jira) fn resolution(&self, resolution: &Resolution) -> Value {
        json!({
            "self": self.link(&format!("resolution/{}", resolution.id)),
            "id": resolution.id.to_string(),
            "description": "",
            "name": resolution.name,
        })
    }

    pub(in crate::jira) fn issue_type(&self, kind: &IssueType) -> Value {
        json!({
            "self": self.link(&format!("issuetype/{}", kind.id)),
            "id": kind.id.to_string(),
            "description": "",
            "iconUrl": format!("{}/images/icons/issuetypes/{}.svg", self.base, kind.name.to_lowercase()),
            "name": kind.name,
            "subtask": kind.level < 0,
            "hierarchyLevel": kind.level,
        })
    }

    pub(in crate::jira) fn link_type(&self, kind: &LinkType) -> Value {
        json!({
            "id": kind.id.to_string(),
            "name": kind.name,
            "inward": kind.inward,
            "outward": kind.outward,
            "self": self.link(&format!("issueLinkType/{}", kind.id)),
        })
    }

    fn avatars(&self, kind: &str, of: &str) -> Value {
        let at = |size: &str| format!("{}/secure/{kind}?size={size}&id={of}", self.base);
        json!({ "48x48": at("large"), "24x24": at("small"), "16x16": at("xsmall"), "32x32": at("medium") })
    }
}

pub(in crate::jira) fn related_work(work: &RelatedWork) -> Value {
    let mut shown = json!({ "relatedWorkId": work.id, "category": work.category });
    if let Some(fields) = shown.as_object_mut() {
        let title = work.title.as_deref().map(Value::from);
        let url = work.url.as_deref().map(Value::from);
        let entries = [("title", title), ("url", url), ("issueId", work.issue.map(Value::from))];
        fields.extend(entries.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    shown
}

impl Category {
    pub(in crate::jira) fn key(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Indeterminate => "indeterminate",
            Self::Done => "done",
        }
    }

    pub(in crate::jira) fn name(self) -> &'static str {
        match self {
            Self::New => "To Do",
            Self::Indeterminate => "In Progress",
            Self::Done => "Done",
        }
    }

    /// The number JQL and links use.
    pub(in crate::jira) fn id(self) -> u64 {
        match self {
            Self::New => 2,
            Self::Indeterminate => 4,
            Self::Done => 3,
        }
    }
}
