//! What a Jira site holds, as plain values with public fields: filled by the estate and by tests, never by a client.
//! References are ids (`u64` as Jira numbers them; people by `accountId`); nothing here checks that they resolve.
//! Boards, sprints, worklogs, votes and permission schemes are left out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

/// Everything on one site. The order of `versions` is their sequence in the project.
#[derive(Clone, Debug, Default)]
pub struct Content {
    pub users: Vec<User>,
    pub issue_types: Vec<IssueType>,
    pub statuses: Vec<Status>,
    pub priorities: Vec<Priority>,
    pub resolutions: Vec<Resolution>,
    pub link_types: Vec<LinkType>,
    pub fields: Vec<CustomField>,
    pub projects: Vec<Project>,
    pub components: Vec<Component>,
    pub versions: Vec<Version>,
    pub issues: Vec<Issue>,
}

#[derive(Clone, Debug)]
pub struct User {
    pub account_id: String,
    pub display_name: String,
    /// `None`: hidden by the person's privacy settings, as Cloud often does.
    pub email: Option<String>,
    pub time_zone: String,
    pub active: bool,
    pub kind: UserKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKind {
    Atlassian,
    App,
    Customer,
}

#[derive(Clone, Debug)]
pub struct IssueType {
    pub id: u64,
    pub name: String,
    /// -1 sub-task, 0 standard, 1 epic.
    pub level: i32,
}

#[derive(Clone, Debug)]
pub struct Status {
    pub id: u64,
    pub name: String,
    pub category: Category,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    New,
    Indeterminate,
    Done,
}

/// The order in `Content::priorities` is the rank: first is highest.
#[derive(Clone, Debug)]
pub struct Priority {
    pub id: u64,
    pub name: String,
}

#[derive(Clone, Debug)]
pub struct Resolution {
    pub id: u64,
    pub name: String,
}

/// The source issue `outward` ("blocks") the target; the target `inward` ("is blocked by") the source.
#[derive(Clone, Debug)]
pub struct LinkType {
    pub id: u64,
    pub name: String,
    pub inward: String,
    pub outward: String,
}

/// `id` is the number in `customfield_NNNNN`. Two fields may share a name.
#[derive(Clone, Debug)]
pub struct CustomField {
    pub id: u64,
    pub name: String,
    pub kind: FieldKind,
    /// For `Select` and `MultiSelect`: option id and its text.
    pub options: Vec<(u64, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    TextArea,
    Url,
    Number,
    Date,
    DateTime,
    Select,
    MultiSelect,
    User,
    Users,
    Labels,
    Versions,
}

/// The variant must fit the field's kind.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomValue {
    /// For `Text`, `TextArea` (shown as ADF) and `Url`.
    Text(String),
    Number(f64),
    Date(Date),
    DateTime(Timestamp),
    /// The text of an option.
    Choice(String),
    Choices(Vec<String>),
    User(String),
    Users(Vec<String>),
    Labels(Vec<String>),
    Versions(Vec<u64>),
}

#[derive(Clone, Debug)]
pub struct Project {
    pub id: u64,
    pub key: String,
    pub name: String,
    pub description: String,
    pub kind: ProjectKind,
    pub lead: Option<String>,
    /// Former keys still resolve.
    pub old_keys: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectKind {
    Software,
    ServiceDesk,
    Business,
}

#[derive(Clone, Debug)]
pub struct Component {
    pub id: u64,
    pub project: u64,
    pub name: String,
    pub description: String,
    pub lead: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Version {
    pub id: u64,
    pub project: u64,
    pub name: String,
    pub description: String,
    pub archived: bool,
    pub released: bool,
    pub start_date: Option<Date>,
    /// A plan while `released` is false.
    pub release_date: Option<Date>,
    pub driver: Option<String>,
    pub approvers: Vec<VersionApprover>,
    pub related_work: Vec<RelatedWork>,
}

#[derive(Clone, Debug)]
pub struct VersionApprover {
    pub account_id: String,
    /// `PENDING`, `APPROVED` or `DECLINED`.
    pub status: String,
    pub description: String,
    pub decline_reason: Option<String>,
}

#[derive(Clone, Debug)]
pub struct RelatedWork {
    pub id: String,
    pub category: String,
    pub title: Option<String>,
    pub url: Option<String>,
    pub issue: Option<u64>,
}

#[derive(Clone, Debug, Default)]
pub struct Issue {
    pub id: u64,
    pub key: String,
    /// Keys from before moves; they still resolve.
    pub old_keys: Vec<String>,
    pub project: u64,
    pub issue_type: u64,
    pub summary: String,
    /// Plain text; a blank line parts paragraphs. Served as ADF by v3 and as text by v2.
    pub description: String,
    pub status: u64,
    pub priority: Option<u64>,
    pub resolution: Option<u64>,
    pub assignee: Option<String>,
    pub reporter: Option<String>,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub resolved: Option<Timestamp>,
    pub due: Option<Date>,
    pub labels: Vec<String>,
    pub fix_versions: Vec<u64>,
    pub affects_versions: Vec<u64>,
    pub components: Vec<u64>,
    pub parent: Option<u64>,
    /// Links of which this issue is the source; the other end needs no entry.
    pub links: Vec<Link>,
    pub remote_links: Vec<RemoteLink>,
    /// By the field's number.
    pub custom: BTreeMap<u64, CustomValue>,
    pub comments: Vec<Comment>,
    /// Oldest first.
    pub changelog: Vec<History>,
    /// Jira Service Management approvals; only issues of service desk projects show them.
    pub approvals: Vec<Approval>,
}

/// "This issue {outward} `target`".
#[derive(Clone, Debug)]
pub struct Link {
    pub id: u64,
    pub link_type: u64,
    pub target: u64,
}

#[derive(Clone, Debug)]
pub struct RemoteLink {
    pub id: u64,
    pub global_id: Option<String>,
    pub relationship: Option<String>,
    /// `{type, name}` as sent.
    pub application: Option<Value>,
    /// `{url, title, summary, icon, status}` as sent.
    pub object: Value,
}

#[derive(Clone, Debug)]
pub struct Comment {
    pub id: u64,
    pub author: Option<String>,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub body: String,
}

#[derive(Clone, Debug)]
pub struct History {
    pub id: u64,
    pub author: Option<String>,
    pub created: Timestamp,
    pub items: Vec<HistoryItem>,
}

/// `field_id` is `fixVersions` where `field` is `Fix Version`: the name shown and the id differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryItem {
    pub field: String,
    pub field_id: String,
    pub from: Option<String>,
    pub from_string: Option<String>,
    pub to: Option<String>,
    pub to_string: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Approval {
    pub id: u64,
    pub name: String,
    pub decision: ApprovalDecision,
    pub approvers: Vec<(String, ApprovalDecision)>,
    pub created: Timestamp,
    pub completed: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalDecision {
    Pending,
    Approved,
    Declined,
}
