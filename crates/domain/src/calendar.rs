//! The calendar: blackouts, windows, CAB meetings, trains, bookings, service levels.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    BlackoutId, BookingId, CabMeetingId, ChangeId, ConfigurationItemId, ConnectorId, GroupId, RecordId, ServiceKey,
    ServiceLevelId, Source, Target, Text, TrainId, Window, WindowId,
};

/// What a calendar entry of a system does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScheduleKind {
    /// Denies changes.
    Blackout,
    /// Maintenance is expected then.
    Maintenance,
}

/// What a blackout applies to: these targets (none listed = all), and there whatever any other list names (nothing
/// listed = everything).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlackoutScope {
    /// Targets, sorted.
    pub targets: Vec<Target>,
    /// Services.
    pub services: Vec<ServiceKey>,
    /// Service tags.
    pub tags: Vec<Text>,
    /// Service tiers.
    pub tiers: Vec<u8>,
    /// Configuration items.
    pub configuration_items: Vec<ConfigurationItemId>,
}

/// A time in which changes are denied, already expanded into windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blackout {
    /// The vendor's id.
    pub id: BlackoutId,
    /// Its name.
    pub name: Text,
    /// When, sorted and disjoint.
    pub windows: Vec<Window>,
    /// To what it applies.
    pub scope: BlackoutScope,
    /// What of its times or its scope could not be understood; it may then close less than it is taken to close.
    pub doubt: Option<Text>,
    /// What is let through all the same.
    pub exceptions: Vec<BlackoutException>,
    /// Where it was read.
    pub source: Source,
}

/// A change that a blackout lets through. EMERGENCY alone lifts no freeze.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlackoutException {
    /// The change.
    pub change: ChangeId,
    /// Where; empty = wherever the blackout applies.
    pub targets: Vec<Target>,
    /// When; `None` = the change's own window.
    pub window: Option<Window>,
    /// Whose login granted it; without one it lifts nothing.
    pub approver: Option<Text>,
    /// Why.
    pub reason: Option<Text>,
}

/// A schedule as an ITSM system records it: one of its spans, not yet expanded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRecord {
    /// The vendor's id of the span.
    pub id: WindowId,
    /// The schedule that holds the span.
    pub schedule: RecordId,
    /// What the schedule does.
    pub kind: ScheduleKind,
    /// The schedule's name.
    pub schedule_name: Text,
    /// The span's name.
    pub name: Text,
    /// IANA time zone; `None` = floating.
    pub time_zone: Option<Text>,
    /// Local start.
    pub start: jiff::civil::DateTime,
    /// Local end.
    pub end: jiff::civil::DateTime,
    /// RFC 5545 rule; `None` = once.
    pub rrule: Option<Text>,
    /// To what it applies, as an expression in the vendor's words; `None` = to everything.
    pub condition: Option<Text>,
    /// The configuration items that the expression names by id.
    pub configuration_items: Vec<ConfigurationItemId>,
    /// The configuration items of `inventory` that the expression names by name. It says something else where both
    /// lists are empty.
    pub item_names: Vec<Text>,
    /// The connector that reads those items.
    pub inventory: ConnectorId,
    /// Where it was read.
    pub source: Source,
}

/// A meeting of a change advisory board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CabMeeting {
    /// The vendor's id.
    pub id: CabMeetingId,
    /// Its name.
    pub name: Text,
    /// When.
    pub window: Option<Window>,
    /// The vendor's word for its state.
    pub state_label: Text,
    /// The group that meets.
    pub group: Option<GroupId>,
    /// Changes on its agenda, in order.
    pub agenda: Vec<ChangeId>,
    /// Where it was read.
    pub source: Source,
}

/// A release train: several services' releases that go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Train {
    /// The vendor's id.
    pub id: TrainId,
    /// The number people say.
    pub number: Text,
    /// Its name.
    pub name: Text,
    /// Planned start and end.
    pub window: Option<Window>,
    /// The vendor's word for its state.
    pub state_label: Text,
    /// What it says about its content.
    pub description: Option<Text>,
    /// Where it was read.
    pub source: Source,
}

/// A booking of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The record that books.
    pub id: BookingId,
    /// The environment's configuration item.
    pub configuration_item: ConfigurationItemId,
    /// When.
    pub window: Window,
    /// For which change.
    pub change: Option<ChangeId>,
    /// Where it was read.
    pub source: Source,
}

/// A service-level agreement that runs on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLevel {
    /// The vendor's id.
    pub id: ServiceLevelId,
    /// The agreement's name.
    pub name: Text,
    /// The task it runs on.
    pub task: RecordId,
    /// The vendor's word for its stage.
    pub stage_label: Text,
    /// Has it been breached?
    pub breached: Option<bool>,
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// Where it was read.
    pub source: Source,
}
