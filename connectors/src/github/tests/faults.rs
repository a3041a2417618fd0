//! What fails only at GitHub: lists beside each other, limits that look like refusals.

use std::collections::BTreeMap;

use domain::RecordKind;
use simulators::faults::{Effect, Fault};

use super::world::{TOKEN, World, payments, said};

fn status(status: u16, headers: &[(&str, &str)], body: &str) -> Effect {
    let headers: BTreeMap<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Effect::Status { status, headers, body: body.to_owned() }
}

async fn check(fault: Fault, kind: RecordKind, expected: &str) {
    let world = World::of(vec![payments()]).await;
    let told = format!("{:?}", fault.effect);
    world.server.faults.set(fault);
    let gathered = world.sweep().await;
    assert_eq!(said(&gathered, kind), expected, "{told}");
    assert!(!gathered.complete.contains(&RecordKind::Account), "{told}");
    assert!(!format!("{:?}", gathered.gaps).contains(TOKEN), "{told}");
}

#[tokio::test]
async fn a_list_that_fails_darkens_its_own_kind() {
    let on = |part: &str, effect| Fault::on("/repos", effect).containing(part);
    check(on("/pulls?", status(502, &[], "")), RecordKind::PullRequest, "SOURCE_UNAVAILABLE").await;
    check(on("/compare/", Effect::CutBody { after_bytes: 40 }), RecordKind::Commit, "SOURCE_UNAVAILABLE").await;
    check(on("/actions/runs", status(403, &[], "{}")), RecordKind::PipelineRun, "SOURCE_DENIED").await;
    check(on("/actions/runs", status(403, &[], "{}")), RecordKind::TestReport, "SOURCE_DENIED").await;
    check(on("/zip", Effect::Html), RecordKind::TestReport, "SOURCE_MALFORMED").await;
    check(on("/zip", status(410, &[], "{}")), RecordKind::TestReport, "SOURCE_UNAVAILABLE").await;
    check(Fault::on("/orgs", status(403, &[], "{}")), RecordKind::Artifact, "SOURCE_DENIED").await;
    check(on("/releases", Effect::OtherShape), RecordKind::Tag, "SOURCE_MALFORMED").await;
}

#[tokio::test]
async fn a_limit_is_told_as_a_limit_and_a_refusal_as_a_refusal() {
    let limit = status(403, &[("x-ratelimit-remaining", "0"), ("retry-after", "600")], "{}");
    check(Fault::on("/repos", limit).containing("/pulls"), RecordKind::PullRequest, "SOURCE_RATE_LIMITED").await;
}

#[tokio::test]
async fn what_failed_is_read_again_next_time() {
    let world = World::of(vec![payments()]).await;
    let first = world.sweep().await;
    world.server.faults.set(Fault::on("/repos", status(500, &[], "")).containing("/pulls?"));
    let second = world.sweep().await;
    assert_eq!(said(&second, RecordKind::PullRequest), "SOURCE_UNAVAILABLE");
    assert_eq!(said(&second, RecordKind::Deployment), "complete");
    world.server.faults.clear();
    let third = world.refresh(&first).await;
    assert_eq!(said(&third, RecordKind::PullRequest), "complete");
    assert_eq!(third.records.pull_requests.len(), first.records.pull_requests.len());
}
