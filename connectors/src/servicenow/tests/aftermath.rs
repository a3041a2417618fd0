//! What is told after the fact: reviews, causes, articles about known errors; and whom it touched.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ConfigurationItemId, ConnectorId, GapCode, KnownError, RecordId, RecordKind};
use jiff::SignedDuration;
use simulators::faults::{Effect, Fault};
use simulators::servicenow::{Restriction, Stamp};

use super::{World, fields};
use crate::contract::{Connector, Gathered};
use crate::servicenow::Options;

const NOW: &str = "2026-06-01T12:00:00Z";
const ARTICLES: &str = "kb_template_known_error_article";

async fn world() -> World {
    World::open(NOW, Options { cmdb: Some("cmdb".to_owned()), ..Options::default() }).await
}

fn problem(world: &World, known: &str) -> String {
    world.insert("problem", &[("number", "PRB1"), ("known_error", known), ("active", "true"), ("state", "103")])
}

fn article(world: &World, problem: &str, state: &str) -> String {
    let cells = [("number", "KB1"), ("source", problem), ("workflow_state", state), ("kb_workaround", "Wait.")];
    world.insert(ARTICLES, &cells)
}

fn told(gathered: &Gathered) -> Vec<(String, Option<String>)> {
    let tell = |error: &KnownError| (error.number.to_string(), error.workaround.as_deref().map(str::to_owned));
    gathered.records.known_errors.iter().map(tell).collect()
}

fn kb() -> Vec<(String, Option<String>)> {
    vec![("KB1".to_owned(), Some("Wait.".to_owned()))]
}

fn prb() -> Vec<(String, Option<String>)> {
    vec![("PRB1".to_owned(), None)]
}

#[tokio::test]
async fn a_published_article_speaks_for_its_problem_and_a_draft_does_not() {
    let world = world().await;
    let problem = problem(&world, "true");
    let article = article(&world, &problem, "draft");
    let held = world.gather().await;
    assert_eq!(told(&held), prb());
    // Publishing the article does not touch the problem, and yet the known error is read anew.
    world.clock.advance(SignedDuration::from_hours(1));
    let by = Stamp { by: "ada".to_owned(), at: "2026-06-01T13:00:00Z".parse().expect("a moment") };
    world.instance.update_as((ARTICLES, &article), fields(&[("workflow_state", "published")]), &by);
    let later = world.gather_since(&held).await;
    assert_eq!(later.gaps, []);
    assert_eq!(told(&later), kb());
    assert_eq!(told(&world.gather().await), kb());
    let wanted = BTreeMap::from([(
        RecordKind::Problem,
        BTreeSet::from([RecordId::new(&world.connector.descriptor().id, problem.as_str())]),
    )]);
    assert_eq!(told(&world.connector.read(&wanted, world.now).await), kb());
}

#[tokio::test]
async fn articles_that_we_may_not_read_leave_the_problems_and_a_gap() {
    let world = world().await;
    let problem = problem(&world, "true");
    article(&world, &problem, "published");
    world.instance.restrict("svc.interlock", vec![Restriction::DenyTable { table: ARTICLES.to_owned() }]);
    let gathered = world.gather().await;
    assert_eq!(told(&gathered), prb());
    let gaps: Vec<_> = gathered.gaps.iter().map(|gap| (gap.kind, gap.code)).collect();
    assert_eq!(gaps, [(RecordKind::Problem, GapCode::SourceDenied)]);
    world.instance.restrict("svc.interlock", Vec::new());
    let sweep = world.gather().await;
    assert_eq!((sweep.gaps.len(), told(&sweep)), (0, kb()));
}

#[tokio::test]
async fn articles_that_do_not_come_now_take_no_known_error_away() {
    let world = world().await;
    let problem = problem(&world, "true");
    article(&world, &problem, "published");
    world.server.faults.set(Fault::on(&format!("/api/now/table/{ARTICLES}"), Effect::OtherShape));
    let gathered = world.gather().await;
    assert!(gathered.records.known_errors.is_empty() && gathered.records.problems.is_empty());
    let gaps: Vec<_> = gathered.gaps.iter().map(|gap| (gap.kind, gap.code)).collect();
    assert_eq!(gaps, [(RecordKind::Problem, GapCode::SourceMalformed)]);
}

#[tokio::test]
async fn more_articles_and_offerings_cost_no_more_requests() {
    let mut asked = Vec::new();
    for count in [2, 40] {
        let world = world().await;
        for _ in 0..count {
            let problem = problem(&world, "true");
            article(&world, &problem, "published");
            let offering = world.insert("service_offering", &[("name", "Payments - production")]);
            let change = world.insert("change_request", &[("start_date", "2026-06-10 18:00:00")]);
            world.insert("task_service_offering", &[("task", &change), ("service_offering", &offering)]);
        }
        let gathered = world.gather().await;
        assert_eq!((gathered.records.known_errors.len(), gathered.records.changes.len()), (count, count));
        assert!(gathered.records.changes.iter().all(|change| change.service_offering.is_some()));
        asked.push(world.server.requests.total());
    }
    assert_eq!(asked[0], asked[1]);
}

#[tokio::test]
async fn an_offering_is_known_by_the_id_that_the_cmdb_gives_it() {
    let world = world().await;
    let offering = world.insert("service_offering", &[("name", "Payments - production")]);
    let change = world.insert("change_request", &[("start_date", "2026-06-10 18:00:00")]);
    world.insert("incident", &[("service_offering", &offering), ("active", "true")]);
    let held = world.gather().await;
    let expected = Some(ConfigurationItemId::new(&ConnectorId::new("cmdb"), offering.as_str()));
    assert_eq!(held.records.incidents[0].service_offering, expected);
    assert_eq!(held.records.changes[0].service_offering, None);
    // An offering that is added beside a change makes it be read anew.
    world.insert("task_service_offering", &[("task", &change), ("service_offering", &offering)]);
    let later = world.gather_since(&held).await;
    assert_eq!(later.records.changes[0].service_offering, expected);
    // Who may not read what stands beside changes still reads the changes.
    let deny = Restriction::DenyTable { table: "task_service_offering".to_owned() };
    world.instance.restrict("svc.interlock", vec![deny]);
    let refused = world.gather().await;
    let gaps: Vec<_> = refused.gaps.iter().map(|gap| (gap.kind, gap.code)).collect();
    assert_eq!(gaps, [(RecordKind::ServiceOffering, GapCode::SourceDenied)]);
    assert!(refused.complete.contains(&RecordKind::Change) && refused.records.changes.len() == 1);
}

#[tokio::test]
async fn reviews_and_causes_are_told() {
    let world = world().await;
    world.insert(
        "change_request",
        &[
            ("start_date", "2026-05-10 18:00:00"),
            ("review_date", "2026-05-12"),
            ("review_status", "3"),
            ("review_comments", "As planned."),
        ],
    );
    let solved = [("cause", "A full disk."), ("close_code", "Resolved by change"), ("close_notes", "More room.")];
    world.insert("incident", &[&[("active", "true")], &solved[..]].concat());
    world.insert("problem", &[("active", "true"), ("cause_notes", "Growth."), ("fix_notes", "Rotate the logs.")]);
    let records = world.gather().await.records;
    let change = &records.changes[0];
    assert_eq!(change.review_date.map(|day| day.to_string()).as_deref(), Some("2026-05-12"));
    assert_eq!(change.review_status.as_deref(), Some("Completed"));
    assert_eq!(change.review_comments.as_deref(), Some("As planned."));
    let incident = &records.incidents[0];
    assert_eq!(incident.cause.as_deref(), Some("A full disk."));
    assert_eq!(incident.close_code.as_deref(), Some("Resolved by change"));
    assert_eq!(incident.close_notes.as_deref(), Some("More room."));
    let problem = &records.problems[0];
    assert_eq!((problem.cause.as_deref(), problem.fix.as_deref()), (Some("Growth."), Some("Rotate the logs.")));
}
