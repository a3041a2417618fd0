//! The tables of an ITSM instance as they are read: columns, inheritance, and which columns must not be hidden.
//! Columns that an instance does not have are left out; dotted columns follow a reference.

mod changes;

mod problems;

mod calendar;

mod people;

use domain::RecordKind;

pub(super) use calendar::{AGENDA_ITEM, CAB_MEETING, SCHEDULE, SCHEDULE_SPAN, TRAIN};
pub(super) use changes::{
    AFFECTED_ITEM, APPROVAL, CHANGE, CHANGE_TASK, CHANGE_TEXT, DELETED, HISTORY, HISTORY_FIELDS, TEMPLATE,
    TEMPLATE_ITEM, TOUCHED_OFFERING, TRAIN_TASK,
};
pub(super) use people::{ACCOUNT, DELEGATION, GROUP, MEMBER};
pub(super) use problems::{ARTICLE, ARTICLE_TEXT, INCIDENT, PROBLEM, SERVICE_LEVEL};

use crate::table_api::Table;

pub(super) const TABLES: [&Table; 25] = [
    &CHANGE,
    &CHANGE_TEXT,
    &CHANGE_TASK,
    &AFFECTED_ITEM,
    &TOUCHED_OFFERING,
    &TRAIN_TASK,
    &APPROVAL,
    &HISTORY,
    &DELETED,
    &INCIDENT,
    &PROBLEM,
    &ARTICLE,
    &ARTICLE_TEXT,
    &SCHEDULE,
    &SCHEDULE_SPAN,
    &CAB_MEETING,
    &AGENDA_ITEM,
    &TRAIN,
    &SERVICE_LEVEL,
    &ACCOUNT,
    &GROUP,
    &MEMBER,
    &DELEGATION,
    &TEMPLATE,
    &TEMPLATE_ITEM,
];

/// The kinds that are read, with the table that holds most of each.
pub(super) const KINDS: [(RecordKind, &Table); 15] = [
    (RecordKind::Change, &CHANGE),
    (RecordKind::ChangeTask, &CHANGE_TASK),
    (RecordKind::Approval, &APPROVAL),
    (RecordKind::ChangeTemplate, &TEMPLATE),
    (RecordKind::FieldHistory, &HISTORY),
    (RecordKind::Incident, &INCIDENT),
    (RecordKind::Problem, &PROBLEM),
    (RecordKind::Schedule, &SCHEDULE),
    (RecordKind::CabMeeting, &CAB_MEETING),
    (RecordKind::Train, &TRAIN),
    (RecordKind::ServiceLevel, &SERVICE_LEVEL),
    (RecordKind::Account, &ACCOUNT),
    (RecordKind::Group, &GROUP),
    (RecordKind::Delegation, &DELEGATION),
    (RecordKind::ServiceOffering, &TOUCHED_OFFERING),
];
