//! The consolidated release calendar: entries, conflicts with their resolutions, blackouts.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{RecordKind, Scope};
use engine::calendar::{Calendar as Planned, Conflict, Entry, EntryKind};
use engine::graph::{Index, ReleaseGraph};
use jiff::Timestamp;

use super::change::Change;
use super::configuration_item::ConfigurationItem;
use super::enums::{CalendarConflictKind, CalendarEntryKind, FindingSeverity};
use super::environment::{Environment, Target};
use super::moment::Window;
use super::release::Release;
use super::service::Service;
use super::train::Train;
use super::{Gap, Source};
use crate::graphql::connection::{List, connection, page_cost};
use crate::graphql::coverage::{Coverage, all_gaps};
use crate::graphql::paging::{OrderKey, PageArguments};
use crate::graphql::session::Session;
use crate::graphql::visibility::{At, is_visible};

/// Kinds of records that a calendar is made from.
const TELLING: &[RecordKind] = &[
    RecordKind::Change,
    RecordKind::ChangeTask,
    RecordKind::Schedule,
    RecordKind::CabMeeting,
    RecordKind::Train,
    RecordKind::ConfigurationItem,
];

connection! {
    /// Entries of a calendar, by start.
    CalendarEntryConnection of CalendarEntryEdge to CalendarEntry {}
}

connection! {
    /// Conflicts of a calendar, by start.
    CalendarConflictConnection of CalendarConflictEdge to CalendarConflict {}
}

/// What is planned in a range.
pub(crate) struct Calendar {
    graph: Arc<ReleaseGraph>,
    /// What was asked for: cursors are good for it only.
    shape: String,
    planned: Planned,
}

impl Calendar {
    /// The calendar as the caller sees it.
    pub(crate) fn new(session: &Session, shape: String, mut planned: Planned) -> Self {
        let graph = session.graph.clone();
        planned.entries.retain(|entry| sees(session.scope(), &graph, entry));
        planned.conflicts.retain(|conflict| conflict.sides.iter().any(|side| sees(session.scope(), &graph, side)));
        Self { graph, shape, planned }
    }
}

/// May the caller see an entry? Meetings, maintenance and blackouts concern everybody.
pub(crate) fn sees(scope: &Scope, graph: &ReleaseGraph, entry: &Entry) -> bool {
    match (entry.kind, entry.release, entry.change, entry.train) {
        (EntryKind::Blackout | EntryKind::Maintenance | EntryKind::CabMeeting, ..) => true,
        (_, Some(release), ..) => is_visible(graph, release, scope),
        (_, _, Some(change), _) => is_visible(graph, change, scope),
        (_, _, _, Some(train)) => is_visible(graph, train, scope),
        _ => matches!(scope, Scope::All),
    }
}

/// Stays while the record stands, also when its time moves.
pub(crate) fn entry_id(entry: &Entry) -> String {
    URL_SAFE_NO_PAD.encode(format!("CalendarEntry:{}", entry.key))
}

/// The kind as clients see it.
pub(crate) fn word(kind: EntryKind) -> String {
    let value = async_graphql::InputType::to_value(&CalendarEntryKind::from(kind));
    match value {
        async_graphql::Value::Enum(name) => name.to_string(),
        other => other.to_string(),
    }
}

fn place((start, key): (Timestamp, &str)) -> Vec<OrderKey> {
    vec![OrderKey::Number(start.as_microsecond()), OrderKey::Text(key.to_owned())]
}

/// The consolidated calendar of a range of at most 400 days. What shares a moment with the range is in it.
#[Object]
impl Calendar {
    /// What is planned, by start. A release and the change that carries it are one entry.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn entries(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<CalendarEntryConnection>> {
        let session = Session::of(ctx)?;
        let mut rows: Vec<&Entry> = self.planned.entries.iter().collect();
        rows.sort_by_key(|entry| (entry.window.start, &entry.key));
        let coverage = Coverage::of(session, &self.graph, TELLING, &[]);
        let arguments = PageArguments { first, after, last, before };
        let list = List::new(session, "calendar.entries", &self.shape, rows).covered(coverage);
        let sheet = list.page(ctx, &arguments, |entry| place((entry.window.start, &entry.key)))?;
        let edge = |cursor, entry: &Entry| CalendarEntryEdge {
            cursor,
            node: CalendarEntry { graph: self.graph.clone(), entry: entry.clone() },
        };
        Ok(sheet.map(|sheet| CalendarEntryConnection::new(sheet, edge)))
    }

    /// What gets in each other's way, by start.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn conflicts(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<CalendarConflictConnection>> {
        let session = Session::of(ctx)?;
        let rows: Vec<&Conflict> = self.planned.conflicts.iter().collect();
        let coverage = Coverage::of(session, &self.graph, TELLING, &[]);
        let arguments = PageArguments { first, after, last, before };
        let list = List::new(session, "calendar.conflicts", &self.shape, rows).covered(coverage);
        let sheet = list.page(ctx, &arguments, |conflict| place((conflict.window.start, &conflict.key)))?;
        let edge = |cursor, conflict: &Conflict| CalendarConflictEdge {
            cursor,
            node: CalendarConflict { graph: self.graph.clone(), conflict: conflict.clone() },
        };
        Ok(sheet.map(|sheet| CalendarConflictConnection::new(sheet, edge)))
    }

    /// Each time that a blackout closes something, by start.
    async fn blackouts(&self) -> Vec<BlackoutWindow> {
        let one = |(index, window): &(Index<domain::Blackout>, domain::Window)| BlackoutWindow {
            graph: self.graph.clone(),
            index: *index,
            window: *window,
        };
        self.planned.blackouts.iter().map(one).collect()
    }

    /// What is missing: what a gap stands for may be planned all the same.
    async fn gaps(&self, ctx: &Context<'_>) -> Result<Vec<Gap>> {
        let read = all_gaps(Session::of(ctx)?, &self.graph, TELLING);
        Ok(Gap::told_once(read.into_iter().chain(self.planned.gaps.iter().cloned())))
    }
}

/// One entry of the calendar.
pub(crate) struct CalendarEntry {
    graph: Arc<ReleaseGraph>,
    entry: Entry,
}

impl CalendarEntry {
    fn place<T>(&self, index: Option<Index<T>>) -> Option<At<T>> {
        Some(At { graph: self.graph.clone(), index: index? })
    }
}

/// Something that is planned, or that decides when something may be: half-open, the start is inside, the end is not.
#[Object]
impl CalendarEntry {
    /// Opaque id: it stays while the record stands, also when its time moves.
    async fn id(&self) -> ID {
        ID(entry_id(&self.entry))
    }

    /// What it is.
    async fn kind(&self) -> CalendarEntryKind {
        self.entry.kind.into()
    }

    /// What people call it.
    async fn title(&self) -> &str {
        &self.entry.title
    }

    /// First moment inside (UTC).
    async fn start(&self) -> Timestamp {
        self.entry.window.start
    }

    /// First moment after it (UTC).
    async fn end(&self) -> Timestamp {
        self.entry.window.end
    }

    /// Where; null where it is about all targets, or none.
    async fn target(&self) -> Option<Target> {
        self.entry.target.as_ref().map(|target| Target::new(&self.graph, target))
    }

    /// The release that goes there.
    async fn release(&self) -> Option<Release> {
        self.place(self.entry.release)
    }

    /// The change.
    async fn change(&self, ctx: &Context<'_>) -> Result<Option<Change>> {
        let session = Session::of(ctx)?;
        Ok(self.entry.change.and_then(|index| session.place(&self.graph, index)))
    }

    /// The train.
    async fn train(&self) -> Option<Train> {
        self.place(self.entry.train)
    }

    /// Is it planned and not yet over?
    async fn open(&self) -> bool {
        self.entry.open
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.entry.source, TELLING)
    }
}

/// A conflict of the calendar.
pub(crate) struct CalendarConflict {
    graph: Arc<ReleaseGraph>,
    conflict: Conflict,
}

impl CalendarConflict {
    fn seen<'a>(&'a self, session: &'a Session) -> impl Iterator<Item = &'a Entry> {
        self.conflict.sides.iter().filter(|side| sees(session.scope(), &self.graph, side))
    }
}

/// Two things that get in each other's way, or one that stands where it must not.
#[Object]
impl CalendarConflict {
    /// What kind of conflict.
    async fn kind(&self) -> CalendarConflictKind {
        self.conflict.kind.into()
    }

    /// ERROR: it cannot stay so. WARNING: somebody should look.
    async fn severity(&self) -> FindingSeverity {
        self.conflict.kind.severity().into()
    }

    /// First moment of it (UTC).
    async fn start(&self) -> Timestamp {
        self.conflict.window.start
    }

    /// First moment after it (UTC).
    async fn end(&self) -> Timestamp {
        self.conflict.window.end
    }

    /// Where.
    async fn target(&self) -> Option<Target> {
        self.conflict.target.as_ref().map(|target| Target::new(&self.graph, target))
    }

    /// The releases in it.
    async fn releases(&self, ctx: &Context<'_>) -> Result<Vec<Release>> {
        let session = Session::of(ctx)?;
        let found = self.seen(session).filter_map(|side| side.release);
        Ok(found.filter_map(|index| session.place(&self.graph, index)).collect())
    }

    /// The changes in it.
    async fn changes(&self, ctx: &Context<'_>) -> Result<Vec<Change>> {
        let session = Session::of(ctx)?;
        let found = self.seen(session).filter_map(|side| side.change);
        Ok(found.filter_map(|index| session.place(&self.graph, index)).collect())
    }

    /// The items that both work on.
    async fn configuration_items(&self, ctx: &Context<'_>) -> Result<Vec<ConfigurationItem>> {
        let session = Session::of(ctx)?;
        let items = self.conflict.configuration_items.iter();
        Ok(items.filter_map(|index| session.place(&self.graph, *index)).collect())
    }

    /// Why, in one sentence.
    async fn explanation(&self, ctx: &Context<'_>) -> Result<&str> {
        let all = self.seen(Session::of(ctx)?).count() == self.conflict.sides.len();
        Ok(if all { &self.conflict.explanation } else { "It clashes with something that you may not see." })
    }

    /// Moves that would resolve it: each leaves what is moved without any conflict.
    async fn resolutions(&self, ctx: &Context<'_>) -> Result<Vec<CalendarResolution>> {
        let session = Session::of(ctx)?;
        let mine = self.conflict.resolutions.iter().filter(|way| sees(session.scope(), &self.graph, &way.entry));
        let told = mine.map(|way| CalendarResolution {
            release: way.entry.release.and_then(|index| session.place(&self.graph, index)),
            change: way.entry.change.and_then(|index| session.place(&self.graph, index)),
            window: way.window.into(),
            explanation: way.explanation.to_string(),
        });
        Ok(told.collect())
    }
}

/// A move that would resolve a conflict.
#[derive(SimpleObject)]
pub(crate) struct CalendarResolution {
    /// The release whose entry is moved.
    release: Option<Release>,
    /// The change whose entry is moved.
    change: Option<Change>,
    /// When it would be instead.
    window: Window,
    /// One sentence.
    explanation: String,
}

/// One time that a blackout closes something.
pub(crate) struct BlackoutWindow {
    graph: Arc<ReleaseGraph>,
    index: Index<domain::Blackout>,
    window: domain::Window,
}

impl BlackoutWindow {
    fn node(&self) -> &domain::Blackout {
        self.graph.blackouts.get(self.index)
    }
}

/// A time in which changes are denied.
#[Object(name = "Blackout")]
impl BlackoutWindow {
    /// Its name.
    async fn name(&self) -> &str {
        &self.node().name
    }

    /// First moment inside (UTC).
    async fn start(&self) -> Timestamp {
        self.window.start
    }

    /// First moment after it (UTC).
    async fn end(&self) -> Timestamp {
        self.window.end
    }

    /// Environments that it closes; empty means all.
    async fn environments(&self) -> Vec<Environment> {
        let mut keys: Vec<_> = self.node().scope.targets.iter().map(|target| &target.environment).collect();
        keys.dedup();
        let known = keys.into_iter().filter_map(|key| self.graph.environments.find(key));
        known.map(|index| At { graph: self.graph.clone(), index }).collect()
    }

    /// Services that it closes, by name, tag or tier, as far as the caller may see them.
    async fn services(&self, ctx: &Context<'_>) -> Result<Vec<Service>> {
        let session = Session::of(ctx)?;
        let scope = &self.node().scope;
        let closes = |service: &domain::Service| {
            scope.services.contains(&service.key)
                || scope.tags.iter().any(|tag| service.tags.contains(tag))
                || service.tier.is_some_and(|tier| scope.tiers.contains(&tier))
        };
        let all = self.graph.services.iter().filter(|(_, service)| closes(service));
        Ok(all.filter_map(|(index, _)| session.place(&self.graph, index)).collect())
    }

    /// What of it could not be understood; it may then close less than it is taken to close.
    async fn doubt(&self) -> Option<&str> {
        self.node().doubt.as_deref()
    }

    /// What is let through all the same.
    async fn exceptions(&self, ctx: &Context<'_>) -> Result<Vec<BlackoutException>> {
        let session = Session::of(ctx)?;
        let told = self.node().exceptions.iter().map(async |exception| BlackoutException {
            change: session.refer(ctx, &self.graph, Some(&exception.change)).await,
            approver: exception.approver.as_ref().map(ToString::to_string),
            reason: exception.reason.as_ref().map(ToString::to_string),
        });
        Ok(futures::future::join_all(told).await)
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::Schedule])
    }
}

/// A change that a blackout lets through. Being an emergency is no exception.
#[derive(SimpleObject)]
pub(crate) struct BlackoutException {
    /// The change; null where the caller may not see it.
    change: Option<Change>,
    /// Who granted it.
    approver: Option<String>,
    /// Why.
    reason: Option<String>,
}
