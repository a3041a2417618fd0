//! Work items and the version a project groups them under.

use jiff::Timestamp;

use super::EstateError;
use super::draw::Draw;
use super::model::{Service, Text, VersionName, WorkItem, WorkKind, WorkLink, WorkLinkKind, WorkStatus};
use super::world::{World, days, hours};

/// What a team plans for one release.
pub(super) struct Scope<'a> {
    pub(super) service: &'a Service,
    pub(super) version: &'a str,
    /// How the project writes the version's name.
    pub(super) spelling: String,
    pub(super) items: u32,
    pub(super) started: Timestamp,
    /// When the last item was done; `None` while work goes on.
    pub(super) done: Option<Timestamp>,
    /// The planned or real date of release.
    pub(super) date: Timestamp,
}

const VERBS: [&str; 8] = ["Retry", "Validate", "Cache", "Log", "Limit", "Encrypt", "Archive", "Reconcile"];
const OBJECTS: [&str; 10] = [
    "timed-out debits",
    "incoming mandates",
    "currency rates",
    "consent records",
    "session tokens",
    "statement lines",
    "duplicate postings",
    "limits per customer",
    "webhook deliveries",
    "interest accruals",
];

impl World {
    /// Creates the version and its items; the first key is the epic's where there are three or more.
    pub(super) fn plan(&mut self, scope: &Scope<'_>) -> Result<Vec<Text>, EstateError> {
        let service = scope.service;
        let release: Text = format!("{}@{}", service.key, scope.version).into();
        let mut draw = Draw::new(self.estate.seed, &format!("work of {release}"));
        let released = scope.done.is_some() && scope.date <= self.now();
        self.estate.versions.push(VersionName {
            project: service.project.clone(),
            name: scope.spelling.as_str().into(),
            release: Some(release),
            released,
            archived: false,
            start: Some(self.calendar.date(scope.started)),
            date: Some(self.calendar.date(scope.date)),
            description: format!("{} {}", service.name, scope.version).into(),
        });
        let mut keys: Vec<Text> = Vec::new();
        for place in 0..scope.items {
            let key: Text = format!("{}-{}", service.project, self.next(&service.project)).into();
            let epic = scope.items > 2 && place == 0;
            let created = scope.started + hours(i64::from(place) * 5);
            let status = match scope.done {
                Some(_) => WorkStatus::Done,
                None if place % 2 == 0 => WorkStatus::InProgress,
                None => WorkStatus::InReview,
            };
            let summary = format!(
                "{} {}",
                draw.pick(&VERBS).copied().unwrap_or("Check"),
                draw.pick(&OBJECTS).copied().unwrap_or("postings")
            );
            let reporter = self.member(&service.team, 0)?;
            let assignee = self.member(&service.team, 1 + place as usize % 3)?;
            self.estate.work_items.push(WorkItem {
                old_keys: Vec::new(),
                project: service.project.clone(),
                kind: match (epic, draw.count(0, 3)) {
                    (true, _) => WorkKind::Epic,
                    (false, 0) => WorkKind::Bug,
                    (false, 1) => WorkKind::Task,
                    (false, _) => WorkKind::Story,
                },
                summary: if epic { format!("{} {}", service.name, scope.version).into() } else { summary.into() },
                description: format!("Part of {} {}.", service.key, scope.version).into(),
                status,
                reporter: Some(reporter),
                assignee: Some(assignee),
                created,
                updated: scope.done.unwrap_or(self.calendar.now.min(created + days(2))),
                resolved: scope.done,
                fix_versions: vec![scope.spelling.as_str().into()],
                parent: keys.first().filter(|_| scope.items > 2).cloned(),
                links: Vec::new(),
                labels: Vec::new(),
                component: None,
                key: key.clone(),
            });
            keys.push(key);
        }
        Ok(keys)
    }

    /// "`from` blocks `to`", the first items of two releases.
    pub(super) fn block(&mut self, from: &Text, to: &Text) -> Result<(), EstateError> {
        self.link(from, WorkLinkKind::Blocks, to)
    }

    pub(super) fn link(&mut self, from: &Text, kind: WorkLinkKind, to: &Text) -> Result<(), EstateError> {
        let item = self
            .estate
            .work_items
            .iter_mut()
            .rev()
            .find(|item| item.key == *from)
            .ok_or_else(|| EstateError::unknown("work item", from))?;
        item.links.push(WorkLink { kind, target: to.clone() });
        Ok(())
    }
}
