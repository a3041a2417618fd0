//! Changes, their tasks and items, templates of standard changes, and the history of fields.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Change, ChangeClass, ChangeId, ChangeState, ChangeTask, ChangeTaskId, ChangeTaskState, ChangeTemplate,
    ChangeTemplateId, CloseCode, ConfigurationItemId, FieldChange, StepKind, TrainId,
};

use jiff::tz::TimeZone;

use super::approval::approval_state;
use super::{Origin, window};
use crate::servicenow::Options;
use crate::servicenow::wire::{CHANGE, CHANGE_TASK, TEMPLATE};
use crate::table_api::Row;

/// Items of changes, by the change's id.
pub(in crate::servicenow) type ItemsOfChanges = BTreeMap<String, BTreeSet<ConfigurationItemId>>;

/// Joins the rows of affected items.
pub(in crate::servicenow) fn affected_items(origin: &Origin, rows: &[Row]) -> ItemsOfChanges {
    let mut items = ItemsOfChanges::new();
    for row in rows {
        if let (Some(task), Some(item)) = (row.value("task"), origin.item(row, "ci_item")) {
            items.entry(task.to_owned()).or_default().insert(item);
        }
    }
    items
}

/// The train of each change that rides on one; of several the first by id.
pub(in crate::servicenow) fn trains_of_changes(rows: &[Row]) -> BTreeMap<String, String> {
    let mut trains: BTreeMap<String, String> = BTreeMap::new();
    for row in rows {
        if let (Some(task), Some(train)) = (row.value("task"), row.value("release")) {
            let known = trains.entry(task.to_owned()).or_insert_with(|| train.to_owned());
            if train < known.as_str() {
                *known = train.to_owned();
            }
        }
    }
    trains
}

/// The offering of each change whose own record names none; of several the first by id.
pub(in crate::servicenow) fn offerings_of_changes(
    origin: &Origin,
    rows: &[Row],
) -> BTreeMap<String, ConfigurationItemId> {
    let mut offerings: BTreeMap<String, ConfigurationItemId> = BTreeMap::new();
    for row in rows {
        if let (Some(task), Some(offering)) = (row.value("task"), origin.item(row, "service_offering")) {
            let known = offerings.entry(task.to_owned()).or_insert_with(|| offering.clone());
            if offering < *known {
                *known = offering;
            }
        }
    }
    offerings
}

/// What the tables beside changes say, by the change's id.
#[derive(Debug, Default)]
pub(in crate::servicenow) struct BesideChange {
    /// Items that it works on.
    pub(in crate::servicenow) items: ItemsOfChanges,
    /// The train that it rides on.
    pub(in crate::servicenow) trains: BTreeMap<String, String>,
    /// The offering that it touches.
    pub(in crate::servicenow) offerings: BTreeMap<String, ConfigurationItemId>,
}

/// A change, with what the tables beside it say.
pub(in crate::servicenow) fn change(
    origin: &Origin,
    options: &Options,
    row: &Row,
    beside: &BesideChange,
) -> Option<Change> {
    let id = row.id()?;
    let main_item = origin.item(row, "cmdb_ci");
    let mut all_items = beside.items.get(id).cloned().unwrap_or_default();
    all_items.extend(main_item.clone());
    let own_column = |column: &Option<String>| column.as_deref().and_then(|column| row.label(column));
    let parent_is_train = row.value("parent.sys_class_name") == Some("rm_release");
    let train = row.value("parent").filter(|_| parent_is_train).or(beside.trains.get(id).map(String::as_str));
    let version = row.text("std_change_producer_version.version");
    Some(Change {
        id: ChangeId(origin.record(id)),
        number: row.text("number").unwrap_or_else(|| id.into()),
        class: class(row.value("type").unwrap_or_default()),
        class_label: row.label_text("type"),
        state: state(row),
        state_label: row.label_text("state"),
        // A flag that is sent empty was never set; one that is not sent was hidden.
        on_hold: row.flag("on_hold").or_else(|| row.has("on_hold").then_some(false)),
        short_description: row.text("short_description"),
        description: row.text("description"),
        correlation_id: own_column(&options.release_column).map(Into::into).or(row.text("correlation_id")),
        created_at: row.moment("sys_created_on").or(row.moment("opened_at")),
        updated_at: row.moment("sys_updated_on"),
        window: window(row, "start_date", "end_date"),
        work_started_at: row.moment("work_start"),
        work_ended_at: row.moment("work_end"),
        requested_by: origin.account(row, "requested_by"),
        opened_by: origin.account(row, "opened_by"),
        assigned_to: origin.account(row, "assigned_to"),
        assignment_group: origin.group(row, "assignment_group"),
        configuration_items: all_items.into_iter().collect(),
        main_configuration_item: main_item,
        service_offering: origin.item(row, "service_offering").or_else(|| beside.offerings.get(id).cloned()),
        backout_plan: row.text("backout_plan"),
        test_plan: row.text("test_plan"),
        justification: row.text("justification"),
        risk_impact_analysis: row.text("risk_impact_analysis"),
        risk_label: row.label("risk").map(Into::into),
        template: origin.own_record(row, "std_change_producer_version.std_change_producer").map(ChangeTemplateId),
        template_version: version.or_else(|| row.label("std_change_producer_version").map(Into::into)),
        approval: row.value("approval").map(approval_state),
        cab_required: row.flag("cab_required"),
        cab_date: row.moment("cab_date_time").or(row.moment("cab_date")),
        close_code: close_code(row),
        closed_at: row.moment("closed_at"),
        review_date: row.moment("review_date").map(|day| day.to_zoned(TimeZone::UTC).date()),
        review_status: row.label("review_status").map(Into::into),
        review_comments: row.text("review_comments"),
        parent: origin.own_record(row, "parent"),
        train: train.map(|train| TrainId(origin.record(train))),
        environment: own_column(&options.environment_column).map(Into::into),
        source: origin.source(&CHANGE, row),
    })
}

fn class(value: &str) -> ChangeClass {
    match value.to_ascii_lowercase().as_str() {
        "normal" => ChangeClass::Normal,
        "standard" => ChangeClass::Standard,
        "emergency" => ChangeClass::Emergency,
        _ => ChangeClass::Other,
    }
}

/// By the value, which the product ships; of a company's own states only their labels are known.
fn state(row: &Row) -> ChangeState {
    match row.value("state").unwrap_or_default() {
        "-5" => ChangeState::New,
        "-4" => ChangeState::Assess,
        "-3" => ChangeState::Authorize,
        "-2" => ChangeState::Scheduled,
        "-1" => ChangeState::Implement,
        "0" => ChangeState::Review,
        "3" => ChangeState::Closed,
        "4" => ChangeState::Canceled,
        _ => ChangeState::Other,
    }
}

fn close_code(row: &Row) -> Option<CloseCode> {
    let value = row.value("close_code")?.to_ascii_lowercase().replace(' ', "_");
    Some(match value.as_str() {
        "successful" => CloseCode::Successful,
        "successful_issues" | "successful_with_issues" => CloseCode::SuccessfulWithIssues,
        "unsuccessful" => CloseCode::Unsuccessful,
        _ => CloseCode::Other,
    })
}

/// A task of a change.
pub(in crate::servicenow) fn change_task(origin: &Origin, row: &Row) -> Option<ChangeTask> {
    let id = row.id()?;
    Some(ChangeTask {
        id: ChangeTaskId(origin.record(id)),
        number: row.text("number").unwrap_or_else(|| id.into()),
        change: origin.change(row, "change_request"),
        short_description: row.text("short_description"),
        kind: row.text("change_task_type"),
        state: match row.value("state").unwrap_or_default() {
            "-5" => ChangeTaskState::Pending,
            "1" => ChangeTaskState::Open,
            "2" => ChangeTaskState::InProgress,
            "3" => ChangeTaskState::Closed,
            "4" => ChangeTaskState::Canceled,
            _ => ChangeTaskState::Other,
        },
        state_label: row.label_text("state"),
        window: window(row, "planned_start_date", "planned_end_date"),
        assigned_to: origin.account(row, "assigned_to"),
        configuration_item: origin.item(row, "cmdb_ci"),
        closed_at: row.moment("closed_at"),
        close_code: close_code(row),
        source: origin.source(&CHANGE_TASK, row),
    })
}

/// A template; `items` is `None` where this company keeps no list of allowed items.
pub(in crate::servicenow) fn template(
    origin: &Origin,
    options: &Options,
    row: &Row,
    items: Option<&[Row]>,
) -> Option<ChangeTemplate> {
    let id = row.id()?;
    let retired = row.flag("retired") == Some(true);
    let valid_to = row.moment("valid_to");
    let touched = row.moment("sys_updated_on");
    let allowed = items.map(|rows| {
        let own = rows.iter().filter(|item| item.value("template") == Some(id));
        let items: BTreeSet<_> = own.filter_map(|item| origin.item(item, "ci_item")).collect();
        items.into_iter().collect::<Vec<_>>()
    });
    let steps = options.template_steps_column.as_deref();
    Some(ChangeTemplate {
        id: ChangeTemplateId(origin.record(id)),
        name: row.text("name").unwrap_or_else(|| id.into()),
        version: row.text("current_version.version").or_else(|| row.label("current_version").map(Into::into)),
        // Hidden is not live: a template that nobody proves active approves nothing.
        active: row.flag("active") == Some(true) && !retired,
        allowed_configuration_items: allowed,
        allowed_steps: steps
            .filter(|column| row.has(column) && row.value(column).is_some())
            .map(|column| row.list(column).filter_map(step_kind).collect()),
        valid_from: row.moment("valid_from"),
        valid_to,
        revoked_at: if retired { valid_to.into_iter().chain(touched).min() } else { None },
        source: origin.source(&TEMPLATE, row),
    })
}

fn step_kind(word: &str) -> Option<StepKind> {
    let word = word.to_ascii_uppercase().replace([' ', '-'], "_");
    Some(match word.as_str() {
        "ARTIFACT" => StepKind::Artifact,
        "SCHEMA" => StepKind::Schema,
        "DATA_FIX" => StepKind::DataFix,
        "CONFIG" => StepKind::Config,
        "FLAG" => StepKind::Flag,
        "INFRASTRUCTURE" => StepKind::Infrastructure,
        "VENDOR" => StepKind::Vendor,
        _ => return None,
    })
}

/// One entry of the history.
pub(in crate::servicenow) fn field_change(origin: &Origin, row: &Row) -> Option<FieldChange> {
    Some(FieldChange {
        record: origin.own_record(row, "documentkey")?,
        field: row.text("fieldname")?,
        before: row.value("oldvalue").unwrap_or_default().into(),
        after: row.value("newvalue").unwrap_or_default().into(),
        at: row.moment("sys_created_on")?,
        by: row.text("user").or(row.text("sys_created_by")),
    })
}

#[cfg(test)]
mod tests {
    use domain::ConnectorId;

    use super::*;
    use crate::table_api::testing::recorded;

    #[test]
    fn a_recorded_change_says_what_it_said() {
        let rows = recorded(include_str!("../fixtures/change_request.json"));
        let origin = Origin {
            connector: ConnectorId::new("servicenow"),
            cmdb: ConnectorId::new("cmdb"),
            address: "https://acme.example".to_owned(),
            fetched_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let options = Options {
            release_column: Some("u_release".to_owned()),
            environment_column: Some("u_environment".to_owned()),
            ..Options::default()
        };
        let also = ConfigurationItemId::new(&origin.cmdb, "a-second-item");
        let items = BTreeMap::from([("46b2e5c1db0011109a1b2c3d4e5f6071".to_owned(), BTreeSet::from([also]))]);
        let beside = BesideChange { items, ..BesideChange::default() };
        let change = change(&origin, &options, &rows[0], &beside).expect("a change");
        assert_eq!((change.class, change.state), (ChangeClass::Standard, ChangeState::Implement));
        assert_eq!(change.short_description.as_deref(), Some("Deploy \"payments-api\" ^ 2.14.0 💶"));
        assert_eq!((change.description, change.assigned_to, change.work_started_at), (None, None, None));
        // The value is UTC whatever the zone of the user in whom the display value is told.
        let window = change.window.expect("a window");
        assert_eq!(window.start.to_string(), "2026-03-29T01:30:00Z");
        assert_eq!(change.correlation_id.as_deref(), Some("payments-api 2.14.0"));
        assert_eq!(change.environment.as_deref(), Some("Production"));
        assert_eq!(change.template.map(|id| id.0.native.to_string()).as_deref(), Some("template-1"));
        assert_eq!((change.template_version.as_deref(), change.risk_label.as_deref()), (Some("3"), Some("Low")));
        assert_eq!(change.train.map(|id| id.0.native.to_string()).as_deref(), Some("train-1"));
        let items: Vec<_> = change.configuration_items.iter().map(ToString::to_string).collect();
        assert_eq!(items, ["cmdb:a-second-item", "cmdb:b0c4030ac0a800090152e7a4564ca36c"]);
        assert_eq!((change.cab_required, change.close_code), (Some(false), None));
        assert_eq!(change.approval, Some(domain::ApprovalState::Approved));
        let offering = change.service_offering.map(|id| id.to_string());
        assert_eq!(offering.as_deref(), Some("cmdb:offering-1"));
        assert_eq!(change.review_date.map(|day| day.to_string()).as_deref(), Some("2026-04-02"));
        assert_eq!(change.review_status.as_deref(), Some("Completed"));
        assert_eq!(change.review_comments.as_deref(), Some("As planned."));
    }

    #[test]
    fn an_offering_beside_a_change_counts_where_the_change_names_none() {
        let rows = recorded(
            r#"{"result":[{"task":"a","service_offering":"z"},{"task":"a","service_offering":"m"},
                {"task":"b","service_offering":""}]}"#,
        );
        let origin = Origin {
            connector: ConnectorId::new("servicenow"),
            cmdb: ConnectorId::new("cmdb"),
            address: String::new(),
            fetched_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let offerings = offerings_of_changes(&origin, &rows);
        assert_eq!(offerings, BTreeMap::from([("a".to_owned(), ConfigurationItemId::new(&origin.cmdb, "m"))]));
        let changes = recorded(r#"{"result":[{"sys_id":"a"},{"sys_id":"b","service_offering":"own"}]}"#);
        let beside = BesideChange { offerings, ..BesideChange::default() };
        let named = changes.iter().filter_map(|row| change(&origin, &Options::default(), row, &beside));
        let named: Vec<_> = named.filter_map(|change| change.service_offering).map(|id| id.to_string()).collect();
        assert_eq!(named, ["cmdb:m", "cmdb:own"]);
    }
}
