//! The configuration a fresh site comes with, so that the estate and tests start from names everyone knows.

use super::content::{
    Category, Content, CustomField, FieldKind, IssueType, LinkType, Priority, ProjectKind, RemoteLink, Resolution,
    Status, User, UserKind,
};

impl Content {
    /// A new site: five issue types, six statuses, five priorities, resolutions and link types; no people, projects or issues.
    #[must_use]
    pub fn standard() -> Self {
        let issue_types = [
            (10001, "Story", 0),
            (10002, "Task", 0),
            (10003, "Sub-task", -1),
            (10004, "Bug", 0),
            (10000, "Epic", 1),
            (10005, "Change", 0),
        ];
        let statuses = [
            (10000, "To Do", Category::New),
            (3, "In Progress", Category::Indeterminate),
            (10001, "In Review", Category::Indeterminate),
            (10002, "Done", Category::Done),
            (10003, "Waiting for approval", Category::Indeterminate),
            (10004, "Cancelled", Category::Done),
        ];
        let priorities = [(1, "Highest"), (2, "High"), (3, "Medium"), (4, "Low"), (5, "Lowest")];
        let resolutions = [(10000, "Done"), (10001, "Won't Do"), (10002, "Duplicate"), (10003, "Cannot Reproduce")];
        let link_types = [
            (10000, "Blocks", "is blocked by", "blocks"),
            (10001, "Cloners", "is cloned by", "clones"),
            (10002, "Duplicate", "is duplicated by", "duplicates"),
            (10003, "Relates", "relates to", "relates to"),
            (10004, "Problem/Incident", "is caused by", "causes"),
        ];
        Self {
            issue_types: issue_types.map(|(id, name, level)| IssueType { id, name: name.into(), level }).into(),
            statuses: statuses.map(|(id, name, category)| Status { id, name: name.into(), category }).into(),
            priorities: priorities.map(|(id, name)| Priority { id, name: name.into() }).into(),
            resolutions: resolutions.map(|(id, name)| Resolution { id, name: name.into() }).into(),
            link_types: link_types
                .map(|(id, name, inward, outward)| LinkType {
                    id,
                    name: name.into(),
                    inward: inward.into(),
                    outward: outward.into(),
                })
                .into(),
            ..Self::default()
        }
    }
}

impl User {
    /// An active person in UTC whose e-mail is visible.
    #[must_use]
    pub fn new(account_id: &str, display_name: &str, email: &str) -> Self {
        Self {
            account_id: account_id.into(),
            display_name: display_name.into(),
            email: Some(email.into()),
            time_zone: "UTC".into(),
            active: true,
            kind: UserKind::Atlassian,
        }
    }
}

impl CustomField {
    #[must_use]
    pub fn new(id: u64, name: &str, kind: FieldKind) -> Self {
        Self { id, name: name.into(), kind, options: Vec::new() }
    }
}

impl RemoteLink {
    #[must_use]
    pub fn new(id: u64, global_id: &str, url: &str, title: &str) -> Self {
        Self {
            id,
            global_id: Some(global_id.into()),
            relationship: None,
            application: None,
            object: serde_json::json!({ "url": url, "title": title }),
        }
    }
}

impl ProjectKind {
    pub(super) fn wire(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::ServiceDesk => "service_desk",
            Self::Business => "business",
        }
    }
}
