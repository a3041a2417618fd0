//! The demonstration estate, end to end: everything that is in the instance comes out, within the budget.

use domain::Window;
use jiff::SignedDuration;
use simulators::estate::{self, servicenow as projection};

use super::World;
use crate::contract::{Connector, GatherRequest, Interest};
use crate::servicenow::Options;

const NOW: &str = "2026-06-01T00:00:00Z";

async fn bank() -> World {
    let world = World::open(NOW, Options { cmdb: Some("cmdb".to_owned()), ..Options::default() }).await;
    let estate = estate::generate(&estate::Options::new(7, world.now)).expect("an estate");
    for (table, column) in projection::CUSTOM_COLUMNS {
        world.instance.define(table, column, simulators::servicenow::Kind::Text);
    }
    projection::each_row(&estate, projection::MAIN, &mut |table, row| {
        world.instance.insert(table, row.into_iter().collect());
    });
    world
}

fn everything(world: &World) -> GatherRequest {
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let horizon = Window { start: world.now - days(800), end: world.now + days(400) };
    GatherRequest::full(horizon, world.now, Interest::default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_in_the_bank_comes_out_within_the_budget() {
    let world = bank().await;
    let gathered = world.connector.gather(&everything(&world)).await;
    assert_eq!(gathered.gaps, []);
    let requests = world.server.requests.total();
    let records = &gathered.records;
    let of = |table: &str, query: &str| world.instance.find(table, query).len();
    let changes = of("change_request", "");
    assert!(changes > 1_000, "{changes} changes");
    assert_eq!(records.changes.len(), changes);
    assert_eq!(records.approvals.len(), of("sysapproval_approver", ""));
    assert_eq!(records.change_tasks.len(), of("change_task", ""));
    assert_eq!(records.incidents.len(), of("incident", ""));
    assert_eq!(records.problems.len(), of("problem", ""));
    // Every article is of a problem that is a known error, and names it.
    let articles = of("kb_template_known_error_article", "workflow_state=published");
    let by_article = records.known_errors.iter().filter(|error| error.number.starts_with("KB")).count();
    assert_eq!((by_article, records.known_errors.len()), (articles, articles));
    let kyc = records.known_errors.iter().find(|error| &*error.number == "KB0050001").expect("an article");
    assert!(kyc.workaround.as_deref().is_some_and(|text| text.contains("register_batch_size")));
    let offered = records.changes.iter().filter(|change| change.service_offering.is_some()).count();
    assert!(offered > 100, "{offered} changes name an offering");
    assert!(records.changes.iter().any(|change| change.review_comments.is_some()));
    assert!(records.incidents.iter().any(|incident| incident.cause.is_some()));
    assert_eq!(records.change_templates.len(), of("std_change_record_producer", ""));
    assert_eq!(records.cab_meetings.len(), of("cab_meeting", ""));
    assert_eq!(records.trains.len(), of("rm_release", ""));
    assert_eq!(records.service_levels.len(), of("task_sla", ""));
    assert_eq!(records.delegations.len(), of("sys_user_delegate", ""));
    assert_eq!(records.schedules.len(), of("cmn_schedule_span", ""));
    assert!(!records.field_changes.is_empty() && !records.accounts.is_empty() && !records.groups.is_empty());
    assert!(requests < 60, "{requests} requests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshing_an_unchanged_bank_asks_each_table_at_most_twice() {
    let world = bank().await;
    let full = world.connector.gather(&everything(&world)).await;
    world.server.requests.reset();
    let request = GatherRequest { since: full.watermarks.clone(), ..everything(&world) };
    let changed = world.connector.gather(&request).await;
    assert_eq!(changed.gaps, []);
    for (kind, table) in crate::servicenow::wire::KINDS {
        let path = format!("/table/{}?", table.name);
        let asked = world.server.requests.matching(&path).len();
        assert!(asked <= 2, "{kind:?}: {asked} requests");
    }
    assert!(changed.records.len() < full.records.len() / 4, "{} records", changed.records.len());
}
